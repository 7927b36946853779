"""A driver over the forecast years: a row of numbers, or a fade from its start to its end."""

from dataclasses import dataclass, field
from enum import StrEnum

from valor_core.models.fields import says, settle
from valor_core.models.numbers import Numbers, Row
from valor_core.models.refusals import FadeBackwards, FadeWithoutEnd, LengthDoesNotFit


class Shape(StrEnum):
    """How a fade gets from its start to its end."""

    LINEAR = "linear"
    STEPPED = "stepped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fade:
    """A driver that keeps its start through one year and has its end from a later year on.

    In between it moves in a line, or stays and steps in the last year. Without years it never
    moves.
    """

    start: Numbers | None = field(
        default=None, metadata=says("value through from_year; none: as the model derives it")
    )
    end: Numbers | None = field(
        default=None, metadata=says("value from to_year on; none: the terminal value")
    )
    from_year: int = field(default=0, metadata=says("last forecast year at the start"))
    to_year: int = field(default=0, metadata=says("first forecast year at the end"))
    first: Numbers | None = field(default=None, metadata=says("value of year 1, if it differs"))
    shape: Shape = field(default=Shape.LINEAR, metadata=says("a line, or a step in to_year"))

    def __post_init__(self) -> None:
        settle(self)

    def way_left(self, year: int) -> float:
        """The part of the way that is still to go in a forecast year: 1 at the start, 0 at the end.

        >>> [Fade(from_year=1, to_year=5).way_left(year) for year in (1, 2, 3, 5, 6)]
        [1.0, 0.75, 0.5, 0.0, 0.0]
        """
        if self.from_year == self.to_year == 0:
            return 1.0
        left = min(max((self.to_year - year) / (self.to_year - self.from_year), 0.0), 1.0)
        return left if self.shape is Shape.LINEAR else float(left > 0.0)


Path = Row | Fade
"""What an analyst may state for a driver: one number a year, or a fade."""


def constant(value: Numbers) -> Fade:
    """A driver that never changes."""
    return Fade(start=value)


def over_years(
    path: Path,
    years: int,
    *,
    name: str,
    start: Numbers | None = None,
    terminal: Numbers | None = None,
) -> list[Numbers]:
    """One number a year: end − (end − start) × the way left, in the unit of the path.

    `start` and `terminal` are what a fade without a start or an end runs from and to.

    >>> over_years(Fade(start=0.08, from_year=1, to_year=3), 4, name="growth", terminal=0.02)
    [0.08, 0.05, 0.02, 0.02]
    """
    if isinstance(path, Fade):
        return _faded(path, years, name, start, terminal)
    if path.shape[-1:] != (years,):
        raise LengthDoesNotFit(field=name, given=path.shape[-1] if path.shape else 1, years=years)
    return [path[..., year] for year in range(years)]


def _faded(
    fade: Fade, years: int, name: str, start: Numbers | None, terminal: Numbers | None
) -> list[Numbers]:
    if fade.from_year > fade.to_year or (fade.from_year == fade.to_year != 0):
        raise FadeBackwards(field=name, from_year=fade.from_year, to_year=fade.to_year)
    ways = [fade.way_left(year) for year in range(1, years + 1)]
    start = start if fade.start is None else fade.start
    end = terminal if fade.end is None else fade.end
    stated = ways if fade.first is None else ways[1:]
    if start is None and any(stated):
        raise FadeWithoutEnd(field=name, side="start")
    if end is None and any(way < 1.0 for way in stated):
        raise FadeWithoutEnd(field=name, side="end")
    values = [_between(start, end, way) for way in stated]
    return values if fade.first is None else [fade.first, *values]


def _between(start: Numbers, end: Numbers, way: float) -> Numbers:
    """Exactly the start or the end where no way, or all of it, is gone."""
    if way == 1.0:
        return start
    return end - (end - start) * way if way else end
