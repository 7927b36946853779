"""Varying numbers: a model runs once on them, and leaves the operations that it carries out.

Each stands for a number of every scenario. What a model asks of all scenarios at once ("does any
fail?") is answered so that the general case is taken. What cannot be told without the scenarios,
such as an `if` on a number, is refused; then the model itself has to run on them.
"""

import operator
from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from valor_core.models.simulation.intervals import UNKNOWN, Ends, decided, ends_after

SCENARIOS = 7919
"""The length that a varying number claims to have; none is ever looked at."""

_CONDITIONS = frozenset(
    {np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal, np.isfinite}
    | {np.isnan, np.isinf, np.logical_and, np.logical_or, np.logical_not, np.signbit}
)
_OF_ITS_KIND = frozenset({np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert})
_JOINED = {
    "min": np.minimum, "amin": np.minimum, "max": np.maximum, "amax": np.maximum,
    "prod": np.multiply, "any": np.logical_or, "all": np.logical_and,
}  # fmt: skip


class NotTraceable(Exception):
    """The model did something that only the scenarios themselves can decide."""


class Tracing(NDArrayOperatorsMixin):
    """What a varying number and a row of them have in common: every operation is noted."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **options: Any) -> Any:
        if method != "__call__" or options:
            raise NotTraceable(f"numpy.{ufunc.__name__}.{method}")
        return _spread(ufunc, args)

    def __array_function__(self, func: Any, types: Any, args: Any, options: Any) -> Any:
        name = func.__name__
        if name in {"ndim", "shape"}:
            return getattr(args[0], name)
        if name == "where" and len(args) == 3:
            return _spread(np.where, args)
        if name == "clip" and len(args) == 3:
            return _spread(np.minimum, (_spread(np.maximum, args[:2]), args[2]))
        if name == "broadcast_to":
            return args[0]
        if name == "stack" and options.get("axis") == -1:
            return VaryingRow([_one(year) for year in args[0]])
        if name in _JOINED or name == "sum":
            return _joined(name, args[0], *args[1:], **options)
        raise NotTraceable(f"numpy.{name}")

    # A square or a root by ** is not always what numpy.power makes of it.
    def __pow__(self, other: Any) -> Any:
        return _spread(operator.pow, (self, other))

    def __rpow__(self, other: Any) -> Any:
        return _spread(operator.pow, (other, self))

    def sum(self, axis: int | None = None) -> Any:
        """The sum over the years."""
        return _joined("sum", self, axis=axis)

    def any(self, axis: int | None = None) -> Any:
        """Whether a condition holds in any year; of all scenarios at once: it may."""
        return _joined("any", self, axis=axis)

    def all(self, axis: int | None = None) -> Any:
        """Whether a condition holds in all years; of all scenarios at once: it may not."""
        return _joined("all", self, axis=axis)

    def _untold(self, *_: Any, **__: Any) -> NoReturn:
        raise NotTraceable("a decision on a number")

    __bool__ = __float__ = __int__ = __index__ = __array__ = __setitem__ = _untold
    __hash__ = object.__hash__


class Varying(Tracing):
    """A number of each scenario: a driver, or an operation on others."""

    __slots__ = ("condition", "ends", "function", "known", "operands")
    ndim, shape = 1, (SCENARIOS,)

    def __init__(
        self,
        known: dict[Any, "Varying"],
        function: Any = None,
        operands: tuple[Any, ...] = (),
        *,
        ends: Ends = UNKNOWN,
    ) -> None:
        self.known, self.function, self.operands, self.ends = known, function, operands, ends
        self.condition = function in _CONDITIONS or (
            function in _OF_ITS_KIND
            and all(getattr(each, "condition", isinstance(each, bool)) for each in operands)
        )

    def __getitem__(self, key: Any) -> Any:
        if key == (..., None):
            return VaryingRow([self])
        raise NotTraceable("choosing a scenario")


class VaryingRow(Tracing):
    """A row with one varying or fixed number a year."""

    __slots__ = ("years",)
    ndim = 2

    def __init__(self, years: list[Any]) -> None:
        self.years = years

    @property
    def shape(self) -> tuple[int, int]:
        """As many scenarios as a varying number claims, by its years."""
        return (SCENARIOS, len(self.years))

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, tuple) and len(key) == 2 and key[0] is ...:
            chosen = self.years[key[1]] if isinstance(key[1], (int, slice)) else None
            if chosen is not None:
                return VaryingRow(chosen) if isinstance(key[1], slice) else chosen
        raise NotTraceable("choosing elements")


def _spread(function: Callable[..., Any], operands: tuple[Any, ...]) -> Any:
    """The operation on numbers, or on each year where an operand is a row."""
    rows = [list(_years(operand)) for operand in operands if _is_row(operand)]
    if not rows:
        return _noted(function, tuple(map(_one, operands)))
    width = max(map(len, rows))
    spread = [
        list(_years(operand)) * (width if len(list(_years(operand))) == 1 else 1)
        if _is_row(operand)
        else [_one(operand)] * width
        for operand in operands
    ]
    return VaryingRow([_noted(function, each) for each in zip(*spread, strict=True)])


def _is_row(operand: Any) -> bool:
    if isinstance(operand, np.ndarray) and operand.ndim == 1:
        return operand.shape != (SCENARIOS,)  # a row that no driver changes
    return isinstance(operand, VaryingRow)


def _years(row: Any) -> Iterator[Any]:
    return iter(row.years if isinstance(row, VaryingRow) else map(float, row))


def _one(operand: Any) -> Any:
    """A varying number, or the number that all scenarios share."""
    if isinstance(operand, (Varying, bool, float)):
        return operand
    if isinstance(operand, np.ndarray) and operand.shape == (SCENARIOS,):
        operand = operand[0]  # spread over the scenarios by broadcasting, so one number
    if np.ndim(operand) or isinstance(operand, VaryingRow):
        raise NotTraceable("an array that is neither scenarios nor years")
    return np.asarray(operand).item()


def _noted(function: Callable[..., Any], operands: tuple[Any, ...]) -> Any:
    """The operation, once however often the model asks for it; on fixed numbers it is done now."""
    varying = [operand for operand in operands if isinstance(operand, Varying)]
    if not varying:
        return _fixed(function(*operands))
    if (kept := _kept(function, operands)) is not None:
        return kept if isinstance(kept, Varying) else _fixed(kept)
    known = varying[0].known
    key = (function, *map(_identity, operands))
    if key not in known:
        known[key] = Varying(known, function, operands, ends=ends_after(function, operands))
    return known[key]


def _fixed(number: Any) -> Any:
    """A number that all scenarios share; truth values stay numpy's, of which ~ is the opposite."""
    return np.bool_(number) if np.asarray(number).dtype == bool else np.asarray(number).item()


