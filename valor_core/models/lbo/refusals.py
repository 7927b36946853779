"""Why a buyout is refused: each names the number and the way out.

BadInput
├── DealAmountNegative, DealShareOutOfRange, DealRateOutOfRange, IssuePriceOutOfRange
├── EntryEbitdaNotPositive, CashUsedExceedsCash, SponsorEquityNotPositive
├── DrawnExceedsCommitment, LimitNotPositive, CashForEventMissing
├── ExitOutOfRange, EventOutOfRange, NoSuchTranche, PhaseInTooShort, BandsNotRising
├── ReturnOutOfReach, RequiredReturnTooLow, YearLengthNotPositive
└── CostsExceedFace, ReleaseOutOfRange
"""

from valor_core.errors import BadInput
from valor_core.models.numbers import amount


class DealAmountNegative(BadInput):
    """An amount of the deal is negative."""

    code = "deal_amount_negative"

    def __init__(self, *, item: str, least: float) -> None:
        super().__init__(
            f"The {item} of {amount(least)} is negative.",
            hint="State amounts as positive numbers; the model knows what is paid and what comes.",
        )


class DealShareOutOfRange(BadInput):
    """A part of a whole is less than nothing, or more than all."""

    code = "deal_share_out_of_range"

    def __init__(self, *, item: str, share: float) -> None:
        super().__init__(
            f"The {item} of {share:.2%} is not between 0 % and 100 %.",
            hint="State it as a fraction: 0.5 for a half.",
        )


class DealRateOutOfRange(BadInput):
    """A rate of the deal is negative, or so high that it must be a slip."""

    code = "deal_rate_out_of_range"

    def __init__(self, *, item: str, rate: float) -> None:
        super().__init__(
            f"The {item} of {rate:.2%} is not between 0 % and 100 %.",
            hint="State rates as fractions: 0.085 is 8.5 %.",
        )


class IssuePriceOutOfRange(BadInput):
    """Debt is placed for nothing, or above its face."""

    code = "issue_price_out_of_range"

    def __init__(self, *, price: float) -> None:
        super().__init__(
            f"An issue price of {amount(price)} is not above 0 and at most 1.",
            hint="State what one unit of face brings: 0.98 for 98 per cent; 1 is par.",
        )


class EntryEbitdaNotPositive(BadInput):
    """There are no earnings that the entry multiple could price."""

    code = "entry_ebitda_not_positive"

    def __init__(self, *, ebitda: float) -> None:
        super().__init__(
            f"An EBITDA of {amount(ebitda)} cannot be bought at a multiple.",
            hint="State the EBITDA of the last twelve months, adjusted for what will not recur.",
        )


class CashUsedExceedsCash(BadInput):
    """More cash pays for the deal than the company holds."""

    code = "cash_used_exceeds_cash"

    def __init__(self, *, used: float, held: float) -> None:
        super().__init__(
            f"Cash of {amount(used)} is to pay for the deal, but the company holds {amount(held)}.",
            hint="Use at most what the company holds.",
        )


class SponsorEquityNotPositive(BadInput):
    """The other sources pay for everything, so nobody invests."""

    code = "sponsor_equity_not_positive"

    def __init__(self, *, equity: float, uses: float) -> None:
        super().__init__(
            f"With uses of {amount(uses)} the sponsor's equity would be {amount(equity)}.",
            hint="Lower the debt, the rollover or the cash used: a return needs an investment.",
        )


class DrawnExceedsCommitment(BadInput):
    """More of the revolver is drawn at close than lenders have committed."""

    code = "drawn_exceeds_commitment"

    def __init__(self, *, drawn: float, commitment: float) -> None:
        super().__init__(
            f"The revolver is drawn by {amount(drawn)} of a commitment of {amount(commitment)}.",
            hint="Raise the commitment, or draw less at close.",
        )


class LimitNotPositive(BadInput):
    """A covenant limits a ratio to nothing."""

    code = "limit_not_positive"

    def __init__(self, *, limit: float) -> None:
        super().__init__(
            f"A covenant's limit of {amount(limit)} is not above 0.",
            hint="State the ratio that the credit agreement names, such as 6.5.",
        )


