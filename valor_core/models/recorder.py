"""Recording numbers: the model runs once on them, and each remembers the operation it came from.

Every operation is carried out on the plain values with the very function the model called, so a
recorded run gives the same bits as an unrecorded one. What has no formula is refused, never lost.
"""

import operator
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np

from valor_core.errors import ValorError

ELEMENTWISE = frozenset(
    {"absolute", "add", "clip", "divide", "equal", "exp", "floor", "greater", "greater_equal"}
    | {
        "isfinite",
        "less",
        "less_equal",
        "log",
        "logical_and",
        "logical_not",
        "logical_or",
        "maximum",
    }
    | {"minimum", "multiply", "ndtr", "negative", "not_equal", "power", "sqrt", "subtract", "where"}
)
"""Operations with a formula for each element; conditions joined by & and | count as logical."""

REDUCING = {"sum": "sum", "prod": "prod", "max": "max", "amax": "max", "min": "min"} | {
    "amin": "min", "any": "any", "all": "all", "mean": "mean"
}  # fmt: skip
"""numpy's name of a function that makes one number of many, and ours."""

GROWING = {"cumsum": "add", "cumprod": "multiply"}
"""Running totals, and the operation that joins an element to the total before it."""

_MOVING = frozenset(
    {"broadcast_to", "concatenate", "expand_dims", "flip", "moveaxis", "reshape", "squeeze"}
    | {"stack", "transpose"}
)
_ASKING = frozenset({"ndim", "ones_like", "shape", "size", "zeros_like"})
_SAME_THING = {"bitwise_and": "logical_and", "bitwise_or": "logical_or", "invert": "logical_not"}

INSTEAD = "write it with + − × ÷ **, where, maximum, minimum, clip, sum, cumprod, stack"
Element = tuple[Any, int]
"""One element of an operand: the operand (recorded or plain) and the place in its flat order."""


class NotRecordable(ValorError, TypeError):
    """The model did something that has no formula; the message says what to write instead."""

    code, status = "not_recordable", 500

    def __init__(self, act: str, *, hint: str = INSTEAD) -> None:
        super().__init__(f"{act} has no formula in the workings: {hint}.", hint=hint)


class Tape:
    """Everything one run computed, in its order, and every decision it took on a number."""

    __slots__ = ("alike", "guards", "nodes")

    def __init__(self) -> None:
        self.nodes: list[Recorded] = []
        self.alike: dict[Any, Recorded] = {}  # by operation and operands: computed once, told once
        self.guards: list[tuple[Recorded, bool]] = []


def plain(thing: Any) -> Any:
    """What the model sees when nobody records."""
    if isinstance(thing, tuple | list):
        return type(thing)(plain(each) for each in thing)
    return thing.value if isinstance(thing, Recorded) else thing


def _forward(op: str, function: Callable[..., Any]) -> Any:
    return lambda self, other: self._made(op, function, (self, other))


def _backward(op: str, function: Callable[..., Any]) -> Any:
    return lambda self, other: self._made(op, function, (other, self))


def _alone(op: str, function: Callable[..., Any]) -> Any:
    return lambda self: self._made(op, function, (self,))


