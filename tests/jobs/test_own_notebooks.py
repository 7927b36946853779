"""A tenant's own notebook as a report: what it reads, what it cannot, and that it proves itself."""

import json
import os
import re
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.answering import answering
from jobs import disk_use
from jobs import reports as running_reports
from jobs.lending import CONNECTIONS_MOST, Answers, Lent, NotToldThen, lent_desk, use_api
from jobs.notebook_run import Ended
from jobs.reports import carry_out, run_report, verify_run
from jobs.schedule import OWN_NOTEBOOK
from tests.conftest import ONLY_SQLITE, World
from tests.coverage.notebooks import a_notebook
from valor_core import walls
from valor_core.coverage.job_runs import JobRun, Status, slot_of
from valor_core.coverage.notebook_source import read_notebook
from valor_core.errors import BadInputs, NotFound, SignInNeeded
from valor_core.notebook.connection import Connection, Key, ServerNotReached
from valor_core.settings import ROOT
from valor_core.values import Caller, Role, Scope
from valor_core.workbench import flags, jobs, members, own_notebooks, reports
from valor_core.workbench.report_verifying import what_it_stands_on
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE
LATER = count()


@pytest.fixture
def desk(book: World) -> World:
    """The demo book in a tenant whose notebooks may become reports, answered by our own API."""
    use_api(answering)
    with open_work(book.acme.operator, book.store) as work:
        flags.switch_flag(work, "own_notebooks", rollout_percent=100, reason="for the tests")
    return book


def approved(desk: World, *cells: str, name: str = "covenants") -> str:
    """A notebook of those cells that may run; the name of its report."""
    source = read_notebook(a_notebook(*cells))
    with open_work(desk.acme.analyst, desk.store) as work:
        made = own_notebooks.register_notebook(
            work, source, name=name, title="Covenant check", file_name="covenants.ipynb"
        )
    with open_work(desk.acme.admin, desk.store) as work:
        own_notebooks.approve_notebook(work, made.id, sha256=made.sha256)
    return made.report


READS_THE_BOOK = """
import csv, json, os, subprocess
import valor_core as vc
book = vc.open()
apple = book.company("AAPL")
with open("figures.csv", "w", newline="") as file:
    csv.writer(file).writerows([["company", "facts"], [str(years), len(apple.facts)]])
result = {"tenant": repr(book), "companies": len(book.companies())}
"""
TRIES_MORE = """
refused = []
def attempt(path, **body):
    try:
        book.desk._server.post(path, body)
    except Exception as error:
        refused.append(type(error).__name__)
attempt("/reports/notebooks?name=x&title=x&file_name=x.ipynb")
attempt("/reports/notebooks/x/approval", sha256="0" * 64)
def read(path):
    try:
        return open(path).read()
    except PermissionError:
        return ""
shown = "".join(read(f"/proc/{pid}/{name}") for pid in ("self", os.getppid())
                for name in ("environ", "cmdline"))
history = [line for _, _, line in get_ipython().history_manager.get_range()]
told = "_".join(["vx", "run."]) in shown + repr(history)
result |= {"refused": refused, "told_the_key": told}
!echo a shell runs within the same limits
subprocess.run(["echo", "by a program of its own"], check=True)
subprocess.Popen(["sleep", "600"], start_new_session=True)
"""
REACHES_OUT = """
import errno, pathlib, socket
reached = []
def reach(what, way):
    try:
        way()
    except (PermissionError, subprocess.CalledProcessError):
        return
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            return
    reached.append(what)
root, server, there = pathlib.Path("{root}"), {server}, ("127.0.0.1", {port})
reach("a file of the installation", (root / "pyproject.toml").read_bytes)
reach("a folder", lambda: os.listdir(root))
reach("what lies beside the run", lambda: os.listdir("../.."))
reach("a new file outside", lambda: open("/tmp/valor-was-here", "w"))
reach("a file of the machine", lambda: open("/etc/hosts"))
reach("the server's environment", lambda: open(f"/proc/{{server}}/environ"))
reach("terminals", lambda: os.listdir("/dev/pts"))
reach("a terminal", lambda: open("/dev/ptmx", "rb+", buffering=0))
reach("the server", lambda: os.kill(server, 0))
reach("another port", lambda: socket.create_connection(there))
reach("a name server", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
reach("another port by another way", lambda: socket.socket(socket.AF_INET, 1, 262).connect(there))
reach("a port of its own", lambda: socket.create_server(("127.0.0.1", 0)))
reach("from a shell", lambda: subprocess.run(["cat", root / "valor"], check=True))
json.dump(result | {{"reached": reached}}, open("result.json", "w"))
"""


