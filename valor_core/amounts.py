"""In what amounts of money are shown: thousands, millions or billions.

Numbers are always whole; the unit is said beside what is shown. Whoever shows them to a reader
says once which reader it is (`told_by`); what shows them to nobody in particular, such as a report
that is kept, states it (`showing`); else millions are meant.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum


class Scale(StrEnum):
    """In what amounts of money are shown."""

    THOUSANDS = "thousands"
    MILLIONS = "millions"
    BILLIONS = "billions"

    @property
    def size(self) -> float:
        """What one of it is.

        >>> Scale.BILLIONS.size
        1000000000.0
        """
        return {"thousands": 1e3, "millions": 1e6, "billions": 1e9}[self]

    @property
    def word(self) -> str:
        """As it stands after a currency.

        >>> f"EUR {Scale.MILLIONS.word}"
        'EUR million'
        """
        return self.value.removesuffix("s")

    @property
    def mark(self) -> str:
        """The same where there is little room."""
        return {"thousands": "k", "millions": "m", "billions": "bn"}[self]

    @property
    def digits(self) -> int:
        """The digits more than those of millions: billions lose nothing that millions show."""
        return 3 if self is Scale.BILLIONS else 0


_stated: ContextVar[Scale | None] = ContextVar("amounts are shown in", default=None)
_reader: Callable[[], Scale | None] | None = None


def shown() -> Scale:
    """In what amounts are shown to whom they are shown now.

    >>> shown().word
    'million'
    """
    return _stated.get() or (_reader() if _reader else None) or Scale.MILLIONS


def in_money(currency: str) -> str:
    """The unit of amounts as they are shown, as it heads a table.

    >>> in_money("EUR")
    'EUR million'
    """
    return f"{currency} {shown().word}"


def told_by(reader: Callable[[], Scale | None]) -> None:
    """Ask the reader, where there is one, in what amounts are shown."""
    global _reader  # noqa: PLW0603  one kind of screen a process: said once, at start
    _reader = reader


@contextmanager
def showing(scale: Scale) -> Iterator[None]:
    """Amounts are shown so within the block, whoever looks: what is kept is no reader's own."""
    before = _stated.set(scale)
    try:
        yield
    finally:
        _stated.reset(before)


def show_in(scale: Scale | str) -> None:
    """From here on amounts are shown so, such as in a notebook: "thousands", "billions"."""
    _stated.set(Scale(scale))
