"""What is fetched from the SEC comes in as the same document from a file does."""

import json
from datetime import date

import pytest

from app.fault_server import Fault, serving
from tests.books import ACME_2024, imported, of_the_demo_book, table, valued
from tests.conftest import ONLY_SQLITE
from tests.coverage.filings import apple, as_bytes
from tests.market import answers
from valor_core.coverage.figures import filed
from valor_core.coverage.fmp import FORM
from valor_core.coverage.imports import Imported
from valor_core.errors import AccessDenied, BadInput
from valor_core.market.failures import Failure, ProviderFailure
from valor_core.market.providers.edgar import ContactMissing
from valor_core.market.router import NoProvider
from valor_core.values import Caller, CompanyId
from valor_core.workbench import companies, logbook, report_committee, report_quality, reports
from valor_core.workbench.cuts import Cut, parts_of
from valor_core.workbench.fetching import facts_asked_for, fetch_facts
from valor_core.workbench.licences import NotGivenOn, read_held_back, refuse_held_back
from valor_core.workbench.report_quality import NOT_GIVEN_ON
from valor_core.workbench.verb import open_work

APPLE = CompanyId("cik0000320193")
LEFT_OUT = "left out: the terms of Financial Modeling Prep do not allow them to be given on."


def fetched(caller: Caller, company: str) -> Imported:
    document = fetch_facts(caller, facts_asked_for(company))
    with open_work(caller) as work:
        return companies.import_document(work, document)


def figures(caller: Caller):
    with open_work(caller) as work:
        return companies.read_facts(work, APPLE)


def test_a_company_fetched_by_its_ticker_has_the_figures_that_its_file_brings(
    store, acme, rival, sec
):
    fetched(acme.analyst, "aapl")
    imported(rival.analyst, as_bytes(apple()), "CIK0000320193.json")

    assert figures(acme.analyst) == figures(rival.analyst) != []
    with open_work(acme.analyst) as work:
        company = companies.read_company(work, "AAPL")
    assert (company.id, company.sic, company.name) == (APPLE, 3571, "Apple Inc.")


def test_the_same_filings_fetched_again_change_nothing(store, acme, sec):
    first, again = fetched(acme.analyst, "AAPL"), fetched(acme.analyst, "320193")

    assert first.facts_n > 8
    assert (again.known_before, again.facts_n) == (True, 0)


@ONLY_SQLITE
def test_the_log_tells_from_where_a_document_was_fetched(store, acme, sec):
    fetched(acme.analyst, "AAPL")

    with open_work(acme.admin) as work:
        entry = logbook.read_log(work, action="fact.import")[0]
    assert json.loads(entry.payload or b"")["source"].endswith("companyfacts/CIK0000320193.json")


@ONLY_SQLITE
def test_no_database_is_open_while_the_sec_is_asked(store, acme, sec, monkeypatch):
    seen = []
    before = sec._answers
    pool = store.engine.pool
    sec._answers = lambda path, params: (seen.append(pool.checkedout()), before(path, params))[1]

    fetched(acme.analyst, "AAPL")

    assert seen == [0, 0, 0]


@ONLY_SQLITE
def test_another_companys_figures_are_refused(store, acme, sec):
    sec.fault = Fault.WRONG

    with pytest.raises(ProviderFailure, match="asked for CIK 320193, it sent 1045810"):
        fetched(acme.analyst, "AAPL")
    assert figures_or_none(acme.analyst) is None


def figures_or_none(caller: Caller):
    with open_work(caller) as work:
        return next((c for c in companies.list_companies(work) if c.id == APPLE), None)


@ONLY_SQLITE
def test_a_ticker_that_nobody_has_and_a_text_that_is_none_are_told_apart(store, acme, sec):
    with pytest.raises(ProviderFailure, match="no company has the ticker ZZZZ") as failed:
        fetched(acme.analyst, "ZZZZ")
    with pytest.raises(BadInput, match="is no ticker"):
        facts_asked_for("../etc")

    assert failed.value.kind is Failure.CALLER


@ONLY_SQLITE
def test_the_sec_is_not_asked_by_who_does_not_say_who_asks(store, acme, sec, monkeypatch):
    monkeypatch.setenv("VALOR_DATA_CONTACT", "")

    with pytest.raises(ContactMissing):
        fetched(acme.analyst, "AAPL")
    assert not sec.asked


