"""Damodaran's ten-year FCFF workbook, as the DCF of the project computes it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from valor_core.models.bridge import Bridge
from valor_core.models.dcf import DcfInputs, Failure, ProceedsBasis, discounted_cash_flow
from valor_core.models.dilution import Shares
from valor_core.models.fields import Unit, says, settle
from valor_core.models.numbers import Numbers
from valor_core.models.paths import Fade
from valor_core.models.published.method import Method
from valor_core.models.reinvestment import SalesToCapital

FORECAST_YEARS = 10
EARLY_YEARS = 5


class PublishedBasis(StrEnum):
    """The workbook's letters for what the proceeds of a failure are a part of."""

    FAIR_VALUE = "V"
    BOOK_VALUE = "B"


@dataclass(frozen=True, slots=True, kw_only=True)
class DriversCase:
    """Damodaran's ten-year FCFF workbook (fcffsimpleginzu): what its input sheet comes to."""

    revenue0: Numbers = field(metadata=says("revenue of the last year", Unit.MONEY))
    growth_y1: Numbers = field(metadata=says("growth in year 1", Unit.RATE))
    growth_y2_5: Numbers = field(metadata=says("growth in years 2 to 5", Unit.RATE))
    growth_terminal: Numbers = field(metadata=says("growth after year 10", Unit.RATE))
    margin_y1: Numbers = field(metadata=says("EBIT margin in year 1", Unit.RATE))
    margin_target: Numbers = field(metadata=says("EBIT margin in the end", Unit.RATE))
    margin_convergence_year: int = field(
        default=EARLY_YEARS, metadata=says("year in which the margin is reached", Unit.YEARS)
    )
    tax_effective: Numbers = field(metadata=says("tax rate in years 1 to 5", Unit.RATE))
    tax_terminal: Numbers = field(metadata=says("tax rate after year 10", Unit.RATE))
    wacc_initial: Numbers = field(metadata=says("WACC in years 1 to 5", Unit.RATE))
    wacc_terminal: Numbers = field(metadata=says("WACC after year 10", Unit.RATE))
    sales_to_capital_1_5: Numbers = field(metadata=says("sales to capital, early", Unit.RATIO))
    sales_to_capital_6_10: Numbers = field(metadata=says("sales to capital, late", Unit.RATIO))
    reinvestment_lag: int = field(
        default=1, metadata=says("years from reinvestment to revenue", Unit.YEARS)
    )
    roic_terminal: Numbers | None = field(
        default=None, metadata=says("return on new capital after year 10", Unit.RATE)
    )
    nol0: Numbers = field(default=0.0, metadata=says("losses carried forward", Unit.MONEY))
    prob_failure: Numbers = field(default=0.0, metadata=says("probability of failure", Unit.RATE))
    failure_proceeds_basis: PublishedBasis = field(
        default=PublishedBasis.FAIR_VALUE, metadata=says("V: fair value, B: book value")
    )
    failure_proceeds_pct: Numbers = field(
        default=0.0, metadata=says("proceeds as a share of the basis", Unit.RATE)
    )
    book_equity: Numbers = field(default=0.0, metadata=says("equity in the books", Unit.MONEY))
    book_debt: Numbers = field(default=0.0, metadata=says("debt in the books", Unit.MONEY))
    debt: Numbers = field(default=0.0, metadata=says("debt", Unit.MONEY))
    minority_interests: Numbers = field(default=0.0, metadata=says("minorities", Unit.MONEY))
    cash: Numbers = field(default=0.0, metadata=says("cash", Unit.MONEY))
    non_operating_assets: Numbers = field(
        default=0.0, metadata=says("assets beside the operations", Unit.MONEY)
    )
    value_of_options: Numbers = field(default=0.0, metadata=says("options", Unit.MONEY))
    shares: Numbers = field(metadata=says("shares outstanding", Unit.SHARES))
    price: Numbers | None = field(
        default=None, metadata=says("price of a share, to compare", Unit.MONEY_PER_SHARE)
    )
    ebit0_adjusted: Numbers | None = field(
        default=None, metadata=says("EBIT of the last year, to compare", Unit.MONEY)
    )
    invested_capital0: Numbers | None = field(
        default=None, metadata=says("invested capital, to tell returns", Unit.MONEY)
    )

    def __post_init__(self) -> None:
        settle(self)


