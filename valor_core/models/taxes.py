"""Tax on what interest leaves: losses carried forward and a cap on deductible interest.

Tax falls in interest along few straight lines, of which the highest counts: the full rate, the
part that losses may not shelter, and what is left once the cap allows no more interest.
"""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from valor_core.models.fields import Unit, says, settle
from valor_core.models.numbers import Numbers
from valor_core.models.paths import Path
from valor_core.models.several import highest


class TaxBase(StrEnum):
    """What profit is taxed."""

    LEVERED = "levered"  # EBIT less interest
    UNLEVERED = "unlevered"  # EBIT, as if there were no debt


class CapBase(StrEnum):
    """What the cap on deductible interest is a share of."""

    EBITDA = "ebitda"
    EBIT = "ebit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxes:
    """How profits are taxed."""

    rate: Path = field(metadata=says("tax rate", Unit.RATE))
    base: TaxBase = field(default=TaxBase.LEVERED, metadata=says("what profit is taxed"))
    losses: Numbers = field(
        default=0.0, metadata=says("losses carried forward at the start (NOL)", Unit.MONEY)
    )
    loss_limit: Numbers | None = field(
        default=None,
        metadata=says("part of a year's profit that losses may shelter; none: all", Unit.RATE),
    )
    interest_cap: Numbers | None = field(
        default=None,
        metadata=says("most interest deducted, as a share of the base; none: no cap", Unit.RATE),
    )
    cap_base: CapBase = field(default=CapBase.EBITDA, metadata=says("what the cap is a share of"))
    interest_carried: Numbers | None = field(
        default=None, metadata=says("interest carried forward at the start; none: none", Unit.MONEY)
    )
    deducts_pik: bool = field(default=True, metadata=says("interest in kind is deductible"))
    deducts_costs: bool = field(
        default=True, metadata=says("released costs of borrowing are deductible")
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxLine:
    """A straight line of tax in interest: level − slope × interest."""

    level: Numbers
    slope: Numbers | None  # None: flat

    def on(self, interest: Numbers) -> Numbers:
        """The tax with that much interest to deduct."""
        return self.level if self.slope is None else self.level - self.slope * interest

    def relieved(self, deducted: Numbers) -> Numbers:
        """The tax that a further unit of interest saves, of which that much is deducted."""
        return 0.0 if self.slope is None else self.slope * deducted


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxPaid:
    """A year's tax and what it carries forward."""

    deducted: Numbers
    taxable: Numbers
    losses_used: Numbers
    tax: Numbers
    losses: Numbers
    interest_carried: Numbers | None  # None: without a cap nothing is left over


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxYear:
    """A year's profit before interest, and what shelters it."""

    rate: Numbers
    profit: Numbers
    losses: Numbers
    loss_limit: Numbers | None
    interest_carried: Numbers | None
    cap: Numbers | None
    levered: bool

    def lines(self) -> list[TaxLine]:
        """Straight lines whose highest is the tax, whatever the interest."""
        if not self.levered:
            return [TaxLine(level=highest(self._levels(self.profit)), slope=None)]
        carried = self.interest_carried
        profit = self.profit if carried is None else self.profit - carried
        slopes = [self.rate]
        if self.loss_limit is not None:
            slopes.append(self.rate * (1.0 - self.loss_limit))
        falling = zip(self._levels(profit)[1:], slopes, strict=True)
        floor = [0.0] if self.cap is None else self._levels(self.profit - self.cap)
        return [
            TaxLine(level=highest(floor), slope=None),
            *(TaxLine(level=level, slope=slope) for level, slope in falling),
        ]

    def _levels(self, profit: Numbers) -> list[Numbers]:
        """Nothing; tax once losses are used up; tax on what they may not shelter."""
        levels = [0.0, self.rate * (profit - self.losses)]
        if self.loss_limit is not None:
            levels.append(self.rate * (1.0 - self.loss_limit) * profit)
        return levels

    def on(self, interest: Numbers) -> TaxPaid:
        """The tax with that much interest to deduct, and what is left for later years."""
        offered = self._offered(interest)
        deducted = offered if self.cap is None else np.minimum(offered, self.cap)
        taxable = self.profit - deducted
        earned = np.maximum(taxable, 0.0)
        sheltered = earned if self.loss_limit is None else self.loss_limit * earned
        used = np.minimum(self.losses, sheltered)
        return TaxPaid(
            deducted=deducted,
            taxable=taxable,
            losses_used=used,
            tax=self.rate * (earned - used),
            losses=self.losses - used + (earned - taxable),
            interest_carried=None if self.cap is None else offered - deducted,
        )

    def _offered(self, interest: Numbers) -> Numbers:
        """What is offered for deduction: the year's interest and what is carried forward."""
        if not self.levered:
            return 0.0
        return interest if self.interest_carried is None else interest + self.interest_carried
