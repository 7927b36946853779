"""Why a forecast of statements is refused."""

from valor_core.errors import BadInput
from valor_core.models.numbers import amount


class DriverOutOfRange(BadInput):
    """A driver of the statements lies outside what it can mean."""

    code = "driver_out_of_range"

    def __init__(self, driver: str, *, stated: float, least: float, most: float) -> None:
        super().__init__(
            f"{driver} of {stated:,.4g} lies outside {least:,.4g} to {most:,.4g}.",
            hint="State shares and rates as fractions (0.25 is 25 %), days as days.",
        )


class RepaidBeyondBalance(BadInput):
    """More of a debt is repaid than is owed."""

    code = "repaid_beyond_balance"

    def __init__(self, *, closing: float) -> None:
        super().__init__(
            f"Repayments beyond what is owed would leave a debt of {amount(closing)}.",
            hint="Repay less, or issue the debt first.",
        )


class RevolverBeyondLimit(BadInput):
    """The plan needs more cash than the revolver may lend."""

    code = "revolver_beyond_limit"

    def __init__(self, *, drawn: float, limit: float) -> None:
        super().__init__(
            f"The plan draws {amount(drawn)} on a revolver of at most {amount(limit)}.",
            hint="Issue debt or shares, pay out less, or raise the limit.",
        )