class Recorded:
    """A number, or a row of numbers, that remembers its operation and its operands."""

    __slots__ = ("_wiring", "args", "call", "op", "places", "tape", "value")

    def __init__(
        self,
        value: Any,
        op: str,
        *,
        tape: Tape,
        args: tuple[Any, ...] = (),
        call: Callable[..., Any] | None = None,
        places: Any = None,
    ) -> None:
        self.value, self.op, self.tape, self.args, self.call = value, op, tape, args, call
        self.places = places  # of a moved value: which element of all the operands each element is
        self._wiring: list[Any] | None = None
        tape.nodes.append(self)

    # What a model may ask without computing.
    shape = property(lambda self: np.shape(self.value))
    ndim = property(lambda self: np.ndim(self.value))
    size = property(lambda self: np.size(self.value))

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator["Recorded"]:
        return (self[i] for i in range(len(self)))

    def __format__(self, spec: str) -> str:
        return format(self.value, spec)

    def __repr__(self) -> str:
        return f"Recorded({self.op}: {self.value!r})"

    # What has a formula.
    __add__, __radd__ = _forward("add", operator.add), _backward("add", operator.add)
    __sub__, __rsub__ = _forward("subtract", operator.sub), _backward("subtract", operator.sub)
    __mul__, __rmul__ = _forward("multiply", operator.mul), _backward("multiply", operator.mul)
    __truediv__ = _forward("divide", operator.truediv)
    __rtruediv__ = _backward("divide", operator.truediv)
    __pow__, __rpow__ = _forward("power", operator.pow), _backward("power", operator.pow)
    __neg__, __abs__ = _alone("negative", operator.neg), _alone("absolute", operator.abs)
    __lt__, __le__ = _forward("less", operator.lt), _forward("less_equal", operator.le)
    __gt__, __ge__ = _forward("greater", operator.gt), _forward("greater_equal", operator.ge)
    __and__ = _forward("logical_and", operator.and_)
    __rand__ = _backward("logical_and", operator.and_)
    __or__, __ror__ = _forward("logical_or", operator.or_), _backward("logical_or", operator.or_)
    __eq__, __ne__ = _forward("equal", operator.eq), _forward("not_equal", operator.ne)
    __hash__ = object.__hash__

    def __invert__(self) -> "Recorded":
        if np.asarray(self.value).dtype != bool:
            raise NotRecordable("~ on a number")
        return self._made("logical_not", np.logical_not, (self,))

    def sum(self, axis: int | None = None) -> "Recorded":
        """The sum, as numpy's method of the same name."""
        return self._reduced("sum", np.sum, {"axis": axis})

    def any(self, axis: int | None = None) -> "Recorded":
        """Whether any condition holds."""
        return self._reduced("any", np.any, {"axis": axis})

    def all(self, axis: int | None = None) -> "Recorded":
        """Whether all conditions hold."""
        return self._reduced("all", np.all, {"axis": axis})

    def __getitem__(self, key: Any) -> "Recorded":
        for part in key if isinstance(key, tuple) else (key,):
            if isinstance(part, Recorded):
                raise NotRecordable("Choosing an element by a computed place", hint="use where")
        return self._moved("getitem", lambda value: value[key], (self,))

    def __bool__(self) -> bool:
        fell = bool(self.value)
        self.tape.guards.append((self, fell))
        return fell

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **options: Any) -> "Recorded":
        op = _SAME_THING.get(ufunc.__name__, ufunc.__name__)
        if method != "__call__" or options or op not in ELEMENTWISE:
            raise NotRecordable(f"numpy.{ufunc.__name__}{'' if method == '__call__' else method}")
        return self._made(op, ufunc, args)

    def __array_function__(self, func: Any, types: Any, args: Any, options: Any) -> Any:
        name = func.__name__
        if any(isinstance(option, Recorded) for option in options.values()):
            raise NotRecordable(f"numpy.{name} by keyword", hint="give its operands by position")
        if name in _ASKING:
            return func(*plain(args), **options)
        if name in REDUCING:
            return self._reduced(REDUCING[name], func, _axis(name, args, options))
        if name in GROWING:
            return self._grown(name, func, _axis(name, args, options))
        if name in ELEMENTWISE:
            return self._made(name, lambda *values: func(*values, **options), args)
        if name in _MOVING:
            return self._moved(name, lambda *values: func(*values, **options), args)
        raise NotRecordable(f"numpy.{name}")

    def _made(self, op: str, function: Callable[..., Any], args: tuple[Any, ...]) -> "Recorded":
        key = (op, *map(_identity, args))
        if (known := self.tape.alike.get(key)) is not None:
            return known
        made = Recorded(function(*plain(args)), op, tape=self.tape, args=args, call=function)
        return self.tape.alike.setdefault(key, made)

    def _reduced(self, op: str, func: Any, options: dict[str, Any]) -> "Recorded":
        if op not in {"any", "all"} and np.asarray(self.value).dtype == bool:
            raise NotRecordable(f"The {op} of conditions", hint="use where(condition, 1.0, 0.0)")
        call = lambda value: func(value, **options)  # noqa: E731
        places = _along(self, options.get("axis"))
        return Recorded(
            call(self.value), op, tape=self.tape, args=(self,), call=call, places=places
        )

    def _grown(self, op: str, func: Any, options: dict[str, Any]) -> "Recorded":
        if self.ndim != 1:
            raise NotRecordable(f"numpy.{op} over {self.ndim} axes", hint="give it one row")
        call = lambda value: func(value, **options)  # noqa: E731
        return Recorded(call(self.value), op, tape=self.tape, args=(self,), call=call)

    def _moved(self, op: str, move: Callable[..., Any], args: tuple[Any, ...]) -> "Recorded":
        """Move element numbers as the elements move: one rule for all indexing and stacking."""
        operands = _operands_of(args)
        sizes = [np.size(plain(each)) for each in operands]
        numbers = (
            np.arange(end - size, end).reshape(np.shape(plain(each)))
            for each, size, end in zip(operands, sizes, np.cumsum(sizes), strict=True)
        )
        call = lambda *values: move(*_refilled(args, iter(values)))  # noqa: E731
        return Recorded(
            move(*plain(args)),
            op,
            tape=self.tape,
            args=tuple(operands),
            call=call,
            places=np.asarray(move(*_refilled(args, numbers))),
        )

    # Where each element comes from.
    def elements(self, i: int) -> list[Element]:
        """The elements of the operands that element i (in flat order) is made from, in order."""
        if self.op in GROWING:
            return [(self, i - 1)] * (i > 0) + [(self.args[0], i)]
        if self._wiring is None:
            self._wiring = list(self._wired())
        return self._wiring[i]

    @property
    def is_whole(self) -> bool:
        """Whether each element is made from all elements of all operands by one function."""
        return self.op.endswith("()")

    @property
    def moves(self) -> bool:
        """Whether its elements are those of the operands, none computed."""
        return self.op in _MOVING or self.op == "getitem"

    def _wired(self) -> Iterator[list[Element]]:
        if self.moves or self.is_whole:
            every = [(arg, j) for arg in self.args for j in range(np.size(plain(arg)))]
            if self.is_whole:
                return (every for _ in range(self.size))
            return ([every[place]] for place in self.places.ravel())
        if self.places is not None:
            return ([(self.args[0], j) for j in row] for row in self.places)
        spread = [
            np.broadcast_to(np.arange(np.size(v)).reshape(np.shape(v)), self.shape).ravel()
            for v in plain(self.args)
        ]
        return (
            [(arg, int(each[i])) for arg, each in zip(self.args, spread, strict=True)]
            for i in range(self.size)
        )

    # What would drop the workings.
    def _lost(self, *_: Any, **__: Any) -> NoReturn:
        raise NotRecordable(
            "float(), int(), asarray() or writing into an array",
            hint="use where, stack, concatenate, and keep the number as it is",
        )

    __array__ = __float__ = __int__ = __index__ = __setitem__ = __round__ = _lost