@ONLY_SQLITE
def test_who_may_not_import_asks_nobody(store, acme, sec):
    with pytest.raises(AccessDenied):
        fetched(acme.viewer, "AAPL")
    assert not sec.asked


@ONLY_SQLITE
def test_the_sec_that_bans_who_asks_too_often_is_left_alone_for_ten_minutes(store, acme, sec):
    sec.fault = Fault.DENY

    with pytest.raises(ProviderFailure) as failed:
        fetched(acme.analyst, "AAPL")
    assert (failed.value.kind, failed.value.retry_after_s) == (Failure.THROTTLED, 600)
    sec.asked.clear()
    with pytest.raises(NoProvider, match="SEC EDGAR is left alone until"):
        fetched(acme.analyst, "AAPL")
    assert not sec.asked


@ONLY_SQLITE
def test_statements_in_standardised_lines_come_in_with_the_day_they_were_filed(
    store, acme, monkeypatch
):
    with serving(answers.fmp) as server:
        monkeypatch.setenv("VALOR_FMP_URL", server.url)
        monkeypatch.setenv("VALOR_FMP_KEY", "s3cret-key")
        monkeypatch.setenv("VALOR_DATA_LOOPBACK", "1")
        query = facts_asked_for("AAPL")
        document = fetch_facts(acme.analyst, query, provider="fmp")
        with pytest.raises(ProviderFailure, match="it has no statements of ZZZZ"):
            fetch_facts(acme.analyst, facts_asked_for("ZZZZ"), provider="fmp")
    with open_work(acme.analyst) as work:
        companies.import_document(work, document)

    told = {fact.item: fact for fact in figures(acme.analyst)}
    assert told["revenue"].value == 391_035_000_000
    assert told["capex"].value == 9_447_000_000
    assert {fact.filed_on for fact in told.values()} == {date(2024, 11, 1)}
    assert {fact.fiscal_year for fact in told.values()} == {2024}
    assert told["eps_diluted"].unit == "USD/shares"
    assert not {"interest_expense", "goodwill"} & told.keys(), "zero is no figure there"
    assert "s3cret" not in document.source

    with open_work(acme.analyst) as work:
        parts = [rows() for dataset, _, _, rows in parts_of(Cut(work)) if dataset == "facts"]
        assert [row for rows in parts for row in rows] == [], "no snapshot gives them on"
        assert read_held_back(work) == ["Financial Modeling Prep"]
    with pytest.raises(NotGivenOn, match="data of Financial Modeling Prep"):
        refuse_held_back([filed(told["revenue"]).source])


@ONLY_SQLITE
def test_reports_leave_out_the_figures_that_may_not_be_given_on_and_say_so(store, acme):
    filings = of_the_demo_book("KO").replace(b",10-K,", f',"{FORM}",'.encode())
    imported(acme.analyst, filings, "ko.csv")
    twice = [ACME_2024, ACME_2024.replace(",120,", ",90,").replace("a-24", "a-25")]
    imported(acme.analyst, table(*(each.replace("10-K", f'"{FORM}"') for each in twice)))
    row = valued(acme.analyst)

    with open_work(acme.admin) as work:
        told = report_committee.tell(work, {"company": "KO"})
        flaws = report_quality.tell(work, {"stale_after": 1})
    assert told.lists["facts"].rows == told.lists["workings"].rows == []
    assert told.notices == [f"Figures are {LEFT_OUT}",
                            f"The inputs and workings of DCF are {LEFT_OUT}"]  # fmt: skip
    assert told.figures["values"][0]["value"] == row.headline, "what was computed here is told"
    assert f"Figures are {LEFT_OUT}" in flaws.notices
    assert {each["told"] for each in flaws.figures["flaws"] if each["kind"] == "restated"} == {
        NOT_GIVEN_ON
    }
    for valuation in (row.id, ""):
        asked = {"company": "KO", "valuation": valuation}
        with pytest.raises(NotGivenOn), open_work(acme.admin) as work:
            reports.gather(work, reports.ask_for_run(work, "valuation", asked))
