"""What happens to the debt during the hold: refinancing, add-on purchases, dividend recaps.

All of them happen at the end of a year, after its sweep, in this order.
"""

from dataclasses import dataclass, field

from valor_core.models.fields import Unit, says, settle
from valor_core.models.numbers import Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """More face drawn on a tranche; a new facility is a tranche with nothing drawn at close."""

    tranche: int = field(metadata=says("place of the tranche, counted from 1"))
    face: Numbers = field(metadata=says("face drawn", Unit.MONEY))
    issue_price: Numbers = field(
        default=1.0, metadata=says("what one unit of face brings", Unit.RATIO)
    )
    fee: Numbers = field(default=0.0, metadata=says("fee as a share of face", Unit.RATE))

    def __post_init__(self) -> None:
        settle(self)

    @property
    def proceeds(self) -> Numbers:
        """Cash raised after discount and fee."""
        return self.face * (self.issue_price - self.fee)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recapitalisation:
    """Debt is drawn, and cash taken, to pay the owners before the exit."""

    year: int = field(metadata=says("year at whose end it happens", Unit.YEARS))
    draws: tuple[Draw, ...] = field(default=(), metadata=says("what is drawn"))
    from_cash: Numbers = field(
        default=0.0, metadata=says("cash of the company paid out as well", Unit.MONEY)
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOn:
    """A purchase during the hold; its earnings count from the year after."""

    year: int = field(metadata=says("year at whose end it closes", Unit.YEARS))
    revenue: Numbers = field(metadata=says("revenue bought, a year", Unit.MONEY))
    margin: Numbers = field(metadata=says("its EBITDA margin", Unit.RATE))
    multiple: Numbers = field(metadata=says("multiple of EBITDA paid", Unit.RATIO))
    fees: Numbers = field(default=0.0, metadata=says("fees as a share of the price", Unit.RATE))
    integration_cost: Numbers = field(
        default=0.0, metadata=says("paid at once to integrate it", Unit.MONEY)
    )
    synergies: Numbers = field(
        default=0.0, metadata=says("savings a year once all are reached", Unit.MONEY)
    )
    phase_in: int = field(default=1, metadata=says("years until all are reached", Unit.YEARS))
    draws: tuple[Draw, ...] = field(default=(), metadata=says("what is drawn to pay for it"))

    def __post_init__(self) -> None:
        settle(self)

    @property
    def price(self) -> Numbers:
        """What the business itself costs."""
        return self.revenue * self.margin * self.multiple

    @property
    def uses(self) -> Numbers:
        """All that the purchase costs, before what it costs to raise the money."""
        return self.price * (1.0 + self.fees) + self.integration_cost

    def reached(self, year: int) -> float:
        """The part of the synergies that a year sees."""
        return min(max((year - self.year) / self.phase_in, 0.0), 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refinancing:
    """A tranche is repaid before its time, at a premium, by other debt and by cash."""

    year: int = field(metadata=says("year at whose end it happens", Unit.YEARS))
    tranche: int = field(metadata=says("place of the tranche repaid, counted from 1"))
    premium: Numbers = field(
        default=0.0, metadata=says("call premium as a share of the balance", Unit.RATE)
    )
    draws: tuple[Draw, ...] = field(default=(), metadata=says("what is drawn instead"))

    def __post_init__(self) -> None:
        settle(self)
