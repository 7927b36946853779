"""What two companies earn more together, year by year, and what that is worth today."""

from dataclasses import dataclass, field

from valor_core.models.fields import Unit, says, settle
from valor_core.models.merger.refusals import SynergiesGrowTooFast, SynergyRateTooLow
from valor_core.models.numbers import Numbers, Row, valid_where
from valor_core.models.paths import over_years


@dataclass(frozen=True, slots=True, kw_only=True)
class Synergies:
    """Savings and added sales once all is done, how much of it each year has, and what it costs."""

    costs_saved: Numbers = field(
        default=0.0, metadata=says("costs saved a year once all is done, before tax", Unit.MONEY)
    )
    added_revenue: Numbers = field(
        default=0.0, metadata=says("revenue added a year once all is done", Unit.MONEY)
    )
    added_margin: Numbers = field(
        default=0.0, metadata=says("profit before tax on added revenue", Unit.RATE)
    )
    phasing: Row | None = field(
        default=None, metadata=says("part of it that each year has; none: all", Unit.RATE)
    )
    costs_to_achieve: Row | None = field(
        default=None, metadata=says("what each year spends to get there", Unit.MONEY)
    )
    discount_rate: Numbers = field(metadata=says("rate at which it is discounted", Unit.RATE))
    growth: Numbers | None = field(
        default=None,
        metadata=says("growth after the forecast; none: it ends with the forecast", Unit.RATE),
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class SynergyYears:
    """Synergies of each year and their value today."""

    revenue: list[Numbers]
    profit: list[Numbers]  # before tax and before what it costs to get there
    costs_to_achieve: list[Numbers]
    value: Numbers


def synergy_years(synergies: Synergies | None, years: int, tax: Numbers) -> SynergyYears:
    """Synergies by year, and Σ (profit − cost)(1 − tax)/(1 + r)ᵗ with what grows on after it."""
    if synergies is None:
        nothing = [0.0] * years
        return SynergyYears(revenue=nothing, profit=nothing, costs_to_achieve=nothing, value=0.0)
    phases = _row(synergies.phasing, years, "synergies.phasing", 1.0)
    costs = _row(synergies.costs_to_achieve, years, "synergies.costs_to_achieve", 0.0)
    revenue = [synergies.added_revenue * part for part in phases]
    whole = synergies.costs_saved + synergies.added_revenue * synergies.added_margin
    profit = [whole * part for part in phases]
    return SynergyYears(
        revenue=revenue,
        profit=profit,
        costs_to_achieve=costs,
        value=_value(synergies, profit, costs, tax),
    )


def _row(row: Row | None, years: int, name: str, otherwise: float) -> list[Numbers]:
    return [otherwise] * years if row is None else over_years(row, years, name=name)


def _value(
    synergies: Synergies, profit: list[Numbers], costs: list[Numbers], tax: Numbers
) -> Numbers:
    rate, growth = synergies.discount_rate, synergies.growth
    kept = 1.0 - tax
    factor = valid_where(rate > -1.0, 1.0, SynergyRateTooLow, rate=rate)
    value = 0.0
    for earned, spent in zip(profit, costs, strict=True):
        factor = factor / (1.0 + rate)
        value = value + (earned - spent) * kept * factor
    if growth is None:
        return value
    spread = valid_where(
        growth < rate, rate - growth, SynergiesGrowTooFast, growth=growth, rate=rate
    )
    return value + profit[-1] * kept * (1.0 + growth) / spread * factor
