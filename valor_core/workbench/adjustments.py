"""Analysts' adjustments of filed figures: added, dropped and read beside what was filed."""

from datetime import date

from valor_core.coverage import adjustments, companies
from valor_core.coverage.adjustments import Standing
from valor_core.store.tables import AdjustmentRow
from valor_core.store.work import Work
from valor_core.values import CompanyId
from valor_core.workbench.verb import verb, view


@view("adjustment.read")
def list_layers(work: Work) -> list[str]:
    """The names of the tenant's layers."""
    return adjustments.layers(work)


@view("adjustment.read")
def list_adjustments(
    work: Work, company_id: CompanyId, *, as_of: date | None = None, dropped: bool = False
) -> list[Standing]:
    """The adjustments of a company that stand, or were dropped, beside what was filed."""
    company = companies.company(work, company_id)
    return adjustments.standing(work, company.id, as_of=as_of, dropped=dropped)


@verb("adjustment.add")
def add_adjustment(
    work: Work,
    company_id: CompanyId,
    *,
    layer: str,
    item: str,
    fiscal_year: int,
    amount: float,
    rationale: str,
) -> AdjustmentRow:
    """Add an amount to a filed figure in a layer; the filing itself stays as it is."""
    row = adjustments.add(
        work,
        companies.company(work, company_id),
        layer=layer,
        item=item,
        fiscal_year=fiscal_year,
        amount=amount,
        rationale=rationale,
    )
    _note(work, row)
    return row


@verb("adjustment.drop")
def drop_adjustment(work: Work, company_id: CompanyId, adjustment_id: str) -> None:
    """The adjustment counts no more; values that rest on it keep it."""
    company = companies.company(work, company_id)
    _note(work, adjustments.drop(work, company.id, adjustment_id))


def _note(work: Work, row: AdjustmentRow) -> None:
    work.note(
        f"adjustment:{row.id}",
        company=row.company_id,
        layer=row.layer,
        item=row.item,
        fiscal_year=row.fiscal_year,
        amount=f"{row.amount:.6f}",
        unit=row.unit,
    )
