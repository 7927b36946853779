"""What an analyst works on before it is saved: kept at each step, so that nothing is lost."""

from collections.abc import Sequence
from typing import Any

from valor_core.coverage import companies, drafts
from valor_core.coverage.drafts import OpenDraft
from valor_core.errors import BadInput
from valor_core.store.tables import DraftRow
from valor_core.store.work import Work
from valor_core.values import CompanyId
from valor_core.workbench.verb import verb, view

CONTENT_MAX = 200_000


@view("draft.read")
def read_draft(work: Work, company_id: CompanyId, *, model: str = "dcf") -> DraftRow | None:
    """The caller's own draft for a company, or None."""
    return drafts.draft(work, companies.company(work, company_id).id, model)


@view("draft.read")
def list_drafts(work: Work, *, limit: int = 20) -> Sequence[OpenDraft]:
    """The caller's own drafts that are not saved as they stand, the one touched last first."""
    return drafts.open_drafts(work, limit=limit)


@verb("draft.keep", audited=False)
def keep_draft(
    work: Work,
    company_id: CompanyId,
    content: dict[str, Any],
    *,
    model: str = "dcf",
    expected: int | None = None,
) -> DraftRow:
    """Keep new content; the content before can be brought back. StaleDraft on another version."""
    if len(str(content)) > CONTENT_MAX:
        raise BadInput(
            "This draft is too large to be kept.", hint=f"At most {CONTENT_MAX:,} characters."
        )
    company = companies.company(work, company_id)
    return drafts.keep(work, company.id, model, content, expected=expected)


@verb("draft.keep", audited=False)
def undo_draft(
    work: Work, company_id: CompanyId, *, model: str = "dcf", expected: int | None = None
) -> DraftRow | None:
    """Bring back the content before the last change. StaleDraft on another version."""
    company = companies.company(work, company_id)
    return drafts.step_back(work, company.id, model, expected=expected)


@verb("draft.keep", audited=False)
def redo_draft(
    work: Work, company_id: CompanyId, *, model: str = "dcf", expected: int | None = None
) -> DraftRow | None:
    """Bring back the content that was undone last. StaleDraft on another version."""
    company = companies.company(work, company_id)
    return drafts.step_forward(work, company.id, model, expected=expected)


@verb("draft.drop", audited=False)
def drop_draft(
    work: Work, company_id: CompanyId, *, model: str = "dcf", expected: int | None = None
) -> None:
    """Throw the draft away. StaleDraft on another version."""
    drafts.drop(work, companies.company(work, company_id).id, model, expected=expected)
