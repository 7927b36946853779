"""The shapes in which valuations are published, each computed by the model that everybody uses."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np

from valor_core.models.bridge import Bridge, bridged
from valor_core.models.codec import schema
from valor_core.models.cost_of_capital import (
    BetaKind,
    CostOfCapitalInputs,
    MarketWeights,
    cost_of_capital,
    weights_of,
)
from valor_core.models.dcf import DcfInputs, Failure, ProceedsBasis, discounted_cash_flow
from valor_core.models.dcf_direct import MOST_YEARS, DirectDcfInputs, direct_cash_flow
from valor_core.models.dilution import OptionTranche, Shares, diluted_at, value_per_share
from valor_core.models.discounting import Timing, discount_periods
from valor_core.models.fields import Unit, says, settle
from valor_core.models.numbers import Numbers, Row
from valor_core.models.paths import Fade, Path
from valor_core.models.refusals import YearsOutOfRange
from valor_core.models.reinvestment import SalesToCapital
from valor_core.models.sensitivity import grid
from valor_core.models.terminal import TerminalMethod

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


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeCase:
    """An enterprise value and what lies between it and the equity; what is not named is 0."""

    ev: Numbers = field(metadata=says("enterprise value", Unit.MONEY))
    debt: Numbers = field(default=0.0, metadata=says("debt", Unit.MONEY))
    leases: Numbers = field(default=0.0, metadata=says("leases", Unit.MONEY))
    minority: Numbers = field(default=0.0, metadata=says("minority interests", Unit.MONEY))
    preferred: Numbers = field(default=0.0, metadata=says("preferred stock", Unit.MONEY))
    pensions: Numbers = field(default=0.0, metadata=says("pension deficit", Unit.MONEY))
    options: Numbers = field(default=0.0, metadata=says("value of options", Unit.MONEY))
    cash: Numbers = field(default=0.0, metadata=says("cash", Unit.MONEY))
    associates: Numbers = field(default=0.0, metadata=says("associates", Unit.MONEY))
    non_operating: Numbers = field(default=0.0, metadata=says("other assets", Unit.MONEY))
    shares: Numbers | None = field(default=None, metadata=says("shares", Unit.SHARES))

    def __post_init__(self) -> None:
        settle(self)


def equity_bridge(case: BridgeCase) -> dict[str, Any]:
    """The equity value at the end of the bridge."""
    items = Bridge.of(
        debt=case.debt,
        leases=case.leases,
        minority_interests=case.minority,
        preferred=case.preferred,
        pensions=case.pensions,
        options_value=case.options,
        cash=case.cash,
        associates=case.associates,
        non_operating_assets=case.non_operating,
    )
    value = bridged(case.ev, items).equity_value
    lines = {"equity_value": value}
    if case.shares is not None:
        lines["value_per_share"] = value_per_share(value, Shares(basic=case.shares))
    return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class DilutionCase:
    """Shares, options on more of them, and the price at which they are exercised."""

    basic: Numbers = field(metadata=says("shares outstanding", Unit.SHARES))
    options: tuple[OptionTranche, ...] = field(
        default=(), metadata=says("option tranches, also as pairs of number and strike")
    )
    avg_price: Numbers = field(metadata=says("price of a share", Unit.MONEY_PER_SHARE))
    net_income: Numbers | None = field(default=None, metadata=says("net income", Unit.MONEY))

    def __post_init__(self) -> None:
        settle(self)


def treasury_stock(case: DilutionCase) -> dict[str, Any]:
    """Diluted shares at a price, and earnings per share where the income is given.

    Options never improve a loss per share, so a loss is told over the basic shares (ASC 260).
    """
    diluted = diluted_at(Shares(basic=case.basic, options=case.options), case.avg_price)
    lines = {"diluted": diluted, "dilutive": diluted - case.basic}
    if case.net_income is not None and case.basic > 0.0:
        lines["basic_eps"] = case.net_income / case.basic
        over = diluted if case.net_income > 0.0 else case.basic
        lines["diluted_eps"] = case.net_income / over
    return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleveredCase:
    """A cost of capital from an unlevered beta and market values (Damodaran's worksheet)."""

    unlevered_beta: Numbers = field(metadata=says("beta without debt", Unit.RATIO))
    risk_free: Numbers = field(metadata=says("risk-free rate", Unit.RATE))
    equity_risk_premium: Numbers = field(metadata=says("equity risk premium", Unit.RATE))
    size_premium: Numbers = field(default=0.0, metadata=says("size premium", Unit.RATE))
    country_premium: Numbers = field(default=0.0, metadata=says("country premium", Unit.RATE))
    shares: Numbers = field(metadata=says("shares outstanding", Unit.SHARES))
    price: Numbers = field(metadata=says("price of a share", Unit.MONEY_PER_SHARE))
    book_debt: Numbers = field(default=0.0, metadata=says("debt in the books", Unit.MONEY))
    interest_expense: Numbers | None = field(default=None, metadata=says("interest", Unit.MONEY))
    debt_average_maturity: Numbers | None = field(
        default=None, metadata=says("years until the debt falls due", Unit.YEARS)
    )
    pretax_cost_of_debt: Numbers = field(metadata=says("cost of debt before tax", Unit.RATE))
    tax_rate: Numbers = field(metadata=says("marginal tax rate", Unit.RATE))
    preferred: Numbers = field(default=0.0, metadata=says("preferred stock", Unit.MONEY))
    cost_of_preferred: Numbers = field(default=0.0, metadata=says("its yield", Unit.RATE))

    def __post_init__(self) -> None:
        settle(self)


def relevered(case: ReleveredCase) -> dict[str, Any]:
    """The cost of capital at the market values of equity and debt."""
    result = cost_of_capital(
        CostOfCapitalInputs(
            risk_free=case.risk_free,
            equity_risk_premium=case.equity_risk_premium,
            beta=case.unlevered_beta,
            beta_kind=BetaKind.UNLEVERED,
            size_premium=case.size_premium,
            country_premium=case.country_premium,
            pretax_cost_of_debt=case.pretax_cost_of_debt,
            tax=case.tax_rate,
            cost_of_preferred=case.cost_of_preferred,
            market=MarketWeights(
                shares=case.shares,
                price=case.price,
                debt=case.book_debt,
                debt_interest=case.interest_expense,
                debt_maturity=case.debt_average_maturity,
                preferred=case.preferred,
            ),
        )
    )
    return {
        "market_value_equity": result.value_of_equity,
        "market_value_debt": result.value_of_debt,
        "levered_beta": result.levered_beta,
        "cost_of_equity": result.cost_of_equity,
        "after_tax_cost_of_debt": result.after_tax_cost_of_debt,
        "weight_equity": result.weight_of_equity,
        "weight_debt": result.weight_of_debt,
        "weight_preferred": result.weight_of_preferred,
        "wacc": result.wacc,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class WaccCase:
    """Values and costs of the sources of capital, in the letters of the textbooks."""

    E: Numbers = field(metadata=says("equity at market", Unit.MONEY))
    D: Numbers = field(default=0.0, metadata=says("debt at market", Unit.MONEY))
    P: Numbers = field(default=0.0, metadata=says("preferred at market", Unit.MONEY))
    ke: Numbers = field(metadata=says("cost of equity", Unit.RATE))
    kd: Numbers = field(default=0.0, metadata=says("cost of debt before tax", Unit.RATE))
    kp: Numbers = field(default=0.0, metadata=says("cost of preferred stock", Unit.RATE))
    t: Numbers = field(default=0.0, metadata=says("tax rate", Unit.RATE))

    def __post_init__(self) -> None:
        settle(self)


def wacc(case: WaccCase) -> dict[str, Any]:
    """The weighted average cost of capital and its weights."""
    weights = weights_of(equity=case.E, debt=case.D, preferred=case.P)
    return {
        "wacc": weights.average(equity=case.ke, debt=case.kd * (1.0 - case.t), preferred=case.kp),
        "weight_equity": weights.equity,
        "weight_debt": weights.debt,
        "weight_preferred": weights.preferred,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A published method: the shape of its inputs, what computes it, and its one main line."""

    inputs: type
    compute: Callable[[Any], dict[str, Any]]
    main: str


METHODS: dict[str, Method] = {
    "dcf_fcff_drivers": Method(inputs=DriversCase, compute=drivers, main="value_per_share"),
    "dcf_fcff_direct": Method(inputs=DirectCase, compute=direct, main="enterprise_value"),
    "discount_periods": Method(inputs=PeriodsCase, compute=periods, main="end_year"),
    "equity_bridge": Method(inputs=BridgeCase, compute=equity_bridge, main="equity_value"),
    "diluted_shares_treasury_stock": Method(
        inputs=DilutionCase, compute=treasury_stock, main="diluted"
    ),
    "cost_of_capital_relevered": Method(inputs=ReleveredCase, compute=relevered, main="wacc"),
    "wacc": Method(inputs=WaccCase, compute=wacc, main="wacc"),
}


def stated_inputs(method: Method, row: dict[str, Any]) -> dict[str, Any]:
    """A row of inputs in the form that the codec reads: short forms spelt out, nulls left out."""
    stated = {name: value for name, value in row.items() if value is not None}
    if method.inputs is DirectCase and isinstance(stated.get("wacc"), (int, float)):
        stated["wacc"] = {"start": stated["wacc"]}
    if method.inputs is DilutionCase and isinstance(stated.get("options"), list):
        stated["options"] = [_tranche(option) for option in stated["options"]]
    return stated


def stated_schema(method: Method) -> dict[str, Any]:
    """The JSON Schema of a method's inputs, with the short forms that are spelt out."""
    stated = schema(method.inputs)
    number = {"type": "number"}
    if method.inputs is DirectCase:
        stated["properties"]["wacc"]["anyOf"].insert(0, number)
    if method.inputs is DilutionCase:
        tranches = stated["properties"]["options"]
        pair = {"type": "array", "items": number, "minItems": 2, "maxItems": 2}
        tranches["items"] = {"anyOf": [tranches["items"], pair]}
    return stated


def _tranche(option: Any) -> Any:
    if isinstance(option, list) and len(option) == 2:
        return {"number": option[0], "strike": option[1]}
    return option
