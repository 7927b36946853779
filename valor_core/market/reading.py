"""Reading what a provider sent, strictly: what does not fit its documented shape is malformed."""

import csv
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from valor_core.market.failures import Failure, ProviderFailure

_TEXT_MAX = 200
_UNREADABLE = (
    ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError,
    ArithmeticError, csv.Error,
)  # fmt: skip


@contextmanager
def reading(provider: str) -> Iterator[None]:
    """Whatever cannot be read inside becomes a malformed answer of that provider."""
    try:
        yield
    except _UNREADABLE as error:
        told = "its shape is not the documented one"
        raise ProviderFailure(provider, Failure.MALFORMED, told=told) from error


def as_json(body: bytes) -> Any:
    """The JSON of a body; ValueError where it is none."""
    return json.loads(body.decode("utf-8-sig"), parse_constant=_no_constant)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def a_text(told: Any) -> str:
    """A short text that can be shown."""
    if not isinstance(told, str) or len(told) > _TEXT_MAX or not told.isprintable():
        raise ValueError("no text")
    return told.strip()


def a_number(told: Any) -> float:
    """A finite number, written as such or as a text."""
    if isinstance(told, bool) or not isinstance(told, int | float | str):
        raise TypeError("no number")
    number = float(told)
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number


def a_day(told: Any) -> date:
    """A calendar day, alone or at the head of a moment: 2024-09-28."""
    return date.fromisoformat(a_text(told)[:10])
