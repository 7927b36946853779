"""An import brings all of a document or nothing, and what was filed never changes."""

import csv
import json

import pytest
from sqlalchemy import select

from tests.books import ACME_2023, ACME_2024, KO, imported, of_the_demo_book, table
from valor_core.coverage import companies as coverage_companies
from valor_core.coverage.facts_csv import read_facts_csv
from valor_core.errors import AccessDenied, BadInput, BadInputs, NotFound
from valor_core.store.tables import UsageEventRow
from valor_core.values import CompanyId
from valor_core.workbench import companies, demo, logbook
from valor_core.workbench.verb import open_work
from valor_core.workbooks.tables import write_table

ACME = CompanyId("cik0000000007")


def figures(caller, company=ACME) -> list[tuple[int, str, float]]:
    with open_work(caller) as work:
        return [(f.fiscal_year, f.accession, f.value) for f in companies.read_facts(work, company)]


def listed(caller, **page) -> list[str]:
    with open_work(caller) as work:
        return [row.file_name for row in companies.list_imports(work, **page)]


def names(caller, **page) -> list[str]:
    with open_work(caller) as work:
        return [company.name for company in companies.list_companies(work, **page)]


def entries(tenant) -> list[tuple[str, str, dict]]:
    with open_work(tenant.admin) as work:
        rows = logbook.read_log(work, action="fact.import")
        return [(row.actor, row.target, json.loads(row.payload or b"")) for row in rows]


def metered(tenant) -> int:
    with open_work(tenant.admin) as work:
        return len(work.session.scalars(select(UsageEventRow)).all())


def test_an_import_tells_what_it_brought_to_its_maker_and_to_the_log(store, acme):
    done = imported(acme.analyst, table(ACME_2023, ACME_2024))

    assert (done.companies, done.facts_n, done.known_before) == ((ACME,), 2, False)
    assert figures(acme.viewer) == [(2023, "a-23", 100.0), (2024, "a-24", 120.0)]
    ((actor, target, details),) = entries(acme)
    assert (actor, target) == (acme.analyst.actor, f"import:{done.import_id}")
    assert (details["sha256"], details["facts"]) == (done.sha256, 2)
    assert metered(acme) == 1


def test_the_same_document_again_changes_nothing_and_says_so(store, acme):
    first = imported(acme.analyst, table(ACME_2023), "first.csv")
    again = imported(acme.admin, table(ACME_2023), "again.csv")

    assert (again.import_id, again.facts_n, again.known_before) == (first.import_id, 0, True)
    assert again.companies == first.companies
    assert figures(acme.viewer) == [(2023, "a-23", 100.0)]
    assert listed(acme.viewer) == ["first.csv"]


def test_a_longer_document_brings_only_what_is_new_in_it(store, acme):
    imported(acme.analyst, table(ACME_2023))

    assert imported(acme.analyst, table(ACME_2023, ACME_2024)).facts_n == 1
    assert imported(acme.analyst, table(ACME_2024, ACME_2023)).facts_n == 0
    assert figures(acme.viewer) == [(2023, "a-23", 100.0), (2024, "a-24", 120.0)]


def test_a_filing_does_not_change_and_a_document_that_says_so_brings_nothing_at_all(store, acme):
    imported(acme.analyst, table(ACME_2023))
    other_company = ACME_2024.replace("7,Acme,ACME", "8,Zenith,ZEN")
    forged = ACME_2023.replace(",100,", ",90,")

    with pytest.raises(BadInputs, match=r"a-23 is known to say 100, not 90") as refused:
        imported(acme.analyst, table(other_company, forged, ACME_2024))

    assert len(refused.value.flaws) == 1
    assert figures(acme.viewer) == [(2023, "a-23", 100.0)]
    assert names(acme.viewer) == ["Acme"]
    assert len(listed(acme.viewer)) == len(entries(acme)) == metered(acme) == 1


def test_a_restatement_by_a_later_filing_stands_beside_the_first(store, acme):
    imported(acme.analyst, table(ACME_2023))
    later = ACME_2023.replace(",100,", ",90,").replace(
        "a-23,10-K,2024-02-01", "a-24,10-K,2025-02-01"
    )
    imported(acme.analyst, table(later))

    assert figures(acme.viewer) == [(2023, "a-23", 100.0), (2023, "a-24", 90.0)]


def test_another_tenant_sees_nothing_of_an_import(store, acme, rival):
    imported(acme.analyst, table(ACME_2023))

    assert (names(rival.admin), listed(rival.admin), entries(rival)) == ([], [], [])
    with pytest.raises(NotFound), open_work(rival.admin) as work:
        companies.read_facts(work, ACME)


def test_one_tenants_word_on_a_filing_binds_no_other(store, acme, rival):
    imported(acme.analyst, table(ACME_2023))
    imported(rival.analyst, table(ACME_2023.replace(",100,", ",90,")))

    assert figures(acme.viewer) == [(2023, "a-23", 100.0)]
    assert figures(rival.viewer) == [(2023, "a-23", 90.0)]


