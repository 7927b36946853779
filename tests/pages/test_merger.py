"""The merger page as Streamlit runs it, on the demo book."""

from io import BytesIO

import pytest
from streamlit.testing.v1 import AppTest

from app.ui import frame, merger_sections, words
from app.ui.draft import Desk, desk_name
from tests.pages.grids import cells, edited
from valor_core.coverage.companies import Company, company_id
from valor_core.models.merger.merger import merger
from valor_core.settings import ROOT
from valor_core.workbench import drafts, valuations
from valor_core.workbench.verb import open_work

pytestmark = pytest.mark.parametrize("mould", ["sqlite"], indirect=True)
KO = Company(
    id=company_id(21344), name="Coca-Cola Co", ticker="KO", cik=21344, sic=2080, shared=True
)
PEP, MCD = company_id(77476), company_id(63908)
TARGET, ACQUIRER = "Forecast of the target", "Forecast of the acquirer"


@pytest.fixture
def page(book, monkeypatch) -> AppTest:
    monkeypatch.setattr(frame, "signed_in_caller", lambda: book.acme.analyst)
    at = AppTest.from_file(ROOT / "pages" / "merger.py", default_timeout=60)
    at.query_params["company"] = "KO"
    at.query_params["target"] = "PEP"
    return at.run()


def desk(at: AppTest) -> Desk:
    return at.session_state[desk_name(frame.caller(), KO, "merger")]


def section(at: AppTest, name: str) -> AppTest:
    at.session_state["merger:section"] = name
    return at.run()


def shown(at: AppTest) -> str:
    return " ".join(each.proto.body for each in at.get("html"))


def chosen(at: AppTest, target: str) -> AppTest:
    return next(s for s in at.selectbox if s.label.startswith("Target")).select(target).run()


def stated(at: AppTest, side: str, price: float) -> None:
    """The share price of a party is stated under Companies, where the target's stands first."""
    prices = [each for each in at.number_input if each.label.startswith("Share price")]
    prices[("target", "acquirer").index(side)].set_value(price).run()


def test_both_sides_begin_from_filed_figures_and_tell_the_accretion(page):
    assert not page.exception
    inputs, sources = desk(page).inputs, desk(page).sources()
    result = merger(inputs)

    assert result.accretion_percent is not None
    judged = float(result.accretion_percent[inputs.judged_year - 1])
    assert words.percent(judged) in shown(page)
    for side in ("acquirer", "target"):
        for name in ("revenue", "ebit", "net_interest", "shares.basic", "tax", "books.debt"):
            assert sources[f"{side}.{name}"].facts, f"{side}.{name}"


def test_each_side_alone_earns_what_its_filing_tells_before_growth(page):
    with open_work(frame.caller()) as work:
        filed = valuations.prefilled(work, KO.id, model="merger", target=PEP)
    for party in (filed.inputs.acquirer, filed.inputs.target):
        multiple = float(party.share_price * party.shares.basic)
        growth = float(party.revenue[1] / party.revenue[0])
        base = (party.ebit[0] / growth + party.net_interest[0]) * (1.0 - party.tax)
        assert multiple / float(base) == pytest.approx(15.0, rel=0.05)


def test_what_rests_on_prices_that_nobody_stated_is_marked_until_both_are_stated(page):
    assert ", at stand-in prices</div>" in shown(page)
    assert "market price of the acquirer and the target" in page.warning[0].value

    stated(section(page, "Companies"), "target", 60.0)
    assert shown(page).count("(stand-in)") == 2  # value and price / earnings of the acquirer
    assert ", at a stand-in price</div>" in shown(page)
    assert "market price of the acquirer is at hand" in page.warning[0].value

    stated(page, "acquirer", 55.0)
    assert "stand-in" not in shown(page)
    assert not page.warning


@pytest.mark.parametrize("name", ["Offer", "Purchase price", "Synergies", "Accretion"])
def test_each_section_of_a_deal_marks_its_own_numbers(page, name):
    headline = shown(section(page, "Workings")).count("at stand-in prices")

    assert shown(section(page, name)).count("at stand-in prices") > headline