def _kept(function: Callable[..., Any], operands: tuple[Any, ...]) -> Any:
    """What the operation comes to in every scenario: an operand, a truth value; None: it varies."""
    if (known := decided(function, operands)) is not None:
        return known
    first, *others = operands
    if function is np.multiply and type(first) is float and first == 1.0:
        return others[0]
    if function is np.multiply and type(others[0]) is float and others[0] == 1.0:
        return first
    if function in {np.minimum, np.maximum} and first is others[0]:
        return first
    if function is np.where and not isinstance(first, Varying):
        return others[0] if first else others[1]
    return None


def _identity(operand: Any) -> Any:
    return id(operand) if isinstance(operand, Varying) else (type(operand), float(operand).hex())


def _joined(name: str, row: Any, axis: int | None = None) -> Any:
    """The years of a row made into one number, in the order in which numpy takes them."""
    if axis is None and name in {"any", "all"}:
        return name == "any"
    if axis != -1 or not isinstance(row, VaryingRow):
        raise NotTraceable(f"{name} over scenarios")
    if name == "sum":
        return _sum(row.years)
    return reduce(lambda left, right: _noted(_JOINED[name], (left, right)), row.years)


def _sum(years: list[Any]) -> Any:
    """The sum as numpy makes it: eight partial sums, added in pairs, then what is left."""

    def plus(left: Any, right: Any) -> Any:
        return _noted(np.add, (left, right))

    whole = len(years) - len(years) % 8
    if not whole:
        return reduce(plus, years)
    lanes = [reduce(plus, years[lane:whole:8]) for lane in range(8)]
    pairs = [plus(lanes[i], lanes[i + 1]) for i in (0, 2, 4, 6)]
    total = plus(plus(pairs[0], pairs[1]), plus(pairs[2], pairs[3]))
    return reduce(plus, years[whole:], total)
