"""Workbooks that people bring: audited for mistakes, and not kept."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from valor_core.billing.metering import Meter
from valor_core.store.work import Work
from valor_core.tenancy import quotas
from valor_core.workbench.verb import allowed, verb
from valor_core.workbooks.audit.findings import Audit, Severity
from valor_core.workbooks.audit.rules import audit_workbook


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A workbook's audit, and which file it is of."""

    file_name: str
    sha256: str
    audit: Audit


def check_may_audit(work: Work) -> None:
    """A refusal before a workbook is read, where the audit could not be counted after it."""
    allowed(work, "workbook.audit")
    quotas.check_room(work, Meter.AUDITS)


def examined(
    raw: bytes, file_name: str, tell: Callable[[float], None] = lambda _: None
) -> Examined:
    """Audits a workbook; it takes no database and no lock, since a large one takes its time."""
    name = file_name.rsplit("/", 1)[-1].rsplit("\\", 1)[-1][:200]
    found = audit_workbook(raw, tell)
    return Examined(file_name=name, sha256=hashlib.sha256(raw).hexdigest(), audit=found)


@verb("workbook.audit", meter=Meter.AUDITS)
def note_audit(work: Work, done: Examined) -> Examined:
    """Count an audit and note which file it was of; the file itself is not kept."""
    work.note(
        f"workbook:{done.sha256[:16]}",
        sha256=done.sha256,
        file_name=done.file_name,
        formulas=done.audit.formulas,
        errors=done.audit.count(Severity.ERROR),
        warnings=done.audit.count(Severity.WARNING),
    )
    return done
