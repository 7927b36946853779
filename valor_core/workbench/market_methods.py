"""What kept series say of a company's risk and of the market's rates, by each method there is."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import mean, stdev

from sqlalchemy import select

from valor_core.coverage import companies
from valor_core.coverage.bridge_facts import debt
from valor_core.coverage.companies import Company
from valor_core.coverage.figures import Figures, assumed, derived
from valor_core.coverage.prefill import EQUITY_PREMIUM, HOME, MARGINAL_TAX, Alternative, currency_of
from valor_core.coverage.splits import splits_for
from valor_core.errors import ValorError
from valor_core.market import kept, premiums
from valor_core.market.checks import value_of
from valor_core.market.curves import CURVES, USUAL_YEARS, CurvePoint, between, stale_days
from valor_core.market.kept import Kept
from valor_core.market.offered import title_of
from valor_core.market.provider import Capability
from valor_core.market.returns import daily, weekly
from valor_core.market.series import Adjusted, Observation
from valor_core.models.cost_of_capital import BetaKind
from valor_core.models.market_risk import (
    BetaFit,
    NoBeta,
    PeerBeta,
    blume,
    industry_beta,
    ols_beta,
    vasicek,
)
from valor_core.models.return_volatility import (
    DECAY,
    LEAST_FOR_GARCH,
    GarchFit,
    NoVolatility,
    ewma_volatility,
    garch_t,
    sample_volatility,
)
from valor_core.settings import setting
from valor_core.store.tables import SeriesRow
from valor_core.store.work import Work
from valor_core.values import CompanyId, Source, SourceKind
from valor_core.workbench.peers import list_peers
from valor_core.workbench.verb import view

COMPARABLE = frozenset({Adjusted.SPLITS, Adjusted.ALL})
"""A split is no return."""

WEEKS_MOST, WEEKS_LEAST = 104, 52
DAYS_MOST = 1_000
STALE_DAYS = 90
"""What is older tells nothing of the day."""

PEERS_LEAST, PEERS_MOST = 3, 20
PEERS_FOR_A_SPREAD = 5

BETA = "cost_of_capital.beta"
RISK_FREE = "cost_of_capital.risk_free"
PREMIUM = "cost_of_capital.equity_risk_premium"
EQUITY_VOLATILITY = "equity_volatility"


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
        """What was measured, in words."""
        mine, markets = (each[:12] for each in self.series)
        return (
            f"{self.fit.beta:.2f} with a standard error of {self.fit.standard_error:.2f}, "
            f"{self.fit.count} weeks to {self.until}; series {mine} and {markets}"
        )


@view("series.read")
def read_methods(
    work: Work, company_id: CompanyId, *, as_of: date | None = None, years: float = 1.0
) -> list[Alternative]:
    """Beta, risk-free rate, premium and volatility of a share by each method, as of a day.

    The first one of each is what a valuation begins with; a volatility is that of so many years.
    """
    company = companies.company(work, company_id)
    try:
        currency = currency_of(company, companies.facts(work, company.id))
    except ValorError:  # nothing is filed, or in several currencies: the rates of the home one
        currency = HOME
    return [
        *betas(work, company, as_of, priced=kept.symbols(work, Capability.BARS)),
        *risk_free_rates(work, currency, as_of),
        *equity_premiums(work, currency, as_of),
        *volatilities(work, company.ticker, years=years, as_of=as_of),
    ]


@view("series.read")
def read_volatilities(
    work: Work, company_id: CompanyId, *, years: float, as_of: date | None = None
) -> list[Alternative]:
    """The volatility of a company's share by each method, as of a day and over so many years."""
    company = companies.company(work, company_id)
    return volatilities(work, company.ticker, years=years, as_of=as_of)


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
    share, index = (a_year_of(work, each, as_of) for each in (ticker, market))
    if share is None or index is None:
        return None
    mine, markets, until = weekly(
        share.usable_rows, index.usable_rows, most=WEEKS_MOST, until=as_of
    )
    if until is None or len(mine) < WEEKS_LEAST or (today - until).days > STALE_DAYS:
        return None
    try:
        fit = ols_beta(mine, markets)
    except NoBeta:
        return None
    return MarketBeta(
        fit=fit, market=market, until=until, series=(share.row.sha256, index.row.sha256)
    )


