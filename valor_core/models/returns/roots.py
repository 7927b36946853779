"""All rates at which flows at given times are worth nothing, by the rules of Descartes and Rolle.

Where the flows change sign between two times, divide their value by the discount factor of a time
s between these and differentiate: each flow is then multiplied by its distance from s, which turns
the flows before s around and takes one change of sign away. Without a change there is no root; and
going back, a function is monotone between the roots of its derivative, so that its own roots are
bracketed one by one. None is missed and none is guessed, whether times are whole periods or days.

One limit is of the numbers: near −100 % discounting blows late flows up, and where the rounding
error of the net present value exceeds all flows together, nobody can tell it from zero. Such a rate
is told only where a single change of sign proves it.
"""

import numpy as np

LEAST, MOST = -36.0, 700.0
"""The logarithms of 1 + r within which r is a number above −100 %."""

TOUCHES = 1e-15
"""Inflows and outflows of equal value, to rounding: a flow's worth of error each."""

CELLS = 2**17  # flows in one pass, times the roots that they may have
_MOST_STEPS, _SOON = 300, 12


def every_rate(flows: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The rates of each row of flows, ascending, nan after the last; times ascend along a row.

    >>> every_rate(np.array([[-1000.0, 2500.0, -1560.0]]), np.arange(3.0)).round(9)
    array([[0.2, 0.3]])
    """
    times = np.broadcast_to(times, flows.shape)
    counts = np.where(np.isfinite(flows).all(axis=-1), sign_changes(flows).sum(axis=-1), 0)
    logs = np.full((len(flows), counts.max(initial=0)), np.nan)
    for count in set(counts.tolist()) - {0}:
        alike = np.flatnonzero(counts == count)
        size = max(1, CELLS // (flows.shape[-1] * (count + 1)))
        for start in range(0, len(alike), size):
            rows = alike[start : start + size]
            with np.errstate(all="ignore"):
                if count == 1:
                    logs[rows, 0] = _straight(flows[rows], times[rows])
                    rows = rows[np.isnan(logs[rows, 0])]
                logs[rows, :count] = _every_root(flows[rows], times[rows], count)
    return np.sort(np.expm1(logs), axis=-1)


def _straight(flows: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Newton's method on the balance of rows with one root, nan where it does not get there soon.

    The quick way for a batch: times first, then rows, and no brackets.
    """
    flows, times = np.ascontiguousarray(flows.T), np.ascontiguousarray(times.T)
    inflows, outflows = np.maximum(flows, 0.0), np.maximum(-flows, 0.0)
    at, arrived = np.zeros(flows.shape[1]), np.zeros(flows.shape[1], dtype=bool)
    for _ in range(_SOON):
        factors = np.exp(-at * times)
        worth, cost = inflows * factors, outflows * factors
        received, paid = sum(worth), sum(cost)
        apart = sum(worth * times) / received - sum(cost * times) / paid
        step = np.where(arrived, 0.0, np.log(received / paid) / apart)
        at = at + step
        arrived = arrived | (np.abs(step) <= 1e-9 * (1.0 + np.abs(at)))
        if arrived.all():
            break
    return np.where(arrived & (at > LEAST) & (at < MOST), at, np.nan)


def sign_changes(flows: np.ndarray) -> np.ndarray:
    """Where a flow has another sign than the last one before it that is not zero."""
    changes = np.zeros(flows.shape, dtype=bool)
    last = np.sign(flows[:, 0])
    for place in range(1, flows.shape[-1]):
        sign = np.sign(flows[:, place])
        changes[:, place] = sign * last < 0.0
        last = np.where(sign == 0.0, last, sign)
    return changes


def _every_root(flows: np.ndarray, times: np.ndarray, count: int) -> np.ndarray:
    """The logarithms of 1 + r of rows with that many changes of sign, nan for roots they lack."""
    low, high = _bounds(flows, times)
    levels = [flows]
    for _ in range(count - 1):
        turned = levels[-1] * (times - _within_first_change(levels[-1], times))
        levels.append(turned / np.abs(turned).max(axis=-1, keepdims=True))
    edges = np.concatenate([low, high], axis=-1)
    for level in levels[:0:-1]:
        inner = _in_each_interval(level, times, edges)
        inner = np.where(np.isnan(inner), edges[:, :-1], inner)
        edges = np.concatenate([low, inner, high], axis=-1)
    roots = _in_each_interval(flows, times, edges)
    roots[:, 1:][roots[:, 1:] == roots[:, :-1]] = np.nan  # one that touches ends two intervals
    return roots if count == 1 else np.where(_told_apart(roots, flows, times), roots, np.nan)


def _told_apart(roots: np.ndarray, flows: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Where the net present value, at the first time, is told from zero by arithmetic of floats."""
    periods = (times - times[:, :1])[:, None]
    values = np.abs(flows)[:, None] * np.exp(-roots[..., None] * periods)
    lost = np.finfo(np.float64).eps * values.sum(axis=-1)
    return lost <= np.abs(flows).sum(axis=-1, keepdims=True)


def _within_first_change(flows: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The middle between the times where each row first changes its sign."""
    rows, place = np.arange(len(flows)), sign_changes(flows).argmax(axis=-1)
    return (times[rows, place - 1, None] + times[rows, place, None]) / 2.0


def _bounds(flows: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of 1 + r beyond which the last, or the first, flow outweighs all others."""
    return -_beyond(flows[:, ::-1], -times[:, ::-1], -LEAST), _beyond(flows, times, MOST)


def _beyond(flows: np.ndarray, times: np.ndarray, most: float) -> np.ndarray:
    rows, is_flow = np.arange(len(flows)), flows != 0.0
    first = is_flow.argmax(axis=-1)
    is_flow[rows, first] = False
    gap = times[rows, is_flow.argmax(axis=-1)] - times[rows, first]
    outweighed = np.log(np.abs(flows * is_flow).sum(axis=-1) / np.abs(flows[rows, first]))
    return np.fmin((np.fmax(outweighed, 0.0) + 0.1) / gap, most)[:, None]


def _in_each_interval(flows: np.ndarray, times: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The root within each interval on which the value is monotone, nan where it has none."""
    rows = np.repeat(np.arange(len(flows)), edges.shape[-1])
    balance = _balance(flows[rows], times[rows], edges.ravel())[0].reshape(edges.shape)
    zero = np.abs(balance) <= TOUCHES * flows.shape[-1]
    crosses = np.sign(balance[:, :-1]) * np.sign(balance[:, 1:]) < 0.0
    roots = np.where(zero[:, 1:], edges[:, 1:], np.where(zero[:, :-1], edges[:, :-1], np.nan))
    crosses &= np.isnan(roots)
    row, place = np.nonzero(crosses)
    roots[row, place] = _bracketed(
        flows[row],
        times[row],
        (edges[row, place], edges[row, place + 1]),
        (balance[row, place], balance[row, place + 1]),
    )
    return roots


def _balance(flows: np.ndarray, times: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The logarithm of the inflows' value over the outflows', and its slope in log(1 + r).

    It is nearly a straight line, the slope being the difference of two mean times.
    """
    nearest = np.where(at < 0.0, times[:, -1], times[:, 0])  # keeps every factor below 1
    values = flows * np.exp(-at[:, None] * (times - nearest[:, None]))
    inflows, outflows = np.maximum(values, 0.0), np.maximum(-values, 0.0)
    worth, cost = inflows.sum(axis=-1), outflows.sum(axis=-1)
    mean_in, mean_out = (
        (inflows * times).sum(axis=-1) / worth,
        (outflows * times).sum(axis=-1) / cost,
    )
    return np.log(worth) - np.log(cost), mean_out - mean_in


def _bracketed(
    flows: np.ndarray,
    times: np.ndarray,
    ends: tuple[np.ndarray, np.ndarray],
    balances: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    """Newton's step while it stays in its bracket and halves, else the middle of the bracket."""
    (low, high), (at_low, at_high) = ends, balances
    straight = low - at_low * (high - low) / (at_high - at_low)
    at = np.where(np.isfinite(straight), straight, (low + high) / 2.0)
    last, arrived = high - low, np.zeros(len(at), dtype=bool)
    for _ in range(_MOST_STEPS):
        balance, slope = _balance(flows, times, at)
        before = np.sign(balance) == np.sign(at_low)
        low, high = np.where(before, at, low), np.where(before, high, at)
        step = -balance / slope
        sound = (np.abs(step) <= np.abs(last) / 2.0) & (low <= at + step) & (at + step <= high)
        last = np.where(sound, step, (low + high) / 2.0 - at)
        at = np.where(arrived, at, at + last)
        arrived = arrived | (np.abs(last) <= 1e-15 * (1.0 + np.abs(at)))
        if arrived.all():
            break
    return at
