"""The reverse LBO: the highest price at which a buyout still earns what is asked of it.

Debt, operations and exit do not depend on the price, which only the equity pays.
"""

from dataclasses import dataclass, field

import numpy as np

from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.lbo.buyout import Held, LboInputs, exits_of, hold
from valor_core.models.lbo.effective_interest import EffectiveInterestResult
from valor_core.models.lbo.holders import claims_of
from valor_core.models.lbo.refusals import RequiredReturnTooLow, ReturnOutOfReach
from valor_core.models.numbers import Numbers, Row, row_of, valid_where
from valor_core.models.several import total

HALVINGS = 60  # to the last digit of a float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseLboInputs:
    """A buyout, whose stated entry multiple only compares, and the return that is asked."""

    deal: LboInputs = field(metadata=says("the buyout"))
    required_return: Numbers = field(
        metadata=says("return a year asked of all equity paid in", Unit.RATE)
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseLboResult:
    """From what the equity receives back to the price that it can pay, before managers' options."""

    releases: tuple[EffectiveInterestResult, ...] = field(
        metadata=says("costs of the tranches that have any, which shelter profit")
    )
    discount_factors: Row = field(metadata=says("value today of one unit then", Unit.RATIO))
    received: Row = field(metadata=says("distributions, and the equity at the exit", Unit.MONEY))
    present_values: Row = field(metadata=says("the same today", Unit.MONEY))
    equity: Numbers = field(metadata=says("equity that earns the return", Unit.MONEY))
    other_sources: Numbers = field(metadata=says("debt and cash that pay as well", Unit.MONEY))
    other_uses: Numbers = field(
        metadata=says("uses beside the enterprise value and fees on it", Unit.MONEY)
    )
    stated_enterprise_value: Numbers = field(
        metadata=says("enterprise value at the stated multiple", Unit.MONEY)
    )
    enterprise_value: Numbers = field(metadata=says("highest enterprise value", Unit.MONEY))
    entry_multiple: Numbers = field(metadata=says("highest entry multiple", Unit.RATIO))


@guarded
def reverse_lbo(inputs: ReverseLboInputs) -> ReverseLboResult:
    """Discount what all equity receives at the required return, and see what price it can pay."""
    deal, held = inputs.deal, hold(inputs.deal)
    factors = _factors(deal, inputs.required_return)
    received = [year.distribution for year in held.debt[: deal.exit_year]]
    received[-1] = received[-1] + _exit_equity(deal, held)
    present = [flow * factor for flow, factor in zip(received, factors, strict=True)]
    equity = total(present)
    value = _affordable(deal, held, equity)
    return ReverseLboResult(
        releases=tuple(release for release in held.releases if release is not None),
        discount_factors=row_of(factors),
        received=row_of(received),
        present_values=row_of(present),
        equity=equity,
        other_sources=held.funding.debt + held.funding.cash_used,
        other_uses=_beside(deal, held),
        stated_enterprise_value=held.funding.enterprise_value,
        enterprise_value=value,
        entry_multiple=value / deal.purchase.ebitda,
    )


def entry_multiple_for(deal: LboInputs, required_return: Numbers) -> Numbers:
    """The entry multiple at which the sponsor itself earns just the required return.

    Preferred, rollover and managers' options share what is received by what the sponsor pays, so
    its equity is found by halving between nothing and the worth of all that is received.
    """
    held, factors = hold(deal), _factors(deal, required_return)
    last = deal.exit_year - 1
    received = [year.distribution for year in held.debt[: deal.exit_year]]
    received[last] = received[last] + _exit_equity(deal, held)
    most = _worth(received, factors)
    low, high = 0.0 * most, most
    with np.errstate(all="ignore"):  # where nothing is received, there is no multiple of it
        for _ in range(HALVINGS):
            equity = 0.5 * (low + high)
            earns = _sponsor_worth(deal, held, equity, factors) >= equity
            low, high = np.where(earns, equity, low), np.where(earns, high, equity)
    equity = valid_where(
        low > 1e-9 * np.abs(most), low, ReturnOutOfReach, rate=required_return, equity=most
    )
    value = _affordable(deal, held, equity + held.funding.rollover)
    return value / deal.purchase.ebitda


def _sponsor_worth(deal: LboInputs, held: Held, equity: Numbers, factors: list[Numbers]) -> Numbers:
    """What the sponsor receives, at the required return, if it pays that much."""
    claims = claims_of(deal.holders, equity, held.funding.rollover)
    exits = exits_of(deal, held, claims, since=deal.exit_year)
    received = exits.distributed[: deal.exit_year]
    received[-1] = received[-1] + exits.sponsor[0]
    return _worth(received, factors)


def _factors(deal: LboInputs, rate: Numbers) -> list[Numbers]:
    rate = valid_where(rate > -1.0, rate, RequiredReturnTooLow, rate=rate)
    growth = np.power(1.0 + rate, deal.year_length)
    factors = [1.0 / growth]
    for _ in range(deal.exit_year - 1):
        factors.append(factors[-1] / growth)
    return factors


def _exit_equity(deal: LboInputs, held: Held) -> Numbers:
    """What the sale leaves for all equity."""
    last = deal.exit_year - 1
    value = held.forecast.ebitda[last] * deal.exit_multiple
    sold = value - np.maximum(value, 0.0) * deal.exit_costs
    return np.maximum(sold - held.debt[last].debt + held.debt[last].cash, 0.0)


def _beside(deal: LboInputs, held: Held) -> Numbers:
    """Uses that do not depend on the price."""
    funding = held.funding
    return funding.total_uses - funding.enterprise_value * (1.0 + deal.purchase.fee_rate)


def _affordable(deal: LboInputs, held: Held, equity: Numbers) -> Numbers:
    """The enterprise value that equity, debt and cash pay, after fees and other uses."""
    sources = equity + held.funding.debt + held.funding.cash_used
    return (sources - _beside(deal, held)) / (1.0 + deal.purchase.fee_rate)


def _worth(flows: list[Numbers], factors: list[Numbers]) -> Numbers:
    return total([flow * factor for flow, factor in zip(flows, factors, strict=True)])
