"""Why a relative valuation is refused: each names the number and the way out."""

from valor_core.errors import BadInput
from valor_core.models.numbers import amount


class NoMultiple(BadInput):
    """No multiple that counts has both a peer and a figure of the company."""

    code = "no_multiple"

    def __init__(self) -> None:
        super().__init__(
            "No multiple that counts has both a peer with a meaning and a figure of the company "
            "above 0.",
            hint="Add peers or figures, or weigh another multiple, such as EV to revenue.",
        )


class CompanyNotCovered(BadInput):
    """The multiple has no meaning for the company itself."""

    code = "company_not_covered"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"The company has no {what} above 0 to be multiplied.",
            hint="Choose a multiple of a figure that is above 0, such as revenue.",
        )


class MultipleWeightNegative(BadInput):
    """A multiple counts, or it does not."""

    code = "multiple_weight_negative"

    def __init__(self, *, weight: float) -> None:
        super().__init__(
            f"A weight of {weight:.6g} is negative.", hint="State weights not below 0."
        )


class MonthOutOfRange(BadInput):
    """A fiscal year ends in one of twelve months."""

    code = "month_out_of_range"

    def __init__(self, *, month: int) -> None:
        super().__init__(
            f"Month {month} is not between 1 and 12.",
            hint="State the month in which the fiscal year ends, 12 for December.",
        )


class NextYearMissing(BadInput):
    """A fiscal year that ends apart from the common one needs the year after it."""

    code = "next_year_missing"

    def __init__(self, *, name: str, month: int, common: int) -> None:
        super().__init__(
            f"The fiscal year of {name} ends in month {month}, the common year in month {common}, "
            "and its next year is not stated.",
            hint="State next_figures, or let common_year_end be 0 to take years as they are.",
        )


class ControlPremiumTooLow(BadInput):
    """Control is worth something, or takes off at most all."""

    code = "control_premium_too_low"

    def __init__(self, *, premium: float) -> None:
        super().__init__(
            f"A control premium of {premium:.2%} is not above -100 %.",
            hint="State it as a fraction, such as 0.25, or 0.",
        )


class TooFewPeers(BadInput):
    """A regression needs more peers than it has coefficients."""

    code = "too_few_peers"

    def __init__(self, *, peers: int, least: int) -> None:
        super().__init__(
            f"{peers} peers are too few for this regression, which needs {least}.",
            hint="Add peers, or explain the multiple by fewer fundamentals.",
        )


class FundamentalsAlike(BadInput):
    """A fundamental that never varies, or follows from the others, explains nothing."""

    code = "fundamentals_alike"

    def __init__(self) -> None:
        super().__init__(
            "The fundamentals do not vary apart from each other over these peers.",
            hint="Leave out the one that follows from the others, or that is the same for all.",
        )


class MultipleNotPositive(BadInput):
    """A logarithm is taken of positive multiples."""

    code = "multiple_not_positive"

    def __init__(self, *, multiple: float) -> None:
        super().__init__(
            f"A peer's multiple of {multiple:.6g} is not above 0.",
            hint="Leave out peers whose multiple has no meaning.",
        )


class OneFundamentalOnly(BadInput):
    """The slope of Theil and Sen is that of one fundamental."""

    code = "one_fundamental_only"

    def __init__(self, *, given: int) -> None:
        super().__init__(
            f"Theil and Sen's slope is of one fundamental, not of {given}.",
            hint="State one fundamental, or fit by Huber.",
        )


class PredictionLevelOutOfRange(BadInput):
    """An interval holds some of what may come, never all."""

    code = "prediction_level_out_of_range"

    def __init__(self, *, level: float) -> None:
        super().__init__(
            f"A level of {level:.2%} is not between 0 and 100 %.",
            hint="State it as a fraction, such as 0.8.",
        )


class RangeBackwards(BadInput):
    """A range runs from low over mid to high."""

    code = "range_backwards"

    def __init__(self, *, method: str, low: float, mid: float, high: float) -> None:
        super().__init__(
            f"{method} runs from {amount(low)} over {amount(mid)} to {amount(high)}.",
            hint="State the low, the middle and the high value in this order.",
        )
