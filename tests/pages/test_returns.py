"""The page of returns as Streamlit runs it, on the demo book."""

from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from app.ui import frame, returns_sections
from app.ui.draft import Desk, desk_name
from tests.pages.grids import cells, edited
from tests.pages.opening import opened, run, texts
from valor_core.coverage.companies import Company, company_id
from valor_core.models.returns.irr import xirr

pytestmark = pytest.mark.parametrize("mould", ["sqlite"], indirect=True)
KO = Company(
    id=company_id(21344), name="Coca-Cola Co", ticker="KO", cik=21344, sic=2080, shared=True
)


@pytest.fixture
def page(book, monkeypatch) -> AppTest:
    return opened(monkeypatch, book.acme.analyst, "returns", company="KO")


def desk(at: AppTest) -> Desk:
    return at.session_state[desk_name(frame.caller(), KO, "returns")]


def stated(at: AppTest, *flows: float) -> AppTest:
    """The page after its first flows were pasted as one column."""
    return edited(at, "Flows", *((row, "flows", flow) for row, flow in enumerate(flows)))


def switched(at: AppTest, label: str) -> AppTest:
    next(toggle for toggle in at.toggle if toggle.label == label).set_value(True)
    return run(at)


def test_nothing_is_made_up_and_the_page_says_why_there_is_no_rate_yet(page):
    assert ">none<" in texts(page)
    assert "State what is paid in as a number below zero" in texts(page)


def test_a_pasted_column_of_flows_has_its_rate_and_multiple(page):
    """The cash flow of Excel's help for MIRR: borrowed at 10 %, reinvested at 12 %."""
    stated(page, -120_000.0, 39_000.0, 30_000.0, 21_000.0, 37_000.0, 46_000.0)
    next(b for b in page.number_input if b.label.startswith("Inflows earn")).set_value(12.0)
    run(page)

    assert float(desk(page).result().mirr) == pytest.approx(0.126094, abs=1e-6)
    assert ">12.61 %<" in texts(page)
    assert ">1.4×<" in texts(page)


def test_two_rates_are_both_told_and_marked_rather_than_one_guessed(page):
    stated(page, -1_000.0, 2_500.0, -1_560.0)

    assert ">2 rates<" in texts(page)
    assert "2 internal rates of return: 20.00%, 30.00%" in texts(page)
    (chart,) = page.get("plotly_chart")
    assert "20.00%" in chart.proto.spec
    assert "30.00%" in chart.proto.spec


def test_flows_that_no_rate_makes_worthless_say_so(page):
    stated(page, 1_000.0, -3_000.0, 2_500.0)

    assert "no rate above -100 %" in texts(page)


def test_dated_flows_are_discounted_by_their_days(page):
    stated(page, -100.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    switched(page, "Flows are dated")
    edited(
        page, "Flows", (0, "dates", "2024-01-01"), (1, "dates", "2025-07-01"), (1, "flows", 130.0)
    )

    assert desk(page).inputs.dates[:2] == (date(2024, 1, 1), date(2025, 7, 1))
    assert float(desk(page).result().irr) == pytest.approx(xirr([-100.0, 130.0], [0.0, 547.0]))
    assert ">XIRR<" in texts(page)


def test_what_is_no_day_is_refused_and_the_others_are_kept(page):
    switched(page, "Flows are dated")

    edited(page, "Flows", (0, "dates", "soon"), (1, "dates", "2031-07-01"))

    assert "is no day" in texts(page)
    assert desk(page).inputs.dates[1] == date(2031, 7, 1)


def test_more_flows_make_room_for_a_longer_column_and_a_year_for_each_day(page):
    switched(page, "Flows are dated")
    next(box for box in page.number_input if box.label == "Number of flows").set_value(8)
    run(page)

    assert len(cells(page, "Flows")) == 8
    days = desk(page).inputs.dates
    assert [day.year - days[0].year for day in days] == list(range(8))


@pytest.mark.parametrize("name", returns_sections.SECTIONS)
def test_every_section_is_drawn(page, name):
    stated(page, -100.0, 30.0, 90.0)
    page.session_state["returns:section"] = name

    run(page)


def test_a_saved_return_is_kept_with_its_rate(page):
    stated(page, -100.0, 0.0, 121.0)

    desk(page).save("two years at ten percent")

    kept = desk(page).saved
    assert kept
    assert kept.headline == pytest.approx(0.10)
