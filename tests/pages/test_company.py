import pytest

from app.ui.filed import filed
from tests.books import ACME_2023, imported, table
from tests.conftest import ONLY_SQLITE
from tests.pages.opening import opened, pressed, run, texts
from valor_core.coverage.companies import company_id
from valor_core.coverage.facts_csv import template
from valor_core.coverage.items import Statement
from valor_core.workbench import adjustments, companies
from valor_core.workbench.verb import open_work

pytestmark = [ONLY_SQLITE, pytest.mark.usefixtures("book")]
APPLE = company_id(320193)
DILUTED = "Diluted shares, average"


def test_apple_before_and_after_its_restatement_of_2010(acme, monkeypatch):
    """Revenue of FY2009: 36,537 million in the 10-K, 42,905 million in the 10-K/A of 2010-01-25."""
    for day, revenue in (("2009-12-31", 36_537), ("2010-02-01", 42_905)):
        page = opened(monkeypatch, acme.viewer, "company", company="AAPL", as_of=day)

        assert page.dataframe[0].value.loc["Revenue", "FY2009"] == revenue


def test_a_chosen_number_tells_its_filing_and_what_later_ones_said(acme, monkeypatch):
    page = opened(monkeypatch, acme.viewer, "company", company="AAPL", as_of="2009-12-31")
    page.session_state[f"{APPLE}_2009-12-31_income"] = {
        "selection": {"rows": [], "columns": [], "cells": [(0, "FY2009")]}
    }
    shown = texts(run(page))

    assert "Revenue, FY2009: 36,537,000,000 USD" in shown
    assert "us-gaap:SalesRevenueNet" in shown
    assert "sec.gov/Archives/edgar/data/320193/000119312509214859/" in shown
    assert "0001193125-10-012091" in shown
    assert "17.4 %" in shown


def test_the_newest_year_stands_first_and_years_without_a_figure_are_left_out(acme, monkeypatch):
    page = opened(monkeypatch, acme.viewer, "company", company="AAPL")

    assert list(page.dataframe[0].value.columns)[:2] == ["FY2025", "FY2024"]
    assert "FY2006" not in page.dataframe[0].value.columns  # only balances were filed of it


def test_the_company_stays_from_page_to_page_where_the_address_names_none(acme, monkeypatch):
    page = opened(monkeypatch, acme.analyst, "company", company="KO")
    for name in ("lbo", "reports"):
        page.switch_page(f"../pages/{name}.py")
        page.query_params.clear()
        page = run(page)

        chosen = next(each for each in page.selectbox if each.label == "Company")
        assert "Coca-Cola" in str(chosen.value), name
    page.switch_page("../pages/dcf.py")
    page.query_params["company"] = "nobody"
    assert "There is no such company here" in texts(run(page))


def test_before_the_first_filing_there_is_nothing_and_a_way_out(acme, monkeypatch):
    page = opened(monkeypatch, acme.viewer, "company", company="AAPL", as_of="2005-01-01")

    assert "Choose a later one" in texts(page)


def test_shares_are_those_after_the_splits_and_a_chosen_count_tells_what_was_filed(
    acme, monkeypatch
):
    page = opened(monkeypatch, acme.viewer, "company", company="AAPL")
    page.segmented_control(key="company_statement").set_value(Statement.SHARES)
    page = run(page)
    table = page.dataframe[0].value
    row = list(table.index).index(DILUTED)
    page.session_state[f"{APPLE}_None_shares"] = {
        "selection": {"rows": [], "columns": [], "cells": [(row, "FY2011")]}
    }
    shown = texts(run(page))

    diluted = table.loc[DILUTED].dropna().to_numpy()
    assert table.loc[DILUTED, "FY2011"] == pytest.approx(936.645 * 28, abs=1)
    assert ((diluted[:-1] / diluted[1:] > 0.9) & (diluted[:-1] / diluted[1:] < 1.1)).all()
    assert "Diluted shares, average, FY2011: 936,645,000 shares" in shown
    assert "Shown as **26,226,060,000 shares**, in the shares after the split, 7 for 1" in shown
    assert "4 for 1 on 2020-08-31" in shown


def test_ratios_come_with_their_formula(acme, monkeypatch):
    page = opened(monkeypatch, acme.viewer, "company", company="AAPL")
    page.segmented_control(key="company_statement").set_value("Ratios")
    table = run(page).dataframe[0].value

    assert table.loc["Operating margin", "Formula"] == "operating income / revenue"
    assert table.loc["Operating margin", "FY2025"] == pytest.approx(100 * 133_050 / 416_161)


def test_each_company_of_the_book_has_a_page(acme, monkeypatch):
    with open_work(acme.viewer) as work:
        known = companies.list_companies(work)
    for company in known[:6]:
        page = opened(monkeypatch, acme.viewer, "company", company=company.ticker)
        assert f"{company.cik:010d}" in texts(page)


def uploaded(page, content: str, name: str):
    page.file_uploader[0].upload(name, content.encode(), "text/csv")
    return pressed(page, "Import")


