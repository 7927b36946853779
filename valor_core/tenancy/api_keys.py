"""API keys of notebooks and clients: `vx_<tenant>.<key id>.<secret>`, kept as a peppered HMAC.

A member's key acts in that member's role as it is now; a key of the tenant's own in the role that
was stated for it. Either does only what its scopes are good for.
"""

import hmac
import os
import re
import secrets
from collections.abc import Collection, Sequence
from contextlib import suppress
from enum import StrEnum
from functools import cache

from sqlalchemy import select

from valor_core.errors import BadInput, Conflict, NotFound, ValorError
from valor_core.store.engines import Store
from valor_core.store.secrets import secret
from valor_core.store.tables import ApiKeyRow, MembershipRow, TenantRow
from valor_core.store.work import Work, unit_of_work
from valor_core.store.writer import WriterBusy
from valor_core.tenancy import access
from valor_core.tenancy.sign_in import ENDINGS, stranger
from valor_core.tenancy.tenants import one_at_a_time
from valor_core.values import Caller, Role, Scope, TenantId, from_micros, micros, new_id, utc_now

PREFIX = "vx_"
DAYS_DEFAULT, DAYS_MAX = 90, 365
LIVE_MOST = 2
OF_THE_TENANT = frozenset(Scope) - {Scope.DECIDE}  # nobody answers for what such a key decides
OVERLAP_DAYS_DEFAULT, OVERLAP_DAYS_MAX = 7, 30
TOUCH_EVERY_S = 60  # a key's last use is written at most this often
_S, _DAY = 1_000_000, 86_400_000_000
_SHAPE = re.compile(r"vx_(?P<tenant>[a-z0-9-]{1,40})\.(?P<id>[a-z0-9]{26})\.[\w-]{43}", re.ASCII)


class KeyState(StrEnum):
    """Whether a key works, or why it does not."""

    LIVE = "live"
    EXPIRED = "expired"
    REVOKED = "revoked"


class KeyExpired(ValorError):
    """The right key, after its last day."""

    code, status = "key_expired", 401

    def __init__(self, key_id: str, day: str) -> None:
        super().__init__(
            f"The key {key_id} expired on {day}.",
            hint="Make another one, and rotate it in time: two may work side by side.",
        )


class KeyRevoked(ValorError):
    """The right key, after it was revoked or its owner left."""

    code, status = "key_revoked", 401

    def __init__(self, key_id: str, day: str) -> None:
        super().__init__(
            f"The key {key_id} was revoked on {day}.", hint="Make another one, or ask who did it."
        )


class KeyAsleep(ValorError):
    """The right key, while its owner or its tenant is suspended."""

    code, status = "key_asleep", 401

    def __init__(self, key_id: str, who: str) -> None:
        super().__init__(
            f"The key {key_id} does not work now, because its {who} is suspended.",
            hint="It works again, if it has not expired by then, once that has ended.",
        )


class TooManyKeys(Conflict):
    """There are as many keys for one purpose as rotating takes."""

    code = "too_many_keys"

    def __init__(self, label: str) -> None:
        super().__init__(
            f"{LIVE_MOST} keys named {label[:100]!r} work already.",
            hint="Revoke one of them, or name the new key after another purpose.",
        )


class OwnersKey(ValorError):
    """Who rotates a key gets to see the new one, so only its owner does."""

    code, status = "owners_key", 403

    def __init__(self) -> None:
        super().__init__(
            "This key belongs to another member.",
            hint="Its owner can rotate it; you can revoke it.",
        )


@cache
def _pepper() -> bytes:
    return secret("VALOR_KEY_PEPPER", os.environ)


def _hmac(key: str) -> bytes:
    return hmac.digest(_pepper(), key.encode(), "sha256")


def add_key(
    work: Work,
    label: str,
    *,
    scopes: Collection[Scope],
    days: int,
    role: Role | None = None,
    owner: str | None = None,
) -> tuple[ApiKeyRow, str]:
    """A new key of that owner, or of the tenant in that role; the key is shown this once."""
    label = label.strip()
    _check(label, scopes, days, role)
    one_at_a_time(work)
    alike = [row for row in keys(work, owner=owner) if row.label == label and row.owner == owner]
    if sum(state(row, work.now_micros) is KeyState.LIVE for row in alike) >= LIVE_MOST:
        raise TooManyKeys(label)
    key_id = new_id()
    key = f"{PREFIX}{work.caller.tenant_id}.{key_id}.{secrets.token_urlsafe(32)}"
    row = ApiKeyRow(
        id=key_id,
        label=label,
        role=role,
        hmac=_hmac(key),
        created_at=work.now_micros,
        expires_at=work.now_micros + days * _DAY,
        owner=owner,
        scopes=sorted(scopes),
    )
    work.add_all([row])
    return row, key


def _check(label: str, scopes: Collection[Scope], days: int, role: Role | None) -> None:
    if not 1 <= days <= DAYS_MAX:
        raise BadInput(
            f"A key cannot last {days} days.", hint=f"Choose between 1 and {DAYS_MAX} days."
        )
    if role in (Role.OPERATOR, Role.COMPLIANCE):  # what these two do is for persons
        raise BadInput(
            f"A key of the tenant cannot have the role {role}.",
            hint="Choose viewer, analyst or admin.",
        )
    if not 0 < len(label) <= 100:
        raise BadInput("A key needs a name of 1 to 100 characters.", hint="Say what it is for.")
    if role and not OF_THE_TENANT.issuperset(scopes):
        raise BadInput(
            f"A key of the tenant cannot have the scope {Scope.DECIDE}.",
            hint="Who decides makes a key of their own, on the page API keys.",
        )
    if not scopes:
        raise BadInput("A key needs a scope.", hint=f"Choose one or more of {', '.join(Scope)}.")


