"""The page of reports: what an analyst and a viewer meet on it."""

from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from app.ui import frame
from tests.conftest import ONLY_SQLITE, World
from valor_core.coverage.job_runs import Status
from valor_core.coverage.report_parameters import REPORTS
from valor_core.settings import ROOT
from valor_core.values import Caller
from valor_core.workbench import jobs, reports
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE


def page(monkeypatch: pytest.MonkeyPatch, caller: Caller, name: str = "reports") -> AppTest:
    monkeypatch.setattr(frame, "signed_in_caller", lambda: caller)
    shown = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=60).run()
    assert not shown.exception
    return shown


def test_an_analyst_asks_for_a_report_and_sees_it_wait(book: World, monkeypatch):
    shown = page(monkeypatch, book.acme.analyst)

    shown.selectbox(key="report_company").set_value("Apple Inc. (AAPL)").run()
    shown.button[0].click().run()

    with open_work(book.acme.viewer, book.store) as work:
        (run,) = reports.list_runs(work)
    assert run.waits
    assert not shown.exception
    assert any("Apple Inc" in text.value and "waits" in text.value for text in shown.markdown)


def test_an_analyst_stops_a_report_that_waits(book: World, monkeypatch):
    with open_work(book.acme.analyst, book.store) as work:
        run = reports.ask_for_run(work, "valuation", {"company": "AAPL", "as_of": "2024-12-31"})
    shown = page(monkeypatch, book.acme.analyst)

    shown.button(key=f"stop_{run.id}").click().run()

    assert not shown.exception
    with open_work(book.acme.viewer, book.store) as work:
        assert reports.read_run(work, run.id).status is Status.CANCELLED
    assert any("stopped" in text.value for text in shown.markdown)


def test_every_report_is_chosen_on_the_page_and_service_levels_are_scheduled_in_zurich(
    book: World, monkeypatch
):
    shown = page(monkeypatch, book.acme.admin)
    for name in (*REPORTS, "sla"):
        shown.selectbox(key="report_name").set_value(name).run()
        assert not shown.exception, name

    shown.selectbox(key="again_zone").set_value("Europe/Zurich").run()
    next(each for each in shown.button if each.label == "Schedule").click().run()

    assert not shown.exception
    with open_work(book.acme.viewer, book.store) as work:
        (made,) = reports.list_schedules(work)
    assert (made.report, made.in_words) == ("sla", "every weekday at 07:00 in Zurich")


def test_what_a_verification_found_stays_in_view_when_the_runs_are_looked_at_again(
    book: World, monkeypatch
):
    with open_work(book.acme.analyst, book.store) as work:
        run = reports.ask_for_run(work, "valuation", {"company": "AAPL"})
        run.folder.mkdir(parents=True)
        (run.folder / "report.html").write_bytes(b"altered")
        record = {
            "outputs": {"report.html": "0" * 64}, "source_sha256": "0" * 64,
            "stands_on": {"snapshot_id": "none"},
        }  # fmt: skip
        jobs.finish_run(work, run, Status.SUCCEEDED, record=record)
    shown = page(monkeypatch, book.acme.analyst)

    shown.button(key=f"verify_{run.id}").click().run()
    assert "It is not the same" in shown.error[0].value
    shown.run()

    assert "It is not the same" in shown.error[0].value


def test_a_page_without_reports_says_how_to_have_one_made(book: World, monkeypatch):
    assert "Make report" in page(monkeypatch, book.acme.analyst).info[0].value
    assert "analyst" in page(monkeypatch, book.acme.viewer).info[0].value


def test_what_cannot_be_made_is_explained_on_the_page(book: World, monkeypatch):
    shown = page(monkeypatch, book.acme.analyst)

    shown.date_input(key="report_as_of").set_value(date(2001, 12, 31))
    shown.selectbox(key="report_company").set_value("Apple Inc. (AAPL)").run()
    shown.button[0].click().run()

    assert "2001" in shown.error[0].value


def test_a_viewer_sees_the_reports_and_no_button(book: World, monkeypatch):
    shown = page(monkeypatch, book.acme.viewer)

    assert list(shown.button) == []
    assert shown.title[0].value == "Reports"


def test_a_job_is_paused_and_a_schedule_ended_once_it_is_seen_what_does_not_come_and_said_why(
    book: World, monkeypatch
):
    with open_work(book.acme.admin, book.store) as work:
        jobs.seed_schedules(work, {"snapshot": "every day at 02:10"})
        made = reports.schedule_report(work, "sla", {}, cron="every day at 07:00")
    for name, key in (("jobs", "pause_snapshot"), ("reports", f"end_{made.id}")):
        shown = page(monkeypatch, book.acme.admin, name)
        assert any(each.value.startswith("These runs would not come: ") for each in shown.caption)

        shown.button(key=key).click().run()
        assert "This needs a reason" in shown.error[0].value
        shown.text_input(key=f"{key}_why").set_value("an inquiry")
        shown.button(key=key).click().run()
        assert not shown.exception

    with open_work(book.acme.admin, book.store) as work:
        assert jobs.read_schedules(work, ["snapshot"])["snapshot"].paused
        assert reports.list_schedules(work) == []
