"""DCFs of given flows as textbooks and templates print them, and their periods."""

from dataclasses import dataclass, field, replace
from typing import Any

from valor_core.models.bridge import Bridge
from valor_core.models.dcf_direct import MOST_YEARS, DirectDcfInputs, direct_cash_flow
from valor_core.models.dilution import Shares
from valor_core.models.discounting import Timing, discount_periods
from valor_core.models.fields import Unit, says, settle
from valor_core.models.numbers import Numbers, Row
from valor_core.models.paths import Fade, Path
from valor_core.models.published.method import Method
from valor_core.models.refusals import YearsOutOfRange
from valor_core.models.sensitivity import grid
from valor_core.models.terminal import TerminalMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectCase:
    """A DCF of given flows, with the two-way table that usually stands beside it."""

    fcf: Row = field(metadata=says("free cash flows, the first year first", Unit.MONEY))
    wacc: Path = field(metadata=says("WACC: one number, or one a year", Unit.RATE))
    perpetual_growth: Numbers | None = field(
        default=None, metadata=says("growth after the forecast", Unit.RATE)
    )
    exit_multiple: Numbers | None = field(
        default=None, metadata=says("multiple of the last EBITDA; carries where no growth is given")
    )
    ebitda: Row | None = field(default=None, metadata=says("EBITDA by year", Unit.MONEY))
    mid_year: bool = field(default=False, metadata=says("cash arrives in the middle of a year"))
    stub: Numbers | None = field(
        default=None,
        metadata=says("part of the first year still to come; 0: no stub", Unit.YEARS),
    )
    net_debt: Numbers = field(default=0.0, metadata=says("debt less cash", Unit.MONEY))
    debt: Numbers = field(default=0.0, metadata=says("debt beside net_debt", Unit.MONEY))
    cash: Numbers = field(default=0.0, metadata=says("cash beside net_debt", Unit.MONEY))
    minority: Numbers = field(default=0.0, metadata=says("minority interests", Unit.MONEY))
    preferred: Numbers = field(default=0.0, metadata=says("preferred stock", Unit.MONEY))
    non_operating: Numbers = field(default=0.0, metadata=says("other assets", Unit.MONEY))
    shares: Numbers | None = field(default=None, metadata=says("shares", Unit.SHARES))
    wacc_grid: Row | None = field(default=None, metadata=says("WACCs of the table", Unit.RATE))
    growth_grid: Row | None = field(default=None, metadata=says("growths of the table", Unit.RATE))

    def __post_init__(self) -> None:
        settle(self)


def direct(case: DirectCase) -> dict[str, Any]:
    """The value of given flows and its table."""
    by_growth = case.perpetual_growth is not None
    inputs = DirectDcfInputs(
        free_cash_flow=case.fcf,
        wacc=case.wacc,
        terminal_growth=case.perpetual_growth if by_growth else 0.0,
        exit_multiple=case.exit_multiple,
        exit_metric=None if case.ebitda is None else float(case.ebitda[-1]),
        terminal_method=TerminalMethod.GORDON if by_growth else TerminalMethod.EXIT_MULTIPLE,
        timing=Timing.MID_YEAR if case.mid_year else Timing.END_YEAR,
        stub=case.stub or None,
        bridge=Bridge.of(
            debt=case.net_debt + case.debt,
            cash=case.cash,
            minority_interests=case.minority,
            preferred=case.preferred,
            non_operating_assets=case.non_operating,
        ),
        # Without shares the company is one share; then no value per share is told.
        shares=Shares(basic=1.0 if case.shares is None else case.shares),
    )
    result = direct_cash_flow(inputs)
    lines = {
        "discount_periods": result.discount_periods,
        "discount_factors": result.discount_factors,
        "pv_flows": result.pv_fcff,
        "pv_fcf": result.pv_forecast,
        "terminal_fcf": result.terminal_fcff,
        "terminal_value": result.terminal_value,
        "terminal_value_gordon": result.terminal_value_gordon,
        "terminal_value_multiple": result.terminal_value_multiple,
        "pv_terminal": result.pv_terminal,
        "enterprise_value": result.enterprise_value,
        "equity_value": result.equity_value,
        "implied_growth": result.implied_growth,
        "implied_multiple": result.implied_multiple,
    }
    if case.shares is not None:
        lines["value_per_share"] = result.value_per_share
    if case.wacc_grid is not None and case.growth_grid is not None:
        lines |= _tables(inputs, case.wacc_grid, case.growth_grid)
    return lines


def _tables(inputs: DirectDcfInputs, waccs: Row, growths: Row) -> dict[str, Any]:
    """The tables of growth and one WACC for all years; a cell without a value is none."""
    tables, inputs = {}, replace(inputs, wacc=Fade(start=waccs[0]))
    for short, line in (("ev", "enterprise_value"), ("equity", "equity_value")):
        values = grid(
            inputs, ("terminal_growth", growths), ("wacc.start", waccs), field=line
        ).values
        tables[f"{short}_grid_rows_growth_cols_wacc"] = values
        tables[f"{short}_grid_rows_wacc_cols_growth"] = values.T
    return tables


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodsCase:
    """A forecast of a stub and full years after it."""

    stub: Numbers = field(
        default=0.0, metadata=says("part of the first year still to come; 0: no stub", Unit.YEARS)
    )
    full_years: int = field(metadata=says("full years after the stub", Unit.YEARS))

    def __post_init__(self) -> None:
        settle(self)


def periods(case: PeriodsCase) -> dict[str, Any]:
    """Years to each flow and to the terminal value, by convention."""
    stub = case.stub or None
    years = case.full_years + (stub is not None)
    if not 1 <= years <= MOST_YEARS:
        raise YearsOutOfRange(years=years, most=MOST_YEARS)
    end = discount_periods(years, timing=Timing.END_YEAR, stub=stub)
    middle = discount_periods(years, timing=Timing.MID_YEAR, stub=stub)
    return {
        "end_year": end.flows,
        "mid_year": middle.flows,
        "tv_exit_multiple": end.exit_multiple,
        "tv_gordon_end_year": end.gordon,
        "tv_gordon_mid_year": middle.gordon,
    }


def _wacc_spelt_out(stated: dict[str, Any]) -> dict[str, Any]:
    """One WACC for all years is a fade that goes nowhere."""
    if isinstance(stated.get("wacc"), (int, float)):
        return stated | {"wacc": {"start": stated["wacc"]}}
    return stated


def _with_one_wacc(stated: dict[str, Any]) -> dict[str, Any]:
    stated["properties"]["wacc"]["anyOf"].insert(0, {"type": "number"})
    return stated


METHODS = {
    "dcf_fcff_direct": Method(
        inputs=DirectCase,
        compute=direct,
        main="enterprise_value",
        spelt_out=_wacc_spelt_out,
        with_short_forms=_with_one_wacc,
    ),
    "discount_periods": Method(inputs=PeriodsCase, compute=periods, main="end_year"),
}