def test_the_demo_book_is_read_by_all_and_an_import_of_its_company_is_the_tenants_own(
    book, acme, rival
):
    shared = figures(rival.viewer, KO)
    extra = (
        "21344,The Coca-Cola Company,KO,,2024,,2024-12-31,revenue,47061000000,USD,"
        "us-gaap:Revenues,a-24,10-K,2025-02-20"
    )

    imported(acme.analyst, table(extra))

    assert len(shared) > 50
    assert figures(rival.viewer, KO) == shared
    assert figures(acme.viewer, KO) == [*shared, (2024, "a-24", 47_061_000_000.0)]
    with open_work(acme.viewer) as mine, open_work(rival.viewer) as theirs:
        own, demos = (companies.read_company(work, "KO") for work in (mine, theirs))
        books = companies.list_companies(mine), companies.list_companies(theirs)
    assert (own.name, own.shared) == ("The Coca-Cola Company", False)
    assert (demos.name, demos.shared) == ("Coca-Cola Co", True)
    assert [company.id for company in books[0] if company.id == KO] == [KO]
    assert {company.id for company in books[0]} == {company.id for company in books[1]}


def test_the_demo_book_is_written_by_its_seed_alone(store, acme):
    raw = of_the_demo_book("ko")
    for caller in (acme.viewer, acme.analyst, acme.admin):
        with pytest.raises(AccessDenied), open_work(caller) as work:
            demo.load_book(work, raw, read_facts_csv(raw))

    assert names(acme.viewer) == []


def test_who_may_only_read_imports_nothing(store, acme):
    with pytest.raises(AccessDenied):
        imported(acme.viewer, table(ACME_2023))

    assert names(acme.viewer) == []


def test_companies_and_imports_come_in_pages_without_gap_or_repeat(book, acme):
    for ticker in ("ko", "hd", "jpm"):  # own rows stand in for the shared ones on every page
        imported(acme.analyst, of_the_demo_book(ticker), f"{ticker}.csv")
    whole, read, after = names(acme.viewer), [], None
    while page := names_and_places(acme.viewer, after):
        read += [name for name, _ in page]
        after = page[-1]

    assert read == whole
    assert len(set(whole)) == 18
    with open_work(acme.viewer) as work:
        newest = companies.list_imports(work, limit=2)
    last = newest[-1]
    assert [row.file_name for row in newest] == ["jpm.csv", "hd.csv"]
    assert listed(acme.viewer, limit=2, before=(last.created_at, last.id)) == ["ko.csv"]


def names_and_places(caller, after) -> list[tuple[str, str]]:
    with open_work(caller) as work:
        page = companies.list_companies(work, limit=4, after=after)
        return [(company.name, company.id) for company in page]


@pytest.mark.parametrize("limit", [0, 201])
def test_a_page_without_bound_is_refused(store, acme, limit):
    with pytest.raises(BadInput, match=f"cannot have {limit} rows"):
        listed(acme.viewer, limit=limit)


@pytest.mark.parametrize("name", ["9" * 4_400, "cik0000000007x", "", "²", "KO\0"])
def test_what_is_no_company_is_not_found(store, acme, name):
    with pytest.raises(NotFound), open_work(acme.viewer) as work:
        companies.read_company(work, name)


def test_a_company_goes_by_id_ticker_and_cik(store, acme):
    imported(acme.analyst, table(ACME_2023))

    with open_work(acme.viewer) as work:
        found = {companies.read_company(work, n) for n in (ACME, "acme", "7", "0000000007", " 7 ")}

    assert [company.id for company in found] == [ACME]


def test_a_file_of_another_kind_is_refused_by_its_name():
    with pytest.raises(BadInput, match=r"'facts\.xls' is neither"):
        companies.read_document(b"", file_name="C:\\books\\facts.xls")


def test_a_ticker_stays_with_the_company_that_had_it_first(book, acme):
    other = ACME_2024.replace("7,Acme,ACME", "999002,Another Cola,KO")

    imported(acme.analyst, table(other))

    with open_work(acme.viewer) as work:
        assert companies.read_company(work, "KO").id == KO
        assert companies.read_company(work, "999002").name == "Another Cola"
    imported(acme.analyst, of_the_demo_book("KO"), "own.csv")
    with open_work(acme.viewer) as work:
        found = companies.read_company(work, "ko")
    assert (found.id, found.shared) == (KO, False)


def test_a_tenant_cannot_take_in_companies_without_end(store, acme, monkeypatch):
    monkeypatch.setattr(coverage_companies, "COMPANIES_MAX", 2)
    rows = [ACME_2024.replace("7,Acme,ACME", f"{cik},Acme {cik},") for cik in (11, 12, 13)]

    with pytest.raises(BadInput, match="With 3 new companies there would be 3"):
        imported(acme.analyst, table(*rows))

    assert listed(acme.viewer) == []


def as_workbook(raw: bytes) -> bytes:
    return write_table("Facts", list(csv.reader(raw.decode().splitlines())))


@pytest.mark.parametrize("ticker", ["KO", "AAPL"])
def test_a_table_says_the_same_as_a_workbook_and_as_a_csv(ticker):
    raw = of_the_demo_book(ticker)

    sheet = companies.read_document(as_workbook(raw), file_name="facts.xlsx")

    assert sheet.kind == "xlsx"
    assert sheet.read == read_facts_csv(raw)


def test_a_workbook_with_flaws_tells_them_all_by_row_and_column():
    raw = table(ACME_2023.replace(",100,", ",much,"), ACME_2024.replace("revenue", "turnover"))

    with pytest.raises(BadInputs) as by_sheet:
        companies.read_document(as_workbook(raw), file_name="facts.xlsx")
    with pytest.raises(BadInputs) as by_csv:
        companies.read_document(raw, file_name="facts.csv")

    assert [flaw.place for flaw in by_sheet.value.flaws] == ["row 2, value", "row 3, item"]
    assert by_sheet.value.flaws == by_csv.value.flaws
    assert "first sheet" in by_sheet.value.hint
