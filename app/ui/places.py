"""What stands at a dotted path of a model's inputs, such as `tranches[0].face`."""

import re
from dataclasses import replace
from typing import Any, get_args

from valor_core.models.fields import hints
from valor_core.models.simulation.tornado import base_value, is_stated


def at(inputs: Any, path: str) -> Any:
    """What stands at a dotted path; None below what is not stated.

    >>> from valor_core.models.paths import Fade
    >>> at(Fade(start=0.05), "start")
    0.05
    """
    for name, place in _steps(path):
        if inputs is None:
            return None
        inputs = getattr(inputs, name)
        if place is not None:
            inputs = inputs[place] if place < len(inputs) else None
    return inputs


def number_at(inputs: Any, path: str) -> Any:
    """What stands at a path; None too where its owner is another kind of thing."""
    owner, _, name = path.rpartition(".")
    return getattr(at(inputs, owner) if owner else inputs, name, None)


def figure_at(inputs: Any, path: str) -> float | None:
    """The single number at a path, of a row by its year too; None where none is stated.

    >>> from valor_core.models.paths import Fade
    >>> figure_at(Fade(start=0.05), "start"), figure_at(Fade(start=0.05), "end")
    (0.05, None)
    """
    return base_value(inputs, path) if is_stated(inputs, path) else None


def can_be_empty(inputs: Any, path: str) -> bool:
    """Whether the field of that path may hold nothing.

    >>> from valor_core.models.paths import Fade
    >>> can_be_empty(Fade(start=0.05), "end"), can_be_empty(Fade(start=0.05), "to_year")
    (True, False)
    """
    owner, _, name = path.rpartition(".")
    hint = hints(type(at(inputs, owner) if owner else inputs))[name]
    return type(None) in get_args(hint)


def put_at(inputs: Any, path: str, value: Any) -> Any:
    """The same inputs with whatever stands at a dotted path replaced.

    >>> from valor_core.models.paths import Fade
    >>> put_at(Fade(start=0.05), "to_year", 5).to_year
    5
    """
    return _put(inputs, _steps(path), value)


def _put(inputs: Any, steps: list[tuple[str, int | None]], value: Any) -> Any:
    (name, place), *rest = steps
    current = getattr(inputs, name)
    if place is None:
        changed = _put(current, rest, value) if rest else value
    else:
        member = _put(current[place], rest, value) if rest else value
        changed = (*current[:place], member, *current[place + 1 :])
    return replace(inputs, **{name: changed})


def _steps(path: str) -> list[tuple[str, int | None]]:
    """The names on a path, each with the place of the member that it means.

    >>> _steps("tranches[2].face")
    [('tranches', 2), ('face', None)]
    """
    found = [re.fullmatch(r"(\w+)(?:\[(\d+)\])?", step) for step in path.split(".")]
    return [(step[1], None if step[2] is None else int(step[2])) for step in found if step]
