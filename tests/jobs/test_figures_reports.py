"""Reports of figures: each notebook over what its report gathers, and one through its process."""

import contextlib
import csv
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jobs.reports import run_report, verify_run
from tests.books import ACME_2023, ACME_2024, imported, of_the_demo_book, table, valued
from tests.conftest import ONLY_SQLITE, World
from tests.market.played import QUESTION, Played, begin_anew
from tests.needs import needed
from tests.workbench.test_billing import bill, priced, used
from valor_core.coverage.job_runs import Status
from valor_core.coverage.report_parameters import report_source
from valor_core.errors import AccessDenied, BadInput
from valor_core.market.failures import Failure
from valor_core.sla.buckets import bucket_of
from valor_core.store.work import unit_of_work
from valor_core.values import Caller, Role, utc_now
from valor_core.workbench import (
    billing,
    companies,
    logbook,
    reports,
    route_levels,
    routing,
    valuations,
)
from valor_core.workbench.snapshots import renew_snapshot
from valor_core.workbench.verb import open_work
from valor_core.workbench.watching import watch


def gathered(
    world: World, report: str, by: Caller | None = None, **parameters: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The document as a job gathers it, and the parameters with their defaults."""
    with open_work(by or world.acme.admin, world.store) as work:
        run = reports.ask_for_run(work, report, parameters)
    job = Caller(tenant_id=world.acme.id, user_id=run.id, role=Role.ANALYST, kind="job")
    with open_work(job, world.store) as work:
        renew_snapshot(work)
    with open_work(job, world.store) as work:
        return reports.gather(work, run), run.parameters


def executed(
    folder: Path, document: Mapping[str, Any], parameters: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """The HTML that the cells of a notebook show, run one after the other here, and its result."""
    code = {"revision": "", "package": "0", "lock_sha256": "0"}
    (folder / "input.json").write_text(json.dumps({**document, "code": code}))
    cells = json.loads(report_source(document["report"]))["cells"]
    names, shown = dict(parameters), []
    with contextlib.chdir(folder):
        for cell in cells:
            source = "".join(cell["source"])
            if cell["cell_type"] == "code" and cell["id"] not in ("parameters", "document"):
                *before, last = source.rsplit("\nHTML(", 1) if "\nHTML(" in source else [source]
                for each in before:
                    exec(each, names)
                value = eval(f"HTML({last}" if before else last, names)
                shown.append(getattr(value, "data", "") if "HTML" in source else value.to_json())
            elif cell["id"] == "document":
                exec(source, names)
    return "".join(shown), json.loads((folder / "result.json").read_text())


def billed_with_faults(world: World) -> None:
    """Three imports at 2.50: one billed right, one at another price, one never."""
    for n, rows in enumerate(([ACME_2023], [ACME_2024], [ACME_2023, ACME_2024])):
        imported(world.acme.analyst, table(*rows), f"{n}.csv")
    priced(world.store, world.acme)
    first, second, _ = used(world.store, world.acme)
    bill(world.store, first)
    bill(world.store, second, price_minor=300, amount_minor=300)


def test_a_reconciliation_tells_every_cause_and_its_spreadsheet_is_that_of_the_api(
    world: World, tmp_path: Path
):
    billed_with_faults(world)

    document, parameters = gathered(world, "reconciliation", days=7)
    page, result = executed(tmp_path, document, parameters)

    first, last = result["figures"]["first"], result["figures"]["last"]
    with open_work(world.acme.admin, world.store) as work:
        day = work.now.date()
        assert (f"{day}", 7) == (last, len(result["figures"]["drift"]["USD"]))
        found = billing.reconcile(work, day.fromisoformat(first), day)
    assert (tmp_path / "reconciliation.csv").read_bytes() == found.as_csv().encode()
    assert result["figures"]["csv_sha256"] == found.csv_sha256
    assert sum(result["figures"]["drift"]["USD"].values()) == pytest.approx(-2.0)
    for told in ("−2.00 USD", "Price mismatch", "Counted here, never billed.", "adam"):
        assert told in page


def test_a_time_without_use_and_bills_says_so(world: World, tmp_path: Path):
    page, result = executed(tmp_path, *gathered(world, "reconciliation", last="2020-02-29"))

    assert "Nothing was used and nothing was billed on these days." in page
    assert result["figures"]["rows"] == []


@pytest.mark.parametrize("days", [0, 367])
def test_a_time_that_nobody_can_mean_is_refused_before_anything_waits(world: World, days: int):
    with pytest.raises(BadInput), open_work(world.acme.admin, world.store) as work:
        reports.check_request(work, "reconciliation", {"days": days})


def test_who_may_not_read_bills_has_no_reconciliation_made_and_sees_none(world: World):
    acme, store = world.acme, world.store
    with open_work(acme.admin, store) as work:
        run = reports.ask_for_run(work, "reconciliation", {})

    with open_work(acme.analyst, store) as work:
        assert "reconciliation" not in [each.name for each in reports.list_reports(work)]
        assert reports.list_runs(work) == []
    for refused in (
        lambda work: reports.ask_for_run(work, "reconciliation", {}),
        lambda work: reports.schedule_report(work, "reconciliation", {}, cron="0 6 * * *"),
        lambda work: reports.cancel_run(work, run.id),
        lambda work: reports.read_run(work, run.id),
        lambda work: reports.read_data(work, run.id, "reconciliation.csv"),
    ):
        with pytest.raises(AccessDenied), open_work(acme.analyst, store) as work:
            refused(work)


def test_service_levels_tell_an_outage_with_its_cause_and_what_nobody_watched(
    world: World, tmp_path: Path
):
    noon = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
    fred = Played(name="fred", clock=lambda: datetime.now(UTC).timestamp())
    begin_anew(world.acme)
    for minute, how in ((0, "well"), (1, "well"), (2, Failure.CONNECTION), (3, Failure.CONNECTION)):
        fred.how = how
        now = noon + timedelta(minutes=minute)
        routing.ask(world.acme.analyst, QUESTION, among={"fred": fred}, now=now)
        watch(world.store, world.acme.analyst, among={"fred": fred}, now=now)
    routing._routers.clear()

    day = gathered(world, "sla", world.acme.analyst, days=1, last="2026-06-01")
    page, result = executed(tmp_path, *day)

    [row] = result["figures"]["providers"]
    assert row["outages"] == 1
    assert 0 < row["coverage"] < 0.01 < row["availability"] < 1
    for told in ("FRED", "calls failed: could not be reached", "of its time was watched"):
        assert told in page
    [line] = csv.DictReader((tmp_path / "sla.csv").read_text().splitlines())
    assert float(line["availability"]) == row["availability"]
    assert row["error_budget_left"] < 0
    assert "the error budget is overspent" in page


def test_service_levels_of_what_nobody_asked_say_so(world: World, tmp_path: Path):
    page, result = executed(tmp_path, *gathered(world, "sla", world.acme.analyst))

    assert "No provider was asked yet" in page
    assert "No provider was watched in this time." in page
    assert "Nobody called the API in this time." in page
    assert result["figures"]["providers"] == result["figures"]["routes"] == []


def test_service_levels_tell_how_the_routes_of_the_api_answered(world: World, tmp_path: Path):
    quick, slow = bucket_of(0.02), bucket_of(2.0)
    asked = "GET /companies/{company_id}"
    for tenant, bad in ((world.acme, 3), (world.rival, 500)):
        who = Caller(tenant_id=tenant.id, user_id="routes", role=Role.ANALYST, kind="job")
        with open_work(who, world.store) as work:
            route_levels.count_calls(work, {(asked, "good", quick): 990, (asked, "good", slow): 7})
            route_levels.count_calls(work, {(asked, "bad", quick): bad})

    page, result = executed(tmp_path, *gathered(world, "sla", world.acme.analyst, days=1))

    [told] = result["figures"]["routes"]
    assert (told["route"], told["requests"], told["bad_requests"]) == (asked, 1000, 3)
    assert told["request_availability"] == pytest.approx(0.997)
    assert told["error_budget_left"] == pytest.approx(1 - 0.003 / 0.001)
    assert told["p50_s"] == pytest.approx(0.02, rel=0.01)
    assert told["p999_s"] == pytest.approx(2.0, rel=0.01)
    assert "the error budget is overspent; 3 of 1,000 calls failed, 0.10 % may." in page
    assert (tmp_path / "routes.csv").read_text().splitlines()[1].startswith(f"{asked},1000,3,")


def test_a_time_that_is_all_to_come_promises_nothing(world: World):
    document, _ = gathered(world, "sla", world.acme.analyst, days=1, last="2199-01-01")

    assert document["figures"]["course"] == []


def saved(book: World, *, why: str, model: str = "dcf", at: datetime, **changes: Any) -> float:
    """A value of Apple by anna, what its filing lacks stated as none."""
    with unit_of_work(book.acme.analyst, book.store, at) as work:
        company = companies.read_company(work, "AAPL")
        inputs = valuations.prefilled(work, company.id, model=model).inputs
        missing = inputs.bridge.missing
        bridge = replace(inputs.bridge, **dict.fromkeys(missing, 0.0))
        row = valuations.run_valuation(
            work, company.id, replace(inputs, bridge=bridge, **changes), rationale=why,
            rationales={f"bridge.{item}": "none known" for item in missing},
        )  # fmt: skip
        return row.headline


def test_a_portfolio_review_tells_what_moved_and_why_and_what_is_old(book: World, tmp_path: Path):
    now = utc_now()
    long_ago = saved(book, why="A first look.", at=now - timedelta(days=200))
    saved(book, why="=After the call.", at=now - timedelta(days=100), terminal_growth=0.02)
    newest = saved(book, why="Less growth.", at=now - timedelta(days=10), terminal_growth=0.01)
    direct = saved(book, why="Beside it.", model="dcf_direct", at=now)

    since = (now - timedelta(days=150)).date().isoformat()
    document, parameters = gathered(
        book, "portfolio_review", book.acme.analyst, since=since, older_than=5
    )
    page, result = executed(tmp_path, document, parameters)

    row, _ = result["figures"]["values"]
    assert (row["value"], row["value_on_the_day"]) == pytest.approx((newest, long_ago))
    for told in ("Less growth.", "Terminal growth", f"{newest - long_ago:,.2f} USD", "anna"):
        assert told in page
    assert "10</td></tr>" in page[page.index("Saved more than 5 days ago") :]
    [spread] = result["figures"]["spreads"]
    assert sorted(spread["values"].values()) == pytest.approx(sorted((newest, direct)))
    later, _ = executed(tmp_path, *gathered(book, "portfolio_review", since="2199-01-01"))
    assert "No value was saved since 2199-01-01." in later
    assert "No value is older than 90 days." in later


HOSTILE = "<img src=x onerror=alert(1)>[a](javascript:alert(1))"


def test_what_somebody_wrote_is_inert_text_in_a_report(world: World, tmp_path: Path):
    """S34: the name of a company and the reasons of a value, in the reports that tell them."""
    raw = of_the_demo_book("KO").replace(b"Coca-Cola Co", HOSTILE.encode())
    imported(world.acme.analyst, raw)
    valued(world.acme.analyst, why=HOSTILE)

    run = run_report(world.store, world.acme.analyst, "valuation", {"company": "KO"})
    review, _ = executed(tmp_path, *gathered(world, "portfolio_review", world.acme.analyst))
    decided, _ = executed(tmp_path, *gathered(world, "committee_book", company="KO"))

    for page in ((run.folder / "report.html").read_text(), review, decided):
        assert "&lt;img src=x onerror=alert(1)&gt;" in page
        assert "<img src=x" not in page
        assert 'href="javascript:' not in page


def test_a_review_of_nothing_says_how_to_begin(world: World, tmp_path: Path):
    page, _ = executed(tmp_path, *gathered(world, "portfolio_review", world.acme.analyst))

    assert "No value is saved yet." in page


def test_a_committee_book_tells_every_method_with_why_its_workings_and_its_proof(
    book: World, tmp_path: Path
):
    now = utc_now()
    by_dcf = saved(book, why="After the call.", at=now)
    by_flows = saved(book, why="Beside it.", model="dcf_direct", at=now)
    with open_work(book.acme.analyst, book.store) as work:
        apple = companies.read_company(work, "AAPL").id
        deal = valuations.prefilled(work, apple, model="lbo").inputs
        bought = valuations.run_valuation(work, apple, deal, rationale="What a sponsor could pay.")

    document, parameters = gathered(book, "committee_book", book.acme.analyst, company="AAPL")
    page, result = executed(tmp_path, document, parameters)

    assert [each["value"] for each in result["figures"]["values"]] == [
        by_dcf, by_flows, bought.headline,
    ]  # fmt: skip
    band, *_, sponsors = result["figures"]["ranges"]
    assert sponsors["method"] == "LBO"
    assert 0 < sponsors["low"] < sponsors["mid"] < sponsors["high"]
    assert band["low"] < band["mid"] == by_dcf < band["high"]
    middle = result["lists"]["sensitivity"]["rows"][2][3]
    assert middle == f"{by_dcf:,.2f}"
    with open_work(book.acme.admin, book.store) as work:
        entries = [e for e in logbook.read_log(work) if e.action == "valuation.run"]
    for told in (
        "After the call.",
        "none known",
        "us-gaap:",
        "0000320193-",
        "anna",
        *(entry.leaf.hex() for entry in entries),
    ):
        assert told in page
    formulas = [row[3] for row in result["lists"]["workings"]["rows"]]
    assert any("enterprise_value" in formula for formula in formulas)
    rows = list(csv.DictReader((tmp_path / "committee_book.csv").read_text().splitlines()))
    assert {row["kind"] for row in rows} == {"assumption", "line"}


def test_a_committee_book_of_a_company_that_nobody_valued_says_how_to_begin(
    world: World, tmp_path: Path
):
    imported(world.acme.analyst, table(ACME_2023, ACME_2024), "acme.csv")

    page, result = executed(tmp_path, *gathered(world, "committee_book", company="ACME"))

    assert "No value of the company is saved yet." in page
    assert result["figures"]["ranges"] == []
    assert ("Revenue, USD m", "0", "0", "a-24") in map(tuple, result["lists"]["facts"]["rows"])


def test_data_quality_tells_what_is_missing_stale_restated_doubted_and_out_of_range(
    world: World, tmp_path: Path
):
    def fact(year: int, item: str, value: str, filed: str, accession: str) -> str:
        end = f"{year}-12-31"
        return f"7,Acme,ACME,,{year},,{end},{item},{value},USD,,{accession},10-K,{filed}"

    rows = (
        fact(2018, "revenue", "100", "2019-02-01", "a-18"),
        fact(2018, "revenue", "90", "2020-02-01", "a-19"),
        fact(2018, "total_assets", "-5", "2019-02-01", "a-18"),
        fact(2018, "gross_profit", "80", "2019-02-01", "a-18"),
        fact(2018, "cost_of_revenue", "50", "2019-02-01", "a-18"),
    )
    imported(world.acme.analyst, table(*rows), "acme.csv")

    page, result = executed(tmp_path, *gathered(world, "data_quality", world.acme.analyst))

    told = {(row["kind"], row["item"]) for row in result["figures"]["flaws"]
            if row["company"] == "Acme"}  # fmt: skip
    assert ("stale", "Newest year") in told
    assert ("missing", "Net income") in told
    assert ("restated", "Revenue") in told
    assert ("out_of_range", "Total assets") in told
    assert ("doubted", "Gross profit") in told
    assert "100 as filed 2019-02-01, 90 as filed 2020-02-01 (-10.0 %)" in page
    lines = list(csv.DictReader((tmp_path / "data_quality.csv").read_text().splitlines()))
    assert len(lines) == sum(result["figures"]["counts"].values())


@ONLY_SQLITE
def test_a_report_of_figures_is_made_in_its_process_with_a_page_a_pdf_and_a_spreadsheet(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    billed_with_faults(world)
    monkeypatch.setenv("VALOR_CHROMIUM", str(needed("browser")))

    run = run_report(world.store, world.acme.admin, "reconciliation", {"days": 7})

    assert run.status is Status.SUCCEEDED, run.detail
    assert run.data == ["reconciliation.csv", "report.pdf", "result.json"]
    with open_work(world.acme.admin, world.store) as work:
        printed = reports.read_data(work, run.id, "report.pdf")
    assert printed.startswith(b"%PDF-")
    assert len(printed) > 10_000
    with open_work(world.acme.admin, world.store) as work:
        page = reports.read_report(work, run.id).decode()
        rows = reports.read_data(work, run.id, "reconciliation.csv").decode()
    assert "<title>Usage against billing</title>" in page
    assert page.count('class="plotly-graph-div"') == 1
    lines = [row["line"] for row in csv.DictReader(io.StringIO(rows))]
    assert {"METERED", "BILLED", "PRICE_MISMATCH", "MISSING_AT_PROVIDER"} == set(lines)
    again = verify_run(world.store, world.acme.admin, run.id)
    assert again.same == ("reconciliation.csv", "report.html", "result.json")
    assert again.holds
    (run.folder / "input.json").write_text("{}")
    altered = verify_run(world.store, world.acme.admin, run.id)
    assert altered.flaws == ("input.json is missing or was altered",)
    assert [each.name for each in run.folder.parent.iterdir()] == [run.folder.name]
    with open_work(world.acme.compliance, world.store) as work:
        noted = [entry.action for entry in logbook.read_log(work)]
    assert noted.count("report.verify") == 2
