"""From enterprise value to a share: published bridges and dilutions."""

from dataclasses import dataclass, field
from typing import Any

from valor_core.models.bridge import Bridge, bridged
from valor_core.models.dilution import OptionTranche, Shares, diluted_at, value_per_share
from valor_core.models.fields import Unit, says, settle
from valor_core.models.numbers import Numbers
from valor_core.models.published.method import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeCase:
    """An enterprise value and what lies between it and the equity; what is not named is 0."""

    ev: Numbers = field(metadata=says("enterprise value", Unit.MONEY))
    debt: Numbers = field(default=0.0, metadata=says("debt", Unit.MONEY))
    leases: Numbers = field(default=0.0, metadata=says("leases", Unit.MONEY))
    minority: Numbers = field(default=0.0, metadata=says("minority interests", Unit.MONEY))
    preferred: Numbers = field(default=0.0, metadata=says("preferred stock", Unit.MONEY))
    pensions: Numbers = field(default=0.0, metadata=says("pension deficit", Unit.MONEY))
    options: Numbers = field(default=0.0, metadata=says("value of options", Unit.MONEY))
    cash: Numbers = field(default=0.0, metadata=says("cash", Unit.MONEY))
    associates: Numbers = field(default=0.0, metadata=says("associates", Unit.MONEY))
    non_operating: Numbers = field(default=0.0, metadata=says("other assets", Unit.MONEY))
    shares: Numbers | None = field(default=None, metadata=says("shares", Unit.SHARES))

    def __post_init__(self) -> None:
        settle(self)


def equity_bridge(case: BridgeCase) -> dict[str, Any]:
    """The equity value at the end of the bridge."""
    items = Bridge.of(
        debt=case.debt,
        leases=case.leases,
        minority_interests=case.minority,
        preferred=case.preferred,
        pensions=case.pensions,
        options_value=case.options,
        cash=case.cash,
        associates=case.associates,
        non_operating_assets=case.non_operating,
    )
    value = bridged(case.ev, items).equity_value
    lines = {"equity_value": value}
    if case.shares is not None:
        lines["value_per_share"] = value_per_share(value, Shares(basic=case.shares))
    return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class DilutionCase:
    """Shares, options on more of them, and the price at which they are exercised."""

    basic: Numbers = field(metadata=says("shares outstanding", Unit.SHARES))
    options: tuple[OptionTranche, ...] = field(
        default=(), metadata=says("option tranches, also as pairs of number and strike")
    )
    avg_price: Numbers = field(metadata=says("price of a share", Unit.MONEY_PER_SHARE))
    net_income: Numbers | None = field(default=None, metadata=says("net income", Unit.MONEY))

    def __post_init__(self) -> None:
        settle(self)


def treasury_stock(case: DilutionCase) -> dict[str, Any]:
    """Diluted shares at a price, and earnings per share where the income is given.

    Options never improve a loss per share, so a loss is told over the basic shares (ASC 260).
    """
    diluted = diluted_at(Shares(basic=case.basic, options=case.options), case.avg_price)
    lines = {"diluted": diluted, "dilutive": diluted - case.basic}
    if case.net_income is not None and case.basic > 0.0:
        lines["basic_eps"] = case.net_income / case.basic
        over = diluted if case.net_income > 0.0 else case.basic
        lines["diluted_eps"] = case.net_income / over
    return lines


def tranches_spelt_out(stated: dict[str, Any]) -> dict[str, Any]:
    """A pair of numbers is a tranche: how many, at which strike."""
    options = stated.get("options")
    if isinstance(options, list):
        return stated | {"options": [_tranche(option) for option in options]}
    return stated


def _tranche(option: Any) -> Any:
    if isinstance(option, list) and len(option) == 2:
        return {"number": option[0], "strike": option[1]}
    return option


def with_pairs(stated: dict[str, Any]) -> dict[str, Any]:
    """The schema in which a tranche may also be a pair."""
    tranches = stated["properties"]["options"]
    pair = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    tranches["items"] = {"anyOf": [tranches["items"], pair]}
    return stated


METHODS = {
    "equity_bridge": Method(inputs=BridgeCase, compute=equity_bridge, main="equity_value"),
    "diluted_shares_treasury_stock": Method(
        inputs=DilutionCase,
        compute=treasury_stock,
        main="diluted",
        spelt_out=tranches_spelt_out,
        with_short_forms=with_pairs,
    ),
}
