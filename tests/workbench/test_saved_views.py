"""Views that a tenant keeps: each change of them is in the log, and nobody else sees one."""

import pytest

from tests.conftest import ONLY_SQLITE
from tests.moulds import Tenant
from valor_core.errors import AccessDenied, BadInput, NotFound
from valor_core.snapshots import saved_views as kept
from valor_core.snapshots.saved_views import ViewNameTaken, content
from valor_core.snapshots.view import Filter, View
from valor_core.workbench import saved_views
from valor_core.workbench.logbook import read_log
from valor_core.workbench.verb import open_work

VIEW = View(
    dataset="facts",
    filters=(
        Filter(field="item", how="is", values=("revenue", "it's")),
        Filter(field="fiscal_year", how="from", values=(2020,)),
        Filter(field="known", how="is", values=(True,)),
    ),
    rows=("company", "filed_on:year"),
    across="fiscal_year",
    figures=("count", "median:value"),
    order="-median:value",
    limit=40,
)


def names(tenant: Tenant) -> list[str]:
    with open_work(tenant.viewer) as work:
        return [row.name for row in saved_views.list_views(work)]


def test_a_view_is_kept_shared_renamed_changed_and_deleted_and_each_is_logged(acme, rival):
    with open_work(acme.analyst) as work:
        made = saved_views.keep_view(work, "  Revenue   by year ", VIEW)
    with open_work(acme.viewer) as work:
        assert content(saved_views.read_view(work, made.id)) == VIEW
    with open_work(acme.admin) as work:
        saved_views.change_view(work, made.id, name="Revenue")
        saved_views.change_view(work, made.id, shown=View(dataset="usage"))
    with open_work(acme.viewer) as work:
        row = saved_views.read_view(work, made.id)
        assert (row.name, content(row)) == ("Revenue", View(dataset="usage"))
    with open_work(rival.analyst) as work:
        saved_views.keep_view(work, "Revenue", VIEW)
        with pytest.raises(NotFound, match="no view"):
            saved_views.read_view(work, made.id)
    with pytest.raises(NotFound), open_work(rival.admin) as work:
        saved_views.drop_view(work, made.id)

    with open_work(acme.analyst) as work:
        saved_views.drop_view(work, made.id)

    assert (names(acme), names(rival)) == ([], ["Revenue"])
    with open_work(acme.admin) as work:
        told = [row.action for row in read_log(work, limit=4)]
    assert told == ["view.drop", "view.change", "view.change", "view.keep"]


@ONLY_SQLITE
def test_what_cannot_be_kept_is_refused(acme, monkeypatch):
    def keep(name: str, view: View = VIEW) -> None:
        with open_work(acme.analyst) as work:
            saved_views.keep_view(work, name, view)

    keep("Revenue")
    with pytest.raises(ViewNameTaken):
        keep("Revenue")
    with pytest.raises(BadInput, match="no field"):
        keep("Another", View(dataset="facts", rows=("nosuch",)))
    for name in ("", "   ", "x" * 81, "a\u202eb"):
        with pytest.raises(BadInput, match="needs a name"):
            keep(name)
    monkeypatch.setattr(kept, "VIEWS_MAX", 1)
    with pytest.raises(BadInput, match="keeps 1 views"):
        keep("One more")
    with pytest.raises(AccessDenied), open_work(acme.viewer) as work:
        saved_views.keep_view(work, "Mine", VIEW)
    assert names(acme) == ["Revenue"]
