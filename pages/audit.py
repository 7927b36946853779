"""Who did what, to what and when; and whether the log is whole."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from app.ui import show
from app.ui.audit_words import DEEDS, deed, details, sentence
from app.ui.frame import caller, only_for_its_readers
from app.ui.keeping import export_on_demand, kept_and_held
from app.ui.verdict import verdict_on_demand
from app.ui.words import person
from valor_core.values import from_micros
from valor_core.workbench import companies, logbook, people
from valor_core.workbench.logbook import AuditLogRow
from valor_core.workbench.verb import open_work

PAGE = 50


def entry(row: AuditLogRow) -> str:
    """One entry as a sentence that unfolds into all that it holds."""
    at = from_micros(row.ts)
    inner = "".join(
        f"<tr><th scope=row>{escape(name)}</th><td class=vx-text>{escape(text)}</td></tr>"
        for name, text in details(row)
        if text
    )
    return (
        f"<details class=vx-entry><summary><span class=vx-no>{row.seq}</span> "
        f"<time datetime='{at.isoformat()}'>{at:%Y-%m-%d %H:%M:%S}</time> "
        f"<b>{escape(person(row.actor, doers))}</b> {escape(sentence(row, names, known))}</summary>"
        f"<div class=vx-scroll tabindex=0 role=region aria-label='Entry {row.seq}'>"
        f"<table class=vx><tbody>{inner}</tbody></table></div></details>"
    )


def entries(rows: Sequence[AuditLogRow]) -> None:
    """The newest first; times in UTC."""
    st.caption("Times are UTC. Unfold an entry to see all that it holds.")
    st.html(f"{show.TABLE_STYLE}{ENTRY_STYLE}{''.join(map(entry, rows))}")


ENTRY_STYLE = """<style>
.vx-entry{border-bottom:1px solid rgba(128,140,152,.25);font-variant-numeric:tabular-nums}
.vx-entry summary{padding:.4rem 0;cursor:pointer;overflow-wrap:anywhere}
.vx-entry .vx-no{display:inline-block;min-width:2.5rem}
.vx-entry time{opacity:.8;margin-right:.75rem}
</style>"""


def turn(before: int | None) -> None:
    """To the entries before that number; None goes to the newest."""
    if before is None:
        st.query_params.pop("before", None)
    else:
        st.query_params["before"] = str(before)


only_for_its_readers("audit")
who = caller()
st.title("Audit", anchor=False)
st.write("Every deed in this tenant, chained so that nobody can change or drop one unseen.")
verdict_on_demand(who)
export_on_demand(who)

with show.asked():
    action = st.selectbox(
        "Only those who",
        sorted(DEEDS, key=deed),
        index=None,
        format_func=deed,
        placeholder="did anything",
        key="audit_action",
        on_change=turn,
        args=(None,),
    )
asked = st.query_params.get("before", "")
before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 18 else None
with open_work(who) as work:
    rows = logbook.read_log(work, before=before, limit=PAGE, action=action or "")
    names, doers = people.names(work), people.doers(work)
    known = {str(company.id): company.name for company in companies.list_companies(work)}
if rows:
    entries(rows)
else:
    st.info("No entry here. Choose another deed, or go to the newest.")
with st.container(horizontal=True):
    st.button("Newest", on_click=turn, args=(None,), disabled=before is None)
    last = rows[-1].seq if rows else 1
    st.button("Older", on_click=turn, args=(last,), disabled=len(rows) < PAGE or last == 1)
kept_and_held(who, names)
