"""A report on its way to a folder, a mailbox and a webhook: it arrives, or it is told why not."""

import hashlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from jobs.delivering import deliver_due
from tests.conftest import ONLY_SQLITE, World
from tests.coverage.notebooks import a_notebook
from valor_core.billing.signatures import WebhookRefused, verify
from valor_core.coverage.deliveries import WAITS, Delivery, State
from valor_core.coverage.job_runs import JobRun, Status
from valor_core.coverage.notebook_source import read_notebook
from valor_core.coverage.schedules import ScheduleChange
from valor_core.errors import AccessDenied, BadInput, NotFound
from valor_core.workbench import deliveries, flags, jobs, logbook, own_notebooks, reports
from valor_core.workbench.verb import open_work

HTML = b"<p>The report.</p>"


def destination(world: World, kind: str, address: str) -> tuple[str, str]:
    with open_work(world.acme.admin, world.store) as work:
        made, key = deliveries.add_destination(
            work, name=f"Desk {kind}", kind=kind, address=address
        )
    return made.id, key


def a_report(world: World, *destination_ids: str, report: str = "sla") -> JobRun:
    """Made on a schedule that has it sent there, as the runner leaves it."""
    with open_work(world.acme.admin, world.store) as work:
        schedule = reports.schedule_report(work, report, {}, cron="every day at 06:00")
        to = ScheduleChange(deliver_to=destination_ids)
        reports.change_schedule(work, schedule.id, to)
    with open_work(world.acme.admin, world.store) as work:
        slot = f"{schedule.id}@2026-03-02T06:00:00Z"
        run = reports.ask_for_run(work, report, {}, slot=slot)
        run.folder.mkdir(parents=True)
        files = {"report.html": HTML, "result.json": b"{}", "sla.csv": b"a,b\r\n"}
        files |= {"answers.json": b"{}", "input.json": b"{}"}  # which never leave
        for name, content in files.items():
            (run.folder / name).write_bytes(content)
        outputs = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        return jobs.finish_run(work, run, Status.SUCCEEDED, record={"outputs": outputs})


def told(world: World, run: JobRun) -> list[Delivery]:
    with open_work(world.acme.viewer, world.store) as work:
        return deliveries.deliveries_of(work, [run.id])[run.id]


@pytest.fixture
def laid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VALOR_DELIVERY_FOLDER", str(tmp_path))
    return tmp_path


