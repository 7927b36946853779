"""Sign-in by a secret that works once, and the server-side sessions that follow from it.

Token and cookie are `tenant.secret`: the tenant is claimed in the open and proven by the secret, so
that the look-up itself runs under the tenant's row-level security. Only digests are kept.
"""

import hashlib
import itertools
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, false, select, update

from valor_core.errors import ValorError
from valor_core.settings import whole_number
from valor_core.store.engines import Store
from valor_core.store.tables import (
    AccessGrantRow,
    MembershipRow,
    SessionRow,
    SignInTokenRow,
    TenantRow,
)
from valor_core.store.work import Work, unit_of_work
from valor_core.store.writer import WriterBusy
from valor_core.tenancy import grants
from valor_core.tenancy.grants import GrantState
from valor_core.values import STRANGER, Caller, Role, TenantId, micros, new_id, utc_now

TOKEN_LASTS_S = 600
KEY_FILE_LASTS_S = 365 * 86_400
TOUCH_EVERY_S = 60  # a session's last use is written at most this often
REMEMBERED_S = 30 * 86_400  # how long a sign-in that is over stays in the table
HOURS_MAX = 24 * 30
_S = 1_000_000


class Method(StrEnum):
    """By what somebody has signed in."""

    LINK = "link"
    PROVIDER = "provider"
    KEY_FILE = "key file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """From where somebody signs in, as far as the server can tell."""

    address: str = ""
    browser: str = ""


UNKNOWN_DEVICE = Device()


class Endings:
    """How often this process ended sign-ins: what was remembered before is asked anew."""

    def __init__(self) -> None:
        self._more, self.n = itertools.count(1), 0

    def count(self) -> None:
        """One more."""
        self.n = next(self._more)


ENDINGS = Endings()


def idle_s() -> int:
    """After how many seconds without a deed a sign-in is over."""
    return whole_number("VALOR_SESSION_IDLE_HOURS", most=HOURS_MAX) * 3600


def absolute_s() -> int:
    """After how many seconds a sign-in is over whatever is done."""
    return whole_number("VALOR_SESSION_HOURS", most=HOURS_MAX) * 3600


class BadToken(ValorError):
    """The sign-in link was used before, is too old, or was never made."""

    code, status = "bad_token", 403

    def __init__(self) -> None:
        super().__init__(
            "This sign-in link does not work (any more).",
            hint="Links work once and for ten minutes. Print a new one with `valor token`.",
        )


class LinkFromAfar(ValorError):
    """A good sign-in link, opened from afar where an identity provider vouches for people."""

    code, status = "link_from_afar", 403

    def __init__(self) -> None:
        super().__init__(
            "A sign-in link works on the server's own machine alone.",
            hint="Use single sign-on, or open the link where the server runs.",
        )


def digest(secret: str) -> str:
    """What is kept of a secret of 256 random bits."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def issue_token(
    work: Work,
    user_id: str,
    *,
    method: Method = Method.LINK,
    provider_sid: str = "",
    lasts_s: int = TOKEN_LASTS_S,
    grant_id: str | None = None,
) -> str:
    """A new one-use token for a member of the caller's tenant, or for who visits it by a grant."""
    now = work.now_micros
    work.session.execute(delete(SignInTokenRow).where(SignInTokenRow.expires_at < now))
    token = f"{work.caller.tenant_id}.{secrets.token_urlsafe(32)}"
    row = SignInTokenRow(
        digest=digest(token),
        user_id=user_id,
        method=method,
        provider_sid=provider_sid,
        expires_at=now + lasts_s * _S,
        grant_id=grant_id,
    )
    work.add_all([row])
    return token


def forget_tokens(work: Work, user_id: str, method: Method) -> None:
    """The tokens of that kind that a member has, used or not, sign nobody in any more."""
    work.session.execute(
        delete(SignInTokenRow).where(
            SignInTokenRow.user_id == user_id, SignInTokenRow.method == method
        )
    )


def refuse_bad_token(work: Work, token: str, *, links: bool = True) -> None:
    """BadToken unless the token could be redeemed: reading only, so anybody may ask at no cost."""
    row = work.session.get(SignInTokenRow, (work.caller.tenant_id, digest(token)))
    if row is None or row.used_at is not None or row.expires_at < work.now_micros:
        raise BadToken
    if row.method == Method.LINK and not links:
        raise LinkFromAfar
    _who(work, row.user_id, row.grant_id)


