"""How a value moves from one set of inputs to another, change by change."""

from dataclasses import dataclass, fields, replace
from typing import Any

from valor_core.errors import ValorError
from valor_core.models.catalogue import model_of
from valor_core.models.codec import dump


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Inputs that changed together, and what the result was before and after they did."""

    changed: tuple[str, ...]  # usually one; more where the model refuses the one without the other
    before: float
    after: float


def moves(before: Any, after: Any, *, field: str = "") -> tuple[Move, ...]:
    """The way of a result from `before` to `after`: each changed input in the order of the model.

    Without a field it is the way of the headline.

    The steps add up exactly. Another order would share the whole out otherwise, since inputs work
    on each other.
    """
    model = model_of(before)
    field = field or model.headline
    told_before, told_after = dump(before), dump(after)
    inputs, value = before, float(getattr(model.function(before), field))
    steps: list[Move] = []
    waiting: list[str] = []
    for name in (each.name for each in fields(before)):
        if told_before[name] == told_after[name]:
            continue
        waiting.append(name)
        try:
            inputs_now = replace(inputs, **{each: getattr(after, each) for each in waiting})
            value_now = float(getattr(model.function(inputs_now), field))
        except ValorError:
            continue  # not valid until a later input changes too: they move together
        steps.append(Move(changed=tuple(waiting), before=value, after=value_now))
        inputs, value, waiting = inputs_now, value_now, []
    return tuple(steps)
