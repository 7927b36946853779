"""Assets brought to fair value, how that is charged over the years, and its deferred tax."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from valor_core.models.fields import Unit, says, settle
from valor_core.models.merger.refusals import LifeNotPositive
from valor_core.models.numbers import Numbers, valid_where


class Asset(StrEnum):
    """What is brought to fair value, which decides where its charge stands."""

    TANGIBLE = "tangible"  # depreciated
    INTANGIBLE = "intangible"  # amortised
    INVENTORY = "inventory"  # in the cost of what is sold


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteUp:
    """Fair value above book value of an asset; a write-down is negative."""

    amount: Numbers = field(metadata=says("fair value less book value", Unit.MONEY))
    life: Numbers | None = field(
        default=None,
        metadata=says("years over which it is charged evenly; none: never, as land", Unit.YEARS),
    )
    asset: Asset = field(default=Asset.INTANGIBLE, metadata=says("what is written up"))

    def __post_init__(self) -> None:
        settle(self)


def total(write_ups: tuple[WriteUp, ...]) -> Numbers:
    """The sum of all write-ups."""
    return sum((each.amount for each in write_ups), 0.0)


def spread_evenly(amount: Numbers, life: Numbers, years: int) -> list[Numbers]:
    """What each year is charged over a life, its last part of a year in proportion.

    >>> print(*spread_evenly(25.0, 2.5, 4))
    10.0 10.0 5.0 0.0
    """
    life = valid_where(life > 0.0, life, LifeNotPositive, life=life)
    return [np.divide(amount * np.clip(life - year, 0.0, 1.0), life) for year in range(years)]


def _charges(write_ups: tuple[WriteUp, ...], asset: Asset, years: int) -> list[Numbers]:
    """What each year is charged for assets of one kind."""
    charged = [0.0] * years
    for each in write_ups:
        if each.asset is asset and each.life is not None:
            more = spread_evenly(each.amount, each.life, years)
            charged = [before + now for before, now in zip(charged, more, strict=True)]
    return charged


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargedYears:
    """Charges by kind of asset and in all, and the deferred tax that they release."""

    depreciation: list[Numbers]
    amortisation: list[Numbers]
    inventory: list[Numbers]
    charges: list[Numbers]
    deferred_tax_released: list[Numbers]
    deferred_tax: list[Numbers]  # what is left at the end of each year


def charged_years(
    write_ups: tuple[WriteUp, ...], years: int, *, deferred_tax: Numbers, tax: Numbers
) -> ChargedYears:
    """Each year's charge; it lowers book profit but not taxable profit, so it releases its tax.

    Where the tax base was stepped up too, `tax` and `deferred_tax` are 0 and nothing is released.
    """
    depreciation, amortisation, inventory = (_charges(write_ups, a, years) for a in Asset)
    each_year = [d + a + i for d, a, i in zip(depreciation, amortisation, inventory, strict=True)]
    released = [charge * tax for charge in each_year]
    balances = []
    for part in released:
        deferred_tax = deferred_tax - part
        balances.append(deferred_tax)
    return ChargedYears(
        depreciation=depreciation,
        amortisation=amortisation,
        inventory=inventory,
        charges=each_year,
        deferred_tax_released=released,
        deferred_tax=balances,
    )
