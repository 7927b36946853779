from dataclasses import replace
from datetime import date

from app.fault_server import Fault, serving
from app.sound_answers import sound
from tests.conftest import ONLY_SQLITE
from tests.market.played import begin_anew
from tests.pages.opening import opened, pressed, run, texts
from tests.workbench.test_market_inputs import MARKET, kept, prices
from valor_core.market.provider import BarsQuery
from valor_core.market.series import Bar, Series
from valor_core.values import from_micros
from valor_core.workbench import market_data
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE
QUERY = BarsQuery(symbol="AAPL", start=date(2024, 1, 2), end=date(2024, 1, 5))


def table(page, column: str) -> str:
    """The listing that has such a column, as its HTML."""
    return next(
        each.proto.body for each in page.get("html") if f">{column}</th>" in each.proto.body
    )


def doubtful(caller) -> str:
    """An invented series whose second day contradicts itself; its digest."""
    answer = market_data.fetch_series(caller, QUERY, provider="replay").given()
    assert isinstance(answer.value, Series)
    first, second, *rest = answer.value.rows
    assert isinstance(second, Bar)
    rows = (first, replace(second, low=1.0, high=1.1), *rest)
    answer = replace(answer, value=replace(answer.value, rows=rows))
    with open_work(caller) as work:
        return market_data.keep_series(work, answer, QUERY).row.sha256


def test_an_analyst_fetches_an_invented_series_which_says_that_it_is(acme, monkeypatch):
    page = opened(monkeypatch, acme.analyst, "market_data")
    assert "No series is kept yet" in texts(page)

    page.text_input(key="market_bars").set_value("aapl")
    page = pressed(page, "Fetch")

    assert "of AAPL came in from Replay." in texts(page)
    assert "These prices are invented" in texts(page)
    assert "Nothing about this series is in doubt" in texts(page)


def test_what_is_in_doubt_is_shown_and_used_once_it_is_accepted_with_a_reason(acme, monkeypatch):
    doubtful(acme.analyst)
    page = opened(monkeypatch, acme.analyst, "market_data")

    assert "do not hold the other prices" in table(page, "Doubt")
    assert "3 of 4" in texts(page)
    page = pressed(page, "Accept and use")
    assert "A reason has 1 to" in texts(page)
    next(each for each in page.text_input if each.label == "Why it is right").set_value("erratum")
    page = pressed(page, "Accept and use")

    assert "4 of 4" in texts(page)
    assert "accepted by anna" in table(page, "Doubt")


def test_a_key_is_set_and_forgotten_and_never_shown(acme, monkeypatch):
    page = opened(monkeypatch, acme.admin, "market_data")
    assert "needs a key" in table(page, "Brings")

    next(each for each in page.text_input if each.label == "Key").set_value("s3cret-key-1")
    page = pressed(page, "Keep the key")

    assert "The key of FRED is kept" in texts(page)
    assert "ready, key set by adam" in table(page, "Brings")
    assert "s3cret" not in texts(page) + "".join(each.value or "" for each in page.text_input)
    assert "FRED could not be asked any more." in texts(page)
    assert "This needs a reason." in texts(pressed(page, "Forget the key"))
    page.text_input(key="market_forget_why").set_value("it leaked")
    page = pressed(page, "Forget the key")
    assert "ready, key set" not in table(page, "Brings")


def test_a_viewer_sees_series_and_standing_and_is_offered_nothing_to_change(acme, monkeypatch):
    doubtful(acme.analyst)
    page = opened(monkeypatch, acme.viewer, "market_data")

    assert "do not hold the other prices" in table(page, "Doubt")
    assert {each.label for each in page.button} <= {"Sign out"}
    assert "Keys are set by an administrator" in texts(page)


def test_what_a_provider_refuses_is_said_and_nothing_is_kept(acme, monkeypatch):
    page = opened(monkeypatch, acme.analyst, "market_data")

    page.text_input(key="market_bars").set_value("../etc")
    page = pressed(page, "Fetch")

    assert "is no ticker" in texts(page)
    assert "No series is kept yet" in texts(run(page))


def test_a_share_beside_its_market_shows_its_beta(acme, monkeypatch):
    kept(acme.analyst, prices("SPY", MARKET), prices("KO", 0.6 * MARKET))

    page = opened(monkeypatch, acme.viewer, "market_data")

    assert "104 weeks to 2024-06-28" in texts(page)
    assert "Weekly beta against SPY" in texts(page)


def test_an_administrator_states_the_premium_of_the_house_with_its_source(acme, monkeypatch):
    page = opened(monkeypatch, acme.admin, "market_data")
    assert "Valuations in USD begin with a round 4.5 %" in texts(page)
    page.selectbox(key="premium_currency").select("EUR")
    run(page)
    assert "Valuations in EUR begin with a round 4.5 %" in texts(page)

    next(each for each in page.number_input if each.label == "Premium, % a year").set_value(5.25)
    next(each for each in page.text_input if each.label == "Source").set_value("our committee")
    page = pressed(page, "State it")

    assert "Valuations in EUR begin with it from now on" in texts(page)
    assert "our committee" in table(page, "Premium")
    viewer = opened(monkeypatch, acme.viewer, "market_data")
    assert "stated by an administrator" in texts(viewer)


def test_a_series_says_until_when_its_licence_lets_it_be_kept(acme, monkeypatch):
    answer = market_data.fetch_series(acme.analyst, QUERY, provider="replay").given()
    lent = replace(answer, licence=replace(answer.licence, name="lent", retention_days=30))
    with open_work(acme.analyst) as work:
        row = market_data.keep_series(work, lent, QUERY).row

    page = opened(monkeypatch, acme.viewer, "market_data")

    assert row.keep_until
    told = f"Terms: lent; kept until {from_micros(row.keep_until):%Y-%m-%d} and then dropped; may"
    assert told in texts(page)


def test_where_nobody_answers_the_page_gives_the_last_good_series_with_its_age(acme, monkeypatch):
    with serving(sound) as server:
        monkeypatch.setenv("VALOR_TIINGO_URL", server.url)
        monkeypatch.setenv("VALOR_TIINGO_KEY", "s3cret-key")
        monkeypatch.setenv("VALOR_DATA_LOOPBACK", "1")
        page = opened(monkeypatch, acme.analyst, "market_data")
        for fault in (Fault.NONE, Fault.ERROR):
            server.fault = fault
            begin_anew(acme)
            page.text_input(key="market_bars").set_value("aapl")
            pressed(page, "Fetch")

    told = "\n".join(each.value for each in page.warning).replace("\\", "")
    assert "The last good answer of Tiingo, because Tiingo answered that it is out of" in told
    assert "It was fetched on" in told
