"""An operator's access to a tenant, as its members see it and as the operator asks for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import streamlit as st

from app.ui import show
from app.ui.doing import done
from app.ui.members import address
from app.ui.words import counted, moment, person
from valor_core.tenancy import grants as tenancy
from valor_core.tenancy.access import may
from valor_core.tenancy.grants import HOURS_DEFAULT, HOURS_MAX, GrantState
from valor_core.tenancy.reasons import REASON_MAX
from valor_core.values import Caller, TenantId, from_micros, micros, utc_now
from valor_core.workbench import grants
from valor_core.workbench.grants import AccessGrantRow
from valor_core.workbench.tenants import TenantRow, acting_in
from valor_core.workbench.verb import open_work

COLUMNS = ["Asked for", "Why", "Stands", "Given by", "Ends"]
SHOWN_FOR_DAYS = 30  # an emergency stays on Home that long


def on_home(who: Caller) -> None:
    """What operators may read or ask to read here; nothing where there is nothing."""
    with open_work(who) as work:
        rows = grants.list_grants(work)
    now = micros(utc_now())
    for row in rows:
        state = tenancy.state(row, now)
        emergency = row.given_by == row.asked_by and _is_recent(row.asked_at)
        if state in (GrantState.ASKED, GrantState.IN_FORCE) or emergency:
            _shown(who, row, state)


def _is_recent(at: int) -> bool:
    return (utc_now() - from_micros(at)).days < SHOWN_FOR_DAYS


def _shown(who: Caller, row: AccessGrantRow, state: GrantState) -> None:
    with st.container(border=True):
        st.header("The operator's access", anchor=False)
        st.markdown(f"{_told(row, state)}  \nWhy: {show.plain(row.reason)}")
        with st.container(horizontal=True):
            asked = state is GrantState.ASKED and may(who, "grant.give")
            gives = asked and st.button("Let the operator read", key=f"give_{row.id}")
            if gives and done(who, lambda work: grants.give_access(work, row.id)):
                st.rerun()
            ends = state is not GrantState.ENDED and may(who, "grant.end")
            label = "Refuse" if state is GrantState.ASKED else "End it now"
            pressed = ends and st.button(label, key=f"end_{row.id}")
            if pressed and done(who, lambda work: grants.end_access(work, row.id)):
                st.rerun()


def _told(row: AccessGrantRow, state: GrantState) -> str:
    if state is GrantState.ASKED:
        hours = counted(row.hours, "hour")
        return f"An operator of the installation asks to read this tenant for {hours}."
    emergency = row.given_by == row.asked_by
    how = "in an emergency, without being asked to," if emergency else "by your leave"
    ends = moment(tenancy.ends_at(row) or utc_now())
    tense = "may read" if state is GrantState.IN_FORCE else "could read"
    return f"An operator of the installation {tense} this tenant {how} until {ends}."


def visiting(who: Caller, row: TenantRow, names: Mapping[str, str]) -> None:
    """For the operator: what was asked for, a way in where it was given, and the asking."""
    inside = acting_in(who, TenantId(row.id))
    with open_work(inside) as work:
        rows = grants.list_grants(work)
    _listed(rows, names)
    now = micros(utc_now())
    for each in rows:
        if tenancy.state(each, now) is GrantState.IN_FORCE and each.asked_by == inside.actor:
            _opening(inside, each, row.label)
    st.header(f"Ask to read {row.label}", anchor=False)
    with st.form("asking", border=False):
        reason = st.text_input("Why", max_chars=REASON_MAX, key="grants:why")
        hours = st.number_input("Hours", 1, HOURS_MAX, HOURS_DEFAULT, key="grants:hours")
        emergency = st.checkbox(
            "It is an emergency: read without leave", key="grants:emergency",
            help="The tenant is shown it on its Home and in its log at once.",
        )  # fmt: skip
        pressed = st.form_submit_button("Ask", icon=":material/front_hand:")
    act = grants.break_glass if emergency else grants.ask_access
    if pressed and done(inside, lambda work: act(work, reason=reason, hours=int(hours))):
        st.rerun()


def _listed(rows: Sequence[AccessGrantRow], names: Mapping[str, str]) -> None:
    if not rows:
        st.info(
            "Nobody has asked to read this tenant. What it has is open to its members alone, "
            "until its administrator lets you in.",
            icon=":material/lock:",
        )
        return
    now = micros(utc_now())
    show.listing(
        "The newest first",
        COLUMNS,
        [
            [
                f"{moment(from_micros(row.asked_at))}, {counted(row.hours, 'hour')}",
                row.reason,
                tenancy.state(row, now),
                _giver(row, names),
                _at(tenancy.ends_at(row)),
            ]
            for row in rows
        ],
        text=frozenset(COLUMNS),
    )


def _giver(row: AccessGrantRow, names: Mapping[str, str]) -> str:
    if row.given_by is None:
        return "–"
    return "nobody: an emergency" if row.given_by == row.asked_by else person(row.given_by, names)


def _at(ends: datetime | None) -> str:
    return moment(ends) if ends else "–"


def _opening(inside: Caller, row: AccessGrantRow, label: str) -> None:
    with st.container(horizontal=True):
        if st.button(f"Open {label}", key=f"open_{row.id}", type="primary"):
            token = done(inside, lambda work: grants.open_access(work, row.id))
            if token:
                st.link_button("Go in as its reader; this signs you out here", address(token))
        pressed = st.button("I am done", key=f"end_{row.id}")
        if pressed and done(inside, lambda work: grants.end_access(work, row.id)):
            st.rerun()
