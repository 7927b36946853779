"""The shapes in which valuations are published, each computed by the model that everybody uses."""

from valor_core.models.published import cost_of_capital, direct, drivers, equity, lbo
from valor_core.models.published.method import Method

METHODS: dict[str, Method] = (
    drivers.METHODS | direct.METHODS | equity.METHODS | cost_of_capital.METHODS | lbo.METHODS
)
