"""Published cases against our own models, leaf by leaf, at the tolerance of their source."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isclose
from typing import Any

import numpy as np

from valor_core.errors import BadInputs, ValorError
from valor_core.models.codec import dump_value
from valor_core.models.published import CASES, METHODS
from valor_core.models.published.method import AnyOf, Method

REMARKS = frozenset({"src", "source", "note", "name", "label", "id", "comment"})
DEFAULT_REL = 1e-9
REFUSAL = "ERROR"


class Status(StrEnum):
    """What came of a case."""

    PASSED = "passed"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One leaf as published and as computed, and what is wrong with it, if anything is."""

    place: str
    expected: Any
    got: Any
    problem: str = ""

    def __str__(self) -> str:
        told = f"{self.place}: {self.problem}" if self.place else self.problem
        if self.expected is None and self.got is None:
            return told
        return f"{told} (published {dump_value(self.expected)}, ours {dump_value(self.got)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a published case, with every figure that was compared."""

    id: str
    model: str
    status: Status
    comparisons: tuple[Comparison, ...] = ()
    told_by: str = ""  # the case of the same source that states the rest of its inputs

    @property
    def differences(self) -> tuple[Comparison, ...]:
        """What is not as published."""
        return tuple(each for each in self.comparisons if each.problem)

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "id": self.id,
            "model": self.model,
            "status": self.status.value,
            "differences": [
                {
                    "place": each.place,
                    "expected": dump_value(each.expected),
                    "got": dump_value(each.got),
                    "problem": each.problem,
                }
                for each in self.differences
            ],
            **({"told_by": self.told_by} if self.told_by else {}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refused:
    """The model refused the inputs."""

    error: ValorError

    @property
    def of_the_model(self) -> bool:
        """Whether the numbers were refused; a case that nobody can read proves nothing."""
        error = self.error
        return not isinstance(error, BadInputs) or all(flaw.out_of_range for flaw in error.flaws)

    def __str__(self) -> str:
        return f"refused ({self.error.code}): {self.error}"


def prove(case: object, beside: Sequence[object] = ()) -> Outcome:
    """Compute a published case and compare every leaf of what it expects.

    Of the cases beside it, one of the same source may print another table of the same deal: what
    this case leaves open is then taken from there, and the outcome says so.

    >>> prove({"id": "no debt", "model": "wacc", "inputs": {"E": 9, "D": 0, "ke": 0.15},
    ...        "expected": 0.15, "check": {"rel": 1e-12}}).status.value
    'passed'
    """
    if not isinstance(case, dict):
        return failed("", "a case is an object with model, inputs and expected")
    name, model = str(case.get("id", "")), str(case.get("model", ""))
    method = METHODS.get(model)
    if method is None:
        return Outcome(id=name, model=model, status=Status.UNSUPPORTED)
    told, teller = _told_beside(case, method, beside)
    found = _comparisons(case | told, method)
    if not any(each.problem for each in found):
        found = [*found, *_nothing_compared(case["expected"])]
    status = Status.FAILED if any(each.problem for each in found) else Status.PASSED
    return Outcome(id=name, model=model, status=status, comparisons=tuple(found), told_by=teller)


def shipped_cases() -> list[dict[str, Any]]:
    """The published cases that the project has transcribed, by family and name."""
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(CASES.glob("*.json"))]


def failed(name: str, problem: str) -> Outcome:
    """The outcome of what is no case, and why not."""
    return Outcome(id=name, model="", status=Status.FAILED, comparisons=(_wrong("", problem),))


def schemas() -> dict[str, dict[str, Any]]:
    """Each method's inputs and options as JSON Schema; `main` is what a bare number means."""
    return {
        name: {"inputs": method.schema(), "main": method.main} for name, method in METHODS.items()
    }


