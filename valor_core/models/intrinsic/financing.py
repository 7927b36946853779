"""The cost of capital on the weights of the values that it gives, year by year and exactly.

The weights need the values and the values the weights; going back from the horizon, each year's
equation is linear in its own value, so nothing is iterated.
"""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.intrinsic.refusals import (
    DebtPlanDoesNotFit,
    EquityWipedOut,
    GrowthNotBelowUnleveredCost,
    LeverageFeedsItself,
    ShieldsGrowTooFast,
    UnleveredCostTooLow,
)
from valor_core.models.numbers import Numbers, Row, row_of, valid_where
from valor_core.models.paths import Fade, Path, over_years
from valor_core.models.refusals import ChooseOne, CostOfDebtTooLow, YearsOutOfRange

MOST_YEARS = 100


class Shields(StrEnum):
    """How risky the tax saved by interest is, which the policy of the debt decides."""

    FIXED = "fixed"  # amounts are fixed: as safe as the debt (Modigliani-Miller, Hamada)
    HARRIS_PRINGLE = "harris_pringle"  # debt follows the value: as risky as the operations
    MILES_EZZELL = "miles_ezzell"  # it follows once a year: the next shield is safe, later not


@dataclass(frozen=True, slots=True, kw_only=True)
class Financing:
    """The debt of a plan, and what operations and debt cost. Rates are fractions."""

    unlevered_cost: Path = field(metadata=says("cost of capital without debt", Unit.RATE))
    cost_of_debt: Path = field(metadata=says("interest on the debt before tax", Unit.RATE))
    tax: Path = field(metadata=says("tax rate that interest saves", Unit.RATE))
    debt: Row | None = field(
        default=None,
        metadata=says("net debt today and at the end of each year; then it grows", Unit.MONEY),
    )
    leverage: Path | None = field(
        default=None,
        metadata=says("or debt as a share of value, today and at each year's end", Unit.RATE),
    )
    shields: Shields = field(
        default=Shields.HARRIS_PRINGLE, metadata=says("risk of the tax that interest saves")
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class IteratedCapitalInputs:
    """Free cash flows and the financing that they bear."""

    free_cash_flow: Row = field(metadata=says("free cash flow to the firm", Unit.MONEY))
    terminal_growth: Numbers = field(metadata=says("growth after the forecast", Unit.RATE))
    financing: Financing = field(metadata=says("debt and its cost"))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class IteratedCapital:
    """Values, weights and costs that agree; a row holds the beginning of each forecast year."""

    unlevered_costs: Row = field(metadata=says("cost of capital without debt", Unit.RATE))
    costs_of_debt: Row = field(metadata=says("cost of debt before tax", Unit.RATE))
    tax_rates: Row = field(metadata=says("tax rate that interest saves", Unit.RATE))
    unlevered_values: Row = field(metadata=says("value without debt", Unit.MONEY))
    shield_values: Row = field(metadata=says("value of the tax that interest saves", Unit.MONEY))
    values: Row = field(metadata=says("value of the operations, their sum (APV)", Unit.MONEY))
    debt: Row = field(metadata=says("net debt", Unit.MONEY))
    equity: Row = field(metadata=says("value of the equity", Unit.MONEY))
    weights_of_debt: Row = field(metadata=says("debt over value", Unit.RATE))
    costs_of_equity: Row = field(metadata=says("cost of equity at these weights", Unit.RATE))
    pretax_costs: Row = field(metadata=says("weighted cost before tax", Unit.RATE))
    waccs: Row = field(metadata=says("weighted cost after tax", Unit.RATE, label="WACC"))
    terminal_unlevered: Numbers = field(
        metadata=says("value without debt at the horizon", Unit.MONEY)
    )
    terminal_shields: Numbers = field(metadata=says("value of shields then", Unit.MONEY))
    terminal_value: Numbers = field(metadata=says("value of the operations then", Unit.MONEY))
    terminal_debt: Numbers = field(metadata=says("net debt then", Unit.MONEY))
    terminal_equity: Numbers = field(metadata=says("value of the equity then", Unit.MONEY))
    terminal_cost_of_equity: Numbers = field(metadata=says("cost of equity after", Unit.RATE))
    terminal_pretax_cost: Numbers = field(metadata=says("weighted cost before tax", Unit.RATE))
    terminal_wacc: Numbers = field(
        metadata=says("weighted cost after tax after the forecast", Unit.RATE)
    )
    enterprise_value: Numbers = field(metadata=says("value of the operations today", Unit.MONEY))
    equity_value: Numbers = field(metadata=says("value of the equity today", Unit.MONEY))
    wacc: Numbers = field(metadata=says("cost of capital on today's weights", Unit.RATE))


@guarded
def iterated_cost_of_capital(inputs: IteratedCapitalInputs) -> IteratedCapital:
    """Value flows by the weights of the values found: APV backwards, weights and costs from it.

    >>> level = IteratedCapitalInputs(free_cash_flow=[10.0], terminal_growth=0.0,
    ...     financing=Financing(unlevered_cost=[0.1], cost_of_debt=[0.05], tax=[0.25],
    ...                         debt=[40.0, 40.0], shields=Shields.FIXED))
    >>> print(f"{iterated_cost_of_capital(level).enterprise_value:.6f}")  # 10 / 0.10 + 0.25 × 40
    110.000000
    """
    years = inputs.free_cash_flow.shape[-1]
    flows = [inputs.free_cash_flow[..., year] for year in range(years)]
    growth = inputs.terminal_growth
    return financed(flows, flows[-1] * (1.0 + growth), growth, inputs.financing).as_result()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What each year's capital costs; the last entry holds for ever."""

    unlevered: list[Numbers]
    debt: list[Numbers]
    tax: list[Numbers]


@dataclass(frozen=True, slots=True, kw_only=True)
class Financed:
    """Values and costs today, at the end of each year, and at the horizon as the last entry."""

    rates: Rates
    unlevered: list[Numbers]
    shields: list[Numbers]
    values: list[Numbers]
    debt: list[Numbers]
    equity: list[Numbers]
    costs_of_equity: list[Numbers]
    pretax_costs: list[Numbers]
    waccs: list[Numbers]

    def as_result(self) -> IteratedCapital:
        """The rows by year and the numbers of the horizon, each by its name."""
        weights = [debt / value for debt, value in zip(self.debt, self.values, strict=True)]
        return IteratedCapital(
            unlevered_costs=row_of(self.rates.unlevered[:-1]),
            costs_of_debt=row_of(self.rates.debt[:-1]),
            tax_rates=row_of(self.rates.tax[:-1]),
            unlevered_values=row_of(self.unlevered[:-1]),
            shield_values=row_of(self.shields[:-1]),
            values=row_of(self.values[:-1]),
            debt=row_of(self.debt[:-1]),
            equity=row_of(self.equity[:-1]),
            weights_of_debt=row_of(weights[:-1]),
            costs_of_equity=row_of(self.costs_of_equity[:-1]),
            pretax_costs=row_of(self.pretax_costs[:-1]),
            waccs=row_of(self.waccs[:-1]),
            terminal_unlevered=self.unlevered[-1],
            terminal_shields=self.shields[-1],
            terminal_value=self.values[-1],
            terminal_debt=self.debt[-1],
            terminal_equity=self.equity[-1],
            terminal_cost_of_equity=self.costs_of_equity[-1],
            terminal_pretax_cost=self.pretax_costs[-1],
            terminal_wacc=self.waccs[-1],
            enterprise_value=self.values[0],
            equity_value=self.equity[0],
            wacc=self.waccs[0],
        )


def financed(
    flows: list[Numbers], terminal_flow: Numbers, growth: Numbers, financing: Financing
) -> Financed:
    """Values backwards from the horizon, and the costs of equity and capital that they imply.

    Vᵤ at kᵤ; shields S = a·D + S₊₁ / (1 + ψ), a = t·k_d / (1 + χ): both rates are k_d where the
    amounts are fixed, kᵤ where debt follows the value, k_d then kᵤ where it does once a year. With
    D = L·V each V = (Vᵤ + S₊₁ / (1 + ψ)) / (1 − a·L).
    """
    years = len(flows)
    if not 1 <= years <= MOST_YEARS:
        raise YearsOutOfRange(years=years, most=MOST_YEARS)
    rates = _rates(financing, years)
    plan = _plan(financing, years)
    steps = [_horizon(terminal_flow, growth, rates, plan[-1], financing)]
    for year in range(years - 1, -1, -1):
        steps.append(_step_back(flows[year], steps[-1], rates, plan[year], financing, year))
    steps.reverse()
    equity = [_equity(step) for step in steps]
    costs = [
        _costs(step, owned, rates, year)
        for year, (step, owned) in enumerate(zip(steps, equity, strict=True))
    ]
    return Financed(
        rates=rates,
        unlevered=[step.unlevered for step in steps],
        shields=[step.shields for step in steps],
        values=[step.value for step in steps],
        debt=[step.debt for step in steps],
        equity=equity,
        costs_of_equity=[cost[0] for cost in costs],
        pretax_costs=[cost[1] for cost in costs],
        waccs=[cost[2] for cost in costs],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """The values at one time, and what of the shields is only as risky as the debt."""

    unlevered: Numbers
    shields: Numbers
    safe_shields: Numbers
    value: Numbers
    debt: Numbers


def _rates(financing: Financing, years: int) -> Rates:
    unlevered, debt, tax = (
        over_years(path, years, name=f"financing.{name}")
        for path, name in (
            (financing.unlevered_cost, "unlevered_cost"),
            (financing.cost_of_debt, "cost_of_debt"),
            (financing.tax, "tax"),
        )
    )
    lowest, least = np.min(row_of(unlevered), axis=-1), np.min(row_of(debt), axis=-1)
    last = valid_where(lowest > -1.0, unlevered[-1], UnleveredCostTooLow, cost=lowest)
    last = valid_where(least > -1.0, last, CostOfDebtTooLow, rate=least)
    return Rates(unlevered=[*unlevered, last], debt=[*debt, debt[-1]], tax=[*tax, tax[-1]])


def _plan(financing: Financing, years: int) -> list[Numbers]:
    """The debt, or its share of the value, today and at the end of each year."""
    debt, leverage = financing.debt, financing.leverage
    if (debt is None) == (leverage is None):
        raise ChooseOne("financing.debt", "financing.leverage", given=debt is not None)
    path = leverage if debt is None else debt
    assert path is not None
    if not isinstance(path, Fade) and path.shape[-1] != years + 1:
        raise DebtPlanDoesNotFit(given=path.shape[-1], years=years)
    return over_years(path, years + 1, name="financing.leverage")


def _shield_rates(rates: Rates, financing: Financing, year: int) -> tuple[Numbers, Numbers]:
    """What the coming shield is discounted at, and those after it."""
    operating, debt = rates.unlevered[year], rates.debt[year]
    if financing.shields is Shields.FIXED:
        return debt, debt
    return debt if financing.shields is Shields.MILES_EZZELL else operating, operating


def _horizon(
    flow: Numbers, growth: Numbers, rates: Rates, planned: Numbers, financing: Financing
) -> _Step:
    """Everything grows alike from here on."""
    operating, (first, later) = rates.unlevered[-1], _shield_rates(rates, financing, -1)
    spread = valid_where(
        growth < operating,
        operating - growth,
        GrowthNotBelowUnleveredCost,
        growth=growth,
        cost=operating,
    )
    room = np.where(planned == 0.0, 1.0, later - growth)  # without debt there is nothing to grow
    room = valid_where(room > 0.0, room, ShieldsGrowTooFast, growth=growth, rate=later)
    each = rates.tax[-1] * rates.debt[-1] / (1.0 + first)
    return _valued(
        flow / spread, 0.0, planned, financing, each=each, in_all=each * (1.0 + later) / room
    )


def _step_back(
    flow: Numbers, after: _Step, rates: Rates, planned: Numbers, financing: Financing, year: int
) -> _Step:
    first, later = _shield_rates(rates, financing, year)
    each = rates.tax[year] * rates.debt[year] / (1.0 + first)
    unlevered = (flow + after.unlevered) / (1.0 + rates.unlevered[year])
    kept = after.shields / (1.0 + later)
    return _valued(unlevered, kept, planned, financing, each=each, in_all=each)


def _valued(
    unlevered: Numbers,
    kept: Numbers,
    planned: Numbers,
    financing: Financing,
    *,
    each: Numbers,
    in_all: Numbers,
) -> _Step:
    """The value for a planned debt, or for a share: then value and debt are solved together."""
    debt = planned
    if financing.debt is None:
        part = 1.0 - in_all * planned
        part = valid_where(part > 0.0, part, LeverageFeedsItself, leverage=planned)
        debt = planned * ((unlevered + kept) / part)
    shields = in_all * debt + kept
    safe = {
        Shields.FIXED: shields,
        Shields.HARRIS_PRINGLE: 0.0,
        Shields.MILES_EZZELL: each * debt,
    }[financing.shields]
    return _Step(
        unlevered=unlevered,
        shields=shields,
        safe_shields=safe,
        value=unlevered + shields,
        debt=debt,
    )


def _equity(step: _Step) -> Numbers:
    equity = step.value - step.debt
    least = np.minimum(equity, step.value)
    return valid_where(least > 0.0, equity, EquityWipedOut, worth=step.value, debt=step.debt)


def _costs(
    step: _Step, equity: Numbers, rates: Rates, year: int
) -> tuple[Numbers, Numbers, Numbers]:
    """kₑ = kᵤ + (kᵤ − k_d)(D − safe shields) / E, and the two weighted costs with it."""
    operating, interest, tax = rates.unlevered[year], rates.debt[year], rates.tax[year]
    borne = step.debt - step.safe_shields
    cost_of_equity = operating + (operating - interest) * borne / equity
    paid = equity * cost_of_equity
    pretax = (paid + step.debt * interest) / step.value
    wacc = (paid + step.debt * interest * (1.0 - tax)) / step.value
    return cost_of_equity, pretax, wacc
