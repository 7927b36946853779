"""A report from the filed figures to a page that opens offline, and every way in which it fails."""

import errno
import json
import os
import re
import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from jobs import notebook_run
from jobs import reports as running_reports
from jobs.notebook_run import Limits
from jobs.reports import carry_out, run_report
from tests.conftest import ONLY_SQLITE, World
from valor_core.audit.checkpoints import origin_of
from valor_core.audit.keys import public_keys
from valor_core.audit.notes import opened
from valor_core.coverage.job_runs import JobRun, RunLost, Status, slot_of
from valor_core.coverage.report_document import UNTOLD, ReportDocument, read_document
from valor_core.coverage.report_parameters import report_source
from valor_core.errors import AccessDenied, BadInputs, NotFound
from valor_core.store.tables import ValuationRow
from valor_core.store.work import StoreUnavailable
from valor_core.values import Caller, Role
from valor_core.workbench import companies, jobs, logbook, reports, valuations
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE
PARAMETERS = {"company": "AAPL"}


def held(book: World, *, lease_s: float = 60) -> JobRun:
    with open_work(book.acme.analyst, book.store) as work:
        run = reports.ask_for_run(work, "valuation", PARAMETERS)
        taken = jobs.take_run(work, run.id, owner="test", lease=timedelta(seconds=lease_s))
    assert taken is not None
    return taken


