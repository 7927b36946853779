"""Finite in, finite out: one company is refused, a batch holds nan for the failed scenario."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from functools import wraps
from math import isfinite
from typing import Any, TypeVar

import numpy as np

from valor_core.models.fields import every_leaf, hints, is_row
from valor_core.models.numbers import note_refusal, plain, watched_refusals
from valor_core.models.refusals import NotFinite, ResultNotFinite, ScenariosDoNotFit

Inputs = TypeVar("Inputs")
Result = TypeVar("Result")


def guarded(model: Callable[[Inputs], Result]) -> Callable[[Inputs], Result]:
    """A model that never returns infinity, nor nan to one company."""

    @wraps(model)
    def run(inputs: Inputs) -> Result:
        refused = _unusable(inputs)
        with np.errstate(all="ignore"), watched_refusals() as refusals:
            result = model(inputs)
        for refusal in refusals:
            refused = refused | refusal.failed
            note_refusal(refusal.failed, refusal.error, **refusal.numbers)
        return _finite(result, refused)

    return run


def _unusable(inputs: Any) -> Any:
    """Which scenarios hold an input that is not finite; one company is refused at once."""
    failed, shapes = np.False_, {}
    for path, number, is_yearly in every_leaf(inputs):
        value = plain(number)
        if isinstance(value, float) and isfinite(value):
            continue
        bad = ~np.isfinite(value)
        bad = bad.any(axis=-1) if is_yearly else bad
        if np.ndim(bad):
            shapes[path] = np.shape(bad)
        elif bad:
            raise NotFinite(
                field=path, value=float(np.ravel(value)[~np.isfinite(np.ravel(value))][0])
            )
        failed = _either(failed, bad, shapes)
    if np.ndim(failed):
        note_refusal(failed, _InputNotFinite)
    return failed


class _InputNotFinite(NotFinite):
    """In a batch the scenario is known, not the input."""

    def __init__(self) -> None:
        super().__init__(field="An input of this scenario", value=float("nan"))


def _either(failed: Any, bad: Any, shapes: dict[str, tuple[int, ...]]) -> Any:
    try:
        return failed | bad
    except ValueError:
        raise ScenariosDoNotFit(counts=shapes) from None


def _finite(result: Any, refused: Any) -> Any:
    """The result with nan in all lines of a refused scenario: half a valuation is none."""
    changed, types = {}, hints(type(result))
    for field in fields(result):
        value = getattr(result, field.name)
        if value is None:
            continue
        if isinstance(value, tuple):
            changed[field.name] = tuple(_finite(member, refused) for member in value)
            continue
        if is_dataclass(value):
            changed[field.name] = _finite(value, refused)
            continue
        number, row = plain(value), is_row(types[field.name])
        if isinstance(number, float) and isfinite(number):
            continue
        finite = np.isfinite(number)
        if finite.all() and not np.any(refused):
            continue
        if np.ndim(number) == row:  # one company, or a line that no scenario changes
            if not finite.all():
                raise ResultNotFinite(field=field.name)
            continue
        lost = ~finite.all(axis=-1) if row else ~finite
        known = np.isnan(number).any(axis=-1) if row else np.isnan(number)
        note_refusal(lost & ~known, ResultNotFinite)
        lost = lost | refused
        changed[field.name] = np.where(lost[..., None] if row else lost, np.nan, number)
    return replace(result, **changed) if changed else result
