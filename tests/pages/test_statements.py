"""The page of linked statements as Streamlit runs it, on the demo book."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from app.ui import frame, statements_sections, words
from app.ui.draft import Desk, desk_name
from tests.pages.grids import cells, edited
from valor_core.coverage.companies import Company, company_id
from valor_core.models.lbo.debt import InterestOn
from valor_core.models.statements.forecast import forecast_statements
from valor_core.settings import ROOT
from valor_core.workbench import valuations
from valor_core.workbench.verb import open_work

pytestmark = pytest.mark.parametrize("mould", ["sqlite"], indirect=True)
WMT = Company(
    id=company_id(104169), name="Wal-Mart Stores Inc", ticker="WMT", cik=104169, sic=5331,
    shared=True,
)  # fmt: skip
DRIVERS = "Drivers of the forecast by year"
AMOUNTS = "Repaid, raised and paid out by year"


@pytest.fixture
def page(book, monkeypatch) -> AppTest:
    monkeypatch.setattr(frame, "signed_in_caller", lambda: book.acme.analyst)
    at = AppTest.from_file(ROOT / "pages" / "statements.py", default_timeout=60)
    at.query_params["company"] = "WMT"
    return at.run()


def desk(at: AppTest) -> Desk:
    return at.session_state[desk_name(frame.caller(), WMT, "statements")]


def section(at: AppTest, name: str) -> AppTest:
    at.session_state["statements:section"] = name
    return at.run()


def shown(at: AppTest) -> str:
    return " ".join(each.proto.body for each in at.get("html"))


def row(at: AppTest, label: str) -> list[str]:
    """The cells of the first row of that label."""
    told = shown(at).partition(f"<th scope=row>{label}</th>")[2].partition("</tr>")[0]
    return re.findall(r"<td>(.*?)</td>", told)


def test_filed_years_stand_beside_the_forecast_that_follows_from_them(page):
    assert not page.exception
    forecast = forecast_statements(desk(page).inputs)

    filed, expected = 408_214, float(forecast.income.revenue[0]) / 1e6
    assert row(page, "Revenue")[2:4] == [f"{filed:,}", f"{expected:,.0f}"]
    assert "FY2009A" in shown(page)
    assert "FY2010E" in shown(page)


def test_every_forecast_balance_sheet_ties_for_everybody_to_see(page):
    assert row(page, "Assets less liabilities and equity")[-5:] == ["0"] * 5
    assert ">tie<" in shown(page)


def test_working_capital_has_one_name_and_one_sign_in_the_cash_flow_and_its_schedule(page):
    added = forecast_statements(desk(page).inputs).cash_flow.working_capital_added
    label = "Working capital released (+) or tied up (−)"
    released = [words.millions(-value) for value in added]

    assert row(page, label)[-len(released) :] == released
    assert row(section(page, "Schedules"), label)[-len(released) :] == released


@pytest.mark.parametrize("name", statements_sections.SECTIONS)
def test_every_section_is_drawn(page, name):
    assert not section(page, name).exception


def test_a_driver_of_one_year_moves_the_statements_at_once(page):
    section(page, "Drivers")
    before = row(page, "Revenue")

    edited(page, DRIVERS, (1, "growth", 10.0))

    after = row(page, "Revenue")
    assert after[:4] == before[:4]
    assert after[4] != before[4]
    assert float(desk(page).result().balance_difference.sum()) == 0.0


def test_a_longer_forecast_takes_its_rows_of_amounts_with_it(page):
    section(page, "Drivers")
    edited(page, DRIVERS, (4, "growth", 7.0))

    next(n for n in page.number_input if n.label == "Forecast years").set_value(8).run()

    inputs = desk(page).inputs
    assert len(inputs.buybacks) == len(inputs.debt[0].repaid) == len(inputs.growth) == 8
    assert inputs.growth[-1] == 0.07
    assert "FY2017E" in shown(page)


def test_a_repayment_lowers_the_debt_and_one_beyond_it_is_refused_in_words(page):
    section(page, "Financing")
    owed = desk(page).inputs.debt[0].balance

    edited(page, AMOUNTS, (0, "debt[0].repaid", 10_000.0))
    assert desk(page).result().debt[0].closing[0] == owed - 10e9
    edited(page, AMOUNTS, (0, "debt[0].repaid", 1e6))

    assert "beyond what is owed" in " ".join(each.value for each in page.error)


def test_a_second_debt_gets_its_own_rates_and_repayments(page):
    section(page, "Financing")

    edited(page, "Debts", (1, "balance", 500.0))

    assert desk(page).inputs.debt[1].balance == 5e8
    assert "Debt 2 repaid, USD million" in cells(page, AMOUNTS)["FY2010"]


def test_interest_on_opening_balances_takes_the_circle_away(page):
    section(page, "Financing")
    averaged = desk(page).result().income.interest_income

    box = next(each for each in page.selectbox if each.label == "Interest is on")
    box.set_value(InterestOn.OPENING).run()

    assert desk(page).result().income.interest_income[0] < averaged[0]


def test_saved_statements_keep_their_earnings_a_share_and_are_no_value_of_one(page, world):
    desk(page).save("the plan of the company")

    with open_work(world.acme.analyst) as work:
        saved = valuations.newest_saved(work, WMT.id, model="statements")
        assert saved
        assert saved.row.headline == float(desk(page).result().last_earnings_per_share)
        assert valuations.newest_saved(work, WMT.id) is None


def test_an_item_of_the_opening_balance_moves_the_capital_paid_in_that_balances_it(page):
    section(page, "Opening balance")
    before = desk(page).result().opening_paid_in

    edited(page, "Opening balance sheet", (0, "amount", 10_000.0))

    assert desk(page).inputs.opening.cash == 10e9
    moved = desk(page).result().opening_paid_in - before
    assert moved == pytest.approx(10e9 - desk(page).start.inputs.opening.cash)


def test_the_drivers_stand_beside_what_they_were_in_the_filed_years(page):
    section(page, "Drivers")

    assert row(page, "Cost of revenue")[-1] == "74.6 %"


def test_a_debt_by_name_amortises_and_falls_due_as_its_row_says(page):
    section(page, "Financing")

    edited(page, "Debts", (1, "balance", 900.0), (1, "name", "Term loan"),
           (1, "amortisation.start", 10.0), (1, "maturity", 3))  # fmt: skip

    assert desk(page).result().debt[1].repaid[:4].tolist() == pytest.approx([9e7, 9e7, 7.2e8, 0.0])
    assert "Term loan repaid, USD million" in cells(page, AMOUNTS)["FY2010"]


def test_buybacks_up_to_a_leverage_begin_at_twice_ebitda(page):
    section(page, "Financing")

    next(each for each in page.toggle if each.label == "Buybacks up to a leverage").set_value(
        True
    ).run()

    told = desk(page).result()
    owed = told.balance.debt[-1] + told.balance.revolver[-1] - told.balance.cash[-1]
    assert owed == pytest.approx(2.0 * told.income.ebitda[-1], rel=1e-9)
    assert (
        cells(page, "Paid out by rule, by year")["FY2010"]["Net debt / EBITDA aimed at, ×"] == 2.0
    )
