"""The internal rate of return: the one rate above −100 % at which flows are worth nothing.

The functions of one row are steps of the workings by their names: IRR and XIRR of a spreadsheet.
"""

from collections.abc import Callable

import numpy as np

from valor_core.errors import ValorError
from valor_core.models.numbers import Numbers, Row, note_refusal, watched_refusals
from valor_core.models.recorder import whole
from valor_core.models.refusals import NotFinite
from valor_core.models.returns.refusals import AmbiguousIrr, NoIrr
from valor_core.models.returns.roots import every_rate

CHUNK = 4_096
_MOST_STEPS = 30


def irr(flows: Row) -> Numbers:
    """The internal rate of return of flows one period apart, the first at time 0.

    One row is refused with the reason when there is no rate, or with all rates when there are
    several; a batch holds nan there.

    >>> print(f"{irr([-100.0, 39.0, 59.0, 55.0, 20.0]):.6f}")
    0.280948
    """
    rows, shape = _as_rows(flows)
    return _refused_without(_only_rates(rows), rows, _periods(rows), shape)


def xirr(flows: Row, days: Row) -> Numbers:
    """The rate a year of flows on days, which are counted from any day: 365 days are a year.

    >>> print(f"{xirr([1_134.0, -420.0], [1826.0, 0.0]):.4f}")  # in any order
    0.2196
    """
    return rate_at(flows, np.asarray(days, dtype=np.float64) / 365.0)


def rate_at(flows: Row, times: Row) -> Numbers:
    """The rate a year of flows at times in years: XIRR under any day count."""
    rows, shape = _as_rows(flows)
    rows, times = _in_order(rows, times)
    return _refused_without(_single(every_rate(rows, times)), rows, times, shape)


def all_irrs(flows: Row) -> np.ndarray:
    """Every rate above −100 % at which one row of flows is worth nothing, ascending.

    >>> all_irrs([-1600.0, 10_000.0, -10_000.0]).round(9)
    array([0.25, 4.  ])
    """
    rows, _ = _as_rows(np.ravel(flows))
    return _told(every_rate(rows, _periods(rows))[0])


def all_xirrs(flows: Row, days: Row) -> np.ndarray:
    """Every rate above −100 % at which one row of flows on days is worth nothing, ascending."""
    return all_rates_at(flows, np.asarray(days, dtype=np.float64) / 365.0)


def all_rates_at(flows: Row, times: Row) -> np.ndarray:
    """Every rate above −100 % of one row of flows at times in years, ascending."""
    rows, _ = _as_rows(np.ravel(flows))
    return _told(every_rate(*_in_order(rows, times))[0])


def irr_or_none(flows: Row) -> Numbers | None:
    """The IRR where there is exactly one; elsewhere one company has none, a batch holds nan."""
    return or_none(irr, flows)


def or_none(rate: Callable[..., Numbers], *rows: Row) -> Numbers | None:
    """One of these rates where it exists and is the only one; else none, or nan in a batch."""
    if np.ndim(rows[0]) > 1:
        with watched_refusals():  # a row without a rate is no refusal here
            return rate(*rows)
    try:
        return whole(rate, *rows)
    except (AmbiguousIrr, NoIrr):
        return None


def _as_rows(flows: Row) -> tuple[np.ndarray, tuple[int, ...]]:
    """The flows as (rows, periods), and the shape of the answer."""
    array = np.asarray(flows, dtype=np.float64)
    if not array.size:
        raise NoIrr(reason="there are none")
    return array.reshape(-1, array.shape[-1]), array.shape[:-1]


def _in_order(rows: np.ndarray, times: Row) -> tuple[np.ndarray, np.ndarray]:
    """The flows by ascending time, those of one time added up into the last of them."""
    times = np.broadcast_to(np.asarray(times, dtype=np.float64), rows.shape)
    order = times.argsort(axis=-1, kind="stable")
    rows, times = np.take_along_axis(rows, order, -1), np.take_along_axis(times, order, -1)
    for place in np.flatnonzero((times[:, 1:] == times[:, :-1]).any(axis=0)):
        same = times[:, place + 1] == times[:, place]
        rows[:, place + 1] += np.where(same, rows[:, place], 0.0)
        rows[:, place] = np.where(same, 0.0, rows[:, place])
    return rows, times


def _periods(rows: np.ndarray) -> np.ndarray:
    return np.arange(rows.shape[-1], dtype=np.float64)


