"""What a model is: a name and version, inputs, result, and the one function between them."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from valor_core.models.checks import Check
from valor_core.models.fields import Unit, hints, is_number, is_row


def _unchecked(_inputs: Any, _result: Any) -> tuple[Check, ...]:
    return ()


def _unsaid(_inputs: Any) -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model by name and version, which changes whenever equal inputs may value otherwise."""

    name: str
    version: int
    inputs: type
    result: type
    function: Callable[[Any], Any]
    checks: Callable[[Any, Any], tuple[Check, ...]] = _unchecked
    conventions: Callable[[Any], dict[str, str]] = _unsaid

    @property
    def slug(self) -> str:
        """Its name in an address and on the command line.

        >>> from valor_core.models.catalogue import model_named
        >>> model_named("dcf_direct").slug
        'dcf-direct'
        """
        return self.name.replace("_", "-")

    @property
    def headline(self) -> str:
        """The result that a reader asks for first: the last of its single numbers.

        >>> from valor_core.models.catalogue import model_named
        >>> model_named("cost_of_capital").headline
        'wacc'
        """
        types = hints(self.result)
        return [name for name, hint in types.items() if is_number(hint) and not is_row(hint)][-1]

    @property
    def headline_unit(self) -> Unit | None:
        """What the headline is counted in."""
        return next(f for f in fields(self.result) if f.name == self.headline).metadata["unit"]
