"""Explore: filter, group and chart what a snapshot holds, by clicking."""

import streamlit as st

from app.ui import show
from app.ui.explored import explored
from app.ui.exploring import Desk
from app.ui.frame import caller, only_for_its_readers
from app.ui.words import moment
from valor_core.snapshots.explore import Explored
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


st.title("Explore", anchor=False)
with open_work(who) as work:
    rows = {row.id: row for row in snapshots.list_snapshots(work, limit=LISTED)}
    subjects = {each.name: each for each in snapshots.list_subjects(work)}
    names = people.names(work)
if not rows:
    st.info(
        "There is nothing to explore yet: it looks at a snapshot, all that there is at one moment. "
        + (
            "Publish the first one on the page Snapshots."
            if who.role in MAY["snapshot.publish"]
            else "Ask an analyst of your tenant to publish one."
        ),
        icon=":material/photo_camera:",
    )
    st.stop()

left, right = st.columns(2)
chosen = left.selectbox(
    "Snapshot",
    [NEWEST, *rows],
    format_func=lambda id_: moment(from_micros(rows[id_].created_at)) if id_ else "The newest",
    key="explore:snapshot",
    bind="query-params",
)
about = right.selectbox(
    "About",
    list(subjects),
    format_func=lambda name: subjects[name].label,
    key="explore:about",
    bind="query-params",
)
subject = subjects[about]
st.caption(f"One row is {subject.row}.")
view = Desk(subject, names, ask).view()
found = show.or_explain(ask, view)
if found:
    explored(found, names)