def _late(start: Numbers) -> Fade:
    """The start through year 5, then in a line to the terminal value in year 10."""
    return Fade(start=start, from_year=EARLY_YEARS, to_year=FORECAST_YEARS)


def drivers_inputs(case: DriversCase) -> DcfInputs:
    """The workbook's inputs as those of the DCF."""
    early, late = case.sales_to_capital_1_5, case.sales_to_capital_6_10
    growth = Fade(
        start=case.growth_y2_5,
        first=case.growth_y1,
        from_year=EARLY_YEARS,
        to_year=FORECAST_YEARS,
    )
    target = case.margin_target if case.margin_convergence_year == 0 else case.margin_y1
    return DcfInputs(
        years=FORECAST_YEARS,
        revenue=case.revenue0,
        growth=growth,
        margin=Fade(
            start=target,
            end=case.margin_target,
            first=case.margin_y1,
            to_year=case.margin_convergence_year,
        ),
        tax=_late(case.tax_effective),
        wacc=_late(case.wacc_initial),
        sales_to_capital=SalesToCapital(
            ratio=[early] * EARLY_YEARS + [late] * (FORECAST_YEARS - EARLY_YEARS),
            lag=case.reinvestment_lag,
        ),
        operating_loss=case.nol0,
        terminal_growth=case.growth_terminal,
        terminal_roic=case.roic_terminal,
        terminal_wacc=case.wacc_terminal,
        terminal_tax=case.tax_terminal,
        failure=Failure(
            probability=case.prob_failure,
            proceeds=case.failure_proceeds_pct,
            basis=ProceedsBasis.FAIR_VALUE
            if case.failure_proceeds_basis is PublishedBasis.FAIR_VALUE
            else ProceedsBasis.BOOK_VALUE,
            book_value=case.book_equity + case.book_debt,
        ),
        bridge=Bridge.of(
            debt=case.debt,
            minority_interests=case.minority_interests,
            cash=case.cash,
            non_operating_assets=case.non_operating_assets,
            options_value=case.value_of_options,
        ),
        shares=Shares(basic=case.shares),
    )


def drivers(case: DriversCase) -> dict[str, Any]:
    """The lines of the workbook's output sheet; its equity value stands before the options."""
    inputs = drivers_inputs(case)
    result = discounted_cash_flow(inputs)
    lines = {
        "revenues": result.revenues,
        "margins": result.margins,
        "ebit": result.ebit,
        "tax_rates": result.tax_rates,
        "nopat": result.nopat,
        "reinvestment": result.reinvestment,
        "fcff": result.fcff,
        "nol": result.losses_left,
        "wacc_path": result.waccs,
        "discount_factor": result.discount_factors,
        "pv_fcff": result.pv_fcff,
        "terminal_revenue": result.terminal_revenue,
        "terminal_nopat": result.terminal_nopat,
        "terminal_reinvestment": result.terminal_reinvestment,
        "terminal_fcff": result.terminal_fcff,
        "terminal_value": result.terminal_value,
        "pv_terminal": result.pv_terminal,
        "pv_explicit": result.pv_forecast,
        "sum_pv": result.going_concern_value,
        "operating_assets": result.enterprise_value,
        "equity_value": result.equity_value + case.value_of_options,
        "common_equity_value": result.equity_value,
        "value_per_share": result.value_per_share,
    }
    if case.price is not None and result.value_per_share > 0.0:
        lines["price_to_value"] = case.price / result.value_per_share
    if case.invested_capital0 is not None:
        lines["invested_capital"] = case.invested_capital0 + np.cumsum(result.reinvestment)
    return lines


METHODS = {
    "dcf_fcff_drivers": Method(inputs=DriversCase, compute=drivers, main="value_per_share"),
}
