"""The sections of the page Sessions: one's own sign-ins, those of the tenant, and the groups."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from app.ui import show
from app.ui.doing import done
from app.ui.words import counted, moment
from valor_core.errors import ValorError
from valor_core.store.work import Work
from valor_core.tenancy.reasons import REASON_MAX
from valor_core.tenancy.sign_in import Method
from valor_core.values import PLATFORM, SHARED, Caller, Role
from valor_core.workbench import groups, people, sessions
from valor_core.workbench.groups import NAME_MAX, GroupChange, Opened
from valor_core.workbench.sessions import VISITOR, SignIn
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
    _ending_own(who, others)
    if st.button(f"End all others ({len(others)})", icon=":material/logout:"):
        _do(who, sessions.revoke_others, "All other sign-ins have ended.")


def of_the_tenant(who: Caller) -> None:
    """Who is signed in to the tenant; an administrator ends any of them."""
    with open_work(who) as work:
        told = sessions.list_all(work)
    people = len({each.user_id for each in told})
    _listed(f"{counted(people, 'person', 'people')} signed in", told, named=True)
    _ending(who, [each for each in told if not each.is_this_one])


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


def _ending_own(who: Caller, told: Sequence[SignIn]) -> None:
    """One of one's own, chosen by what its owner knows it by; that needs no reason."""
    with st.form("ending_own", border=False):
        chosen = _chosen(told)
        pressed = st.form_submit_button("End it", icon=":material/logout:")
    if pressed and chosen:
        _do(who, lambda work: sessions.revoke_own(work, chosen), "The sign-in has ended.")


def _ending(who: Caller, told: Sequence[SignIn]) -> None:
    """One of another person's, with the reason."""
    if not told:
        return
    st.header("End a sign-in", anchor=False)
    named = {each.user_id: each.name for each in told if each.name and each.name != VISITOR}
    named.pop(who.user_id, None)  # of one's own, this one stays: "End all others" does that
    count = Counter(each.user_id for each in told)
    all_of = {user_id: f"All of {name} ({count[user_id]})" for user_id, name in named.items()}
    with st.form("ending_all", border=False):
        chosen = _chosen(told, all_of)
        st.caption(
            "Who is signed in there is signed out within five seconds, and may sign in anew; "
            "what was not saved is lost. Suspend the member to keep the person out."
        )
        reason = st.text_input("Why", max_chars=REASON_MAX, key="sessions:why")
        pressed = st.form_submit_button("End it", icon=":material/logout:")
    if pressed and chosen:
        _do(
            who,
            lambda work: (
                sessions.revoke_all_of(work, chosen, reason=reason)
                if chosen in all_of
                else sessions.revoke_any(work, chosen, reason=reason)
            ),
            f"{all_of[chosen]}: ended." if chosen in all_of else "The sign-in has ended.",
        )


def _chosen(told: Sequence[SignIn], beside: Mapping[str, str] | None = None) -> str | None:
    """One of them, or what may be chosen beside them."""
    words = {each.id: _in_words(each) for each in told} | dict(beside or {})
    return st.selectbox("Sign-in to end", list(words), format_func=words.__getitem__)


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
    _mapping(who, {row.slug: row.label for row in open_to_all})
    if told:
        _unmapping(who, told)


def _mapping(who: Caller, labels: dict[str, str]) -> None:
    """What a group opens: what would change, and the change with its reason."""
    st.header("Open a tenant to a group", anchor=False)
    labels |= {"": "The installation (operators)"}
    group = st.text_input("Group", help="As the identity provider names it.", max_chars=NAME_MAX)
    into = st.selectbox("Opens", list(labels), format_func=lambda slug: labels[slug])
    members = [role for role in Role if role is not Role.OPERATOR]
    role = st.selectbox("As", members, disabled=not into, help="The installation has operators.")
    become = role if into else Role.OPERATOR
    if group.strip():
        _foreseen(who, lambda work: groups.foresee_mapping(work, group, become, tenant=into))
    with st.form("mapping", border=False):
        reason = st.text_input("Why", max_chars=REASON_MAX, key="groups:why")
        pressed = st.form_submit_button("Open it", icon=":material/group_add:")
    if pressed:
        _do(
            who,
            lambda work: groups.map_group(work, group, become, tenant=into, reason=reason),
            "From the next sign-in on.",
        )


def _unmapping(who: Caller, told: Sequence[Opened]) -> None:
    """A group that opens something: what its end would change, and the end with its reason."""
    st.header("Close a group out", anchor=False)
    by_id = {each.id: f"{each.group}: {each.role} in {each.label}" for each in told}
    chosen = st.selectbox("Group to close out", list(by_id), format_func=by_id.__getitem__)
    _foreseen(who, lambda work: groups.foresee_unmapping(work, chosen))
    with st.form("unmapping", border=False):
        reason = st.text_input("Why", max_chars=REASON_MAX, key="groups:end_why")
        pressed = st.form_submit_button("Close it out", icon=":material/group_remove:")
    if pressed:
        _do(
            who,
            lambda work: groups.unmap_group(work, chosen, reason=reason),
            "From the next sign-in on.",
        )


def _foreseen(who: Caller, ask: Callable[[Work], GroupChange]) -> None:
    change = done(who, ask)
    if change is None:
        return
    others = ", ".join(change.others) or "none"
    people_in = counted(change.people, "person", "people") if change.people else "nobody"
    show.table(
        "What would change, from the next sign-in on",
        ["Now", "Then"],
        [
            (f"{change.group} in {change.label}", [_role(change.before), _role(change.after)]),
            ("Other groups that open it", [others, others]),
            ("Who came in by a group", [people_in, "become what their groups then say"]),
        ],
        text=True,
    )


def _role(role: Role | None) -> str:
    return "opens nothing" if role is None else str(role)
