import pytest

from tests.conftest import ONLY_SQLITE
from tests.models.sound import a_direct_dcf
from tests.pages.opening import (
    made_by_an_earlier_model,
    opened,
    pressed,
    run,
    saved,
    texts,
)
from valor_core.models.discounting import Timing
from valor_core.models.terminal import MultipleOf, TerminalMethod
from valor_core.workbench import adjustments, companies, demo, valuations
from valor_core.workbench.verb import open_work

pytestmark = [ONLY_SQLITE, pytest.mark.usefixtures("book")]


def part(page, name: str):
    page.segmented_control(key="part").set_value(name)
    return run(page)


def test_before_anything_is_saved_the_way_to_a_value_is_shown(acme, monkeypatch):
    assert "Nothing is saved yet" in texts(opened(monkeypatch, acme.viewer, "valuations"))


def test_the_newest_value_stands_open_with_its_author_and_reason(acme, monkeypatch):
    saved(acme.analyst, "KO", why="an older one")
    row = saved(acme.analyst, "AAPL", why="*Services* grow.")
    page = opened(monkeypatch, acme.viewer, "valuations")

    assert list(page.dataframe[0].value["Company"]) == ["Apple Inc.", "Coca-Cola Co"]
    assert set(page.dataframe[0].value["By"]) == {"anna"}
    shown = texts(page)
    assert "*Services* grow." in shown
    assert f"{row.headline:.2f}" in shown
    links = [each.proto.url for each in page.get("link_button")]
    assert f"/api/v1/valuations/{row.id}/workbook.xlsx" in links


def test_single_numbers_stand_under_what_they_tell(acme, monkeypatch):
    saved(acme.analyst, "KO")

    tables = texts(opened(monkeypatch, acme.viewer, "valuations")).split("<caption>")

    told = {caption: rows for caption, _, rows in (each.partition("</caption>") for each in tables)}
    assert "Value per share" in told["From the forecast to one share"]
    assert "<th scope=row>Cost of equity</th>" in told["Cost of capital"]
    assert "Implied multiple" in told["Terminal value"]
    assert "PV terminal" in told["Terminal value"]
    assert len(told) == len(tables)


def test_an_address_opens_its_valuation(acme, monkeypatch):
    row = saved(acme.analyst, "KO", why="the one that was asked for")
    saved(acme.analyst, "AAPL")

    page = opened(monkeypatch, acme.viewer, "valuations", valuation=row.id)

    assert "the one that was asked for" in texts(page)


def test_another_tenants_valuation_is_not_there(acme, rival, monkeypatch):
    row = saved(rival.analyst, "KO", why="a secret")

    shown = texts(opened(monkeypatch, acme.viewer, "valuations", valuation=row.id))

    assert "There is no valuation" in shown
    assert "a secret" not in shown


def test_inputs_name_their_filing_or_whose_judgement_they_are(acme, monkeypatch):
    saved(acme.analyst, "KO", terminal_growth=0.031)
    shown = texts(part(opened(monkeypatch, acme.viewer, "valuations"), "Inputs"))

    assert "filed on 2010-02-26" in shown
    assert "anna" in shown
    assert "3.1 %" in shown


def test_workings_lead_from_the_value_to_a_filing(acme, monkeypatch):
    saved(acme.analyst, "KO")
    shown = texts(part(opened(monkeypatch, acme.viewer, "valuations"), "Workings"))

    assert "Value per share" in shown
    assert "us-gaap:" in shown


def test_a_stub_is_told_where_the_cash_of_a_year_shrinks_by_it(acme, monkeypatch):
    saved(acme.analyst, "KO")
    assert "Part of the year" not in texts(opened(monkeypatch, acme.viewer, "valuations"))

    saved(acme.analyst, "KO", stub=0.4)
    before, after = texts(opened(monkeypatch, acme.viewer, "valuations")).split("Part of the year")

    assert "Reinvestment" in before
    assert after.startswith("</th><td>40.0 %</td><td>100.0 %</td>")
    assert "FCFF" in after


def test_two_values_are_compared_from_the_earlier_to_the_later(acme, monkeypatch):
    before = saved(acme.analyst, "KO")
    after = saved(acme.analyst, "KO", terminal_growth=0.031)
    shown = texts(part(opened(monkeypatch, acme.viewer, "valuations"), "Compare"))

    assert "How the value moved" in shown
    assert "Terminal growth" in shown
    assert f"{after.headline - before.headline:.2f}" in shown


def test_choices_that_differ_are_listed_beside_the_numbers_in_words(acme, monkeypatch):
    saved(acme.analyst, "KO", exit_multiple=12.0)
    saved(
        acme.analyst,
        "KO",
        exit_multiple=12.0,
        terminal_method=TerminalMethod.EXIT_MULTIPLE,
        multiple_of=MultipleOf.REVENUE,
        timing=Timing.MID_YEAR,
    )

    shown = texts(part(opened(monkeypatch, acme.viewer, "valuations"), "Compare"))

    _, differing = shown.split("<caption>Inputs that differ")
    assert ">Terminal method</td><td>Growing perpetuity</td><td>Exit multiple<" in differing
    assert ">Multiple of</td><td>EBIT</td><td>Revenue<" in differing
    assert ">Timing</td><td>at the end of a year</td><td>in the middle of a year<" in differing
    assert "Exit multiple</td><td>12" not in differing


