"""The LBO page as Streamlit runs it, on the demo book."""

import pytest
from streamlit.testing.v1 import AppTest

from app.ui import frame, lbo_sections
from app.ui.draft import Desk, desk_name
from tests.pages.grids import cells, edited
from valor_core.coverage.companies import Company, company_id
from valor_core.models.lbo.buyout import leveraged_buyout
from valor_core.settings import ROOT
from valor_core.workbench import valuations
from valor_core.workbench.verb import open_work

pytestmark = pytest.mark.parametrize("mould", ["sqlite"], indirect=True)
KO = Company(
    id=company_id(21344), name="Coca-Cola Co", ticker="KO", cik=21344, sic=2080, shared=True
)
TRANCHES = "Tranches by seniority"


@pytest.fixture
def page(book, monkeypatch) -> AppTest:
    monkeypatch.setattr(frame, "signed_in_caller", lambda: book.acme.analyst)
    at = AppTest.from_file(ROOT / "pages" / "lbo.py", default_timeout=60)
    at.query_params["company"] = "KO"
    return at.run()


def desk(at: AppTest) -> Desk:
    return at.session_state[desk_name(frame.caller(), KO, "lbo")]


def section(at: AppTest, name: str) -> AppTest:
    at.session_state["lbo:section"] = name
    return at.run()


def shown(at: AppTest) -> str:
    return " ".join(each.proto.body for each in at.get("html"))


def test_a_buyout_begins_from_the_filed_figures_and_tells_its_return(page):
    assert not page.exception
    result = leveraged_buyout(desk(page).inputs)

    assert f"{100 * float(result.irr):,.1f} %" in shown(page)
    assert desk(page).sources()["purchase.ebitda"].facts


@pytest.mark.parametrize("name", lbo_sections.SECTIONS)
def test_every_section_is_drawn(page, name):
    assert not section(page, name).exception


def test_sources_and_uses_have_the_same_total(page):
    told = shown(page)

    total = f"{float(desk(page).result().funding.total_uses) / 1e6:,.0f}"
    assert told.count(f"<th scope=row>Total</th><td>{total}</td>") == 2


def test_each_share_of_the_equity_names_what_it_is_a_share_of(page):
    told = shown(page)

    for base in ("Equity of debt and equity", "Of all uses", "Of all sources"):
        assert base in told


def test_a_tranche_is_changed_added_and_taken_out_in_its_grid(page):
    section(page, "Debt")
    before = desk(page).inputs.tranches

    edited(page, TRANCHES, (0, "cash_rate", 9.5), (0, "sweeps", "no"))
    assert desk(page).inputs.tranches[0].cash_rate == 0.095
    assert desk(page).inputs.tranches[0].sweeps is False
    edited(page, TRANCHES, (2, "face", 1_000.0))
    assert [t.face for t in desk(page).inputs.tranches] == [*(t.face for t in before), 1e9]
    assert "Tranche 3" in cells(page, TRANCHES)
    edited(page, TRANCHES, (2, "face", None))

    assert len(desk(page).inputs.tranches) == 2


def test_the_revolver_is_switched_off_and_comes_back_as_it_was(page):
    section(page, "Debt")
    before = desk(page).inputs.revolver

    next(t for t in page.toggle if "revolver" in t.label).set_value(False).run()
    assert desk(page).inputs.revolver is None
    next(t for t in page.toggle if "revolver" in t.label).set_value(True).run()

    assert desk(page).inputs.revolver == before


def test_a_covenant_shows_its_headroom(page):
    section(page, "Covenants")

    edited(page, "Covenants", (0, "limit.start", 5.0))

    assert "Headroom of EBITDA" in shown(page)


def test_a_saved_buyout_keeps_its_return_and_is_no_value_of_a_share(page, world):
    desk(page).save("a sponsor could pay this")

    with open_work(world.acme.analyst) as work:
        saved = valuations.newest_saved(work, KO.id, model="lbo")
        assert saved
        assert saved.row.headline == float(desk(page).result().irr)
        assert valuations.newest_saved(work, KO.id) is None