def is_of_a_link(work: Work, token: str) -> bool:
    """Whether a link was made with this token, or one is out that it might be a guess at."""
    made = SignInTokenRow.digest == digest(token)
    out = (
        SignInTokenRow.used_at.is_(None)
        & (SignInTokenRow.expires_at >= work.now_micros)
        & (SignInTokenRow.method == Method.LINK)
    )
    return work.session.scalars(select(SignInTokenRow.digest).where(made | out)).first() is not None


def redeem(work: Work, token: str, device: Device = UNKNOWN_DEVICE) -> str:
    """The cookie of a new session, for a good token; BadToken otherwise. Each token works once."""
    used = work.session.execute(
        update(SignInTokenRow)
        .where(
            SignInTokenRow.digest == digest(token),
            SignInTokenRow.expires_at >= work.now_micros,
            SignInTokenRow.used_at.is_(None),
        )
        .values(used_at=work.now_micros)
        .returning(
            SignInTokenRow.user_id,
            SignInTokenRow.method,
            SignInTokenRow.provider_sid,
            SignInTokenRow.grant_id,
        )
    ).first()
    if used is None:
        raise BadToken
    return begin(
        work,
        _who(work, used.user_id, used.grant_id),
        method=Method(used.method),
        device=device,
        provider_sid=used.provider_sid,
        grant_id=used.grant_id,
    )


def begin(
    work: Work,
    member: MembershipRow,
    *,
    method: Method,
    device: Device = UNKNOWN_DEVICE,
    provider_sid: str = "",
    grant_id: str | None = None,
) -> str:
    """The cookie of a new session of a member; whatever cookie the browser showed is not reused."""
    now = work.now_micros
    old = SessionRow.created_at < now - REMEMBERED_S * _S
    work.session.execute(delete(SessionRow).where(old))
    cookie = f"{work.caller.tenant_id}.{secrets.token_urlsafe(32)}"
    row = SessionRow(
        digest=digest(cookie),
        id=new_id(),
        user_id=member.user_id,
        member_version=member.version,
        method=method,
        address=device.address,
        browser=device.browser,
        provider_sid=provider_sid,
        grant_id=grant_id,
        created_at=now,
        used_at=now,
    )
    work.add_all([row])
    return cookie


def _who(work: Work, user_id: str, grant_id: str | None) -> MembershipRow:
    """The member, or the visitor, who is none; a link of who may not come in is a bad one."""
    if grant_id is not None:
        if not _may_visit(work, grant_id):
            raise BadToken
        return MembershipRow(user_id=user_id, version=0)
    row = work.session.get(MembershipRow, (work.caller.tenant_id, user_id))
    if row is None or row.suspended_at is not None:
        raise BadToken
    return row


def claimed_tenant(secret: str) -> TenantId:
    """The tenant that a token, cookie or key names; what it proves is another matter."""
    named = re.match(r"[a-z0-9-]{1,40}(?=\.)", secret)
    return TenantId(named[0] if named else "")


def stranger(tenant_id: TenantId) -> Caller:
    """Who somebody is until a secret has shown it: nobody, who may do nothing."""
    return Caller(tenant_id=tenant_id, user_id="", role=Role.VIEWER, kind=STRANGER)


def caller_of_session(store: Store, session: str, tenant_id: TenantId) -> Caller | None:
    """Who the session of that digest is, now: None when it ended, or the membership or tenant did.

    Reading only; `touch` keeps it alive.
    """
    with unit_of_work(stranger(tenant_id), store) as work:
        row = work.session.get(SessionRow, (tenant_id, session))
        if row is None or is_over(row, micros(utc_now())):
            return None
        member = work.session.get(MembershipRow, (tenant_id, row.user_id))
        tenant = work.session.get(TenantRow, tenant_id)
        if tenant is None or tenant.status != "active":
            return None
        if row.grant_id is not None:
            return _visitor(work, row) if _may_visit(work, row.grant_id) else None
        if member is None or member.version != row.member_version or member.suspended_at:
            return None
        return Caller(
            tenant_id=tenant_id, user_id=row.user_id, role=Role(member.role), session=session
        )


