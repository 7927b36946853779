"""A DCF begins with the beta and the risk-free rate that kept series of real prices tell."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from tests.books import KO
from tests.conftest import ONLY_SQLITE
from valor_core.coverage.prefill import (
    DEBT_SPREAD,
    EQUITY_PREMIUM,
    RISK_FREE,
    Alternative,
    Prefilled,
)
from valor_core.coverage.sourcing import sources_of
from valor_core.errors import BadInput
from valor_core.market.provider import Answer, BarsQuery, FundamentalsQuery, MacroQuery, in_series
from valor_core.market.providers.fred import Fred
from valor_core.market.providers.tiingo import Tiingo
from valor_core.market.series import Adjusted, Bar, Observation, Series
from valor_core.models.cost_of_capital import BetaKind
from valor_core.models.market_risk import blume
from valor_core.values import Caller, SourceKind
from valor_core.workbench import market_data, market_methods, premiums, valuations
from valor_core.workbench.market_inputs import taken
from valor_core.workbench.market_methods import market_beta
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE
LAST = date(2024, 6, 28)
DAYS = [LAST - timedelta(days=n) for n in range(1100) if (LAST - timedelta(days=n)).weekday() < 5]
DAYS.reverse()
MARKET = np.random.default_rng(1).normal(0.0003, 0.01, len(DAYS))
QUERY = BarsQuery(symbol="KO", start=DAYS[0], end=LAST)


def prices(symbol: str, returns: np.ndarray, **how: Any) -> Answer:
    closes = 100.0 * np.exp(np.cumsum(returns))
    rows = tuple(
        Bar(day=day, open=close, high=close, low=close, close=close, volume=1.0)
        for day, close in zip(DAYS, map(float, closes), strict=True)
    )
    series = Series(
        symbol=symbol, rows=rows, unit="USD", currency="USD", zone="America/New_York",
        adjusted=Adjusted.ALL,
    )  # fmt: skip
    tiingo = Tiingo(base_url="", key="k")
    answer = in_series(tiingo, replace(QUERY, symbol=symbol), series, source="of a test")
    return replace(answer, **how)


def a_yield(value: float, day: date = LAST) -> Answer:
    query = MacroQuery(series="DGS10", start=day, end=day)
    series = Series(
        symbol="DGS10", rows=(Observation(day=day, value=value),), unit="Percent", currency="",
        zone="America/Chicago",
    )  # fmt: skip
    return in_series(Fred(base_url="", key="k"), query, series, source="of a test")


def kept(caller: Caller, *answers: Answer) -> list[str]:
    digests = []
    for answer in answers:
        assert not isinstance(answer.query, FundamentalsQuery)
        with open_work(caller) as work:
            digests.append(market_data.keep_series(work, answer, answer.query).row.sha256)
    return digests


def only(answer: Answer, *, rows: slice = slice(None), **changes: Any) -> Answer:
    """The answer with some of its rows alone, and its series changed."""
    assert isinstance(answer.value, Series)
    series = replace(answer.value, rows=answer.value.rows[rows], **changes)
    return replace(answer, value=series)


def start(caller: Caller, as_of: date | None = LAST) -> Prefilled:
    with open_work(caller) as work:
        return valuations.prefilled(work, KO, as_of=as_of)


def test_a_dcf_begins_with_the_adjusted_beta_and_names_the_series_it_rests_on(book, acme):
    mine, market = kept(acme.analyst, prices("KO", 0.6 * MARKET), prices("SPY", MARKET))

    found = start(acme.analyst)

    assert found.inputs.cost_of_capital.beta == pytest.approx(blume(0.6))
    source = found.sources["cost_of_capital.beta"]
    assert source.kind is SourceKind.DERIVED
    assert "104 weeks to 2024-06-28" in source.text
    assert mine[:12] in source.text
    assert market[:12] in source.text


def test_a_dcf_begins_with_the_yield_of_the_day_and_its_debt_with_a_spread_on_it(book, acme):
    kept(acme.analyst, a_yield(4.5))

    capital = start(acme.analyst).inputs.cost_of_capital

    assert capital.risk_free == pytest.approx(0.045)
    assert capital.pretax_cost_of_debt == pytest.approx(0.045 + DEBT_SPREAD)


@pytest.mark.parametrize(
    "told",
    [
        replace(prices("KO", 0.6 * MARKET), synthetic=True),
        only(prices("KO", 0.6 * MARKET), adjusted=Adjusted.NONE),
        only(prices("KO", 0.6 * MARKET), rows=slice(-200, None)),
    ],
    ids=["invented", "not adjusted for splits", "too short"],
)
def test_series_that_tell_no_beta_leave_the_default(book, acme, told):
    kept(acme.analyst, told, prices("SPY", MARKET))

    assert start(acme.analyst).inputs.cost_of_capital.beta == 1.0


def test_what_came_after_the_day_and_what_is_long_past_tell_nothing(book, acme):
    kept(acme.analyst, prices("KO", 0.6 * MARKET), prices("SPY", MARKET), a_yield(4.5))

    before = start(acme.analyst, as_of=DAYS[200]).inputs.cost_of_capital
    later = start(acme.analyst, as_of=LAST + timedelta(days=91)).inputs.cost_of_capital

    assert (before.beta, before.risk_free) == (1.0, RISK_FREE)
    assert (later.beta, later.risk_free) == (1.0, RISK_FREE)


def test_another_tenants_series_tell_nothing(book, acme, rival):
    kept(rival.analyst, prices("KO", 0.6 * MARKET), prices("SPY", MARKET), a_yield(4.5))

    assert start(acme.analyst).inputs.cost_of_capital.beta == 1.0
    with open_work(acme.analyst) as work:
        assert market_beta(work, "KO") is None


def test_a_short_fetch_does_not_hide_the_long_one_before(book, acme):
    long = prices("KO", 0.6 * MARKET)
    kept(acme.analyst, long, prices("SPY", MARKET), only(long, rows=slice(-20, None)))

    assert start(acme.analyst).inputs.cost_of_capital.beta == pytest.approx(blume(0.6))


# --- by each method -------------------------------------------------------------------------------

PEERS = {"PEP": 0.7, "ABT": 0.9, "CVX": 1.1}


def with_peers(caller: Caller) -> None:
    kept(caller, prices("SPY", MARKET), *(prices(k, b * MARKET) for k, b in PEERS.items()))


def method(begun: Prefilled, name: str) -> Alternative:
    return next(each for each in begun.alternatives if each.method == name)


def test_without_a_beta_of_its_own_a_company_begins_with_that_of_its_industry(book, acme):
    with_peers(acme.analyst)

    begun = start(acme.analyst)

    capital, source = begun.inputs.cost_of_capital, begun.sources["cost_of_capital.beta"]
    assert capital.beta_kind is BetaKind.UNLEVERED
    assert 0.5 < capital.beta < 1.0, "each is unlevered, so it lies below the measured ones"
    assert source.text.startswith("median of the betas of 3 peers without debt")
    assert {fact.item for fact in source.facts} & {"long_term_debt", "short_term_debt"}
    assert len(method(begun, "Bottom-up by industry").series) == 4, "three shares and the market"


def test_every_method_stands_beside_the_one_that_is_taken_with_the_series_it_rests_on(book, acme):
    with_peers(acme.analyst)
    mine, _ = kept(acme.analyst, prices("KO", 0.6 * MARKET), a_yield(4.5))

    begun = start(acme.analyst)

    assert [each.method for each in begun.alternatives] == [
        "Blume", "Bottom-up by industry", "Vasicek", "Least squares", "10 years", "Round figure",
    ]  # fmt: skip
    assert method(begun, "Least squares").value == pytest.approx(0.6)
    assert method(begun, "Blume").series[0] == mine
    with open_work(acme.viewer) as work:
        told = market_methods.read_methods(work, KO, as_of=LAST)
    assert [(e.path, e.value) for e in told[:6]] == [
        (e.path, e.value) for e in begun.alternatives
    ], "notebook, API and command tell what the page begins with"
    assert {e.method for e in told[6:]} == {"EWMA", "All days alike"}, "no calm, no storm"


def test_what_another_method_tells_is_saved_with_its_series_and_the_reason_for_it(book, acme):
    kept(acme.analyst, prices("KO", 0.6 * MARKET), prices("SPY", MARKET))
    begun = start(acme.analyst)
    raw = method(begun, "Least squares")
    bridge = replace(begun.inputs.bridge, **dict.fromkeys(begun.inputs.bridge.missing, 0.0))
    inputs = taken(replace(begun.inputs, bridge=bridge), raw)

    sources = sources_of(
        inputs,
        begun,
        {"cost_of_capital.beta": "little debt, long history"}
        | {path: "none" for path, each in begun.sources.items() if each.kind is SourceKind.MISSING},
        author="anna",
        on=LAST,
    )

    told = sources["cost_of_capital.beta"]
    assert told.kind is SourceKind.DERIVED
    assert raw.series[0][:12] in told.text
    assert told.text.endswith("chosen: little debt, long history")


def test_a_premium_that_the_house_states_begins_every_valuation_from_its_day_on(book, acme, rival):
    with open_work(acme.admin) as work:
        row = premiums.state_premium(work, "usd", 0.0525, day=LAST, source="our committee")

    begun = start(acme.analyst)

    assert row.version == 1
    assert begun.inputs.cost_of_capital.equity_risk_premium == 0.0525
    source = begun.sources["cost_of_capital.equity_risk_premium"]
    assert (source.text, source.author) == (f"our committee, of {LAST}", acme.admin.actor)
    before = start(acme.analyst, as_of=LAST - timedelta(days=1)).inputs.cost_of_capital
    others = start(rival.analyst).inputs.cost_of_capital
    assert before.equity_risk_premium == others.equity_risk_premium == EQUITY_PREMIUM


def test_a_published_premium_is_offered_from_the_day_it_was_known_and_never_taken_by_itself(
    book, acme
):
    early = start(acme.analyst, as_of=date(2025, 1, 21))
    later = start(acme.analyst, as_of=date(2025, 1, 22))

    assert "Published" not in {each.method for each in early.alternatives}
    assert method(later, "Published").value == 0.0433
    assert later.inputs.cost_of_capital.equity_risk_premium == EQUITY_PREMIUM


@pytest.mark.parametrize(
    "told",
    [{"value": 0.0}, {"value": 0.3}, {"value": float("nan")}, {"source": " "},
     {"currency": "US"}, {"day": date(2099, 1, 1)}],
)  # fmt: skip
def test_a_premium_without_sense_source_or_day_is_refused(book, acme, told):
    stated = {"currency": "USD", "value": 0.05, "day": LAST, "source": "a survey"} | told

    with pytest.raises(BadInput), open_work(acme.admin) as work:
        premiums.state_premium(work, **stated)


def test_a_risk_free_rate_lies_on_the_line_between_the_maturities_around_it(book, acme):
    ten = a_yield(4.5)
    two = replace(
        only(a_yield(4.0), symbol="DGS2"), query=MacroQuery(series="DGS2", start=LAST, end=LAST)
    )
    kept(acme.analyst, two, ten)

    with open_work(acme.viewer) as work:
        points = market_methods.curve(work, "USD", LAST)
        foreign = market_methods.curve(work, "EUR", LAST)

    found = market_methods.risk_free_at(points, 4.0)
    assert found
    rate, around = found
    assert rate == pytest.approx(0.04 + 0.005 * 2 / 8)
    assert [each.symbol for each in around] == ["DGS2", "DGS10"]
    assert market_methods.risk_free_at(points, 30.0) is None, "no curve is drawn on beyond its end"
    assert foreign == []


def test_a_right_and_mertons_model_begin_with_what_the_shares_prices_tell(book, acme):
    share, _ = kept(acme.analyst, prices("KO", 0.6 * MARKET), a_yield(4.5))
    with open_work(acme.analyst) as work:
        right = valuations.prefilled(work, KO, model="real_option", as_of=LAST)
        credit = valuations.prefilled(work, KO, model="credit", as_of=LAST)

    yearly = 0.6 * float(np.std(MARKET[1:], ddof=1)) * 252**0.5
    assert right.inputs.volatility == pytest.approx(0.85 * yearly, abs=1e-4)
    assert share[:12] in right.sources["volatility"].text
    assert {each.path for each in right.alternatives} == {"volatility"}
    last = float(100.0 * np.exp(np.sum(0.6 * MARKET)))
    assert credit.inputs.market_value == pytest.approx(credit.inputs.now.shares * last)
    assert share[:12] in credit.sources["market_value"].text


def the_deflator(first: int, last: int) -> Answer:
    """A level of 20 in 1968 that rises by 1 a year."""
    rows = tuple(
        Observation(day=date(year, month, 1), value=year - 1948.0)
        for year in range(first, last + 1)
        for month in (1, 4, 7, 10)
    )
    query = MacroQuery(series="GNPDEF", start=date(1967, 1, 1), end=date(last, 12, 31))
    series = Series(
        symbol="GNPDEF", rows=rows, unit="Index 2017=100", currency="", zone="America/Chicago"
    )
    return in_series(Fred(base_url="", key="k"), query, series, source="of a test")


def test_ohlsons_price_level_is_the_deflator_of_the_year_before_over_that_of_1968(book, acme):
    (series,) = kept(acme.analyst, the_deflator(1968, 2009))
    with open_work(acme.analyst) as work:
        credit = valuations.prefilled(work, KO, model="credit", as_of=LAST)

    assert credit.inputs.price_index == pytest.approx(100.0 * 60.0 / 20.0)  # KO filed 2009
    assert (
        f"of 2008, the year before the judged one, over that of 1968, × 100; series {series[:12]}"
        in (credit.sources["price_index"].text)
    )


@pytest.mark.parametrize(("first", "last"), [(1968, 2007), (1969, 2009)])
def test_a_deflator_without_either_year_tells_no_price_level(book, acme, first, last):
    kept(acme.analyst, the_deflator(first, last))
    with open_work(acme.analyst) as work:
        credit = valuations.prefilled(work, KO, model="credit", as_of=LAST)

    assert credit.inputs.price_index is None
    assert "GNPDEF" in credit.sources["price_index"].text