def a_notebook(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """The report's notebook with another cell after its parameters."""
    notebook = json.loads(report_source("valuation"))
    notebook["cells"] = [notebook["cells"][0], {**notebook["cells"][1], "source": code}]
    monkeypatch.setattr(reports, "report_source", lambda _: json.dumps(notebook).encode())


def nothing_left_of(run: JobRun) -> bool:
    """No process of the run lives: each has the run's folder in its environment."""
    for _ in range(300):
        if not any(str(run.folder) in home for home in map(_home, psutil.process_iter())):
            return True
        time.sleep(0.1)
    return False


def _home(process: psutil.Process) -> str:
    try:
        return process.environ().get("HOME", "")
    except psutil.Error:
        return ""


def test_a_report_without_a_saved_valuation_opens_offline_and_tells_what_waits_and_no_value(
    book: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("VALOR_KEY_PEPPER", "a-pepper-of-some-length-that-stays-here")

    run = run_report(book.store, book.acme.analyst, "valuation", PARAMETERS)

    assert run.status is Status.SUCCEEDED, run.detail
    result = json.loads((run.folder / "result.json").read_text())
    assert len(result["run_id"]) == 64
    with open_work(book.acme.viewer, book.store) as work:
        page = reports.read_report(work, run.id).decode()
    own = re.sub(r"<script>/\*\*.*?</script>", "", page, flags=re.DOTALL)
    assert len(page) - len(own) > 4_000_000  # the library, once
    assert "http://" not in own
    assert "https://" not in own
    assert not re.search(r"""(?:src|href)\s*=|@import|url\(""", own)
    assert own.count('class="plotly-graph-div"') == page.count('class="plotly-graph-div"') == 3
    assert (
        "Enterprise value in USD million, by growth after the forecast and by the risk-free" in own
    )
    for told in ("Apple Inc.", "us-gaap:", "0000320193-", result["run_id"], result["snapshot_id"]):
        assert told in own
    assert f"{result['result']['enterprise_value'] / 1e6:,.1f}" in own
    kept = " ".join(
        file.read_text(errors="replace") for file in run.folder.rglob("*") if file.is_file()
    )
    assert "a-pepper-of-some-length-that-stays-here" not in kept
    assert nothing_left_of(run)
    with open_work(book.acme.admin, book.store) as work:
        assert logbook.verify_log(work).holds
        actions = [entry.action for entry in logbook.read_log(work)]
    assert actions[:3] == ["job.finish", "snapshot.publish", "report.run"]
    note = run.record["stands_on"]["audit_checkpoint"]
    assert opened(note, origin_of(book.acme.id), public_keys()).size == len(actions) - 1

    lines = result["result"]
    assert {item["input"] for item in result["open_items"]} >= {"bridge.preferred"}
    assert lines["enterprise_value"] > 0
    assert lines["terminal_value_gordon"] > 0
    assert {lines[name] for name in UNTOLD} == {None}
    assert run.record["stands_on"]["value_per_share"] is None
    for told in ("wait for", "Preferred", "missing=zero", "Growing perpetuity", "Exit multiple"):
        assert told in page


def test_a_report_stands_on_the_newest_saved_valuation_and_says_whose_it_is(book: World):
    saved = [save(book, reason=reason) for reason in ("A first look.", "After the call.")]

    run = run_report(book.store, book.acme.analyst, "valuation", PARAMETERS)

    result = json.loads((run.folder / "result.json").read_text())
    page = (run.folder / "report.html").read_text()
    assert result["valuation_id"] == saved[-1].id
    assert result["run_id"] == saved[-1].run_id == run.record["stands_on"]["run_id"]
    assert result["result"]["value_per_share"] == pytest.approx(saved[-1].headline)
    assert result["open_items"] == []
    top = page[page.index("<h1>") : page.index("key-figures", page.index("<h1>"))]
    for told in ("as saved by anna", "After the call.", saved[-1].run_id):
        assert told in top
    assert f"{saved[-1].headline:,.2f}" in page


def document(book: World, **parameters: str) -> ReportDocument:
    with open_work(book.acme.analyst, book.store) as work:
        run = reports.ask_for_run(work, "valuation", PARAMETERS | parameters)
        told = reports.gather(work, run)
    run.folder.mkdir(parents=True)
    file = run.folder / "input.json"
    file.write_text(json.dumps({**told, "code": {}}))
    return read_document(file, parameters=run.parameters)


def save(book: World, *, reason: str, as_of: date | None = None) -> ValuationRow:
    """A DCF of Apple by anna, what its filing lacks stated as none."""
    with open_work(book.acme.analyst, book.store) as work:
        company = companies.read_company(work, "AAPL")
        inputs = valuations.prefilled(work, company.id, as_of=as_of).inputs
        missing = inputs.bridge.missing
        return valuations.run_valuation(
            work,
            company.id,
            replace(inputs, bridge=replace(inputs.bridge, **dict.fromkeys(missing, 0.0))),
            rationale=reason,
            rationales={f"bridge.{item}": "none known" for item in missing},
            as_of=as_of,
        )


def test_items_are_zero_only_by_the_word_of_who_asks_and_the_report_says_so(book: World):
    made = document(book, missing="zero")

    assert made.open_items == {}
    assert made.value_per_share == pytest.approx(float(made.result().value_per_share))
    assert made.sources["bridge.preferred"].author == "anna"
    assert any("Preferred" in told and "0" in told and "anna" in told for told in made.warnings)


def test_zeros_of_a_scheduled_report_are_those_of_who_scheduled_it(book: World):
    zero = {**PARAMETERS, "missing": "zero"}
    with open_work(book.acme.admin, book.store) as work:
        schedule = reports.schedule_report(work, "valuation", zero, cron="0 6 * * *")
    slot = slot_of(schedule.id, datetime.now(UTC))
    job = Caller(tenant_id=book.acme.id, user_id=schedule.id, role=Role.ANALYST, kind="job")

    with open_work(job, book.store) as work:
        told = reports.gather(work, reports.ask_for_run(work, "valuation", zero, slot=slot))

    assert told["asked_by"] == "adam"
    assert told["sources"]["bridge.preferred"]["author"] == "adam"


def test_a_report_as_of_a_day_knows_no_valuation_that_was_saved_later(book: World):
    then = date(2024, 12, 31)
    save(book, reason="Today.")

    before = document(book, as_of=then.isoformat())
    on_those_facts = save(book, reason="Looking back.", as_of=then)

    assert before.valuation_id is None
    assert "preferred" in before.open_items
    assert document(book, as_of=then.isoformat()).valuation_id == on_those_facts.id
    assert document(book, as_of=date.today().isoformat()).valuation_id is not None  # noqa: DTZ011


def test_a_kernel_that_is_killed_makes_the_run_fail_whatever_the_notebook_says(
    book: World, monkeypatch: pytest.MonkeyPatch
):
    a_notebook(monkeypatch, "import os\nos.kill(os.getpid(), 9)")

    run = carry_out(book.store, book.acme.analyst, held(book))

    assert run.status is Status.FAILED
    assert run.html is None
    assert "kernel" in run.detail.lower()


def test_who_asked_is_told_what_went_wrong_but_not_where_this_installation_lies(
    book: World, monkeypatch: pytest.MonkeyPatch
):
    a_notebook(monkeypatch, "open('/no/such place/of-ours.txt')")

    run = carry_out(book.store, book.acme.analyst, held(book))

    assert "No such file or directory" in run.detail
    assert "of-ours" not in run.detail
    assert "Traceback" not in run.detail
    assert "of-ours" in (run.folder / "run.log").read_text()


def test_a_kernel_sees_no_address_and_no_secret_of_the_installation(
    book: World, monkeypatch: pytest.MonkeyPatch
):
    run = held(book)
    monkeypatch.setenv("DB_URL", "postgres://valor:open-sesame@127.0.0.1/nowhere")
    monkeypatch.setenv("VALOR_METRICS_TOKEN", "open-sesame")
    a_notebook(monkeypatch, "import json, os\nraise SystemError(json.dumps(sorted(os.environ)))")

    run = carry_out(book.store, book.acme.analyst, run)

    log = (run.folder / "run.log").read_text()
    assert '"HOME"' in log
    for name in ("DB_URL", "VALOR_HOME", "VALOR_METRICS_TOKEN", "open-sesame"):
        assert name not in log


def test_a_run_that_takes_too_long_ends_as_a_timeout_and_leaves_no_kernel(
    book: World, monkeypatch: pytest.MonkeyPatch
):
    a_notebook(monkeypatch, "import time\ntime.sleep(60)")
    run = held(book)

    done = carry_out(book.store, book.acme.analyst, run, limits=Limits(timeout_s=4.0, grace_s=0.5))

    assert done.status is Status.TIMEOUT
    assert nothing_left_of(run)


def test_a_server_that_stops_lets_the_run_go_at_once(book: World, monkeypatch: pytest.MonkeyPatch):
    a_notebook(monkeypatch, "import time\ntime.sleep(60)")
    run, stopped = held(book), threading.Event()
    threading.Timer(2.5, stopped.set).start()

    let_go = carry_out(book.store, book.acme.analyst, run, stopped=stopped)

    assert let_go.status is Status.RUNNING
    assert nothing_left_of(run)
    with open_work(book.acme.analyst, book.store) as work:
        assert [r.id for r in jobs.lost_runs(work)[1]] == [run.id]


def test_a_report_that_a_person_stops_is_given_up_and_leaves_no_kernel(
    book: World, monkeypatch: pytest.MonkeyPatch
):
    a_notebook(monkeypatch, "import time\ntime.sleep(60)")
    run = held(book)

    def stop() -> None:
        with open_work(book.acme.analyst, book.store) as work:
            reports.cancel_run(work, run.id)

    threading.Timer(2.5, stop).start()

    soon = Limits(lease=timedelta(seconds=3))
    done = carry_out(book.store, book.acme.analyst, run, limits=soon)

    assert done.status is Status.CANCELLED
    assert done.html is None
    assert nothing_left_of(run)
    with pytest.raises(RunLost), open_work(book.acme.analyst, book.store) as work:
        reports.cancel_run(work, run.id)


@pytest.mark.parametrize("when", ["before its notebook", "after it"])
def test_a_report_whose_files_cannot_be_written_fails_and_says_why(
    book: World, monkeypatch: pytest.MonkeyPatch, when: str
):
    """S50: a full disk; the run's row tells it, and nobody waits for its lease to end."""

    def no_space(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    a_notebook(monkeypatch, "raise SystemExit")
    run = held(book)
    first = when == "before its notebook"
    monkeypatch.setattr(running_reports, "_lay_out" if first else "_keep_beside", no_space)

    done = carry_out(book.store, book.acme.analyst, run)

    assert done.status is Status.FAILED
    assert done.detail == "Its files cannot be written: No space left on device."


def test_a_run_whose_lease_cannot_be_renewed_is_ended_and_left_to_the_next_process(
    book: World, monkeypatch: pytest.MonkeyPatch
):
    """G53: the database is away in the middle of it."""
    a_notebook(monkeypatch, "import time\ntime.sleep(60)")
    run = held(book)

    def away(*_: object, **__: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(jobs, "renew_run", away)
    soon = Limits(lease=timedelta(seconds=1))
    with pytest.raises(StoreUnavailable):
        carry_out(book.store, book.acme.analyst, run, limits=soon)

    assert nothing_left_of(run)
    with open_work(book.acme.analyst, book.store) as work:
        assert reports.read_run(work, run.id).status is Status.RUNNING  # until its lease ends


def test_an_attempt_that_was_overtaken_cannot_publish(book: World):
    first = held(book, lease_s=-1)
    with open_work(book.acme.analyst, book.store) as work:
        second = jobs.take_run(work, first.id, owner="other", lease=timedelta(seconds=60))
    assert second is not None
    assert second.attempt == 2

    with pytest.raises(RunLost), open_work(book.acme.analyst, book.store) as work:
        jobs.finish_run(work, first, Status.SUCCEEDED, record={})

    assert first.folder != second.folder


@pytest.mark.parametrize(
    ("parameters", "refusal"),
    [
        ({"company": "AAPL", "x=1\nimport os;os.abort()\ny": 1}, BadInputs),
        ({"company": 5}, BadInputs),
        ({}, BadInputs),
        ({"company": "NOSUCH"}, NotFound),
        ({"company": "AAPL", "missing": "refuse"}, BadInputs),
        ({"company": "AAPL", "valuation": "../../etc/passwd"}, NotFound),
    ],
)
def test_what_cannot_be_a_report_is_refused_before_any_process_starts(
    book: World, monkeypatch: pytest.MonkeyPatch, parameters, refusal
):
    def no_process(*_args: object, **_kwargs: object) -> None:
        pytest.fail("a process was started")

    monkeypatch.setattr(notebook_run.subprocess, "Popen", no_process)

    with pytest.raises(refusal):
        run_report(book.store, book.acme.analyst, "valuation", parameters)

    with open_work(book.acme.analyst, book.store) as work:
        assert reports.list_runs(work) == []


def test_a_viewer_reads_reports_and_runs_none(book: World):
    with pytest.raises(AccessDenied):
        run_report(book.store, book.acme.viewer, "valuation", PARAMETERS)


def test_a_report_that_was_altered_on_disk_is_not_shown(book: World):
    run = held(book)
    run.folder.mkdir(parents=True)
    (run.folder / "report.html").write_text("<p>made up</p>")
    with open_work(book.acme.analyst, book.store) as work:
        jobs.finish_run(work, run, Status.SUCCEEDED, record={"outputs": {"report.html": "0" * 64}})

    with pytest.raises(reports.ReportDamaged), open_work(book.acme.viewer, book.store) as work:
        reports.read_report(work, run.id)


def test_nobody_sees_the_runs_of_another_tenant(book: World):
    run = held(book)

    with pytest.raises(NotFound), open_work(book.rival.admin, book.store) as work:
        reports.read_run(work, run.id)
    assert Path(book.acme.id) == Path(run.folder.parent.parent.name)
