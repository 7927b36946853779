import json

import pytest

from app.ui.audit_words import DEEDS, sentence
from valor_core.tenancy.access import MAY
from valor_core.workbench import (  # noqa: F401, each registers its acts
    billing,
    companies,
    computations,
    demo,
    feeds,
    jobs,
    people,
    proving,
    reports,
    retention,
    snapshots,
    valuations,
)
from valor_core.workbench.logbook import AuditLogRow
from valor_core.workbench.verb import ACTS

NO_ACTS = {
    "access.denied", "access.foreign", "audit.checkpoint", "audit.key_rotated", "billing.conflict",
    "billing.event", "member.by_group", "session.ended_by_provider", "session.began",
    "session.refused",
}  # fmt: skip


def test_every_act_that_is_logged_is_told_in_words():
    logged = {name for name, acts in ACTS.items() if any(act.audited for act in acts)}

    assert logged <= set(DEEDS)
    assert set(DEEDS) <= set(MAY) | NO_ACTS


@pytest.mark.parametrize(
    ("action", "target", "payload", "told"),
    [
        ("access.denied", "act:audit.verify", {}, "was not allowed to verify the audit log"),
        ("access.denied", "act:audit.hold_set", {}, "was not allowed to set a legal hold"),
        (
            "access.foreign",
            "tenant:rival-01m8",
            {"asked": "GET /api/v1/companies"},
            "asked for what is not theirs by the name rival-01m8",
        ),
        (
            "access.foreign",
            "cursor",
            {},
            "asked for what is not theirs by a cursor that was not given out to them",
        ),
        (
            "access.foreign",
            "page",
            {},
            "asked for what is not theirs by the id of another person's page",
        ),
        ("audit.purge", "entry:9", {"count": 7}, "purged details of 7 entries"),
        ("audit.hold_set", "hold:01m8", {"subject": ""}, "set a legal hold on everything"),
        (
            "audit.hold_released",
            "hold:01m8",
            {"subject": ""},
            "released the legal hold on everything",
        ),
        ("audit.key_rotated", "key:2", {"key_id": 2}, "changed the key of the log to number 2"),
        (
            "job.schedule",
            "schedule:snapshot",
            {"job": "snapshot", "paused": True},
            "paused the job snapshot",
        ),
        (
            "job.schedule",
            "schedule:snapshot",
            {"job": "snapshot", "paused": False},
            "resumed the job snapshot",
        ),
        (
            "job.schedule",
            "schedule:snapshot",
            {"job": "snapshot", "cron": "0 4 * * *"},
            "changed when it is done, the job snapshot",
        ),
        (
            "report.schedule",
            "schedule:01m8",
            {"report": "valuation", "paused": True},
            "paused a schedule of the report valuation",
        ),
        ("hold.ask_release", "hold:01m8", {}, "asked for the release of the legal hold"),
        (
            "plan.zone",
            "tenant:01m8",
            {"before": "UTC", "after": "Europe/Berlin"},
            "changed the time zone of quotas to Europe/Berlin",
        ),
        (
            "audit.hold_set",
            "hold:01m8",
            {"subject": "valuation:7"},
            "set a legal hold on valuation:7",
        ),
        (
            "retention.change",
            "category:act",
            {"days": 365},
            "changed how long details are kept, in the category act",
        ),
        (
            "plan.override",
            "override:01m8",
            {"changed": ["user_calls_burst: 2000 → 500"]},
            "changed a limit of API calls at once of a user or a key",
        ),
        ("billing.close", "usage:days", {}, "added up the days of use that were over"),
        ("billing.event", "event:evt_1", {}, "told of event evt_1"),
        ("billing.event", "event:evt_2", {"type": "invoice.paid"}, "told that an invoice was paid"),
        ("batch.run", "run:01m8", {"companies": 18}, "ran a batch of 18 companies"),
        (
            "computation.finish",
            "computation:01m8",
            {"act": "batch.run", "status": "succeeded", "meter": "batches"},
            "got the result of a batch of all companies",
        ),
        (
            "computation.finish",
            "computation:01m8",
            {"act": "simulation.run", "status": "failed", "company": "Coca-Cola"},
            "saw the failure of a simulation of Coca-Cola",
        ),
        (
            "feed.lead",
            "feed:01m8",
            {"symbols": ["KO", "AAPL"], "process": "01m9"},
            "took over, in another process, the stream of KO, AAPL",
        ),
        ("job.finish", "job_run:01m8", {"job": "usage_days"}, "finished the job usage days"),
        ("tenant.add", "tenant:demo-dz4yrvhb2h", {"slug": "demo"}, "made this tenant"),
        ("demo.seed", "import:01m8", {"companies": 12}, "loaded the demo book of 12 companies"),
        (
            "report.schedule",
            "schedule:01m8",
            {"report": "valuation", "cron": "0 7 * * *"},
            "scheduled the report valuation",
        ),
        (
            "report.schedule",
            "schedule:01m8",
            {"report": "valuation", "timezone": "UTC"},
            "changed a schedule of the report valuation",
        ),
        (
            "report.end_schedule",
            "schedule:01m8",
            {"report": "valuation", "reason": "done"},
            "ended a schedule of the report valuation",
        ),
    ],
)
def test_an_entry_is_told_in_plain_words_and_no_ids(action, target, payload, told):
    row = AuditLogRow(action=action, target=target, payload=json.dumps(payload), actor="user:anna")

    assert sentence(row, {}, {}) == told
