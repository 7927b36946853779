"""The workings of a run: its formulas as they were computed, to explain, re-evaluate and export."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np

from valor_core.errors import BadInputs, Conflict, Flaw
from valor_core.models.explained import Explained, explained
from valor_core.models.fields import leaves
from valor_core.models.lines import Lines, lines_of
from valor_core.models.recorder import NotRecordable, Recorded, Tape, plain
from valor_core.models.steps import steps_of
from valor_core.models.words import words_of_condition
from valor_core.values import Source


class OtherBranch(Conflict):
    """With the changed inputs the model would have decided otherwise, so these formulas end."""

    code = "other_branch"

    def __init__(self, *, condition: str, fell: bool) -> None:
        super().__init__(
            f"These workings hold while “{condition}” is {str(fell).lower()}, which the changed"
            " inputs turn around.",
            hint="Run the model on the changed inputs and take the workings of that run.",
        )


@dataclass(frozen=True, slots=True)
class Guard:
    """A decision that the model took on a number; the formulas hold while it falls the same way."""

    words: str
    fell: bool
    condition: Recorded


@dataclass(frozen=True, slots=True, eq=False)
class Workings:
    """One run with all its formulas. The result is bit for bit that of the unrecorded model."""

    inputs: Any
    result: Any
    lines: Lines
    tape: Tape

    @property
    def guards(self) -> tuple[Guard, ...]:
        """The decisions that the model took, each once, in their order."""
        told = {}
        for condition, fell in self.tape.guards:
            words = words_of_condition(self.lines, condition)
            told.setdefault((words, fell), Guard(words, fell, condition))
        return tuple(told.values())

    def explain(self, name: str, sources: Mapping[str, Source] | None = None) -> Explained:
        """How a number came about: its formula, the operands, theirs, down to the sources.

        A row is explained as a whole; `fcff[3]` is its element 3, counted from 0.
        """
        return explained(self.lines, name, sources or {}, years=_years(self))

    def evaluate(self, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Every number of the result by the formulas alone, after changing inputs by their path."""
        values = self._changed(changes or {})
        made: dict[int, Any] = {}
        for node in self.tape.nodes:
            if node.call is None:
                made[id(node)] = values[id(node)]
            else:
                made[id(node)] = node.call(*(_value(arg, made) for arg in node.args))
        for condition, fell in self.tape.guards:
            if bool(made[id(condition)]) != fell:
                words = words_of_condition(self.lines, condition)
                raise OtherBranch(condition=words, fell=fell)
        return {name: _value(line.node, made) for name, line in self.lines.results.items()}

    def digest(self) -> str:
        """SHA-256 of every operation, operand and number on the way, in hexadecimal."""
        numbered = {id(node): place for place, node in enumerate(self.tape.nodes)}

        def told(operand: Any) -> Any:
            if isinstance(operand, Recorded):
                return {"node": numbered[id(operand)]}
            return _canonical(operand)

        graph = {
            "guards": [[numbered[id(node)], fell] for node, fell in self.tape.guards],
            "inputs": {name: told(line.node) for name, line in self.lines.inputs.items()},
            "nodes": [
                [
                    node.op,
                    [told(arg) for arg in node.args],
                    _canonical(node.places),
                    _canonical(node.value),
                ]
                for node in self.tape.nodes
            ],
            "results": {name: told(line.node) for name, line in self.lines.results.items()},
        }
        canonical = json.dumps(graph, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def _changed(self, changes: Mapping[str, Any]) -> dict[int, Any]:
        """The value of each input node, those that change among them."""
        unknown = changes.keys() - self.lines.inputs.keys()
        flaws = [Flaw(name, "is no number among the inputs of these workings") for name in unknown]
        values = {}
        for name, line in self.lines.inputs.items():
            old = line.node.value
            new = changes.get(name, old)
            if name in changes:
                new = float(new) if np.ndim(new) == 0 else np.asarray(new, dtype=np.float64)
            if np.shape(new) != np.shape(old):
                flaws.append(Flaw(name, f"has shape {np.shape(new)}, not {np.shape(old)}"))
            values[id(line.node)] = new
        if flaws:
            raise BadInputs(sorted(flaws, key=lambda flaw: flaw.place))
        return values


def record(function: Callable[[Any], Any], inputs: Any) -> Workings:
    """Run a model once on recording numbers: floats and rows are recorded, all else is structure.

    The inputs are those of one company; a batch of scenarios has no workings.
    """
    tape = Tape()
    nodes = {path: Recorded(value, "input", tape=tape) for path, value in leaves(inputs).items()}
    result = function(_filled(inputs, nodes))
    results = leaves(result)
    for path, node in [*nodes.items(), *results.items()]:
        if np.ndim(plain(node)) > 1:
            raise NotRecordable(f"{path} over scenarios", hint="record one company at a time")
    bare = _filled(result, {path: plain(node) for path, node in results.items()})
    lines = Lines(
        lines_of(inputs, nodes, is_input=True),
        lines_of(result, results, is_input=False),
    )
    lines.add_steps(steps_of(lines, [condition for condition, _ in tape.guards]))
    return Workings(inputs, bare, lines, tape)


def _filled(thing: Any, numbers: Mapping[str, Any], under: str = "") -> Any:
    """A copy of inputs or results with these numbers at their paths."""
    changed = {}
    for each in fields(thing):
        value, path = getattr(thing, each.name), f"{under}{each.name}"
        if path in numbers:
            changed[each.name] = numbers[path]
        elif is_dataclass(value):
            changed[each.name] = _filled(value, numbers, f"{path}.")
        elif isinstance(value, tuple):
            changed[each.name] = tuple(
                _filled(member, numbers, f"{path}[{place}].") if is_dataclass(member) else member
                for place, member in enumerate(value)
            )
    return replace(thing, **changed)


def _value(operand: Any, made: Mapping[int, Any]) -> Any:
    return made[id(operand)] if isinstance(operand, Recorded) else operand


def _canonical(value: Any) -> Any:
    """Numbers as JSON has them, −0.0 as 0.0 and what is not finite by name."""
    if value is None:
        return None
    flat = [
        each + 0.0 if isinstance(each, float) and np.isfinite(each) else str(each)
        for each in np.ravel(value).tolist()
    ]
    return [list(np.shape(value)), flat]


def _years(workings: Workings) -> int | None:
    """The number of forecast years: as stated, or the length of the longest row."""
    stated = getattr(workings.inputs, "years", None)
    lengths = [len(line.values) for line in workings.lines.results.values() if line.is_row]
    return stated if isinstance(stated, int) else max(lengths, default=None)
