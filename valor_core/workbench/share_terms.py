"""Splits and ADR ratios that a tenant states: added, dropped and read, each with its reason."""

from collections.abc import Sequence
from datetime import date

from valor_core.coverage import companies, share_terms
from valor_core.coverage.share_terms import Kind
from valor_core.store.tables import ShareTermRow
from valor_core.store.work import Work
from valor_core.values import CompanyId
from valor_core.workbench.verb import verb, view


@view("share_term.read")
def list_terms(work: Work, company_id: CompanyId) -> Sequence[ShareTermRow]:
    """All that was stated of a company's shares, what was dropped too, the newest day first."""
    return share_terms.terms(work, companies.company(work, company_id).id)


@verb("share_term.add")
def add_term(
    work: Work, company_id: CompanyId, *, kind: Kind, ratio: float, on: date, rationale: str
) -> ShareTermRow:
    """State a split, or the shares behind an ADR, of a company from a day on."""
    company = companies.company(work, company_id)
    row = share_terms.add(work, company.id, kind=kind, ratio=ratio, on=on, rationale=rationale)
    _note(work, row)
    return row


@verb("share_term.drop")
def drop_term(work: Work, company_id: CompanyId, term_id: str) -> None:
    """It counts no more; values that rest on it keep their numbers."""
    _note(work, share_terms.drop(work, companies.company(work, company_id).id, term_id))


def _note(work: Work, row: ShareTermRow) -> None:
    work.note(
        f"share_term:{row.id}",
        company=row.company_id,
        kind=row.kind,
        ratio=f"{row.ratio:.6g}",
        on=row.effective_on,
    )