def test_an_own_notebook_reads_the_book_as_who_asked_and_its_report_is_made_again_to_the_byte(
    desk: World, monkeypatch: pytest.MonkeyPatch
):
    keys: list[str] = []
    lent = running_reports.lent_desk
    monkeypatch.setattr(
        running_reports, "lent_desk", lambda *a, **k: overheard(lent(*a, **k), keys)
    )
    with socket.create_server(("127.0.0.1", 0)) as other:
        reaches = REACHES_OUT.format(root=ROOT, server=os.getpid(), port=other.getsockname()[1])
        cells = ("parameters:years: int = 5", "# Covenants", READS_THE_BOOK, TRIES_MORE, reaches)
        report = approved(desk, *cells)

        run = run_report(desk.store, desk.acme.analyst, report, {"years": 7})

    assert run.status is Status.SUCCEEDED, run.detail
    assert (run.folder / "figures.csv").read_text().startswith("company,facts\n7,")
    result = json.loads((run.folder / "result.json").read_text())
    assert result["refused"] == ["OutOfScope", "AccessDenied"]
    assert result["told_the_key"] is False
    shown = (run.folder / "report.html").read_text()
    assert "a shell runs within the same limits\n" in shown
    assert "by a program of its own" not in shown  # in which pieces it came would be chance
    assert "by a program of its own" in (run.folder / "run.log").read_text()
    if not walls.lacking():
        assert result["reached"] == []
    kept = b"".join(file.read_bytes() for file in run.folder.rglob("*") if file.is_file())
    assert keys[0].encode() not in kept
    assert nobody_lives_of(run)
    assert run.record["stands_on"]["notebook"]["approved_by"] == "adam"
    with open_work(desk.acme.viewer, desk.store) as work:
        assert b"Covenants" in reports.read_report(work, run.id)
        assert reports.list_runs(work)[0].data == ["figures.csv", "result.json"]
        assert reports.titles(work)[run.job] == "Covenant check"

    verdict = verify_run(desk.store, desk.acme.analyst, run.id)

    assert verdict.holds, verdict.flaws
    assert verdict.same == ("figures.csv", "report.html", "result.json")
    (run.folder / "answers.json").write_text("{}")
    with open_work(desk.acme.analyst, desk.store) as work:
        assert what_it_stands_on(work, run.id).flaws == ["answers.json is missing or was altered"]


def test_a_notebook_that_shows_its_key_is_failed_and_nothing_of_it_is_kept(desk: World):
    shows = "import valor_core as vc\nprint(vc.open().desk._server._client.auth._text)"

    run = run_report(desk.store, desk.acme.analyst, approved(desk, shows), {})

    assert run.status is Status.FAILED
    assert "key" in run.detail
    left = [file.name for file in run.folder.rglob("*") if file.is_file()]
    assert left == ["run.json"]


LEAVES_PIPES = """
import os
for name in ("run.log", "answers.json", "result.json"):
    if os.path.exists(name):
        os.remove(name)
    os.mkfifo(name)
os.symlink("/dev/full", "run.json")
os.rename("executed.ipynb", "was.ipynb")
os.mkfifo("executed.ipynb")
os.kill(os.getppid(), 9)
"""


