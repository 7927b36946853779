"""Runs a report in a child process of its own, and believes nothing but its own row.

The parent reads the database and writes a document; the child gets no address, key or home of the
installation. A notebook whose kernel was killed says of itself that it completed: so the status
comes from the exit code and a result that can be read, and stands in the run's row.
"""

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextlib import nullcontext as none
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jobs.code_version import code_version
from jobs.course import read_course
from jobs.left_files import end_of, text_of, throw_away
from jobs.lending import Answers, Lent, lent_desk
from jobs.notebook_run import LIMITS, OUTPUTS, Ended, Limits, passed_on, run_child
from jobs.printing import PDF, print_page
from valor_core.coverage.job_runs import JobRun, RunLost, Status
from valor_core.coverage.report_parameters import OWN, is_own
from valor_core.errors import Unavailable, ValorError
from valor_core.settings import home
from valor_core.store.engines import Store
from valor_core.store.folders import private_folder
from valor_core.telemetry import JOB_RUNS, JOBS_RUNNING, log
from valor_core.values import Caller
from valor_core.walls import lacking
from valor_core.workbench import jobs, report_verifying, reports
from valor_core.workbench.report_askers import reader_for
from valor_core.workbench.report_verifying import ANSWERS, Ground, ReportVerdict
from valor_core.workbench.sealing import seal_log
from valor_core.workbench.snapshots import renew_snapshot
from valor_core.workbench.verb import open_work

OUTPUTS_MAX, SPREADSHEETS_MOST, NAME_MAX = 100_000_000, 100, 100
RESULT_MAX = 8_000_000  # of text, which takes many times as much as values
LOG_READ = 64_000
STANDS_ON = (
    "run_id", "valuation_id", "snapshot_id", "audit_checkpoint", "enterprise_value",
    "value_per_share", "notebook",
)  # fmt: skip
LOG_TAIL = 600
COPY = "again-"
PATHS = re.compile(r"(?:/[\w.\- ]+){2,}")  # where Valor lies is not its tenants' affair


class VerifyingBusy(Unavailable):
    """A report is being made again, and no second one beside it."""

    code = "verifying_busy"

    def __init__(self) -> None:
        super().__init__(
            "Another report is being verified right now.", hint="Ask again in half a minute."
        )


_ONE_AGAIN = threading.Lock()
"""A report is made again by one person at a time: others wait a while, and the pages stay quick."""
OWNER = f"{os.uname().nodename}:{os.getpid()}"


def run_report(
    store: Store, caller: Caller, name: str, params: Mapping[str, Any], *, limits: Limits = LIMITS
) -> JobRun:
    """Runs a report now and waits for it; refuses bad parameters before anything is written."""
    with open_work(caller, store) as work:
        reports.check_request(work, name, params)
        run = reports.ask_for_run(work, name, params)
        held = jobs.take_run(work, run.id, owner=OWNER, lease=limits.lease)
    assert held is not None, "nobody saw the run before it was committed"
    return carry_out(store, caller, held, limits=limits)


def carry_out(
    store: Store,
    caller: Caller,
    run: JobRun,
    *,
    limits: Limits = LIMITS,
    stopped: threading.Event | None = None,
) -> JobRun:
    """Carries out a run that is held and keeps what became of it.

    When `stopped` is set the run is let go, so that another process takes a scheduled one over.
    """
    stopped = stopped or threading.Event()
    began = time.monotonic()
    JOBS_RUNNING.labels(metric_label(run.job)).inc()
    try:
        outcome = _outcome(store, caller, run, limits, stopped)
        if stopped.is_set() and outcome.status is Status.CANCELLED:
            with open_work(caller, store) as work:
                jobs.renew_run(work, run, lease=timedelta())
            return run
        record: Mapping[str, Any] = {}
        try:
            record = _record(run, outcome, seconds=time.monotonic() - began)
            _keep_beside(run, record)
        except OSError as error:
            outcome = _unwritten(run, error)
        with open_work(caller, store) as work:
            done = jobs.finish_run(work, run, outcome.status, detail=outcome.detail, record=record)
    except RunLost as error:
        log.warning("a run was taken over or stopped", run=run.id, error=str(error))
        JOB_RUNS.labels(metric_label(run.job), "lost").inc()
        with open_work(caller, store) as work:
            return reports.read_run(work, run.id)
    finally:
        JOBS_RUNNING.labels(metric_label(run.job)).dec()
    JOB_RUNS.labels(metric_label(run.job), outcome.status).inc()
    return done


