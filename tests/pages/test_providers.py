from datetime import UTC, datetime

import pytest

from tests.conftest import ONLY_SQLITE
from tests.market.played import QUESTION, Played, begin_anew
from tests.pages.opening import opened, pressed, run, texts
from valor_core.market.failures import Failure
from valor_core.workbench import providers, routing, watching
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE


@pytest.fixture
def offer(acme, monkeypatch):
    begin_anew(acme)
    found = {
        name: Played(name=name, clock=lambda: datetime.now(UTC).timestamp())
        for name in ("fred", "ecb")
    }
    monkeypatch.setattr(routing, "askable", lambda _work: found)
    return found


def at(page, section):
    page.session_state["providers:section"] = section
    return texts(run(page))


def test_before_anybody_was_asked_the_page_says_what_to_do(acme, monkeypatch):
    shown = texts(opened(monkeypatch, acme.analyst, "providers"))

    assert "No provider was asked yet. Fetch what a company filed" in shown


def test_an_analyst_sees_a_failover_and_what_led_to_it(store, acme, offer, monkeypatch):
    offer["fred"].how = Failure.CONNECTION
    routing.ask(acme.analyst, QUESTION, among=offer)
    watching.watch(store, acme.analyst, among=offer)

    page = opened(monkeypatch, acme.analyst, "providers")
    shown = texts(page)

    assert "1 of 2 providers up" in shown
    assert "its last call failed" in shown
    assert "ECB, because FRED could not be reached" in shown
    assert "rates and inflation of DGS10, 2026-01-02 to 2026-01-05" in shown
    levels = at(page, "Service levels")
    assert "Error budget left" in levels
    assert "99.50 %" in levels


def test_a_provider_that_is_left_alone_can_be_asked_again_by_a_button(acme, offer, monkeypatch):
    offer["fred"].how = Failure.UNAUTHORISED
    routing.ask(acme.analyst, QUESTION, among=offer)
    page = opened(monkeypatch, acme.analyst, "providers")
    assert "does not accept the key; left alone until" in texts(page)

    pressed(page, "Ask FRED again now")

    assert "left alone" not in texts(page).partition("The latest choices")[0]


def test_an_administrator_changes_whom_to_ask_and_a_reader_reads_it(acme, offer, monkeypatch):
    page = opened(monkeypatch, acme.admin, "providers")
    assert "First FRED, then European Central Bank." in at(page, "Whom to ask")
    page.multiselect[0].set_value(["ecb"])
    next(each for each in page.text_input if each.label == "Why").set_value("FRED lags")
    pressed(page, "Change the policy")

    shown = at(opened(monkeypatch, acme.viewer, "providers"), "Whom to ask")

    assert "First European Central Bank." in shown
    assert "Version 1, by adam on" in shown
    assert ": FRED lags" in shown
    assert "Change a policy" not in shown


def test_work_is_announced_and_withdrawn_on_the_page(acme, offer, monkeypatch):
    page = opened(monkeypatch, acme.admin, "providers")
    at(page, "Announced work")
    next(e for e in page.text_input if e.label == "What is done").set_value("they move house")
    pressed(page, "Announce")
    assert "they move house" in texts(page)

    pressed(page, "Withdraw it")

    assert "withdrawn 20" in texts(page)
    with open_work(acme.viewer) as work:
        assert providers.list_announced(work)[0].withdrawn_at is not None


def test_an_administrator_starts_a_stream_which_waits_until_a_server_takes_it_in(acme, monkeypatch):
    page = opened(monkeypatch, acme.admin, "providers")
    assert "No stream is taken in yet" in at(page, "Streams")

    next(each for each in page.text_input if each.label == "Shares").set_value("ko, aapl")
    page = pressed(page, "Take it in")

    listed = "".join(each.proto.body for each in page.get("html"))
    assert "no process takes it in at the moment" in listed
    assert any("Stop KO, AAPL of Replay" in each.label for each in page.button)


def test_an_administrator_takes_a_stream_in_and_sees_the_hours_in_which_it_speaks(
    acme, monkeypatch
):
    page = opened(monkeypatch, acme.admin, "providers")
    at(page, "Streams")
    page.text_input[0].set_value("aapl, ko")
    page.selectbox[1].select("Others")
    run(page)
    page.selectbox[2].select("Europe/London")
    page.multiselect[0].set_value([0, 2])
    page.text_input[1].set_value("08:00")

    page = pressed(page, "Take it in")
    shown = texts(page)

    assert "AAPL, KO" in shown
    assert "Mon, Wed from 08:00 to 16:00 (Europe/London)" in shown
    assert page.text_input[0].value == "", "the next one begins with no share"