def test_pipes_and_links_in_place_of_its_files_hold_nobody_up(desk: World):
    run = run_report(desk.store, desk.acme.analyst, approved(desk, "1 + 1", LEAVES_PIPES), {})

    assert run.status is Status.FAILED
    assert run.detail == "The notebook ended with code -9."
    assert json.loads((run.folder / "run.json").read_text())["run"] == run.id
    assert json.loads((run.folder / "answers.json").read_text()) == {}


def test_what_could_be_neither_saved_nor_read_fails_in_words(
    desk: World, monkeypatch: pytest.MonkeyPatch
):
    def run_that_leaves(*names: str, size: int = 0) -> JobRun:
        def write(order: Mapping[str, Any], **_: object) -> Ended:
            for name in names:
                with (Path(order["folder"]) / name).open("wb") as file:
                    file.truncate(size)
            return Ended(code=0)

        monkeypatch.setattr(running_reports, "run_child", write)
        return run_report(desk.store, desk.acme.analyst, report, {})

    report = approved(desk, "1 + 1")
    for run, why in (
        (run_that_leaves("a\nb.csv"), r"by the name 'a\\nb\.csv'"),
        (run_that_leaves(*(f"{n}.csv" for n in range(101))), "101 spreadsheets"),
        (run_that_leaves("result.json", size=8_000_001), "more than 8 MB"),
        (run_that_leaves("large.csv", size=100_000_001), "more than 100 MB"),
    ):
        assert run.status is Status.FAILED
        assert re.search(why, run.detail)
    assert run_that_leaves("Übersicht 1.csv", "report.html").data == ["Übersicht 1.csv"]


FILLS_BY_FILES = """
for n in range(10_000):
    with open(f"{n}.bin", "wb") as file:
        file.write(bytes(20 << 20))
"""
FILLS_WITHOUT_NAMES = """
import os
held = []
for n in range(10_000):
    held.append(open("scratch.bin", "wb", buffering=0))
    os.remove("scratch.bin")
    held[-1].write(bytes(20 << 20))
"""


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        (FILLS_BY_FILES, "more than 64 MB"),
        pytest.param(
            FILLS_WITHOUT_NAMES,
            "more than 64 MB",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of these"),
        ),
        ("for n in range(10**6):\n open(f'{n}.txt', 'w').close()", "more than 10,000 files"),
        ("import os\nwhile 1:\n os.mkdir('d')\n os.chdir('d')", "more than 32 deep"),
    ],
    ids=["files", "files without names", "many files", "deep folders"],
)
def test_a_notebook_that_fills_the_disk_is_stopped_and_leaves_nothing(
    desk: World, monkeypatch: pytest.MonkeyPatch, cell: str, why: str
):
    monkeypatch.setattr(disk_use, "BYTES_MAX", 64 << 20)

    run = run_report(desk.store, desk.acme.analyst, approved(desk, cell), {})

    assert run.status is Status.FAILED
    assert re.search(f"It wrote .*{why}, so it was stopped", run.detail)
    assert [each.name for each in run.folder.iterdir() if each.name != "answers.json"] == [
        "run.json"
    ]


def test_a_file_that_is_not_the_approved_one_is_not_run(desk: World, tmp_path: Path):
    (tmp_path / "source.ipynb").write_bytes(a_notebook("open('ran', 'w')"))
    order = {
        "folder": str(tmp_path), "parameters": {}, "title": "Check", "memory_bytes": 4 << 30,
        "lent": None, "source_sha256": "0" * 64,
    }  # fmt: skip

    ended = running_reports.run_child(
        order, limits=running_reports.LIMITS, stopped=threading.Event(), still_ours=lambda: None
    )

    assert ended == Ended(code=1)
    assert not (tmp_path / "ran").exists()
    assert "SHA-256 is another" in (tmp_path / "run.log").read_text()


