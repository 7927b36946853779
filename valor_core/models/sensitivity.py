"""How a result moves with two inputs: one vectorised run, with the reason of each gap."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np

from valor_core.errors import BadInput, NotFound, ValorError
from valor_core.models.catalogue import model_of
from valor_core.models.fields import hints, is_number, is_row
from valor_core.models.model import Model
from valor_core.models.numbers import watched_refusals, yearly

MOST_CELLS = 250_000

Inputs = TypeVar("Inputs")


class AxisUnusable(BadInput):
    """An axis of a grid is empty, too long or not finite."""

    code = "axis_unusable"

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(
            f"The axis {path} {problem}.", hint="Give finite numbers, such as 9 steps each way."
        )


class NotOneNumber(BadInput):
    """A grid varies single numbers, and shows a single one."""

    code = "not_one_number"

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path} is not a single number.",
            hint="Name an input or result by its path, such as terminal_growth or wacc.start.",
        )


class NoMeaning(BadInput):
    """The company can be valued there, but this line of the result has no meaning."""

    code = "no_meaning"

    def __init__(self, field: str) -> None:
        super().__init__(
            f"{field} has no meaning with these inputs.", hint="Show another line of the result."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A result over two inputs; rows vary the first. A cell without a value has its reason."""

    paths: tuple[str, str]
    rows: tuple[float, ...]
    columns: tuple[float, ...]
    field: str
    values: np.ndarray
    reasons: dict[tuple[int, int], ValorError]


def grid(
    inputs: Any,
    down: tuple[str, Sequence[float] | np.ndarray],
    across: tuple[str, Sequence[float] | np.ndarray],
    *,
    field: str = "",
) -> Grid:
    """The result's field, else its headline, at each pair of values, in one run over all cells.

    The cell of the base values equals the base case to the bit, since a scenario values as alone.
    """
    model = model_of(inputs)
    field = field or model.headline
    single_line(model, field)
    rows, columns = _axis(*down), _axis(*across)
    if len(rows) * len(columns) > MOST_CELLS:
        raise AxisUnusable(down[0], f"times {across[0]} makes more than {MOST_CELLS:,} cells")
    # A column and a row: what only one of them changes is computed once for each of its values.
    batch = replace_at(replace_at(inputs, down[0], rows[:, None]), across[0], columns[None, :])
    with watched_refusals() as refusals:
        line = getattr(model.function(batch), field)
    shape = len(rows), len(columns)
    values = np.broadcast_to(np.nan if line is None else line, shape).copy()
    reasons: dict[tuple[int, int], ValorError] = {}
    told = np.zeros(shape, dtype=bool)
    # The first refusal of a cell is the one that it would raise alone.
    for refusal in (each.over(shape) for each in refusals):
        fresh = np.flatnonzero(refusal.failed & ~told).tolist()
        told = told | refusal.failed
        places = [divmod(cell, len(columns)) for cell in fresh]
        reasons.update(zip(places, refusal.errors(fresh), strict=True))
    for cell in np.flatnonzero(np.isnan(values) & ~told).tolist():
        reasons[divmod(cell, len(columns))] = NoMeaning(field)
    return Grid(
        paths=(down[0], across[0]),
        rows=tuple(rows.tolist()),
        columns=tuple(columns.tolist()),
        field=field,
        values=values,
        reasons=reasons,
    )


def single_line(model: Model, field: str) -> None:
    """Refuse a line of the result that is no single number."""
    if field not in hints(model.result) or not is_number(hints(model.result)[field]):
        raise NotFound("single number in the result", field)
    if is_row(hints(model.result)[field]):
        raise NotOneNumber(field)


def _axis(path: str, values: Sequence[float] | np.ndarray) -> np.ndarray:
    axis = np.asarray(values, dtype=np.float64)
    if axis.ndim != 1 or not axis.size:
        raise AxisUnusable(path, "has no values")
    if not np.isfinite(axis).all():
        raise AxisUnusable(path, "holds a number that is not finite")
    return axis


def replace_at(inputs: Inputs, path: str, value: Any) -> Inputs:
    """The same inputs with one number replaced, by its dotted path.

    >>> from valor_core.models.paths import Fade
    >>> replace_at(Fade(start=0.05), "start", 0.06).start
    0.06
    """
    return _replaced(inputs, path.split("."), path, value)


def _replaced(inputs: Any, steps: Sequence[str], path: str, value: Any) -> Any:
    step = re.fullmatch(r"(\w+)(?:\[(\d{1,3})\])?", steps[0])
    if step is None or step[1] not in {f.name for f in fields(inputs)}:
        raise NotFound("input", path)
    name, place = step[1], step[2]
    current, hint = getattr(inputs, name), hints(type(inputs))[name]
    if isinstance(current, tuple) and place is not None and len(steps) > 1:
        if int(place) >= len(current) or not is_dataclass(current[int(place)]):
            raise NotFound("input", path)
        member = _replaced(current[int(place)], steps[1:], path, value)
        changed = (*current[: int(place)], member, *current[int(place) + 1 :])
    elif len(steps) > 1 and place is None and is_dataclass(current):
        changed = _replaced(current, steps[1:], path, value)
    elif len(steps) == 1 and place is not None and is_row(hint) and np.ndim(current):
        changed = _with_year(current, int(place), path, value)
    elif len(steps) == 1 and place is None and is_number(hint) and not is_dataclass(current):
        changed = _whole(hint, path, value)
    else:
        raise NotOneNumber(path)
    return replace(inputs, **{name: changed})


def _whole(hint: Any, path: str, value: Any) -> Any:
    """A row is replaced by a row: a list of scenarios in its place would be read as years."""
    if is_row(hint) and np.ndim(value) == 0:
        raise NotOneNumber(path)
    return value


def _with_year(row: Any, year: int, path: str, value: Any) -> Any:
    """The row with one year replaced, for each scenario where there are several."""
    if year >= row.shape[-1]:
        raise NotFound("input", path)
    years = np.arange(row.shape[-1])
    return np.where(years == year, yearly(value), row)
