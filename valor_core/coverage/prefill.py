"""Where a DCF of a company begins: each input from filed facts by a stated rule, or a default.

Nothing is made up: what the filing lacks stays open with the reason, and blocks the value until
somebody states it. Defaults of the market are assumptions like any other, to be replaced.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Protocol, TypeVar

import numpy as np

from valor_core.coverage.bridge_facts import bridge_of, warnings_of
from valor_core.coverage.currency import currencies_of, refuse_mixed
from valor_core.coverage.figures import Figures, Told, assumed, derived, filed
from valor_core.coverage.findings import findings_in
from valor_core.coverage.splits import splits_for
from valor_core.errors import BadInput
from valor_core.models.bridge import Bridge
from valor_core.models.cost_of_capital import BetaKind, CostOfCapitalInputs, TargetWeights
from valor_core.models.dcf import DcfInputs
from valor_core.models.dilution import Shares
from valor_core.models.paths import Fade
from valor_core.models.reinvestment import SalesToCapital
from valor_core.models.terminal import MultipleOf
from valor_core.values import FiledFact, Source

Inputs = TypeVar("Inputs")

YEARS = 10
HOLD = 5  # years before growth and tax begin to fade
HOME = "USD"  # the currency of the default rates
RISK_FREE, EQUITY_PREMIUM, DEBT_SPREAD = 0.042, 0.045, 0.015
TERMINAL_GROWTH = 0.03
MARGINAL_TAX, TAX_MOST = 0.25, 0.40
GROWTH_LEAST, GROWTH_MOST = -0.05, 0.25
RATIO_LEAST, RATIO_USUAL, RATIO_MOST = 0.3, 1.5, 5.0
DEBT_SHARE = 0.15
MATURE_MARGIN = 0.10
LOSS_LIMIT = 0.8
FINANCIALS = range(6000, 7000)


class NotForFcff(BadInput):
    """A bank, an insurer or a property company: its debt is its raw material, not its funding."""

    code = "not_for_fcff"

    def __init__(self, name: str, sic: int) -> None:
        super().__init__(
            f"{name} (SIC {sic}) is a financial or property company; a DCF of its free cash flow "
            "to the firm would mean nothing.",
            hint="Value it on the page Dividends and residual income; choose another company here.",
        )


class FactsMissing(BadInput):
    """The filings known on that day lack what any DCF needs."""

    code = "facts_missing"

    def __init__(self, name: str, lacking: str, as_of: date | None) -> None:
        day = f" by {as_of}" if as_of else ""
        super().__init__(
            f"{name} has not filed {lacking}{day}.",
            hint="Import a filing that has it, choose a later day, or state the inputs by hand "
            "over the API.",
        )


class Named(Protocol):
    """A company, by whatever record."""

    @property
    def name(self) -> str:
        """As it files."""
        ...

    @property
    def cik(self) -> int:
        """Its number with the SEC."""
        ...

    @property
    def sic(self) -> int | None:
        """Its industry."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """What an input may be by one method of several, and when to choose that one."""

    path: str
    method: str
    value: float
    reason: str
    source: Source
    series: tuple[str, ...] = ()  # that it rests on, by their digests
    beta_kind: BetaKind | None = None  # of a beta: what debt it carries


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefilled:
    """The inputs as the facts suggest, where each comes from, and what to look at first."""

    inputs: Any
    sources: Mapping[str, Source]
    warnings: tuple[str, ...]
    currency: str  # of all money in the inputs
    alternatives: tuple[Alternative, ...] = ()

    def alternative(self, inputs: Any, path: str, value: Any) -> Alternative | None:
        """The method that tells this value of an input, if one does."""
        capital = getattr(inputs, "cost_of_capital", None)
        kinds = None, capital and capital.beta_kind
        of_path = [a for a in self.alternatives if a.path == path and a.beta_kind in kinds]
        return next((a for a in of_path if np.array_equal(a.value, value)), None)


def currency_of(company: Named, facts: Iterable[FiledFact]) -> str:
    """The one currency of a company's figures; MixedCurrencies or FactsMissing otherwise."""
    units = {fact.unit for fact in facts}
    refuse_mixed(company.name, units)
    for currency in currencies_of(units):
        return currency
    raise FactsMissing(company.name, "a figure in money, which would tell the currency", None)