def test_what_was_withdrawn_or_asked_for_by_who_has_left_fails_in_words_before_any_process(
    desk: World, monkeypatch: pytest.MonkeyPatch
):
    def no_process(*_args: object, **_kwargs: object) -> None:
        pytest.fail("a process was started")

    monkeypatch.setattr(running_reports, "run_child", no_process)
    report = approved(desk, "parameters:years: int = 5", "1 + 1")
    with pytest.raises(BadInputs), open_work(desk.acme.analyst, desk.store) as work:
        reports.check_request(work, report, {"years": 5, "x=1\nimport os": 1})
    with open_work(desk.acme.analyst, desk.store) as work:
        schedule = reports.schedule_report(work, report, {}, cron="0 6 * * *")
    with open_work(desk.acme.admin, desk.store) as work:
        members.suspend_member(work, desk.acme.analyst.user_id, reason="on leave")

    gone = scheduled(desk, report, schedule.id)
    with open_work(desk.acme.admin, desk.store) as work:
        members.resume_member(work, desk.acme.analyst.user_id, reason="back again")
        version = own_notebooks.list_notebooks(work)[0]
        own_notebooks.withdraw_notebook(work, version.id, reason="out of date")
    withdrawn = scheduled(desk, report, schedule.id)

    assert gone.status is withdrawn.status is Status.FAILED
    assert "anna" in gone.detail
    assert "No version of Covenant check is approved" in withdrawn.detail


def scheduled(desk: World, report: str, schedule_id: str) -> JobRun:
    """A run of a slot, carried out as the jobs do."""
    job = Caller(tenant_id=desk.acme.id, user_id=schedule_id, role=Role.ANALYST, kind="job")
    slot = slot_of(schedule_id, datetime.now(UTC) + timedelta(seconds=next(LATER)))
    with open_work(job, desk.store) as work:
        asked = OWN_NOTEBOOK.ask(work, report, {}, slot=slot)
        held = jobs.take_run(work, asked.id, owner="test", lease=timedelta(seconds=60))
    assert held is not None
    return carry_out(desk.store, job, held)


def test_a_key_opens_its_own_desk_while_the_run_lasts_and_then_nothing(desk: World):
    """S22."""
    reader = replace(desk.acme.analyst, kind="report", scopes=frozenset({Scope.READ}))
    answers = Answers(reader)
    with lent_desk(answers, lasts_s=60) as lent:
        there = Connection(lent.url, Key(lent.key))
        with pytest.raises(SignInNeeded):
            Connection(lent.url, Key("vx_run.another")).get("/me")
        first = there.get("/companies/AAPL")
        with pytest.raises(NotFound):
            there.get("/companies/NOSUCH")
    with pytest.raises(ServerNotReached):
        there.get("/me")

    with lent_desk(Answers(None, answers.told), lasts_s=60) as again:
        there = Connection(again.url, Key(again.key))
        assert there.get("/companies/AAPL") == first
        with pytest.raises(NotToldThen):
            there.get("/companies/KO")
    with lent_desk(Answers(reader), lasts_s=0) as late, pytest.raises(SignInNeeded):
        Connection(late.url, Key(late.key)).get("/me")


def test_a_run_holds_few_connections_and_who_opens_more_is_left(desk: World):
    with lent_desk(Answers(desk.acme.analyst), lasts_s=60) as lent, ExitStack() as opened:
        place = ("127.0.0.1", int(lent.url.rpartition(":")[2]))
        ours = [
            opened.enter_context(socket.create_connection(place))
            for _ in range(CONNECTIONS_MOST + 1)
        ]
        with suppress(ConnectionResetError):
            assert ours[-1].recv(1) == b""
        ours[0].close()
        ours[1].sendall(b"GET /me HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"401" in ours[1].recv(100)


@contextmanager
def overheard(lending: AbstractContextManager[Lent], keys: list[str]) -> Iterator[Lent]:
    """The desk that is lent, with its key told to the test as well."""
    with lending as lent:
        keys.append(lent.key)
        yield lent


def nobody_lives_of(run: JobRun) -> bool:
    """No process of the run lives: each has the run's folder as its place."""
    return not any(
        place.startswith(str(run.folder)) for place in map(_place, psutil.process_iter())
    )


def _place(process: psutil.Process) -> str:
    try:
        return process.cwd()
    except psutil.Error:
        return ""