def metric_label(job: str) -> str:
    """By which a job is counted: all own notebooks as one, whatever tenants call them."""
    return OWN.rstrip(":") if is_own(job) else job


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    status: Status
    detail: str = ""
    exit_code: int | None = None
    stands_on: Mapping[str, Any] = field(default_factory=dict)


def _outcome(
    store: Store, caller: Caller, run: JobRun, limits: Limits, stopped: threading.Event
) -> _Outcome:
    try:
        with open_work(caller, store) as work:
            renew_snapshot(work)
        with open_work(caller, store) as work:
            document = reports.gather(work, run)
            source = reports.source(work, run.job)
            reader = reader_for(work, run) if is_own(run.job) else None
        document["audit_checkpoint"] = seal_log(store, caller.tenant_id)
        _lay_out(run, document, source)
    except ValorError as error:
        return _Outcome(status=Status.FAILED, detail=f"{error} {error.hint}".strip())
    except OSError as error:
        return _unwritten(run, error)
    try:
        return _made(store, caller, run, limits, stopped, document, source, reader)
    except OSError as error:
        return _unwritten(run, error)


def _unwritten(run: JobRun, error: OSError) -> _Outcome:
    """The disk is full, or what lies there is not ours to write."""
    log.error("the files of a report cannot be written", run=run.id, exc_info=error)
    return _Outcome(status=Status.FAILED, detail=f"Its files cannot be written: {error.strerror}.")


def _made(
    store: Store,
    caller: Caller,
    run: JobRun,
    limits: Limits,
    stopped: threading.Event,
    document: Mapping[str, Any],
    source: bytes,
    reader: Caller | None,
) -> _Outcome:
    """What its notebook makes of the document, in a process of its own."""

    def still_ours() -> None:
        with open_work(caller, store) as work:
            jobs.renew_run(work, run, lease=limits.lease)

    if reader and lacking():
        log.warning(
            "an own notebook is not walled off from everything", run=run.id, from_=lacking()
        )
    laid_out = _laid_out(run.folder)
    answers = Answers(reader)
    with (
        lent_desk(answers, lasts_s=limits.timeout_s + limits.grace_s) if reader else none() as lent
    ):
        order = _order(run.folder, run.parameters, document, limits, source=source, lent=lent)
        ended = run_child(order, limits=limits, stopped=stopped, still_ours=still_ours)
    if reader:
        answers.write(run.folder / ANSWERS)
    if lent and _shows(run.folder, lent.key):
        status, detail = Status.FAILED, "It showed the key by which it reads, so nothing is kept."
    elif not ended.early and laid_out != _laid_out(run.folder):
        status, detail = Status.FAILED, "It altered what it was made from, so it proves nothing."
    else:
        status, detail = _ended(run, document, limits, ended)
    left = sum(file.lstat().st_size for file in run.folder.iterdir())
    if status is not Status.SUCCEEDED and left > OUTPUTS_MAX:
        throw_away(run.folder)
    stands_on = {name: document[name] for name in STANDS_ON if name in document}
    return _Outcome(status=status, detail=detail, exit_code=ended.code, stands_on=stands_on)


def _ended(
    run: JobRun,
    document: Mapping[str, Any],
    limits: Limits,
    ended: "Ended",
) -> tuple[Status, str]:
    """How the run ended, told by its exit code and what it left; the page of a good one printed."""
    code = ended.code
    if ended.early is not None:
        told = {
            Status.TIMEOUT: f"It took longer than {limits.timeout_s:g} s.",
            Status.FAILED: f"It wrote {ended.too_much}, so it was stopped and nothing is kept.",
        }
        return ended.early, told.get(ended.early, "It was stopped.")
    if code == 0 and (unfit := _unfit_to_keep(run.folder)):
        return Status.FAILED, unfit
    if code == 0 and _is_result(run, document) and (run.folder / "report.html").is_file():
        print_page(run.folder, passed_on())
        return Status.SUCCEEDED, ""
    return Status.FAILED, _tail(run.folder, code)


