"""What the company earns during the hold, before anything that its owners owe."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from valor_core.models.fields import Unit, says, settle
from valor_core.models.lbo.events import AddOn
from valor_core.models.numbers import Numbers, valid_where
from valor_core.models.paths import Path, over_years
from valor_core.models.refusals import RevenueNegative


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """The operating case: growth and margin, and what growth ties up. Shares are of revenue."""

    revenue: Numbers = field(metadata=says("revenue of the year before", Unit.MONEY))
    growth: Path = field(metadata=says("growth of revenue", Unit.RATE))
    margin: Path = field(metadata=says("EBITDA as a share of revenue", Unit.RATE))
    depreciation: Path = field(metadata=says("depreciation as a share of revenue", Unit.RATE))
    capital_expenditure: Path = field(
        metadata=says("capital expenditure as a share of revenue", Unit.RATE)
    )
    working_capital: Path = field(metadata=says("working capital as a share of revenue", Unit.RATE))
    working_capital_before: Numbers | None = field(
        default=None,
        metadata=says("working capital at close; none: year 1's share of revenue", Unit.MONEY),
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingForecast:
    """The operating case year by year."""

    revenues: list[Numbers]
    ebitda: list[Numbers]
    acquired_ebitda: list[Numbers]
    depreciation: list[Numbers]
    capital_expenditure: list[Numbers]
    working_capital_added: list[Numbers]


def operating_forecast(
    operations: Operations, years: int, add_ons: Sequence[AddOn] = ()
) -> OperatingForecast:
    """Revenue by growth, EBITDA by margin, and what capital expenditure and growth take.

    What is bought grows as the company does and keeps its margin. The working capital that comes
    with it is paid by its price, so only its growth takes cash.
    """
    growth = over_years(operations.growth, years, name="growth")
    margins = over_years(operations.margin, years, name="margin")
    tied = over_years(operations.working_capital, years, name="working_capital")
    own, before = _sound_revenue(operations), operations.working_capital_before
    bought = [addition.revenue for addition in add_ons]
    stock = tied[0] * own if before is None else before
    revenues, ebitda, acquired, added = [], [], [], []
    for year, (rate, margin, share) in enumerate(zip(growth, margins, tied, strict=True), 1):
        own = own * (1.0 + rate)
        revenue, earned, profit = own, 0.0, own * margin
        for place, addition in enumerate(add_ons):
            if addition.year < year:
                if addition.year == year - 1:
                    stock = stock + tied[year - 2] * addition.revenue
                bought[place] = bought[place] * (1.0 + rate)
                revenue = revenue + bought[place]
                synergies = addition.synergies * addition.reached(year)
                earned = earned + bought[place] * addition.margin + synergies
        revenues.append(revenue)
        acquired.append(earned)
        ebitda.append(profit if not add_ons else profit + earned)
        needed = share * revenue
        added.append(needed - stock)
        stock = needed
    return OperatingForecast(
        revenues=revenues,
        ebitda=ebitda,
        acquired_ebitda=acquired,
        depreciation=_shares(operations.depreciation, revenues, "depreciation"),
        capital_expenditure=_shares(
            operations.capital_expenditure, revenues, "capital_expenditure"
        ),
        working_capital_added=added,
    )


def _sound_revenue(operations: Operations) -> Numbers:
    revenue = operations.revenue
    return valid_where(revenue >= 0.0, revenue, RevenueNegative, revenue=revenue)


def _shares(path: Path, revenues: list[Numbers], name: str) -> list[Numbers]:
    shares = over_years(path, len(revenues), name=name)
    return [share * revenue for share, revenue in zip(shares, revenues, strict=True)]
