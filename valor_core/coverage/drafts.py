"""What an analyst is working on and has not saved: it survives a reload, and every step back."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import select

from valor_core.errors import Conflict
from valor_core.store.tables import DraftRow, ValuationRow
from valor_core.store.work import Work
from valor_core.values import CompanyId

STEPS_MAX = 50


class StaleDraft(Conflict):
    """Another tab of the same person has changed the draft in the meantime."""

    code, status = "stale_draft", 412

    def __init__(self, *, given: int, current: int) -> None:
        super().__init__(
            f"The draft is at version {current}, not {given}: another tab changed it.",
            hint="Load the draft again, then make the change once more.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDraft:
    """A draft in a list, without its content."""

    company_id: CompanyId
    model: str
    updated_at: int


def open_drafts(work: Work, *, limit: int) -> Sequence[OpenDraft]:
    """The caller's own drafts that are not saved as they stand, the one touched last first."""
    newest = (
        select(ValuationRow.id)
        .where(ValuationRow.company_id == DraftRow.company_id, ValuationRow.model == DraftRow.model)
        .order_by(ValuationRow.created_at.desc(), ValuationRow.id.desc())
        .limit(1)
        .correlate(DraftRow)
        .scalar_subquery()
    )
    rows = work.session.execute(
        select(DraftRow, ValuationRow.inputs, ValuationRow.scenarios)
        .outerjoin(ValuationRow, ValuationRow.id == newest)
        .where(DraftRow.user_id == work.caller.user_id)
        .order_by(DraftRow.updated_at.desc(), DraftRow.company_id)
    )
    unsaved = (
        OpenDraft(company_id=CompanyId(row.company_id), model=row.model, updated_at=row.updated_at)
        for row, *saved in rows
        if not _is_saved(row.content, *saved)
    )
    return list(islice(unsaved, limit))


def _is_saved(content: Any, inputs: Any, scenarios: Any) -> bool:
    """Whether these inputs and scenarios of the newest valuation are what the draft holds."""
    return bool(inputs) and (content.get("inputs"), content.get("scenarios") or None) == (
        inputs,
        (scenarios or {}).get("scenarios"),
    )


def draft(work: Work, company_id: CompanyId, model: str) -> DraftRow | None:
    """The caller's own draft, or None."""
    return work.session.get(DraftRow, _key(work, company_id, model))


def _draft_to_change(
    work: Work, company_id: CompanyId, model: str, expected: int | None
) -> DraftRow | None:
    """The draft, held until this work ends, so that of two changes on one version one is stale."""
    row = work.session.get(DraftRow, _key(work, company_id, model), with_for_update=True)
    current = row.version if row else 0
    if expected is not None and expected != current:
        raise StaleDraft(given=expected, current=current)
    return row


def _key(work: Work, company_id: CompanyId, model: str) -> tuple[str, str, str, str]:
    return work.caller.tenant_id, work.caller.user_id, company_id, model


def keep(
    work: Work, company_id: CompanyId, model: str, content: Any, *, expected: int | None = None
) -> DraftRow:
    """Puts new content; what stood before can be brought back by `step_back`.

    `expected` is the version that the change was made on; StaleDraft when it is another.
    """
    row = _draft_to_change(work, company_id, model, expected)
    content = work.clean(content)
    if row is None:
        row = DraftRow(
            user_id=work.caller.user_id,
            company_id=company_id,
            model=model,
            version=work.now_micros,  # beyond any that an earlier draft of this company reached
            content=content,
            undo=[],
            redo=[],
            updated_at=work.now_micros,
        )
        work.add_all([row])
        return row
    if content != row.content:
        row.undo = [*row.undo, row.content][-STEPS_MAX:]
        row.redo = []
        row.content = content
        _touched(work, row)
    return row


def step_back(
    work: Work, company_id: CompanyId, model: str, *, expected: int | None = None
) -> DraftRow | None:
    """Undo: the content before the last change; None when there is no draft."""
    row = _draft_to_change(work, company_id, model, expected)
    if row and row.undo:
        row.redo = [*row.redo, row.content]
        row.content, row.undo = row.undo[-1], row.undo[:-1]
        _touched(work, row)
    return row


def step_forward(
    work: Work, company_id: CompanyId, model: str, *, expected: int | None = None
) -> DraftRow | None:
    """Redo: the content that was undone last; None when there is no draft."""
    row = _draft_to_change(work, company_id, model, expected)
    if row and row.redo:
        row.undo = [*row.undo, row.content]
        row.content, row.redo = row.redo[-1], row.redo[:-1]
        _touched(work, row)
    return row


def drop(work: Work, company_id: CompanyId, model: str, *, expected: int | None = None) -> None:
    """Forgets the draft, once it is saved or thrown away."""
    row = _draft_to_change(work, company_id, model, expected)
    if row:
        work.session.delete(row)


def _touched(work: Work, row: DraftRow) -> None:
    row.version += 1
    row.updated_at = work.now_micros
