"""Explore: what a snapshot holds, by clicking, by questions that have a name, and by SQL."""

import streamlit as st

from app.ui import show
from app.ui.explored import explored
from app.ui.exploring import Desk
from app.ui.frame import caller, link, only_for_its_readers
from app.ui.kept_views import ABOUT, keeping, kept_views, opened_view, taking_along
from app.ui.questions import questions
from app.ui.sql_box import sql_box
from app.ui.words import moment
from valor_core.snapshots.explore import Explored
from valor_core.snapshots.fields import Subject
from valor_core.snapshots.manifest import Manifest
from valor_core.snapshots.view import View
from valor_core.tenancy.access import MAY
from valor_core.values import from_micros
from valor_core.workbench import people, snapshots
from valor_core.workbench.verb import open_work

LISTED = 100
NEWEST = ""

only_for_its_readers("explore")
who = caller()


def ask(view: View) -> Explored:
    """What the view shows of the snapshot that is looked at."""
    with open_work(who) as work:
        return snapshots.explore(work, view, snapshot_id=chosen or None)


def manifest() -> Manifest:
    """The snapshot that is looked at."""
    with open_work(who) as work:
        return snapshots.find_snapshot(work, chosen or "latest")


def desk_of(subject: Subject) -> Desk:
    """Where a view of the subject is put together."""
    return Desk(subject, names, ask)


def titled(snapshot_id: str) -> str:
    """A snapshot by its moment."""
    at = moment(from_micros(rows[snapshot_id or next(iter(rows))].created_at))
    return at if snapshot_id else f"The newest, {at}"


def clicked() -> None:
    """A view and its answer."""
    opened = opened_view(who, subjects, desk_of)
    if opened:
        st.header(show.plain(opened.name), anchor=False)
    with show.asked():
        about = st.selectbox(
            "About", list(subjects), format_func=lambda name: subjects[name].label, key=ABOUT
        )
    st.caption(f"One row is {subjects[about].row}.")
    view = desk_of(subjects[about]).view()
    found = show.or_explain(ask, view)
    if found is None:
        return
    if found.instead_of:
        st.warning(
            f"{found.instead_of} This is the last good one before it; publish a new snapshot to "
            "mend it.",
            icon=":material/healing:",
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        keeping(who, view, opened)
        if found.rows:
            taking_along(who, subjects[about], found)
        if opened:
            show.links({"Link to share": f"/explore?view={opened.id}"})
    explored(found, names)


st.title("Explore", anchor=False)
with open_work(who) as work:
    rows = {row.id: row for row in snapshots.list_snapshots(work, limit=LISTED)}
    subjects = {each.name: each for each in snapshots.list_subjects(work)}
    names, may_write_sql = people.names(work), snapshots.is_sql_open(work)
if not rows:
    may_publish = who.role in MAY["snapshot.publish"]
    st.info(
        "There is nothing to explore yet: this page looks at a snapshot, all that there is at one "
        f"moment. {'Publish' if may_publish else 'Ask an analyst of your tenant to publish'} the "
        "first one.",
        icon=":material/photo_camera:",
    )
    if may_publish:
        link("snapshots", "To the page Snapshots", icon=":material/photo_camera:")
    st.stop()

with show.asked():
    chosen = st.selectbox(
        "Snapshot", [NEWEST, *rows], format_func=titled, key="snapshot", bind="query-params"
    )
sections = ["View", "Saved views", "Questions", *(["SQL"] if may_write_sql else [])]
if "question" in st.query_params:  # a link to a question, or to a statement
    st.session_state.setdefault("explore:section", "Questions")
elif "sql" in st.query_params and may_write_sql:
    st.session_state.setdefault("explore:section", "SQL")
section = show.section(sections, of="explore")
if section == "Saved views":
    kept_views(who, subjects, names)
elif section in ("Questions", "SQL"):
    made = show.or_explain(manifest)
    if made:
        (questions if section == "Questions" else sql_box)(who, made)
else:
    clicked()
