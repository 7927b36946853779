"""Splits and ADR ratios on the page of a company: what the book knows, and what somebody states."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import streamlit as st

from app.ui import show
from app.ui.stating import done
from app.ui.words import NOTHING, counted, moment, person
from valor_core.coverage.companies import Company
from valor_core.coverage.share_terms import RATIONALE_MAX, Kind
from valor_core.coverage.splits import splits_of
from valor_core.store.work import Work
from valor_core.tenancy.access import MAY
from valor_core.values import Caller, from_micros
from valor_core.workbench import people
from valor_core.workbench.share_terms import ShareTermRow, add_term, drop_term, list_terms
from valor_core.workbench.verb import open_work

KINDS = {Kind.SPLIT: "Split", Kind.ADR: "Shares per ADR"}
LABELS = {"ratio": "Ratio", "rationale": "Source and reason"}
DONE = "share_terms:done"  # how often in this session, so that what was asked for is asked anew


def share_terms(who: Caller, company: Company) -> None:
    """Splits and ADR ratios that count, and for an analyst the way to state one or to drop it."""
    with open_work(who) as work:
        stated, names = list_terms(work, company.id), people.names(work)
    standing = [row for row in stated if row.dropped_at is None]
    known = splits_of(company.cik)
    title = f"{counted(len(known) + len(standing), 'split or ADR ratio', 'splits and ADR ratios')}"
    with st.expander(title, key="share_terms"):
        st.caption(
            "Counts of shares filed before a split, and earnings a share, are told in the shares "
            "after it. A ratio says how many shares stand behind one ADR where ADRs are traded."
        )
        if known or stated:
            _listed(company, stated, names)
        else:
            st.caption("None is known of this company. State one below where shares were split.")
        if who.role in MAY["share_term.add"]:
            _adding(who, company)
            if standing:
                _dropping(who, company, standing)


def _listed(company: Company, stated: Sequence[ShareTermRow], names: Mapping[str, str]) -> None:
    book = [
        [split.on.isoformat(), "Split", f"{split.ratio:g} for 1", "Counts", split.accession,
         "the book", NOTHING]
        for split in reversed(splits_of(company.cik))
    ]  # fmt: skip
    own = [
        [row.effective_on, KINDS[Kind(row.kind)], _ratio(row),
         "Counts" if row.dropped_at is None else "Dropped", row.rationale,
         person(row.created_by, names), moment(from_micros(row.created_at))]
        for row in stated
    ]  # fmt: skip
    show.listing(
        "What somebody has stated, then what the book knows; the newest first",
        ["From", "What", "Ratio", "State", "Why, or the filing", "By", "On"],
        [*own, *book],
        text=frozenset({"From", "What", "State", "Why, or the filing", "By", "On"}),
        filer=company.id,
    )


def _ratio(row: ShareTermRow) -> str:
    return f"{row.ratio:g} for 1" if row.kind == Kind.SPLIT else f"{row.ratio:g} shares"


def _adding(who: Caller, company: Company) -> None:
    times = st.session_state.get(DONE, 0)
    with st.form("share_term", border=False):
        what, how, when = st.columns(3)
        kind = what.selectbox("What", list(KINDS), format_func=KINDS.__getitem__)
        ratio = how.number_input(
            LABELS["ratio"],
            value=None,
            min_value=0.0,
            format="%.4f",
            key=f"{DONE}:{times}:ratio",
            help="New shares for each old one, 0.1 where ten became one; shares behind one ADR.",
        )
        on = when.date_input("From", value=date.today(), format="YYYY-MM-DD")  # noqa: DTZ011, the reader's calendar
        why = st.text_area(
            LABELS["rationale"], max_chars=RATIONALE_MAX, height=80, key=f"{DONE}:{times}:why"
        )
        pressed = st.form_submit_button("State it", type="primary", icon=":material/call_split:")
    if pressed:
        _done(
            who,
            lambda work: add_term(
                work, company.id, kind=kind, ratio=ratio or 0.0, on=on, rationale=why
            ),
        )


def _dropping(who: Caller, company: Company, standing: Sequence[ShareTermRow]) -> None:
    by_id = {row.id: row for row in standing}
    with st.form("share_term_drop", border=False):
        chosen = st.selectbox(
            "Split or ratio", list(by_id), format_func=lambda each: _named(by_id[each])
        )
        pressed = st.form_submit_button("Drop the split or ratio", icon=":material/delete:")
    if pressed and chosen:
        _done(who, lambda work: drop_term(work, company.id, chosen))


def _named(row: ShareTermRow) -> str:
    return f"{KINDS[Kind(row.kind)]}, {_ratio(row)}, from {row.effective_on}"


def _done(who: Caller, act: Callable[[Work], object]) -> None:
    done(who, act, labels=LABELS, counter=DONE)
