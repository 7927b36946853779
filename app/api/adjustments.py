"""Analysts' adjustments of filed figures: a named layer over the filing, each with its reason."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.callers import CallersWork, MakesOnce
from app.api.companies import AsOf
from app.api.requests import StrictRoute
from valor_core.coverage.adjustments import Standing
from valor_core.values import CompanyId, from_micros
from valor_core.workbench import adjustments, companies
from valor_core.workbench.adjustments import AdjustmentRow
from valor_core.workbench.verb import allowed

router = APIRouter(
    prefix="/companies/{company_id}/adjustments", tags=["adjustments"], route_class=StrictRoute
)


class AdjustmentBody(BaseModel):
    """What is to be added to a filed figure, in which layer, and why."""

    model_config = ConfigDict(extra="forbid")

    layer: str = Field(description="Its name, such as Adjusted; a new one makes a layer.")
    item: str = Field(description="As the facts name it, such as operating_income.")
    fiscal_year: int
    amount: float = Field(description="Added to the filed figure, in its unit.")
    rationale: str


class AdjustmentLine(BaseModel):
    """An adjustment that was made."""

    id: str
    layer: str
    item: str
    fiscal_year: int
    amount: float
    unit: str
    rationale: str
    at: datetime
    by: str
    dropped_at: datetime | None
    dropped_by: str | None

    @classmethod
    def of(cls, row: AdjustmentRow) -> "AdjustmentLine":
        """The row as clients see it."""
        return cls(
            id=row.id,
            layer=row.layer,
            item=row.item,
            fiscal_year=row.fiscal_year,
            amount=row.amount,
            unit=row.unit,
            rationale=row.rationale,
            at=from_micros(row.created_at),
            by=row.created_by,
            dropped_at=None if row.dropped_at is None else from_micros(row.dropped_at),
            dropped_by=row.dropped_by,
        )


class AdjustmentView(AdjustmentLine):
    """An adjustment beside the figure that it was made to."""

    filed: float | None = Field(description="None: not known on that day.")
    accession: str | None
    adjusted: float | None = Field(description="With all that the layer adds to the figure.")

    @classmethod
    def beside(cls, told: Standing) -> "AdjustmentView":
        """The adjustment and what was filed, as clients see them."""
        return cls(
            **AdjustmentLine.of(told.row).model_dump(),
            filed=told.filed.value if told.filed else None,
            accession=told.filed.accession if told.filed else None,
            adjusted=told.adjusted,
        )


class AdjustmentsView(BaseModel):
    """The adjustments of a company, the newest fiscal year first."""

    company_id: str
    as_of: date | None
    adjustments: list[AdjustmentView]


@router.get("")
def list_adjustments(
    work: CallersWork,
    company_id: str,
    as_of: AsOf = None,
    dropped: Annotated[bool, Query(description="Also those that were dropped.")] = False,
) -> AdjustmentsView:
    """The adjustments of a company's figures, beside what was filed as known on a day."""
    company = companies.read_company(work, company_id)
    told = adjustments.list_adjustments(work, company.id, as_of=as_of, dropped=dropped)
    return AdjustmentsView(
        company_id=company.id,
        as_of=as_of,
        adjustments=[AdjustmentView.beside(each) for each in told],
    )


@router.post("", status_code=201, response_model=AdjustmentLine)
def add_adjustment(
    work: CallersWork, once: MakesOnce, company_id: str, body: AdjustmentBody
) -> Response:
    """Add an amount to a filed figure in a layer; the filing itself stays as it is."""
    allowed(work, "adjustment.add")

    def add() -> AdjustmentLine:
        row = adjustments.add_adjustment(
            work,
            CompanyId(company_id),
            layer=body.layer,
            item=body.item,
            fiscal_year=body.fiscal_year,
            amount=body.amount,
            rationale=body.rationale,
        )
        return AdjustmentLine.of(row)

    return once.do(add)


@router.delete("/{adjustment_id}", status_code=204)
def drop_adjustment(work: CallersWork, company_id: str, adjustment_id: str) -> None:
    """The adjustment counts no more; saved values that rest on it keep it."""
    adjustments.drop_adjustment(work, CompanyId(company_id), adjustment_id)
