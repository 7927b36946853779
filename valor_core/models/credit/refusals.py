"""The errors of credit models."""

from functools import partial

from valor_core.errors import BadInput
from valor_core.models.numbers import Numbers, amount, valid_where


class FigureNotPositive(BadInput):
    """A ratio is taken over a figure that must be positive."""

    code = "figure_not_positive"

    def __init__(self, figure: str, *, stated: float) -> None:
        super().__init__(
            f"{figure} of {amount(stated)} is not above 0, and ratios are taken over it.",
            hint="State it as filed, as a positive amount.",
        )


class DefaultUnsolved(BadInput):
    """No value of the assets explains the price and the volatility of the equity."""

    code = "default_unsolved"

    def __init__(self, *, off: float) -> None:
        super().__init__(
            f"No asset value explains the equity: the nearest misses it by {off:.3g}.",
            hint="Look for an equity value, debt or volatility of the wrong size.",
        )


def positive(figure: str, value: Numbers) -> Numbers:
    """The figure, where it is above 0."""
    return valid_where(value > 0.0, value, partial(FigureNotPositive, figure), stated=value)
