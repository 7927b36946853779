"""The value of a company by its free cash flow to the firm, from drivers."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from valor_core.models.bridge import Bridge, bridged
from valor_core.models.cost_of_capital import (
    CostOfCapitalInputs,
    CostOfCapitalResult,
    cost_of_capital,
)
from valor_core.models.dilution import Shares, diluted_shares, value_per_share
from valor_core.models.discounting import (
    Timing,
    discount_factors,
    discount_periods,
)
from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.numbers import Numbers, Row, row_of, valid_where
from valor_core.models.paths import Fade, Path, over_years
from valor_core.models.refusals import (
    BookValueMissing,
    ChooseOne,
    DepreciationMissing,
    GrowthTooLow,
    LossLimitOutOfRange,
    LossNegative,
    ProbabilityOutOfRange,
    ProceedsNegative,
    RevenueNegative,
    YearsOutOfRange,
)
from valor_core.models.reinvestment import (
    CapitalPlan,
    SalesToCapital,
    by_plan,
    by_sales_to_capital,
)
from valor_core.models.terminal import (
    MultipleOf,
    TerminalMethod,
    TerminalYear,
    reinvestment_share,
    terminal_values,
)

MOST_YEARS = 100


class ProceedsBasis(StrEnum):
    """What the proceeds of a failure are a part of."""

    FAIR_VALUE = "fair_value"
    BOOK_VALUE = "book_value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The odds that the company does not survive, and what is left then."""

    probability: Numbers = field(metadata=says("probability of failure", Unit.RATE))
    proceeds: Numbers = field(metadata=says("proceeds as a share of the basis", Unit.RATE))
    basis: ProceedsBasis = field(
        default=ProceedsBasis.FAIR_VALUE, metadata=says("what the proceeds are a part of")
    )
    book_value: Numbers | None = field(
        default=None, metadata=says("book value of equity and debt", Unit.MONEY)
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class DcfInputs:
    """What an analyst decides before a DCF can be run. Rates are fractions: 0.085 is 8.5 %.

    The cost of capital is stated by a path of WACCs, or computed by CAPM; then it holds in all
    years, or starts the fade of a `wacc` path without a start.
    """

    years: int = field(metadata=says("forecast years, the stub included", Unit.YEARS))
    revenue: Numbers = field(metadata=says("revenue of the year before", Unit.MONEY))
    growth: Path = field(metadata=says("growth of revenue", Unit.RATE))
    margin: Path = field(metadata=says("EBIT as a share of revenue", Unit.RATE))
    tax: Path = field(metadata=says("tax rate on EBIT", Unit.RATE))
    sales_to_capital: SalesToCapital | None = field(
        default=None, metadata=says("reinvestment by sales to capital")
    )
    capital_plan: CapitalPlan | None = field(
        default=None, metadata=says("reinvestment by capital expenditure and working capital")
    )
    depreciation: Path | None = field(
        default=None, metadata=says("depreciation as a share of revenue", Unit.RATE)
    )
    operating_loss: Numbers = field(
        default=0.0, metadata=says("operating losses carried forward", Unit.MONEY)
    )
    loss_limit: Numbers = field(
        default=1.0, metadata=says("part of a year's profit that losses may shelter", Unit.RATE)
    )
    wacc: Path | None = field(default=None, metadata=says("cost of capital", Unit.RATE))
    cost_of_capital: CostOfCapitalInputs | None = field(
        default=None, metadata=says("cost of capital by CAPM")
    )
    terminal_growth: Numbers = field(metadata=says("growth after the forecast", Unit.RATE))
    terminal_roic: Numbers | None = field(
        default=None,
        metadata=says("return on new capital after the forecast; none: the WACC", Unit.RATE),
    )
    terminal_wacc: Numbers | None = field(
        default=None, metadata=says("WACC after the forecast; none: the last year's", Unit.RATE)
    )
    terminal_tax: Numbers | None = field(
        default=None, metadata=says("tax after the forecast; none: the last year's", Unit.RATE)
    )
    exit_multiple: Numbers | None = field(
        default=None, metadata=says("multiple at which the company could be sold", Unit.RATIO)
    )
    multiple_of: MultipleOf = field(
        default=MultipleOf.EBIT, metadata=says("what the exit multiple multiplies")
    )
    terminal_method: TerminalMethod = field(
        default=TerminalMethod.GORDON, metadata=says("terminal value that carries the value")
    )
    timing: Timing = field(default=Timing.END_YEAR, metadata=says("when in a year cash arrives"))
    stub: Numbers | None = field(
        default=None, metadata=says("part of the first year still to come; none: all", Unit.YEARS)
    )
    failure: Failure | None = field(default=None, metadata=says("odds of failure"))
    bridge: Bridge = field(metadata=says("from enterprise to equity value"))
    shares: Shares = field(metadata=says("shares and options on them"))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class DcfResult:
    """A DCF with every line on the way to the value per share; None where a line has no meaning."""

    cost_of_capital: CostOfCapitalResult | None = field(metadata=says("cost of capital by CAPM"))
    growth: Row = field(metadata=says("growth of revenue", Unit.RATE))
    revenues: Row = field(metadata=says("revenue", Unit.MONEY))
    margins: Row = field(metadata=says("EBIT margin", Unit.RATE))
    ebit: Row = field(metadata=says("EBIT", Unit.MONEY, label="EBIT"))
    depreciation: Row | None = field(metadata=says("depreciation", Unit.MONEY))
    ebitda: Row | None = field(metadata=says("EBITDA", Unit.MONEY, label="EBITDA"))
    tax_rates: Row = field(metadata=says("tax rate", Unit.RATE))
    taxable_profit: Row = field(metadata=says("EBIT after losses carried forward", Unit.MONEY))
    losses_left: Row = field(metadata=says("operating losses left to carry", Unit.MONEY))
    nopat: Row = field(metadata=says("EBIT after tax", Unit.MONEY, label="NOPAT"))
    reinvestment: Row = field(metadata=says("net reinvestment", Unit.MONEY))
    fcff: Row = field(metadata=says("free cash flow to the firm", Unit.MONEY, label="FCFF"))
    waccs: Row = field(metadata=says("cost of capital", Unit.RATE, label="WACC"))
    discount_periods: Row = field(metadata=says("years until the cash arrives", Unit.YEARS))
    discount_factors: Row = field(metadata=says("value today of one unit then", Unit.RATIO))
    pv_fcff: Row = field(metadata=says("present value of the FCFF", Unit.MONEY, label="PV of FCFF"))
    terminal_revenue: Numbers = field(metadata=says("revenue after the forecast", Unit.MONEY))
    terminal_nopat: Numbers = field(
        metadata=says("NOPAT after the forecast", Unit.MONEY, label="Terminal NOPAT")
    )
    terminal_reinvestment: Numbers = field(metadata=says("what growth costs then", Unit.MONEY))
    terminal_fcff: Numbers = field(
        metadata=says("FCFF after the forecast", Unit.MONEY, label="Terminal FCFF")
    )
    terminal_value_gordon: Numbers | None = field(
        metadata=says(
            "terminal value as a growing perpetuity",
            Unit.MONEY,
            label="Terminal value, growing perpetuity",
        )
    )
    pv_terminal_gordon: Numbers | None = field(
        metadata=says("its present value", Unit.MONEY, label="PV of the perpetuity")
    )
    terminal_value_multiple: Numbers | None = field(
        metadata=says(
            "terminal value at the exit multiple",
            Unit.MONEY,
            label="Terminal value, exit multiple",
        )
    )
    pv_terminal_multiple: Numbers | None = field(
        metadata=says("its present value", Unit.MONEY, label="PV of the exit")
    )
    implied_growth: Numbers | None = field(
        metadata=says("growth at which Gordon gives the exit value", Unit.RATE)
    )
    implied_multiple: Numbers | None = field(
        metadata=says("multiple at which a sale gives the Gordon value", Unit.RATIO)
    )
    terminal_value: Numbers = field(metadata=says("terminal value that counts", Unit.MONEY))
    pv_terminal: Numbers = field(metadata=says("its present value", Unit.MONEY))
    pv_forecast: Numbers = field(metadata=says("present value of the forecast", Unit.MONEY))
    going_concern_value: Numbers = field(metadata=says("value if it survives", Unit.MONEY))
    enterprise_value: Numbers = field(metadata=says("value after the odds of failure", Unit.MONEY))
    claims: Numbers = field(metadata=says("claims of others", Unit.MONEY))
    other_assets: Numbers = field(metadata=says("assets beside the operations", Unit.MONEY))
    equity_value: Numbers = field(metadata=says("value of the common equity", Unit.MONEY))
    diluted_shares: Numbers = field(metadata=says("shares at the valued price", Unit.SHARES))
    value_per_share: Numbers = field(metadata=says("value of one share", Unit.MONEY_PER_SHARE))


@guarded
def discounted_cash_flow(inputs: DcfInputs) -> DcfResult:
    """Value a company by its FCFF: revenue × margin after tax − reinvestment (Damodaran; Koller).

    >>> level = DcfInputs(years=5, revenue=100.0, growth=[0.0] * 5, margin=[0.1] * 5, tax=[0.0] * 5,
    ...     sales_to_capital=SalesToCapital(ratio=[1.0] * 5), wacc=[0.1] * 5, terminal_growth=0.0,
    ...     bridge=Bridge.of(debt=20.0), shares=Shares(basic=4.0))
    >>> print(f"{discounted_cash_flow(level).value_per_share:.6f}")  # (10 / 0.10 - 20) / 4
    20.000000
    """
    _refuse_structure(inputs)
    capital, waccs = _costs_of_capital(inputs)
    forecast = _forecast(inputs)
    factors = discount_factors(waccs, timing=inputs.timing, stub=inputs.stub)
    periods = discount_periods(inputs.years, timing=inputs.timing, stub=inputs.stub)
    present = [flow * factor for flow, factor in zip(forecast.fcff, factors.flows, strict=True)]

    wacc = waccs[-1] if inputs.terminal_wacc is None else inputs.terminal_wacc
    revenue = forecast.revenues[-1] * (1.0 + inputs.terminal_growth)
    nopat = revenue * forecast.margins[-1] * (1.0 - _terminal_tax(inputs, forecast))
    roic = wacc if inputs.terminal_roic is None else inputs.terminal_roic
    reinvested = nopat * reinvestment_share(inputs.terminal_growth, roic)
    terminal = terminal_values(
        TerminalYear(
            flow=nopat - reinvested,
            growth=inputs.terminal_growth,
            wacc=wacc,
            metric=forecast.metric(inputs.multiple_of),
            exit_multiple=inputs.exit_multiple,
        ),
        factors,
        inputs.terminal_method,
    )

    pv_fcff = row_of(present)
    pv_forecast = np.sum(pv_fcff, axis=-1)
    going_concern = pv_forecast + terminal.present_value
    enterprise_value = _after_failure(going_concern, inputs.failure)
    equity = bridged(enterprise_value, inputs.bridge)
    per_share = value_per_share(equity.equity_value, inputs.shares)
    return DcfResult(
        cost_of_capital=capital,
        growth=row_of(forecast.growth),
        revenues=row_of(forecast.revenues),
        margins=row_of(forecast.margins),
        ebit=row_of(forecast.ebit),
        depreciation=None if forecast.depreciation is None else row_of(forecast.depreciation),
        ebitda=None if forecast.ebitda is None else row_of(forecast.ebitda),
        tax_rates=row_of(forecast.tax_rates),
        taxable_profit=row_of(forecast.taxable_profit),
        losses_left=row_of(forecast.losses_left),
        nopat=row_of(forecast.nopat),
        reinvestment=row_of(forecast.reinvestment),
        fcff=row_of(forecast.fcff),
        waccs=row_of(waccs),
        discount_periods=periods.flows,
        discount_factors=row_of(factors.flows),
        pv_fcff=pv_fcff,
        terminal_revenue=revenue,
        terminal_nopat=nopat,
        terminal_reinvestment=reinvested,
        terminal_fcff=nopat - reinvested,
        terminal_value_gordon=terminal.gordon,
        pv_terminal_gordon=terminal.pv_gordon,
        terminal_value_multiple=terminal.exit_multiple,
        pv_terminal_multiple=terminal.pv_exit_multiple,
        implied_growth=terminal.implied_growth,
        implied_multiple=terminal.implied_multiple,
        terminal_value=terminal.value,
        pv_terminal=terminal.present_value,
        pv_forecast=pv_forecast,
        going_concern_value=going_concern,
        enterprise_value=enterprise_value,
        claims=equity.claims,
        other_assets=equity.other_assets,
        equity_value=equity.equity_value,
        diluted_shares=diluted_shares(inputs.shares, per_share),
        value_per_share=per_share,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Forecast:
    """The forecast's lines, one number a year."""

    growth: list[Numbers]
    revenues: list[Numbers]
    margins: list[Numbers]
    ebit: list[Numbers]
    depreciation: list[Numbers] | None
    ebitda: list[Numbers] | None
    tax_rates: list[Numbers]
    taxable_profit: list[Numbers]
    losses_left: list[Numbers]
    nopat: list[Numbers]
    reinvestment: list[Numbers]
    fcff: list[Numbers]

    def metric(self, multiple_of: MultipleOf) -> Numbers | None:
        """What an exit multiple of the last forecast year multiplies."""
        if multiple_of is MultipleOf.EBITDA:
            return None if self.ebitda is None else self.ebitda[-1]
        return (self.ebit if multiple_of is MultipleOf.EBIT else self.revenues)[-1]


def _refuse_structure(inputs: DcfInputs) -> None:
    if not 1 <= inputs.years <= MOST_YEARS:
        raise YearsOutOfRange(years=inputs.years, most=MOST_YEARS)
    if (inputs.sales_to_capital is None) == (inputs.capital_plan is None):
        given = inputs.capital_plan is not None
        raise ChooseOne("sales_to_capital", "capital_plan", given=given)
    if inputs.depreciation is None and inputs.capital_plan is not None:
        raise DepreciationMissing(needed_for="the capital plan")
    of_ebitda = inputs.multiple_of is MultipleOf.EBITDA and inputs.exit_multiple is not None
    if inputs.depreciation is None and of_ebitda:
        raise DepreciationMissing(needed_for="a multiple of EBITDA")


def _costs_of_capital(
    inputs: DcfInputs,
) -> tuple[CostOfCapitalResult | None, list[Numbers]]:
    """The cost of capital of each year, and how CAPM came to it."""
    path, stated = inputs.wacc, inputs.cost_of_capital
    starts_by_capm = path is None or (isinstance(path, Fade) and path.start is None)
    if (stated is None) == starts_by_capm:
        raise ChooseOne("wacc", "cost_of_capital", given=stated is not None)
    capital = None if stated is None else cost_of_capital(stated)
    waccs = over_years(
        Fade() if path is None else path,
        inputs.years,
        name="wacc",
        start=None if capital is None else capital.wacc,
        terminal=inputs.terminal_wacc,
    )
    return capital, waccs


def _forecast(inputs: DcfInputs) -> _Forecast:
    """Revenue, profit, tax and reinvestment of each year."""
    years = inputs.years
    growth = over_years(inputs.growth, years, name="growth", terminal=inputs.terminal_growth)
    margins = over_years(inputs.margin, years, name="margin")
    tax_rates = over_years(inputs.tax, years, name="tax", terminal=inputs.terminal_tax)
    lowest = np.minimum(np.min(row_of(growth), axis=-1), inputs.terminal_growth)
    revenue = valid_where(
        inputs.revenue >= 0.0, inputs.revenue, RevenueNegative, revenue=inputs.revenue
    )
    revenue = before = valid_where(lowest > -1.0, revenue, GrowthTooLow, growth=lowest)
    revenues = []
    for rate in growth:
        revenue = revenue * (1.0 + rate)
        revenues.append(revenue)
    ebit = [revenue * margin for revenue, margin in zip(revenues, margins, strict=True)]
    taxable, losses = _after_losses(ebit, inputs.operating_loss, inputs.loss_limit)
    nopat = [
        profit - rate * taxed for profit, rate, taxed in zip(ebit, tax_rates, taxable, strict=True)
    ]
    depreciation = _depreciation(inputs, revenues)
    reinvestment = _reinvestment(inputs, revenues, before, depreciation)
    fcff = [profit - spent for profit, spent in zip(nopat, reinvestment, strict=True)]
    if inputs.stub is not None:
        fcff[0] = fcff[0] * inputs.stub  # the rest of the first year's cash has been received
    return _Forecast(
        growth=growth,
        revenues=revenues,
        margins=margins,
        ebit=ebit,
        depreciation=depreciation,
        ebitda=None
        if depreciation is None
        else [profit + worn for profit, worn in zip(ebit, depreciation, strict=True)],
        tax_rates=tax_rates,
        taxable_profit=taxable,
        losses_left=losses,
        nopat=nopat,
        reinvestment=reinvestment,
        fcff=fcff,
    )


def _after_losses(
    ebit: list[Numbers], loss: Numbers, limit: Numbers
) -> tuple[list[Numbers], list[Numbers]]:
    """Profit that is taxed and losses left each year: losses are added up, never taxed back."""
    loss = valid_where(loss >= 0.0, loss, LossNegative, loss=loss)
    in_range = np.minimum(limit, 1.0 - limit) >= 0.0
    loss = valid_where(in_range, loss, LossLimitOutOfRange, limit=limit)
    taxable, losses = [], []
    for profit in ebit:
        gain = np.maximum(profit, 0.0)
        used = np.minimum(loss, gain * limit)
        loss = loss - used + np.maximum(-profit, 0.0)
        taxable.append(gain - used)
        losses.append(loss)
    return taxable, losses


def _depreciation(inputs: DcfInputs, revenues: list[Numbers]) -> list[Numbers] | None:
    if inputs.depreciation is None:
        return None
    shares = over_years(inputs.depreciation, inputs.years, name="depreciation")
    return [share * revenue for share, revenue in zip(shares, revenues, strict=True)]


def _reinvestment(
    inputs: DcfInputs,
    revenues: list[Numbers],
    before: Numbers,
    depreciation: list[Numbers] | None,
) -> list[Numbers]:
    if inputs.sales_to_capital is not None:
        return by_sales_to_capital(
            inputs.sales_to_capital, revenues, before=before, growth_after=inputs.terminal_growth
        )
    assert inputs.capital_plan is not None
    assert depreciation is not None
    return by_plan(inputs.capital_plan, revenues, depreciation=depreciation)


def _terminal_tax(inputs: DcfInputs, forecast: _Forecast) -> Numbers:
    return forecast.tax_rates[-1] if inputs.terminal_tax is None else inputs.terminal_tax


def _after_failure(going_concern: Numbers, failure: Failure | None) -> Numbers:
    """Going concern × (1 − p) + proceeds × p (Damodaran)."""
    if failure is None:
        return going_concern
    if failure.basis is ProceedsBasis.BOOK_VALUE and failure.book_value is None:
        raise BookValueMissing
    odds, share = failure.probability, failure.proceeds
    odds = valid_where(
        np.minimum(odds, 1.0 - odds) >= 0.0, odds, ProbabilityOutOfRange, probability=odds
    )
    share = valid_where(share >= 0.0, share, ProceedsNegative, proceeds=share)
    fair = failure.basis is ProceedsBasis.FAIR_VALUE
    proceeds = share * (going_concern if fair else failure.book_value)
    return going_concern * (1.0 - odds) + proceeds * odds
