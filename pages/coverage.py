"""All companies at a glance: what they filed, and what they were found to be worth."""

from collections.abc import Sequence

import streamlit as st

from app.ui import show
from app.ui.company_table import company_table
from app.ui.frame import caller, only_for_its_readers
from app.ui.importing import import_facts
from app.ui.words import counted
from valor_core.amounts import shown
from valor_core.workbench.companies import Covered, coverage
from valor_core.workbench.verb import open_work

only_for_its_readers("coverage")
who = caller()
with open_work(who) as work:
    covered = coverage(work)


@st.fragment
def search(covered: Sequence[Covered]) -> None:
    """The table, narrowed while one types."""
    with show.asked():
        wanted = st.text_input(
            "Search",
            key="coverage_search",
            type="search",
            live=True,
            placeholder="Name or ticker",
            icon=":material/search:",
        )
    words = (wanted or "").casefold().split()
    found = [
        each
        for each in covered
        if all(word in f"{each.company.name} {each.company.ticker}".casefold() for word in words)
    ]
    if not found:
        st.info("No company has that name. Shorten the search, or import its filed facts below.")
        return
    company_table(found)
    valued = sum(each.value is not None for each in found)
    st.caption(
        f"{counted(len(found), 'company', 'companies')}, {valued} valued. Money in {shown()} of "
        "the "
        "reporting currency; of each year the newest filing counts. – was not filed or not saved."
    )


st.title("Coverage", anchor=False)
if covered:
    st.write("Press a name to open the company with its statements and their filings.")
    search(covered)
else:
    st.info("There is no company yet. Import what one has filed.", icon=":material/upload_file:")
with st.expander("Import filed facts", expanded=not covered, icon=":material/upload_file:"):
    import_facts(who)