def test_a_value_of_given_cash_flows_is_shown_whole_and_beside_a_driven_one(acme, monkeypatch):
    driven = saved(acme.analyst, "KO")
    with open_work(acme.analyst) as work:
        company = companies.read_company(work, "KO")
        row = valuations.run_valuation(work, company.id, a_direct_dcf(), rationale="the plan")

    page = opened(monkeypatch, acme.viewer, "valuations")
    shown = texts(page)

    assert list(page.dataframe[0].value["Model"]) == ["DCF direct", "DCF"]
    assert "the plan" in shown
    assert f"{row.headline:,.2f}" in shown
    assert "stated by the analyst" in texts(part(page, "Inputs"))
    assert "Value per share" in texts(part(page, "Workings"))
    compared = texts(part(page, "Compare"))
    assert "made by different models" in compared
    assert f"{driven.headline:,.2f}" in compared


def test_the_list_can_be_of_one_company(acme, monkeypatch):
    saved(acme.analyst, "KO")
    saved(acme.analyst, "AAPL")
    page = opened(monkeypatch, acme.viewer, "valuations")
    choice = page.selectbox(key="valuations_company")
    choice.set_value(next(o for o in choice.options if "KO" in o))

    assert list(run(page).dataframe[0].value["Company"]) == ["Coca-Cola Co"]


def test_a_value_of_an_earlier_model_stays_and_todays_stands_beside_it(acme, monkeypatch):
    row = saved(acme.analyst, "KO")
    quiet = texts(opened(monkeypatch, acme.viewer, "valuations"))
    made_by_an_earlier_model(acme.analyst, row.id, share=0.5)

    shown = texts(opened(monkeypatch, acme.viewer, "valuations"))

    assert "Saved by version" not in quiet
    assert "Saved by version 0 of this model; version 1" in shown
    assert f"values the same inputs at {row.headline:.2f}" in shown
    assert f"{0.5 * row.headline:.2f}" in shown
    assert "Saved and today" in shown


def labelled(widgets, label: str):
    return next(each for each in widgets if each.label == label)


def test_a_saved_value_names_its_years_and_inputs_as_the_page_of_its_model_does(acme, monkeypatch):
    row = saved(acme.analyst, "KO")
    page = opened(monkeypatch, acme.viewer, "valuations", valuation=row.id)

    assert "<th scope=col>FY2010</th>" in texts(page)
    shown = texts(part(page, "Inputs"))
    assert "Revenue growth, start" in shown
    assert "Risk-free rate" in shown


def test_a_value_is_saved_per_adr_in_another_currency_with_the_source_of_its_rate(
    acme, monkeypatch
):
    row = saved(acme.analyst, "KO")
    page = opened(monkeypatch, acme.analyst, "valuations", valuation=row.id)
    labelled(page.text_input, "Trading currency").set_value("eur")
    labelled(page.number_input, "Trading currency for one USD").set_value(0.9)
    labelled(page.number_input, "Shares per ADR").set_value(2.0)
    page = run(page)
    value = f"{row.headline * 0.9 * 2.0:,.2f}"
    assert f"**{value} EUR per ADR**" in texts(page)
    page = pressed(page, "Save it")
    assert "A rate without its source cannot be kept" in texts(page)
    assert row.id in page.query_params["valuation"]

    labelled(page.text_input, "Source of the rate").set_value("ECB reference rate")
    page = run(page)
    page = pressed(page, "Save it")

    assert value in texts(page)
    assert row.id not in page.query_params["valuation"]
    shown = texts(part(page, "Workings"))
    assert "ECB reference rate" in shown
    assert "value per share of the DCF saved on" in shown
    assert row.run_id[:8] in shown


def test_a_rate_of_nothing_is_refused_in_place_and_a_viewer_converts_nothing(acme, monkeypatch):
    row = saved(acme.analyst, "KO")
    page = opened(monkeypatch, acme.analyst, "valuations", valuation=row.id)
    labelled(page.text_input, "Trading currency").set_value("EUR")
    labelled(page.number_input, "Trading currency for one USD").set_value(0.0)

    assert "is not above 0" in texts(run(page))
    page = opened(monkeypatch, acme.viewer, "valuations", valuation=row.id)
    assert not page.text_input


def test_why_an_input_is_so_names_the_filing_and_the_adjustment(acme, monkeypatch):
    with open_work(acme.analyst) as work:
        company = companies.read_company(work, "KO").id
        adjustments.add_adjustment(
            work, company, layer="Adjusted", item="revenue", fiscal_year=2009, amount=-990e6,
            rationale="A bottler sold since.",
        )  # fmt: skip
        start = valuations.prefilled(work, company, layer="Adjusted")
        inputs, reasons = demo.nothing_beside(start.inputs)
        valuations.run_valuation(
            work, company, inputs, rationale="normalised", rationales=reasons, layer="Adjusted"
        )
    page = opened(monkeypatch, acme.viewer, "valuations")

    assert "with the adjustments of Adjusted" in texts(page)
    shown = texts(part(page, "Inputs"))
    filing = "https://www.sec.gov/Archives/edgar/data/21344/000104746910001476/"
    assert f'SalesRevenueGoodsNet in <a href="{filing}">0001047469-10-001476</a>' in shown
    assert "30,990,000,000 as filed − 990,000,000 in Adjusted (A bottler sold since." in shown
