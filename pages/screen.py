"""Screen: filter and rank all companies by what they filed and by their saved values."""

from datetime import datetime

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from app.ui import show, words
from app.ui.frame import caller, leads, only_for_its_readers
from valor_core.amounts import shown as amounts
from valor_core.errors import ValorError
from valor_core.models.fields import Unit
from valor_core.snapshots.catalogue import NoSnapshot
from valor_core.snapshots.manifest import Manifest
from valor_core.snapshots.measures import MEASURE, MEASURES, Measure
from valor_core.snapshots.screen import ROWS_MAX, Bounds, Screened, ScreenedCompany
from valor_core.tenancy.access import MAY
from valor_core.values import from_micros
from valor_core.workbench import snapshots
from valor_core.workbench.verb import open_work

FILTERS = (
    "growth", "growth_3y", "operating_margin", "fcf_margin", "roic", "net_debt_to_ebitda",
    "ev_to_ebitda", "pe_at_value",
)  # fmt: skip
TABLE_HEIGHT = 480
SUFFIX = {Unit.RATE: ", %", Unit.RATIO: ", ×"}
FORMAT = {Unit.RATE: "%.1f %%", Unit.RATIO: "%.1f×"}

only_for_its_readers("screen")
who = caller()


def publish() -> Manifest:
    """A cut of everything as it is now."""
    with open_work(who) as work:
        return snapshots.publish_snapshot(work)


def screened(bounds: dict[str, Bounds], order: str, *, descending: bool) -> Screened:
    """The companies that pass."""
    with open_work(who) as work:
        return snapshots.screen(
            work, bounds, order=order, descending=descending, limit=ROWS_MAX,
            snapshot_id=st.query_params.get("snapshot"),
        )  # fmt: skip


def heading(measure: Measure) -> str:
    """A measure's label with its unit."""
    if measure.unit is Unit.MONEY:
        return f"{measure.label}, {amounts()}"
    return measure.label + SUFFIX.get(measure.unit, "")


def scale(measure: Measure) -> float:
    """What one unit on the screen is in the snapshot."""
    if measure.unit is Unit.MONEY:
        return amounts().size
    return 0.01 if measure.unit is Unit.RATE else 1.0


def on_screen(measure: Measure, value: float | None) -> float | None:
    """As people read it: rates in percent, money in their unit."""
    return None if value is None else value / scale(measure)


def bounds_of(measure: Measure) -> Bounds:
    """What a measure must lie between; an empty end is open."""
    ends = [
        st.number_input(
            f"{heading(measure)} {end}", value=None, placeholder="any", step=1.0, format="%.1f",
            help=measure.meaning, key=f"screen_{measure.name}_{end}", width=206,
            bind="query-params",
        )
        for end in ("from", "to")
    ]  # fmt: skip
    least, most = (None if end is None else end * scale(measure) for end in ends)
    return Bounds(least=least, most=most)


def line(row: ScreenedCompany) -> dict[str, object]:
    """A company as a row of the table."""
    return {
        "Company": f"{row.name} ({row.ticker})" if row.ticker else row.name,
        "Year": row.fiscal_year,
        **{heading(m): on_screen(m, row.measures[m.name]) for m in MEASURES},
        "Currency": row.currency,
        "Valued on": None if row.saved_at is None else from_micros(row.saved_at).date(),
        **({"DCF": f"/dcf?company={row.company_id}"} if may_value else {}),
    }


def columns() -> dict[str, ColumnConfig | str | None]:
    """Each column as people read it; a click on its head sorts by it."""
    return {
        "Company": st.column_config.TextColumn(pinned=True, width="medium"),
        "Year": st.column_config.NumberColumn(format="%d", help="Newest fiscal year on file"),
        **{
            heading(m): st.column_config.NumberColumn(
                format=FORMAT.get(
                    m.unit, f"%,.{amounts().digits}f" if m.unit is Unit.MONEY else "%,.2f"
                ),
                help=m.meaning,
            )
            for m in MEASURES
        },
        "Currency": st.column_config.TextColumn(help="Of the saved value", width="small"),
        "DCF": st.column_config.LinkColumn(display_text="open"),
    }


def in_words(found: Screened, order: Measure) -> str:
    """The head of the table for those who cannot see it."""
    first = ", ".join(row.name for row in found.rows[:3])
    return f"{found.passed} of {found.companies} companies, ranked by {order.label}: {first}"


def reasons(found: Screened) -> None:
    """Why cells are empty: each reason once a company."""
    rows = [
        (row.name, why, ", ".join(MEASURE[m].label for m, its in row.missing.items() if its == why))
        for row in found.rows
        for why in dict.fromkeys(row.missing.values())
    ]
    if rows:
        with st.expander("Why cells are empty"):
            show.listing(
                "What is missing, and why",
                ["Company", "Why", "Measures"],
                rows,
                text=frozenset({"Company", "Why", "Measures"}),
            )


def table(found: Screened, order: Measure) -> None:
    """The companies that pass, or what to do where there are none."""
    if not found.rows:
        st.info(
            f"None of {found.companies} companies passes. A company that lacks a measure passes "
            "no bound on it: open a bound, or import the company's facts.",
            icon=":material/filter_alt_off:",
        )
        return
    told = in_words(found, order)
    st.caption(told)
    st.dataframe(
        [line(row) for row in found.rows], column_config=columns(), hide_index=True,
        height=TABLE_HEIGHT, key="screen_table", alt=told,
        placeholder=words.NOTHING,
    )  # fmt: skip


def nothing_published() -> None:
    """The way to the first snapshot."""
    way = (
        "Publish the first one by the button above."
        if may_publish
        else "Ask an analyst of your tenant to publish one."
    )
    st.info(
        f"A screen looks at a snapshot: all facts and saved values at one moment. {way}",
        icon=":material/photo_camera:",
    )


may_publish = who.role in MAY["snapshot.publish"]
may_value = leads("dcf")
st.title("Screen", anchor=False)
if may_publish and st.button("Publish a snapshot", icon=":material/photo_camera:"):
    published = show.or_explain(publish)
    if published:
        st.query_params.pop("snapshot", None)
        st.toast("The snapshot is published.", icon=":material/check:")

ranked, way = st.columns([3, 2], vertical_alignment="bottom")
order = ranked.selectbox(
    "Rank by",
    list(MEASURE),
    format_func=lambda name: heading(MEASURE[name]),
    key="screen_order",
    bind="query-params",
)
rising = way.toggle("Smallest first", key="screen_rising", bind="query-params")
with (
    st.expander("Filters", icon=":material/filter_alt:"),
    st.container(horizontal=True, gap="small"),
):
    bounds = {name: bounds_of(MEASURE[name]) for name in FILTERS}

try:
    found = screened(bounds, order, descending=not rising)
except NoSnapshot:
    nothing_published()
    st.stop()
except ValorError as error:
    show.refusal(error)
    st.stop()
if found.instead_of:
    st.warning(
        f"{found.instead_of} This is the last good one before it; publish a new snapshot to mend "
        "it.",
        icon=":material/healing:",
    )
with st.container(height=TABLE_HEIGHT + 60, border=False):
    table(found, MEASURE[order])
st.caption(
    f"Snapshot of {words.moment(datetime.fromisoformat(found.cut))}. Multiples "
    "are at the saved value; figures are those of each company's newest fiscal year on file."
)
reasons(found)
