"""Changing the key of the audit chain in the middle of every log."""

from valor_core.audit import keys as audit_keys
from valor_core.audit import log as audit
from valor_core.store.engines import Store
from valor_core.store.secrets import add_line
from valor_core.store.work import unit_of_work
from valor_core.tenancy import tenants
from valor_core.tenancy.reasons import stated
from valor_core.values import TenantId
from valor_core.workbench import setup


def foresee_rotation(store: Store) -> tuple[int, int]:
    """The number of the key that would sign, and how many logs would change to it."""
    known, newest = _known(store), max(audit.keys())
    behind = [each for each in known if _signs(store, each) != newest]
    return (newest, len(behind)) if behind else (newest + 1, len(known))


def rotate_key(store: Store, *, reason: str) -> tuple[int, int]:
    """Has a newer key sign every log from here on; its number, and how many logs changed to it.

    A key that waits in the setting, or that an interrupted change left half used, is taken; else
    one is drawn. Processes that serve take it by themselves.
    """
    why, known = stated(reason), _known(store)
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
            changed += audit.rotate(work, reason=why) is not None
    return max(audit.keys()), changed


def _known(store: Store) -> list[TenantId]:
    """Every tenant; the keys are read anew."""
    audit.keys.cache_clear()
    with unit_of_work(setup.operator(setup.PLATFORM), store) as work:
        return [TenantId(row.id) for row in tenants.tenants(work)]


def _signs(store: Store, tenant_id: TenantId) -> int:
    """The number of the key that a tenant's log is signed by now."""
    with unit_of_work(setup.operator(tenant_id), store) as work:
        return audit.locked_head(work).key_id
