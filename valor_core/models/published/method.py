"""What a published method is: the shape of its inputs, what computes it, and its main line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from valor_core.models.codec import load, schema


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Values that all answer the question: a source that prints one of them is right."""

    values: tuple[float, ...]

    def nearest(self, published: Any) -> float | None:
        """The value nearest to what a source prints; none where there is none."""
        if not isinstance(published, (int, float)):
            return self.values[0] if self.values else None
        return min(self.values, key=lambda value: abs(value - published), default=None)


def _as_it_stands(stated: dict[str, Any]) -> dict[str, Any]:
    return stated


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A published method, computed by the model that everybody uses.

    Where its sources write inputs in a short form, `spelt_out` gives the form that the codec
    reads, and `with_short_forms` adds the short one to the JSON Schema. A source may print one
    deal in several tables: `told_by` says, by the method of another table, what that states of
    the inputs of this one.
    """

    inputs: type
    compute: Callable[[Any], dict[str, Any]]
    main: str
    spelt_out: Callable[[dict[str, Any]], dict[str, Any]] = _as_it_stands
    with_short_forms: Callable[[dict[str, Any]], dict[str, Any]] = _as_it_stands
    told_by: Mapping[str, Callable[[Any], dict[str, Any]]] = field(default_factory=dict)

    def stated(self, row: dict[str, Any]) -> dict[str, Any]:
        """A row of inputs in the form that the codec reads; nulls are left out."""
        return self.spelt_out({name: value for name, value in row.items() if value is not None})

    def read(self, row: dict[str, Any]) -> Any:
        """The inputs of a row; BadInputs says what is wrong with them."""
        return load(self.inputs, self.stated(row))

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the inputs, short forms among them."""
        return self.with_short_forms(schema(self.inputs))
