"""A model's inputs and results as JSON and back: strict, bounded, telling every flaw at once."""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from enum import StrEnum
from math import isfinite
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import numpy as np

from valor_core.errors import BadInputs, Flaw
from valor_core.models.fields import hints, kinds
from valor_core.models.numbers import Row

LARGEST = 1e100
LONGEST_ROW = 100  # also the most members, where a field does not say otherwise
UNKNOWN_TOLD = 20  # by name; the rest is counted
MOST_YEARS = 1_000
LONGEST_TEXT = 200

Inputs = TypeVar("Inputs")


def dump(inputs: Any) -> dict[str, Any]:
    """Inputs or a result as JSON-ready values: rows become lists, what is not finite becomes none.

    >>> from valor_core.models.dilution import OptionTranche
    >>> dump(OptionTranche(number=20_000, strike=20))
    {'number': 20000.0, 'strike': 20.0}
    """
    told = {field.name: dump_value(getattr(inputs, field.name)) for field in fields(inputs)}
    tag = _tag(type(inputs))
    return told if tag is None else {"kind": tag, **told}


def dump_value(value: Any) -> Any:
    """A value of an input or a result, JSON-ready."""
    if is_dataclass(value):
        return dump(value)
    if isinstance(value, tuple):
        return [dump_value(member) for member in value]
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (np.ndarray, np.generic)):
        return _dumped_list(value.tolist())
    return _dumped_list(value)


