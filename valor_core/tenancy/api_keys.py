"""API keys of notebooks and clients: `vx_<tenant>.<key id>.<secret>`, kept as a peppered HMAC."""

import hmac
import os
import re
import secrets
from collections.abc import Sequence
from functools import cache

from sqlalchemy import select

from valor_core.errors import BadInput, NotFound
from valor_core.store.engines import Store
from valor_core.store.secrets import secret
from valor_core.store.tables import ApiKeyRow, TenantRow
from valor_core.store.work import Work, unit_of_work
from valor_core.tenancy.sign_in import stranger
from valor_core.values import Caller, Role, TenantId, micros, new_id, utc_now

PREFIX = "vx_"
DAYS_MAX = 365
_DAY = 86_400_000_000
_SHAPE = re.compile(r"vx_(?P<tenant>[a-z0-9-]{1,40})\.(?P<id>[a-z0-9]{26})\.[\w-]{43}", re.ASCII)


@cache
def _pepper() -> bytes:
    return secret("VALOR_KEY_PEPPER", os.environ)


def _hmac(key: str) -> bytes:
    return hmac.digest(_pepper(), key.encode(), "sha256")


def add_key(work: Work, label: str, role: Role, *, days: int) -> tuple[ApiKeyRow, str]:
    """A new key of the caller's tenant, and the key itself, which is shown this once."""
    if not 1 <= days <= DAYS_MAX:
        raise BadInput(
            f"A key cannot last {days} days.", hint=f"Choose between 1 and {DAYS_MAX} days."
        )
    if role in (Role.OPERATOR, Role.COMPLIANCE):  # a hold is set and released by persons
        raise BadInput(
            f"A key cannot have the role {role}.", hint="Choose viewer, analyst or admin."
        )
    if not 0 < len(label.strip()) <= 100:
        raise BadInput("A key needs a label of 1 to 100 characters.", hint="Say what it is for.")
    key_id = new_id()
    key = f"{PREFIX}{work.caller.tenant_id}.{key_id}.{secrets.token_urlsafe(32)}"
    row = ApiKeyRow(
        id=key_id,
        label=label.strip(),
        role=role,
        hmac=_hmac(key),
        created_at=work.now_micros,
        expires_at=work.now_micros + days * _DAY,
    )
    work.add_all([row])
    return row, key


def keys(work: Work) -> Sequence[ApiKeyRow]:
    """The keys of the caller's tenant, newest first."""
    return work.session.scalars(
        select(ApiKeyRow).order_by(ApiKeyRow.created_at.desc()).limit(1000)
    ).all()


def revoke_key(work: Work, key_id: str) -> ApiKeyRow:
    """From now on the key is refused."""
    row = work.session.get(ApiKeyRow, (work.caller.tenant_id, key_id))
    if row is None:
        raise NotFound("key", key_id)
    row.revoked_at = row.revoked_at or work.now_micros
    return row


def caller_of_key(store: Store, key: str) -> Caller | None:
    """Who shows this key; None for a wrong, revoked or expired one, in the same time."""
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
        now = micros(utc_now())
        if row.revoked_at is not None or row.expires_at < now or tenant.status != "active":
            return None
        return Caller(tenant_id=tenant_id, user_id=row.id, role=Role(row.role), kind="key")
