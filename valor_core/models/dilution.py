"""Shares and what options add to them, by the treasury-stock method at the valued price."""

from dataclasses import dataclass, field
from functools import reduce

import numpy as np

from valor_core.models.fields import Unit, says, settle
from valor_core.models.numbers import Numbers, valid_where
from valor_core.models.refusals import OptionNegative, PriceNotPositive, SharesNotPositive


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionTranche:
    """Options of one strike; shares that vest for nothing have strike 0.

    A convertible is a tranche too: the shares it converts to, at face value over shares, with its
    face in the debt.
    """

    number: Numbers = field(metadata=says("options outstanding", Unit.SHARES))
    strike: Numbers = field(metadata=says("price to exercise one", Unit.MONEY_PER_SHARE))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Shares outstanding and the options on more of them, in the scale of the money."""

    basic: Numbers = field(metadata=says("shares outstanding", Unit.SHARES))
    options: tuple[OptionTranche, ...] = field(
        default=(), metadata=says("options, warrants and convertibles by strike")
    )

    def __post_init__(self) -> None:
        settle(self)


def diluted_at(shares: Shares, price: Numbers) -> Numbers:
    """Shares at a stated price, such as the average of a year for earnings per share.

    >>> stanley = Shares(basic=100_000, options=(OptionTranche(number=20_000, strike=20),
    ...                                          OptionTranche(number=20_000, strike=28)))
    >>> print(diluted_at(stanley, 25.0))
    104000.0
    """
    price = valid_where(price > 0.0, price, PriceNotPositive, price=price)
    price = valid_where(shares.basic >= 0.0, price, SharesNotPositive, shares=shares.basic)
    return diluted_shares(shares, _with_sound_options(price, shares))


def diluted_shares(shares: Shares, price: Numbers) -> Numbers:
    """Shares at a price: exercise money buys shares back at that price (treasury-stock method)."""
    buyback_price = np.where(price > 0.0, price, 1.0)
    diluted = shares.basic
    for tranche in shares.options:
        gain = np.maximum(price - tranche.strike, 0.0)  # nothing is exercised at a loss
        diluted = diluted + tranche.number * gain / buyback_price
    return diluted


def value_per_share(equity_value: Numbers, shares: Shares) -> Numbers:
    """The price at which the treasury-stock method dilutes to just this price, without iteration.

    If the tranches with a strike up to Kⱼ are exercised, the price is (E + Σ nᵢKᵢ) / (N + Σ nᵢ).
    Exercise hurts the other holders only while it pays, so the fixed point is the lowest of these.
    """
    basic = valid_where(shares.basic > 0.0, shares.basic, SharesNotPositive, shares=shares.basic)
    options = shares.options
    equity_value = _with_sound_options(equity_value, shares)
    price = equity_value / basic
    for last in options:
        money, count = equity_value, basic
        for tranche in options:
            exercised = tranche.number
            if tranche is not last:  # whose own comparison would only puzzle its reader
                exercised = np.where(tranche.strike <= last.strike, tranche.number, 0.0)
            money = money + exercised * tranche.strike
            count = count + exercised
        price = np.minimum(price, money / count)
    return price


def _with_sound_options(value: Numbers, shares: Shares) -> Numbers:
    """The value, where no tranche holds a negative amount."""
    amounts = [amount for option in shares.options for amount in (option.number, option.strike)]
    if not amounts:
        return value
    least = reduce(np.minimum, amounts)
    return valid_where(least >= 0.0, value, OptionNegative, least=least)
