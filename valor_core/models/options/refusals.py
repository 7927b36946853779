"""Why an option is refused: each names the number and the way out.

BadInput
├── UnderlyingNotPositive, StrikeNotPositive, StrikeNegative, OptionVolatilityNegative
├── ExpiryNegative, DecisionAfterExpiry, CorrelationOutOfRange, UnitsNotPositive
├── RatesNegative, VolatilityTooLow, NothingLostByWaiting, NothingUncertain
├── RightMissing, ShareNotPositive, DetailMissing, TooFewValues, ValueNotPositive
└── StepsOutOfRange, StepsTooFew, PathsOutOfRange, DatesOutOfRange
"""

from valor_core.errors import BadInput
from valor_core.models.numbers import amount


class UnderlyingNotPositive(BadInput):
    """An option on something that is worth nothing, or less."""

    code = "underlying_not_positive"

    def __init__(self, *, underlying: float) -> None:
        super().__init__(
            f"The underlying is worth {amount(underlying)}, which is not positive.",
            hint="State the present value of what the option is on, before the option's own cost.",
        )


class StrikeNotPositive(BadInput):
    """An option with nothing to pay or to receive on exercise."""

    code = "strike_not_positive"

    def __init__(self, *, strike: float) -> None:
        super().__init__(
            f"A strike of {amount(strike)} is not positive.",
            hint="State what is paid or received on exercise, in the money of the underlying.",
        )


class StrikeNegative(BadInput):
    """The price of an option on an option is below zero."""

    code = "strike_negative"

    def __init__(self, *, strike: float) -> None:
        super().__init__(
            f"A first strike of {amount(strike)} is negative.",
            hint="State what the first stage costs; 0 where it is free.",
        )


class OptionVolatilityNegative(BadInput):
    """A volatility below zero."""

    code = "option_volatility_negative"

    def __init__(self, *, volatility: float) -> None:
        super().__init__(
            f"A volatility of {volatility:.2%} is negative.",
            hint="State the standard deviation of a year's log return, 0 where nothing can move.",
        )


class ExpiryNegative(BadInput):
    """An option that ended in the past."""

    code = "expiry_negative"

    def __init__(self, *, years: float) -> None:
        super().__init__(
            f"An expiry {years:g} years from today lies in the past.",
            hint="Count the years from the day of the valuation; 0 is today.",
        )


class DecisionAfterExpiry(BadInput):
    """The first decision comes after the option that it is about has ended."""

    code = "decision_after_expiry"

    def __init__(self, *, decision: float, expiry: float) -> None:
        super().__init__(
            f"A decision after {decision:g} years comes later than the expiry after {expiry:g}.",
            hint="Count both from today; the decision comes first.",
        )


class CorrelationOutOfRange(BadInput):
    """A correlation beyond one."""

    code = "correlation_out_of_range"

    def __init__(self, *, correlation: float) -> None:
        super().__init__(
            f"A correlation of {correlation:g} is not between −1 and 1.",
            hint="State the correlation of the two log returns.",
        )


class UnitsNotPositive(BadInput):
    """An exchange of nothing."""

    code = "units_not_positive"

    def __init__(self, *, units: float) -> None:
        super().__init__(
            f"{units:g} units are not a positive number of them.",
            hint="State how many units of each asset change hands.",
        )


class RatesNegative(BadInput):
    """Below zero for both rates the exercise region has two boundaries, which no formula knows."""

    code = "rates_negative"

    def __init__(self, *, rate: float, dividend_yield: float) -> None:
        super().__init__(
            f"With a rate of {rate:.2%} and a yield of {dividend_yield:.2%} early exercise may pay "
            "in the middle of the prices alone.",
            hint="Value this option by the lattice.",
        )


class VolatilityTooLow(BadInput):
    """The drift so outweighs the volatility that the approximation loses its digits."""

    code = "volatility_too_low"

    def __init__(self, *, volatility: float) -> None:
        super().__init__(
            f"A volatility of {volatility:.3%} is too low beside the drift for this approximation.",
            hint="Take Barone-Adesi and Whaley, or a volatility of 0 where nothing can move.",
        )


