"""What growth costs: by sales to capital, or by capital expenditure and working capital."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from valor_core.models.fields import Unit, says, settle
from valor_core.models.numbers import Numbers, row_of, valid_where
from valor_core.models.paths import Path, over_years
from valor_core.models.refusals import LagOutOfRange, SalesToCapitalNotPositive


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesToCapital:
    """Each unit of capital brings so much more revenue, some years later."""

    ratio: Path = field(metadata=says("added revenue per unit of reinvestment", Unit.RATIO))
    lag: int = field(default=0, metadata=says("years from reinvestment to revenue", Unit.YEARS))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class CapitalPlan:
    """Capital expenditure and working capital as shares of revenue; depreciation stands beside."""

    capital_expenditure: Path = field(
        metadata=says("capital expenditure as a share of revenue", Unit.RATE)
    )
    working_capital: Path = field(metadata=says("working capital as a share of revenue", Unit.RATE))
    working_capital_before: Numbers = field(
        metadata=says("working capital at the start", Unit.MONEY)
    )

    def __post_init__(self) -> None:
        settle(self)


def by_sales_to_capital(
    plan: SalesToCapital, revenues: list[Numbers], *, before: Numbers, growth_after: Numbers
) -> list[Numbers]:
    """Added revenue / ratio, of the year itself or, with a lag of L years, of L years later.

    With a lag the forecast's last years pay for revenue beyond it, which goes on at the terminal
    growth (Damodaran, fcffsimpleginzu).
    """
    years = len(revenues)
    if not 0 <= plan.lag <= years:
        raise LagOutOfRange(lag=plan.lag, years=years)
    ratios = over_years(plan.ratio, years, name="sales_to_capital.ratio")
    lowest = np.min(row_of(ratios), axis=-1)
    levels = [
        valid_where(lowest > 0.0, before, SalesToCapitalNotPositive, ratio=lowest),
        *revenues,
    ]
    for _ in range(plan.lag):
        levels.append(levels[-1] * (1.0 + growth_after))
    added = [later - earlier for earlier, later in pairwise(levels)]
    return [more / ratio for more, ratio in zip(added[plan.lag :], ratios, strict=True)]


def by_plan(
    plan: CapitalPlan, revenues: list[Numbers], *, depreciation: list[Numbers]
) -> list[Numbers]:
    """Capital expenditure − depreciation + change in working capital."""
    years = len(revenues)
    spending = over_years(plan.capital_expenditure, years, name="capital_plan.capital_expenditure")
    shares = over_years(plan.working_capital, years, name="capital_plan.working_capital")
    tied = [plan.working_capital_before]
    tied += [share * revenue for share, revenue in zip(shares, revenues, strict=True)]
    return [
        share * revenue - worn + (tied[year + 1] - tied[year])
        for year, (share, revenue, worn) in enumerate(
            zip(spending, revenues, depreciation, strict=True)
        )
    ]
