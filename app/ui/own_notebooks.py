"""Notebooks of the tenant's own: registered, read by a second person, approved and withdrawn."""

import re
from collections.abc import Mapping, Sequence

import streamlit as st

from app.ui import show
from app.ui.doing import done
from app.ui.words import counted, moment, person
from valor_core.coverage.notebook_source import CellChange, How, read_notebook
from valor_core.coverage.own_notebooks import NAME_MAX, State, Version
from valor_core.tenancy.access import may
from valor_core.tenancy.reasons import REASON_MAX
from valor_core.values import Caller
from valor_core.walls import lacking
from valor_core.workbench import own_notebooks
from valor_core.workbench.own_notebooks import Reviewed
from valor_core.workbench.verb import open_work

STATES = {
    State.WAITING: ("waits for approval", "orange"),
    State.APPROVED: ("runs", "green"),
    State.REJECTED: ("rejected", "red"),
    State.WITHDRAWN: ("withdrawn", "gray"),
    State.REPLACED: ("replaced by a later version", "gray"),
}
HOWS = {
    How.SAME: "as it was",
    How.ADDED: "new",
    How.REMOVED: "taken out",
    How.CHANGED: "changed",
}
KINDS = {"code": "Code", "markdown": "Text", "raw": "Raw text", "parameters": "Parameters"}
LINES_SHOWN = 400
OPENED = "own_notebooks:opened"


def section(who: Caller, names: Mapping[str, str]) -> None:
    """All of it: what is registered, one version to read, and a way to register."""
    st.header("Your notebooks", anchor=False)
    with open_work(who) as work:
        known = own_notebooks.list_notebooks(work)
    if not known:
        way = (
            "Register one below." if may(who, "notebook.register") else "An analyst registers one."
        )
        st.info(
            f"No notebook of your own is a report yet. {way} Once a second person has approved it, "
            "it stands among the reports.",
            icon=":material/menu_book:",
        )
    for name in dict.fromkeys(each.name for each in known):
        _notebook(who, [each for each in known if each.name == name], names)
    if may(who, "notebook.register"):
        with st.expander("Register a notebook", expanded=not known):
            _registering(who, known)


def _notebook(who: Caller, versions: Sequence[Version], names: Mapping[str, str]) -> None:
    newest = versions[0]
    running = next((each for each in versions if each.state is State.APPROVED), None)
    with st.container(border=True):
        st.markdown(f"**{show.plain(newest.title)}**  \n{_standing(newest, running)}")
        by_id = {each.id: each for each in versions}
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = st.selectbox(
                "Version",
                list(by_id),
                format_func=lambda each: _line(by_id[each], names),
                key=f"own_version_{newest.name}",
            )
            reading = st.toggle("Read it", key=f"own_read_{newest.name}")
        if chosen and reading:
            with open_work(who) as work:
                reviewed = show.or_explain(own_notebooks.read_notebook, work, chosen)
            if reviewed:
                _reading(reviewed, names)
        if chosen:
            _deciding(who, by_id[chosen], reading=reading)


def _standing(newest: Version, running: Version | None) -> str:
    """What runs and what waits, in a sentence."""
    runs = f"Version {running.version} runs." if running else "No version of it runs."
    if newest.state is not State.WAITING:
        return runs
    return f"{runs} :orange[Version {newest.version} waits for somebody to read and approve it.]"


def _line(version: Version, names: Mapping[str, str]) -> str:
    who = person(version.registered_by, names)
    return (
        f"{version.version}, {STATES[version.state][0]}: by {who}, {moment(version.registered_at)}"
    )


def _reading(reviewed: Reviewed, names: Mapping[str, str]) -> None:
    """What a version asks for, what was decided of it, and what it changes."""
    version, source = reviewed.version, reviewed.source
    for each in version.decisions:
        why = f": {show.plain(each.reason)}" if each.reason else ""
        st.caption(f"{each.what.capitalize()} by {person(each.by, names)}, {moment(each.at)}{why}")
    asked = [f"{each.name} ({each.written})" for each in source.parameters.values()]
    st.markdown(
        f"**Parameters** {show.plain(', '.join(asked) or 'none')}  \n"
        f"**Imports** {show.plain(', '.join(source.imports) or 'nothing')}"
    )
    if source.commands:
        with st.container(border=True):
            st.markdown(
                ":material/terminal: **It runs commands of the machine, or of the notebook "
                "system.** Read these with care:"
            )
            st.code("\n".join(source.commands), language=None)
    if lacks := lacking():
        st.warning(
            f"While it runs, this machine does not wall off {lacks}. Approve what you would run "
            "on it yourself.",
            icon=":material/shield:",
        )
    against = reviewed.against
    changed = [each for each in reviewed.changes if each.how is not How.SAME]
    if against is None:
        st.markdown("**All of it is new:** no earlier version was ever approved.")
    elif not changed:
        st.markdown(f"**Nothing differs** from version {against.version}.")
    else:
        told = counted(len(changed), "cell differs", "cells differ")
        st.markdown(f"**{told}** from version {against.version}, which was approved before.")
    everything = against is None or st.toggle("Show all cells", key=f"own_all_{version.id}")
    for each in reviewed.changes if everything else changed:
        _cell(each, plainly=against is None)
    st.caption(f"SHA-256 {version.sha256}")
    st.link_button(
        "Download this version",
        f"/api/v1/reports/notebooks/{version.id}/source.ipynb",
        icon=":material/download:",
    )


