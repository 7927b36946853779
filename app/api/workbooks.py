"""Workbooks of others, audited for mistakes: the file is the body, and it is not kept."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from app.api.callers import CallersWork, MakesOnce
from app.api.requests import StrictRoute
from app.compute import RUNS
from valor_core.values import new_id
from valor_core.workbench.verb import allowed
from valor_core.workbench.workbooks import Examined, check_may_audit, examined, note_audit
from valor_core.workbooks.audit.rules import TITLES

router = APIRouter(prefix="/workbooks", tags=["workbooks"], route_class=StrictRoute)


class FindingView(BaseModel):
    """A mistake with its cells and its way out."""

    rule: str
    title: str
    severity: str
    sheet: str
    cells: str
    where: str
    formula: str
    said: str
    way_out: str


class AuditView(BaseModel):
    """What an audit found, the gravest first, and how much it has read."""

    file_name: str
    sha256: str
    verdict: str
    sheets: int
    cells: int
    formulas: int
    unread: int
    left_out: int
    findings: list[FindingView]

    @classmethod
    def of(cls, done: Examined) -> "AuditView":
        """The audit as clients see it."""
        found = done.audit
        return cls(
            file_name=done.file_name,
            sha256=done.sha256,
            verdict=found.verdict,
            sheets=found.sheets,
            cells=found.cells,
            formulas=found.formulas,
            unread=found.unread,
            left_out=found.left_out,
            findings=[
                FindingView(
                    rule=each.rule,
                    title=TITLES[each.rule],
                    severity=each.severity,
                    sheet=each.sheet,
                    cells=each.cells,
                    where=each.where,
                    formula=each.formula,
                    said=each.said,
                    way_out=each.way_out,
                )
                for each in found.findings
            ],
        )


@router.post("/audit", response_model=AuditView)
def audit_workbook(
    work: CallersWork,
    once: MakesOnce,
    file_name: Annotated[str, Query(min_length=1, max_length=200)],
) -> Response:
    """Find the mistakes of the .xlsx in the body; nothing in it is computed, followed or kept."""
    allowed(work, "workbook.audit")
    if not once.is_repeated:
        check_may_audit(work)
    # Apart from the serving process, and before the writer is taken: a large file takes its time.
    owner = f"{work.caller.tenant_id}:{new_id()}"
    done = RUNS.start(owner, examined, once.body, file_name).result()
    return once.do(lambda: AuditView.of(note_audit(work, done)), status=200)
