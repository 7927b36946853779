"""Convertibles: a tranche of the dilution in a value, if-converted in earnings per share."""

from dataclasses import dataclass, field

import numpy as np

from valor_core.models.dilution import OptionTranche, Shares, diluted_at
from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.intrinsic.refusals import ConversionSharesNotPositive, ConvertibleNegative
from valor_core.models.numbers import Numbers, Row, row_of, valid_where
from valor_core.models.refusals import SharesNotPositive


@dataclass(frozen=True, slots=True, kw_only=True)
class Convertible:
    """A bond or preferred stock that its holders may turn into shares."""

    face: Numbers = field(metadata=says("face value", Unit.MONEY))
    shares: Numbers = field(metadata=says("shares on conversion", Unit.SHARES))
    coupon: Numbers = field(
        default=0.0, metadata=says("interest or preferred dividend on the face", Unit.RATE)
    )
    deductible: bool = field(
        default=True, metadata=says("a bond's interest saves tax, a preferred dividend none")
    )

    def __post_init__(self) -> None:
        settle(self)


def as_tranche(convertible: Convertible) -> OptionTranche:
    """The option in a convertible: its shares at face value over them, with its face in the debt.

    >>> as_tranche(Convertible(face=200.0, shares=10.0)).strike
    20.0
    """
    shares = valid_where(
        convertible.shares > 0.0,
        convertible.shares,
        ConversionSharesNotPositive,
        shares=convertible.shares,
    )
    return OptionTranche(number=shares, strike=convertible.face / shares)


@dataclass(frozen=True, slots=True, kw_only=True)
class DilutedEarningsInputs:
    """A year's earnings, and everything that could become a share in it."""

    net_income: Numbers = field(metadata=says("net income", Unit.MONEY))
    preferred_dividends: Numbers = field(
        default=0.0, metadata=says("dividends on all preferred stock", Unit.MONEY)
    )
    shares: Shares = field(metadata=says("weighted average shares, and options on them"))
    average_price: Numbers = field(
        metadata=says("average price of a share in the year", Unit.MONEY_PER_SHARE)
    )
    convertibles: tuple[Convertible, ...] = field(
        default=(), metadata=says("convertible bonds and preferred stock")
    )
    tax: Numbers = field(default=0.0, metadata=says("tax rate", Unit.RATE))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class DilutedEarningsResult:
    """Basic and diluted earnings per share, and what each convertible would add."""

    income_to_common: Numbers = field(
        metadata=says("net income less preferred dividends", Unit.MONEY)
    )
    basic_eps: Numbers = field(
        metadata=says("earnings per share", Unit.MONEY_PER_SHARE, label="Basic EPS")
    )
    option_shares: Numbers = field(
        metadata=says("shares that options add by the treasury-stock method", Unit.SHARES)
    )
    income_saved: Row | None = field(
        metadata=says("what conversion saves after tax, by convertible", Unit.MONEY)
    )
    earnings_per_new_share: Row | None = field(
        metadata=says("what conversion saves for each new share", Unit.MONEY_PER_SHARE)
    )
    diluted_shares: Numbers = field(metadata=says("shares with all that dilute", Unit.SHARES))
    diluted_eps: Numbers = field(
        metadata=says("lowest earnings per share", Unit.MONEY_PER_SHARE, label="Diluted EPS")
    )


@guarded
def diluted_earnings(inputs: DilutedEarningsInputs) -> DilutedEarningsResult:
    """Earnings per share by the treasury-stock and if-converted methods (ASC 260, IAS 33).

    What saves less for each new share dilutes first; who would raise the earnings per share stays
    out. So the diluted figure is the lowest of those with all who save no more than one of them.

    >>> oppnox = DilutedEarningsInputs(net_income=750_000, shares=Shares(basic=690_000),
    ...     average_price=1.0, tax=0.3,
    ...     convertibles=(Convertible(face=50_000, shares=10_000, coupon=0.06),))
    >>> print(f"{diluted_earnings(oppnox).diluted_eps:.4f}")  # (750,000 + 2,100) / 700,000
    1.0744
    """
    basic = inputs.shares.basic
    basic = valid_where(basic > 0.0, basic, SharesNotPositive, shares=basic)
    income = inputs.net_income - inputs.preferred_dividends
    added = diluted_at(inputs.shares, inputs.average_price) - basic
    savings = [_saving(each, inputs) for each in inputs.convertibles]
    new = [as_tranche(each).number for each in inputs.convertibles]
    ratios = [saved / shares for saved, shares in zip(savings, new, strict=True)]

    lowest, count = income / basic, basic
    for threshold in [None, *ratios]:  # the options, which save nothing, come first
        earned, shares = income, basic + added
        for saved, more, ratio in zip(savings, new, ratios, strict=True):
            dilutes = False if threshold is None else ratio <= threshold
            earned = earned + np.where(dilutes, saved, 0.0)
            shares = shares + np.where(dilutes, more, 0.0)
        lower = earned / shares < lowest
        count = np.where(lower, shares, count)
        lowest = np.minimum(lowest, earned / shares)
    return DilutedEarningsResult(
        income_to_common=income,
        basic_eps=income / basic,
        option_shares=added,
        income_saved=row_of(savings) if savings else None,
        earnings_per_new_share=row_of(ratios) if ratios else None,
        diluted_shares=count,
        diluted_eps=lowest,
    )


def _saving(convertible: Convertible, inputs: DilutedEarningsInputs) -> Numbers:
    """The year's interest after tax, or the preferred dividend, that conversion saves."""
    least = np.minimum(convertible.face, convertible.coupon)
    face = valid_where(least >= 0.0, convertible.face, ConvertibleNegative, least=least)
    paid = face * convertible.coupon
    return paid * (1.0 - inputs.tax) if convertible.deductible else paid
