"""Judges each minute, in whichever process is first, how the providers stand that tenants use."""

import threading

from valor_core.store.engines import Store
from valor_core.telemetry import JOB_RUNS, log
from valor_core.values import Caller, Role, TenantId
from valor_core.workbench.verb import open_work
from valor_core.workbench.watching import is_due, watch

EVERY_S = 15.0
"""How often one looks whether a minute is over."""


def watch_all(store: Store, tenants: list[TenantId], stopped: threading.Event) -> int:
    """Every tenant whose minute is over; how many. Whatever ails one, the others get their turn."""
    watched = 0
    for tenant_id in tenants:
        if stopped.is_set():
            break
        caller = Caller(tenant_id=tenant_id, user_id="health", role=Role.ANALYST, kind="job")
        try:
            with open_work(caller, store) as work:
                due = is_due(work)
            if due:
                watch(store, caller)
                watched += 1
        except Exception:  # noqa: BLE001  whatever ails one tenant, the others get their turn
            JOB_RUNS.labels("provider_health", "failed").inc()
            log.exception("the providers of a tenant could not be watched", tenant=tenant_id)
    return watched
