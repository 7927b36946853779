"""One row for each act that counts, in the transaction of the act."""

import hashlib
from enum import StrEnum

from valor_core.store.tables import UsageEventRow
from valor_core.store.work import Work


class Meter(StrEnum):
    """What is counted."""

    VALUATIONS = "valuations"
    IMPORTS = "imports"
    SNAPSHOTS = "snapshots"
    REPORTS = "reports"
    AUDITS = "workbook_audits"
    SIMULATIONS = "simulations"
    BATCHES = "batches"


def count(work: Work, meter: Meter, *, act: str, act_id: str, quantity: int = 1) -> None:
    """Counts an act once: the key derives from the act, so that a repetition finds it there."""
    tenant = work.caller.tenant_id
    key = hashlib.sha256(f"{tenant}|{act_id}|{meter}".encode()).hexdigest()
    work.add_all(
        [
            UsageEventRow(
                idem_key=key,
                meter=meter,
                quantity=quantity,
                occurred_at=work.now_micros,
                act=act,
                actor=work.caller.actor,
            )
        ]
    )
