"""Why a model of this family refuses inputs: each names the number and the way out.

BadInput
├── LifeOutOfRange, ResearchYearsMissing
├── CommitmentNegative, CommitmentsUntold, LeaseYearsNotPositive
├── DurationNegative, VolatilityNegative, YieldNegative, FixedPointNotFound
├── ConversionSharesNotPositive, ConvertibleNegative
├── GrowthNotBelowCostOfEquity, CostOfEquityTooLow, InputMissing, DividendNegative
├── HalfLifeNegative, DividendBasisUnclear, RoeNotPositive, PersistenceOutOfRange
├── SegmentsMissing, OwnershipOutOfRange, DiscountOutOfRange
├── UnleveredCostTooLow, GrowthNotBelowUnleveredCost, ShieldsGrowTooFast
└── LeverageFeedsItself, DebtPlanDoesNotFit, EquityWipedOut
"""

from valor_core.errors import BadInput
from valor_core.models.numbers import amount


class LifeOutOfRange(BadInput):
    """Research is written off over whole years."""

    code = "life_out_of_range"

    def __init__(self, *, years: int, most: int) -> None:
        super().__init__(
            f"A life of {years} years is not between 1 and {most}.",
            hint="State the years in which research pays, such as 3 for software, 10 for drugs.",
        )


class ResearchYearsMissing(BadInput):
    """The research asset needs the spending of every year that is not yet written off."""

    code = "research_years_missing"

    def __init__(self, *, given: int, years: int) -> None:
        super().__init__(
            f"Research spending of {given} past years is stated, a life of {years} years needs "
            f"{years}.",
            hint="State the missing years, 0 where nothing was spent, or shorten the life.",
        )


class CommitmentNegative(BadInput):
    """A lease asks for payments, it makes none."""

    code = "commitment_negative"

    def __init__(self, *, commitment: float) -> None:
        super().__init__(
            f"A lease commitment of {amount(commitment)} is negative.",
            hint="State what is to be paid as positive amounts.",
        )


class CommitmentsUntold(BadInput):
    """The years in a lump sum of commitments are told by the yearly ones."""

    code = "commitments_untold"

    def __init__(self, *, commitment: float) -> None:
        super().__init__(
            f"Yearly lease commitments of {amount(commitment)} on average cannot tell over how "
            "many years the later ones fall due.",
            hint="State years_beyond, or the commitments of the coming years.",
        )


class LeaseYearsNotPositive(BadInput):
    """Commitments beyond the stated years fall due in some years."""

    code = "lease_years_not_positive"

    def __init__(self, *, years: float) -> None:
        super().__init__(
            f"The later lease commitments would fall due over {years:.6g} years.",
            hint="State years_beyond above 0, or leave it out.",
        )


class DurationNegative(BadInput):
    """Time runs forward."""

    code = "duration_negative"

    def __init__(self, *, years: float) -> None:
        super().__init__(
            f"A time of {years:.6g} years is negative.", hint="State the years still to come."
        )


class VolatilityNegative(BadInput):
    """A standard deviation is not negative."""

    code = "volatility_negative"

    def __init__(self, *, volatility: float) -> None:
        super().__init__(
            f"A volatility of {volatility:.2%} is negative.",
            hint="State the yearly standard deviation of the stock's return, such as 0.35.",
        )


class YieldNegative(BadInput):
    """A dividend yield is not negative."""

    code = "yield_negative"

    def __init__(self, *, rate: float) -> None:
        super().__init__(
            f"A dividend yield of {rate:.2%} is negative.", hint="State 0 where none is paid."
        )


class FixedPointNotFound(BadInput):
    """The value of the options and the price that it dilutes did not settle."""

    code = "fixed_point_not_found"

    def __init__(self, *, gap: float) -> None:
        super().__init__(
            f"The options' value and the diluted price still differ by {gap:.3g} of the price.",
            hint="Look for an input of the wrong size, such as a number of options in units "
            "beside shares in millions.",
        )


class ConversionSharesNotPositive(BadInput):
    """A convertible converts into shares."""

    code = "conversion_shares_not_positive"

    def __init__(self, *, shares: float) -> None:
        super().__init__(
            f"A convertible that becomes {amount(shares)} shares is none.",
            hint="State the shares on conversion: face value over the conversion price.",
        )


class ConvertibleNegative(BadInput):
    """A convertible has a face value and a coupon that are not negative."""

    code = "convertible_negative"

    def __init__(self, *, least: float) -> None:
        super().__init__(
            f"A convertible holds {amount(least)}, which is negative.",
            hint="State face value and coupon as positive numbers, or 0.",
        )


class GrowthNotBelowCostOfEquity(BadInput):
    """A perpetuity that grows as fast as it is discounted has no finite value."""

    code = "growth_not_below_cost_of_equity"

    def __init__(self, *, growth: float, cost_of_equity: float) -> None:
        super().__init__(
            f"Growth for ever of {growth:.2%} is not below the cost of equity of "
            f"{cost_of_equity:.2%}.",
            hint="Lower the growth, or let higher growth end after some years.",
        )


class CostOfEquityTooLow(BadInput):
    """A cost of equity of −100 % or less discounts by nothing or by a negative number."""

    code = "cost_of_equity_too_low"

    def __init__(self, *, cost_of_equity: float) -> None:
        super().__init__(
            f"A cost of equity of {cost_of_equity:.2%} is not above -100 %.",
            hint="State it as a fraction, such as 0.09 for 9 %.",
        )


