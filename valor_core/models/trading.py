"""A value in the currency and the unit that a company trades in: a stated rate, shares an ADR."""

import re
from dataclasses import dataclass, field
from datetime import date

from valor_core.errors import BadInput
from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.numbers import Numbers, valid_where

CURRENCY = re.compile(r"[A-Z]{3}")


class CurrencyUnclear(BadInput):
    """A currency is not told by its three letters."""

    code = "currency_unclear"

    def __init__(self, currency: str) -> None:
        super().__init__(
            f"{currency!r} is no currency.",
            hint="Name it by its three letters, such as EUR or USD.",
        )


class ExchangeRateNotPositive(BadInput):
    """No amount of one currency buys the other."""

    code = "exchange_rate_not_positive"

    def __init__(self, *, rate: float) -> None:
        super().__init__(
            f"An exchange rate of {rate:g} is not above 0.",
            hint="State how much of the trading currency one unit of the reporting currency buys.",
        )


class SameCurrency(BadInput):
    """A currency is worth itself."""

    code = "same_currency"

    def __init__(self, *, rate: float) -> None:
        super().__init__(
            f"A rate of {rate:g} stands between a currency and itself.",
            hint="State 1, or name the other currency.",
        )


class AdrRatioNotPositive(BadInput):
    """An ADR stands for no share."""

    code = "adr_ratio_not_positive"

    def __init__(self, *, shares: float) -> None:
        super().__init__(
            f"An ADR of {shares:g} shares is worth nothing.",
            hint="State how many shares stand behind one ADR, 0.5 where two ADRs make a share.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingInputs:
    """A value per share as the company reports, and how its shares trade."""

    value_per_share: Numbers = field(
        metadata=says(
            "value of one share in the reporting currency",
            label="Value per share in the reporting currency",
        )
    )
    reporting_currency: str = field(metadata=says("by its three letters, such as EUR"))
    trading_currency: str = field(metadata=says("by its three letters, such as USD"))
    exchange_rate: Numbers = field(
        metadata=says("trading currency for one unit of the reporting currency", Unit.RATIO)
    )
    rate_on: date = field(metadata=says("day of the rate"))
    shares_per_adr: Numbers = field(
        default=1.0,
        metadata=says("shares behind one ADR", Unit.RATIO, label="Shares per ADR"),
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingResult:
    """The value in the trading currency."""

    value_in_trading_currency: Numbers = field(
        metadata=says("value of one share in the trading currency", Unit.MONEY_PER_SHARE)
    )
    value_per_adr: Numbers = field(
        metadata=says("value of what is traded", Unit.MONEY_PER_SHARE, label="Value per ADR")
    )


@guarded
def trading_value(inputs: TradingInputs) -> TradingResult:
    """Value per ADR = value per share × exchange rate × shares per ADR.

    >>> adr = TradingInputs(value_per_share=20.0, reporting_currency="EUR", trading_currency="USD",
    ...                     exchange_rate=1.10, rate_on=date(2026, 2, 27), shares_per_adr=0.5)
    >>> print(f"{trading_value(adr).value_per_adr:.2f}")
    11.00
    """
    for currency in (inputs.reporting_currency, inputs.trading_currency):
        if not CURRENCY.fullmatch(currency):
            raise CurrencyUnclear(currency)
    stated, shares = inputs.exchange_rate, inputs.shares_per_adr
    rate = valid_where(stated > 0.0, stated, ExchangeRateNotPositive, rate=stated)
    if inputs.reporting_currency == inputs.trading_currency:
        rate = valid_where(rate == 1.0, rate, SameCurrency, rate=stated)
    shares = valid_where(shares > 0.0, shares, AdrRatioNotPositive, shares=shares)
    value = inputs.value_per_share * rate
    return TradingResult(value_in_trading_currency=value, value_per_adr=value * shares)


def trading_conventions(inputs: TradingInputs) -> dict[str, str]:
    """The pair, the rate and its day, and what is traded."""
    pair = f"{inputs.reporting_currency}/{inputs.trading_currency}"
    return {
        "Exchange rate": f"{pair} {inputs.exchange_rate:.6g} of {inputs.rate_on.isoformat()}",
        "Traded": f"1 ADR = {inputs.shares_per_adr:g} shares",
    }
