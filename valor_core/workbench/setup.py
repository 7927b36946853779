"""What stands before anybody signs in: the audit key, the shared book's tenant, the platform's."""

from contextlib import suppress
from dataclasses import replace

from valor_core.audit import keys as audit_keys
from valor_core.audit import log as audit
from valor_core.audit import verify
from valor_core.store.engines import Store
from valor_core.store.tables import TenantRow
from valor_core.store.work import AlreadyThere, Work, unit_of_work
from valor_core.values import PLATFORM, SHARED, Caller, Role, TenantId


def operator(tenant_id: TenantId) -> Caller:
    """The operator of the installation, acting in a tenant from the command line."""
    return Caller(tenant_id=tenant_id, user_id="cli", role=Role.OPERATOR, kind="operator")


def prepare(store: Store) -> None:
    """Makes the two reserved tenants once, and confirms the audit key at every start."""
    for tenant_id, label in ((PLATFORM, "The installation"), (SHARED, "Shared book")):
        with unit_of_work(operator(tenant_id), store) as work:
            known = work.session.get(TenantRow, tenant_id)
        if known is None and not _was_made(store, tenant_id):
            with suppress(AlreadyThere), unit_of_work(operator(tenant_id), store) as work:
                _make(work, tenant_id, label)
    with unit_of_work(operator(PLATFORM), store) as work:
        audit_keys.confirm_keys(work.session, audit.keys())


def _make(work: Work, tenant_id: TenantId, label: str) -> None:
    """AlreadyThere where another process that starts was first."""
    work.begin_writing()
    row = TenantRow(
        id=tenant_id, slug=tenant_id, label=label, status="active", created_at=work.now_micros
    )
    work.session.add(row)
    if tenant_id == PLATFORM:
        audit_keys.note_keys(work.session, audit.keys(), work.now_micros)
        audit_keys.signing_keys()  # drawn now, so that a copy of the secrets is whole
    audit.begin(work)
    if tenant_id != PLATFORM:
        announce(work, row)


def _was_made(store: Store, tenant_id: TenantId) -> bool:
    """Whether it was there once: one that has vanished is missed, not made anew."""
    with unit_of_work(operator(PLATFORM), store) as work:
        return tenant_id in verify.announced(work)


def announce(work: Work, tenant: TenantRow) -> None:
    """Tells the installation's log that a tenant was made, so that it cannot vanish with its own.

    In the transaction that makes it: there is never one without the other.
    """
    with work.acting_as(replace(work.caller, tenant_id=PLATFORM)):
        audit.append(work, verify.MADE, target=f"tenant:{tenant.id}", details={"slug": tenant.slug})
