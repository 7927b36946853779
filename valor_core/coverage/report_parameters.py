"""What a report may be asked: names and types as its notebook declares them, checked strictly.

Names of parameters become code in the notebook, so nothing but a declared name may ever pass.
"""

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal

from valor_core.errors import BadInput, BadInputs, Flaw, NotFound
from valor_core.settings import ROOT

Day = str
"""A day as 2024-12-31; empty where none is named."""

REPORTS = {
    name: ROOT / "notebooks" / f"{name}.ipynb"
    for name in (
        "valuation",
        "reconciliation",
        "sla",
        "portfolio_review",
        "committee_book",
        "data_quality",
    )
}
"""Every report that can be run, by name; no path ever comes from a caller."""

OWN = "own:"
"""Before the name of a tenant's own notebook where reports are named: it is never one of ours."""

LONGEST_TEXT = 200
MOST = 10**9
DECLARES_TYPES = ("typing", "valor_core.coverage.report_parameters")
PLAIN_TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool, "Day": Day}


class ParametersUnreadable(BadInput):
    """The cell tagged `parameters` declares something in another way than one a line."""

    code = "parameters_unreadable"

    def __init__(self, *, line: int, why: str) -> None:
        super().__init__(
            f"Line {line} of the cell tagged `parameters` cannot be read: {why}.",
            hint="Write each parameter as `name: type = default`; a type is str, int, float, bool, "
            "Day or a Literal of choices.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of a report: its type as pydantic takes it, as it is written, and if needed."""

    name: str
    type: Any
    written: str
    required: bool
    default: Any


def is_own(report: str) -> bool:
    """Whether a report is a notebook of the tenant's own."""
    return report.startswith(OWN)


def is_report(job: str) -> bool:
    """Whether a job makes a report, by one of our notebooks or one of the tenant's own."""
    return job in REPORTS or is_own(job)


def report_source(report: str) -> bytes:
    """The notebook of that report; NotFound otherwise."""
    if report not in REPORTS:
        raise NotFound("report", report[:80])
    return REPORTS[report].read_bytes()


@cache
def parameters_of(report: str) -> dict[str, Parameter]:
    """What the notebook's cell tagged `parameters` declares."""
    return declared(json.loads(report_source(report)))


def declared(notebook: Mapping[str, Any]) -> dict[str, Parameter]:
    """The parameters of a notebook, read without running it; none where no cell is tagged so.

    >>> cell = {"metadata": {"tags": ["parameters"]}, "source": ["years: int | None = None"]}
    >>> declared({"cells": [cell]})["years"].written
    'int | None'
    """
    tagged = [c for c in notebook["cells"] if "parameters" in c["metadata"].get("tags", ())]
    if len(tagged) > 1:
        raise ParametersUnreadable(line=1, why="another cell is tagged `parameters` as well")
    parameters: dict[str, Parameter] = {}
    for node in _statements("".join(tagged[0]["source"]) if tagged else ""):
        if isinstance(node, ast.ImportFrom) and node.module in DECLARES_TYPES:
            continue
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            raise ParametersUnreadable(line=node.lineno, why="it declares no parameter")
        if node.target.id in parameters:
            raise ParametersUnreadable(line=node.lineno, why=f"{node.target.id} stands twice")
        parameters[node.target.id] = _parameter(node.target.id, node)
    return parameters


def _statements(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except SyntaxError as error:
        raise ParametersUnreadable(line=error.lineno or 1, why=f"{error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise ParametersUnreadable(line=1, why="it is no Python") from error


def _parameter(name: str, node: ast.AnnAssign) -> Parameter:
    try:
        made = Parameter(
            name=name,
            type=_type(node.annotation),
            written=ast.unparse(node.annotation),
            required=node.value is None,
            default=None if node.value is None else ast.literal_eval(node.value),
        )
    except (ValueError, TypeError, RecursionError, MemoryError) as error:
        why = f"{name} has another type, or a default that is no plain value"
        raise ParametersUnreadable(line=node.lineno, why=why) from error
    if not made.required and (problem := _unfit(made, made.default)):
        raise ParametersUnreadable(line=node.lineno, why=f"of {name} the default {problem}")
    return made


def _type(node: ast.expr) -> Any:
    match node:
        case ast.Name(id=name) if name in PLAIN_TYPES:
            return PLAIN_TYPES[name]
        case ast.Constant(value=None):
            return type(None)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _type(left) | _type(right)
        case ast.Subscript(value=ast.Name(id="Literal"), slice=choices):
            told = ast.literal_eval(choices)
            if all(type(each) in (str, int, bool) for each in _each(told)):
                choice: Any = Literal  # the type checker knows literals only as written in code
                return choice[told]
    raise ValueError(ast.unparse(node))


def _each(told: Any) -> tuple[Any, ...]:
    return told if isinstance(told, tuple) else (told,)


def checked(report: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters with their defaults; BadInputs with every name and value that does not fit."""
    return fitting(report, parameters_of(report), given)


def fitting(
    report: str, known: Mapping[str, Parameter], given: Mapping[str, Any]
) -> dict[str, Any]:
    """What is given for the known parameters of a report, with their defaults; or BadInputs."""
    told = ", ".join(f"{p.name}: {p.written}" for p in known.values()) or "no parameters"
    flaws = [
        Flaw(name[:60], "is no parameter of this report") for name in given if name not in known
    ]
    values = {}
    for parameter in known.values():
        if parameter.name not in given:
            if parameter.required:
                flaws.append(Flaw(parameter.name, f"is missing; it is a {parameter.written}"))
            values[parameter.name] = parameter.default
            continue
        value = given[parameter.name]
        if problem := _unfit(parameter, value):
            flaws.append(Flaw(parameter.name, problem))
            continue
        values[parameter.name] = value
    if flaws:
        raise BadInputs(flaws, hint=f"The report {report} declares: {told}.")
    return values


def _unfit(parameter: Parameter, value: Any) -> str:
    """What is wrong with a value of that parameter; empty where it fits."""
    from pydantic import TypeAdapter, ValidationError

    try:
        TypeAdapter(parameter.type).validate_python(value, strict=True)
    except ValidationError:
        return f"{repr(value)[:60]} is no {parameter.written}"
    return _unsound(value) or _no_day(parameter, value)


def from_words(known: Mapping[str, Parameter], given: Mapping[str, str]) -> dict[str, Any]:
    """What was written in a shell, its numbers as numbers; what is none stays a text."""
    return {
        name: _number(known[name].type, text) if name in known else text
        for name, text in given.items()
    }


def _number(kind: Any, text: str) -> Any:
    if kind not in (int, float):
        return text
    try:
        return kind(text)
    except ValueError:
        return text


def _no_day(parameter: Parameter, value: Any) -> str:
    if parameter.written != "Day" or not value:
        return ""
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = None
    written = day is not None and day.isoformat() == value
    return "" if written else f"{value!r} is no day: write 2024-12-31"


def _unsound(value: Any) -> str:
    if isinstance(value, float) and not -1e100 < value < 1e100:
        return f"{value} is not a finite number of a sensible size"
    if isinstance(value, int) and abs(value) > MOST:
        return "a number of at most nine digits is asked for"
    if isinstance(value, str) and not (len(value) <= LONGEST_TEXT and value.isprintable()):
        return f"a text has at most {LONGEST_TEXT} printable characters"
    return ""
