"""A DCF begins with the beta and the risk-free rate that kept series of real prices tell."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from tests.books import KO
from tests.conftest import ONLY_SQLITE
from valor_core.coverage.prefill import DEBT_SPREAD, RISK_FREE, Prefilled
from valor_core.market.provider import Answer, BarsQuery, FundamentalsQuery, MacroQuery, in_series
from valor_core.market.providers.fred import Fred
from valor_core.market.providers.tiingo import Tiingo
from valor_core.market.series import Adjusted, Bar, Observation, Series
from valor_core.models.market_risk import blume
from valor_core.values import Caller, SourceKind
from valor_core.workbench import market_data, valuations
from valor_core.workbench.market_inputs import market_beta
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
