"""The errors of returns: no rate, or several, and flows that do not fit."""

from collections.abc import Sequence

from valor_core.errors import BadInput


class AmbiguousIrr(BadInput):
    """Several rates make the net present value zero, so none of them is the return."""

    code = "ambiguous_irr"

    def __init__(self, *, rates: Sequence[float]) -> None:
        self.rates = tuple(rates)
        told = ", ".join(f"{rate:.2%}" for rate in self.rates)
        super().__init__(
            f"The flows have {len(self.rates)} internal rates of return: {told}.",
            hint="Judge them by their NPV at a stated rate, or by the MIRR.",
        )


class DatesDoNotFit(BadInput):
    """Each flow has its day."""

    code = "dates_do_not_fit"

    def __init__(self, *, dates: int, flows: int) -> None:
        super().__init__(
            f"{dates} dates are given for {flows} flows.",
            hint="Give one date for each flow, in the same order; several may be equal.",
        )


class RateTooLow(BadInput):
    """A rate of −100 % or less discounts by nothing or by a negative number."""

    code = "rate_too_low"

    def __init__(self, *, rate: float) -> None:
        super().__init__(
            f"A rate of {rate:.2%} is not above -100 %.",
            hint="State it as a fraction, such as 0.085 for 8.5 %.",
        )


class IndexNotPositive(BadInput):
    """A market's index is a positive number on each day."""

    code = "index_not_positive"

    def __init__(self, *, least: float) -> None:
        super().__init__(
            f"The market index holds {least:.6g}, which is not above 0.",
            hint="State the index, dividends reinvested, on the day of each flow.",
        )


class NoIrr(BadInput):
    """No rate above −100 % makes the net present value zero."""

    code = "no_irr"

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            f"The flows have no internal rate of return: {reason}.",
            hint="Judge them by their NPV at a stated rate, or by the multiple of money.",
        )
