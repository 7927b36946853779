"""Scenarios around a DCF: stated on its page, kept with the draft and with the saved value."""

from html import unescape

import pytest
from streamlit.testing.v1 import AppTest

from app.ui.draft import Content
from tests.pages.grids import cells, edited
from tests.pages.opening import opened, pressed, run, saved, texts
from tests.pages.test_simulation import KO
from valor_core.models.catalogue import model_named
from valor_core.models.simulation.scenarios import Change, ScenarioSet, weigh
from valor_core.values import Caller
from valor_core.workbench import drafts
from valor_core.workbench.valuations import newest_saved
from valor_core.workbench.verb import open_work

pytestmark = pytest.mark.parametrize("mould", ["sqlite"], indirect=True)
NAMES, CHANGES = "Scenarios", "What each scenario states otherwise"
MARGIN = "EBIT margin, %"
BEGIN = "State a bear, a base and a bull case"


@pytest.fixture
def page(book, monkeypatch) -> AppTest:
    saved(book.acme.analyst, "KO")
    at = opened(monkeypatch, book.acme.analyst, "dcf", company="KO")
    at.session_state["dcf:section"] = NAMES
    return pressed(run(at), BEGIN)


def margin_row(at: AppTest) -> int:
    return list(cells(at, CHANGES)).index(MARGIN)


def test_scenarios_are_weighed_while_they_are_stated_and_kept_with_draft_and_value(
    page, book, monkeypatch
):
    row = margin_row(page)
    edited(page, CHANGES, (row, "0", 20.0), (row, "2", 35.0))
    edited(page, NAMES, (0, "name", "Sugar tax"), (0, "probability", 40.0))
    assert "add up to 1.15" in texts(page)

    edited(page, NAMES, (1, "probability", 35.0))

    who = book.acme.analyst
    content = drafted(who)
    bear, _, bull = content.scenarios
    assert bear.name == "Sugar tax"
    assert bear.changes == (Change(path="margin.start", value=0.2),)
    assert [change.value for change in bull.changes] == [pytest.approx(0.35)]
    page.text_area[0].set_value("weighed").run()
    pressed(page, "Save valuation")
    with open_work(who) as work:
        kept = newest_saved(work, KO.id)
    assert kept
    assert kept.scenarios
    assert kept.scenarios.scenarios == content.scenarios
    found = weigh(kept.inputs, kept.scenarios)
    assert found.expected is not None
    assert f"{found.expected:,.2f}" in texts(page)
    with open_work(who) as work:
        assert drafts.list_drafts(work) == []
    at = opened(monkeypatch, who, "valuations")
    at.session_state["part"] = "Scenarios"
    assert "Sugar tax" in texts(run(at))
    assert f"{found.expected:,.2f}" in texts(at)


def test_an_emptied_name_takes_a_scenario_out_and_an_emptied_cell_follows_the_draft(page, book):
    row = margin_row(page)
    edited(page, CHANGES, (row, "0", 20.0))
    edited(page, CHANGES, (row, "0", None))
    edited(page, NAMES, (1, "name", ""), (3, "name", "<b>Fire</b>"))

    content = drafted(book.acme.analyst)
    assert [each.name for each in content.scenarios] == ["Bear", "Bull", "<b>Fire</b>"]
    assert content.scenarios[0].changes == ()
    assert "add up to 0.5" in texts(page)


def test_a_likely_scenario_without_a_value_says_why(page):
    row = list(cells(page, CHANGES)).index("Terminal growth, %")

    edited(page, CHANGES, (row, "2", 30.0))

    assert "nothing can be expected of the set" in texts(page)
    assert "30.00% is not below the WACC" in texts(page)


def drafted(who: Caller, model: str = "dcf") -> Content:
    with open_work(who) as work:
        row = drafts.read_draft(work, KO.id, model=model)
    assert row
    return Content.loaded(model_named(model), row.content)


def test_credit_without_a_price_is_weighed_by_the_score_that_needs_none(book, monkeypatch):
    at = opened(monkeypatch, book.acme.analyst, "credit", company="KO")
    at.session_state["credit:section"] = NAMES
    pressed(run(at), BEGIN)

    row = list(cells(at, CHANGES)).index("EBIT, USD million")
    edited(at, CHANGES, (row, "0", 2_000.0), (row, "2", 9_000.0))

    content = drafted(book.acme.analyst, "credit")
    inputs, stated = content.inputs, ScenarioSet(scenarios=content.scenarios)
    found = weigh(inputs, stated, "z_double_prime.score")
    assert found.expected is not None
    assert "Z'', probability-weighted" in unescape(texts(at))
    assert f"{found.expected:,.2f}" in texts(at)
