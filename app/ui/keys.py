"""The parts of the page API keys: the keys in words, one to make, one to rotate or to revoke."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app.ui import show
from app.ui.doing import done
from app.ui.words import NOTHING, moment, person
from valor_core.tenancy import api_keys
from valor_core.tenancy.access import may, scopes_of
from valor_core.tenancy.api_keys import KeyState
from valor_core.tenancy.reasons import REASON_MAX
from valor_core.values import Caller, Role, Scope, from_micros, micros, utc_now
from valor_core.workbench import people
from valor_core.workbench.people import ApiKeyRow
from valor_core.workbench.verb import open_work

SCOPES = {
    Scope.READ: "read companies, filings, values and reports",
    Scope.VALUE: "read, import, adjust, value and simulate",
    Scope.REPORT: "read, make reports and publish snapshots",
    Scope.AUDIT: "read, verify and export the audit log",
    Scope.ADMIN: "administer members, limits and features",
    Scope.DECIDE: "decide on legal holds and on an operator's access, in your own name",
}
"""What a key of each scope is good for."""

ROLES_OF_THE_TENANT = (Role.VIEWER, Role.ANALYST, Role.ADMIN)
MINE, SHOWN = "mine, in my role", "keys:shown"
COLUMNS = ["Name", "Whose", "Good for", "Works until", "Last used"]


def shown_once() -> None:
    """The key that was just made, until it is put away."""
    key = st.session_state.get(SHOWN)
    if not key:
        return
    with st.container(border=True):
        st.markdown("**Copy the new key now.** It is not kept, and nobody can show it again.")
        st.code(key, language=None, wrap_lines=True)
        if st.button("I have copied it", icon=":material/check:"):
            del st.session_state[SHOWN]
            st.rerun()


def listed(
    rows: Sequence[ApiKeyRow], names: Mapping[str, str], why_revoked: Mapping[str, str]
) -> None:
    """The keys, those that work first; those that were revoked with the reason."""
    if not rows:
        st.info("There is no key yet. Make one below, and give it to your program or notebook.")
        return
    now = micros(utc_now())
    standing = sorted(rows, key=lambda row: api_keys.state(row, now) is not KeyState.LIVE)
    show.listing(
        "Those that work come first",
        COLUMNS,
        [
            [
                row.label,
                whose(row, names),
                "; ".join(SCOPES[Scope(scope)] for scope in row.scopes),
                ": ".join(filter(None, (until(row, now), why_revoked.get(row.id)))),
                moment(from_micros(row.used_at)) if row.used_at else "never",
            ]
            for row in standing
        ],
        text=frozenset(COLUMNS[:4]),
    )


def whose(row: ApiKeyRow, names: Mapping[str, str]) -> str:
    """Its owner by name, or the role in which it acts for the tenant."""
    return person(f"user:{row.owner}", names) if row.owner else f"the tenant, as {row.role}"


def until(row: ApiKeyRow, now: int) -> str:
    """The last day of a key that works; why another one does not."""
    state = api_keys.state(row, now)
    if state is KeyState.REVOKED:
        return f"revoked on {from_micros(row.revoked_at or now):%Y-%m-%d}"
    day = f"{from_micros(row.expires_at):%Y-%m-%d}"
    return day if state is KeyState.LIVE else f"expired on {day}"


def making(who: Caller) -> None:
    """A new key of one's own; an administrator also makes those of the tenant."""
    st.header("Make a key", anchor=False)
    with st.form("making", border=False, clear_on_submit=False):
        name = st.text_input(
            "Name", max_chars=100, key="keys:name", placeholder="nightly notebook",
            help="What it is for. Two keys of one name may work at once, so that one replaces "
            "the other without a gap.",
        )  # fmt: skip
        st.caption("What is it good for?")
        chosen = [
            scope
            for scope in scopes_of(who.role)
            if st.checkbox(SCOPES[scope].capitalize(), scope is Scope.READ, key=f"keys:{scope}")
        ]
        left, right = st.columns(2)
        days = left.number_input(
            "Days that it works", 1, api_keys.DAYS_MAX, api_keys.DAYS_DEFAULT, key="keys:days"
        )
        role = MINE
        if may(who, "key.add"):
            role = right.selectbox(
                "Whose", [MINE, *ROLES_OF_THE_TENANT], key="keys:whose",
                format_func=lambda each: each if each == MINE else f"the tenant's, as {each}",
                help="A key of the tenant goes on working when whoever made it leaves.",
            )  # fmt: skip
        pressed = st.form_submit_button("Make the key", type="primary", icon=":material/key:")
    if not pressed:
        return
    made = done(
        who,
        lambda work: (
            people.add_own_key(work, name, chosen, days=int(days))
            if role == MINE
            else people.add_key(work, name, Role(role), scopes=chosen, days=int(days))
        ),
    )
    if made:
        st.session_state[SHOWN] = made[1]
        st.rerun()


def ending(who: Caller, rows: Sequence[ApiKeyRow], names: Mapping[str, str]) -> None:
    """Another key in place of one, or the end of one."""
    now = micros(utc_now())
    live = {row.id: row for row in rows if api_keys.state(row, now) is KeyState.LIVE}
    if not live:
        return
    st.header("Rotate or revoke a key", anchor=False)
    chosen = st.selectbox(
        "Key", list(live), key="keys:chosen",
        format_func=lambda each: f"{live[each].label}, {whose(live[each], names)}, "
        f"until {until(live[each], now)}",
    )  # fmt: skip
    days = st.number_input(
        "Days that the old and the new one both work", 0, api_keys.OVERLAP_DAYS_MAX,
        api_keys.OVERLAP_DAYS_DEFAULT, key="keys:overlap",
    )  # fmt: skip
    rotate = st.button(
        "Rotate it", icon=":material/autorenew:",
        disabled=live[chosen].owner not in (None, who.user_id),
        help="Its owner alone can, for who rotates a key gets to see the new one.",
    )  # fmt: skip
    if rotate:
        made = done(who, lambda work: people.rotate_key(work, chosen, overlap_days=int(days)))
        if made:
            st.session_state[SHOWN] = made[1]
            st.rerun()
    _revoking(who, chosen)


def _revoking(who: Caller, chosen: str) -> None:
    """What a revocation would stop, and the revocation."""
    with open_work(who) as work:
        told = people.foresee_revocation(work, chosen)
    used = moment(from_micros(told.key.used_at)) if told.key.used_at else "never"
    beside = f"{told.others} of its name" if told.others else "none of its name"
    show.table(
        f"What a revocation of {told.key.label} would do",
        ["Now", "Then"],
        [
            ("The key", ["works", "is refused at once"]),
            ("Last used", [used, NOTHING]),
            ("Keys that work beside it", [beside, beside]),
        ],
        text=True,
    )
    with st.form("revoking", border=False):
        reason = st.text_input("Why", max_chars=REASON_MAX, key="keys:why")
        pressed = st.form_submit_button("Revoke it", icon=":material/block:")
    if pressed and done(who, lambda work: people.revoke_key(work, chosen, reason=reason)):
        st.rerun()
