"""The page of the reconciliation as Streamlit runs it, on the demo book."""

import pytest
from streamlit.testing.v1 import AppTest

from app.ui import frame, reconciliation_sections
from app.ui.draft import Desk, desk_name
from tests.pages.grids import cells, edited
from tests.pages.opening import opened, saved, texts
from valor_core.coverage.companies import Company, company_id
from valor_core.models.codec import dump
from valor_core.models.intrinsic.causes import made_consistent
from valor_core.models.paths import Fade
from valor_core.workbench import valuations
from valor_core.workbench.verb import open_work

pytestmark = pytest.mark.parametrize("mould", ["sqlite"], indirect=True)
KO = Company(
    id=company_id(21344), name="Coca-Cola Co", ticker="KO", cik=21344, sic=2080, shared=True
)


@pytest.fixture
def page(book, monkeypatch) -> AppTest:
    return opened(monkeypatch, book.acme.analyst, "reconciliation", company="KO")


def desk(at: AppTest) -> Desk:
    return at.session_state[desk_name(frame.caller(), KO, "reconciliation")]


def section(at: AppTest, name: str) -> AppTest:
    at.session_state["reconciliation:section"] = name
    return at.run()


def shown(at: AppTest) -> str:
    return " ".join(each.proto.body for each in at.get("html"))


def millions(value: float) -> str:
    return f"{value / 1e6:,.0f}"


def test_the_page_begins_with_the_dcf_and_names_why_books_tell_otherwise(page):
    assert not page.exception
    assert ">5 of 7<" in shown(page)
    assert shown(page).count("profit is to grow by 3.00% for ever and capital otherwise") >= 2


def test_a_saved_dcf_is_what_the_methods_value(page, world):
    kept = saved(world.acme.analyst, "KO", terminal_growth=0.02)
    desk(page).start_over(None)

    assert float(desk(page).result().enterprise_value) == pytest.approx(
        kept.result["enterprise_value"], rel=1e-12
    )


def test_the_headline_tells_the_largest_difference_of_all_seven_and_which_method_it_is(page):
    result = desk(page).result()
    off = abs(float(result.eva.value / result.fcff.value) - 1.0)

    assert off > 0.01
    assert f"{100 * off:.1f} %, EVA" in shown(page)
    assert "because profit is to grow" not in shown(page)


def test_debt_of_the_plan_is_told_from_the_equity_of_the_saved_dcf(page, world):
    assert "Debt, USD m" in shown(page)
    assert "Equity, USD m" in shown(page)
    assert any("Debt and equity at target weights" in each.value for each in page.caption)
    assert "no DCF is saved" in texts(page)
    kept = saved(world.acme.analyst, "KO")

    page.run()

    assert f"is USD {millions(kept.result['equity_value'])} million" in texts(page)


def test_one_press_makes_the_plan_consistent_and_all_seven_agree(page):
    next(b for b in page.button if b.label == "Make my plan consistent").click().run()

    assert ">7 of 7<" in shown(page)
    assert dump(desk(page).inputs) == dump(made_consistent(desk(page).start.inputs))
    assert "Make my plan consistent" not in [b.label for b in page.button]


@pytest.mark.parametrize("name", reconciliation_sections.SECTIONS)
def test_every_section_is_drawn(page, name):
    assert not section(page, name).exception


def test_dividends_that_keep_cash_are_named_as_what_makes_their_method_differ(page):
    section(page, "Plan")
    next(t for t in page.toggle if t.label == "Dividends are stated").set_value(True).run()
    assert not page.exception
    edited(page, "The plan by year", (0, "dividends", 0.0))

    section(page, "Methods")

    assert ">4 of 7<" in shown(page)
    assert "dividends are not the free cash flow to equity" in shown(page)


def test_debt_in_amounts_begins_at_the_amounts_that_the_shares_gave(page):
    section(page, "Financing")
    before = desk(page).result()
    assert isinstance(desk(page).inputs.financing.leverage, Fade)

    box = next(each for each in page.selectbox if each.label == "Debt is")
    box.set_value("planned amounts").run()

    assert not page.exception
    assert desk(page).inputs.financing.leverage is None
    assert desk(page).result().enterprise_value == pytest.approx(before.enterprise_value)
    assert "Debt at the end, USD million" in cells(page, "Debt by year")["Today"]
    box = next(each for each in page.selectbox if each.label == "Debt is")
    box.set_value("a share of the value").run()
    assert not page.exception
    assert desk(page).result().enterprise_value == pytest.approx(before.enterprise_value)


def test_a_saved_reconciliation_is_kept_and_is_no_value_of_a_share(page, world):
    desk(page).save("seven ways to one value")

    with open_work(world.acme.analyst) as work:
        kept = valuations.newest_saved(work, KO.id, model="reconciliation")
        assert kept
        assert kept.row.headline == float(desk(page).result().equity_value)
        assert valuations.newest_saved(work, KO.id) is None
