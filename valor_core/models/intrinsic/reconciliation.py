"""One plan valued by every method: they agree to the last digits, or the difference has a cause."""

from dataclasses import dataclass, field

from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.intrinsic.financing import (
    Financed,
    Financing,
    IteratedCapital,
    Shields,
    financed,
)
from valor_core.models.intrinsic.refusals import GrowthNotBelowCostOfEquity
from valor_core.models.numbers import Numbers, Row, only_where, row_of, valid_where
from valor_core.models.paths import over_years
from valor_core.models.refusals import GrowthNotBelowWacc, WaccTooLow, YearsOutOfRange
from valor_core.models.terminal import reinvestment_share

MOST_YEARS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationInputs:
    """An operating plan and its financing; the optional inputs are what analysts do otherwise."""

    years: int = field(metadata=says("forecast years", Unit.YEARS))
    nopat: Row = field(metadata=says("EBIT after tax", Unit.MONEY, label="NOPAT"))
    reinvestment: Row = field(metadata=says("net reinvestment", Unit.MONEY))
    invested_capital: Numbers = field(metadata=says("invested capital today", Unit.MONEY))
    terminal_growth: Numbers = field(metadata=says("growth after the forecast", Unit.RATE))
    terminal_nopat: Numbers | None = field(
        default=None,
        metadata=says("NOPAT after the forecast; none: the last one grown", Unit.MONEY),
    )
    terminal_roic: Numbers | None = field(
        default=None,
        metadata=says("return on new capital then; none: capital grows as profit", Unit.RATE),
    )
    financing: Financing = field(metadata=says("debt and its cost"))
    dividends: Row | None = field(
        default=None, metadata=says("dividends; none: all free cash flow to equity", Unit.MONEY)
    )
    book_changes: Row | None = field(
        default=None,
        metadata=says("changes of book capital that pass no profit: no clean surplus", Unit.MONEY),
    )
    stated_wacc: Numbers | None = field(
        default=None, metadata=says("one WACC for all years; none: today's", Unit.RATE)
    )
    target_leverage: Numbers | None = field(
        default=None, metadata=says("target debt as a share of value, for a WACC", Unit.RATE)
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByMethod:
    """The operations valued by one method; values stand at the beginning of each year."""

    flows: Row = field(metadata=says("what the method discounts", Unit.MONEY))
    rates: Row = field(metadata=says("what it is discounted at", Unit.RATE))
    terminal_flow: Numbers = field(metadata=says("flow after the forecast", Unit.MONEY))
    terminal_rate: Numbers = field(metadata=says("rate after the forecast", Unit.RATE))
    terminal_value: Numbers = field(metadata=says("operations at the horizon", Unit.MONEY))
    values: Row = field(metadata=says("value of the operations", Unit.MONEY))
    value: Numbers = field(metadata=says("value of the operations today", Unit.MONEY))
    agreement: Numbers = field(
        metadata=says("value over that of FCFF at WACC; 1 where they agree", Unit.RATIO)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationResult:
    """The plan's lines, the cost of capital on its own weights, and each method's valuation."""

    capital: IteratedCapital = field(
        metadata=says("adjusted present value and the costs of capital on its weights")
    )
    opening_capital: Row = field(metadata=says("invested capital a year before", Unit.MONEY))
    opening_book: Row = field(metadata=says("book equity a year before", Unit.MONEY))
    net_income: Row = field(metadata=says("NOPAT less interest after tax", Unit.MONEY))
    terminal_nopat: Numbers = field(
        metadata=says("NOPAT after the forecast", Unit.MONEY, label="Terminal NOPAT")
    )
    terminal_reinvestment: Numbers = field(metadata=says("what growth costs then", Unit.MONEY))
    terminal_capital: Numbers = field(metadata=says("invested capital at the horizon", Unit.MONEY))
    fcff: ByMethod = field(metadata=says("free cash flow to the firm at WACC"))
    fcfe: ByMethod = field(metadata=says("free cash flow to equity at its cost, plus debt"))
    capital_cash_flow: ByMethod = field(metadata=says("FCFF and shields at the cost before tax"))
    eva: ByMethod = field(metadata=says("invested capital plus economic value added at WACC"))
    residual_income: ByMethod = field(
        metadata=says("book equity plus residual income at the cost of equity, plus debt")
    )
    dividend_discount: ByMethod = field(metadata=says("dividends at the cost of equity, plus debt"))
    one_wacc: ByMethod | None = field(metadata=says("FCFF at one WACC for all years"))
    target_weights: ByMethod | None = field(metadata=says("FCFF at the WACC of target weights"))
    enterprise_value: Numbers = field(metadata=says("value of the operations", Unit.MONEY))
    debt: Numbers = field(metadata=says("net debt today", Unit.MONEY))
    equity_value: Numbers = field(metadata=says("value of the common equity", Unit.MONEY))


@guarded
def reconciliation(inputs: ReconciliationInputs) -> ReconciliationResult:
    """FCFF, FCFE, APV, CCF, EVA, residual income and dividends on one plan (Fernández; Koller).

    Each year has the cost of capital of its own weights, found backwards without iteration, so that
    consistent plans agree in every year.

    >>> from valor_core.models.intrinsic.financing import Financing
    >>> level = ReconciliationInputs(years=1, nopat=[10.0], reinvestment=[0.0],
    ...     invested_capital=80.0, terminal_growth=0.0, financing=Financing(
    ...         unlevered_cost=[0.1], cost_of_debt=[0.05], tax=[0.0], debt=[40.0, 40.0]))
    >>> print(f"{reconciliation(level).eva.value:.6f}")  # 80 + (10 − 0.1 × 80) / 0.1
    100.000000
    """
    plan = _planned(inputs)
    capital = financed(plan.fcff, plan.terminal_fcff, inputs.terminal_growth, inputs.financing)
    methods = _Methods(inputs=inputs, plan=plan, capital=capital)
    fcff = methods.rolled(plan.fcff, plan.terminal_fcff, methods.waccs())
    equity = methods.equity_rates()
    debt, capitals = capital.debt, plan.capitals
    books = [owned - owed for owned, owed in zip(capitals, debt, strict=True)]
    income = [
        profit - interest
        for profit, interest in zip(
            [*plan.nopat, plan.terminal_nopat], methods.interest, strict=True
        )
    ]
    *fcfe, last_fcfe = methods.to_equity()
    *ccf, last_ccf = methods.with_shields()
    *eva, last_eva = [
        profit - rate * used
        for profit, rate, used in zip(
            [*plan.nopat, plan.terminal_nopat], capital.waccs, capitals, strict=True
        )
    ]
    *residual, last_residual = [
        profit - rate * used
        for profit, rate, used in zip(income, capital.costs_of_equity, books, strict=True)
    ]
    paid = fcfe if inputs.dividends is None else plan.dividends
    return ReconciliationResult(
        capital=capital.as_result(),
        opening_capital=row_of(capitals[:-1]),
        opening_book=row_of(books[:-1]),
        net_income=row_of(income[:-1]),
        terminal_nopat=plan.terminal_nopat,
        terminal_reinvestment=plan.terminal_reinvestment,
        terminal_capital=capitals[-1],
        fcff=fcff.told(fcff),
        fcfe=methods.rolled(fcfe, last_fcfe, equity, beside=debt).told(fcff),
        capital_cash_flow=methods.rolled(ccf, last_ccf, capital.pretax_costs).told(fcff),
        eva=methods.rolled(eva, last_eva, capital.waccs, beside=capitals).told(fcff),
        residual_income=methods.rolled(residual, last_residual, equity, beside=capitals).told(fcff),
        dividend_discount=methods.rolled(paid, last_fcfe, equity, beside=debt).told(fcff),
        one_wacc=methods.at_one_wacc(fcff),
        target_weights=methods.at_target_weights(fcff),
        enterprise_value=fcff.values[0],
        debt=debt[0],
        equity_value=capital.equity[0],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """The operating plan, year by year."""

    nopat: list[Numbers]
    fcff: list[Numbers]
    capitals: list[Numbers]  # today and at the end of each year
    dividends: list[Numbers]
    terminal_nopat: Numbers
    terminal_reinvestment: Numbers
    terminal_fcff: Numbers


def _planned(inputs: ReconciliationInputs) -> _Plan:
    years, growth = inputs.years, inputs.terminal_growth
    if not 1 <= years <= MOST_YEARS:
        raise YearsOutOfRange(years=years, most=MOST_YEARS)
    nopat = over_years(inputs.nopat, years, name="nopat")
    spent = over_years(inputs.reinvestment, years, name="reinvestment")
    other = _given(inputs.book_changes, years, "book_changes")
    capitals = [inputs.invested_capital]
    for year, cost in enumerate(spent):
        used = capitals[-1] + cost
        capitals.append(used + other[year] if other else used)
    profit = nopat[-1] * (1.0 + growth)
    if inputs.terminal_nopat is not None:
        profit = inputs.terminal_nopat
    reinvested = growth * capitals[-1]
    if inputs.terminal_roic is not None:
        reinvested = profit * reinvestment_share(growth, inputs.terminal_roic)
    return _Plan(
        nopat=nopat,
        fcff=[profit - cost for profit, cost in zip(nopat, spent, strict=True)],
        capitals=capitals,
        dividends=_given(inputs.dividends, years, "dividends"),
        terminal_nopat=profit,
        terminal_reinvestment=reinvested,
        terminal_fcff=profit - reinvested,
    )


def _given(row: Row | None, years: int, name: str) -> list[Numbers]:
    return [] if row is None else over_years(row, years, name=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rolled:
    """A method's values today, at the end of each year and at the horizon."""

    flows: list[Numbers]
    rates: list[Numbers]
    terminal_flow: Numbers
    values: list[Numbers]

    def told(self, fcff: "_Rolled") -> ByMethod:
        """As a result, beside FCFF at WACC."""
        return ByMethod(
            flows=row_of(self.flows),
            rates=row_of(self.rates[:-1]),
            terminal_flow=self.terminal_flow,
            terminal_rate=self.rates[-1],
            terminal_value=self.values[-1],
            values=row_of(self.values[:-1]),
            value=self.values[0],
            agreement=self.values[0] / fcff.values[0],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Methods:
    """A plan with its cost of capital, from which each method takes its flows and rates."""

    inputs: ReconciliationInputs
    plan: _Plan
    capital: Financed

    @property
    def interest(self) -> list[Numbers]:
        """Interest after tax of each year, and of the one after the forecast."""
        rates = self.capital.rates
        return [
            owed * rate * (1.0 - tax)
            for owed, rate, tax in zip(self.capital.debt, rates.debt, rates.tax, strict=True)
        ]

    def rolled(
        self,
        flows: list[Numbers],
        terminal_flow: Numbers,
        rates: list[Numbers],
        *,
        beside: list[Numbers] | None = None,
    ) -> _Rolled:
        """Value (flow + value after) / (1 + rate) backwards, plus what stands beside it."""
        value = terminal_flow / (rates[-1] - self.inputs.terminal_growth)
        values = [value]
        for flow, rate in zip(flows[::-1], rates[-2::-1], strict=True):
            value = (flow + value) / (1.0 + rate)
            values.append(value)
        values.reverse()
        if beside is not None:
            values = [value + other for value, other in zip(values, beside, strict=True)]
        return _Rolled(flows=flows, rates=rates, terminal_flow=terminal_flow, values=values)

    def waccs(self) -> list[Numbers]:
        """The WACC of each year, above the growth in the end."""
        growth, last = self.inputs.terminal_growth, self.capital.waccs[-1]
        last = valid_where(growth < last, last, GrowthNotBelowWacc, growth=growth, wacc=last)
        return [*self.capital.waccs[:-1], last]

    def equity_rates(self) -> list[Numbers]:
        """The cost of equity of each year, above the growth in the end."""
        growth, last = self.inputs.terminal_growth, self.capital.costs_of_equity[-1]
        last = valid_where(
            growth < last, last, GrowthNotBelowCostOfEquity, growth=growth, cost_of_equity=last
        )
        return [*self.capital.costs_of_equity[:-1], last]

    def to_equity(self) -> list[Numbers]:
        """FCFF − interest after tax + new debt, of each year and the one after."""
        debt = [*self.capital.debt, self.capital.debt[-1] * (1.0 + self.inputs.terminal_growth)]
        return [
            flow - interest + (after - before)
            for flow, interest, before, after in zip(
                [*self.plan.fcff, self.plan.terminal_fcff],
                self.interest,
                debt[:-1],
                debt[1:],
                strict=True,
            )
        ]

    def with_shields(self) -> list[Numbers]:
        """FCFF + the tax that interest saves, of each year and the one after."""
        rates, flows = self.capital.rates, [*self.plan.fcff, self.plan.terminal_fcff]
        return [
            flow + owed * rate * tax
            for flow, owed, rate, tax in zip(
                flows, self.capital.debt, rates.debt, rates.tax, strict=True
            )
        ]

    def at_one_wacc(self, fcff: _Rolled) -> ByMethod | None:
        """FCFF at the stated WACC, or at today's where it exceeds the growth."""
        growth, wacc = self.inputs.terminal_growth, self.inputs.stated_wacc
        if wacc is None:
            wacc = only_where(growth < self.capital.waccs[0], self.capital.waccs[0])
            if wacc is None:
                return None
        else:
            wacc = _above(growth, wacc)
        rates = [wacc] * len(fcff.values)
        return self.rolled(self.plan.fcff, self.plan.terminal_fcff, rates).told(fcff)

    def at_target_weights(self, fcff: _Rolled) -> ByMethod | None:
        """FCFF at the WACC that the policy's formula gives for one share of debt."""
        target, rates = self.inputs.target_leverage, self.capital.rates
        if target is None:
            return None
        waccs = [
            _wacc_at(target, operating, interest, tax, self.inputs.financing.shields)
            for operating, interest, tax in zip(rates.unlevered, rates.debt, rates.tax, strict=True)
        ]
        waccs = [*waccs[:-1], _above(self.inputs.terminal_growth, waccs[-1])]
        return self.rolled(self.plan.fcff, self.plan.terminal_fcff, waccs).told(fcff)


def _above(growth: Numbers, wacc: Numbers) -> Numbers:
    wacc = valid_where(wacc > -1.0, wacc, WaccTooLow, wacc=wacc)
    return valid_where(growth < wacc, wacc, GrowthNotBelowWacc, growth=growth, wacc=wacc)


def _wacc_at(
    leverage: Numbers, operating: Numbers, interest: Numbers, tax: Numbers, shields: Shields
) -> Numbers:
    """kᵤ(1 − tL) of a debt for ever, kᵤ − t·k_d·L, or that × (1 + kᵤ) / (1 + k_d) once a year."""
    if shields is Shields.FIXED:
        return operating * (1.0 - tax * leverage)
    saved = tax * interest * leverage
    if shields is Shields.MILES_EZZELL:
        saved = saved * (1.0 + operating) / (1.0 + interest)
    return operating - saved
