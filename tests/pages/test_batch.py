"""The batch page as Streamlit runs it, on the demo book; the batch in its own process."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from app.compute import RUNS
from app.ui import frame
from app.ui.batch_sections import Bench
from tests.pages.grids import cells, edited
from tests.pages.opening import opened, pressed, run, texts

pytestmark = pytest.mark.parametrize("mould", ["sqlite"], indirect=True)
ALIKE = "Inputs stated alike for all companies"


@pytest.fixture
def page(book, monkeypatch) -> Iterator[AppTest]:
    yield opened(monkeypatch, book.acme.analyst, "batch")
    RUNS.close()


def bench(at: AppTest) -> Bench:
    who = frame.caller()
    return at.session_state[f"batch:{who.tenant_id}:{who.user_id}"]


def valued(at: AppTest) -> AppTest:
    pressed(at, "Value all companies")
    made = bench(at).run
    assert made is not None, texts(at)
    made.result()
    return run(at)


def test_all_companies_are_valued_by_what_is_stated_for_all(page):
    row = list(cells(page, ALIKE)).index("Terminal growth, %")
    edited(page, ALIKE, (row, "value", 2.0))
    page.text_area[0].set_value("KO 30\nAAPL 80").run()

    valued(page)

    (table,) = page.dataframe
    by_ticker = table.value.set_index("Ticker")
    assert "17 of 18 companies valued" in texts(page)
    assert by_ticker.loc["KO", "Upside"] == pytest.approx(
        100.0 * (by_ticker.loc["KO", "Value"] / 30.0 - 1.0)
    )
    assert "SIC 6021" in texts(page)
    years = by_ticker["Year"].dropna()
    assert dict(by_ticker["Age"][years.index]) == {
        ticker: "old" if year < years.max() - 2 else "" for ticker, year in years.items()
    }
    leave_out = next(each for each in page.checkbox if each.label.startswith("Leave out"))
    leave_out.check().run()
    left = page.dataframe[0].value
    assert set(left["Ticker"]) == set(by_ticker.index[by_ticker["Age"] != "old"])
    assert left["Year"].min() >= years.max() - 2
    page.selectbox[0].set_value("credit").run()
    assert not page.exception
    assert "The policy has changed since" in texts(page)
    assert page.selectbox[1].value == "z_double_prime.score"


def test_a_line_that_is_no_price_and_a_company_that_is_not_there_are_told(page):
    for line, told in (("KO sixty", "is no company with its price"), ("NOSUCH 5", "'NOSUCH'")):
        page.text_area[0].set_value(line).run()
        pressed(page, "Value all companies")
        assert told in texts(page)
        assert bench(page).run is None
