"""Changing the key of the audit chain in the middle of every log."""

from valor_core.audit import keys as audit_keys
from valor_core.audit import log as audit
from valor_core.store.engines import Store
from valor_core.store.secrets import add_line
from valor_core.store.work import unit_of_work
from valor_core.tenancy import tenants
from valor_core.values import TenantId
from valor_core.workbench import setup


def rotate_key(store: Store) -> tuple[int, int]:
    """Has a newer key sign every log from here on; its number, and how many logs changed to it.

    A key that waits in the setting, or that an interrupted change left half used, is taken; else
    one is drawn. Processes that serve take it by themselves.
    """
    audit.keys.cache_clear()
    with unit_of_work(setup.operator(setup.PLATFORM), store) as work:
        known = [TenantId(row.id) for row in tenants.tenants(work)]
    if all(_signs(store, each) == max(audit.keys()) for each in known):
        add_line("AUDIT_HMAC_SECRET")
        audit.keys.cache_clear()
    with unit_of_work(setup.operator(setup.PLATFORM), store) as work:
        work.begin_writing()
        audit_keys.note_keys(work.session, audit.keys(), work.now_micros)
    changed = 0
    for tenant_id in known:
        with unit_of_work(setup.operator(tenant_id), store) as work:
            work.begin_writing()
            changed += audit.rotate(work) is not None
    return max(audit.keys()), changed


def _signs(store: Store, tenant_id: TenantId) -> int:
    """The number of the key that a tenant's log is signed by now."""
    with unit_of_work(setup.operator(tenant_id), store) as work:
        return audit.locked_head(work).key_id
