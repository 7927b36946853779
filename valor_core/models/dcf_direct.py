"""The value of a company by cash flows that the user gives, year by year."""

from dataclasses import dataclass, field

import numpy as np

from valor_core.models.bridge import Bridge, bridged
from valor_core.models.dilution import Shares, diluted_shares, value_per_share
from valor_core.models.discounting import Timing, discount_factors, discount_periods
from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.numbers import Numbers, Row, row_of
from valor_core.models.paths import Path, over_years
from valor_core.models.refusals import YearsOutOfRange
from valor_core.models.terminal import TerminalMethod, TerminalYear, terminal_values

MOST_YEARS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectDcfInputs:
    """Free cash flows as they arrive, and what they are discounted and continued at."""

    free_cash_flow: Row = field(
        metadata=says("free cash flow to the firm; a stub's is what it brings", Unit.MONEY)
    )
    wacc: Path = field(metadata=says("cost of capital", Unit.RATE))
    terminal_growth: Numbers = field(metadata=says("growth after the forecast", Unit.RATE))
    terminal_wacc: Numbers | None = field(
        default=None, metadata=says("WACC after the forecast; none: the last year's", Unit.RATE)
    )
    exit_multiple: Numbers | None = field(
        default=None, metadata=says("multiple at which the company could be sold", Unit.RATIO)
    )
    exit_metric: Numbers | None = field(
        default=None, metadata=says("what it multiplies, such as the last EBITDA", Unit.MONEY)
    )
    terminal_method: TerminalMethod = field(
        default=TerminalMethod.GORDON, metadata=says("terminal value that carries the value")
    )
    timing: Timing = field(default=Timing.END_YEAR, metadata=says("when in a year cash arrives"))
    stub: Numbers | None = field(
        default=None, metadata=says("part of the first year still to come; none: all", Unit.YEARS)
    )
    bridge: Bridge = field(metadata=says("from enterprise to equity value"))
    shares: Shares = field(metadata=says("shares and options on them"))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectDcfResult:
    """A DCF of given flows with every line on the way to the value per share."""

    fcff: Row = field(metadata=says("free cash flow to the firm", Unit.MONEY, label="FCFF"))
    waccs: Row = field(metadata=says("cost of capital", Unit.RATE, label="WACC"))
    discount_periods: Row = field(metadata=says("years until the cash arrives", Unit.YEARS))
    discount_factors: Row = field(metadata=says("value today of one unit then", Unit.RATIO))
    pv_fcff: Row = field(metadata=says("present value of the FCFF", Unit.MONEY, label="PV of FCFF"))
    terminal_fcff: Numbers = field(
        metadata=says("FCFF after the forecast", Unit.MONEY, label="Terminal FCFF")
    )
    terminal_value_gordon: Numbers | None = field(
        metadata=says("terminal value as a growing perpetuity", Unit.MONEY)
    )
    pv_terminal_gordon: Numbers | None = field(metadata=says("its present value", Unit.MONEY))
    terminal_value_multiple: Numbers | None = field(
        metadata=says("terminal value at the exit multiple", Unit.MONEY)
    )
    pv_terminal_multiple: Numbers | None = field(metadata=says("its present value", Unit.MONEY))
    implied_growth: Numbers | None = field(
        metadata=says("growth at which Gordon gives the exit value", Unit.RATE)
    )
    implied_multiple: Numbers | None = field(
        metadata=says("multiple at which a sale gives the Gordon value", Unit.RATIO)
    )
    terminal_value: Numbers = field(metadata=says("terminal value that counts", Unit.MONEY))
    pv_terminal: Numbers = field(metadata=says("its present value", Unit.MONEY))
    pv_forecast: Numbers = field(metadata=says("present value of the forecast", Unit.MONEY))
    enterprise_value: Numbers = field(metadata=says("value of the operations", Unit.MONEY))
    claims: Numbers = field(metadata=says("claims of others", Unit.MONEY))
    other_assets: Numbers = field(metadata=says("assets beside the operations", Unit.MONEY))
    equity_value: Numbers = field(metadata=says("value of the common equity", Unit.MONEY))
    diluted_shares: Numbers = field(metadata=says("shares at the valued price", Unit.SHARES))
    value_per_share: Numbers = field(metadata=says("value of one share", Unit.MONEY_PER_SHARE))


@guarded
def direct_cash_flow(inputs: DirectDcfInputs) -> DirectDcfResult:
    """Value a company by given flows; after them the last one grows for ever, or it is sold.

    What goes on is a full year's flow: that of a stub alone is taken for the part that it covers.

    >>> level = DirectDcfInputs(free_cash_flow=[10.0] * 5, wacc=[0.1] * 5, terminal_growth=0.0,
    ...                         bridge=Bridge.of(debt=20.0), shares=Shares(basic=4.0))
    >>> print(f"{direct_cash_flow(level).value_per_share:.6f}")  # (10 / 0.10 - 20) / 4
    20.000000
    """
    years = inputs.free_cash_flow.shape[-1]
    if not 1 <= years <= MOST_YEARS:
        raise YearsOutOfRange(years=years, most=MOST_YEARS)
    flows = over_years(inputs.free_cash_flow, years, name="free_cash_flow")
    waccs = over_years(inputs.wacc, years, name="wacc", terminal=inputs.terminal_wacc)
    factors = discount_factors(waccs, timing=inputs.timing, stub=inputs.stub)
    periods = discount_periods(years, timing=inputs.timing, stub=inputs.stub)
    stub_alone = inputs.stub is not None and years == 1
    full_year = flows[-1] / inputs.stub if stub_alone else flows[-1]
    terminal_flow = full_year * (1.0 + inputs.terminal_growth)
    terminal = terminal_values(
        TerminalYear(
            flow=terminal_flow,
            growth=inputs.terminal_growth,
            wacc=waccs[-1] if inputs.terminal_wacc is None else inputs.terminal_wacc,
            metric=inputs.exit_metric,
            exit_multiple=inputs.exit_multiple,
        ),
        factors,
        inputs.terminal_method,
    )
    pv_fcff = row_of([flow * factor for flow, factor in zip(flows, factors.flows, strict=True)])
    pv_forecast = np.sum(pv_fcff, axis=-1)
    enterprise_value = pv_forecast + terminal.present_value
    equity = bridged(enterprise_value, inputs.bridge)
    per_share = value_per_share(equity.equity_value, inputs.shares)
    return DirectDcfResult(
        fcff=row_of(flows),
        waccs=row_of(waccs),
        discount_periods=periods.flows,
        discount_factors=row_of(factors.flows),
        pv_fcff=pv_fcff,
        terminal_fcff=terminal_flow,
        terminal_value_gordon=terminal.gordon,
        pv_terminal_gordon=terminal.pv_gordon,
        terminal_value_multiple=terminal.exit_multiple,
        pv_terminal_multiple=terminal.pv_exit_multiple,
        implied_growth=terminal.implied_growth,
        implied_multiple=terminal.implied_multiple,
        terminal_value=terminal.value,
        pv_terminal=terminal.present_value,
        pv_forecast=pv_forecast,
        enterprise_value=enterprise_value,
        claims=equity.claims,
        other_assets=equity.other_assets,
        equity_value=equity.equity_value,
        diluted_shares=diluted_shares(inputs.shares, per_share),
        value_per_share=per_share,
    )
