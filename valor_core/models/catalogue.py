"""Every model that can be run, saved, explained and exported, in one explicit list."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from valor_core.errors import NotFound
from valor_core.models.cost_of_capital import (
    CostOfCapitalInputs,
    CostOfCapitalResult,
    cost_of_capital,
)
from valor_core.models.dcf import DcfInputs, DcfResult, discounted_cash_flow
from valor_core.models.dcf_direct import DirectDcfInputs, DirectDcfResult, direct_cash_flow


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model by name and version, which changes whenever equal inputs may value otherwise."""

    name: str
    version: int
    inputs: type
    result: type
    function: Callable[[Any], Any]


MODELS: tuple[Model, ...] = (
    Model(
        name="dcf",
        version=1,
        inputs=DcfInputs,
        result=DcfResult,
        function=discounted_cash_flow,
    ),
    Model(
        name="dcf_direct",
        version=1,
        inputs=DirectDcfInputs,
        result=DirectDcfResult,
        function=direct_cash_flow,
    ),
    Model(
        name="cost_of_capital",
        version=1,
        inputs=CostOfCapitalInputs,
        result=CostOfCapitalResult,
        function=cost_of_capital,
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
