"""What fails on schedule tells somebody: once a series, and when it is well again."""

import json
import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from jobs import runner
from jobs.delivering import deliver_due
from jobs.schedule import STANDING, title_of
from tests.conftest import ONLY_SQLITE, World
from tests.jobs.test_delivering import Mailbox, destination, hook, laid, mailbox
from tests.pages.opening import opened, texts
from valor_core.coverage.job_runs import Status
from valor_core.coverage.schedules import ScheduleChange
from valor_core.errors import NotFound
from valor_core.values import Role
from valor_core.workbench import jobs, logbook, members, reports
from valor_core.workbench.report_askers import made_no_more
from valor_core.workbench.verb import open_work

__all__ = ["laid", "mailbox"]
WHY = "The object store that keeps the snapshots does not answer."
AT = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)


def told_to(world: World, goal: str, job: str = "snapshot") -> None:
    with open_work(world.acme.admin, world.store) as work:
        at_first = STANDING[job].when
        jobs.change_schedule(
            work, job, ScheduleChange(deliver_to=[goal]), at_first=at_first, reason="as agreed"
        )


def ran(world: World, *ends: Status, job: str = "snapshot") -> None:
    """So many due times, a day apart, that ended so; then what waits is sent."""
    for day, end in enumerate(ends):
        with open_work(world.acme.admin, world.store) as work:
            slot = f"{job}@{AT + timedelta(days=day):%Y-%m-%dT%H:%M:%SZ}"
            run = jobs.ask_for_run(work, job, {}, slot=slot)
            detail = "A snapshot was published." if end is Status.SUCCEEDED else WHY
            jobs.finish_run(work, run, end, detail=detail, record={})
    deliver_due(world.store, world.acme.id)


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        ("sss", ""),
        ("f", "f"),
        ("sfff", "f"),
        ("fffs", "fs"),
        ("ftsf", "fsf"),
        ("fcf", "f"),
    ],
)
def test_a_series_of_failures_is_told_at_its_first_and_when_it_is_well_again(
    world: World, laid: Path, ends: str, told: str
):
    goal, _ = destination(world, "folder", "Desk")
    told_to(world, goal)
    known = {"s": Status.SUCCEEDED, "f": Status.FAILED, "t": Status.TIMEOUT, "c": Status.CANCELLED}

    ran(world, *(known[end] for end in ends))

    messages = [file.read_text() for file in sorted(laid.glob("acme/Desk/*/message.txt"))]
    failed = f"Publish a snapshot failed. {WHY}"
    well = "Publish a snapshot is well again. A snapshot was published."
    assert [m.splitlines()[0] for m in messages] == [failed if t == "f" else well for t in told]


@ONLY_SQLITE
def test_a_failure_arrives_by_mail_in_words_and_without_an_attachment(
    world: World, mailbox: Mailbox
):
    goal, _ = destination(world, "email", "desk@example.com")
    told_to(world, goal)

    ran(world, Status.FAILED)

    [mail] = mailbox.mails
    read = message_from_bytes(mail, policy=default)
    with open_work(world.acme.admin, world.store) as work:
        [run] = jobs.failing_jobs(work, STANDING)
    assert read["Subject"].startswith("Failed: Publish a snapshot, ")
    assert read["Subject"].endswith(f", {run.named}")
    assert WHY in read.get_content()


@ONLY_SQLITE
def test_a_failed_report_and_the_one_after_it_reach_a_webhook_as_what_they_are(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("VALOR_DATA_LOOPBACK", "1")
    with hook(204) as (url, got):
        goal, _ = destination(world, "webhook", url)
        with open_work(world.acme.analyst, world.store) as work:
            made = reports.schedule_report(work, "sla", {}, cron="every day at 02:10")
            reports.change_schedule(work, made.id, ScheduleChange(deliver_to=[goal]))
        report(world, made.id, 1, Status.FAILED)
        report(world, made.id, 2, Status.SUCCEEDED)

    first, then = (json.loads(body) for body, _ in got)
    assert (first["type"], first["data"]["files"]) == ("run.failed", {})
    assert first["data"]["told"].startswith(f"{title_of('sla')} failed.")
    assert (then["type"], then["data"]["after_failure"]) == ("report.made", True)
    assert list(then["data"]["files"]) == ["report.html"]


def report(world: World, schedule_id: str, day: int, end: Status) -> None:
    record: dict[str, Any] = {"outputs": {}}
    with open_work(world.acme.admin, world.store) as work:
        run = reports.ask_for_run(work, "sla", {}, slot=f"{schedule_id}@2026-03-0{day}T02:10:00Z")
        if end is Status.SUCCEEDED:
            run.folder.mkdir(parents=True)
            (run.folder / "report.html").write_bytes(b"")
            empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
            record = {"outputs": {"report.html": empty}}
        jobs.finish_run(work, run, end, detail="It took longer than 180 s.", record=record)
    deliver_due(world.store, world.acme.id)


@ONLY_SQLITE
def test_nobody_is_told_at_a_destination_that_is_not_there(world: World):
    with pytest.raises(NotFound):
        told_to(world, "nowhere")


@pytest.mark.parametrize("loses", ["membership", "role"])
def test_a_report_is_scheduled_no_longer_than_its_maker_may_have_it_made(
    world: World, monkeypatch: pytest.MonkeyPatch, loses: str
):
    maker = world.acme.analyst
    with open_work(maker, world.store) as work:
        schedule = reports.schedule_report(work, "sla", {}, cron="0 7 * * mon-fri")
    with open_work(world.acme.admin, world.store) as work:
        assert made_no_more(work) == {}
        if loses == "membership":
            members.suspend_member(work, maker.user_id, reason="has left")
        else:
            members.change_role(work, maker.user_id, Role.VIEWER, reason="another desk")

    runner.tick(world.store, now=datetime.now(UTC) + timedelta(days=4))

    with open_work(world.acme.admin, world.store) as work:
        assert made_no_more(work) == {schedule.id: "anna"}
        [run] = reports.failing_reports(work)
        denied = [e for e in logbook.read_log(work) if e.action == "access.denied"]
    assert run.detail.startswith("This report is made for anna, who may not have it made now.")
    assert not (run.folder / "input.json").exists()
    assert [(e.actor, e.target, json.loads(e.payload or b"")["asked_by"]) for e in denied] == [
        (f"job:{schedule.id}", "act:report.gather", maker.actor)
    ]
    for name in ("jobs", "reports"):
        said = texts(opened(monkeypatch, world.acme.admin, name))
        assert re.search("not made: anna, who scheduled it", said)