def a_year_of(work: Work, symbol: str, as_of: date | None) -> Kept | None:
    """The newest series of comparable prices that reaches back a year before the day."""
    today = as_of or work.now.date()
    return kept.newest_usable(
        work,
        Capability.BARS,
        symbol,
        adjusted=COMPARABLE,
        until=as_of,
        begins_by=today - timedelta(weeks=WEEKS_LEAST),
    )


# --- beta -----------------------------------------------------------------------------------------


def betas(
    work: Work, company: Company, as_of: date | None, *, priced: Collection[str]
) -> Iterator[Alternative]:
    """The company's beta by regression, adjusted twice, and by its industry.

    `priced` are the symbols whose prices are kept. Peers are read once somebody asks for what
    comes after the first.
    """
    if setting("VALOR_MARKET_SYMBOL").upper() not in priced:
        return
    own = market_beta(work, company.ticker, as_of=as_of)
    if own is not None:
        yield _by_blume(own)
    peers = list(_peers(work, company, as_of, priced))
    if len(peers) >= PEERS_LEAST:
        yield _by_industry(peers)
    if own is not None:
        yield _by_vasicek(own, peers)
        yield _raw(own)


def _by_blume(own: MarketBeta) -> Alternative:
    return _beta(
        own,
        "Blume",
        own.blume,
        "The usual choice: high and low betas were found to move towards 1.",
        f"two thirds of the weekly beta against {own.market} plus a third (Blume): {own.told}",
    )


def _by_vasicek(own: MarketBeta, peers: list["MeasuredPeer"]) -> Alternative:
    measured = [each.peer.beta for each in peers]
    centre, spread, whose = 1.0, 0.5, "to 1, betas of all companies spread by 0.50"
    if len(measured) >= PEERS_FOR_A_SPREAD and stdev(measured) > 0.0:
        centre, spread = mean(measured), stdev(measured)
        whose = f"to the {centre:.2f} of {len(measured)} peers, spread by {spread:.2f}"
    return _beta(
        own,
        "Vasicek",
        vasicek(own.fit, mean=centre, spread=spread),
        "When it was measured unsurely: the larger its error, the further it is drawn.",
        f"the weekly beta against {own.market} drawn {whose} (Vasicek): {own.told}",
    )


def _raw(own: MarketBeta) -> Alternative:
    return _beta(
        own,
        "Least squares",
        own.fit.beta,
        f"When its error, here {own.fit.standard_error:.2f}, is small, and business and debt are "
        "to stay as they were.",
        f"weekly beta against {own.market} by least squares: {own.told}",
    )


