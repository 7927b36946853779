"""What kept series say of a company's cost of capital: its beta, and the risk-free rate."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from valor_core.coverage.companies import Company
from valor_core.coverage.prefill import DEBT_SPREAD, HOME, Prefilled
from valor_core.market import kept
from valor_core.market.provider import Capability
from valor_core.market.returns import weekly
from valor_core.market.series import Adjusted, Observation
from valor_core.models.dcf import DcfInputs
from valor_core.models.market_risk import BetaFit, NoBeta, blume, ols_beta, vasicek
from valor_core.models.sensitivity import replace_at
from valor_core.settings import setting
from valor_core.store.work import Work
from valor_core.values import Source, SourceKind
from valor_core.workbench.verb import view

COMPARABLE = frozenset({Adjusted.SPLITS, Adjusted.ALL})
"""A split is no return."""

WEEKS_MOST, WEEKS_LEAST = 104, 52
TEN_YEARS = "DGS10"
YIELD_STALE_DAYS, BETA_STALE_DAYS = 30, 90
"""What is older tells nothing of the day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketBeta:
    """A company's beta from kept series, with the series that it rests on."""

    fit: BetaFit
    market: str
    until: date
    series: tuple[str, str]  # the company's and the market's, by their digests

    @property
    def blume(self) -> float:
        """Drawn by a third towards one."""
        return blume(self.fit.beta)

    @property
    def vasicek(self) -> float:
        """Drawn towards one, the more the less surely it was measured."""
        return vasicek(self.fit)

    @property
    def told(self) -> str:
        """The rule behind it, in words."""
        mine, markets = (each[:12] for each in self.series)
        return (
            f"two thirds of the weekly beta against {self.market} plus a third (Blume): "
            f"{self.fit.beta:.2f} with a standard error of {self.fit.standard_error:.2f}, "
            f"{self.fit.count} weeks to {self.until}; series {mine} and {markets}"
        )


@view("series.read")
def read_beta(work: Work, ticker: str, *, as_of: date | None = None) -> MarketBeta | None:
    """The beta of a company's share as known on a day; None where no series tell it."""
    return market_beta(work, ticker, as_of=as_of)


def market_beta(work: Work, ticker: str, *, as_of: date | None = None) -> MarketBeta | None:
    """The beta of a company's share from two kept series of real prices, if there are such."""
    market = setting("VALOR_MARKET_SYMBOL").upper()
    if not ticker or ticker == market:
        return None
    today = as_of or work.now.date()
    year_before = today - timedelta(weeks=WEEKS_LEAST)
    share, index = (
        kept.newest_usable(
            work,
            Capability.BARS,
            each,
            adjusted=COMPARABLE,
            until=as_of,
            begins_by=year_before,
        )
        for each in (ticker, market)
    )
    if share is None or index is None:
        return None
    mine, markets, until = weekly(
        share.usable_rows, index.usable_rows, most=WEEKS_MOST, until=as_of
    )
    if until is None or len(mine) < WEEKS_LEAST or (today - until).days > BETA_STALE_DAYS:
        return None
    try:
        fit = ols_beta(mine, markets)
    except NoBeta:
        return None
    return MarketBeta(
        fit=fit, market=market, until=until, series=(share.row.sha256, index.row.sha256)
    )


def from_market(
    work: Work, company: Company, start: Prefilled, *, as_of: date | None = None
) -> Prefilled:
    """The start of a DCF with what kept series say in place of the house's defaults."""
    if not isinstance(start.inputs, DcfInputs):
        return start
    found: dict[str, tuple[float, str]] = {}
    if beta := market_beta(work, company.ticker, as_of=as_of):
        found["beta"] = beta.blume, beta.told
    if start.currency == HOME and (rate := _risk_free(work, as_of)):
        found["risk_free"] = rate
        found["pretax_cost_of_debt"] = rate[0] + DEBT_SPREAD, f"risk-free rate + {DEBT_SPREAD:.1%}"
    inputs, sources = start.inputs, dict(start.sources)
    for name, (value, rule) in found.items():
        inputs = replace_at(inputs, f"cost_of_capital.{name}", value)
        sources[f"cost_of_capital.{name}"] = Source(kind=SourceKind.DERIVED, text=rule)
    return replace(start, inputs=inputs, sources=sources)


def _risk_free(work: Work, as_of: date | None) -> tuple[float, str] | None:
    """The newest ten-year Treasury yield by that day, if it is not stale."""
    found = kept.newest_usable(work, Capability.MACRO, TEN_YEARS, until=as_of)
    if found is None or not found.row.unit.lower().startswith("percent"):
        return None
    today = as_of or work.now.date()
    rows = [row for row in found.usable_rows if row.day <= today]
    newest = max(rows, key=lambda row: row.day)
    if not isinstance(newest, Observation) or (today - newest.day).days > YIELD_STALE_DAYS:
        return None
    rule = f"ten-year Treasury yield ({TEN_YEARS}) of {newest.day}; series {found.row.sha256[:12]}"
    return newest.value / 100.0, rule