def _comparisons(case: dict[str, Any], method: Method) -> list[Comparison]:
    if "inputs" not in case or "expected" not in case:
        return [_wrong("", "the case lacks inputs or expected")]
    try:
        tolerance = Tolerance.of(case.get("check"))
    except _BadTolerance:
        return [_wrong("check", "abs and rel are numbers from 0 on, fields an object of them")]
    inputs, expected = case["inputs"], case["expected"]
    if not isinstance(inputs, list):
        return _row_comparisons(inputs, expected, method, tolerance, "")
    if not isinstance(expected, list) or len(expected) != len(inputs):
        return [_wrong("expected", f"a list of {len(inputs)} is meant, one for each input")]
    found: list[Comparison] = []
    for place, (row, one) in enumerate(zip(inputs, expected, strict=True)):
        found += _row_comparisons(row, one, method, tolerance, f"[{place}]")
    return found


def _told_beside(
    case: dict[str, Any], method: Method, beside: Sequence[object]
) -> tuple[dict[str, Any], str]:
    """The case's inputs with what another table of its deal states, and which case that is.

    Two tables are of one deal where they have one source and agree in each figure that both state.
    """
    inputs, source = case.get("inputs"), case.get("source")
    if not source or not isinstance(inputs, dict):
        return {}, ""
    for other in beside:
        if not isinstance(other, dict) or other.get("source") != source:
            continue
        model, row = str(other.get("model", "")), other.get("inputs")
        if model not in method.told_by or not isinstance(row, dict):
            continue
        try:
            told = method.told_by[model](METHODS[model].read(row))
        except ValorError:
            continue  # what that case cannot be read for, its own outcome tells
        both = told.keys() & inputs.keys()
        if both and all(_same(told[name], inputs[name]) for name in both):
            return {"inputs": told | inputs}, str(other.get("id", ""))
    return {}, ""


def _same(one: Any, other: Any) -> bool:
    """Whether a figure is printed alike in two tables."""
    return _is_finite(other) and np.ndim(one) == 0 and isclose(one, other, rel_tol=DEFAULT_REL)


def _nothing_compared(expected: Any) -> list[Comparison]:
    """A case without a figure to compare is none: it would pass whatever the model computes."""
    return [] if _holds_a_figure(expected) else [_wrong("expected", "holds nothing to compare")]


def _holds_a_figure(expected: Any) -> bool:
    """Whether there is a leaf, in each row of a list."""
    if isinstance(expected, dict):
        return any(_holds_a_figure(one) for name, one in expected.items() if name not in REMARKS)
    if isinstance(expected, list):
        return bool(expected) and all(map(_holds_a_figure, expected))
    return True


def _row_comparisons(
    row: object, expected: Any, method: Method, tolerance: "Tolerance", place: str
) -> list[Comparison]:
    if not isinstance(row, dict):
        return [_wrong(place, "the inputs are an object")]
    stated = {name: value for name, value in row.items() if name not in REMARKS}
    known = method.schema()["properties"]
    unknown = [name for name in stated if name not in known]
    if unknown:
        return [_wrong(place, f"unknown inputs: {', '.join(map(str, unknown))}")]
    return [*_compared(expected, _computed(method, stated), method.main, tolerance, place)]


def _computed(method: Method, stated: dict[str, Any]) -> Any:
    """The lines of the method, or its refusal."""
    try:
        lines = method.compute(method.read(stated))
    except ValorError as error:
        return _Refused(error=error)
    return {name: _listed(value) for name, value in lines.items()}


def _listed(value: Any) -> Any:
    """Numbers and lists as JSON has them; what is not finite is none."""
    if isinstance(value, dict):
        return {name: _listed(one) for name, one in value.items()}
    if isinstance(value, AnyOf):
        return value
    return dump_value(np.asarray(value)) if value is not None else None


def _compared(
    expected: Any, got: Any, main: str, tolerance: "Tolerance", place: str
) -> Iterator[Comparison]:
    """Compare a whole row: its lines by name, or one number with the method's main line."""
    if expected == REFUSAL:
        refused = isinstance(got, _Refused)
        sound = refused and got.of_the_model
        problem = "" if sound else str(got) if refused else "was not refused"
        told = None if refused else got
        yield Comparison(place=place, expected=expected, got=told, problem=problem)
    elif isinstance(got, _Refused):
        sound = got.of_the_model and _without_solution(expected)
        problem = "" if sound else str(got)
        yield Comparison(place=place, expected=expected, got=None, problem=problem)
    elif isinstance(expected, dict):
        yield from _compared_lines(expected, got, tolerance, place)
    else:
        yield from _compared_value(expected, got[main], tolerance, place, main)


