"""Views of snapshots that a tenant keeps: saved, renamed, changed and deleted by its analysts."""

from collections.abc import Sequence

from valor_core.snapshots import saved_views
from valor_core.snapshots.fields import subject_named
from valor_core.snapshots.view import View, planned
from valor_core.store.tables import SavedViewRow
from valor_core.store.work import Work
from valor_core.workbench.verb import verb, view


@view("view.read")
def list_views(work: Work) -> Sequence[SavedViewRow]:
    """The views that the tenant keeps, by name."""
    return saved_views.saved_views(work)


@view("view.read")
def read_view(work: Work, view_id: str) -> SavedViewRow:
    """The view of that id."""
    return saved_views.saved_view(work, view_id)


@verb("view.keep")
def keep_view(work: Work, name: str, shown: View) -> SavedViewRow:
    """Keeps a view under a name, for everybody in the tenant."""
    planned(shown, subject_named(shown.dataset))
    row = saved_views.keep(work, name, shown)
    work.note(f"view:{row.id}", name=row.name)
    return row


@verb("view.change")
def change_view(
    work: Work, view_id: str, *, name: str | None = None, shown: View | None = None
) -> SavedViewRow:
    """Gives a view another name, or lets it show something else; what is none stays as it is."""
    if shown:
        planned(shown, subject_named(shown.dataset))
    before = saved_views.saved_view(work, view_id).name
    row = saved_views.change(work, view_id, name=name, view=shown)
    work.note(f"view:{row.id}", name=row.name, before=before)
    return row


@verb("view.drop")
def drop_view(work: Work, view_id: str) -> None:
    """Deletes a view for everybody in the tenant."""
    row = saved_views.saved_view(work, view_id)
    work.note(f"view:{row.id}", name=row.name)
    work.session.delete(row)