def _unfit_to_keep(folder: Path) -> str:
    """Why what a notebook left can be neither served nor sent; nothing where it can."""
    names = [file.name for file in folder.glob("*.csv")]
    sizes = {file.name: file.stat().st_size for file in _outputs(folder)}
    if len(names) > SPREADSHEETS_MOST:
        return f"It left {len(names)} spreadsheets, and no more than {SPREADSHEETS_MOST} are kept."
    if odd := [name for name in names if not _is_plain(name)]:
        return f"Nobody could save a spreadsheet by the name {ascii(odd[0])[:60]}."
    if sizes.get("result.json", 0) > RESULT_MAX:
        return f"Its result.json has more than {RESULT_MAX // 1_000_000} MB."
    if sum(sizes.values()) > OUTPUTS_MAX:
        return f"It left more than {OUTPUTS_MAX // 1_000_000} MB, and no more are kept."
    return ""


def _is_plain(name: str) -> bool:
    return len(name) <= NAME_MAX and name.isprintable()


def _outputs(folder: Path) -> list[Path]:
    """The files of a run that are kept."""
    spreadsheets = sorted(file for file in folder.glob("*.csv") if _is_plain(file.name))
    named = [*(folder / name for name in OUTPUTS), *spreadsheets[:SPREADSHEETS_MOST]]
    return [file for file in named if file.is_file()]


def _laid_out(folder: Path) -> list[str]:
    """The hashes of what a run stands on; a notebook that alters it could not be made again."""
    files = [folder / name for name in ("source.ipynb", "input.json")]
    return [_sha256(file) if file.is_file() else "" for file in files]


def _shows(folder: Path, key: str) -> bool:
    """Whether the key stands in anything that a run has left; then all of that goes."""
    files = [file for file in folder.rglob("*") if file.is_file() and not file.is_symlink()]
    if not any(key.encode() in file.read_bytes() for file in files):
        return False
    throw_away(folder)
    return True


def verify_run(
    store: Store,
    caller: Caller,
    run_id: str,
    *,
    limits: Limits = LIMITS,
    waits_s: float = LIMITS.timeout_s,
) -> ReportVerdict:
    """Makes a report again from its snapshot, notebook and parameters, and compares the bytes.

    Nothing is made from what was altered; the copy is thrown away. VerifyingBusy where others have
    not ended theirs after `waits_s`.
    """
    with _one_again(waits_s):
        with open_work(caller, store) as work:
            ground = report_verifying.what_it_stands_on(work, run_id)
        same: Sequence[str] = ()
        flaws = ground.flaws
        if not flaws:
            with tempfile.TemporaryDirectory(prefix=COPY, dir=ground.run.folder.parent) as name:
                same, flaws = _made_again(ground, Path(name), limits)
    verdict = ReportVerdict(
        run_id=ground.run.id, made_from=ground.made_from, same=tuple(same), flaws=tuple(flaws)
    )
    with open_work(caller, store) as work:
        report_verifying.note_verdict(work, verdict)
    return verdict


@contextmanager
def _one_again(waits_s: float) -> Iterator[None]:
    if not _ONE_AGAIN.acquire(timeout=waits_s):
        raise VerifyingBusy
    try:
        yield
    finally:
        _ONE_AGAIN.release()


def sweep_copies(tenant_id: str) -> int:
    """Drops copies that a verification which was killed has left behind; how many."""
    hour_ago = time.time() - 3600
    left = [
        folder
        for folder in (home() / "reports" / tenant_id).glob(f"*/{COPY}*")
        if folder.stat().st_mtime < hour_ago
    ]
    for folder in left:
        shutil.rmtree(folder)
    return len(left)


