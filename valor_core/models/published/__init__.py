"""The shapes in which valuations are published, each computed by the model that everybody uses."""

from pathlib import Path

from valor_core.models.published import (
    comparables,
    cost_of_capital,
    credit,
    direct,
    drivers,
    equity,
    intrinsic,
    lbo,
    merger,
    options,
    returns,
    simulation,
)
from valor_core.models.published.method import Method

CASES = Path(__file__).parent / "cases"
"""What the project has transcribed, a file a case, each with its source."""

FAMILIES = (
    comparables,
    cost_of_capital,
    credit,
    direct,
    drivers,
    equity,
    intrinsic,
    lbo,
    merger,
    options,
    returns,
    simulation,
)

METHODS: dict[str, Method] = {
    name: method for family in FAMILIES for name, method in family.METHODS.items()
}