def prefill_dcf(
    company: Named, facts: Iterable[FiledFact], *, as_of: date | None = None
) -> Prefilled:
    """The start of a DCF as known on a day.

    NotForFcff, FactsMissing or MixedCurrencies where there is none.
    """
    if company.sic is not None and company.sic in FINANCIALS:
        raise NotForFcff(company.name, company.sic)
    figures = Figures(facts, as_of)
    revenue, ebit = figures.at("revenue"), figures.ebit(figures.year)
    if revenue is None or ebit is None:
        raise FactsMissing(company.name, "both revenue and operating income of one year", as_of)
    if revenue.value <= 0.0:
        raise FactsMissing(company.name, f"a revenue above 0 for FY{figures.year}", as_of)
    shares = figures.shares(splits_for(company, as_of))
    if shares is None:
        raise FactsMissing(company.name, f"a number of shares for FY{figures.year}", as_of)
    currency = currency_of(company, figures.facts)
    bridge = bridge_of(figures, tax=MARGINAL_TAX)
    return _inputs(figures, revenue, ebit, shares, bridge, currency=currency)


def _inputs(
    figures: Figures,
    revenue: FiledFact,
    ebit: Told,
    shares: Told,
    bridge: dict[str, Told],
    *,
    currency: str,
) -> Prefilled:
    told = Sources()
    inputs = DcfInputs(
        years=YEARS,
        revenue=told.number("revenue", filed(revenue)),
        growth=Fade(
            start=told.number("growth.start", _growth(figures, revenue)),
            from_year=HOLD,
            to_year=YEARS,
        ),
        margin=_margin(told, revenue, ebit),
        tax=Fade(start=told.number("tax.start", _tax(figures)), from_year=HOLD, to_year=YEARS),
        sales_to_capital=SalesToCapital(
            ratio=Fade(
                start=told.number(
                    "sales_to_capital.ratio.start", _sales_to_capital(figures, revenue, bridge)
                )
            )
        ),
        depreciation=_depreciation(told, figures, revenue),
        multiple_of=MultipleOf.EBIT,
        operating_loss=told.number("operating_loss", _operating_loss(figures)),
        loss_limit=told.default(
            "loss_limit", LOSS_LIMIT, "US limit of losses carried forward (IRC § 172, since 2018)"
        ),
        cost_of_capital=told.all_of(*_usual_cost_of_capital()),
        terminal_growth=told.default(
            "terminal_growth", TERMINAL_GROWTH, "long-run nominal growth, below the risk-free rate"
        ),
        terminal_tax=told.default(
            "terminal_tax", MARGINAL_TAX, "marginal rate, federal and state, United States"
        ),
        bridge=_bridge(told, bridge),
        shares=Shares(basic=told.number("shares.basic", shares)),
    )
    warnings = (
        *_warnings_of_currency(currency),
        *_warnings_of_drivers(figures, revenue, ebit),
        *warnings_of(figures, bridge),
        *(finding.message for finding in findings_in(figures.known, figures.year)),
    )
    return Prefilled(inputs=inputs, sources=told.sources, warnings=warnings, currency=currency)


class Sources:
    """Hands out the numbers of the inputs, and keeps where each comes from."""

    def __init__(self) -> None:
        self.sources: dict[str, Source] = {}

    def open(self, path: str, told: Told) -> float | None:
        """A number, or None where nobody has stated it."""
        self.sources[path] = told.source
        return told.value

    def number(self, path: str, told: Told) -> float:
        """A number that is always there."""
        self.sources[path] = told.source
        return told.amount

    def default(self, path: str, value: float, why: str) -> float:
        """A default of the house."""
        return self.number(path, assumed(value, why))

    def all_of(self, inputs: Inputs, sources: Mapping[str, Source]) -> Inputs:
        """A part of the inputs whose sources are told already."""
        self.sources |= sources
        return inputs


