"""Checkpoints of all logs: signed, kept outside, and told in the installation's own log.

That log is itself a tree with checkpoints, so it is the tree over the checkpoints of all tenants.
"""

from contextlib import suppress
from dataclasses import replace

from valor_core.audit import checkpoints
from valor_core.audit import log as audit
from valor_core.audit.verify import SEALED
from valor_core.errors import ValorError
from valor_core.store.engines import Store
from valor_core.store.work import AlreadyThere, unit_of_work
from valor_core.telemetry import log
from valor_core.tenancy import tenants
from valor_core.values import TenantId
from valor_core.workbench import setup


def seal_log(store: Store, tenant_id: TenantId) -> str:
    """The newest checkpoint of a tenant's log, made now where the log has grown since the last.

    It is told in the log of the installation: in the tenant's own, each would call for the next.
    """
    with suppress(AlreadyThere), unit_of_work(setup.operator(tenant_id), store) as work:
        work.begin_writing()
        point = checkpoints.seal(work)
        if point and tenant_id != setup.PLATFORM:
            with work.acting_as(replace(work.caller, tenant_id=setup.PLATFORM)):
                audit.append(
                    work,
                    SEALED,
                    target=f"tenant:{tenant_id}",
                    details={"size": point.size, "root": point.root.hex()},
                    category="audit",
                )
    with unit_of_work(setup.operator(tenant_id), store) as work:
        return checkpoints.newest_note(work)


def seal_due_logs(store: Store) -> list[TenantId]:
    """A checkpoint of each log that has grown by much, or an hour ago; the installation's last."""
    with unit_of_work(setup.operator(setup.PLATFORM), store) as work:
        known = [TenantId(row.id) for row in tenants.tenants(work)]
    sealed = []
    for tenant_id in sorted(known, key=lambda each: each == setup.PLATFORM):
        with unit_of_work(setup.operator(tenant_id), store) as work:
            due = checkpoints.is_due(work)
        if due:
            try:
                seal_log(store, tenant_id)
                sealed.append(tenant_id)
            except ValorError as error:  # what ails one log must not leave the others unsealed
                log.error("a log cannot be sealed", tenant=tenant_id, error=str(error))
    return sealed
