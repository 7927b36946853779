"""For whom a report is made, and whether that person may have it made now."""

from valor_core.coverage import schedules
from valor_core.coverage.job_runs import JobRun
from valor_core.coverage.report_parameters import is_report
from valor_core.errors import Conflict
from valor_core.store.tables import ApiKeyRow, MembershipRow, ScheduleRow
from valor_core.store.work import Work
from valor_core.tenancy import api_keys
from valor_core.tenancy.access import MAY
from valor_core.tenancy.api_keys import KeyState
from valor_core.values import Caller, Role, Scope
from valor_core.workbench import people
from valor_core.workbench.report_kinds import KINDS
from valor_core.workbench.report_parts import person
from valor_core.workbench.verb import tell_denial, view


class AskerGone(Conflict):
    """For whom a report would be made is no member any more, or has not the role for it."""

    code = "asker_gone"

    def __init__(self, who: str) -> None:
        super().__init__(
            f"This report is made for {who}, who may not have it made now.",
            hint="Somebody who may schedules it anew, or ends the schedule.",
        )


def asked_by_of(work: Work, run: JobRun) -> str:
    """Whose wish the run is: of a scheduled one, that of who scheduled it."""
    key = work.caller.tenant_id, run.schedule_id
    schedule = work.session.get(ScheduleRow, key) if run.schedule_id else None
    return schedule.created_by if schedule else run.created_by


def require_asker(work: Work, run: JobRun) -> None:
    """A schedule is made in the name of who made it, and no longer than that person may."""
    asked_by = asked_by_of(work, run)
    if not may_have_made(work, run.job, asked_by):
        tell_denial(work, "report.gather", schedule=run.schedule_id, asked_by=asked_by)
        raise AskerGone(person(asked_by, people.names(work)))


def may_have_made(work: Work, report: str, asked_by: str) -> bool:
    """Whether who is named so might schedule that report at this moment."""
    role, needs = _role_now(work, asked_by), KINDS[report].needs if report in KINDS else ""
    return role in MAY["report.schedule"] and role in MAY[needs or "notebook.read"]


@view("report.read")
def made_no_more(work: Work) -> dict[str, str]:
    """By the id of each schedule whose maker may not have its report made any more: who that is."""
    rows = [row for row in schedules.schedules(work) if is_report(row.job)]
    names = people.names(work)
    return {
        row.id: person(row.created_by, names)
        for row in rows
        if not may_have_made(work, row.job, row.created_by)
    }


@view("report.prepare")
def reader_for(work: Work, run: JobRun) -> Caller:
    """As whom an own notebook reads: what its asker may read now, by a key of this run alone."""
    asked_by = asked_by_of(work, run)
    role = _role_now(work, asked_by)
    if role is None:
        raise AskerGone(person(asked_by, people.names(work)))
    return Caller(
        tenant_id=work.caller.tenant_id,
        user_id=run.id,
        role=role,
        kind="report",
        scopes=frozenset({Scope.READ}),
    )


def _role_now(work: Work, actor: str) -> Role | None:
    """The role in which who is named so may act at this moment, if at all."""
    kind, _, who = actor.partition(":")
    if kind in ("cli", "notebook"):  # of this machine, as an analyst like a notebook on it
        return Role.ANALYST
    key = work.session.get(ApiKeyRow, (work.caller.tenant_id, who)) if kind == "key" else None
    if key and api_keys.state(key, work.now_micros) is not KeyState.LIVE:
        return None
    if key and key.role:
        return Role(key.role)
    member = work.session.get(MembershipRow, (work.caller.tenant_id, key.owner if key else who))
    return Role(member.role) if member and member.suspended_at is None else None
