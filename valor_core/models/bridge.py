"""From the value of the operations to the value of the common equity."""

from dataclasses import dataclass, field

from valor_core.models.fields import Unit, says, settle
from valor_core.models.numbers import Numbers
from valor_core.models.refusals import BridgeItemMissing

CLAIMS = ("debt", "leases", "minority_interests", "preferred", "pensions", "options_value")
ASSETS = ("cash", "associates", "non_operating_assets")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """What others own of the company and what it owns beside its operations, at value.

    None means that nobody has stated the item: it is never taken for 0.
    """

    debt: Numbers | None = field(default=None, metadata=says("financial debt", Unit.MONEY))
    leases: Numbers | None = field(
        default=None, metadata=says("lease liabilities that are not in debt", Unit.MONEY)
    )
    minority_interests: Numbers | None = field(
        default=None, metadata=says("others' part of subsidiaries, at value", Unit.MONEY)
    )
    preferred: Numbers | None = field(default=None, metadata=says("preferred stock", Unit.MONEY))
    pensions: Numbers | None = field(
        default=None, metadata=says("pension deficit after tax", Unit.MONEY)
    )
    options_value: Numbers | None = field(
        default=0.0,
        metadata=says("employee options valued apart; 0 where they dilute instead", Unit.MONEY),
    )
    cash: Numbers | None = field(
        default=None, metadata=says("cash and marketable securities", Unit.MONEY)
    )
    associates: Numbers | None = field(
        default=None, metadata=says("investments in associates, at value", Unit.MONEY)
    )
    non_operating_assets: Numbers | None = field(
        default=None, metadata=says("other assets outside the operations", Unit.MONEY)
    )

    def __post_init__(self) -> None:
        settle(self)

    @classmethod
    def of(cls, **items: Numbers) -> "Bridge":
        """A bridge of these items and no others: what is not named is stated to be 0.

        >>> Bridge.of(debt=200.0, cash=50.0).leases
        0.0
        """
        return cls(**{**dict.fromkeys((*CLAIMS, *ASSETS), 0.0), **items})

    @property
    def missing(self) -> tuple[str, ...]:
        """The items that nobody has stated."""
        return tuple(name for name in (*CLAIMS, *ASSETS) if getattr(self, name) is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgedValue:
    """The equity value, with the two sums that lead to it."""

    claims: Numbers
    other_assets: Numbers
    equity_value: Numbers


def bridged(enterprise_value: Numbers, bridge: Bridge) -> BridgedValue:
    """Equity = enterprise value − claims of others + assets beside the operations.

    >>> bridged(2000.0, Bridge.of(debt=100.0, cash=500.0)).equity_value
    2400.0
    """
    if bridge.missing:
        raise BridgeItemMissing(bridge.missing)
    debt, leases, minorities, preferred, pensions, options_value = (
        getattr(bridge, name) for name in CLAIMS
    )
    claims = debt + leases + minorities + preferred + pensions + options_value
    cash, associates, non_operating_assets = (getattr(bridge, name) for name in ASSETS)
    other_assets = cash + associates + non_operating_assets
    return BridgedValue(
        claims=claims,
        other_assets=other_assets,
        equity_value=enterprise_value - claims + other_assets,
    )
