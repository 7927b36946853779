"""The sections of the page Sessions: one's own sign-ins, those of the tenant, and the groups."""

from collections.abc import Callable, Sequence

import streamlit as st

from app.ui import show
from app.ui.words import counted, moment
from valor_core.errors import ValorError
from valor_core.store.work import Work
from valor_core.tenancy.sign_in import Method
from valor_core.values import PLATFORM, SHARED, Caller, Role
from valor_core.workbench import groups, people, sessions
from valor_core.workbench.sessions import SignIn
from valor_core.workbench.verb import open_work

BY = {Method.LINK: "link", Method.PROVIDER: "single sign-on", Method.KEY_FILE: "key file"}
TEXT = frozenset({"Who", "From", "By", "Since", "Last seen", "Ends"})


def own(who: Caller) -> None:
    """One's own sign-ins: this one, and any that was forgotten elsewhere."""
    with open_work(who) as work:
        told = sessions.list_own(work)
    _listed("Where you are signed in", told, named=False)
    others = [each for each in told if not each.is_this_one]
    if not others:
        st.caption(
            "You are signed in here only. If you ever see another one that you do not know, end it."
        )
        return
    _ending(who, others, sessions.revoke_own, key="own")
    if st.button(f"End all others ({len(others)})", icon=":material/logout:"):
        _do(who, sessions.revoke_others, "All other sign-ins have ended.")


def of_the_tenant(who: Caller) -> None:
    """Who is signed in to the tenant; an administrator ends any of them."""
    with open_work(who) as work:
        told = sessions.list_all(work)
    people = len({each.user_id for each in told})
    _listed(f"{counted(people, 'person', 'people')} signed in", told, named=True)
    _ending(who, [each for each in told if not each.is_this_one], sessions.revoke_any, key="all")


def _listed(caption: str, told: Sequence[SignIn], *, named: bool) -> None:
    columns = ["From", "By", "Since", "Last seen", "Ends"]
    rows = [
        [
            f"{each.browser}, {each.address}" + (" (this one)" if each.is_this_one else ""),
            BY[each.method],
            moment(each.began_at),
            moment(each.seen_at),
            moment(each.ends_at),
        ]
        for each in told
    ]
    if named:
        columns = ["Who", *columns]
        rows = [[each.name, *row] for each, row in zip(told, rows, strict=True)]
    show.listing(caption, columns, rows, text=TEXT)


def _ending(
    who: Caller, told: Sequence[SignIn], end: Callable[[Work, str], None], *, key: str
) -> None:
    """One of them, chosen by what its owner knows it by."""
    if not told:
        return
    by_id = {each.id: each for each in told}
    with st.form(f"ending_{key}", border=False):
        chosen = st.selectbox(
            "Sign-in to end", list(by_id), format_func=lambda id_: _in_words(by_id[id_])
        )
        pressed = st.form_submit_button("End it", icon=":material/logout:")
    if pressed and chosen:
        _do(who, lambda work: end(work, chosen), "The sign-in has ended.")


def _in_words(each: SignIn) -> str:
    return f"{each.name}, {each.browser}, {each.address}, since {moment(each.began_at)}"


def _do(who: Caller, act: Callable[[Work], object], said: str) -> None:
    try:
        with open_work(who) as work:
            act(work)
    except ValorError as error:
        show.refusal(error)
    else:
        st.toast(said)
        st.rerun()


def groups_section(who: Caller) -> None:
    """Which groups of the identity provider open what; an operator changes it."""
    with open_work(who) as work:
        told = groups.list_groups(work)
        open_to_all = [row for row in people.list_tenants(work) if row.id not in (PLATFORM, SHARED)]
    st.write(
        "Whoever signs in by the identity provider becomes what the groups say, at each sign-in. "
        "Who is in none of these groups is not let in."
    )
    if told:
        show.listing(
            "What each group opens",
            ["Group", "Tenant", "Role"],
            [[each.group, each.label, each.role] for each in told],
            text=frozenset({"Group", "Tenant", "Role"}),
        )
    else:
        st.info("No group opens anything yet. Map the first one below.")
    with st.form("mapping", border=False, clear_on_submit=True):
        group = st.text_input("Group", help="As the identity provider names it.", max_chars=200)
        labels = {row.slug: row.label for row in open_to_all} | {"": "The installation (operators)"}
        into = st.selectbox("Opens", list(labels), format_func=lambda slug: labels[slug])
        members = [role for role in Role if role is not Role.OPERATOR]
        role = st.selectbox("As", members, help="For a tenant; the installation has operators.")
        pressed = st.form_submit_button("Open it", icon=":material/group_add:")
    if pressed:
        become = role if into else Role.OPERATOR
        _do(
            who,
            lambda work: groups.map_group(work, group, become, tenant=into),
            "From the next sign-in on.",
        )
    if told:
        by_id = {each.id: f"{each.group}: {each.role} in {each.label}" for each in told}
        with st.form("unmapping", border=False):
            chosen = st.selectbox("Group to close out", list(by_id), format_func=by_id.__getitem__)
            pressed = st.form_submit_button("Close it out", icon=":material/group_remove:")
        if pressed and chosen:
            _do(who, lambda work: groups.unmap_group(work, chosen), "From the next sign-in on.")