def _only_rates(rows: np.ndarray) -> np.ndarray:
    """The rate of each row that has exactly one, else nan."""
    rates = np.full(len(rows), np.nan)
    searched = np.zeros(len(rows), dtype=bool)
    for start in range(0, len(rows), CHUNK):
        chunk = slice(start, start + CHUNK)
        rates[chunk], searched[chunk] = _conventional(rows[chunk])
    if searched.any():
        rates[searched] = _single(every_rate(rows[searched], _periods(rows)))
    return rates


def _single(every: np.ndarray) -> np.ndarray:
    """The rate of rows with one rate, nan for rows with none or several."""
    return np.where((~np.isnan(every)).sum(axis=-1) == 1, every[:, :1].sum(axis=-1), np.nan)


def _refused_without(
    rates: np.ndarray, rows: np.ndarray, times: np.ndarray, shape: tuple[int, ...]
) -> Numbers:
    """The rates; one company without a rate is refused, a batch notes why each row has none."""
    times = np.broadcast_to(times, rows.shape)

    def why(row: float = 0.0) -> ValorError:
        return _why_none(rows[int(row)], times[int(row)])

    lacking = np.isnan(rates)
    if shape:
        places = np.arange(len(rows)).reshape(shape)
        note_refusal(lacking.reshape(shape), why, row=places)
        return rates.reshape(shape)
    if lacking[0]:
        raise why()
    return rates[0].item()


def _why_none(flows: np.ndarray, times: np.ndarray) -> ValorError:
    """The refusal of a row that has not exactly one rate."""
    if not np.isfinite(flows).all():
        return NotFinite(field="flows", value=flows[~np.isfinite(flows)][0].item())
    rates = _told(every_rate(flows[None], times[None])[0])
    if rates.size:
        return AmbiguousIrr(rates=rates.tolist())
    if not (flows < 0.0).any():
        return NoIrr(reason="none of them is negative")
    if not (flows > 0.0).any():
        return NoIrr(reason="none of them is positive")
    return NoIrr(reason="their value is zero at no rate above -100 %")


def _told(rates: np.ndarray) -> np.ndarray:
    return rates[~np.isnan(rates)]


def _conventional(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rate of rows that change sign once, which proves it single; and which rows need a search.

    Newton's method on the flows' value as a polynomial of v = 1/(1+r). Its relative step is small
    only near the root, so a small one proves convergence; a row that has arrived moves no more, so
    that it gets the same bits in any company.
    """
    flows = np.ascontiguousarray(rows.T)
    rises, falls = _turns(flows)
    arrived = ~(rises ^ falls)
    with np.errstate(all="ignore"):
        factor = _start(flows)
        for _ in range(_MOST_STEPS):
            value, slope = flows[-1].copy(), np.zeros(len(rows))
            for flow in flows[-2::-1]:
                slope *= factor
                slope += value
                value *= factor
                value += flow
            step = np.where(arrived, 0.0, value / slope)
            factor = factor - step
            arrived = arrived | (np.abs(step) <= 1e-7 * factor)
            if arrived.all():
                break
        found = (rises ^ falls) & arrived & (factor > 0.0)
        return np.where(found, 1.0 / factor - 1.0, np.nan), (rises | falls) & ~found


def _turns(flows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which rows have an inflow after an outflow, and which an outflow after an inflow."""
    outflows, inflows = flows < 0.0, flows > 0.0
    paid, received = outflows[0], inflows[0]
    rises, falls = np.zeros_like(paid), np.zeros_like(paid)
    for outflow, inflow in zip(outflows[1:], inflows[1:], strict=True):
        rises, falls = rises | (paid & inflow), falls | (received & outflow)
        paid, received = paid | outflow, received | inflow
    return rises, falls


def _start(flows: np.ndarray) -> np.ndarray:
    """The factor at which inflows and outflows would be worth the same at their mean times.

    It is a first guess: single precision will do.
    """
    net, net_time = np.zeros_like(flows[0]), np.zeros_like(flows[0])
    gross, gross_time = net.copy(), net.copy()
    for flow in flows[:0:-1]:
        net += flow  # of this period and all later ones, so that it is counted once a period
        net_time += net
        gross += np.abs(flow)
        gross_time += gross
    net += flows[0]
    gross += np.abs(flows[0])
    worth, cost = gross + net, gross - net  # both twice over
    apart = (gross_time + net_time) / worth - (gross_time - net_time) / cost
    ratio = (cost / worth).astype(np.float32)
    return np.exp(np.log(ratio) / apart.astype(np.float32)).astype(np.float64)
