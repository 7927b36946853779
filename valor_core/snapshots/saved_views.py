"""Views that people keep: each by a name of its own in the tenant, for all of its members."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import func, select

from valor_core.errors import BadInput, Conflict, NotFound
from valor_core.snapshots.view import Filter, View
from valor_core.store.tables import SavedViewRow
from valor_core.store.work import Work
from valor_core.values import new_id

VIEWS_MAX, NAME_MAX = 500, 80


class ViewNameTaken(Conflict):
    """Another view of the tenant has that name."""

    code = "view_name_taken"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is a view called {name!r} already.",
            hint="Choose another name, or open that view and change it.",
        )


def keep(work: Work, name: str, view: View) -> SavedViewRow:
    """A view under a name that no other one has."""
    if count(work) >= VIEWS_MAX:
        raise BadInput(
            f"Your tenant keeps {VIEWS_MAX} views already.", hint="Delete one that nobody uses."
        )
    row = SavedViewRow(
        id=new_id(),
        name=_free_name(work, name),
        content=asdict(view),
        created_at=work.now_micros,
        created_by=work.caller.actor,
        changed_at=work.now_micros,
        changed_by=work.caller.actor,
    )
    work.add_all([row])
    return row


def change(work: Work, view_id: str, *, name: str | None, view: View | None) -> SavedViewRow:
    """The same view with another name, another content, or both."""
    row = saved_view(work, view_id)
    row.name = row.name if name is None else _free_name(work, name, but=row.id)
    row.content = asdict(view) if view else row.content
    row.changed_at, row.changed_by = work.now_micros, work.caller.actor
    return row


def saved_view(work: Work, view_id: str) -> SavedViewRow:
    """The tenant's view of that id; NotFound otherwise."""
    row = work.session.get(SavedViewRow, (work.caller.tenant_id, view_id))
    if row is None:
        raise NotFound("view", view_id[:80], hint="It may have been deleted: look in the list.")
    return row


def saved_views(work: Work) -> Sequence[SavedViewRow]:
    """All of the tenant's views, by name."""
    return work.session.scalars(select(SavedViewRow).order_by(SavedViewRow.name)).all()


def count(work: Work) -> int:
    """How many views the tenant keeps."""
    return work.session.scalar(select(func.count()).select_from(SavedViewRow)) or 0


def content(row: SavedViewRow) -> View:
    """The view as it was kept."""
    told: dict[str, Any] = row.content
    return View(
        dataset=told["dataset"],
        filters=tuple(
            Filter(field=each["field"], how=each["how"], values=tuple(each["values"]))
            for each in told["filters"]
        ),
        columns=tuple(told["columns"]),
        rows=tuple(told["rows"]),
        across=told["across"],
        figures=tuple(told["figures"]),
        order=told["order"],
        limit=told["limit"],
    )


def _free_name(work: Work, name: str, *, but: str = "") -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_MAX or not name.isprintable():
        raise BadInput(
            "A view needs a name.", hint=f"Say in 1 to {NAME_MAX} characters what it shows."
        )
    taken = select(SavedViewRow.id).where(SavedViewRow.name == name, SavedViewRow.id != but)
    if work.session.scalar(taken):
        raise ViewNameTaken(name)
    return name
