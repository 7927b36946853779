"""Present values of flows at times, and the modified internal rate of return."""

import numpy as np

from valor_core.models.numbers import Numbers, Row, only_where, valid_where, yearly
from valor_core.models.returns.refusals import RateTooLow


def discount_factors(rate: Numbers, times: Row) -> Row:
    """The value at time 0 of one unit at each time."""
    rate = valid_where(rate > -1.0, rate, RateTooLow, rate=rate)
    return (1.0 + yearly(rate)) ** -times


def npv(rate: Numbers, flows: Row) -> Numbers:
    """The net present value, the first flow at time 0 (textbooks; numpy-financial).

    >>> print(f"{npv(0.10, [-10_000.0, 3_000.0, 4_200.0, 6_800.0]):.2f}")
    1307.29
    """
    return npv_at(rate, flows, np.arange(np.shape(flows)[-1], dtype=np.float64))


def npv_one_period_on(rate: Numbers, flows: Row) -> Numbers:
    """The net present value, the first flow one period away: NPV of a spreadsheet.

    >>> print(f"{npv_one_period_on(0.10, [-10_000.0, 3_000.0, 4_200.0, 6_800.0]):.2f}")
    1188.44
    """
    return npv(rate, flows) / (1.0 + rate)


def xnpv(rate: Numbers, flows: Row, days: Row) -> Numbers:
    """The net present value on the earliest of the days, 365 of which are a year."""
    days = np.asarray(days, dtype=np.float64)
    return npv_at(rate, flows, (days - days.min(axis=-1, keepdims=True)) / 365.0)


def npv_at(rate: Numbers, flows: Row, times: Row) -> Numbers:
    """The net present value at time 0 of flows at times."""
    return np.sum(flows * discount_factors(rate, times), axis=-1)


def mirr(flows: Row, *, finance_rate: Numbers, reinvestment_rate: Numbers) -> Numbers | None:
    """The modified internal rate of return of flows one period apart: MIRR of a spreadsheet.

    >>> flows = [-120_000.0, 39_000.0, 30_000.0, 21_000.0, 37_000.0, 46_000.0]
    >>> print(f"{mirr(flows, finance_rate=0.10, reinvestment_rate=0.12):.4f}")
    0.1261
    """
    flows = np.asarray(flows, dtype=np.float64)
    times = np.arange(flows.shape[-1], dtype=np.float64)
    return mirr_at(flows, times, finance_rate=finance_rate, reinvestment_rate=reinvestment_rate)


def mirr_at(
    flows: Row, times: Row, *, finance_rate: Numbers, reinvestment_rate: Numbers
) -> Numbers | None:
    """Outflows financed at one rate, inflows reinvested at another until the last time T.

    (Σ inflows·(1+reinvestment)^(T−t) / Σ outflows·(1+finance)^−t)^(1/T) − 1; none unless there are
    both, at more than one time.
    """
    horizon = np.max(times)
    if not horizon > 0.0:
        return None
    outflows, inflows = np.maximum(-flows, 0.0), np.maximum(flows, 0.0)
    cost = np.sum(outflows * discount_factors(finance_rate, times), axis=-1)
    worth = np.sum(inflows * discount_factors(reinvestment_rate, times - horizon), axis=-1)
    both = (cost > 0.0) & (worth > 0.0)
    growth = np.where(both, worth, 1.0) / np.where(both, cost, 1.0)
    return only_where(both, growth ** (1.0 / horizon) - 1.0)
