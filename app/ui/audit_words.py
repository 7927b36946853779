"""Entries of the audit log as sentences: what was done, and to what."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from app.ui.words import event_told, person
from valor_core.coverage.report_parameters import OWN
from valor_core.tenancy.plans import LIMITS
from valor_core.workbench.logbook import AuditLogRow

DEEDS = {
    "access.denied": ("was not allowed", "to"),
    "access.foreign": ("asked for what is not theirs", "by"),
    "adjustment.add": ("adjusted a filed figure", "of"),
    "adjustment.drop": ("dropped an adjustment", "of"),
    "audit.checkpoint": ("sealed the log", "of"),
    "audit.export": ("exported the audit log", ""),
    "audit.hold_released": ("released the legal hold", "on"),
    "audit.hold_set": ("set a legal hold", "on"),
    "audit.key_rotated": ("changed the key of the log to", ""),
    "audit.purge": ("purged details of", ""),
    "batch.run": ("ran a batch", "of"),
    "billing.close": ("added up the days of use that were over", ""),
    "billing.conflict": ("sent another body under the id of", ""),
    "billing.event": ("told of", ""),
    "billing.price": ("set a price", "of"),
    "billing.retry": ("tried again", ""),
    "billing.set_aside": ("set aside", ""),
    "delivery.finish": ("sent the report", ""),
    "computation.finish": ("had a simulation or batch end", "of"),
    "demo.seed": ("loaded the demo book", "of"),
    "demo.months": ("laid out months of demo data", "of"),
    "destination.add": ("named where reports are sent,", ""),
    "destination.end": ("had no more reports sent to", ""),
    "fact.import": ("imported filed facts", "of"),
    "feed.lead": ("took over, in another process, the stream", "of"),
    "feed.start": ("began the stream", "of"),
    "feed.stop": ("ended the stream", "of"),
    "flag.override": ("changed the feature", ""),
    "flag.switch": ("switched for all the feature", ""),
    "group.map": ("opened this tenant to the group", ""),
    "group.unmap": ("closed this tenant to the group", ""),
    "grant.ask": ("asked for leave to read this tenant", ""),
    "grant.break_glass": ("took access to this tenant in an emergency", ""),
    "grant.end": ("ended the operator's access", ""),
    "grant.give": ("let the operator read this tenant", ""),
    "grant.open": ("began to read this tenant", ""),
    "hold.ask_release": ("asked for the release of the legal hold", "on"),
    "job.finish": ("finished the job", ""),
    "job.schedule": ("changed when it is done, the job", ""),
    "job.start": ("started the job", ""),
    "job.run": ("asked for the job", ""),
    "key.add": ("made an API key", ""),
    "key.add_own": ("made an API key of their own", ""),
    "key.revoke": ("revoked an API key", ""),
    "key_file.issue": ("made an operator's key file", "for"),
    "key.rotate": ("rotated an API key", ""),
    "member.add": ("took in the member", ""),
    "member.change_role": ("changed the role", "of"),
    "member.confirm": ("agreed to the compliance officer", ""),
    "member.remove": ("took out the member", ""),
    "member.by_group": ("was given another role by the groups of the identity provider", ""),
    "member.resume": ("let in again", ""),
    "member.suspend": ("suspended", ""),
    "notebook.approve": ("let run the notebook", ""),
    "notebook.register": ("registered the notebook", ""),
    "notebook.reject": ("rejected the notebook", ""),
    "notebook.withdraw": ("withdrew the notebook", ""),
    "plan.assign": ("changed the plan", "to"),
    "plan.define": ("defined the plan", ""),
    "plan.override": ("changed a limit", "of"),
    "plan.zone": ("changed the time zone of quotas", "to"),
    "preference.choose": ("chose in what amounts are shown to them", ""),
    "preference.set": ("chose in what amounts are shown", "to"),
    "provider.key_drop": ("dropped the key of the data provider", ""),
    "premium.state": ("stated an equity risk premium", "for"),
    "provider.key_set": ("set the key of the data provider", ""),
    "maintenance.announce": ("announced work", "on"),
    "maintenance.withdraw": ("withdrew announced work", "on"),
    "provider.release": ("had a provider asked again", ""),
    "routing.change": ("changed whom to ask", "for"),
    "report.cancel": ("stopped the report", ""),
    "report.deliver": ("had sent the report", ""),
    "report.run": ("asked for the report", ""),
    "report.verify": ("made again, to compare, the report", ""),
    "report.end_schedule": ("ended a schedule of the report", ""),
    "report.schedule": ("changed a schedule of the report", ""),
    "retention.change": ("changed how long details are kept, in the category", ""),
    "series.accept": ("accepted doubtful figures of the series", ""),
    "series.purge": ("dropped, as their licences want it,", ""),
    "series.keep": ("fetched the series", ""),
    "session.began": ("signed in", ""),
    "session.end": ("signed out", ""),
    "session.ended_by_provider": ("was signed out by the identity provider", ""),
    "session.revoke": ("ended own sign-ins elsewhere", ""),
    "session.revoke_any": ("ended sign-ins", "of"),
    "session.refused": ("tried to sign in and was refused", ""),
    "simulation.run": ("ran a simulation", "of"),
    "share_term.add": ("stated a split or an ADR ratio", "of"),
    "share_term.drop": ("dropped a split or an ADR ratio", "of"),
    "snapshot.gc": ("cleared away old snapshots", ""),
    "snapshot.sql": ("asked in SQL the snapshot", ""),
    "snapshot.publish": ("published the snapshot", ""),
    "tenant.add": ("made this tenant", ""),
    "tenant.resume": ("opened this tenant again", ""),
    "tenant.suspend": ("suspended this tenant", ""),
    "token.issue": ("made a sign-in link", "for"),
    "view.change": ("changed the saved view", ""),
    "view.drop": ("deleted the saved view", ""),
    "view.keep": ("saved the view", ""),
    "workbook.audit": ("audited a workbook", ""),
    "valuation.run": ("saved a valuation", "of"),
}
"""Each act that is logged, as its doer did it, and what leads on to the thing it was done to."""

WORDS = {
    "asked": "what was asked for",
    "value_per_share": "value per share",
    "facts": "figures",
    "known_before": "known before",
    "role_before": "role before",
    "role_after": "role after",
    "sessions_ended": "sign-ins ended",
    "keys_stopped": "keys that stopped",
    "waits": "waits for confirmation",
    "overlap_days": "days in which both work",
    "run_id": "run",
    "days_before": "days before",
    "cutoffs": "older than",
    "purged": "entries",
    "count": "how many",
    "held": "kept by a hold",
    "sha256": "SHA-256",
    "meter": "counted as one of",
}
NOUNS = {
    "audit": "the audit log",
    "company": "companies",
    "demo": "the demo book",
    "fact": "filed facts",
    "health": "the health of the installation",
    "key": "API keys",
    "key_file": "operators' key files",
    "me": "their own name",
    "notebook": "notebooks of the tenant's own",
    "provider": "data providers",
    "series": "series",
    "token": "sign-in links",
}
HARDLY_WORDS = {
    "audit.hold_released": "release a legal hold",
    "audit.hold_set": "set a legal hold",
    "audit.key_rotated": "change the key of the log",
    "hold.ask_release": "ask for the release of a legal hold",
}
"""Acts whose names make no words."""

ENDED = {
    "succeeded": "got the result of {}",
    "failed": "saw the failure of {}",
    "cancelled": "stopped {}",
    "interrupted": "lost, as the server stopped, {}",
}
"""What became of something that took its time."""

UNTOLD = ("act_id", "counted_as")  # they tie the entry to the meter, and say nothing to a reader


def deed(action: str) -> str:
    """What was done, as a verb; the act's own name where none is known.

    >>> deed("valuation.run"), deed("nobody.knows")
    ('saved a valuation', 'nobody.knows')
    """
    return DEEDS.get(action, (action, ""))[0]


def to_do(act: str) -> str:
    """An act that somebody may or may not do, as it follows on "to".

    >>> to_do("audit.verify"), to_do("valuation.run"), to_do("member.names")
    ('verify the audit log', 'run valuations', 'read the names of members')
    """
    if act in HARDLY_WORDS:
        return HARDLY_WORDS[act]
    noun, _, verb = act.partition(".")
    doing = "read the names of" if verb == "names" else verb.replace("_", " ")
    return f"{doing} {NOUNS.get(noun, f'{noun}s')}"


def sentence(row: AuditLogRow, names: Mapping[str, str], companies: Mapping[str, str]) -> str:
    """What was done and to what, as it follows on who did it."""
    did, leads_on = DEEDS.get(row.action, (row.action, ""))
    if row.action == "report.schedule" and "cron" in payload(row):
        did = "scheduled the report"
    if row.action in ("job.schedule", "report.schedule") and "paused" in payload(row):
        turned = "paused" if payload(row)["paused"] else "resumed"
        did = f"{turned} the job"
        if row.action == "report.schedule":
            did = f"{turned} a schedule of the report"
    if row.action == "billing.event" and (kind := payload(row).get("type")):
        return f"told that {event_told(kind)}"
    if row.action == "computation.finish" and row.payload:
        told = payload(row)
        did = ENDED[told["status"]].format(f"a {told['act'].partition('.')[0]}")
    what = target(row, names, companies)
    if row.action == "audit.key_rotated":  # of the log, which is nobody's API key
        what = f"number {row.target.partition(':')[2]}"
    return " ".join(part for part in (did, leads_on if what else "", what) if part)


def target(row: AuditLogRow, names: Mapping[str, str], companies: Mapping[str, str]) -> str:
    """To what it was done, by name where there is one; a member's name itself is never logged."""
    details = payload(row)
    if company := details.get("company"):
        return companies.get(str(company), str(company))
    if many := details.get("companies"):
        if isinstance(many, list):
            first = ", ".join(companies.get(str(each), str(each)) for each in many[:3])
            return first + (f" and {len(many) - 3} more" if len(many) > 3 else "")
        return f"{many} companies"
    kind, _, rest = row.target.partition(":")
    if row.target == row.actor:
        return ""
    if kind in ("user", "key"):
        return person(row.target, names)
    job = str(details.get("job") or details.get("report") or rest).removeprefix(OWN)
    if kind == "hold":
        rest = (
            person(str(details["subject"]), names) or "everything" if "subject" in details else ""
        )
    words = {
        "category": rest,
        "hold": rest,
        "entry": f"{details.get('count', 'some')} entries",
        "act": to_do(rest),
        "computation": "all companies",
        "event": f"event {rest}",
        "job_run": job.replace("_", " "),
        "schedule": job.replace("_", " "),
        "notebook": f"{job.replace('_', ' ')}, version {details.get('version', '')}",
        "destination": str(details.get("name", rest)),
        "feed": ", ".join(details.get("symbols", ())) or str(details.get("provider", "")),
        "premium": rest,
        "view": str(details.get("name", rest)),
        "snapshot": rest[:12],
        "tenant": f"the name {rest}"
        if row.action == "access.foreign"
        else str(details.get("group") or details.get("after", "")),
        "cursor": "a cursor that was not given out to them",
        "page": "the id of another person's page",
        "plan": rest,
        "override": _limits(details.get("changed", ())),
    }
    return {**words, "sign-in": "", "grant": "", "usage": ""}.get(kind, row.target)


def _limits(changed: Sequence[str]) -> str:
    """Which limits were changed, as people call them."""
    names = [each.partition(":")[0] for each in changed]
    return " and ".join(LIMITS[name].unit if name in LIMITS else name for name in names)


def payload(row: AuditLogRow) -> dict[str, Any]:
    """The logged details; none once they were purged."""
    return json.loads(row.payload) if row.payload else {}


def details(row: AuditLogRow) -> list[tuple[str, str]]:
    """Everything that the entry holds, for who wants to look closer."""
    told = [
        (WORDS.get(name, name.replace("_", " ")), _text(value))
        for name, value in payload(row).items()
        if name not in UNTOLD
    ]
    if row.payload is None:
        told = [("details", f"were purged by entry {row.purge_seq}")]
    return [
        *told,
        ("actor", row.actor),
        ("target", row.target),
        ("request", row.request_id),
        ("digest of the details", row.payload_digest.hex()),
        ("link of the chain", row.mac.hex()),
    ]


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(f"{e[0]}–{e[1]}" if isinstance(e, list) else str(e) for e in value)
    if value is None:
        return "none"
    return "yes" if value is True else "no" if value is False else str(value)
