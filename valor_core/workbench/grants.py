"""An operator visits a tenant: by leave of its administrator, for some hours, told in both logs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from valor_core.audit import log as audit
from valor_core.errors import NotFound
from valor_core.store.tables import AccessGrantRow
from valor_core.store.work import Work
from valor_core.tenancy import grants, sign_in, tenants
from valor_core.tenancy.grants import GrantState
from valor_core.tenancy.reasons import stated
from valor_core.tenancy.sign_in import Method
from valor_core.values import TenantId
from valor_core.workbench.tenants import acting_in, tell_installation
from valor_core.workbench.verb import verb, view


@view("grant.read")
def list_grants(work: Work) -> Sequence[AccessGrantRow]:
    """Every access to the tenant that operators asked for, the newest first."""
    return grants.grants(work)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessChange:
    """What letting an operator in, or the end of it, changes."""

    grant: AccessGrantRow
    before: GrantState
    after: GrantState
    ends_at: datetime | None  # when it ends by itself; None: nobody may read by it
    sessions_ended: int


@view("grant.read")
def foresee_giving(work: Work, grant_id: str) -> AccessChange:
    """What would follow, were the operator who asked let in now."""
    return _giving(work, grants.seen(work, grant_id))


@view("grant.read")
def foresee_end(work: Work, grant_id: str) -> AccessChange:
    """What would follow, were what was asked for refused, or what was given ended."""
    return _ending(work, grants.seen(work, grant_id))


def _giving(work: Work, row: AccessGrantRow) -> AccessChange:
    grants.must_be(row, work.now_micros, GrantState.ASKED)
    return AccessChange(
        grant=row,
        before=GrantState.ASKED,
        after=GrantState.IN_FORCE,
        ends_at=work.now + timedelta(hours=row.hours),
        sessions_ended=0,
    )


def _ending(work: Work, row: AccessGrantRow) -> AccessChange:
    grants.must_be(row, work.now_micros, GrantState.ASKED, GrantState.IN_FORCE)
    visits = [each for each in sign_in.live_sessions(work) if each.grant_id == row.id]
    return AccessChange(
        grant=row,
        before=grants.state(row, work.now_micros),
        after=GrantState.ENDED,
        ends_at=None,
        sessions_ended=len(visits),
    )


@verb("grant.ask")
def ask_access(work: Work, *, reason: str, hours: int) -> AccessGrantRow:
    """Ask an administrator of the tenant for leave to read it."""
    row = grants.ask(work, stated(reason), hours)
    _tell(work, "grant.ask", row, hours=hours, reason=row.reason)
    return row


@verb("grant.break_glass")
def break_glass(work: Work, *, reason: str, hours: int) -> AccessGrantRow:
    """Read the tenant without leave, in an emergency: its members are shown it at once."""
    row = grants.ask(work, stated(reason), hours)
    grants.give(work, row)
    _tell(work, "grant.break_glass", row, hours=hours, reason=row.reason)
    return row


@verb("grant.give")
def give_access(work: Work, grant_id: str, *, reason: str) -> AccessChange:
    """Let the operator who asked read the tenant, from now on and for the hours asked for."""
    why, row = stated(reason), grants.grant_of(work, grant_id)
    told = _giving(work, row)
    grants.give(work, row)
    _tell(work, "grant.give", row, hours=row.hours, asked_by=row.asked_by, reason=why)
    return told


@verb("grant.end")
def end_access(work: Work, grant_id: str, *, reason: str) -> AccessChange:
    """Refuse what was asked for, or end what was given; the operator is out at once."""
    why, row = stated(reason), grants.grant_of(work, grant_id)
    told = _ending(work, row)
    grants.end(work, row)
    work.after_commit.append(sign_in.ENDINGS.count)
    _tell(work, "grant.end", row, asked_by=row.asked_by, reason=why)
    return told


def end_all_of(work: Work, operator_id: str, *, reason: str) -> None:
    """An operator who leaves reads no tenant any more, and asks none; each tenant's log says so."""
    for tenant in tenants.tenants(work):
        with work.acting_as(acting_in(work.caller, TenantId(tenant.id))):
            for row in grants.open_of(work, f"operator:{operator_id}"):
                grants.end(work, row)
                details = {"asked_by": row.asked_by, "reason": reason}
                tell_installation(work, "grant.end", {"grant": row.id, **details})
                audit.append(work, "grant.end", target=f"grant:{row.id}", details=details)


@verb("grant.open")
def open_access(work: Work, grant_id: str) -> str:
    """A token that opens the tenant to the operator who was given access, once, as its reader."""
    row = grants.grant_of(work, grant_id)
    grants.must_be(row, work.now_micros, GrantState.IN_FORCE)
    if row.asked_by != work.caller.actor:
        raise NotFound("access of yours", grant_id[:40])
    token = sign_in.issue_token(
        work,
        work.caller.user_id,
        method=Method.PROVIDER,  # who asks has signed in already: no link from afar
        grant_id=row.id,
    )
    _tell(work, "grant.open", row, reason=row.reason)
    return token


def _tell(work: Work, act: str, row: AccessGrantRow, **details: object) -> None:
    """In the tenant's log, and in that of the installation."""
    tell_installation(work, act, {"grant": row.id, **details})
    work.note(f"grant:{row.id}", **details)