def _may_visit(work: Work, grant_id: str) -> bool:
    grant = work.session.get(AccessGrantRow, (work.caller.tenant_id, grant_id))
    return grant is not None and grants.state(grant, micros(utc_now())) is GrantState.IN_FORCE


def _visitor(work: Work, row: SessionRow) -> Caller:
    """An operator by leave of the tenant: as a viewer, and as the log names operators."""
    return Caller(
        tenant_id=work.caller.tenant_id,
        user_id=row.user_id,
        role=Role.VIEWER,
        kind="operator",
        session=row.digest,
    )


def is_over(row: SessionRow, now: int) -> bool:
    """Whether a sign-in was ended, or has outlasted one of its two limits."""
    return row.ended_at is not None or now > lasts_until(row)


def lasts_until(row: SessionRow) -> int:
    """When a sign-in is over if nothing more is done in it."""
    return min(row.used_at + idle_s() * _S, row.created_at + absolute_s() * _S)


def live_sessions(work: Work, user_id: str | None = None) -> Sequence[SessionRow]:
    """The sign-ins that hold, of members and of visiting operators or of one; newest first."""
    whose = SessionRow.user_id == user_id if user_id is not None else SessionRow.user_id != ""
    rows = work.session.scalars(
        select(SessionRow)
        .outerjoin(
            MembershipRow,
            (MembershipRow.user_id == SessionRow.user_id)
            & (MembershipRow.version == SessionRow.member_version),
        )
        .where(
            whose,
            SessionRow.ended_at.is_(None),
            MembershipRow.user_id.is_not(None) | SessionRow.grant_id.is_not(None),
        )
        .order_by(SessionRow.created_at.desc(), SessionRow.id)
        .limit(1000)
    )
    return [
        row
        for row in rows
        if not is_over(row, work.now_micros)
        and (row.grant_id is None or _may_visit(work, row.grant_id))
    ]


def touch(store: Store, caller: Caller) -> None:
    """Only what a person does keeps a sign-in alive, written at most once a minute.

    Nobody who reads waits for it: while another writes, the next request will do.
    """
    with suppress(WriterBusy), unit_of_work(caller, store) as work:
        row = work.session.get(SessionRow, (caller.tenant_id, caller.session))
        if row is None or work.now_micros - row.used_at < TOUCH_EVERY_S * _S:
            return
        work.begin_writing(patience_s=0)
        work.session.execute(
            update(SessionRow)
            .where(SessionRow.digest == caller.session)
            .values(used_at=work.now_micros)
        )


def end_providers_sessions(work: Work, *, user_id: str | None, sid: str, until: int) -> int:
    """Ends what began by the provider until then: a user's, or those that it names; how many.

    A user's visits to tenants go with any of the user's sign-ins: the provider knows no visits.
    """
    assert user_id is not None or sid, "somebody's"
    which = [
        SessionRow.ended_at.is_(None),
        SessionRow.method == Method.PROVIDER,
        SessionRow.created_at <= until,
    ]
    if user_id is not None:
        which.append(SessionRow.user_id == user_id)
    if sid:
        visits = SessionRow.grant_id.is_not(None) if user_id is not None else false()
        which.append((SessionRow.provider_sid == sid) | visits)
    return _end(work, *which)


def end_sessions(
    work: Work, *, session: str | None = None, user_id: str | None = None, but: str = ""
) -> int:
    """Ends one session, or all of a user, or all of the tenant, sparing one; how many ended."""
    which = [SessionRow.ended_at.is_(None), SessionRow.digest != but]
    if session is not None:
        which.append(SessionRow.digest == session)
    if user_id is not None:
        which.append(SessionRow.user_id == user_id)
    return _end(work, *which)


def _end(work: Work, *which: ColumnElement[bool]) -> int:
    done = work.session.scalars(
        update(SessionRow)
        .where(*which)
        .values(ended_at=work.now_micros)
        .returning(SessionRow.digest)
    ).all()
    work.after_commit.append(ENDINGS.count)
    return len(done)
