"""The array rule that all models share: yearly inputs are (..., years), all others (...)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from valor_core.errors import ValorError

Numbers = Any
"""A float, or an array with a leading scenario axis, or a value that records its workings."""

Row = Annotated[Any, "one a year"]
"""Numbers of which the last axis is the year."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Scenarios of a batch that failed one condition, and the numbers that failed it."""

    failed: Any  # a truth value a scenario
    error: Callable[..., ValorError]
    numbers: dict[str, Any]

    def over(self, shape: tuple[int, ...]) -> "Refusal":
        """The same where the scenarios are those of a larger shape."""
        return Refusal(np.broadcast_to(self.failed, shape), self.error, self.numbers)

    def errors(self, scenarios: list[int]) -> list[ValorError]:
        """The error that each of these scenarios, in their flat order, would raise alone."""
        shape = self.failed.shape
        places = np.unravel_index(np.asarray(scenarios, dtype=np.intp), shape)
        columns = [
            np.broadcast_to(number, shape)[places].tolist() for number in self.numbers.values()
        ]
        if not columns:
            return [self.error() for _ in scenarios]
        rows = zip(*columns, strict=True)
        return [self.error(**dict(zip(self.numbers, row, strict=True))) for row in rows]


_watch: ContextVar[list[Refusal] | None] = ContextVar("refusals", default=None)


@contextmanager
def watched_refusals() -> Iterator[list[Refusal]]:
    """Collect why scenarios of a batch are refused, in the order one company would raise."""
    refusals: list[Refusal] = []
    token = _watch.set(refusals)
    try:
        yield refusals
    finally:
        _watch.reset(token)


def valid_where(
    condition: Any, value: Any, error: Callable[..., ValorError], **numbers: Any
) -> Any:
    """The value where the condition holds; elsewhere one company raises, a batch holds nan.

    nan spreads to its own scenario alone, so one bad corner of a grid does not lose the others.
    """
    if np.ndim(condition):
        note_refusal(~condition, error, **numbers)
        return np.where(condition, value, np.nan)
    if not condition:
        raise error(**{name: float(np.asarray(plain(n))) for name, n in numbers.items()})
    return value


def note_refusal(failed: Any, error: Callable[..., ValorError], **numbers: Any) -> None:
    """Tell whoever watches which scenarios are refused, and by which numbers."""
    refusals = _watch.get()
    if refusals is not None and failed.any():
        refusals.append(Refusal(failed, error, numbers))


def only_where(condition: Any, value: Any) -> Any:
    """The value where it has a meaning; elsewhere one company has none, a batch holds nan."""
    if np.ndim(condition):
        return np.where(condition, value, np.nan)
    return value if condition else None


def plain(number: Any) -> Any:
    """The bare value of a number that may be recording its workings."""
    return getattr(number, "value", number)


def yearly(number: Any) -> Any:
    """A number per scenario, made ready to stand beside rows of years."""
    return number[..., None] if np.ndim(number) else number


def row_of(years: list[Any]) -> Any:
    """One number a year, as a row whose last axis is the year.

    >>> row_of([1.0, np.array([2.0, 3.0])])
    array([[1., 2.],
           [1., 3.]])
    """
    shapes = {getattr(year, "shape", ()) for year in years}
    if len(shapes) > 1:
        shape = np.broadcast_shapes(*shapes)
        years = [np.broadcast_to(year, shape) for year in years]
    return np.stack(years, axis=-1)


def in_full(value: float) -> str:
    """An amount to its last unit, as a filing states it.

    >>> in_full(416_161_000_000.0), in_full(-2.5)
    ('416,161,000,000', '-2.5')
    """
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:,.6g}"


def amount(value: float) -> str:
    """An amount as a sentence says it, to be read at any scale.

    >>> amount(416_161_000_000.0), amount(2_500_000.0), amount(1_250.0)
    ('416,161 million', '2.5 million', '1,250')
    """
    if abs(value) < 1e6:
        return in_full(value)
    millions = value / 1e6
    return f"{millions:,.0f} million" if abs(millions) >= 1_000 else f"{millions:.4g} million"
