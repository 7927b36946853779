"""The terms of an option, by which every method here values it."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from valor_core.models.fields import Unit, says, settle
from valor_core.models.numbers import Numbers, valid_where
from valor_core.models.options.refusals import (
    ExpiryNegative,
    OptionVolatilityNegative,
    StrikeNotPositive,
    UnderlyingNotPositive,
)


class OptionType(StrEnum):
    """A right to buy or to sell."""

    CALL = "call"
    PUT = "put"

    @property
    def sign(self) -> float:
        """1 for the right to buy, −1 for the right to sell."""
        return 1.0 if self is OptionType.CALL else -1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A right to buy or sell at a strike. Rates and yields are continuously compounded."""

    type: OptionType = field(default=OptionType.CALL, metadata=says("call or put"))
    spot: Numbers = field(metadata=says("value of the underlying today", Unit.MONEY))
    strike: Numbers = field(metadata=says("price on exercise", Unit.MONEY))
    rate: Numbers = field(metadata=says("risk-free rate, continuous", Unit.RATE))
    dividend_yield: Numbers = field(
        default=0.0, metadata=says("what the underlying pays out a year, continuous", Unit.RATE)
    )
    volatility: Numbers = field(metadata=says("standard deviation of a year's log return"))
    maturity: Numbers = field(metadata=says("time until the right ends", Unit.YEARS))

    def __post_init__(self) -> None:
        settle(self)

    @property
    def mirrored(self) -> "Option":
        """The option of the other type that is worth as much: a call buys what its put sells."""
        call = self.type is OptionType.CALL
        return replace(
            self,
            type=OptionType.PUT if call else OptionType.CALL,
            spot=self.strike,
            strike=self.spot,
            rate=self.dividend_yield,
            dividend_yield=self.rate,
        )

    def as_type(self, option_type: OptionType) -> "Option":
        """The option itself, or its mirror image of the type that is asked."""
        return self if self.type is option_type else self.mirrored


def sound(option: Option) -> Option:
    """The option, where its terms are those of one."""
    spot, strike, maturity = option.spot, option.strike, option.maturity
    volatility = option.volatility
    return replace(
        option,
        spot=valid_where(spot > 0.0, spot, UnderlyingNotPositive, underlying=spot),
        strike=valid_where(strike > 0.0, strike, StrikeNotPositive, strike=strike),
        volatility=valid_where(
            volatility >= 0.0, volatility, OptionVolatilityNegative, volatility=volatility
        ),
        maturity=valid_where(maturity >= 0.0, maturity, ExpiryNegative, years=maturity),
    )
