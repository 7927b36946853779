"""Sign-in by a link that works once, and the server-side sessions that follow from it.

Token and cookie are `tenant.secret`: the tenant is claimed in the open and proven by the secret, so
that the look-up itself runs under the tenant's row-level security. Only digests are kept.
"""

import hashlib
import re
import secrets
from contextlib import suppress

from sqlalchemy import delete, select, update

from valor_core.errors import ValorError
from valor_core.store.engines import Store
from valor_core.store.tables import MembershipRow, SessionRow, SignInTokenRow, TenantRow
from valor_core.store.work import Work, unit_of_work
from valor_core.store.writer import WriterBusy
from valor_core.values import STRANGER, Caller, Role, TenantId, micros, utc_now

TOKEN_LASTS_S = 600
IDLE_S, ABSOLUTE_S = 8 * 3600, 24 * 3600
TOUCH_EVERY_S = 60  # a session's last use is written at most this often
_S = 1_000_000


class BadToken(ValorError):
    """The sign-in link was used before, is too old, or was never made."""

    code, status = "bad_token", 403

    def __init__(self) -> None:
        super().__init__(
            "This sign-in link does not work (any more).",
            hint="Links work once and for ten minutes. Print a new one with `valor token`.",
        )


def digest(secret: str) -> str:
    """What is kept of a secret of 256 random bits."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def issue_token(work: Work, user_id: str) -> str:
    """A new one-use token for a member of the caller's tenant."""
    now = work.now_micros
    work.session.execute(delete(SignInTokenRow).where(SignInTokenRow.expires_at < now))
    token = f"{work.caller.tenant_id}.{secrets.token_urlsafe(32)}"
    work.add_all(
        [SignInTokenRow(digest=digest(token), user_id=user_id, expires_at=now + TOKEN_LASTS_S * _S)]
    )
    return token


def refuse_bad_token(work: Work, token: str) -> None:
    """BadToken unless the token could be redeemed: reading only, so anybody may ask at no cost."""
    row = work.session.get(SignInTokenRow, (work.caller.tenant_id, digest(token)))
    if row is None or row.used_at is not None or row.expires_at < work.now_micros:
        raise BadToken
    _refuse_who_has_left(work, row.user_id)


def is_of_a_link(work: Work, token: str) -> bool:
    """Whether a link was made with this token, or one is out that it might be a guess at."""
    made = SignInTokenRow.digest == digest(token)
    out = SignInTokenRow.used_at.is_(None) & (SignInTokenRow.expires_at >= work.now_micros)
    return work.session.scalars(select(SignInTokenRow.digest).where(made | out)).first() is not None


def redeem(work: Work, token: str) -> str:
    """The cookie of a new session, for a good token; BadToken otherwise. Each token works once."""
    now = work.now_micros
    used = work.session.execute(
        update(SignInTokenRow)
        .where(
            SignInTokenRow.digest == digest(token),
            SignInTokenRow.expires_at >= now,
            SignInTokenRow.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(SignInTokenRow.user_id)
    ).first()
    if used is None:
        raise BadToken
    _refuse_who_has_left(work, used.user_id)
    cookie = f"{work.caller.tenant_id}.{secrets.token_urlsafe(32)}"
    work.add_all(
        [SessionRow(digest=digest(cookie), user_id=used.user_id, created_at=now, used_at=now)]
    )
    return cookie


def _refuse_who_has_left(work: Work, user_id: str) -> None:
    """A link of who is no member any more is as bad as any other."""
    if work.session.get(MembershipRow, (work.caller.tenant_id, user_id)) is None:
        raise BadToken


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
    now = micros(utc_now())
    with unit_of_work(stranger(tenant_id), store) as work:
        row = work.session.get(SessionRow, (tenant_id, session))
        if row is None or row.ended_at is not None:
            return None
        if now - row.used_at > IDLE_S * _S or now - row.created_at > ABSOLUTE_S * _S:
            return None
        member = work.session.get(MembershipRow, (tenant_id, row.user_id))
        tenant = work.session.get(TenantRow, tenant_id)
        if member is None or tenant is None or tenant.status != "active":
            return None
        return Caller(
            tenant_id=tenant_id, user_id=row.user_id, role=Role(member.role), session=session
        )


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


def end_sessions(work: Work, *, session: str = "", user_id: str = "") -> int:
    """Ends one session, or all of a user; how many ended."""
    which = SessionRow.digest == session if session else SessionRow.user_id == user_id
    done = work.session.scalars(
        update(SessionRow)
        .where(which, SessionRow.ended_at.is_(None))
        .values(ended_at=work.now_micros)
        .returning(SessionRow.digest)
    ).all()
    return len(done)
