"""The comparables page as Streamlit runs it, on the demo book."""

from io import BytesIO

import pytest
from streamlit.testing.v1 import AppTest

from app.ui import comparables_sections, frame
from app.ui.draft import Desk, desk_name
from tests.pages.grids import cells, edited
from tests.pages.opening import pressed, saved
from valor_core.coverage.companies import Company, company_id
from valor_core.models.comparables.comparables import comparables
from valor_core.settings import ROOT
from valor_core.values import SourceKind
from valor_core.workbench import valuations
from valor_core.workbench.verb import open_work

pytestmark = pytest.mark.parametrize("mould", ["sqlite"], indirect=True)
PEP = Company(
    id=company_id(77476), name="PepsiCo Inc", ticker="PEP", cik=77476, sic=2080, shared=True
)
KO = "Coca-Cola Co"
PRICES = "Prices of the peers"


@pytest.fixture
def page(book, monkeypatch) -> AppTest:
    monkeypatch.setattr(frame, "signed_in_caller", lambda: book.acme.analyst)
    at = AppTest.from_file(ROOT / "pages" / "comparables.py", default_timeout=60)
    at.query_params["company"] = "PEP"
    return at.run()


def desk(at: AppTest) -> Desk:
    return at.session_state[desk_name(frame.caller(), PEP, "comparables")]


def section(at: AppTest, name: str) -> AppTest:
    at.session_state["comparables:section"] = name
    return at.run()


def shown(at: AppTest) -> str:
    html = [each.proto.body for each in at.get("html")]
    return " ".join([*html, *(each.value for kind in (at.warning, at.info) for each in kind)])


def peers(at: AppTest) -> list[str]:
    return [peer.name for peer in desk(at).inputs.peers]


def choose(at: AppTest, *names: str) -> AppTest:
    at.multiselect[0].set_value(list(names)).run()
    assert not at.exception, [each.value for each in at.exception]
    return at


def priced(at: AppTest) -> AppTest:
    """Each peer at another price, the dearest last."""
    return edited(at, PRICES, *((i, "price", 20.0 + 5.0 * i) for i in range(len(peers(at)))))


def test_the_likest_companies_are_proposed_with_the_reason_and_without_a_price(page):
    assert not page.exception
    first = desk(page).inputs.peers[0]

    assert first.name == KO
    assert "SIC 2080, same industry" in first.reason
    assert {peer.price for peer in desk(page).inputs.peers} == {None}
    assert "no market prices are shipped" in shown(page)


def test_a_value_appears_with_the_first_price_and_is_that_of_the_model(page):
    edited(page, PRICES, (0, "price", 55.0), (0, "from", "close of 31 Dec 2009"))

    value = comparables(desk(page).inputs).value_per_share
    assert f"{float(value):,.2f}" in shown(page)
    assert desk(page).sources()["peers[0].price"].text == "close of 31 Dec 2009"
    assert desk(page).sources()["peers[0].figures.revenue"].kind is SourceKind.FILED


@pytest.mark.parametrize("name", comparables_sections.SECTIONS)
def test_every_section_is_drawn_with_and_without_prices(page, name):
    assert not section(page, name).exception
    priced(section(page, "Peers"))

    assert not section(page, name).exception


def test_a_peer_that_stays_keeps_its_price_when_others_go_and_come(page):
    first, second, *_ = peers(page)
    edited(page, PRICES, (1, "price", 40.0), (1, "from", "a quote"))

    choose(page, second, "NVIDIA CORP")

    assert peers(page) == [second, "NVIDIA CORP"]
    assert desk(page).inputs.peers[0].price == 40.0
    assert cells(page, PRICES)[second]["Where the price is from"] == "a quote"
    assert desk(page).sources()["peers[1].figures.revenue"].facts
    desk(page).undo()
    assert peers(page)[0] == first
    assert set(desk(page).changed()) == {"peers[1].price"}


def test_a_saved_dcf_stands_in_for_a_price_and_says_that_it_does(page, world):
    row = saved(world.acme.analyst, "KO")

    button = next(each for each in page.run().button if each.label.startswith("Stand-in"))
    pressed(page, button.label)

    assert desk(page).inputs.peers[0].price == round(row.headline, 2)
    assert f"our own DCF values: {KO}" in shown(page).replace("\\", "")


def test_a_bank_is_held_against_banks_by_what_its_owners_earn(page):
    page.query_params["company"] = "JPM"
    with open_work(frame.caller()) as work:
        start = valuations.prefilled(work, company_id(19617), model="comparables").inputs

    assert start.company.figures.ebitda is None
    assert (start.weights.ev_ebitda, start.weights.price_book) == (0.0, 1.0)


def test_the_football_field_shows_saved_values_beside_the_multiples(page, world):
    saved(world.acme.analyst, "PEP")
    with open_work(world.acme.analyst) as work:
        deal = valuations.prefilled(work, PEP.id, model="lbo").inputs
        valuations.run_valuation(work, PEP.id, deal, rationale="what a sponsor could pay")
    priced(page)

    section(page, "Football field")

    assert "terminal growth and cost of capital ±0.5 points" in shown(page)
    assert "a sponsor&#x27;s IRR of 25% to 15%" in shown(page)


def test_a_line_is_laid_through_five_peers_and_not_through_four(page):
    choose(page, *peers(page)[:3], "3M Co")
    priced(page)
    assert "at least 5 peers" in shown(section(page, "Regression"))

    section(page, "Peers")
    choose(page, *peers(page), "Apple Inc.")
    priced(page)

    assert "Variance explained" in shown(section(page, "Regression"))


def test_a_saved_value_keeps_where_its_figures_and_prices_are_from(page, world):
    edited(page, PRICES, (0, "price", 55.0), (0, "from", "close of 31 Dec 2009"))
    desk(page).save("in line with its peer")

    with open_work(world.acme.analyst) as work:
        kept = valuations.newest_saved(work, PEP.id, model="comparables")
    assert kept
    assert kept.sources["peers[0].figures.ebit"].facts
    assert kept.sources["peers[0].price"].text == "close of 31 Dec 2009"
    valuations.write_workbook(kept, BytesIO())
