from typing import Any

from tests.conftest import ONLY_SQLITE
from tests.pages.opening import opened, pressed, run, saved, texts

pytestmark = ONLY_SQLITE


def test_without_any_company_the_import_stands_open(acme, monkeypatch):
    page = opened(monkeypatch, acme.analyst, "coverage")

    assert "There is no company yet" in texts(page)
    assert page.file_uploader


def test_losses_show_as_losses_and_what_was_not_filed_as_nothing(book, acme, monkeypatch):
    table = opened(monkeypatch, acme.viewer, "coverage").dataframe[0].value.set_index("Ticker")

    assert len(table) == 18
    snowflake: Any = table.loc["SNOW"]
    assert snowflake["Operating margin"] < -30
    assert (
        min(snowflake["Operating income by year"]) == snowflake["Operating income by year"][-1] < 0
    )
    assert table.loc["AAPL", "Revenue"] == 416_161  # million USD, 10-K of 2025-10-31
    assert table["Operating margin"].isna()["JPM"]
    grown: Any = table.loc["AAPL", "Revenue by year"]
    assert table.loc["AAPL", "Growth"] == round(100 * (grown[-1] / grown[-2] - 1), 1)
    assert list(table["Company"]) == sorted(table["Company"], key=str.casefold)


def test_a_saved_value_stands_beside_its_company(book, acme, monkeypatch):
    row = saved(acme.analyst, "KO")
    table = opened(monkeypatch, acme.viewer, "coverage").dataframe[0].value.set_index("Ticker")

    assert table.loc["KO", "Value"] == row.headline
    assert table["Value"].notna().sum() == 1


def test_typing_narrows_the_table_by_name_and_ticker(book, acme, monkeypatch):
    page = opened(monkeypatch, acme.viewer, "coverage")

    page.text_input(key="coverage_search").set_value("apple aapl")
    assert list(run(page).dataframe[0].value["Ticker"]) == ["AAPL"]

    page.text_input(key="coverage_search").set_value("no such company")
    assert "No company has that name" in texts(run(page))


def test_a_company_is_fetched_from_the_sec_and_then_stands_in_the_table(acme, monkeypatch, sec):
    page = opened(monkeypatch, acme.analyst, "coverage")

    page.text_input(key="fetching_company").set_value("aapl")
    page = pressed(page, "Fetch")

    assert "new figures of 1 company came in" in texts(page)
    assert list(page.dataframe[0].value["Ticker"]) == ["AAPL"]


def test_a_ticker_that_the_sec_does_not_know_is_said_and_nothing_comes_in(acme, monkeypatch, sec):
    page = opened(monkeypatch, acme.analyst, "coverage")

    page.text_input(key="fetching_company").set_value("ZZZZ")
    page = pressed(page, "Fetch")

    assert "no company has the ticker ZZZZ" in texts(page)
    assert "There is no company yet" in texts(page)