class Mailbox:
    """What a mail server was handed; it refuses who is called nobody."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if address.startswith("nobody"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        self.mails.append(envelope.content)
        return "250 OK"


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        monkeypatch.setenv("VALOR_SMTP", f"smtp://127.0.0.1:{port}")
        monkeypatch.setenv("VALOR_SMTP_FROM", "valor@example.com")
        yield box
    finally:
        server.stop()


@contextmanager
def hook(*statuses: int) -> Iterator[tuple[str, list[tuple[bytes, dict[str, str]]]]]:
    """An address that answers so, one after the other, and what it was sent."""
    got: list[tuple[bytes, dict[str, str]]] = []

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((body, {name.lower(): value for name, value in self.headers.items()}))
            self.send_response(statuses[min(len(got), len(statuses)) - 1])
            self.send_header("Location", "http://169.254.169.254/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hook", got
        server.shutdown()


def test_a_scheduled_report_arrives_in_its_folder_once(world: World, laid: Path):
    desk, _ = destination(world, "folder", "Desk")
    run = a_report(world, desk)

    assert deliver_due(world.store, world.acme.id) == 1
    assert deliver_due(world.store, world.acme.id) == 0

    [folder] = (laid / "acme" / "Desk").iterdir()
    assert sorted(file.name for file in folder.iterdir()) == [
        "report.html", "result.json", "sla.csv"
    ]  # fmt: skip
    assert (folder / "report.html").read_bytes() == HTML
    assert [each.state for each in told(world, run)] == [State.DELIVERED]
    with open_work(world.acme.admin, world.store) as work:
        [entry] = [e for e in logbook.read_log(work) if e.action == "delivery.finish"]
    assert entry.actor == "job:delivery"
    with open_work(world.rival.admin, world.store) as work:
        assert deliveries.deliveries_of(work, [run.id]) == {run.id: []}
        assert deliveries.list_destinations(work) == []


@ONLY_SQLITE
def test_a_report_arrives_by_mail_with_its_page_and_spreadsheet(world: World, mailbox: Mailbox):
    desk, _ = destination(world, "email", "desk@example.com")
    run = a_report(world, desk)

    deliver_due(world.store, world.acme.id)

    [mail] = mailbox.mails
    assert b"Subject: Service levels of providers" in mail
    assert b'filename="report.html"' in mail
    assert b'filename="sla.csv"' in mail
    assert [each.state for each in told(world, run)] == [State.DELIVERED]


@ONLY_SQLITE
def test_a_mailbox_that_is_refused_is_told_in_words_tried_again_and_given_up(
    world: World, mailbox: Mailbox
):
    nobody, _ = destination(world, "email", "nobody@example.com")
    run = a_report(world, nobody)
    now = datetime.now(UTC)

    for wait in WAITS:
        deliver_due(world.store, world.acme.id, now=now)
        [each] = told(world, run)
        assert each.state is State.WAITING
        assert each.why == "the mail server refuses the address"
        assert abs(each.next_at - now - wait) < timedelta(seconds=1)
        assert deliver_due(world.store, world.acme.id, now=each.next_at - timedelta(seconds=2)) == 0
        now = each.next_at + timedelta(seconds=1)
    deliver_due(world.store, world.acme.id, now=now)

    assert [(each.state, each.attempts) for each in told(world, run)] == [
        (State.FAILED, len(WAITS) + 1)
    ]
    with open_work(world.acme.analyst, world.store) as work:
        again = deliveries.deliver_run(work, run.id, nobody)
    assert (again.state, again.attempts) == (State.WAITING, 0)


@ONLY_SQLITE
def test_a_webhook_is_signed_tried_again_under_the_same_id_and_then_never_more(
    world: World, monkeypatch
):
    monkeypatch.setenv("VALOR_DATA_LOOPBACK", "1")
    with hook(500, 204) as (url, got):
        target, key = destination(world, "webhook", url)
        run = a_report(world, target)
        for after in (timedelta(), *WAITS):
            deliver_due(world.store, world.acme.id, now=datetime.now(UTC) + after)

    assert len(got) == 2
    ids = [verify(body, headers, secrets=[key], now_s=time.time()) for body, headers in got]
    assert ids[0] == ids[1] != ""
    with pytest.raises(WebhookRefused):
        verify(got[0][0], got[0][1], secrets=["another secret"], now_s=time.time())
    data = json.loads(got[1][0])["data"]
    assert data["run_id"] == run.id
    assert data["files"]["report.html"]["sha256"] == hashlib.sha256(HTML).hexdigest()
    assert [(each.state, each.attempts) for each in told(world, run)] == [(State.DELIVERED, 2)]


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://127.0.0.1/hook", "may not be asked"),
        ("https://[::ffff:169.254.169.254]/", "may not be asked"),
        ("https://localhost:8443/", "may not be asked"),
    ],
)
def test_a_webhook_never_reaches_into_the_installation(world: World, url, why):
    """S30."""
    target, _ = destination(world, "webhook", url)
    run = a_report(world, target)

    deliver_due(world.store, world.acme.id)

    assert why in told(world, run)[0].why


@ONLY_SQLITE
def test_a_report_of_ones_own_is_sent_under_the_title_that_people_read(
    world: World, mailbox: Mailbox
):
    with open_work(world.acme.operator, world.store) as work:
        flags.switch_flag(work, "own_notebooks", rollout_percent=100, reason="for the tests")
    source = read_notebook(a_notebook("1 + 1"))
    with open_work(world.acme.analyst, world.store) as work:
        made = own_notebooks.register_notebook(
            work, source, name="cov_q3", title="Covenants of the third quarter", file_name="c.ipynb"
        )
    with open_work(world.acme.admin, world.store) as work:
        own_notebooks.approve_notebook(work, made.id, sha256=made.sha256)
    desk, _ = destination(world, "email", "desk@example.com")
    a_report(world, desk, report=made.report)

    deliver_due(world.store, world.acme.id)

    assert b"Subject: Covenants of the third quarter" in mailbox.mails[0]


@ONLY_SQLITE
def test_a_redirect_of_a_webhook_is_not_followed(world: World, monkeypatch):
    monkeypatch.setenv("VALOR_DATA_LOOPBACK", "1")
    with hook(302) as (url, got):
        target, _ = destination(world, "webhook", url)
        run = a_report(world, target)
        deliver_due(world.store, world.acme.id)

    assert len(got) == 1
    assert told(world, run)[0].why == "it points elsewhere, which is not followed"


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("webhook", "https://exämple.com/hook"),
        ("email", "jürgen@example.com"),
        ("email", "a(b)@example.com"),
        ("email", "all:desk@example.com"),
        ("folder", "../etc"),
        ("folder", "/etc"),
        ("folder", ""),
        ("email", "desk@example.com, all@example.com"),
        ("email", "desk@example.com\nBcc: all@example.com"),
        ("webhook", "http://hooks.example.com/"),
        ("webhook", "https://user:password@hooks.example.com/"),
        ("webhook", "file:///etc/passwd"),
        ("pigeon", "the roof"),
    ],
)
def test_an_address_at_which_nothing_may_arrive_is_refused(world: World, kind, address):
    """S30."""
    with pytest.raises(BadInput):
        destination(world, kind, address)


@ONLY_SQLITE
def test_what_was_altered_is_not_sent_and_what_was_ended_gets_nothing(world: World, laid: Path):
    desk, _ = destination(world, "folder", "Desk")
    ended, _ = destination(world, "folder", "Ended")
    run = a_report(world, desk, ended)
    (run.folder / "report.html").write_bytes(b"<p>Another one.</p>")
    with open_work(world.acme.admin, world.store) as work:
        deliveries.end_destination(work, ended)

    deliver_due(world.store, world.acme.id)

    whys = {each.destination.id: each.why for each in told(world, run)}
    with open_work(world.acme.admin, world.store) as work:
        listed = deliveries.list_deliveries(work)
    assert {each.delivery.destination.id: each.delivery.why for each in listed} == whys
    assert {each.run.id for each in listed} == {run.id}
    assert "altered" in whys[desk]
    assert whys[ended] == "its destination was ended"
    assert not (laid / "acme").exists()


@ONLY_SQLITE
def test_only_administrators_say_where_reports_go_and_only_to_what_there_is(world: World):
    with pytest.raises(AccessDenied), open_work(world.acme.analyst, world.store) as work:
        deliveries.add_destination(work, name="Mine", kind="email", address="me@example.com")
    with pytest.raises(NotFound):
        a_report(world, "nothing")
