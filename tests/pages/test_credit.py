"""The page of credit as Streamlit runs it, on the demo book."""

from io import BytesIO

import pytest
from streamlit.testing.v1 import AppTest

from app.ui import credit_rating, credit_sections, frame
from app.ui.draft import Desk, desk_name
from tests.pages.grids import cells, edited
from tests.pages.opening import opened, pressed, texts
from valor_core.coverage.companies import Company, company_id
from valor_core.errors import BadInputs
from valor_core.models.credit.rating import FirmSize, rated_debt
from valor_core.models.sensitivity import NoMeaning
from valor_core.workbench import valuations
from valor_core.workbench.verb import open_work

pytestmark = pytest.mark.parametrize("mould", ["sqlite"], indirect=True)
KO = Company(
    id=company_id(21344), name="Coca-Cola Co", ticker="KO", cik=21344, sic=2080, shared=True
)


@pytest.fixture
def page(book, monkeypatch) -> AppTest:
    return opened(monkeypatch, book.acme.analyst, "credit", company="KO")


def desk(at: AppTest, model: str = "credit") -> Desk:
    return at.session_state[desk_name(frame.caller(), KO, model)]


def section(at: AppTest, name: str) -> AppTest:
    at.session_state["credit:section"] = name
    at.run()
    assert not at.exception, [each.value for each in at.exception]
    return at


def stated(at: AppTest, label: str, value: float) -> AppTest:
    next(box for box in at.number_input if box.label.startswith(label)).set_value(value)
    at.run()
    assert not at.exception, [each.value for each in at.exception]
    return at


def test_scores_stand_with_their_zones_and_what_is_lacking_with_its_reason(page):
    told = texts(page)

    assert ">5.58, safe<" in told
    assert "below 1.10" in told
    assert "above 2.60" in told
    assert "no filing tells: state it" in told
    assert "Total assets is not in the filed figures of FY2007" in told


@pytest.mark.parametrize("name", credit_sections.SECTIONS)
def test_every_section_is_drawn(page, name):
    section(page, name)


def test_a_stated_market_value_gives_the_score_of_listed_firms_and_lets_it_be_saved(page, world):
    with pytest.raises(NoMeaning):
        desk(page).save("no market value yet")
    section(page, "Figures")

    stated(page, "Market value of the equity", 130_000.0)

    result = desk(page).result()
    assert result.z.equity == pytest.approx(0.6 * 130_000e6 / desk(page).inputs.now.liabilities)
    with pytest.raises(BadInputs, match="no filing tells"):
        desk(page).save("no reason for it yet")
    edited(section(page, "Sources"), "Inputs that you changed, and why", (0, "reason", "a quote"))
    desk(page).save("covered many times")
    assert desk(page).is_saved
    with open_work(world.acme.analyst) as work:
        kept = valuations.newest_saved(work, KO.id, model="credit")
        assert kept
        assert kept.sources["market_value"].text == "a quote"
        valuations.write_workbook(kept, stream := BytesIO())
    assert len(stream.getvalue()) > 10_000


def test_a_ratio_shows_the_figures_above_and_below_its_line(page):
    assert "EBIT 8,231 / interest 355" in texts(section(page, "Cover"))


def test_a_ratio_without_a_figure_says_which_was_not_filed(book, monkeypatch):
    app = opened(monkeypatch, book.acme.analyst, "credit", company="AAPL")

    assert "Interest expense is not in the filed figures of FY2025" in texts(section(app, "Cover"))


def test_a_figure_that_is_emptied_takes_its_scores_away_and_says_so(page):
    section(page, "Figures")
    assert cells(page, "Two years of statements")["EBIT"]["FY2009"] == 8231.0
    row = list(cells(page, "Two years of statements")).index("Retained earnings")

    edited(page, "Two years of statements", (row, "now", None))

    assert desk(page).inputs.now.retained_earnings is None
    assert "Now, retained earnings was emptied" in texts(section(page, "Scores"))


def test_one_press_takes_the_rating_into_the_dcf_with_its_reason(page):
    section(page, "Rating")
    assert ">AAA<" in texts(page)

    pressed(page, "Take the rating into the DCF")

    dcf, cover = desk(page, "dcf"), desk(page).result().cover.interest_cover
    rated = rated_debt(cover, size=FirmSize.LARGE, risk_free=dcf.inputs.cost_of_capital.risk_free)
    assert dcf.inputs.cost_of_capital.pretax_cost_of_debt == pytest.approx(rated.cost_of_debt)
    assert dcf.inputs.failure.probability == pytest.approx(rated.failure_probability)
    for path in (credit_rating.COST, credit_rating.ODDS):
        assert path in dcf.changed()
        assert "synthetic rating AAA" in dcf.sources()[path].text
    assert "among its changes" in texts(page)


def test_without_interest_there_is_no_rating_and_the_page_says_why(book, monkeypatch):
    app = opened(monkeypatch, book.acme.analyst, "credit", company="AAPL")

    assert "no interest is paid" in texts(section(app, "Rating"))


def test_default_is_told_once_the_market_value_and_its_volatility_are_stated(page):
    section(page, "Default")
    assert "To be stated: the market value of the equity, its volatility." in texts(page)

    stated(page, "Market value of the equity", 130_000.0)
    stated(page, "Volatility of the equity", 25.0)

    assert "Distance to default" in texts(page)


def test_a_bank_is_told_why_it_has_no_score(book, monkeypatch):
    app = opened(monkeypatch, book.acme.analyst, "credit", company="JPM")

    assert "Current assets is not in the filed figures" in texts(app)
