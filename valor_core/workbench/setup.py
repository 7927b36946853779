"""What stands before anybody signs in: the audit key, the shared book's tenant, the platform's."""

from contextlib import suppress

from valor_core.audit import keys as audit_keys
from valor_core.audit import log as audit
from valor_core.store.engines import Store
from valor_core.store.tables import TenantRow
from valor_core.store.work import AlreadyThere, Work, unit_of_work
from valor_core.values import SHARED, Caller, Role, TenantId

PLATFORM = TenantId("platform")


def operator(tenant_id: TenantId) -> Caller:
    """The operator of the installation, acting in a tenant from the command line."""
    return Caller(tenant_id=tenant_id, user_id="cli", role=Role.OPERATOR, kind="operator")


def prepare(store: Store) -> None:
    """Makes the two reserved tenants once, and confirms the audit key at every start."""
    for tenant_id, label in ((PLATFORM, "The installation"), (SHARED, "Shared book")):
        with unit_of_work(operator(tenant_id), store) as work:
            known = work.session.get(TenantRow, tenant_id)
        if known is None:
            with suppress(AlreadyThere), unit_of_work(operator(tenant_id), store) as work:
                _make(work, tenant_id, label)
    with unit_of_work(operator(PLATFORM), store) as work:
        audit_keys.confirm_keys(work.session, audit.keys())


def _make(work: Work, tenant_id: TenantId, label: str) -> None:
    """AlreadyThere where another process that starts was first."""
    work.begin_writing()
    work.session.add(
        TenantRow(
            id=tenant_id, slug=tenant_id, label=label, status="active", created_at=work.now_micros
        )
    )
    if tenant_id == PLATFORM:
        audit_keys.note_keys(work.session, audit.keys(), work.now_micros)
    audit.begin(work)