def whole(function: Callable[..., Any], *operands: Any) -> Any:
    """What a function makes of all its operands at once, such as a root: one step of the workings.

    The operands are numbers or rows; in the workings the function is known by its name.
    """
    recorded = [operand for operand in operands if isinstance(operand, Recorded)]
    if not recorded:
        return function(*operands)
    return Recorded(
        function(*plain(operands)),
        f"{function.__name__}()",
        tape=recorded[0].tape,
        args=operands,
        call=function,
    )


def origin(element: Element) -> Element:
    """The computed element, input or constant behind indexing, stacking, and times 1 or plus 0."""
    node, i = element
    while isinstance(node, Recorded):
        if node.moves:
            ((node, i),) = node.elements(i)
        elif (kept := _kept(node, i)) is not None:
            node, i = kept
        else:
            break
    return node, i


def _kept(node: Recorded, i: int) -> Element | None:
    """The operand that an operation leaves as it is, because the other is a neutral constant."""
    neutral = {"multiply": 1.0, "add": 0.0}.get(node.op)
    if neutral is None:
        return None
    left, right = node.elements(i)
    if not isinstance(left[0], Recorded) and np.ravel(left[0])[left[1]] == neutral:
        return right
    if not isinstance(right[0], Recorded) and np.ravel(right[0])[right[1]] == neutral:
        return left
    return None


def gathered(elements: list[Element]) -> Recorded:
    """A row of elements that were computed apart; it stands on no run's tape."""
    nodes = [node for node, _ in elements]
    starts = np.cumsum([0, *(np.size(plain(node)) for node in nodes[:-1])])
    places = np.asarray([start + j for start, (_, j) in zip(starts, elements, strict=True)])
    value = np.asarray([np.ravel(plain(node))[j] for node, j in elements])
    return Recorded(value, "stack", tape=Tape(), args=tuple(nodes), places=places)


def _identity(operand: Any) -> Any:
    """What tells operands of one run apart."""
    if isinstance(operand, Recorded):
        if operand.ndim:
            return id(operand)
        node, i = origin((operand, 0))
        return (id(node), i) if isinstance(node, Recorded) else _identity(node)
    return (type(operand), np.shape(operand), np.asarray(operand).tobytes())


def _axis(name: str, args: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Any]:
    """The options of a numpy function over one axis, which may be given by position."""
    if len(args) > 2 or set(options) - {"axis"}:
        raise NotRecordable(f"numpy.{name} with more than an axis", hint="give the axis alone")
    return {"axis": args[1]} if len(args) == 2 else dict(options)


def _along(number: Recorded, axis: int | None) -> Any:
    """For each element of a reduction, the flat places of the elements it is made from."""
    places = np.arange(number.size).reshape(number.shape)
    if axis is None:
        return places.reshape(1, -1)
    return np.moveaxis(places, axis, -1).reshape(-1, number.shape[axis])


def _operands_of(args: tuple[Any, ...]) -> list[Any]:
    """The numbers that move, which come first; shapes and axes after them are structure."""
    first, *_ = args
    return list(first) if isinstance(first, tuple | list) else [first]


def _refilled(args: tuple[Any, ...], values: Iterator[Any]) -> tuple[Any, ...]:
    """The arguments with their operands replaced."""
    first, *rest = args
    if isinstance(first, tuple | list):
        return ([next(values) for _ in first], *rest)
    return (next(values), *rest)