class CostsExceedFace(BadInput):
    """Placing the debt costs all that it brings, so no rate can be effective."""

    code = "costs_exceed_face"

    def __init__(self, *, costs: float, face: float) -> None:
        super().__init__(
            f"Costs of {amount(costs)} leave nothing of a face of {amount(face)}.",
            hint="Look for a fee stated in per cent where a fraction is meant.",
        )


class ReleaseOutOfRange(BadInput):
    """The costs are released over no year, or over more than any debt lasts."""

    code = "release_out_of_range"

    def __init__(self, *, years: int, most: int) -> None:
        super().__init__(
            f"Costs cannot be released over {years} years, only over 1 to {most}.",
            hint="Release them until the debt matures.",
        )


class CashForEventMissing(BadInput):
    """A purchase, a distribution or a refinancing would take cash that the company needs."""

    code = "cash_for_event_missing"

    def __init__(self, *, year: int, left: float, least: float) -> None:
        super().__init__(
            f"What happens at the end of year {year} would leave cash of {amount(left)}, below "
            f"the minimum of {amount(least)}.",
            hint="Draw more debt for it, take less cash, or let it happen later.",
        )


class ExitOutOfRange(BadInput):
    """The exit is in no year of the forecast."""

    code = "exit_out_of_range"

    def __init__(self, *, year: int, years: int) -> None:
        super().__init__(
            f"An exit at the end of year {year} is not within a forecast of {years} years.",
            hint="Forecast until the exit, or sell earlier.",
        )


class EventOutOfRange(BadInput):
    """Something is to happen in no year of the forecast."""

    code = "event_out_of_range"

    def __init__(self, *, event: str, year: int, last: int) -> None:
        super().__init__(
            f"The {event} at the end of year {year} is not within years 1 to {last}.",
            hint="Let it happen during the hold; what is bought must still earn something.",
        )


class NoSuchTranche(BadInput):
    """A tranche is named that the deal does not have."""

    code = "no_such_tranche"

    def __init__(self, *, tranche: int, count: int) -> None:
        super().__init__(
            f"Tranche {tranche} is named, but the deal has {count}.",
            hint="Count the tranches from 1 in their order; a new facility is a tranche with a "
            "face of 0 at close.",
        )


class PhaseInTooShort(BadInput):
    """Synergies are to be reached in no time at all."""

    code = "phase_in_too_short"

    def __init__(self) -> None:
        super().__init__(
            "Synergies are phased in over 0 years.",
            hint="1 reaches all of them in the first year after the purchase.",
        )


class BandsNotRising(BadInput):
    """The hurdles of a ratchet do not rise."""

    code = "bands_not_rising"

    def __init__(self, *, hurdle: float, before: float) -> None:
        super().__init__(
            f"A hurdle of {amount(hurdle)}× follows one of {amount(before)}×.",
            hint="State the bands by rising hurdles.",
        )


class RequiredReturnTooLow(BadInput):
    """No investor asks to lose everything."""

    code = "required_return_too_low"

    def __init__(self, *, rate: float) -> None:
        super().__init__(
            f"A required return of {rate:.2%} is not above -100 %.",
            hint="State the return a year that the sponsor asks for, such as 0.2.",
        )


class ReturnOutOfReach(BadInput):
    """At no price does the sponsor earn what it asks for."""

    code = "return_out_of_reach"

    def __init__(self, *, rate: float, equity: float) -> None:
        super().__init__(
            f"A return of {rate:.2%} is out of reach: all that the holders receive is worth "
            f"{amount(equity)} at that rate.",
            hint="Ask for less, leave less to rollover and managers, or sell later.",
        )


class YearLengthNotPositive(BadInput):
    """A year of the hold takes no time."""

    code = "year_length_not_positive"

    def __init__(self, *, length: float) -> None:
        super().__init__(
            f"A year of length {amount(length)} is not above 0.",
            hint="Leave it at 1, or state days of the hold by 365 by its years.",
        )
