"""Why a merger is refused: each names the number and the way out."""

from functools import partial

from valor_core.errors import BadInput
from valor_core.models.numbers import Numbers, amount, valid_where


class MixOutOfRange(BadInput):
    """Cash and debt pay parts of the price, stock pays the rest."""

    code = "mix_out_of_range"

    def __init__(self, *, cash: float, debt: float) -> None:
        super().__init__(
            f"Cash of {cash:.2%} and debt of {debt:.2%} leave {1.0 - cash - debt:.2%} for stock.",
            hint="State the parts paid in cash and by new debt as fractions that sum to at most 1.",
        )


class PartOutOfRange(BadInput):
    """A part of a whole lies between none and all of it."""

    code = "part_out_of_range"

    def __init__(self, what: str, *, part: float) -> None:
        super().__init__(
            f"The part {what} is {part:.2%}, which is not between 0 and 100 %.",
            hint="State it as a fraction, such as 0.75.",
        )


class StakeOutOfRange(BadInput):
    """An acquirer buys some of the target, at most all of it."""

    code = "stake_out_of_range"

    def __init__(self, *, stake: float) -> None:
        super().__init__(
            f"A stake of {stake:.2%} is not above 0 and at most 100 %.",
            hint="State the acquired part of the target's equity as a fraction, such as 0.75.",
        )


class OfferNotPositive(BadInput):
    """A target is bought for something."""

    code = "offer_not_positive"

    def __init__(self, *, offer: float) -> None:
        super().__init__(
            f"An offer of {offer:.6g} a share is not above 0.",
            hint="State the price offered for one share of the target, or a premium above -1.",
        )


class CollarBackwards(BadInput):
    """A collar runs from a lower to a higher price of the acquirer's share."""

    code = "collar_backwards"

    def __init__(self, *, low: float, high: float) -> None:
        super().__init__(
            f"A collar from {low:.6g} to {high:.6g} does not run upwards from above 0.",
            hint="State the lower and the higher price between which the promise holds.",
        )


class LifeNotPositive(BadInput):
    """A write-up is charged over some time."""

    code = "life_not_positive"

    def __init__(self, *, life: float) -> None:
        super().__init__(
            f"A life of {life:.6g} years is not above 0.",
            hint="State the years over which it is charged, or none where it never is.",
        )


class MergerAmountNegative(BadInput):
    """What a deal costs or refinances is stated as a positive amount."""

    code = "merger_amount_negative"

    def __init__(self, what: str, *, stated: float) -> None:
        super().__init__(
            f"{what} of {amount(stated)} is negative.", hint="State it as an amount not below 0."
        )


class DealTaxOutOfRange(BadInput):
    """A tax on profit leaves some of it."""

    code = "deal_tax_out_of_range"

    def __init__(self, *, tax: float) -> None:
        super().__init__(
            f"A tax rate of {tax:.2%} is not from 0 to below 100 %.",
            hint="State it as a fraction, such as 0.25.",
        )


class JudgedYearOutOfRange(BadInput):
    """A deal is judged by one of its forecast years."""

    code = "judged_year_out_of_range"

    def __init__(self, *, year: int, years: int) -> None:
        super().__init__(
            f"Year {year} is none of the {years} forecast years.",
            hint="State the year by which the deal is judged, counted from 1.",
        )


class SynergiesGrowTooFast(BadInput):
    """Synergies that grow for ever as fast as they are discounted have no finite value."""

    code = "synergies_grow_too_fast"

    def __init__(self, *, growth: float, rate: float) -> None:
        super().__init__(
            f"Synergies that grow by {growth:.2%} for ever are not worth a finite amount at a "
            f"discount rate of {rate:.2%}.",
            hint="Lower their growth, or state none: then they end with the forecast.",
        )


class SynergyRateTooLow(BadInput):
    """A discount rate of −100 % or less discounts by nothing or by a negative number."""

    code = "synergy_rate_too_low"

    def __init__(self, *, rate: float) -> None:
        super().__init__(
            f"A discount rate for synergies of {rate:.2%} is not above -100 %.",
            hint="State it as a fraction, such as 0.09.",
        )


class EquityDoesNotTie(BadInput):
    """Equity is what assets leave after liabilities."""

    code = "equity_does_not_tie"

    def __init__(self, *, equity: float, assets: float, liabilities: float) -> None:
        super().__init__(
            f"Equity of {amount(equity)} is not assets of {amount(assets)} less liabilities of "
            f"{amount(liabilities)}.",
            hint="State either the equity or both assets and liabilities, or let them tie.",
        )


class SourcesDoNotTie(BadInput):
    """Cash, debt and stock pay the price, no more and no less."""

    code = "sources_do_not_tie"

    def __init__(self, *, sources: float, price: float) -> None:
        super().__init__(
            f"Cash, debt and stock of {amount(sources)} do not pay the price of {amount(price)}.",
            hint="State two of the three, or let them sum to the price.",
        )


def not_negative(what: str, stated: Numbers) -> Numbers:
    """The amount, where it is not below 0."""
    return valid_where(stated >= 0.0, stated, partial(MergerAmountNegative, what), stated=stated)


def within_whole(what: str, part: Numbers) -> Numbers:
    """The part, where it lies between none and all."""
    return valid_where(
        (part >= 0.0) & (part <= 1.0), part, partial(PartOutOfRange, what), part=part
    )
