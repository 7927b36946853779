"""Snapshots: what each holds, what changed since the one before, and whether it is unchanged."""

from collections.abc import Sequence

import streamlit as st

from app.ui import show
from app.ui.frame import caller, go, link, only_for_its_readers
from app.ui.words import counted, person
from valor_core.settings import setting
from valor_core.snapshots.catalogue import NoSnapshot
from valor_core.snapshots.manifest import Manifest
from valor_core.tenancy.access import MAY
from valor_core.values import from_micros
from valor_core.workbench import people, snapshots
from valor_core.workbench.licences import read_held_back
from valor_core.workbench.snapshots import Cleared, DatasetChange, SnapshotRow, SnapshotVerdict
from valor_core.workbench.verb import open_work

LISTED = 100

only_for_its_readers("snapshots")
if "sql" in st.query_params or "question" in st.query_params:  # links of earlier versions
    go("explore", **st.query_params.to_dict())
who = caller()


def publish() -> Manifest:
    """A cut of everything as it is now, with a bar that says how far it is."""
    bar = st.progress(0.0, "Reading what has changed …")
    with open_work(who) as work:
        made = snapshots.cut_snapshot(
            work, progress=lambda done, of: bar.progress(done / of, f"Part {done + 1} of {of} …")
        )
        kept = snapshots.keep_snapshot(work, made)
    bar.empty()
    return kept


def verified(snapshot_id: str) -> SnapshotVerdict:
    """Every byte read again."""
    with open_work(who) as work:
        return snapshots.verify_snapshot(work, snapshot_id)


def cleared() -> Cleared:
    """What is old enough, and what nothing names, taken away."""
    with open_work(who) as work:
        return snapshots.clear_snapshots(work)


def titled(row: SnapshotRow) -> str:
    """A snapshot as people choose it."""
    by = person(row.created_by, names)
    values = counted(row.valuations_n, "saved value")
    at = f"{from_micros(row.created_at):%Y-%m-%d %H:%M:%S} UTC"
    return f"{at}, {row.facts_n:,} figures, {values}, by {by}"


def since(change: DatasetChange) -> str:
    """How many rows came or went."""
    more = change.rows - change.rows_before
    if more:
        return f"{more:+,}"
    return "changed" if change.parts_made else "as before"


def holds(changes: Sequence[DatasetChange], *, first: bool) -> None:
    """What is in the snapshot, and what of it is new."""
    show.listing(
        "What it holds" if first else "What it holds, and what has changed since the one before",
        ["What", "Rows", *([] if first else ["Since the one before"]), "One row is"],
        [
            [each.label, f"{each.rows:,}", *([] if first else [since(each)]), each.row]
            for each in changes
        ],
        text=frozenset({"What", "One row is"}),
    )


def told(verdict: SnapshotVerdict) -> None:
    """The verdict in words."""
    if verdict.holds:
        st.success(
            f"Unchanged: all {counted(verdict.files, 'file')} ({verdict.size:,} bytes) are byte "
            "for byte what was published, and the audit log stood where the snapshot says.",
            icon=":material/verified:",
        )
        return
    st.error(
        f"Not what was published: {'; '.join(verdict.flaws)}. "
        "Publish again: what has not changed since is written anew, and this one is whole again.",
        icon=":material/gpp_bad:",
    )


def identity(made: Manifest) -> None:
    """What others need to name it."""
    with st.expander("How to name it elsewhere", icon=":material/fingerprint:"):
        show.listed(
            "Of this snapshot",
            [
                ("Id", made.id),
                ("One before", made.parent or "none"),
                ("Moment", made.cut),
                ("Audit log", f"{made.audit_size:,} entries at that moment"),
                ("Made by", made.engine),
                ("Size", f"{counted(len(made.files), 'file')}, {made.size:,} bytes"),
            ],
        )


def housekeeping() -> None:
    """What an administrator may clear away."""
    days = setting("VALOR_SNAPSHOTS_KEPT_DAYS")
    with st.expander("Clear away old snapshots", icon=":material/cleaning_services:"):
        st.write(
            f"Snapshots older than {days} days go, but for the newest one, those under a legal "
            "hold and those that a report stands on. So do files that no snapshot names."
        )
        if st.button("Clear away", key="clear_snapshots"):
            done = show.or_explain(cleared)
            if done:
                st.toast(
                    f"{counted(done.snapshots, 'snapshot')} and {counted(done.files, 'file')} "
                    "cleared away.",
                    icon=":material/check:",
                )


st.title("Snapshots", anchor=False)
st.write(
    "A snapshot keeps all that there is at one moment. It never changes, so that a screen or a "
    "report can be made again from the very same figures."
)
if who.role in MAY["snapshot.publish"] and st.button(
    "Publish a snapshot", icon=":material/photo_camera:", type="primary"
):
    published = show.or_explain(publish)
    if published:
        st.session_state["snapshot"] = published.id  # the newest is the one that is looked at
        st.toast("The snapshot is published.", icon=":material/check:")

with open_work(who) as work:
    rows = {row.id: row for row in snapshots.list_snapshots(work, limit=LISTED)}
    names = people.names(work)
    held_back = read_held_back(work)
if not rows:
    st.info(
        "There is no snapshot yet. "
        + (
            "Publish the first one by the button above: it takes a few seconds."
            if who.role in MAY["snapshot.publish"]
            else "Ask an analyst of your tenant to publish one."
        ),
        icon=":material/photo_camera:",
    )
    st.stop()

with show.asked():
    chosen = st.selectbox(
        "Snapshot",
        list(rows),
        format_func=lambda id_: titled(rows[id_]),
        key="snapshot",
        bind="query-params",
    )
try:
    with open_work(who) as work:
        made = snapshots.read_snapshot(work, chosen)
        changes = snapshots.compare_with_before(work, made.id)
except NoSnapshot as error:
    show.refusal(error)
    st.stop()
with st.container(horizontal=True, vertical_alignment="center"):
    link("screen", "Screen its companies", icon=":material/filter_alt:", snapshot=made.id)
    link("explore", "Explore it, ask questions", icon=":material/pivot_table_chart:",
         snapshot=made.id)  # fmt: skip
    asked_to_verify = st.button("Verify", icon=":material/verified_user:")
if asked_to_verify:
    with st.spinner("Reading every byte …"):
        verdict = show.or_explain(verified, made.id)
    if verdict:
        told(verdict)
holds(changes, first=made.parent is None)
for title in held_back:
    st.caption(
        f"Figures of {title} are in no snapshot: its terms do not allow them to be given on."
    )
identity(made)
if who.role in MAY["snapshot.gc"]:
    housekeeping()