def _dumped_list(value: Any) -> Any:
    if isinstance(value, list):
        return [_dumped_list(member) for member in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def load(cls: type[Inputs], data: object) -> Inputs:
    """Inputs of one company from JSON values; every flaw is told with the path of its field.

    >>> from valor_core.models.dilution import OptionTranche
    >>> load(OptionTranche, {"number": 5, "strike": 2.5}).number
    5.0
    """
    flaws: list[Flaw] = []
    inputs = _loaded(cls, data, "", flaws)
    if flaws:
        raise BadInputs(flaws)
    return inputs


def _loaded(cls: type, data: object, path: str, flaws: list[Flaw]) -> Any:
    """The inputs, or None when a flaw was found."""
    if not isinstance(data, Mapping):
        return _flaw(flaws, path or cls.__name__, f"an object is meant, not {_told(data)}")
    before, known, values = len(flaws), {f.name: f for f in fields(cls)}, {}
    tag = "kind" if _tag(cls) is not None else None
    unknown = [name for name in data if name not in known and name != tag]
    for name in unknown[:UNKNOWN_TOLD]:
        _flaw(flaws, _join(path, name), "is unknown" + _near(str(name), list(known)))
    if len(unknown) > UNKNOWN_TOLD:
        _flaw(flaws, path or cls.__name__, f"{len(unknown)} fields are unknown")
    for name, stated in known.items():
        place = _join(path, name)
        if name not in data:
            if _required(stated):
                _flaw(flaws, place, "is missing")
            continue
        longest = stated.metadata.get("longest") or LONGEST_ROW
        values[name] = _value(hints(cls)[name], data[name], place, flaws, longest)
    return cls(**values) if len(flaws) == before else None


def _value(hint: Any, data: object, path: str, flaws: list[Flaw], longest: int) -> Any:
    options = kinds(hint)
    if data is None:
        may_be = type(None) in get_args(hint)
        return None if may_be else _flaw(flaws, path, "a value is meant, not null")
    nested = _nested([kind for kind in options if is_dataclass(kind)], data, path, flaws)
    if nested is _NO_KIND:
        return None
    if Row in options and (nested is None or not isinstance(data, Mapping)):
        return _row(data, path, flaws, longest, fade=nested is not None)
    if isinstance(nested, type):
        return _loaded(nested, data, path, flaws)
    if get_origin(options[0]) is tuple:
        return _members(get_args(options[0])[0], data, path, flaws, longest)
    return _plain_value(options[0], data, path, flaws)


_NO_KIND = object()


def _nested(classes: list[Any], data: object, path: str, flaws: list[Flaw]) -> Any:
    """The class of a nested object; where it may be one of several, its `kind` says which."""
    if len(classes) < 2:
        return classes[0] if classes else None
    if not isinstance(data, Mapping):
        _flaw(flaws, path, f"an object is meant, not {_told(data)}")
        return _NO_KIND
    by_tag = {_tag(each): each for each in classes}
    stated = data.get("kind")
    if isinstance(stated, str) and stated in by_tag:
        return by_tag[stated]
    known = ", ".join(str(tag) for tag in by_tag)
    problem = "is missing" if stated is None else f"{_told(stated)} is none of {known}"
    _flaw(flaws, _join(path, "kind"), problem)
    return _NO_KIND


def _tag(cls: type) -> str | None:
    """What tells a class from others that may stand in its place."""
    tag = getattr(cls, "kind", None)
    return tag if isinstance(tag, str) else None


def _plain_value(kind: Any, data: object, path: str, flaws: list[Flaw]) -> Any:
    if kind is date:
        return _day(data, path, flaws)
    if kind is bool:
        return _truth(data, path, flaws)
    if kind is int or get_origin(kind) is Annotated:
        most = MOST_YEARS if kind is int else get_args(kind)[1]
        return _count(data, path, flaws, most=most)
    if kind is str:
        return _text(data, path, flaws)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _choice(kind, data, path, flaws)
    return _number(data, path, flaws)


def _number(data: object, path: str, flaws: list[Flaw]) -> float | None:
    if isinstance(data, bool) or not isinstance(data, (int, float)):
        return _flaw(flaws, path, f"a number is meant, not {_told(data)}")
    if not -LARGEST <= data <= LARGEST:  # also false for nan
        problem = f"{_told(data)} is not a finite number of a sensible size"
        return _flaw(flaws, path, problem, out_of_range=True)
    return float(data)


def _count(data: object, path: str, flaws: list[Flaw], *, most: int) -> int | None:
    """A whole number; `Annotated[int, most]` may be as large as that says."""
    if isinstance(data, float) and data.is_integer() and abs(data) <= most:
        data = int(data)
    if isinstance(data, bool) or not isinstance(data, int):
        return _flaw(flaws, path, f"a whole number is meant, not {_told(data)}")
    if not 0 <= data <= most:
        problem = f"{_told(data)} is not between 0 and {most}"
        return _flaw(flaws, path, problem, out_of_range=True)
    return data


def _text(data: object, path: str, flaws: list[Flaw]) -> str | None:
    if not isinstance(data, str):
        return _flaw(flaws, path, f"a text is meant, not {_told(data)}")
    if len(data) > LONGEST_TEXT or not data.isprintable():
        problem = f"{_told(data)} is no plain text of at most {LONGEST_TEXT} characters"
        return _flaw(flaws, path, problem, out_of_range=True)
    return data


def _truth(data: object, path: str, flaws: list[Flaw]) -> bool | None:
    if isinstance(data, bool):
        return data
    return _flaw(flaws, path, f"true or false is meant, not {_told(data)}")


def _choice(kind: type[StrEnum], data: object, path: str, flaws: list[Flaw]) -> StrEnum | None:
    choices = [member.value for member in kind]
    if isinstance(data, str) and data in choices:
        return kind(data)
    return _flaw(flaws, path, f"{_told(data)} is none of {', '.join(choices)}")


def _day(data: object, path: str, flaws: list[Flaw]) -> date | None:
    try:
        if isinstance(data, str) and (day := date.fromisoformat(data)).isoformat() == data:
            return day
    except ValueError:
        pass
    return _flaw(flaws, path, f"a day such as 2026-06-30 is meant, not {_told(data)}")


def _row(
    data: object, path: str, flaws: list[Flaw], longest: int, *, fade: bool
) -> list[float] | None:
    if not isinstance(data, (list, tuple)):
        meant = "a list of numbers or a fade" if fade else "a list of numbers"
        return _flaw(flaws, path, f"{meant} is meant, not {_told(data)}")
    if not 1 <= len(data) <= longest:
        problem = f"{len(data)} numbers are not between 1 and {longest}"
        return _flaw(flaws, path, problem, out_of_range=True)
    numbers = [_number(member, f"{path}[{place}]", flaws) for place, member in enumerate(data)]
    return None if None in numbers else [number for number in numbers if number is not None]


def _members(
    kind: type, data: object, path: str, flaws: list[Flaw], longest: int
) -> tuple[Any, ...] | None:
    if not isinstance(data, (list, tuple)):
        return _flaw(flaws, path, f"a list is meant, not {_told(data)}")
    if len(data) > longest:
        return _flaw(flaws, path, f"{len(data)} members are more than {longest}")
    return tuple(
        _value(kind, member, f"{path}[{place}]", flaws, LONGEST_ROW)
        for place, member in enumerate(data)
    )


def _flaw(flaws: list[Flaw], path: str, problem: str, *, out_of_range: bool = False) -> None:
    flaws.append(Flaw(place=path, problem=problem, out_of_range=out_of_range))


def _join(path: str, name: object) -> str:
    shown = _shortened(str(name))
    return f"{path}.{shown}" if path else shown


def _told(data: object) -> str:
    """A value as a message may show it: short, whatever it is."""
    if isinstance(data, Mapping):
        return "an object"
    if isinstance(data, (list, tuple)):
        return "a list"
    if isinstance(data, int) and not isinstance(data, bool) and abs(data) > 10**20:
        return "a huge whole number"
    return str(data).lower() if isinstance(data, bool) else _shortened(repr(data))


def _shortened(text: str) -> str:
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= 60 else f"{text[:57]}…"


def _near(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name[:60], known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _required(stated: Field[Any]) -> bool:
    return stated.default is MISSING and stated.default_factory is MISSING


def schema(cls: type) -> dict[str, Any]:
    """The JSON Schema of a model's inputs: what each field means, its unit, its limits."""
    tag = _tag(cls)
    kind = {} if tag is None else {"kind": {"const": tag}}
    return {
        "type": "object",
        "title": cls.__name__,
        "description": (cls.__doc__ or "").split("\n\n")[0].strip(),
        "properties": kind | {f.name: _field_schema(f, hints(cls)[f.name]) for f in fields(cls)},
        "required": [f.name for f in fields(cls) if _required(f)],
        "additionalProperties": False,
    }


def _field_schema(stated: Field[Any], hint: Any) -> dict[str, Any]:
    longest = stated.metadata.get("longest") or LONGEST_ROW
    shapes = [_kind_schema(kind, longest) for kind in kinds(hint)]
    if get_origin(hint) in (Union, UnionType) and type(None) in get_args(hint):
        shapes.append({"type": "null"})
    described: dict[str, Any] = shapes[0] if len(shapes) == 1 else {"anyOf": shapes}
    if "text" in stated.metadata:
        described = {**described, "description": stated.metadata["text"]}
    if stated.metadata.get("unit"):
        described["x-unit"] = stated.metadata["unit"].value
    if not _required(stated):
        described["default"] = dump_value(stated.default)
    return described


_PLAIN_KINDS: dict[Any, dict[str, Any]] = {
    Any: {"type": "number", "minimum": -LARGEST, "maximum": LARGEST},
    bool: {"type": "boolean"},
    int: {"type": "integer", "minimum": 0, "maximum": MOST_YEARS},
    date: {"type": "string", "format": "date"},
    str: {"type": "string", "maxLength": LONGEST_TEXT},
}


def _kind_schema(kind: Any, longest: int = LONGEST_ROW) -> dict[str, Any]:
    if kind in _PLAIN_KINDS:
        return dict(_PLAIN_KINDS[kind])
    if kind is Row:
        number = _kind_schema(Any)
        return {"type": "array", "items": number, "minItems": 1, "maxItems": longest}
    if get_origin(kind) is Annotated:
        return _kind_schema(int) | {"maximum": get_args(kind)[1]}
    if get_origin(kind) is tuple:
        return {"type": "array", "items": _kind_schema(get_args(kind)[0]), "maxItems": longest}
    if issubclass(kind, StrEnum):
        return {"type": "string", "enum": [member.value for member in kind]}
    return schema(kind)