def _made_again(ground: Ground, folder: Path, limits: Limits) -> tuple[list[str], list[str]]:
    """The files that came out as they were, and what did not."""
    run = ground.run
    source, own = (run.folder / "source.ipynb").read_bytes(), is_own(run.job)
    (folder / "source.ipynb").write_bytes(source)
    (folder / "input.json").write_text(_as_json(ground.told))
    answers = Answers.read(run.folder / ANSWERS) if own else None
    lasts_s = limits.timeout_s + limits.grace_s
    with lent_desk(answers, lasts_s=lasts_s) if answers else none() as lent:
        order = _order(folder, run.parameters, ground.told, limits, source=source, lent=lent)
        ended = run_child(order, limits=limits, stopped=threading.Event(), still_ours=lambda: None)
    if ended.early:
        why = f"it wrote {ended.too_much}" if ended.too_much else "it took too long"
        return [], [f"{why} to be made again"]
    if ended.code != 0:
        return [], [_tail(folder, ended.code)]
    compared = sorted({"report.html", *run.data} - {PDF})  # which tells when it was printed
    same = [
        name
        for name in compared
        if (folder / name).is_file() and _sha256(folder / name) == run.record["outputs"].get(name)
    ]
    return same, [f"{name} comes out otherwise" for name in compared if name not in same]


def _order(
    folder: Path,
    parameters: Mapping[str, Any],
    document: Mapping[str, Any],
    limits: Limits,
    *,
    source: bytes,
    lent: Lent | None,
) -> dict[str, Any]:
    """What the child is told to make."""
    return {
        "source_sha256": hashlib.sha256(source).hexdigest(),
        "lent": {"url": lent.url, "key": lent.key} if lent else None,
        "folder": str(folder),
        "parameters": parameters,
        "title": document.get("title") or f"Valuation of {document['company']['name']}",
        "memory_bytes": limits.memory_bytes,
    }


def _lay_out(run: JobRun, document: dict[str, Any], source: bytes) -> None:
    """A new folder: a run that fails early must not leave an older result in view."""
    private_folder(run.folder.parent)
    run.folder.mkdir(mode=0o700)
    (run.folder / "source.ipynb").write_bytes(source)
    told = {**document, "code": code_version()}
    (run.folder / "input.json").write_text(_as_json(told))


def _as_json(told: Mapping[str, Any]) -> str:
    return json.dumps(told, sort_keys=True, allow_nan=False)


def _is_result(run: JobRun, document: Mapping[str, Any]) -> bool:
    """Whether the notebook left a finite result of the very run that was asked for.

    One of the tenant's own need not leave any.
    """
    file = run.folder / "result.json"
    if is_own(run.job) and not file.exists():
        return True
    try:
        result = json.loads(text_of(file, most=RESULT_MAX), parse_constant=_not_finite)
    except (OSError, ValueError, RecursionError):
        return False
    if is_own(run.job):
        return True
    return isinstance(result, dict) and result.get("run_id") == document["run_id"]


def _not_finite(name: str) -> float:
    raise ValueError(f"{name} is not finite")


def _tail(folder: Path, code: int | None) -> str:
    """Where it stopped and why, for the person who asked; run.log keeps all that it said."""
    course = read_course(folder)
    if course and course.failure:
        return f"It stopped at {course.in_words}. {PATHS.sub('…', course.failure)}"
    lines = end_of(folder / "run.log", most=LOG_READ).strip().splitlines()
    last = PATHS.sub("…", lines[-1][-LOG_TAIL:]) if lines else ""
    return f"The notebook ended with code {code}. {last}".strip()


def _record(run: JobRun, outcome: _Outcome, *, seconds: float) -> dict[str, Any]:
    """What proves the run."""
    source = run.folder / "source.ipynb"
    return {
        "run": run.id,
        "report": run.job,
        "parameters": run.parameters,
        "attempt": run.attempt,
        "status": outcome.status.value,
        "exit_code": outcome.exit_code,
        "stands_on": dict(outcome.stands_on),
        "seconds": round(seconds, 2),
        "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "code": code_version(),
        "not_walled_off": lacking(),
        "python": sys.version.split()[0],
        "source_sha256": _sha256(source) if source.is_file() else None,
        "outputs": {file.name: _sha256(file) for file in _outputs(run.folder)},
    }


def _keep_beside(run: JobRun, record: Mapping[str, Any]) -> None:
    if run.folder.is_dir():
        told = json.dumps(record, sort_keys=True, indent=1, allow_nan=False)
        (run.folder / "run.json").write_text(told + "\n")


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