class InputMissing(BadInput):
    """One input asks for another."""

    code = "input_missing"

    def __init__(self, field: str, *, needed_for: str) -> None:
        super().__init__(
            f"{field} is not stated, and {needed_for} needs it.", hint=f"State {field}."
        )


class DividendNegative(BadInput):
    """Owners receive dividends, they do not pay them."""

    code = "dividend_negative"

    def __init__(self, *, dividend: float) -> None:
        super().__init__(
            f"A dividend of {amount(dividend)} is negative.",
            hint="State 0 for years without one; new shares sold are no dividend.",
        )


class HalfLifeNegative(BadInput):
    """Growth fades in some years, never in less than none."""

    code = "half_life_negative"

    def __init__(self, *, half_life: float) -> None:
        super().__init__(
            f"A half-life of {half_life:.6g} years is negative.",
            hint="State half the years in which growth fades, such as 4 for a fade of 8 years.",
        )


class DividendBasisUnclear(BadInput):
    """Dividends are stated, or follow from exactly one start."""

    code = "dividend_basis_unclear"

    def __init__(self, *, given: int) -> None:
        super().__init__(
            f"{given} of dividends, last_dividend, next_dividend and earnings are stated.",
            hint="State exactly one of them: dividends follow from it.",
        )


class RoeNotPositive(BadInput):
    """What is kept grows at a return that must be positive."""

    code = "roe_not_positive"

    def __init__(self, *, roe: float) -> None:
        super().__init__(
            f"A return on equity of {roe:.2%} is not positive.",
            hint="State terminal_payout, or a return on equity above the growth.",
        )


class PersistenceOutOfRange(BadInput):
    """Between nothing and all of a residual income is left a year later."""

    code = "persistence_out_of_range"

    def __init__(self, *, persistence: float) -> None:
        super().__init__(
            f"A persistence of {persistence:.2%} is not between 0 and 100 %.",
            hint="State the part of residual income that competition leaves a year later, "
            "such as 0.6.",
        )


class SegmentsMissing(BadInput):
    """A sum of the parts has parts."""

    code = "segments_missing"

    def __init__(self) -> None:
        super().__init__(
            "A sum of the parts without a segment is none.", hint="State each business."
        )


class OwnershipOutOfRange(BadInput):
    """A company owns between nothing and all of a segment."""

    code = "ownership_out_of_range"

    def __init__(self, *, owned: float) -> None:
        super().__init__(
            f"An owned part of {owned:.2%} is not between 0 and 100 %.",
            hint="State it as a fraction, such as 0.75.",
        )


class DiscountOutOfRange(BadInput):
    """A discount takes between nothing and all."""

    code = "discount_out_of_range"

    def __init__(self, *, discount: float) -> None:
        super().__init__(
            f"A holding discount of {discount:.2%} is not between 0 and 100 %.",
            hint="State it as a fraction, such as 0.15.",
        )


class UnleveredCostTooLow(BadInput):
    """A cost of capital of −100 % or less discounts by nothing or by a negative number."""

    code = "unlevered_cost_too_low"

    def __init__(self, *, cost: float) -> None:
        super().__init__(
            f"A cost of capital without debt of {cost:.2%} is not above -100 %.",
            hint="State it as a fraction, such as 0.08 for 8 %.",
        )


class GrowthNotBelowUnleveredCost(BadInput):
    """A perpetuity that grows as fast as it is discounted has no finite value."""

    code = "growth_not_below_unlevered_cost"

    def __init__(self, *, growth: float, cost: float) -> None:
        super().__init__(
            f"Terminal growth of {growth:.2%} is not below the cost of capital without debt of "
            f"{cost:.2%}.",
            hint="Lower the growth, or forecast until it is lower.",
        )


class ShieldsGrowTooFast(BadInput):
    """Tax shields that grow as fast as they are discounted are worth more than any company."""

    code = "shields_grow_too_fast"

    def __init__(self, *, growth: float, rate: float) -> None:
        super().__init__(
            f"Debt that grows by {growth:.2%} for ever saves tax that is discounted at {rate:.2%} "
            "only.",
            hint="Let the debt follow the value (harris_pringle or miles_ezzell), or lower the "
            "growth.",
        )


class LeverageFeedsItself(BadInput):
    """Debt as a share of value raises the value by its shields, which raises the debt."""

    code = "leverage_feeds_itself"

    def __init__(self, *, leverage: float) -> None:
        super().__init__(
            f"Debt of {leverage:.2%} of the value saves so much tax that no value is high enough.",
            hint="State debt as a share of value, such as 0.3, below 1.",
        )


class DebtPlanDoesNotFit(BadInput):
    """The debt is planned for today and for the end of each year."""

    code = "debt_plan_does_not_fit"

    def __init__(self, *, given: int, years: int) -> None:
        super().__init__(
            f"The debt has {given} numbers; today and the end of each of {years} years make "
            f"{years + 1}.",
            hint="State today's debt first, then one number for the end of each forecast year.",
        )


class EquityWipedOut(BadInput):
    """Debt of all the value, or more, leaves no equity to cost anything."""

    code = "equity_wiped_out"

    def __init__(self, *, worth: float, debt: float) -> None:
        super().__init__(
            f"Debt of {amount(debt)} leaves nothing of a value of {amount(worth)}.",
            hint="Plan less debt, or value a company in distress as an option on its assets.",
        )