def _growth(figures: Figures, now: FiledFact) -> Told:
    """Growth a year over up to three years back, within bounds."""
    earlier = (figures.at("revenue", back=back) for back in (3, 2, 1))
    first = next((fact for fact in earlier if fact is not None and fact.value > 0.0), None)
    if first is None:
        return assumed(TERMINAL_GROWTH, "no earlier revenue was filed: the terminal growth")
    raw = (now.value / first.value) ** (1.0 / (now.fiscal_year - first.fiscal_year)) - 1.0
    rate, held = _bounded(raw, GROWTH_LEAST, GROWTH_MOST, percent=True)
    return derived(
        rate,
        f"revenue's yearly growth FY{first.fiscal_year} to FY{now.fiscal_year}, "
        f"{raw:.2%}{held}, kept {HOLD} years, then fading to the terminal growth",
        first,
        now,
    )


def _margin(told: Sources, revenue: FiledFact, ebit: Told) -> Fade:
    """EBIT margin of the newest year; a loss fades to a mature margin, stated as a judgement."""
    margin = round(ebit.amount / revenue.value, 4)
    rule = ebit.source.text if len(ebit.facts) > 1 else "EBIT"
    told.number(
        "margin.start",
        derived(margin, f"{rule} / revenue of FY{revenue.fiscal_year}", *ebit.facts, revenue),
    )
    if margin > 0.0:
        return Fade(start=margin)
    end = told.default(
        "margin.end",
        MATURE_MARGIN,
        "a company that lives must earn; no filing supports this figure",
    )
    return Fade(start=margin, end=end, from_year=1, to_year=HOLD)


def _tax(figures: Figures) -> Told:
    tax, pretax = figures.at("income_tax"), figures.pretax(figures.year)
    if tax is None or pretax is None or pretax.amount <= 0.0:
        return assumed(MARGINAL_TAX, "no effective rate can be told from the filing: the marginal")
    raw = tax.value / pretax.amount
    rate, held = _bounded(raw, 0.0, TAX_MOST, percent=True)
    return derived(
        rate,
        f"income tax / income before tax of FY{tax.fiscal_year}, {raw:.1%}{held}, "
        "fading to the marginal rate",
        tax,
        *pretax.facts,
    )


def _sales_to_capital(figures: Figures, revenue: FiledFact, bridge: Mapping[str, Told]) -> Told:
    """Revenue over invested capital: equity and debt less cash and marketable securities."""
    equity = figures.first("equity_incl_nci", "stockholders_equity")
    owed, liquid = bridge["debt"], bridge["cash"]
    if equity is None or liquid.value is None:
        return assumed(RATIO_USUAL, "invested capital cannot be told from the filing")
    capital = equity.value + (owed.value or 0.0) - liquid.value
    facts = equity, *owed.facts, *liquid.facts
    year = equity.fiscal_year
    if capital <= 0.0:
        rule = f"equity + debt − cash of FY{year} is not above 0: the upper bound"
        return derived(RATIO_MOST, rule, *facts)
    raw = revenue.value / capital
    ratio, held = _bounded(raw, RATIO_LEAST, RATIO_MOST, percent=False)
    beside = "" if owed.value is not None else "; no debt is filed"
    rule = f"revenue / (equity + debt − cash) of FY{year}, {raw:.2f}{held}{beside}"
    return derived(ratio, rule, revenue, *facts)


def _depreciation(told: Sources, figures: Figures, revenue: FiledFact) -> Fade | None:
    fact = figures.at("dna")
    if fact is None or fact.value < 0.0:
        return None
    share = round(fact.value / revenue.value, 4)
    rule = f"{fact.tag.partition(':')[2] or 'D&A'} / revenue of FY{fact.fiscal_year}"
    return Fade(start=told.number("depreciation.start", derived(share, rule, fact, revenue)))


