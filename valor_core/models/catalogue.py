"""Every model that can be run, saved, explained and exported, in one explicit list."""

from typing import Any

from valor_core.errors import NotFound
from valor_core.models.checks import Check
from valor_core.models.cost_of_capital import (
    CostOfCapitalInputs,
    CostOfCapitalResult,
    cost_of_capital,
)
from valor_core.models.dcf import DcfInputs, DcfResult, discounted_cash_flow
from valor_core.models.dcf_checks import dcf_checks
from valor_core.models.dcf_conventions import dcf_conventions
from valor_core.models.dcf_direct import DirectDcfInputs, DirectDcfResult, direct_cash_flow
from valor_core.models.model import Model
from valor_core.models.returns.model import ReturnsInputs, ReturnsResult, returns
from valor_core.models.fields import hints, is_number, is_row
from valor_core.models.lbo.buyout import LboInputs, LboResult, leveraged_buyout
from valor_core.models.lbo.effective_interest import (
    EffectiveInterestInputs,
    EffectiveInterestResult,
    effective_interest,
)


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
    def headline(self) -> str:
        """The result that a reader asks for first: the last of its single numbers.

        >>> model_named("cost_of_capital").headline
        'wacc'
        """
        types = hints(self.result)
        return [name for name, hint in types.items() if is_number(hint) and not is_row(hint)][-1]


MODELS: tuple[Model, ...] = (
    Model(
        name="dcf",
        version=1,
        inputs=DcfInputs,
        result=DcfResult,
        function=discounted_cash_flow,
        checks=dcf_checks,
        conventions=dcf_conventions,
    ),
    Model(
        name="dcf_direct",
        version=1,
        inputs=DirectDcfInputs,
        result=DirectDcfResult,
        function=direct_cash_flow,
        checks=dcf_checks,
        conventions=dcf_conventions,
    ),
    Model(
        name="cost_of_capital",
        version=1,
        inputs=CostOfCapitalInputs,
        result=CostOfCapitalResult,
        function=cost_of_capital,
    ),
    Model(
        name="returns",
        version=1,
        inputs=ReturnsInputs,
        result=ReturnsResult,
        function=returns,
        name="lbo",
        version=1,
        inputs=LboInputs,
        result=LboResult,
        function=leveraged_buyout,
    ),
    Model(
        name="effective_interest",
        version=1,
        inputs=EffectiveInterestInputs,
        result=EffectiveInterestResult,
        function=effective_interest,
    ),
)


def model_of(inputs: object) -> Model:
    """The model that takes these inputs."""
    for model in MODELS:
        if type(inputs) is model.inputs:
            return model
    raise TypeError(f"no model takes {type(inputs).__name__}")


def model_named(name: str) -> Model:
    """The model of that name."""
    for model in MODELS:
        if model.name == name:
            return model
    raise NotFound("model", name)


def checks_of(inputs: Any, result: Any) -> tuple[Check, ...]:
    """What to question in a value, what failed first."""
    return model_of(inputs).checks(inputs, result)