def check_of_use(role: Role, scopes: Collection[Scope]) -> None:
    """BadInput where a scope is asked for that gives a key of that role nothing."""
    good = access.scopes_of(role)
    for scope in scopes:
        if scope not in good:
            raise BadInput(
                f"The scope {scope} gives a key of the role {role} nothing.",
                hint=f"Choose one or more of {', '.join(good)}.",
            )


def keys(work: Work, *, owner: str | None = None) -> Sequence[ApiKeyRow]:
    """The keys of the caller's tenant, or of one owner, newest first."""
    query = select(ApiKeyRow).order_by(ApiKeyRow.created_at.desc(), ApiKeyRow.id.desc())
    if owner is not None:
        query = query.where(ApiKeyRow.owner == owner)
    return work.session.scalars(query.limit(1000)).all()


def state(row: ApiKeyRow, now: int) -> KeyState:
    """Whether the key works at that moment."""
    if row.revoked_at is not None:
        return KeyState.REVOKED
    return KeyState.EXPIRED if row.expires_at < now else KeyState.LIVE


def key_of(work: Work, key_id: str, *, owner: str | None = None) -> ApiKeyRow:
    """That key of the tenant's, or of one owner; NotFound otherwise."""
    row = work.session.get(ApiKeyRow, (work.caller.tenant_id, key_id))
    if row is None or owner not in (None, row.owner):
        raise NotFound("key", key_id[:40])
    return row


def rotate_key(work: Work, row: ApiKeyRow, *, overlap_days: int) -> tuple[ApiKeyRow, str]:
    """A key like it that lasts as long anew; the old one works until the overlap has passed."""
    if not 0 <= overlap_days <= OVERLAP_DAYS_MAX:
        raise BadInput(
            f"Both keys cannot work for {overlap_days} days.",
            hint=f"Choose between 0 and {OVERLAP_DAYS_MAX} days.",
        )
    if state(row, work.now_micros) is not KeyState.LIVE:
        raise Conflict("This key does not work any more.", hint="Make a new one.")
    lasts = (row.expires_at - row.created_at) // _DAY
    if overlap_days == 0:
        revoke_key(work, row)
    made = add_key(
        work,
        row.label,
        scopes=[Scope(scope) for scope in row.scopes],
        days=max(1, lasts),
        role=Role(row.role) if row.role else None,
        owner=row.owner,
    )
    row.expires_at = min(row.expires_at, work.now_micros + overlap_days * _DAY)
    return made


def revoke_key(work: Work, row: ApiKeyRow) -> None:
    """From now on the key is refused."""
    row.revoked_at = row.revoked_at or work.now_micros
    work.session.flush()
    work.after_commit.append(ENDINGS.count)


def caller_of_key(store: Store, key: str) -> Caller | None:
    """Who shows this key; None for a wrong one, in the same time as for a right one.

    Who shows a right one that does not work any more is told why.
    """
    shape = _SHAPE.fullmatch(key)
    if shape is None:
        return None
    tenant_id, key_id, shown = TenantId(shape["tenant"]), shape["id"], _hmac(key)
    with unit_of_work(stranger(tenant_id), store) as work:
        row = work.session.get(ApiKeyRow, (tenant_id, key_id))
        tenant = work.session.get(TenantRow, tenant_id)
        matches = hmac.compare_digest(shown, row.hmac if row else bytes(len(shown)))
        if row is None or tenant is None or not matches:
            return None
        role = _role_of(work, row, tenant)
    scopes = frozenset(map(Scope, row.scopes))
    return Caller(
        tenant_id=tenant_id, user_id=row.id, role=role, kind="key", scopes=scopes,
        owner=row.owner or "",
    )  # fmt: skip


def _role_of(work: Work, row: ApiKeyRow, tenant: TenantRow) -> Role:
    """In which role a key that was shown acts; the reason where it does not work."""
    found = state(row, micros(utc_now()))
    if found is KeyState.EXPIRED:
        raise KeyExpired(row.id, f"{from_micros(row.expires_at):%Y-%m-%d}")
    owner = work.session.get(MembershipRow, (tenant.id, row.owner)) if row.owner else None
    if found is KeyState.REVOKED or (row.owner and owner is None):
        day = from_micros(row.revoked_at) if row.revoked_at else utc_now()
        raise KeyRevoked(row.id, f"{day:%Y-%m-%d}")
    if tenant.status != "active":
        raise KeyAsleep(row.id, "tenant")
    if owner and owner.suspended_at is not None:
        raise KeyAsleep(row.id, "owner")
    return Role(owner.role if owner else row.role)


def touch(store: Store, caller: Caller) -> None:
    """When the key was last used, to the minute; no call waits for it, the next one will do."""
    with suppress(WriterBusy), unit_of_work(caller, store) as work:
        row = key_of(work, caller.user_id)
        if row.used_at is not None and work.now_micros - row.used_at < TOUCH_EVERY_S * _S:
            return
        work.begin_writing(patience_s=0)
        key_of(work, caller.user_id).used_at = work.now_micros
