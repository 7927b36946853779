"""What pays a deal besides stock, what that costs each year, and what the deal itself costs."""

from dataclasses import dataclass, field

import numpy as np

from valor_core.models.fields import Unit, says, settle
from valor_core.models.merger.consideration import Consideration
from valor_core.models.merger.refusals import not_negative, within_whole
from valor_core.models.merger.write_ups import spread_evenly
from valor_core.models.numbers import Numbers, Row
from valor_core.models.paths import over_years


@dataclass(frozen=True, slots=True, kw_only=True)
class Financing:
    """Interest, fees and the target's debt that is repaid at closing."""

    cash_rate: Numbers = field(
        default=0.0, metadata=says("interest that cash on hand earns", Unit.RATE)
    )
    debt_rate: Numbers = field(default=0.0, metadata=says("interest on new debt", Unit.RATE))
    debt_repaid: Row | None = field(
        default=None,
        metadata=says("part of the new debt repaid at the end of each year; none: 0", Unit.RATE),
    )
    refinanced: Numbers = field(
        default=0.0, metadata=says("target's debt repaid at closing", Unit.MONEY)
    )
    refinanced_rate: Numbers = field(
        default=0.0, metadata=says("interest that it would have cost", Unit.RATE)
    )
    advisory_fees: Numbers = field(
        default=0.0, metadata=says("fees for advice, expensed at closing", Unit.MONEY)
    )
    financing_fees: Numbers = field(
        default=0.0, metadata=says("fees of the new debt, capitalised", Unit.MONEY)
    )
    financing_fees_life: Numbers = field(
        default=5.0, metadata=says("years over which they are amortised", Unit.YEARS)
    )
    issue_costs: Numbers = field(
        default=0.0, metadata=says("costs of issuing stock, taken from equity", Unit.MONEY)
    )
    others_from_debt: Numbers = field(
        default=1.0,
        metadata=says("part of fees and refinancing paid from new debt, the rest cash", Unit.RATE),
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class FinancingYears:
    """Sources and uses at closing, and what the sources cost each year before tax."""

    fees: Numbers
    total_uses: Numbers
    cash_used: Numbers
    new_debt: Numbers
    foregone: list[Numbers]
    interest: list[Numbers]
    saved: list[Numbers]
    fee_amortisation: list[Numbers]
    net_interest: list[Numbers]  # the four together, a cost is negative
    outstanding: list[Numbers]  # part of the new debt that bears interest in each year
    debt_left: list[Numbers]


def financed(terms: Financing, paid: Consideration, years: int) -> FinancingYears:
    """Cash and new debt pay what stock does not; the uses are covered by construction."""
    advisory = not_negative("Advisory fees", terms.advisory_fees)
    financing = not_negative("Financing fees", terms.financing_fees)
    issue = not_negative("Issue costs", terms.issue_costs)
    refinanced = not_negative("Refinanced debt", terms.refinanced)
    from_debt = within_whole("of other uses paid from debt", terms.others_from_debt)
    fees = advisory + financing + issue
    others = fees + refinanced
    new_debt = paid.debt + others * from_debt
    cash = paid.cash + (others - others * from_debt)
    starts, ends = _outstanding(terms, years)
    foregone = [cash * terms.cash_rate] * years
    interest = [new_debt * part * terms.debt_rate for part in starts]
    saved = [refinanced * terms.refinanced_rate] * years
    amortised = spread_evenly(financing, terms.financing_fees_life, years)
    costs = zip(foregone, interest, saved, amortised, strict=True)
    return FinancingYears(
        fees=fees,
        total_uses=paid.equity_price + others,
        cash_used=cash,
        new_debt=new_debt,
        foregone=foregone,
        interest=interest,
        saved=saved,
        fee_amortisation=amortised,
        net_interest=[s - f - i - a for f, i, s, a in costs],
        outstanding=starts,
        debt_left=[new_debt * part for part in ends],
    )


def _outstanding(terms: Financing, years: int) -> tuple[list[Numbers], list[Numbers]]:
    """The part of the new debt that stands at the start and the end of each year."""
    if terms.debt_repaid is None:
        return [1.0] * years, [1.0] * years
    left, starts, ends = 1.0, [], []
    for part in over_years(terms.debt_repaid, years, name="financing.debt_repaid"):
        starts.append(left)
        repaid = within_whole("of the new debt repaid in a year", part)
        left = left - np.minimum(repaid, left)  # nothing is repaid twice
        ends.append(left)
    return starts, ends
