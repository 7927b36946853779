import pytest

from jobs.schedule import STANDING
from tests.conftest import ONLY_SQLITE
from tests.jobs.test_failing import ran, report
from tests.pages.opening import opened, saved, texts
from valor_core.coverage.companies import company_id
from valor_core.coverage.job_runs import Status
from valor_core.workbench import drafts, jobs, reports
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE


def test_without_any_company_the_next_step_is_an_import(acme, monkeypatch):
    assert "Import what one has filed" in texts(opened(monkeypatch, acme.analyst, "home"))


def test_the_next_step_follows_what_was_done(book, acme, monkeypatch):
    assert "Value a first company. Apple Inc. is ready" in texts(
        opened(monkeypatch, acme.analyst, "home")
    )

    row = saved(acme.analyst, "KO")
    shown = texts(opened(monkeypatch, acme.analyst, "home"))
    assert "Value another company" in shown
    assert f"Coca-Cola Co: {row.headline:.2f} USD" in shown

    with open_work(acme.analyst) as work:
        drafts.keep_draft(work, company_id(320193), {"inputs": {}})
    assert "You were valuing Apple Inc., DCF and have not saved it" in texts(
        opened(monkeypatch, acme.analyst, "home")
    )


def test_a_draft_is_seen_by_its_author_alone(book, acme, monkeypatch):
    with open_work(acme.analyst) as work:
        drafts.keep_draft(work, company_id(320193), {"inputs": {}})

    assert "You have no draft" in texts(opened(monkeypatch, acme.admin, "home"))


def test_drafts_of_one_company_are_told_apart_by_their_page(book, acme, monkeypatch):
    for model in ("dcf", "merger"):
        with open_work(acme.analyst) as work:
            drafts.keep_draft(work, company_id(320193), {"inputs": {}}, model=model)
    shown = texts(opened(monkeypatch, acme.analyst, "home"))

    assert "You were valuing Apple Inc., Merger and have not saved it" in shown
    assert "Apple Inc., DCF :small" in shown


def test_who_may_not_value_is_shown_no_drafts_and_no_way_to_the_dcf(book, acme, monkeypatch):
    shown = texts(opened(monkeypatch, acme.viewer, "home"))

    assert "Your drafts" not in shown
    assert "DCF" not in shown
    assert "Look through the companies" in shown


def test_health_names_the_database_its_schema_and_the_last_snapshot(acme, monkeypatch):
    shown = texts(opened(monkeypatch, acme.viewer, "home"))

    assert "SQLite, answers" in shown
    assert ", current" in shown
    assert "none yet" in shown


@pytest.mark.parametrize(
    ("role", "groups"),
    [
        ("viewer", ["Companies", "Results", "Administration"]),
        ("analyst", ["Companies", "Models", "Results", "Administration"]),
    ],
)
def test_pages_stand_in_groups_and_none_of_nothing(acme, monkeypatch, role, groups):
    page = opened(monkeypatch, getattr(acme, role), "home")

    assert [each.value for each in page.subheader] == groups


@pytest.mark.parametrize(("role", "listed"), [("viewer", False), ("admin", True)])
def test_the_audit_is_offered_to_its_readers_only(acme, monkeypatch, role, listed):
    page = opened(monkeypatch, getattr(acme, role), "home")

    assert ("Who did what and when" in texts(page)) == listed
    assert ("Verify the audit log" in [button.label for button in page.button]) == listed


def test_the_sidebar_names_who_is_signed_in_and_offers_to_leave(acme, monkeypatch):
    page = opened(monkeypatch, acme.analyst, "home")

    assert "**anna** in" in texts(page)
    assert "Sign out" in [button.label for button in page.button]


def test_what_failed_on_schedule_is_told_to_its_readers_until_it_is_well_again(
    world, acme, monkeypatch
):
    with open_work(acme.analyst) as work:
        made = reports.schedule_report(work, "sla", {}, cron="every day at 02:10")
    with open_work(acme.admin) as work:
        jobs.seed_schedules(work, {"snapshot": STANDING["snapshot"].when})
    report(world, made.id, 1, Status.FAILED)
    ran(world, Status.FAILED)

    both = [each.value for each in opened(monkeypatch, acme.admin, "home").error]
    assert [told.partition(",")[0] for told in both] == [
        "**Service levels of providers**", "**Publish a snapshot**"
    ]  # fmt: skip
    [seen] = opened(monkeypatch, acme.viewer, "home").error
    assert "02:10 UTC, failed. It took longer than 180 s" in seen.value

    report(world, made.id, 2, Status.SUCCEEDED)
    assert not opened(monkeypatch, acme.viewer, "home").error
