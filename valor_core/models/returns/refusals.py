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


class NoIrr(BadInput):
    """No rate above −100 % makes the net present value zero."""

    code = "no_irr"

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            f"The flows have no internal rate of return: {reason}.",
            hint="Judge them by their NPV at a stated rate, or by the multiple of money.",
        )
