"""The input that gives a result: goal seek, reverse DCF, for one company or a hundred thousand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np

from valor_core.errors import BadInput, NotFound, ValorError
from valor_core.models.catalogue import model_of
from valor_core.models.fields import every_leaf, hints, is_row
from valor_core.models.model import Model
from valor_core.models.sensitivity import replace_at, single_line

SCANNED = 200
"""Steps in which the range of one company is searched for changes of sign."""

SCANNED_EACH = 8, 64
"""Steps in which those of many companies are; the finer for whom the coarse shows no root."""

CHUNK = 4_096
"""Companies that are solved side by side, so that they stay in the cache."""

MOST_PASSES = 100
MOST_YEARS = 100
ROUNDING = 1e-13
"""Part of the bracket's values that is only rounding: there the search ends."""

ACCEPTED = 1e-9
"""Part of them within which a change of sign is a root, and not a pole."""

Function = Callable[[np.ndarray], np.ndarray]


class RangeUnusable(BadInput):
    """The range in which an input is sought is none."""

    code = "range_unusable"

    def __init__(self, path: str, low: float, high: float) -> None:
        super().__init__(
            f"{path} cannot be sought between {low:.6g} and {high:.6g}.",
            hint="State the lower end first and a higher one after it, both finite.",
        )


class NotWholeYears(BadInput):
    """A duration is an input that counts whole years."""

    code = "not_whole_years"

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path} does not count whole years.",
            hint="Name an input such as years or growth.to_year.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A result that an input is to bring about, and the range in which the input is sought."""

    path: str
    target: float
    between: tuple[float, float]
    field: str = "value_per_share"


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Every root within the range, lowest first, and the result at both of its ends.

    An end is None where the model refuses it. A result that only touches its target between two
    steps of the scan is not found.
    """

    goal: Goal
    roots: tuple[float, ...]
    at_low: float | None
    at_high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SolvedEach:
    """For each company the lowest root, nan where there is none, and what the scan saw."""

    roots: np.ndarray
    crossings: np.ndarray  # changes of sign that the scan saw; more than one: other roots follow
    at_low: np.ndarray
    at_high: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class SolvedYears:
    """The result at each whole number of years, and the years at which it crosses its target."""

    years: tuple[int, ...]
    values: np.ndarray  # (..., years), nan where the model refuses
    crossed: np.ndarray  # in a line between two years; nan where it never is


def solve(
    inputs: Any,
    path: str,
    target: float,
    *,
    between: tuple[float, float],
    field: str = "value_per_share",
) -> Solution:
    """Every value of one input at which a result equals its target.

    >>> from valor_core.models.intrinsic.dividends import DividendDiscountInputs
    >>> share = DividendDiscountInputs(next_dividend=2.0, terminal_growth=0.0, cost_of_equity=[0.1])
    >>> found = solve(share, "terminal_growth", 40.0, between=(-0.05, 0.099))
    >>> [f"{root:.6f}" for root in found.roots], found.at_low  # 2 / (0.10 − g) = 40
    (['0.050000'], 13.333333333333332)
    """
    goal = Goal(path=path, target=target, between=between, field=field)
    result = _result_of(inputs, goal)
    points = _points(goal, SCANNED)
    values = result(points)
    return Solution(
        goal=goal,
        roots=_roots(lambda x: result(x) - target, points, values - target),
        at_low=_told(values[0]),
        at_high=_told(values[-1]),
    )


def solve_both(inputs: Any, first: Goal, second: Goal) -> tuple[tuple[float, float], ...]:
    """Every pair of two inputs at which two results equal their targets.

    For each value of the first input the second is solved for its own goal; the first is then
    sought along these.
    """

    def along(x: np.ndarray) -> np.ndarray:
        varied = replace_at(inputs, first.path, x)
        partner = solve_each(
            varied, second.path, second.target, between=second.between, field=second.field
        ).roots
        return _result_of(replace_at(varied, second.path, partner), first)(x) - first.target

    points = _points(first, SCANNED)
    roots = np.array(_roots(along, points, along(points)))
    if not roots.size:
        return ()
    partners = solve_pairs(inputs, first.path, roots, second).roots
    return tuple(zip(roots.tolist(), partners.tolist(), strict=True))


def solve_pairs(
    inputs: Any, path: str, values: Sequence[float] | np.ndarray, goal: Goal
) -> SolvedEach:
    """For each value of one input, the value of another at which a result equals its target."""
    varied = replace_at(inputs, path, np.asarray(values, dtype=np.float64))
    return solve_each(varied, goal.path, goal.target, between=goal.between, field=goal.field)


def solve_each(
    inputs: Any,
    path: str,
    targets: float | np.ndarray,
    *,
    between: tuple[float, float],
    field: str = "value_per_share",
) -> SolvedEach:
    """For each company of a batch, the lowest value of an input at which a result is its target.

    Regula falsi by Illinois within the first change of sign of a scan, all companies of a chunk
    side by side. Each is solved as it would be alone.
    """
    goal = Goal(path=path, target=0.0, between=between, field=field)
    varied = _scenarios(inputs)
    count = np.size(targets) if varied is None else varied
    wanted = np.broadcast_to(np.asarray(targets, dtype=np.float64), count)
    chunks = [slice(start, start + CHUNK) for start in range(0, max(count, 1), CHUNK)]
    solved = [_solved_chunk(_part(inputs, chunk), wanted[chunk], goal) for chunk in chunks]
    roots, crossings, at_low, at_high = map(np.concatenate, zip(*solved, strict=True))
    return SolvedEach(roots=roots, crossings=crossings, at_low=at_low, at_high=at_high)


def solve_years(
    inputs: Any,
    paths: str | Sequence[str],
    target: float | np.ndarray,
    *,
    between: tuple[int, int],
    field: str = "value_per_share",
) -> SolvedYears:
    """How many years a forecast or a fade must last for a result to equal its target.

    Inputs that are named together move together. Such as the competitive advantage period that a
    price implies (Mauboussin and Johnson 1997).
    """
    low, high = between
    names = [paths] if isinstance(paths, str) else list(paths)
    if not 0 <= low < high <= MOST_YEARS:
        raise RangeUnusable(names[0], low, high)
    model, years = model_of(inputs), tuple(range(low, high + 1))
    single_line(model, field)
    columns = []
    for count in years:
        varied = inputs
        for path in names:
            varied = _with_years(varied, path, count)
        columns.append(_value_or_nan(model, varied, field))
    values = np.stack(np.broadcast_arrays(*columns), axis=-1)
    gaps = values - np.asarray(target)[..., None]
    steps = gaps[..., 1:] - gaps[..., :-1]
    crosses = _changes_sign(gaps)
    way = np.where(steps == 0.0, 0.0, -gaps[..., :-1] / np.where(steps == 0.0, 1.0, steps))
    first = np.argmax(crosses, axis=-1)
    place = low + first + np.take_along_axis(way, first[..., None], axis=-1)[..., 0]
    crossed = np.where(crosses.any(axis=-1), place, np.nan)
    return SolvedYears(years=years, values=values, crossed=crossed)


def _result_of(inputs: Any, goal: Goal) -> Function:
    """The result as a function of the input: nan where the model refuses."""
    model = model_of(inputs)
    single_line(model, goal.field)

    def result(x: np.ndarray) -> np.ndarray:
        line = getattr(model.function(replace_at(inputs, goal.path, x)), goal.field)
        return np.broadcast_to(np.nan if line is None else line, x.shape)

    return result


def _points(goal: Goal, steps: int) -> np.ndarray:
    low, high = goal.between
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise RangeUnusable(goal.path, low, high)
    return np.linspace(low, high, steps + 1)


def _told(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _changes_sign(gaps: np.ndarray) -> np.ndarray:
    """Between which neighbours a root lies; one on a point belongs to the step that ends there."""
    before, after = gaps[..., :-1], gaps[..., 1:]
    starts = np.zeros(gaps.shape[-1] - 1, dtype=bool)
    starts[0] = True
    return (before * after < 0.0) | ((after == 0.0) & (before != 0.0)) | (starts & (before == 0.0))


def _roots(function: Function, points: np.ndarray, gaps: np.ndarray) -> tuple[float, ...]:
    (places,) = np.nonzero(_changes_sign(gaps) & np.isfinite(gaps[:-1] + gaps[1:]))
    if not places.size:
        return ()
    found = _illinois(function, points[places], points[places + 1], gaps[places], gaps[places + 1])
    return tuple(found[np.isfinite(found)].tolist())


def _solved_chunk(
    inputs: Any, targets: np.ndarray, goal: Goal
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    coarse, fine = SCANNED_EACH
    found, crossings, at_low, at_high = _scanned(inputs, targets, goal, coarse)
    none = np.isnan(found)
    if none.any():
        again, seen, _, _ = _scanned(_part(inputs, none), targets[none], goal, fine)
        np.place(found, none, again)
        np.place(crossings, none, seen)
    return found, crossings, at_low, at_high


def _scanned(
    inputs: Any, targets: np.ndarray, goal: Goal, steps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    result, points = _result_of(inputs, goal), _points(goal, steps)
    gaps = np.stack([result(np.full(targets.shape, x)) - targets for x in points], axis=-1)
    crosses = _changes_sign(gaps)
    first, lanes = np.argmax(crosses, axis=-1), np.arange(targets.size)
    before, after = gaps[lanes, first], gaps[lanes, first + 1]
    found = _illinois(
        lambda x: result(x) - targets,
        points[first],
        points[first + 1],
        np.where(crosses.any(axis=-1), before, np.nan),
        after,
    )
    return found, crosses.sum(axis=-1), gaps[:, 0] + targets, gaps[:, -1] + targets


def _illinois(
    function: Function, low: np.ndarray, high: np.ndarray, at_low: np.ndarray, at_high: np.ndarray
) -> np.ndarray:
    """The root in each bracket by regula falsi, the end that stays at half its weight.

    A bracket that is none, or holds a pole, has nan.
    """
    scale = np.maximum(np.abs(at_low), np.abs(at_high))
    on_low = at_low == 0.0
    best, gap = np.where(on_low, low, high), np.where(on_low, at_low, at_high)
    kept, at_kept = np.where(on_low, high, low), np.where(on_low, at_high, at_low)
    weight = at_kept
    for _ in range(MOST_PASSES):
        open_ = (np.abs(gap) > ROUNDING * scale) & (np.nextafter(best, kept) != kept)
        open_ &= np.isfinite(weight) & np.isfinite(gap)
        if not open_.any():
            break
        with np.errstate(all="ignore"):
            point = best - gap * (best - kept) / (gap - weight)
        inside = (point - best) * (point - kept) < 0.0
        point = np.where(open_, np.where(inside, point, 0.5 * (best + kept)), best)
        fresh = np.where(open_, function(point), gap)
        turns = open_ & (fresh * gap < 0.0)
        stays = open_ & ~turns
        kept = np.where(turns, best, kept)
        weight = np.where(turns, gap, np.where(stays, 0.5 * weight, weight))
        best, gap = point, fresh
    return np.where(np.abs(gap) <= ACCEPTED * scale, best, np.nan)


def _scenarios(inputs: Any) -> int | None:
    """How many companies the inputs hold; None where they are those of one."""
    every = ((np.shape(value), is_yearly) for _, value, is_yearly in every_leaf(inputs))
    lengths = {shape[0] for shape, is_yearly in every if len(shape) > is_yearly}
    return max(lengths, default=None)


def _part(inputs: Any, part: slice | np.ndarray) -> Any:
    """The inputs of some of the companies; what is common to all stays."""
    changed: dict[str, Any] = {}
    for each in fields(inputs):
        value = getattr(inputs, each.name)
        if is_dataclass(value):
            changed[each.name] = _part(value, part)
        elif isinstance(value, tuple):
            changed[each.name] = tuple(_part(member, part) for member in value)
        elif isinstance(value, np.ndarray) and value.ndim > is_row(hints(type(inputs))[each.name]):
            changed[each.name] = value[part]
    return replace(inputs, **changed) if changed else inputs


def _with_years(inputs: Any, path: str, years: int) -> Any:
    """The same inputs with one count of years replaced, by its dotted path."""
    name, _, rest = path.partition(".")
    if name not in {each.name for each in fields(inputs)}:
        raise NotFound("input", path)
    current = getattr(inputs, name)
    if rest and is_dataclass(current):
        return replace(inputs, **{name: _with_years(current, rest, years)})
    if rest or type(current) is not int:
        raise NotWholeYears(path)
    return replace(inputs, **{name: years})


def _value_or_nan(model: Model, inputs: Any, field: str) -> Any:
    try:
        value = getattr(model.function(inputs), field)
    except ValorError:
        return np.nan
    return np.nan if value is None else value
