"""The returns of an investment: its flows by period or by day, at rates and as multiples."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial

import numpy as np

from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.numbers import Numbers, Row, row_of, valid_where
from valor_core.models.recorder import whole
from valor_core.models.refusals import LengthDoesNotFit
from valor_core.models.returns.day_count import COUNTED, DayCount
from valor_core.models.returns.irr import (
    all_irrs,
    all_rates_at,
    all_xirrs,
    irr,
    or_none,
    rate_at,
    xirr,
)
from valor_core.models.returns.multiples import multiples_of, public_market_equivalent
from valor_core.models.returns.present import discount_factors, mirr_at, npv_at
from valor_core.models.returns.refusals import DatesDoNotFit, NoIrr

MOST_FLOWS = 1_000
PROFILE = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
DAY_ZERO = date(1899, 12, 30)  # from which spreadsheets count
WORTH_NOTHING = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnsInputs:
    """An investment's flows and the rates to judge them by. Rates are fractions: 0.085 is 8.5 %."""

    flows: Row = field(
        metadata=says("paid in negative, received positive", Unit.MONEY, longest=MOST_FLOWS)
    )
    dates: tuple[date, ...] | None = field(
        default=None,
        metadata=says("the day of each flow; none: one period apart", longest=MOST_FLOWS),
    )
    day_count: DayCount = field(
        default=DayCount.ACT_365F, metadata=says("how days between dates become years")
    )
    residual_value: Numbers = field(
        default=0.0, metadata=says("value of what is still held at the last flow", Unit.MONEY)
    )
    rate: Numbers = field(metadata=says("rate at which flows are discounted", Unit.RATE))
    finance_rate: Numbers | None = field(
        default=None, metadata=says("cost of financing outflows; none: the rate", Unit.RATE)
    )
    reinvestment_rate: Numbers | None = field(
        default=None, metadata=says("return on inflows reinvested; none: the rate", Unit.RATE)
    )
    index: Row | None = field(
        default=None,
        metadata=says("market index on the day of each flow", Unit.RATIO, longest=MOST_FLOWS),
    )
    profile_rates: Row = field(
        default=PROFILE, metadata=says("rates of the NPV profile", Unit.RATE)
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnsResult:
    """What the flows are worth and what they returned; None where a line has no meaning."""

    serials: Row | None = field(metadata=says("days as a spreadsheet counts them"))
    times: Row = field(metadata=says("years, or periods, from the first flow", Unit.YEARS))
    net_flows: Row = field(metadata=says("flows with the residual value", Unit.MONEY))
    discount_factors: Row = field(metadata=says("value at first of one unit then", Unit.RATIO))
    present_values: Row = field(metadata=says("present value of each flow", Unit.MONEY))
    npv_profile: Row = field(
        metadata=says("NPV at each rate of the profile", Unit.MONEY, label="NPV profile")
    )
    paid_in: Numbers = field(metadata=says("all that was paid in", Unit.MONEY))
    paid_out: Numbers = field(metadata=says("all that was received", Unit.MONEY))
    dpi: Numbers | None = field(metadata=says("distributed to paid-in", Unit.RATIO, label="DPI"))
    rvpi: Numbers | None = field(
        metadata=says("residual value to paid-in", Unit.RATIO, label="RVPI")
    )
    moic: Numbers | None = field(
        metadata=says("multiple of invested capital, or TVPI", Unit.RATIO, label="MOIC")
    )
    pme: Numbers | None = field(
        metadata=says("market equivalent of Kaplan and Schoar", Unit.RATIO, label="PME")
    )
    mirr: Numbers | None = field(
        metadata=says("modified internal rate of return", Unit.RATE, label="MIRR")
    )
    npv_one_period_on: Numbers | None = field(
        metadata=says(
            "NPV of a spreadsheet, the first flow one period away", Unit.MONEY, label="NPV (Excel)"
        )
    )
    npv: Numbers = field(
        metadata=says("net present value at the first flow", Unit.MONEY, label="NPV")
    )
    irrs: Row | None = field(
        metadata=says(
            "all rates of one investment, where there are several", Unit.RATE, label="All IRRs"
        )
    )
    irr: Numbers | None = field(
        metadata=says("internal rate of return, where there is just one", Unit.RATE, label="IRR")
    )


@guarded
def returns(inputs: ReturnsInputs) -> ReturnsResult:
    """Value flows at a rate, and find the rate at which they are worth nothing.

    >>> deal = ReturnsInputs(flows=[-420.0, 1134.0], rate=0.08,
    ...                      dates=(date(2026, 6, 30), date(2031, 6, 30)))
    >>> print(f"{returns(deal).moic:.2f} {returns(deal).irr:.4f}")
    2.70 0.2196
    """
    _refuse_structure(inputs)
    times, serials, rate = _times(inputs), _serials(inputs), inputs.rate
    finance = rate if inputs.finance_rate is None else inputs.finance_rate
    reinvestment = rate if inputs.reinvestment_rate is None else inputs.reinvestment_rate
    flows = _with_residual(inputs, times)
    factors = discount_factors(rate, times)
    present = flows * factors
    npv = np.sum(present, axis=-1)
    multiples = multiples_of(inputs.flows, inputs.residual_value)
    irrs, single = _rates(inputs, flows, times, serials)
    return ReturnsResult(
        serials=serials,
        times=times,
        net_flows=flows,
        discount_factors=factors,
        present_values=present,
        npv_profile=row_of(
            [
                npv_at(inputs.profile_rates[..., place], flows, times)
                for place in range(np.shape(inputs.profile_rates)[-1])
            ]
        ),
        paid_in=multiples.paid_in,
        paid_out=multiples.paid_out,
        dpi=multiples.dpi,
        rvpi=multiples.rvpi,
        moic=multiples.tvpi,
        pme=_pme(inputs, times),
        mirr=mirr_at(flows, times, finance_rate=finance, reinvestment_rate=reinvestment),
        npv_one_period_on=npv / (1.0 + rate) if inputs.dates is None else None,
        npv=npv,
        irrs=irrs,
        irr=single,
    )


def the_rate(inputs: ReturnsInputs) -> Numbers:
    """The one rate of return of an investment; AmbiguousIrr or NoIrr where there is not just one.

    >>> print(f"{the_rate(ReturnsInputs(flows=[-100.0, 0.0, 121.0], rate=0.08)):.4f}")
    0.1000
    """
    _refuse_structure(inputs)
    times = _times(inputs)
    flows = _with_residual(inputs, times)
    only, _, rows = _searched(inputs, flows, times, _serials(inputs))
    rate = only(*rows)
    if only is not rate_at or np.ndim(flows) > 1:
        return rate
    with np.errstate(all="ignore"):  # values that overflow prove nothing
        return _proven(rate, flows, times)


def _refuse_structure(inputs: ReturnsInputs) -> None:
    count = np.shape(inputs.flows)[-1]
    if inputs.dates is not None and len(inputs.dates) != count:
        raise DatesDoNotFit(dates=len(inputs.dates), flows=count)
    if inputs.index is not None and np.shape(inputs.index)[-1] != count:
        raise LengthDoesNotFit(field="index", given=np.shape(inputs.index)[-1], years=count)


def _times(inputs: ReturnsInputs) -> np.ndarray:
    """Years from the earliest date, or whole periods."""
    if inputs.dates is None:
        return np.arange(np.shape(inputs.flows)[-1], dtype=np.float64)
    years, first = COUNTED[inputs.day_count], min(inputs.dates)
    return np.array([years(first, day) for day in inputs.dates])


def _serials(inputs: ReturnsInputs) -> np.ndarray | None:
    if inputs.dates is None:
        return None
    return np.array([float((day - DAY_ZERO).days) for day in inputs.dates])


def _with_residual(inputs: ReturnsInputs, times: np.ndarray) -> Row:
    """The flows, what is still held being sold at the last of them."""
    last = times.argmax()
    flows = [inputs.flows[..., place] for place in range(len(times))]
    flows[last] = flows[last] + inputs.residual_value
    return row_of(flows)


def _rates(
    inputs: ReturnsInputs, flows: Row, times: np.ndarray, serials: np.ndarray | None
) -> tuple[Row | None, Numbers | None]:
    """All rates of one investment where there are several, and the only one."""
    only, every, rows = _searched(inputs, flows, times, serials)
    single = or_none(only, *rows)
    if np.ndim(flows) > 1:
        return None, single
    if single is None:
        found = whole(every, *rows)
        return found if np.size(found) else None, None
    if only is not rate_at:
        return None, single
    try:
        return None, _proven(single, flows, times)
    except NoIrr:  # so near -100 % that numbers cannot tell
        return None, None


def _searched(
    inputs: ReturnsInputs, flows: Row, times: np.ndarray, serials: np.ndarray | None
) -> tuple[Callable[..., Numbers], Callable[..., np.ndarray], tuple[Row, ...]]:
    """What finds the only rate, what finds every one, and the rows that both search."""
    if inputs.dates is None:
        return irr, all_irrs, (flows,)
    if inputs.day_count is DayCount.ACT_365F:
        return xirr, all_xirrs, (flows, serials)
    return rate_at, all_rates_at, (flows, times)


def _proven(rate: Numbers, flows: Row, times: np.ndarray) -> Numbers:
    """The rate, while flows are worth nothing at it.

    No function of a spreadsheet finds it anew there, so this is the check that says when to.
    """
    values = flows * discount_factors(rate, times)
    off = np.abs(np.sum(values, axis=-1)) / np.sum(np.abs(values), axis=-1)
    return valid_where(off <= WORTH_NOTHING, rate, partial(NoIrr, reason="none was proven"))


def _pme(inputs: ReturnsInputs, times: np.ndarray) -> Numbers | None:
    if inputs.index is None:
        return None
    return public_market_equivalent(
        inputs.flows,
        inputs.index,
        last_index=inputs.index[..., times.argmax()],
        residual_value=inputs.residual_value,
    )