@pytest.mark.parametrize("name", merger_sections.SECTIONS)
def test_every_section_is_drawn(page, name):
    assert not section(page, name).exception


def test_sources_and_uses_have_the_same_total(page):
    total = f"{float(desk(page).result().total_uses) / 1e6:,.0f}"

    assert shown(page).count(f"<th scope=row>Total</th><td>{total}</td>") == 2


def test_another_target_keeps_the_acquirer_and_the_offer_and_stands_in_the_address(page):
    before = desk(page).inputs
    next(n for n in page.number_input if n.label.startswith("Premium")).set_value(40.0).run()

    chosen(page, MCD)

    now = desk(page).inputs
    assert now.target.company == MCD
    assert (now.offer.premium, now.acquirer.share_price) == (0.4, before.acquirer.share_price)
    assert page.query_params["target"] == "MCD"
    assert desk(page).sources()["target.revenue"].facts
    desk(page).undo()
    page.run()
    assert desk(page).inputs.target.company == PEP
    assert page.query_params["target"] == "PEP"


def test_a_link_alone_makes_no_draft_and_the_first_change_does(page):
    def begun():
        with open_work(frame.caller()) as work:
            return [each.company_id for each in drafts.list_drafts(work)]

    assert (desk(page).inputs.target.company, begun()) == (PEP, [])
    chosen(page, MCD)
    assert begun() == [KO.id]


def test_typed_figures_take_the_place_of_a_target(page):
    chosen(page, "")
    assert "stands in" in " ".join(each.value for each in page.info)
    section(page, "Companies")

    edited(page, TARGET, (0, "target.ebit", 1_000.0))

    assert desk(page).inputs.target.ebit[0] == 1e9
    assert "stands in" not in " ".join(each.value for each in page.info)


def test_an_edited_year_changes_that_year_alone(page):
    section(page, "Companies")
    before = desk(page).inputs.acquirer.revenue.tolist()

    edited(page, ACQUIRER, (1, "acquirer.revenue", 50_000.0))

    assert desk(page).inputs.acquirer.revenue.tolist() == [before[0], 5e10, *before[2:]]
    assert len(cells(page, ACQUIRER)) == len(before)


def test_the_offer_is_stated_by_its_price_and_again_by_its_premium(page):
    offered = float(desk(page).result().offer_price)
    toggle = next(t for t in page.toggle if "price instead" in t.label)

    toggle.set_value(True).run()
    assert desk(page).inputs.offer.price == pytest.approx(offered, abs=0.005)
    next(t for t in page.toggle if "price instead" in t.label).set_value(False).run()

    assert desk(page).inputs.offer.premium == pytest.approx(0.3, abs=1e-3)


def test_a_write_up_lowers_goodwill_by_its_part_after_tax(page):
    section(page, "Purchase price")
    before, tax = desk(page).result().allocation.goodwill, desk(page).inputs.acquirer.tax

    edited(page, "Assets brought to fair value", (0, "amount", 1_000.0))

    fallen = float(before - desk(page).result().allocation.goodwill)
    assert fallen == pytest.approx(1e9 * (1.0 - tax))
    assert "Deferred tax released" in shown(page)


def test_a_saved_merger_keeps_its_accretion_and_the_filings_of_both(page, world):
    desk(page).save("a deal to look at")

    with open_work(world.acme.analyst) as work:
        saved = valuations.newest_saved(work, KO.id, model="merger")
        assert saved
        assert saved.row.headline == float(desk(page).result().judged_accretion)
        assert saved.sources["target.revenue"].facts
        assert saved.sources["acquirer.revenue"].facts
        workbook = BytesIO()
        valuations.write_workbook(saved, workbook)
        assert workbook.getvalue().startswith(b"PK")


def test_a_bank_is_refused_as_a_target_and_the_deal_stays(page):
    chosen(page, company_id(19617))

    assert "financial or property company" in page.error[0].value
    assert desk(page).inputs.target.company == PEP


def test_a_target_that_is_not_there_is_told(page):
    page.query_params["target"] = "NOSUCH"

    page.run()

    assert "no target" in page.warning[0].value
    assert desk(page).inputs.target.company == PEP