class NothingLostByWaiting(BadInput):
    """Whoever loses nothing by waiting never invests."""

    code = "nothing_lost_by_waiting"

    def __init__(self, *, cash_yield: float) -> None:
        super().__init__(
            f"With a yield of {cash_yield:.2%} nothing is lost by waiting, so there is no trigger.",
            hint="State what the project would pay out in a year as a part of its value.",
        )


class StepsOutOfRange(BadInput):
    """A lattice of no step, or of more than anybody waits for."""

    code = "steps_out_of_range"

    def __init__(self, *, steps: int, least: int, most: int) -> None:
        super().__init__(
            f"{steps} steps are not between {least} and {most}.",
            hint="Take some hundred steps: the error is told beside the value.",
        )


class StepsTooFew(BadInput):
    """Each step drifts further than it spreads, so its probabilities are none."""

    code = "steps_too_few"

    def __init__(self, *, steps: float, needed: float) -> None:
        super().__init__(
            f"With so low a volatility a lattice of {steps:,.0f} steps has no probabilities; it "
            f"takes more than {needed:,.0f}.",
            hint="Take more steps, or a volatility of 0 where nothing can move.",
        )


class PathsOutOfRange(BadInput):
    """A simulation of no path, or of more than fit the memory."""

    code = "paths_out_of_range"

    def __init__(self, *, paths: int, least: int, most: int) -> None:
        super().__init__(
            f"{paths:,} paths are not between {least:,} and {most:,}.",
            hint="Take 100,000 paths: four times as many halve the standard error.",
        )


class DatesOutOfRange(BadInput):
    """A simulated option without a date of exercise, or with more than anybody waits for."""

    code = "dates_out_of_range"

    def __init__(self, *, dates: int, most: int) -> None:
        super().__init__(
            f"{dates} dates of exercise are not between 1 and {most}.",
            hint="Take 50 dates a year.",
        )


class NothingUncertain(BadInput):
    """Flexibility is worth nothing where nothing can change before it ends."""

    code = "nothing_uncertain"

    def __init__(self, *, volatility: float, years: float) -> None:
        super().__init__(
            f"With a volatility of {volatility:.2%} over {years:g} years nothing is uncertain.",
            hint="Compare the plans by their net present values, or state a volatility.",
        )


class RightMissing(BadInput):
    """A project without a stage or a right."""

    code = "right_missing"

    def __init__(self) -> None:
        super().__init__(
            "The project has neither a stage to pay nor a right.",
            hint="State at least one; a project without any is worth its DCF.",
        )


class ShareNotPositive(BadInput):
    """A right over no part of the project."""

    code = "share_not_positive"

    def __init__(self, *, share: float) -> None:
        super().__init__(
            f"A right over {share:.2%} of the project is none.",
            hint="State the part of the project that is added, given up or changed.",
        )


class DetailMissing(BadInput):
    """A kind of right needs terms that only it has."""

    code = "detail_missing"

    def __init__(self, *, kind: str, field: str) -> None:
        super().__init__(
            f"A right to {kind} needs {field}, and none is given.",
            hint=f"State {field}, or another kind of right.",
        )


class TooFewValues(BadInput):
    """Simulated values of which no deviation can be told."""

    code = "too_few_values"

    def __init__(self, *, count: int) -> None:
        super().__init__(
            f"{count} simulated values tell no volatility.",
            hint="Simulate some thousand values of the project.",
        )


class ValueNotPositive(BadInput):
    """Simulated values have no logarithm."""

    code = "value_not_positive"

    def __init__(self, *, least: float) -> None:
        super().__init__(
            f"A simulated value of {amount(least)} is not positive, so it has no log return.",
            hint="Simulate the value before its outlay; what is often below zero is no lognormal.",
        )
