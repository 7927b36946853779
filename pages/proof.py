"""Proof: published cases run through the engine, each figure as printed beside ours."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.ui import proven, show
from app.ui.frame import only_for_its_readers
from app.ui.words import counted

only_for_its_readers("proof")
st.title("Proof", anchor=False)
cases = proven.all_cases()
passed = sum(each.outcome.status == "passed" for each in cases)
show.facts(
    {
        "Cases as published": f"{passed} of {len(cases)}",
        "Figures compared": f"{sum(len(each.outcome.comparisons) for each in cases):,}",
        "Methods": str(len({each.outcome.model for each in cases})),
    },
    first_large=True,
)
st.caption(
    "Textbooks, workbooks and papers print worked cases. Each one here is run through the engine "
    "that values your companies; a figure counts as published within the source's own rounding."
)


def chosen() -> proven.Case:
    """The case that the reader looks at."""
    by_name = {each.outcome.id: each for each in cases}
    name = st.selectbox(
        "Case",
        list(by_name),
        index=list(by_name).index(proven.FIRST),
        format_func=lambda name: proven.called(by_name[name]),
        key="proof_case",
        bind="query-params",
    )
    return by_name[name]


def told(case: proven.Case) -> None:
    """The case with its source, and every figure of it."""
    with st.expander("What the case states", icon=":material/input:"):
        st.json(_shown(case.stated["inputs"]))
    for name, text in proven.origins(case.stated.get("source")):
        st.markdown(f"**{show.plain(name)}:** {show.plain(text)}")
    if note := case.stated.get("note"):
        st.caption(show.plain(note))
    show.listing(
        f"{counted(len(case.outcome.comparisons), 'figure')} of this case",
        ["Figure", "Published", "Ours", "Difference", ""],
        proven.rows(case),
        text=frozenset({"Figure", ""}),
    )


def _shown(inputs: Any) -> Mapping[str, Any] | list[Any]:
    return inputs if isinstance(inputs, list | dict) else {"inputs": inputs}


def one_case() -> None:
    """A case that the reader chooses."""
    told(chosen())


def every_case() -> None:
    """All cases, a line each."""
    st.caption(
        "Cases of your own run by `valor proof --cases DIR`; `valor proof --schema` tells how."
    )
    show.listing(
        "Every case with its method",
        ["Case", "Method", "Figures", "Result"],
        proven.overview(cases),
        text=frozenset({"Case", "Method", "Result"}),
    )


SECTIONS = {"One case": one_case, "All cases": every_case}
SECTIONS[show.section(list(SECTIONS), of="proof")]()