def _without_solution(expected: Any) -> bool:
    """Whether the source says of each figure that there is none."""
    if isinstance(expected, dict):
        return all(_without_solution(one) for name, one in expected.items() if name not in REMARKS)
    if isinstance(expected, list):
        return all(map(_without_solution, expected))
    return expected is None or expected == REFUSAL


def _compared_lines(
    expected: dict[str, Any], got: dict[str, Any], tolerance: "Tolerance", place: str
) -> Iterator[Comparison]:
    for name, one in expected.items():
        where = f"{place}.{name}" if place else name
        if name in REMARKS:
            continue
        if name in got:
            yield from _compared_value(one, got[name], tolerance, where, name)
        else:
            yield Comparison(place=where, expected=one, got=None, problem="is not computed")


def _compared_value(
    expected: Any, got: Any, tolerance: "Tolerance", place: str, name: str
) -> Iterator[Comparison]:
    if isinstance(got, AnyOf):
        got = got.nearest(expected)
    if isinstance(expected, dict) and isinstance(got, dict):
        yield from _compared_lines(expected, got, tolerance, place)
    elif isinstance(expected, list) and isinstance(got, list) and len(got) == len(expected):
        for index, (one, other) in enumerate(zip(expected, got, strict=True)):
            yield from _compared_value(one, other, tolerance, f"{place}[{index}]", name)
    else:
        problem = _problem(expected, got, tolerance, name)
        yield Comparison(place=place, expected=expected, got=got, problem=problem)


def _problem(expected: Any, got: Any, tolerance: "Tolerance", name: str) -> str:
    """What is wrong with a figure; nothing where it is as published."""
    if isinstance(expected, list) or isinstance(got, list):
        return "has another length"
    if expected is None or expected == REFUSAL:
        return "" if got is None else "has a value where there is none"
    if got is None:
        return "has no value"
    if not _is_finite(expected):
        return "is not a number in the case"
    off, allowed = abs(got - expected), tolerance.allowed(name, expected)
    return "" if off <= allowed else f"differs by {off:.3g}, more than {allowed:.3g}"


class _BadTolerance(Exception):
    """A case's tolerance that is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far from the published number is near enough, by field where the source says so."""

    abs: float
    rel: float
    fields: dict[str, "Tolerance"]

    @classmethod
    def of(cls, check: Any) -> "Tolerance":
        """The tolerance that a case states; where it states neither, a relative 1e-9."""
        stated = {} if check is None else check
        if not isinstance(stated, dict) or not {"abs", "rel", "fields"}.issuperset(stated):
            raise _BadTolerance
        allowed = {name: stated[name] for name in ("abs", "rel") if stated.get(name) is not None}
        by_field = stated.get("fields") or {}
        sound = all(_is_finite(one) and one >= 0 for one in allowed.values())
        if not sound or not isinstance(by_field, dict):
            raise _BadTolerance
        allowed = allowed or {"rel": DEFAULT_REL}
        return cls(
            abs=float(allowed.get("abs", 0.0)),
            rel=float(allowed.get("rel", 0.0)),
            fields={name: cls.of(one) for name, one in by_field.items()},
        )

    def allowed(self, name: str, expected: float) -> float:
        """The greater of the absolute and the relative allowance."""
        stated = self.fields.get(name, self)
        return max(stated.abs, stated.rel * abs(expected))


def _is_finite(value: Any) -> bool:
    """Whether it is a number as a case may hold it: no text, no truth value, not beyond floats."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and abs(value) <= sys.float_info.max


def _wrong(place: str, problem: str) -> Comparison:
    return Comparison(place=place, expected=None, got=None, problem=problem)
