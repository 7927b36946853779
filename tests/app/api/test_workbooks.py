"""A workbook is sent, audited and forgotten; the audit is counted and logged."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.app.api.asking import once, refusal
from tests.conftest import ONLY_SQLITE
from tests.workbooks.audit.juice import juice_co
from valor_core.store.tables import UsageEventRow
from valor_core.workbench import logbook, plans
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE


def audit(client, raw: bytes, *, key: str = "k"):
    return client.post(
        "/workbooks/audit", params={"file_name": "Juice.xlsx"}, content=raw, headers=once(key)
    )


def meters(tenant) -> list[str]:
    with open_work(tenant.admin) as work:
        return [row.meter for row in work.session.scalars(select(UsageEventRow)).all()]


def test_an_audit_tells_each_mistake_with_its_cell_and_its_way_out(acme, client):
    answer = audit(client(acme.analyst), juice_co(mistaken=True))

    told = answer.json()
    assert answer.status_code == 200
    assert told["verdict"] == "3 errors in 19 formulas on 2 sheets."
    assert [each["where"] for each in told["findings"]] == [
        "DCF!C30", "DCF!C50", "'LBO Modelling'!C50:G50",
    ]  # fmt: skip
    assert all(each["said"] and each["way_out"] and each["title"] for each in told["findings"])


def test_an_audit_is_counted_once_and_logged_with_its_file(acme, client):
    analyst = client(acme.analyst)
    first, again = (audit(analyst, juice_co(mistaken=True)) for _ in range(2))

    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert meters(acme) == ["workbook_audits"]
    with open_work(acme.admin) as work:
        (row,) = logbook.read_log(work, action="workbook.audit")
        noted = json.loads(row.payload or b"")
    assert noted["file_name"] == "Juice.xlsx"
    assert (noted["errors"], noted["formulas"]) == (3, 19)


@pytest.mark.parametrize(
    ("raw", "code"),
    [(b"", "workbook_unreadable"), (b"\xd0\xcf\x11\xe0" + bytes(99), "workbook_locked")],
)
def test_what_is_no_workbook_is_refused_and_not_counted(acme, client, raw, code):
    assert refusal(audit(client(acme.analyst), raw)) == (422, code)
    assert meters(acme) == []


def test_who_may_only_read_audits_nothing(acme, client):
    assert refusal(audit(client(acme.viewer), juice_co(mistaken=True))) == (403, "access_denied")


def test_an_exhausted_quota_refuses_before_the_workbook_is_read_but_repeats_an_answer(acme, client):
    analyst = client(acme.analyst)
    first = audit(analyst, juice_co(mistaken=True), key="first")
    with open_work(acme.operator) as work:
        until = work.now + timedelta(days=1)
        plans.override_limit(
            work, "workbook_audits_per_month", 1, reason="a trial", expires_at=until
        )

    assert refusal(audit(analyst, b"no workbook", key="second")) == (429, "quota_exhausted")
    assert audit(analyst, juice_co(mistaken=True), key="first").content == first.content
    assert meters(acme) == ["workbook_audits"]
