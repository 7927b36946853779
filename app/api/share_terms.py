"""Splits and ADR ratios that a tenant states of a company, each with its day and reason."""

from datetime import date, datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.callers import CallersWork, MakesOnce
from app.api.requests import StrictRoute
from valor_core.coverage.share_terms import Kind
from valor_core.values import CompanyId, from_micros
from valor_core.workbench import companies, share_terms
from valor_core.workbench.share_terms import ShareTermRow
from valor_core.workbench.verb import allowed

router = APIRouter(
    prefix="/companies/{company_id}/share-terms", tags=["companies"], route_class=StrictRoute
)


class TermBody(BaseModel):
    """A split, or the shares behind an ADR."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    ratio: float = Field(description="New shares for each old one; shares behind one ADR.")
    on: date = Field(description="From this day on.")
    rationale: str


class TermView(BaseModel):
    """What was stated, and whether it still counts."""

    id: str
    kind: Kind
    ratio: float
    on: date
    rationale: str
    at: datetime
    by: str
    dropped_at: datetime | None
    dropped_by: str | None

    @classmethod
    def of(cls, row: ShareTermRow) -> "TermView":
        """The row as clients see it."""
        return cls(
            id=row.id,
            kind=Kind(row.kind),
            ratio=row.ratio,
            on=date.fromisoformat(row.effective_on),
            rationale=row.rationale,
            at=from_micros(row.created_at),
            by=row.created_by,
            dropped_at=None if row.dropped_at is None else from_micros(row.dropped_at),
            dropped_by=row.dropped_by,
        )


class TermsView(BaseModel):
    """What was stated of a company's shares, the newest day first."""

    company_id: str
    terms: list[TermView]


@router.get("")
def list_terms(work: CallersWork, company_id: str) -> TermsView:
    """All that was stated, what was dropped too."""
    company = companies.read_company(work, company_id)
    told = share_terms.list_terms(work, company.id)
    return TermsView(company_id=company.id, terms=[TermView.of(each) for each in told])


@router.post("", status_code=201, response_model=TermView)
def add_term(work: CallersWork, once: MakesOnce, company_id: str, body: TermBody) -> Response:
    """State a split, or the shares behind an ADR, from a day on."""
    allowed(work, "share_term.add")

    def add() -> TermView:
        row = share_terms.add_term(
            work,
            CompanyId(company_id),
            kind=body.kind,
            ratio=body.ratio,
            on=body.on,
            rationale=body.rationale,
        )
        return TermView.of(row)

    return once.do(add)


@router.delete("/{term_id}", status_code=204)
def drop_term(work: CallersWork, company_id: str, term_id: str) -> None:
    """It counts no more; it stays to be seen."""
    share_terms.drop_term(work, CompanyId(company_id), term_id)
