"""The value of a company by what peers are traded, or were bought, at."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from valor_core.models.bridge import bridged
from valor_core.models.comparables.figures import Figures
from valor_core.models.comparables.multiples import MULTIPLES, Multiple, Party, price_of
from valor_core.models.comparables.peers import Company, Peer, common_figures
from valor_core.models.comparables.refusals import (
    ControlPremiumTooLow,
    MultipleWeightNegative,
    NoMultiple,
)
from valor_core.models.comparables.statistics import Spread, spread_of
from valor_core.models.dilution import value_per_share
from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.numbers import Numbers, Row, only_where, plain, row_of, valid_where


class PeerKind(StrEnum):
    """Whose prices the multiples are of."""

    LISTED = "listed"  # of small stakes on an exchange
    DEALS = "deals"  # of whole companies that were bought: with control


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much the value by each multiple counts; 0 shows it without counting it."""

    ev_revenue: Numbers = field(default=0.0, metadata=says("EV to revenue", Unit.RATIO))
    ev_ebitda: Numbers = field(default=1.0, metadata=says("EV to EBITDA", Unit.RATIO))
    ev_ebit: Numbers = field(default=1.0, metadata=says("EV to EBIT", Unit.RATIO))
    price_earnings: Numbers = field(default=1.0, metadata=says("P/E", Unit.RATIO))
    price_book: Numbers = field(default=0.0, metadata=says("P/B", Unit.RATIO))
    peg: Numbers = field(default=0.0, metadata=says("P/E over growth in per cent", Unit.RATIO))
    fcf_yield: Numbers = field(default=0.0, metadata=says("free cash flow yield", Unit.RATIO))
    premium_paid: Numbers = field(
        default=0.0, metadata=says("price paid to price before the deal", Unit.RATIO)
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparablesInputs:
    """A company, the peers or deals it is held against, and which multiples count."""

    company: Company = field(metadata=says("the company to be valued"))
    peers: tuple[Peer, ...] = field(metadata=says("peers, or companies that were bought"))
    kind: PeerKind = field(
        default=PeerKind.LISTED, metadata=says("whether prices are of stakes or of control")
    )
    common_year_end: int = field(
        default=12, metadata=says("month in which all years are made to end; 0: as they are")
    )
    highest: Numbers = field(
        default=100.0,
        metadata=says("multiple above which the metric is too small to mean anything", Unit.RATIO),
    )
    weights: Weights = field(default=Weights(), metadata=says("how much each multiple counts"))
    control_premium: Numbers = field(
        default=0.0, metadata=says("premium for control over the value of a stake", Unit.RATE)
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Implied:
    """What one multiple makes of the company."""

    multiple: Numbers = field(metadata=says("multiple applied", Unit.RATIO))
    enterprise_value: Numbers | None = field(
        metadata=says("value of the operations; none: the multiple is of equity", Unit.MONEY)
    )
    equity_value: Numbers = field(metadata=says("value of the common equity", Unit.MONEY))
    value_per_share: Numbers = field(metadata=says("value of one share", Unit.MONEY_PER_SHARE))


@dataclass(frozen=True, slots=True, kw_only=True)
class MultipleValue:
    """The peers' multiples of one kind, how they lie, and what they make of the company."""

    multiples: Row = field(metadata=says("of each peer that has one", Unit.RATIO))
    spread: Spread = field(metadata=says("how they lie"))
    own: Numbers | None = field(
        metadata=says("the company's own, at its own share price", Unit.RATIO)
    )
    low: Implied | None = field(metadata=says("by the cheaper quartile"))
    mid: Implied | None = field(metadata=says("by the median"))
    high: Implied | None = field(metadata=says("by the dearer quartile"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparablesResult:
    """A value by multiples with every multiple on the way; None where one has no meaning."""

    ev_revenue: MultipleValue | None = field(metadata=says("EV to revenue"))
    ev_ebitda: MultipleValue | None = field(metadata=says("EV to EBITDA"))
    ev_ebit: MultipleValue | None = field(metadata=says("EV to EBIT"))
    price_earnings: MultipleValue | None = field(metadata=says("P/E"))
    price_book: MultipleValue | None = field(metadata=says("P/B"))
    peg: MultipleValue | None = field(metadata=says("P/E over growth in per cent"))
    fcf_yield: MultipleValue | None = field(metadata=says("free cash flow yield"))
    premium_paid: MultipleValue | None = field(metadata=says("price paid to price before the deal"))
    weights_that_count: Numbers = field(
        metadata=says("weights of the multiples that have a meaning", Unit.RATIO)
    )
    value_per_share_low: Numbers = field(
        metadata=says("by the cheaper quartiles", Unit.MONEY_PER_SHARE)
    )
    value_per_share_high: Numbers = field(
        metadata=says("by the dearer quartiles", Unit.MONEY_PER_SHARE)
    )
    value_before_control: Numbers = field(
        metadata=says("by the medians, before a premium for control", Unit.MONEY_PER_SHARE)
    )
    value_per_share: Numbers = field(
        metadata=says("by the medians and the premium for control", Unit.MONEY_PER_SHARE)
    )


@guarded
def comparables(inputs: ComparablesInputs) -> ComparablesResult:
    """Value a company by the medians of its peers' multiples, weighted; quartiles are the range.

    >>> from valor_core.models.bridge import Bridge
    >>> from valor_core.models.dilution import Shares
    >>> one = {"shares": Shares(basic=10.0), "bridge": Bridge.of(debt=20.0)}
    >>> peer = Peer(name="Stanley", price=8.0, figures=Figures(ebitda=20.0), **one)
    >>> ours = Company(figures=Figures(ebitda=30.0), **one)
    >>> print(comparables(ComparablesInputs(company=ours, peers=(peer,))).value_per_share)
    13.0
    """
    peers = _with_years(inputs)
    ours = common_figures(inputs.company, inputs.common_year_end)
    values = {name: _valued(inputs, multiple, peers, ours) for name, multiple in MULTIPLES.items()}
    weights = {name: _weight(inputs.weights, name) for name in values}
    premium = inputs.control_premium
    premium = valid_where(premium > -1.0, premium, ControlPremiumTooLow, premium=premium)
    low, counted = _weighted(values, weights, "low")
    mid, _ = _weighted(values, weights, "mid")
    high, _ = _weighted(values, weights, "high")
    return ComparablesResult(
        **values,
        weights_that_count=counted,
        value_per_share_low=low * (1.0 + premium),
        value_per_share_high=high * (1.0 + premium),
        value_before_control=mid,
        value_per_share=mid * (1.0 + premium),
    )


def _with_years(inputs: ComparablesInputs) -> list[tuple[Peer, Figures]]:
    """Each peer with its figures of the common year."""
    return [(peer, common_figures(peer, inputs.common_year_end)) for peer in inputs.peers]


def _valued(
    inputs: ComparablesInputs, multiple: Multiple, peers: list[tuple[Peer, Figures]], ours: Figures
) -> MultipleValue | None:
    """The multiples of one kind; None where no peer has one."""
    ratios = [_ratio(inputs, multiple, peer, figures, peer.price) for peer, figures in peers]
    included = [ratio for ratio in ratios if ratio is not None]
    if not included:
        return None
    row = row_of(included)
    spread = spread_of(row, len(peers))
    cheap, dear = spread.lower_quartile, spread.upper_quartile
    if multiple.is_yield:
        cheap, dear = dear, cheap
    company = inputs.company
    return MultipleValue(
        multiples=row,
        spread=spread,
        own=_ratio(inputs, multiple, company, ours, company.price),
        low=_implied(company, multiple, ours, cheap),
        mid=_implied(company, multiple, ours, spread.median),
        high=_implied(company, multiple, ours, dear),
    )


def _ratio(
    inputs: ComparablesInputs,
    multiple: Multiple,
    party: Party,
    figures: Figures,
    price: Numbers | None,
) -> Numbers | None:
    """A multiple, where price and metric are above 0 and the metric is not tiny."""
    metric = multiple.metric(party, figures)
    if metric is None or price is None:
        return None
    value = price_of(multiple, party, price)
    means = (metric > 0.0) & (value > 0.0) & (value <= inputs.highest * metric)
    above, below = (metric, value) if multiple.is_yield else (value, metric)
    return only_where(means, np.divide(above, np.where(below > 0.0, below, 1.0)))


def _implied(
    company: Company, multiple: Multiple, figures: Figures, applied: Numbers
) -> Implied | None:
    """Metric × multiple, over the bridge where it is of the enterprise, by the diluted shares."""
    metric = multiple.metric(company, figures)
    metric = None if metric is None else only_where(metric > 0.0, metric)
    if metric is None:
        return None
    price = np.divide(metric, applied) if multiple.is_yield else metric * applied
    equity = bridged(price, company.bridge).equity_value if multiple.of_enterprise else price
    return Implied(
        multiple=applied,
        enterprise_value=price if multiple.of_enterprise else None,
        equity_value=equity,
        value_per_share=value_per_share(equity, company.shares),
    )


def _weight(weights: Weights, name: str) -> Numbers:
    weight = getattr(weights, name)
    return valid_where(weight >= 0.0, weight, MultipleWeightNegative, weight=weight)


def _weighted(
    values: dict[str, MultipleValue | None], weights: dict[str, Numbers], point: str
) -> tuple[Numbers, Numbers]:
    """The weighted mean of the values per share that there are, and the weights that count."""
    total, counted = 0.0, 0.0
    for name, value in values.items():
        implied = None if value is None else getattr(value, point)
        if implied is not None:
            there = np.isfinite(implied.value_per_share)
            total = total + np.where(there, implied.value_per_share, 0.0) * weights[name]
            counted = counted + np.where(there, weights[name], 0.0)
    counted = valid_where(counted > 0.0, counted, NoMultiple)
    return np.divide(total, counted), counted


def multiples_of(inputs: ComparablesInputs) -> dict[str, tuple[Numbers | None, ...]]:
    """Each peer's multiple of each kind, in their order; None where it has no meaning."""
    peers = _with_years(inputs)
    with np.errstate(all="ignore"):
        return {
            name: tuple(
                _ratio(inputs, multiple, peer, figures, peer.price) for peer, figures in peers
            )
            for name, multiple in MULTIPLES.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """A peer that a multiple leaves out, and why."""

    peer: str
    multiple: str
    reason: str


def excluded(inputs: ComparablesInputs) -> tuple[Excluded, ...]:
    """Every peer that some multiple leaves out although its metric is stated, with the reason."""
    with np.errstate(all="ignore"):  # what is priced at infinity is left out too
        return tuple(_excluded(inputs))


def _excluded(inputs: ComparablesInputs) -> Iterator[Excluded]:
    peers = _with_years(inputs)
    for peer, _ in peers:
        if peer.price is None:
            yield Excluded(peer=peer.name, multiple="multiple", reason="its price is not stated")
    for multiple in MULTIPLES.values():
        for peer, figures in peers:
            if peer.price is None:
                continue
            metric = multiple.metric(peer, figures)
            if metric is None:
                continue
            price = plain(price_of(multiple, peer, peer.price))
            if metric <= 0.0:
                reason = f"its {multiple.metric_words} is not above 0"
            elif price <= 0.0:
                reason = "what it is priced at is not above 0"
            elif price > inputs.highest * metric:
                reason = f"its {multiple.metric_words} is tiny beside what it is priced at"
            else:
                continue
            yield Excluded(peer=peer.name, multiple=multiple.words, reason=reason)
