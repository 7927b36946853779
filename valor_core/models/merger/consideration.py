"""What the owners of a target are offered, in cash, from new debt and in the acquirer's stock."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from valor_core.models.dilution import Shares, diluted_at
from valor_core.models.fields import Unit, says, settle
from valor_core.models.merger.refusals import (
    CollarBackwards,
    MixOutOfRange,
    OfferNotPositive,
)
from valor_core.models.numbers import Numbers, valid_where
from valor_core.models.refusals import ChooseOne, PriceNotPositive, SharesNotPositive


class Exchange(StrEnum):
    """What a stock offer promises until closing."""

    FIXED_RATIO = "fixed_ratio"  # so many shares of the acquirer for each of the target's
    FIXED_VALUE = "fixed_value"  # shares of the acquirer worth so much


@dataclass(frozen=True, slots=True, kw_only=True)
class Collar:
    """The prices of the acquirer's share between which the promise of a stock offer holds.

    A fixed value becomes a fixed ratio outside, and a fixed ratio a fixed value.
    """

    low: Numbers = field(metadata=says("lower price", Unit.MONEY_PER_SHARE))
    high: Numbers = field(metadata=says("higher price", Unit.MONEY_PER_SHARE))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The price of a target's share, stated or by its premium, and what pays it."""

    price: Numbers | None = field(
        default=None, metadata=says("price for a share of the target", Unit.MONEY_PER_SHARE)
    )
    premium: Numbers | None = field(
        default=None, metadata=says("price over the target's share price, less 1", Unit.RATE)
    )
    cash: Numbers = field(
        default=0.0, metadata=says("part of the price paid from cash on hand", Unit.RATE)
    )
    debt: Numbers = field(
        default=0.0, metadata=says("part paid from new debt; the rest is stock", Unit.RATE)
    )
    exchange: Exchange = field(
        default=Exchange.FIXED_RATIO, metadata=says("what a stock offer promises until closing")
    )
    collar: Collar | None = field(default=None, metadata=says("where the promise ends"))
    closing_price: Numbers | None = field(
        default=None,
        metadata=says("acquirer's price at closing; none: as at signing", Unit.MONEY_PER_SHARE),
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consideration:
    """What is paid for the target's equity, as agreed at signing and worth at closing."""

    price: Numbers
    target_shares: Numbers
    equity_price: Numbers
    cash: Numbers
    debt: Numbers
    stock: Numbers
    issue_price: Numbers
    exchange_ratio: Numbers
    new_shares: Numbers
    closing_price: Numbers
    value_at_closing: Numbers


def issue_price(offer: Offer, signing: Numbers) -> Numbers:
    """The price at which the stock part turns into shares: its value over the shares issued.

    >>> collar = Offer(price=12.5, exchange=Exchange.FIXED_VALUE, collar=Collar(low=18, high=22),
    ...                closing_price=16)
    >>> print(f"{12.5 / issue_price(collar, 20.0):.4f}")
    0.6944
    """
    closing = _closing_price(offer, signing)
    kept = closing
    if offer.collar is not None:
        low, high = offer.collar.low, offer.collar.high
        runs_up = (low > 0.0) & (low <= high)
        low = valid_where(runs_up, low, CollarBackwards, low=low, high=high)
        kept = np.minimum(np.maximum(closing, low), high)
    if offer.exchange is Exchange.FIXED_VALUE:
        return kept
    return signing if offer.collar is None else np.divide(signing * closing, kept)


def _closing_price(offer: Offer, signing: Numbers) -> Numbers:
    price = signing if offer.closing_price is None else offer.closing_price
    return valid_where(price > 0.0, price, PriceNotPositive, price=price)


def _offered(offer: Offer, target_price: Numbers) -> Numbers:
    """The price of a target's share, by the one of its two statements that is given."""
    if offer.premium is None and offer.price is not None:
        return offer.price
    if offer.premium is None or offer.price is not None:
        raise ChooseOne("offer.price", "offer.premium", given=offer.price is not None)
    return target_price * (1.0 + offer.premium)


def considered(
    offer: Offer, *, acquirer_price: Numbers, target_price: Numbers, target: Shares
) -> Consideration:
    """The price of the target's equity at its diluted shares at the offer, and how it is paid."""
    price = _offered(offer, target_price)
    price = valid_where(price > 0.0, price, OfferNotPositive, offer=price)
    sound = (offer.cash >= 0.0) & (offer.debt >= 0.0) & (offer.cash + offer.debt <= 1.0)
    price = valid_where(sound, price, MixOutOfRange, cash=offer.cash, debt=offer.debt)
    price = valid_where(target.basic > 0.0, price, SharesNotPositive, shares=target.basic)
    shares = diluted_at(target, price)
    equity = price * shares
    cash, debt = equity * offer.cash, equity * offer.debt
    stock = equity - cash - debt
    at = issue_price(offer, acquirer_price)
    new_shares = np.divide(stock, at)
    closing = _closing_price(offer, acquirer_price)
    return Consideration(
        price=price,
        target_shares=shares,
        equity_price=equity,
        cash=cash,
        debt=debt,
        stock=stock,
        issue_price=at,
        exchange_ratio=new_shares / shares,
        new_shares=new_shares,
        closing_price=closing,
        value_at_closing=cash + debt + new_shares * closing,
    )