def _beta(own: MarketBeta, method: str, value: float, reason: str, rule: str) -> Alternative:
    return Alternative(
        path=BETA,
        method=method,
        value=value,
        reason=reason,
        source=_from_series(rule),
        series=own.series,
        beta_kind=BetaKind.LEVERED,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredPeer:
    """A peer with all that its beta without debt rests on."""

    peer: PeerBeta
    figures: Figures
    series: tuple[str, str]


def _peers(
    work: Work, company: Company, as_of: date | None, priced: Collection[str]
) -> Iterator[MeasuredPeer]:
    """The likest companies whose shares' prices are kept, and whose debt is filed."""
    ranked = list_peers(work, company.id, as_of=as_of)
    likest = [each.company for each in ranked if each.is_like and each.company.ticker in priced]
    likest = likest[:PEERS_MOST]
    facts = dict(companies.facts_by_company(work, [each.id for each in likest]))
    for each in likest:
        beta = market_beta(work, each.ticker, as_of=as_of)
        figures = Figures(facts.get(each.id, []), as_of)
        if beta is not None and figures.year:
            share = kept.read(work, beta.series[0])
            leverage = _leverage(each, figures, share, as_of)
            if leverage is not None:
                peer = PeerBeta(
                    name=each.ticker, beta=beta.fit.beta, debt_to_equity=leverage, tax=MARGINAL_TAX
                )
                yield MeasuredPeer(peer=peer, figures=figures, series=beta.series)


def _leverage(company: Company, figures: Figures, share: Kept, as_of: date | None) -> float | None:
    """Filed debt over the shares at their last price; None where a figure is lacking."""
    owed, shares = debt(figures), figures.shares(splits_for(company, as_of))
    _, price = last_price(share, as_of)
    worth = price * (shares.amount if shares else 0.0)
    in_one_currency = all(fact.unit == share.series.currency for fact in owed.facts)
    if owed.value is None or owed.value < 0.0 or not worth > 0.0 or not in_one_currency:
        return None
    return owed.value / worth


def last_price(share: Kept, as_of: date | None) -> tuple[date, float]:
    """The newest price of a series on a day or before it, and its day."""
    rows = [row for row in share.usable_rows if as_of is None or row.day <= as_of]
    newest = max(rows, key=lambda row: row.day)
    return newest.day, value_of(newest)


def _by_industry(peers: list[MeasuredPeer]) -> Alternative:
    named = ", ".join(
        f"{each.peer.name} {each.peer.unlevered:.2f} at a debt of "
        f"{each.peer.debt_to_equity:.0%} of its equity"
        for each in peers
    )
    facts = [fact for each in peers for fact in debt(each.figures).facts]
    rule = (
        f"median of the betas of {len(peers)} peers without debt, by Hamada at {MARGINAL_TAX:.0%} "
        f"tax: {named}; levered at the company's own debt"
    )
    return Alternative(
        path=BETA,
        method="Bottom-up by industry",
        value=industry_beta([each.peer for each in peers]),
        reason="When business or debt has changed, or the share trades little: peers' errors even "
        "out.",
        source=derived(0.0, rule, *dict.fromkeys(facts)).source,
        series=tuple(dict.fromkeys(sha256 for each in peers for sha256 in each.series)),
        beta_kind=BetaKind.UNLEVERED,
    )


# --- rates ----------------------------------------------------------------------------------------


def risk_free_rates(work: Work, currency: str, as_of: date | None) -> list[Alternative]:
    """The points of the currency's curve that are kept and fresh, the usual maturity first."""
    points = curve(work, currency, as_of)
    return [
        _rate(point, currency)
        for point in sorted(points, key=lambda p: (p.years != USUAL_YEARS, p.years))
    ]


def curve(work: Work, currency: str, as_of: date | None) -> list[CurvePoint]:
    """The currency's government bond yields by maturity, as known on a day."""
    there = kept.symbols(work, Capability.MACRO)
    series = {years: name for years, name in CURVES.get(currency, {}).items() if name in there}
    found = (_point(work, years, symbol, as_of) for years, symbol in series.items())
    return [point for point in found if point is not None]


def risk_free_at(points: list[CurvePoint], years: float) -> tuple[float, list[CurvePoint]] | None:
    """The rate for a maturity, on the line between the points around it; none beyond them."""
    below = max((p for p in points if p.years <= years), key=lambda p: p.years, default=None)
    above = min((p for p in points if p.years >= years), key=lambda p: p.years, default=None)
    if below is None or above is None:
        return None
    around = [below] if below == above else [below, above]
    return between(below, above, years), around


def _point(work: Work, years: float, symbol: str, as_of: date | None) -> CurvePoint | None:
    found = kept.newest_usable(work, Capability.MACRO, symbol, until=as_of)
    if found is None or not found.row.unit.lower().startswith("percent"):
        return None
    today = as_of or work.now.date()
    rows = [row for row in found.usable_rows if row.day <= today]
    newest = max(rows, key=lambda row: row.day)
    if not isinstance(newest, Observation) or (today - newest.day).days > stale_days(symbol):
        return None
    return CurvePoint(
        years=years,
        rate=newest.value / 100.0,
        symbol=symbol,
        day=newest.day.isoformat(),
        sha256=found.row.sha256,
    )


def _rate(point: CurvePoint, currency: str) -> Alternative:
    usual = point.years == USUAL_YEARS
    return Alternative(
        path=RISK_FREE,
        method=f"{point.years:g} years",
        value=point.rate,
        reason="The usual choice for a company, whose flows have no end."
        if usual
        else f"When what is valued ends in about {point.years:g} years.",
        source=_from_series(told_of_rate([point], point.years, currency)),
        series=(point.sha256,),
    )


def told_of_rate(points: list[CurvePoint], years: float, currency: str) -> str:
    """The rule behind a risk-free rate, in words."""
    read = " and ".join(f"{p.symbol} of {p.day}; series {p.sha256[:12]}" for p in points)
    on = "" if len(points) == 1 else ", on the line between two maturities"
    return f"yield of {currency} government bonds of {years:g} years{on}: {read}"


def equity_premiums(work: Work, currency: str, as_of: date | None) -> list[Alternative]:
    """What the tenant states, what was published, and the round figure of the house."""
    today = as_of or work.now.date()
    found = []
    if own := premiums.stated(work, currency, today):
        source = Source(
            kind=SourceKind.ASSUMED,
            text=f"{own.source}, of {own.day}",
            author=own.created_by,
            stated_on=date.fromisoformat(own.day),
        )
        found.append(_premium("Your house's", own.value, "What your house has agreed on.", source))
    usual = assumed(EQUITY_PREMIUM, "premium of a mature market, a round figure").source
    found.append(
        _premium("Round figure", EQUITY_PREMIUM, "Until somebody states a better one.", usual)
    )
    if published := premiums.published(currency, today):
        source = _from_series(f"{published.source}, of {published.day}")
        why = "What others use, too: look at its day before you take it."
        found.append(_premium("Published", published.value, why, source))
    return found


def _premium(method: str, value: float, reason: str, source: Source) -> Alternative:
    return Alternative(path=PREMIUM, method=method, value=value, reason=reason, source=source)


# --- volatility -----------------------------------------------------------------------------------


def volatilities(work: Work, ticker: str, *, years: float, as_of: date | None) -> list[Alternative]:
    """The volatility a year of the share by GARCH over a time, by EWMA and with days alike.

    GARCH is left out where the share's days know no calm and storm.
    """
    if not ticker or ticker not in kept.symbols(work, Capability.BARS):
        return []
    share = a_year_of(work, ticker, as_of)
    if share is None:
        return []
    returns, until = daily(share.usable_rows, most=DAYS_MOST, until=as_of)
    today = as_of or work.now.date()
    if until is None or len(returns) < LEAST_FOR_GARCH or (today - until).days > STALE_DAYS:
        return []
    try:
        fit = garch_t(returns)
    except NoVolatility:
        return []
    of = f"of {len(returns)} daily returns to {until}; series {share.row.sha256[:12]}"
    alike = (
        "All days alike", sample_volatility(returns),
        "For comparison, or when calm and storm are to average out.", f"standard deviation {of}",
    )  # fmt: skip
    newest = (
        "EWMA", ewma_volatility(returns), "For the weeks ahead: the newest days count most.",
        f"each day back counts {DECAY:.2f} of the one after it (EWMA), {of}",
    )  # fmt: skip
    over = "the next year" if years == 1.0 else f"the next {years:g} years"
    by_garch = (
        "GARCH", fit.volatility_over(years),
        f"Where time matters: it returns from today's to the usual level over {over}.",
        f"GARCH(1,1) with Student's t over {over}: {_terms(fit)}, {of}",
    )  # fmt: skip
    return [
        Alternative(
            path=EQUITY_VOLATILITY,
            method=method,
            value=round(value, 4),
            reason=reason,
            source=_from_series(rule),
            series=(share.row.sha256,),
        )
        for method, value, reason, rule in (
            [by_garch, newest, alike] if fit.clusters else [alike, newest]
        )
    ]


def _terms(fit: GarchFit) -> str:
    return f"α {fit.alpha:.3f}, β {fit.beta:.3f}, ν {fit.nu:.1f}"


def _from_series(rule: str) -> Source:
    return Source(kind=SourceKind.DERIVED, text=rule)


@view("series.read")
def names_of(work: Work, told: Iterable[Alternative]) -> dict[str, str]:
    """The series behind some values, by digest, as people call them."""
    wanted = {sha256 for each in told for sha256 in each.series}
    row = SeriesRow
    query = select(row.sha256, row.symbol, row.provider, row.last_day).where(row.sha256.in_(wanted))
    return {
        sha256: f"{symbol} of {title_of(provider)} to {last_day}"
        for sha256, symbol, provider, last_day in work.session.execute(query)
    }
