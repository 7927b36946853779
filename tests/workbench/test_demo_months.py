"""Months of made-up history: reports have something to say, and nothing is unexplained."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import ONLY_SQLITE, World
from valor_core.billing.reconciliation import Line
from valor_core.values import Caller, Role
from valor_core.workbench import billing, demo_months, logbook, valuations
from valor_core.workbench.demo import SLUG, member_to_sign_in
from valor_core.workbench.demo_months import BRANCH, TOLD, others, seed_months
from valor_core.workbench.providers import read_course, read_service_levels
from valor_core.workbench.verb import open_work

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
DAYS = 18


def admin(world: World, slug: str) -> Caller:
    tenant_id, _ = member_to_sign_in(world.store, slug, "")
    return Caller(tenant_id=tenant_id, user_id="you", role=Role.ADMIN)


def test_two_tenants_have_months_behind_them_once_and_nobody_else_has(
    book: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(demo_months, "DAYS", DAYS)

    assert seed_months(book.store, now=NOW) == [SLUG, BRANCH]
    assert seed_months(book.store, now=NOW) == []

    first, last = NOW.date() - timedelta(days=DAYS), NOW.date()
    for slug in (SLUG, BRANCH):
        with open_work(admin(book, slug), book.store) as work:
            found = billing.reconcile(work, first, last)
            said = [row.rationale for row in valuations.list_valuations(work)]
            assert logbook.verify_log(work).holds
            levels = read_service_levels(work, NOW - timedelta(days=DAYS), NOW)
            outages = [each for each in read_course(work, days=DAYS) if each.state == "down"]
        lines = {row.line for row in found.rows}
        assert {Line.METERED, Line.BILLED, Line.DUPLICATE_DELIVERY} < lines
        assert Line.ORPHAN_USAGE not in lines
        assert Line.ROLLUP_DRIFT not in lines
        assert [total.unexplained_minor for total in found.totals] == [0]
        assert len(levels) == len(demo_months.ASKED)
        assert all(0.9 < (each.figures.availability or 0.0) < 1.0 for each in levels)
        assert outages
        assert said
        assert all(TOLD in each for each in said)
    with open_work(book.acme.admin, book.store) as work:
        assert billing.reconcile(work, first, last).rows == ()


@ONLY_SQLITE
def test_who_works_here_beside_the_demo_is_known_before_anything_is_made_up(book: World):
    assert others(book.store) == ["acme", "rival"]
