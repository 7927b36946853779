"""What numbers are counted in; apart, since who reads a snapshot needs no more of the models."""

from enum import StrEnum


class Unit(StrEnum):
    """What a number is counted in. Rates are fractions: 0.085 is 8.5 %."""

    MONEY = "money"
    RATE = "rate"
    RATIO = "ratio"
    SHARES = "shares"
    MONEY_PER_SHARE = "money per share"
    YEARS = "years"
    DAYS = "days"
