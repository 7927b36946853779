"""The parts of the workbook audit: a file to choose, the run, and what was found."""

from collections.abc import Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass

import streamlit as st

from app.compute import RUNS, Run
from app.prepared import PREPARED, Prepared
from app.ui import show
from app.ui.frame import caller
from app.ui.words import NOTHING, counted
from valor_core.errors import ValorError
from valor_core.values import Caller
from valor_core.workbench.verb import open_work
from valor_core.workbench.workbooks import Examined, check_may_audit, examined, note_audit
from valor_core.workbooks.audit.findings import Finding, Severity, as_csv
from valor_core.workbooks.audit.rules import TITLES

POLL_S = 0.5
ALL = "All"
COLUMNS = ("Where", "What is wrong", "Formula", "Way out")
HEADINGS = {Severity.ERROR: "Errors", Severity.WARNING: "Warnings", Severity.NOTE: "Notes"}
MEANS = {
    Severity.ERROR: "The value is wrong.",
    Severity.WARNING: "It probably is, or will be once an input changes.",
    Severity.NOTE: "Worth knowing.",
}

LOOKS_FOR = (
    (
        "Rates",
        (
            "A terminal value grown at another rate than its denominator takes; a tranche that "
            "pays another tranche's rate; a line that changes its rate on the way."
        ),
    ),
    (
        "Lines",
        (
            "A formula that differs from its neighbours, a sign that flips, a number typed over a "
            "formula or into one."
        ),
    ),
    ("Sheets", "Sides that do not balance, circular references, errors where they begin."),
    (
        "Unseen",
        (
            "Inputs in hidden sheets, rows and columns; links to other files; texts that look like "
            "numbers."
        ),
    ),
)


@dataclass(slots=True, kw_only=True)
class Bench:
    """A person's audit in this session: the run, what came of it, or why nothing did."""

    run: Run | None = None
    done: Examined | None = None
    problem: ValorError | None = None
    cancelled: bool = False

    def take(self, who: Caller) -> None:
        """What came of the run, once it has ended; it is counted then."""
        if self.run is None or not self.run.finished:
            return
        run, self.run = self.run, None
        try:
            found = run.result()
            with open_work(who) as work:
                self.done = note_audit(work, found)
        except CancelledError:
            self.cancelled = True
        except ValorError as refusal:
            self.problem = refusal


def bench() -> Bench:
    """The bench of whoever looks, with what its run has brought meanwhile."""
    who = caller()
    mine: Bench = st.session_state.setdefault(f"workbook_audit:{_owner(who)}", Bench())
    mine.take(who)
    return mine


def _owner(who: Caller) -> str:
    return f"{who.tenant_id}:{who.user_id}:workbook"


def ask(mine: Bench) -> None:
    """A file to choose and a button; while it is read, how far that is."""
    with st.form("workbook_audit", clear_on_submit=True, border=False):
        sent = st.file_uploader("Workbook to audit", type=["xlsx", "xlsm"])
        pressed = st.form_submit_button("Audit", type="primary", icon=":material/rule:")
    if pressed and sent is None:
        st.warning("Choose a workbook first.")
    elif pressed and sent is not None:
        mine.done, mine.problem, mine.cancelled = None, None, False
        try:
            with open_work(caller()) as work:
                check_may_audit(work)
            mine.run = RUNS.start(_owner(caller()), examined, sent.getvalue(), sent.name)
        except ValorError as refusal:
            mine.problem = refusal
    if mine.run is not None:
        _progress(mine.run)
    elif mine.problem is not None:
        show.refusal(mine.problem)
    elif mine.cancelled:
        st.info("The audit was cancelled. Nothing of it was kept.", icon=":material/cancel:")


@st.fragment(run_every=POLL_S)
def _progress(run: Run) -> None:
    if run.finished:
        st.rerun()
    bar, button = st.columns([5, 1], vertical_alignment="center")
    bar.progress(run.done, text=f"{100 * run.done:.0f} %" if run.done else "reading")
    button.button("Cancel", icon=":material/stop:", on_click=run.cancel, key="workbook_cancel")


def explained() -> None:
    """What the audit looks for, and what it does not read."""
    show.listed("What it looks for", LOOKS_FOR)
    st.caption(
        "An .xlsx or .xlsm of up to 25 MB and 300,000 cells. Values are those that were last "
        "saved: nothing is computed, no macro runs, no link is followed, and the file is not kept. "
        "Charts, pivot tables, data tables and conditional formats are not read."
    )


def verdict(done: Examined) -> None:
    """The audit in one line, and how much of the workbook it rests on."""
    found = done.audit
    told = f"**{show.plain(done.file_name)}**: {found.verdict}"
    if found.count(Severity.ERROR):
        st.error(told, icon=":material/error:")
    elif found.count(Severity.WARNING):
        st.warning(told, icon=":material/warning:")
    else:
        st.success(told, icon=":material/check:")
    notes = [f"{found.cells:,} cells were read."]
    if found.unread:
        them = counted(found.unread, "formula was", "formulas were")
        notes.append(f"{them} not understood and left out.")
    if found.left_out:
        notes.append(f"{found.left_out:,} more findings of the same kinds are not listed.")
    st.caption(" ".join(notes))


@st.fragment
def findings(done: Examined) -> None:
    """What was found by severity, narrowed by the reader, and as a file."""
    found = done.audit.findings
    left, right = st.columns(2)
    with left:
        kinds = [TITLES[name] for name in TITLES if any(name == each.rule for each in found)]
        kind = st.selectbox("Kind", [ALL, *kinds], key="workbook_kind")
    with right:
        sheets = list(dict.fromkeys(each.sheet for each in found if each.sheet))
        sheet = st.selectbox("Sheet", [ALL, *sheets], key="workbook_sheet")
    shown = [
        each for each in found if kind in {ALL, TITLES[each.rule]} and sheet in {ALL, each.sheet}
    ]
    if not shown:
        st.info("No finding is of that kind on that sheet.", icon=":material/filter_alt:")
    for severity, heading in HEADINGS.items():
        if some := [each for each in shown if each.severity is severity]:
            st.header(f"{heading} ({len(some)})", anchor=False, help=MEANS[severity])
            show.listing(
                f"{heading} in {done.file_name}",
                COLUMNS,
                [_row(each) for each in some],
                text=frozenset(COLUMNS),
            )
    file = Prepared(
        act="workbook.audit",
        name=f"{done.file_name.rpartition('.')[0] or 'workbook'}-audit.csv",
        media_type="text/csv",
        raw=as_csv(done.audit).encode(),
    )
    st.link_button("Download findings", PREPARED.keep(caller(), file), icon=":material/download:")
    _where(found, sheets)


def _row(each: Finding) -> list[str]:
    return [each.where, each.said, each.formula, each.way_out]


def _where(found: Sequence[Finding], sheets: Sequence[str]) -> None:
    """How many findings of each kind lie on each sheet, where there are several of both."""
    kinds = list(dict.fromkeys(each.rule for each in found))
    if len(kinds) < 2 or len(sheets) < 2:
        return
    rows = [
        (
            TITLES[kind],
            [
                f"{count:,}" if (count := _count(found, kind, sheet)) else NOTHING
                for sheet in sheets
            ],
        )
        for kind in kinds
    ]
    show.table("Where they lie: findings by kind and sheet", sheets, rows)


def _count(found: Sequence[Finding], kind: str, sheet: str) -> int:
    return sum(each.rule == kind and each.sheet == sheet for each in found)
