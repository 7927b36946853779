"""The parts of the page Members: who is in, whom to take in, and what a change would take."""

from collections.abc import Sequence
from urllib.parse import urlsplit

import streamlit as st

from app.ui import show
from app.ui.doing import done
from app.ui.words import counted
from valor_core.store.work import Work
from valor_core.tenancy.access import may
from valor_core.tenancy.members import Consequences
from valor_core.tenancy.reasons import REASON_MAX
from valor_core.values import Caller, Role, from_micros
from valor_core.workbench import members, people
from valor_core.workbench.members import MembershipRow
from valor_core.workbench.verb import open_work

ROLES = {
    Role.VIEWER: "viewer: reads",
    Role.ANALYST: "analyst: also imports, values and reports",
    Role.ADMIN: "admin: also administers members, limits and features",
    Role.COMPLIANCE: "compliance: reads all, sets and releases legal holds",
}
SUSPEND, RESUME, REMOVE = "Suspend", "Let in again", "Remove"
LINK, COLUMNS = "members:link", ["Name", "Role", "Stands", "Since"]


def listed(rows: Sequence[MembershipRow]) -> None:
    """The members by name, and how each stands."""
    show.listing(
        counted(len(rows), "member"),
        COLUMNS,
        [
            [row.name, row.role, standing(row), f"{from_micros(row.created_at):%Y-%m-%d}"]
            for row in rows
        ],
        text=frozenset(COLUMNS),
    )


def standing(row: MembershipRow) -> str:
    """Whether the member may come in, and what is waited for."""
    if row.suspended_at is not None:
        return f"suspended since {from_micros(row.suspended_at):%Y-%m-%d}"
    return "proposed as compliance officer" if row.nominated_by else "may come in"


def linked() -> None:
    """A sign-in link that was just made, until it is put away."""
    link = st.session_state.get(LINK)
    if not link:
        return
    with st.container(border=True):
        st.markdown("**Hand over this link.** It signs in once, within ten minutes.")
        st.code(link, language=None, wrap_lines=True)
        if st.button("Done", icon=":material/check:"):
            del st.session_state[LINK]
            st.rerun()


def inviting(who: Caller, rows: Sequence[MembershipRow]) -> None:
    """A person to take in, and a link by which a member signs in."""
    st.header("Take somebody in", anchor=False)
    with st.form("inviting", border=False):
        name = st.text_input("Name", max_chars=100, key="members:name")
        role = st.selectbox(
            "Role", list(ROLES), format_func=ROLES.__getitem__, index=1, key="members:new_role"
        )
        pressed = st.form_submit_button("Take in", type="primary", icon=":material/person_add:")
    if pressed and taken_in(who, name, role):
        st.rerun()
    st.header("A sign-in link for a member", anchor=False)
    with st.form("linking", border=False):
        signs_in = [row.name for row in rows if row.suspended_at is None]
        chosen = st.selectbox("Member", signs_in, key="members:to_sign_in")
        pressed = st.form_submit_button("Make a link", icon=":material/link:")
    if pressed and chosen and (link := done(who, lambda work: people.issue_token(work, chosen))):
        st.session_state[LINK] = address(link)
        st.rerun()


def taken_in(who: Caller, name: str, role: Role) -> bool:
    """Whether the person is a member now; the page then shows a link to sign in by."""
    if not done(who, lambda work: people.add_member(work, name, role)):
        return False
    if token := done(who, lambda work: people.issue_token(work, name.strip())):
        st.session_state[LINK] = address(token)
    return True


def address(token: str) -> str:
    """The link that redeems a token, at the address by which this page was opened."""
    at = urlsplit(st.context.url or "")
    return f"{at.scheme}://{at.netloc}/login#token={token}"


def changing(who: Caller, rows: Sequence[MembershipRow]) -> None:
    """One member: what a change would do, and the change with its reason."""
    others = {row.user_id: row for row in rows if row.user_id != who.user_id}
    if not others:
        st.info("You are the only member. Take somebody in first.", icon=":material/group:")
        return
    chosen = st.selectbox(
        "Member", list(others), format_func=lambda each: others[each].name, key="members:member"
    )
    row = others[chosen]
    ways = [role for role in ROLES if role != row.role]
    ends = [RESUME if row.suspended_at else SUSPEND, REMOVE]
    what = st.selectbox(
        "Change", [*ways, *ends], key="members:change",
        format_func=lambda each: f"Make {ROLES[each]}" if each in ROLES else each,
    )  # fmt: skip
    role = None if what in (SUSPEND, REMOVE) else Role(row.role) if what == RESUME else Role(what)
    with open_work(who) as work:
        told = members.foresee(work, chosen, role)
    foreseen(told, removed=what == REMOVE)
    with st.form("changing", border=False):
        reason = st.text_input("Why", max_chars=REASON_MAX, key="members:why")
        pressed = st.form_submit_button("Do it", type="primary", icon=":material/done:")
    if pressed and done(who, lambda work: _do(work, chosen, what, role, reason)):
        st.toast("Done.")
        st.rerun()


def _do(work: Work, user_id: str, what: str, role: Role | None, reason: str) -> object:
    if what == SUSPEND:
        return members.suspend_member(work, user_id, reason=reason)
    if what == REMOVE:
        return members.remove_member(work, user_id, reason=reason)
    if what == RESUME or role is None:
        return members.resume_member(work, user_id, reason=reason)
    return members.change_role(work, user_id, role, reason=reason)


def foreseen(told: Consequences, *, removed: bool) -> None:
    """What the change would do, before it is done."""
    after = ROLES[told.role_after] if told.role_after else "may not come in"
    rows = [("Role", [ROLES[told.role_before], after])]
    if told.sessions_ended:
        rows.append(("Signed in", [counted(told.sessions_ended, "time"), "signed out everywhere"]))
    if told.keys_stopped:
        keys = "stop for good" if removed else "sleep until the member is let in again"
        rows.append(("Own API keys", [f"{told.keys_stopped:,} that work", keys]))
    show.table(f"What it would do to {told.name}", ["Now", "Then"], rows, text=True)
    if told.waits:
        st.info(
            "An administrator alone makes no compliance officer: one who is there, or the "
            "operator of the installation, has to agree. Until then the role stays.",
            icon=":material/how_to_reg:",
        )


def confirming(who: Caller, rows: Sequence[MembershipRow]) -> None:
    """Who was proposed as compliance officer, for who may agree to it."""
    proposed = {row.user_id: row for row in rows if row.nominated_by}
    if not proposed or not may(who, "member.confirm"):
        return
    st.header("Proposed as compliance officer", anchor=False)
    for user_id, row in proposed.items():
        told, way = st.columns([3, 1], vertical_alignment="center")
        told.markdown(f"**{show.plain(row.name)}**, now {row.role}")
        pressed = way.button("Agree", key=f"confirm_{user_id}", icon=":material/how_to_reg:")
        if pressed and done(who, lambda work, one=user_id: members.confirm_officer(work, one)):
            st.rerun()