def _cell(change: CellChange, *, plainly: bool) -> None:
    """A cell as text that nothing runs: its lines with + and - where they differ."""
    how = "" if plainly else f", {HOWS[change.how]}"
    st.caption(f"{KINDS[change.kind]}, cell {change.number}{how}")
    lines = [line[1:] if plainly else line for line in change.lines[:LINES_SHOWN]]
    if len(change.lines) > LINES_SHOWN:
        lines.append(f"… {len(change.lines) - LINES_SHOWN} more lines: download this version")
    language = None if change.kind in ("markdown", "raw") else "python"
    st.code("\n".join(lines), language=language if plainly else "diff", wrap_lines=True)


def _deciding(who: Caller, version: Version, *, reading: bool) -> None:
    """The buttons of who may decide; who registered a version is told that somebody else does."""
    mine = version.registered_by == who.actor
    waits = version.state is State.WAITING
    if waits and may(who, "notebook.approve") and mine:
        st.caption("You registered this version, so somebody else approves it.")
    elif waits and may(who, "notebook.approve"):
        if not reading:
            st.caption("Turn on *Read it* to see what it does before you approve it.")
        elif st.button(
            "Approve this version", key=f"own_approve_{version.id}", type="primary"
        ) and done(
            who,
            lambda work: own_notebooks.approve_notebook(work, version.id, sha256=version.sha256),
        ):
            st.rerun()
    with st.container(horizontal=True):
        if waits and may(who, "notebook.reject") and not mine:
            _with_reason(who, version, "Reject")
        if version.state in (State.WAITING, State.APPROVED) and may(who, "notebook.withdraw"):
            _with_reason(who, version, "Withdraw")


def _with_reason(who: Caller, version: Version, what: str) -> None:
    act = {
        "Reject": own_notebooks.reject_notebook,
        "Withdraw": own_notebooks.withdraw_notebook,
    }[what]
    with st.popover(what):
        if what == "Withdraw" and version.state is State.APPROVED:
            st.caption(
                "It runs no more, on no schedule either; no earlier version takes its place."
            )
        reason = st.text_input(
            "Why", max_chars=REASON_MAX, key=f"own_{what.lower()}_why_{version.id}"
        )
        pressed = st.button(f"{what} this version", key=f"own_{what.lower()}_{version.id}")
        if pressed and done(who, lambda work: act(work, version.id, reason=reason)):
            st.rerun()


def _registering(who: Caller, known: Sequence[Version]) -> None:
    names = {each.name: each.title for each in reversed(known)}
    st.markdown(
        "A notebook saved by JupyterLab (`.ipynb`), at most 10 MB. Its outputs are not kept. In it "
        "`vc.open()` opens your tenant to read, without any key; parameters are declared in a cell "
        "tagged `parameters`, one a line: `years: int = 5`."
    )
    with st.form("own_register", border=False, clear_on_submit=True):
        file = st.file_uploader("Notebook", type=["ipynb"], max_upload_size=10)
        new = "A new report"
        of = st.selectbox(
            "It is", [new, *names],
            format_func=lambda each: each if each == new else f"the next version of {names[each]}",
        )  # fmt: skip
        title = st.text_input(
            "Title", max_chars=100, placeholder="Covenant check",
            help="What the report is called; of a next version, empty keeps the title.",
        )  # fmt: skip
        pressed = st.form_submit_button("Register", type="primary", icon=":material/upload_file:")
    name = _name_by(title) if of == new else of
    if pressed and file is None:
        st.warning("Choose a notebook first.")
    elif pressed and of == new and name in names:
        st.warning(
            f"{show.plain(names[name])} is registered already. Choose its next version under *It "
            "is*, or another title."
        )
    elif pressed and file is not None:
        source = show.or_explain(read_notebook, file.getvalue())
        made = source and done(
            who,
            lambda work: own_notebooks.register_notebook(
                work, source, name=name,
                title=title or names.get(of, ""), file_name=file.name,
            ),
        )  # fmt: skip
        if made:
            st.toast("It is registered and waits for somebody else to approve it.")
            st.rerun()


def _name_by(title: str) -> str:
    """A name for a report of that title.

    >>> _name_by("Covenants (EU), 2026"), _name_by("3M & others")
    ('covenants_eu_2026', 'report_3m_others')
    """
    plain = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")
    return (plain if plain[:1].isalpha() or not plain else f"report_{plain}")[:NAME_MAX]