def _operating_loss(figures: Figures) -> Told:
    """Operating losses that no later profit has used up, over the years that are known."""
    left, facts = 0.0, []
    for year in sorted(year for item, year in figures.known if item == "operating_income"):
        if year <= figures.year:
            fact = figures.known["operating_income", year]
            left = max(left - fact.value, 0.0)
            facts = [*facts, fact] if left else []
    if not left:
        return assumed(0.0, "no operating loss is left from the years filed")
    first, last = facts[0].fiscal_year, facts[-1].fiscal_year
    return derived(left, f"operating losses less later profits, FY{first} to FY{last}", *facts)


@cache
def _usual_cost_of_capital() -> tuple[CostOfCapitalInputs, Mapping[str, Source]]:
    """No market price is shipped, so every figure here is a stated default, alike for all."""
    told = Sources()

    def default(field: str, value: float, why: str) -> float:
        return told.default(f"cost_of_capital.{field}", value, why)

    inputs = CostOfCapitalInputs(
        risk_free=default("risk_free", RISK_FREE, "ten-year government bond, a round figure"),
        equity_risk_premium=default(
            "equity_risk_premium", EQUITY_PREMIUM, "premium of a mature market, a round figure"
        ),
        beta=default("beta", 1.0, "the market's own beta, levered"),
        beta_kind=BetaKind.LEVERED,
        debt_beta=default("debt_beta", 0.0, "not used with a levered beta"),
        size_premium=default("size_premium", 0.0, "none: a judgement for small companies"),
        country_premium=default("country_premium", 0.0, "none: a mature market"),
        country_exposure=default("country_exposure", 1.0, "not used without a country premium"),
        pretax_cost_of_debt=default(
            "pretax_cost_of_debt",
            RISK_FREE + DEBT_SPREAD,
            f"risk-free rate + {DEBT_SPREAD:.1%}",
        ),
        tax=default("tax", MARGINAL_TAX, "marginal rate, which interest saves"),
        cost_of_preferred=default("cost_of_preferred", 0.0, "not used without preferred weight"),
        target=TargetWeights(
            debt=default("target.debt", DEBT_SHARE, "a modest share of debt"),
            preferred=default("target.preferred", 0.0, "none"),
        ),
    )
    return inputs, told.sources


def _bridge(told: Sources, items: dict[str, Told]) -> Bridge:
    return Bridge(
        **{name: told.open(f"bridge.{name}", item) for name, item in items.items()},
        options_value=told.default(
            "bridge.options_value", 0.0, "options are not read from filings: add their tranches"
        ),
    )


def _warnings_of_currency(currency: str) -> list[str]:
    """The default rates are those of one currency; flows of another ask for their own."""
    if currency == HOME:
        return []
    return [f"The default rates and tax are of {HOME} and its country: state those of {currency}."]


def _warnings_of_drivers(figures: Figures, revenue: FiledFact, ebit: Told) -> list[str]:
    year = revenue.fiscal_year
    told = []
    if ebit.amount <= 0.0:
        told.append(
            f"The company made an operating loss in FY{year}: the margin to which it is assumed "
            "to move decides the value."
        )
    if len(ebit.facts) > 1:
        told.append(
            f"Operating income of FY{year} is not filed; EBIT is {ebit.source.text.split(':')[0]}, "
            "so it holds other income too."
        )
    worn, goodwill = figures.at("dna"), figures.at("goodwill")
    if worn and goodwill and goodwill.value and worn.tag == "us-gaap:Depreciation":
        told.append(f"D&A of FY{year} is depreciation alone: amortisation is filed elsewhere.")
    before = figures.at("revenue", back=1)
    if before and before.tag != revenue.tag:
        told.append(
            f"Revenue is tagged {before.tag or 'nothing'} for FY{before.fiscal_year} and "
            f"{revenue.tag or 'nothing'} for FY{year}: part of its growth may be the change."
        )
    return told


def _bounded(raw: float, least: float, most: float, *, percent: bool) -> tuple[float, str]:
    """A number held within bounds and rounded for reading, and a word where it was held."""
    bounded = min(max(raw, least), most)
    rounded = round(bounded, 4 if percent else 3)
    if bounded == raw:
        return rounded, ""
    return rounded, f", held to {bounded:.0%}" if percent else f", held to {bounded:g}"