def test_a_sound_table_comes_in_whole_and_is_known_the_second_time(acme, monkeypatch):
    page = opened(monkeypatch, acme.analyst, "company", company="AAPL")

    assert "2 new figures of 1 company came in from facts.csv" in texts(
        uploaded(page, template(), "facts.csv")
    )
    assert "was imported before" in texts(uploaded(page, template(), "facts.csv"))


def test_all_that_is_wrong_in_a_table_is_told_by_row_and_column(acme, monkeypatch):
    page = opened(monkeypatch, acme.analyst, "company", company="AAPL")
    lines = template().splitlines()
    values = [line.split(",") for line in lines[1:]]
    column = lines[0].split(",").index("value")
    for row in values:
        row[column] = "much"
    page = uploaded(page, "\n".join([lines[0], *map(",".join, values)]) + "\n", "facts.csv")

    assert "Nothing was imported: 2 things are wrong" in texts(page)
    flaws = page.dataframe[-1].value
    assert list(zip(flaws["Row"], flaws["Column"], strict=True)) == [("2", "value"), ("3", "value")]
    with open_work(acme.analyst) as work:
        assert companies.list_imports(work) == []


def test_a_viewer_is_told_who_may_import(acme, monkeypatch):
    page = opened(monkeypatch, acme.viewer, "company", company="AAPL")

    assert not page.file_uploader
    assert "Importing is for analysts" in texts(page)


def chosen(page, label: str):
    return next(each for each in page.selectbox if each.label == label)


def test_an_adjustment_is_added_with_its_reason_and_dropped_and_the_filing_stays(acme, monkeypatch):
    page = opened(monkeypatch, acme.analyst, "company", company="AAPL")
    before = page.dataframe[0].value
    chosen(page, "Fiscal year").set_value(2025)
    chosen(page, "Figure").set_value("operating_income")
    next(each for each in page.number_input if "Amount added" in each.label).set_value(1_000.0)
    page = pressed(page, "Adjust")
    assert "**Why**: must say why" in texts(page)

    chosen(page, "Fiscal year").set_value(2025)
    chosen(page, "Figure").set_value("operating_income")
    next(each for each in page.number_input if "Amount added" in each.label).set_value(1_000.0)
    next(each for each in page.text_area if each.label == "Why").set_value("A fine, once.")
    page = pressed(page, "Adjust")
    shown = texts(page)
    for told in ("133,050,000,000 USD", "+1,000,000,000 USD", "134,050,000,000 USD",
                 "A fine, once.", "anna", "1 adjustment"):  # fmt: skip
        assert told in shown or told in [each.label for each in page.expander]
    assert page.dataframe[0].value.equals(before)
    (amount,) = [each for each in page.number_input if "Amount added" in each.label]
    (why,) = [each for each in page.text_area if each.label == "Why"]
    assert (amount.value, why.value) == (0.0, "")

    page = pressed(page, "Drop it")
    assert "A fine, once." not in texts(page)


def test_a_split_is_stated_with_its_reason_and_told_where_a_number_comes_from(acme, monkeypatch):
    page = opened(monkeypatch, acme.analyst, "company", company="AAPL")
    next(each for each in page.number_input if each.label == "Ratio").set_value(2.0)
    why = next(each for each in page.text_area if each.label == "Source and reason")
    why.set_value("Announced in June.")
    page = pressed(page, "State it")

    assert "Announced in June." in texts(page)
    assert "3 splits and ADR ratios" in [each.label for each in page.expander]

    page = pressed(page, "Drop the split or ratio")
    assert "Dropped" in texts(page)
    assert "2 splits and ADR ratios" in [each.label for each in page.expander]


def test_a_viewer_reads_adjustments_and_adds_none(acme, monkeypatch):
    page = opened(monkeypatch, acme.viewer, "company", company="AAPL")

    assert "0 adjustments" in [each.label for each in page.expander]
    assert "Adjust" not in [button.label for button in page.button]


def test_adjustments_of_one_figure_stand_between_what_was_filed_and_what_they_make(
    acme, monkeypatch
):
    with open_work(acme.analyst) as work:
        for amount, why in ((1e9, "A fine, once."), (5e8, "A flood, once.")):
            adjustments.add_adjustment(
                work,
                APPLE,
                layer="Adjusted",
                item="operating_income",
                fiscal_year=2025,
                amount=amount,
                rationale=why,
            )
    shown = texts(opened(monkeypatch, acme.viewer, "company", company="AAPL"))

    assert shown.count("133,050,000,000 USD") == shown.count("134,550,000,000 USD") == 1
    assert "+1,000,000,000 USD" in shown
    assert "+500,000,000 USD" in shown


def test_two_tenants_with_a_company_of_one_number_are_each_shown_their_own_figures(acme, rival):
    """S21: what pages remember of a company is remembered by tenant."""
    for tenant, revenue in ((acme, "100"), (rival, "999")) * 2:
        imported(tenant.analyst, table(ACME_2023.replace(",100,", f",{revenue},")))
        with open_work(tenant.viewer) as work:
            company = companies.read_company(work, "ACME")

        assert company.id == company_id(7)
        told = [filed(tenant.viewer, company, None).facts for _ in range(2)]
        assert [[fact.value for fact in facts] for facts in told] == [[float(revenue)]] * 2
