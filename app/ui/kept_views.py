"""Views that the tenant keeps: opened by their address, saved, shared, renamed and deleted."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from app.prepared import PREPARED, Prepared
from app.ui import show
from app.ui.doing import done
from app.ui.exploring import Desk
from app.ui.words import moment, person
from valor_core.snapshots.explore import Explored
from valor_core.snapshots.exported import EXPORTS
from valor_core.snapshots.fields import Subject, subject_named
from valor_core.snapshots.saved_views import NAME_MAX, content
from valor_core.snapshots.view import View, planned
from valor_core.store.work import Work
from valor_core.tenancy.access import MAY
from valor_core.values import Caller, from_micros
from valor_core.workbench import saved_views
from valor_core.workbench.saved_views import SavedViewRow
from valor_core.workbench.verb import open_work

ABOUT, OPENED = "about", "explore:opened"


def opened_view(
    who: Caller, subjects: Mapping[str, Subject], desk_of: Callable[[Subject], Desk]
) -> SavedViewRow | None:
    """The view that the address names; what it shows is clicked together once."""
    view_id = st.query_params.get("view")
    if not view_id:
        st.session_state.pop(OPENED, None)
        return None
    row = show.or_explain(_read, who, view_id)
    if row and st.session_state.get(OPENED) != (row.id, row.changed_at):
        view = content(row)
        if view.dataset not in subjects:
            st.info(
                f"The view {show.plain(row.name)} is about what your role may not read. Ask an "
                "administrator of your tenant.",
                icon=":material/lock:",
            )
            return None
        if show.or_explain(planned, view, subject_named(view.dataset)) is None:
            return None
        st.session_state[OPENED] = row.id, row.changed_at
        st.session_state[ABOUT] = view.dataset
        desk_of(subject_named(view.dataset)).show(view)
    return row


def _read(who: Caller, view_id: str) -> SavedViewRow:
    with open_work(who) as work:
        return saved_views.read_view(work, view_id)


def keeping(who: Caller, view: View, opened: SavedViewRow | None) -> None:
    """Saving what is shown, as a view of its own or instead of the one that was opened."""
    if who.role not in MAY["view.keep"]:
        return
    with st.popover("Save view", icon=":material/bookmark_add:"):
        name = st.text_input(
            "Name", value=opened.name if opened else "", max_chars=NAME_MAX, key="view:name",
            placeholder="What it shows, such as revenue by year",
        )  # fmt: skip
        with st.container(horizontal=True):
            change = bool(opened) and st.button("Save changes", type="primary")
            keep = st.button("Save as new" if opened else "Save", type="secondary")
    if change and opened:
        _saved(who, lambda work: saved_views.change_view(work, opened.id, name=name, shown=view))
    elif keep:
        _saved(who, lambda work: saved_views.keep_view(work, name, view))


def _saved(who: Caller, act: Callable[[Work], SavedViewRow]) -> None:
    row = done(who, act)
    if row:
        st.session_state[OPENED] = row.id, row.changed_at
        st.query_params["view"] = row.id
        st.toast("The view is saved.", icon=":material/bookmark_added:")
        st.rerun()


def taking_along(who: Caller, subject: Subject, found: Explored) -> None:
    """The answer as a file, made when it is asked for."""
    with st.popover("Export", icon=":material/download:"):
        st.caption("The lines of the table; numbers are not in millions or percent.")
        pressed = [
            ending
            for ending, each in EXPORTS.items()
            if st.button(each.label, key=f"export:{ending}", width="stretch")
        ]
        for ending in pressed:
            file = Prepared(
                act=subject.acts[0],
                name=f"valor-{found.view.dataset}-{found.cut[:10]}.{ending}",
                media_type=EXPORTS[ending].media_type,
                raw=EXPORTS[ending].write(found),
            )
            st.link_button(f"Download {file.name}", PREPARED.keep(who, file))


def kept_views(who: Caller, subjects: Mapping[str, Subject], names: Mapping[str, str]) -> None:
    """All views of the tenant, and what may be done with each."""
    with open_work(who) as work:
        rows = saved_views.list_views(work)
    if not rows:
        st.info(
            "No view is saved yet. Click one together in the section View, then save it there.",
            icon=":material/bookmark:",
        )
        return
    st.dataframe(
        {
            "Open": [f"/explore?view={row.id}" for row in rows],
            "View": [row.name for row in rows],
            "About": [_about(row, subjects) for row in rows],
            "Changed by": [person(row.changed_by, names) for row in rows],
            "Changed": [moment(from_micros(row.changed_at)) for row in rows],
        },
        column_config={"Open": st.column_config.LinkColumn(display_text="open", width="small")},
        hide_index=True,
        key="kept_views",
        alt=f"{len(rows)} saved views",
    )
    if who.role in MAY["view.change"]:
        _managing(who, rows)


def _about(row: SavedViewRow, subjects: Mapping[str, Subject]) -> str:
    subject = subjects.get(row.content["dataset"])
    return subject.label if subject else "what your role may not read"


def _managing(who: Caller, rows: Sequence[SavedViewRow]) -> None:
    by_id = {row.id: row for row in rows}
    with st.expander("Rename or delete", icon=":material/edit:"):
        chosen = st.selectbox("View", list(by_id), format_func=lambda each: by_id[each].name)
        row = by_id[chosen]
        name = st.text_input("Its name", value=row.name, max_chars=NAME_MAX, key=f"name:{chosen}")
        with st.container(horizontal=True):
            rename = st.button("Rename", disabled=name == row.name)
            drop = st.button("Delete for everybody", icon=":material/delete:")
    if rename and done(who, lambda work: saved_views.change_view(work, row.id, name=name)):
        st.rerun()
    if drop and done(who, lambda work: _dropped(work, row.id)):
        st.query_params.pop("view", None)
        st.rerun()


def _dropped(work: Work, view_id: str) -> bool:
    saved_views.drop_view(work, view_id)
    return True
