"""The DCF page as Streamlit runs it, on the demo book."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from app.ui import frame
from app.ui.changes import otherwise
from app.ui.draft import Desk, desk_name
from app.ui.drivers import DRIVERS, years_of
from app.ui.places import put_at
from tests.pages.grids import cells, edited
from tests.pages.opening import opened, run
from valor_core.amounts import Scale
from valor_core.coverage.companies import Company, company_id
from valor_core.models.dcf import DcfInputs, discounted_cash_flow
from valor_core.models.dilution import OptionTranche
from valor_core.models.discounting import Timing
from valor_core.models.paths import Fade
from valor_core.models.terminal import TerminalMethod
from valor_core.settings import ROOT
from valor_core.workbench import adjustments, drafts, preferences
from valor_core.workbench.verb import open_work, use_store

pytestmark = pytest.mark.parametrize("mould", ["sqlite"], indirect=True)
APPLE = Company(
    id=company_id(320193), name="Apple Inc.", ticker="AAPL", cik=320193, sic=3571, shared=True
)
CAPITAL = "Capital and terminal value"
DRIVERS_BY_YEAR = "Drivers of the forecast by year"
FADES = "Fades of the drivers, between forecast years"
BRIDGE = "Items between enterprise and equity value"
OPTIONS = "Option tranches"
CHANGES = "Inputs that you changed, and why"


@pytest.fixture
def page(book, monkeypatch) -> Iterator[AppTest]:
    use_store(book.store)
    monkeypatch.setattr(frame, "signed_in_caller", lambda: book.acme.analyst)
    at = AppTest.from_file(ROOT / "pages" / "dcf.py", default_timeout=60)
    at.query_params["company"] = "AAPL"
    at.session_state["dcf:section"] = CAPITAL
    yield at.run()
    use_store(None)


def desk(at: AppTest) -> Desk:
    who = frame.caller()
    return at.session_state[desk_name(who, APPLE)]


def asked(at: AppTest, label: str):
    return next(each for each in at.number_input if each.label == label)


def growth(inputs: DcfInputs) -> list[float]:
    row = years_of(inputs, DRIVERS[0])
    assert row
    return row


def pressed(at: AppTest, label: str) -> AppTest:
    return next(each for each in at.button if each.label == label).click().run()


def shown(at: AppTest) -> str:
    return " ".join(each.proto.body for each in at.get("html"))


def with_everything_stated(at: AppTest) -> AppTest:
    next(each for each in at.text_input if each.label == "Your reason").set_value("none").run()
    return pressed(at, "Take the empty ones as 0")


def test_an_item_that_no_filing_carries_holds_the_value_back_until_it_is_stated(page):
    assert not page.exception
    assert "waits for 4 items" in shown(page)
    assert "4 to state" in page.warning[0].value

    with_everything_stated(page)

    assert desk(page).to_state == ()
    value = discounted_cash_flow(desk(page).inputs).value_per_share
    assert f"{value:,.2f}" in shown(page)


def test_an_edit_changes_the_value_at_once_undo_and_redo_walk_over_it(page):
    with_everything_stated(page)
    before = discounted_cash_flow(desk(page).inputs).value_per_share

    asked(page, "Beta, levered").set_value(1.5).run()

    after = discounted_cash_flow(desk(page).inputs).value_per_share
    assert after < before
    assert f"{after:,.2f}" in shown(page)
    pressed(page, "Undo")
    assert discounted_cash_flow(desk(page).inputs).value_per_share == before
    assert asked(page, "Beta, levered").value == 1.0
    pressed(page, "Redo")
    assert discounted_cash_flow(desk(page).inputs).value_per_share == after


def test_each_step_is_kept_where_a_new_session_finds_it(page, world):
    asked(page, "Beta, levered").set_value(1.5).run()

    with open_work(world.acme.analyst) as work:
        kept = drafts.read_draft(work, desk(page).company.id)
        assert kept is not None
        assert kept.content["inputs"]["cost_of_capital"]["beta"] == 1.5


def test_a_step_back_undoes_no_change_of_another_tab(page, world):
    asked(page, "Beta, levered").set_value(1.5).run()
    with open_work(world.acme.analyst) as work:
        content = {**desk(page).content.dumped(), "rationales": {"wacc": "from another tab"}}
        other = drafts.keep_draft(work, APPLE.id, content).version

    pressed(page, "Undo")

    assert f"at version {other}" in page.error[0].value
    assert desk(page).version == other
    assert desk(page).content.rationales == {"wacc": "from another tab"}


def test_growth_above_the_wacc_is_refused_with_the_way_out_and_the_edit_can_be_undone(page):
    with_everything_stated(page)

    asked(page, "Terminal growth, %").set_value(20.0).run()

    assert not page.exception
    assert "is not below" in page.error[0].value
    pressed(page, "Undo")
    assert not page.error


def test_starting_over_brings_the_facts_back(page):
    start = desk(page).start.inputs
    asked(page, "Beta, levered").set_value(1.5).run()

    pressed(page, "Start over from the facts")

    assert desk(page).inputs == start


@pytest.mark.parametrize(
    "section",
    [
        "Drivers",
        "Fades and base year",
        "Forecast",
        "Bridge and shares",
        "Sensitivity",
        "Workings",
        "Sources",
    ],
)
def test_each_section_stands_before_and_after_there_is_a_value(page, section):
    page.session_state["dcf:section"] = section
    page.run()
    assert not page.exception

    with_everything_stated(page)

    assert not page.exception
    assert not page.error


@pytest.mark.parametrize("path", ["terminal_growth", "wacc.start", "margin.start"])
def test_the_input_that_gives_a_price_is_found_and_taken(page, path):
    with_everything_stated(page)
    page.session_state["dcf:section"] = "Sensitivity"
    page.run()
    target = round(1.1 * float(desk(page).result().value_per_share), 2)

    page.selectbox(key="dcf:sought").select(path).run()
    page.number_input(key="dcf:target").set_value(target).run()
    assert f"gives {target:.2f} USD" in " ".join(each.value for each in page.markdown)
    pressed(page, "Take it")

    assert float(desk(page).result().value_per_share) == pytest.approx(target, rel=1e-9)
    assert path in desk(page).changed()


def test_a_price_out_of_reach_is_told_with_what_the_ends_give(page):
    with_everything_stated(page)
    page.session_state["dcf:section"] = "Sensitivity"
    page.run()

    page.number_input(key="dcf:target").set_value(1e6).run()

    assert "never gives 1,000,000.00 USD" in page.info[-1].value


def test_the_forecast_tells_the_part_of_a_year_that_its_cash_counts(page):
    with_everything_stated(page)
    page.session_state["dcf:section"] = "Forecast"
    assert "Part of the year" not in shown(page.run())
    page.session_state["dcf:section"] = CAPITAL
    asked(page.run(), "Part of year 1 still to come (empty: all)").set_value(0.4).run()

    page.session_state["dcf:section"] = "Forecast"
    before, after = shown(page.run()).split("Part of the year")

    assert "Net reinvestment" in before
    assert after.startswith("</th><td></td><td>40.0 %</td><td>100.0 %</td>")
    assert "FCFF" in after


def test_changes_stand_under_their_labels_in_the_units_that_they_are_asked_in(page):
    own = desk(page)
    by_year = [0.06, 0.055, *[0.05] * (own.inputs.years - 2)]
    inputs = put_at(own.inputs, "bridge.pensions", 2.5e9)
    inputs = put_at(inputs, "shares.options", (OptionTranche(number=3e6, strike=12.5),))
    inputs = put_at(put_at(inputs, "growth", by_year), "terminal_growth", 0.0255)
    inputs = put_at(inputs, "margin", [0.25] * own.inputs.years)
    own.put(replace(own.content, inputs=inputs))
    page.session_state["dcf:section"] = "Sources"

    told = cells(page.run(), CHANGES)

    now = {heading: row["Now"] for heading, row in told.items()}
    assert now["Terminal growth"] == "2.55 %"
    assert now["Revenue growth"].startswith("6.00 %, 5.50 %, 5.00 %")
    assert now["EBIT margin"] == "25.00 % each year"
    assert now["Pension deficit after tax, USD million"] == "2,500.0"
    assert now["Options 1, number, million"] == "3.0"
    assert now["Options 1, strike, USD"] == "12.50"
    assert told["Pension deficit after tax, USD million"]["Facts suggest"] == "–"
    assert told["Terminal growth"]["Facts suggest"].endswith(" %")
    assert told["EBIT margin"]["Facts suggest"].endswith(" % each year")


def test_a_reason_for_a_change_is_kept_and_told(page):
    page.session_state["dcf:section"] = "Sources"
    own = desk(page)
    own.put(replace(own.content, inputs=put_at(own.inputs, "terminal_growth", 0.0255)))

    edited(page.run(), CHANGES, (0, "reason", "  prices grow so  "))

    assert desk(page).content.rationales == {"terminal_growth": "prices grow so"}
    assert cells(page, CHANGES)["Terminal growth"]["Your reason"] == "prices grow so"


def test_what_was_emptied_or_chosen_otherwise_is_among_the_changes(page):
    own = desk(page)
    inputs = replace(
        own.inputs,
        terminal_method=TerminalMethod.EXIT_MULTIPLE,
        timing=Timing.MID_YEAR,
        years=own.inputs.years + 2,
        exit_multiple=12.0,
        cost_of_capital=None,
        wacc=Fade(start=0.09),
        growth=[0.05] * (own.inputs.years + 2),
    )
    inputs = put_at(put_at(inputs, "bridge.debt", None), "tax.end", None)
    own.put(replace(own.content, inputs=inputs))

    told = dict(otherwise(inputs, own.start.inputs, "USD"))

    assert told["The value rests on"] == ("Exit multiple", "Growing perpetuity")
    assert told["Cash arrives"] == ("in the middle of a year", "at the end of a year")
    assert told["Forecast years"] == ("12", "10")
    assert told["Debt, USD million"] == ("–", "98,657.0")
    assert told["Cost of capital by CAPM"] == ("not used", "used")
    assert not [heading for heading in told if "Beta" in heading or "growth" in heading]
    page.session_state["dcf:section"] = "Sources"
    assert "Chosen otherwise, or emptied" in shown(page.run())


def test_a_cell_states_its_driver_by_year_and_the_others_keep_their_last_bit(page):
    with_everything_stated(page)
    page.session_state["dcf:section"] = "Drivers"
    before = desk(page).inputs

    edited(page.run(), DRIVERS_BY_YEAR, (1, "growth", 7.25))

    fade = growth(before)
    assert growth(desk(page).inputs) == [fade[0], 7.25 * 0.01, *fade[2:]]
    assert desk(page).inputs.margin == before.margin
    assert cells(page, DRIVERS_BY_YEAR)["FY2027"]["Revenue growth, %"] == 7.25
    pressed(page, "Undo")
    assert desk(page).inputs == before


def test_an_edit_that_was_answered_is_not_made_twice(page):
    page.session_state["dcf:section"] = "Drivers"
    edited(page.run(), DRIVERS_BY_YEAR, (0, "growth", 7.0))
    version = desk(page).version

    edited(page, DRIVERS_BY_YEAR, (0, "growth", 7.0), again=True)
    assert desk(page).version == version

    edited(page, DRIVERS_BY_YEAR, (0, "growth", 7.0), (1, "growth", 8.0), again=True)
    assert growth(desk(page).inputs)[:2] == pytest.approx([0.07, 0.08])


def test_what_no_cell_of_the_grid_could_hold_changes_nothing(page):
    page.session_state["dcf:section"] = "Drivers"

    edited(
        page.run(),
        DRIVERS_BY_YEAR,
        (0, "growth", None),
        (0, "growth", "7"),
        (0, "growth", float("inf")),
        (99, "growth", 7.0),
        (-1, "growth", 7.0),
        (0, "depreciation", 7.0),
    )

    assert desk(page).version == 0


def test_a_stated_start_of_the_wacc_ends_capm_and_an_emptied_one_brings_it_back(page):
    page.session_state["dcf:section"] = "Fades and base year"
    capm, row = desk(page).inputs.cost_of_capital, 3

    edited(page.run(), FADES, (row, "start", 9.0))
    assert desk(page).inputs.wacc == Fade(start=0.09)
    assert cells(page, FADES)["WACC, %"]["Stated"] == "as a fade"

    edited(page, FADES, (row, "start", None))
    assert desk(page).inputs.cost_of_capital == capm
    assert cells(page, FADES)["WACC, %"]["Stated"] == "by CAPM"


def test_an_amount_with_its_reason_states_an_item_of_the_bridge(page):
    page.session_state["dcf:section"] = "Bridge and shares"
    assert cells(page.run(), BRIDGE)["● Preferred stock"]["Amount, USD m"] is None

    edited(page, BRIDGE, (3, "amount", 120.5), (3, "reason", "note 9"))

    assert desk(page).inputs.bridge.preferred == pytest.approx(120.5e6)
    assert cells(page, BRIDGE)["Preferred stock"]["Your reason"] == "note 9"


def test_a_tranche_counts_once_it_is_whole_and_is_gone_once_it_is_emptied(page):
    page.session_state["dcf:section"] = "Bridge and shares"

    edited(page.run(), OPTIONS, (0, "number", 3.0))
    assert desk(page).inputs.shares.options == ()
    assert [*cells(page, OPTIONS)] == ["Tranche 1", "Another"]
    assert "once it has a number and a strike" in page.warning[-1].value

    edited(page, OPTIONS, (0, "strike", 12.5))
    assert desk(page).inputs.shares.options == (OptionTranche(number=3e6, strike=12.5),)

    edited(page, OPTIONS, (0, "number", None), (0, "strike", None))
    assert desk(page).inputs.shares.options == ()
    assert [*cells(page, OPTIONS)] == ["Another"]


def test_the_figures_are_read_through_the_layer_that_is_chosen_and_the_sources_show_both(
    page, book
):
    layer = {"layer": "Adjusted", "item": "revenue", "fiscal_year": 2025, "amount": -1e9}
    with open_work(book.acme.analyst) as work:
        adjustments.add_adjustment(work, APPLE.id, **layer, rationale="A business sold since.")
    page.run()
    next(each for each in page.selectbox if each.label == "Figures").set_value("Adjusted")
    page.run()
    next(each for each in page.button if each.label == "Start over from the facts").click()
    page.session_state["dcf:section"] = "Sources"
    page.run()

    assert not page.exception
    assert desk(page).inputs.revenue == 415_161e6
    assert desk(page).basis.layer == "Adjusted"
    assert not desk(page).changed()
    shown = "\n".join(each.proto.body for each in page.get("html"))
    assert "416,161,000,000 as filed − 1,000,000,000 in Adjusted (A business sold since." in shown
    assert drafts_layer(book) == "Adjusted"


def drafts_layer(book) -> str:
    with open_work(book.acme.analyst) as work:
        row = drafts.read_draft(work, APPLE.id)
    return row.content["layer"] if row else ""


def test_the_year_after_the_forecast_stands_beside_it_as_the_terminal_value_takes_it(page):
    with_everything_stated(page)
    page.session_state["dcf:section"] = "Forecast"
    table = shown(page.run())
    result = desk(page).result()

    assert "After it" in table
    assert f"{float(result.terminal_fcff) / 1e6:,.0f}" in table
    assert "Losses left" not in table


def test_where_losses_are_carried_forward_the_tax_that_is_paid_has_its_row(page):
    with_everything_stated(page)
    content = desk(page).content
    desk(page).put(replace(content, inputs=replace(content.inputs, operating_loss=1e12)))
    page.session_state["dcf:section"] = "Forecast"

    table = shown(page.run())

    assert "Losses left" in table
    assert "Tax after losses carried forward" in table


def test_another_premium_is_taken_with_its_source_and_the_reason_to_choose_it(page):
    told = next(each for each in desk(page).start.alternatives if each.method == "Published")
    before = desk(page).result().waccs[0]
    chosen = next(each for each in page.selectbox if each.label == "Take another")

    chosen.set_value(told)
    taking = next(each for each in page.button if each.label == "Take it")
    taking.click().run()

    assert not page.exception
    assert asked(page, "Equity risk premium, %").value == pytest.approx(4.33)
    assert desk(page).result().waccs[0] < before
    source = desk(page).sources()["cost_of_capital.equity_risk_premium"]
    assert "Damodaran" in source.text
    assert "look at its day" in source.text


def test_in_billions_the_page_says_so_and_what_is_typed_is_kept_whole(book, monkeypatch):
    use_store(book.store)
    page = opened(monkeypatch, book.acme.analyst, "dcf", company="AAPL")
    page.session_state["dcf:section"] = "Fades and base year"
    before = desk(run(page)).inputs.revenue
    assert asked(page, "Revenue of the base year, USD million").value == pytest.approx(before / 1e6)

    with open_work(book.acme.analyst) as work:
        preferences.show_me(work, Scale.BILLIONS)
    run(page)
    stated = asked(page, "Revenue of the base year, USD billion")
    assert stated.value == pytest.approx(before / 1e9)
    stated.set_value(400.25)
    run(page)

    assert desk(page).inputs.revenue == 400.25e9
    assert "Enterprise value, USD bn" in shown(page)
