"""Who is looking, and where they can go."""

from typing import Protocol, runtime_checkable

import streamlit as st
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx

from app.directory import PLACE, PLACES, Place
from app.state import PROCESS
from app.ui import show, theming
from valor_core import amounts
from valor_core.amounts import Scale
from valor_core.tenancy.access import MAY, may
from valor_core.tenancy.preferences import AmountsIn
from valor_core.values import Caller, TenantId
from valor_core.workbench import people, preferences
from valor_core.workbench.flags import closed_acts
from valor_core.workbench.people import Me
from valor_core.workbench.verb import open_work

CLOSED = "frame:closed"
"""The acts that are switched off for the tenant, as the list of pages was last drawn."""
AMOUNTS = "frame:amounts"
"""In what amounts the page was last drawn, which what is typed on it follows."""


def _amounts_on_screen() -> Scale | None:
    return st.session_state.get(AMOUNTS) if get_script_run_ctx(suppress_warning=True) else None


amounts.told_by(_amounts_on_screen)


@runtime_checkable
class Redrawn(Protocol):
    """What a session holds that has drawn amounts."""

    def redraw(self) -> None:
        """Draw what keeps its own value anew."""


def signed_in_caller() -> Caller | None:
    """Who looks at this page, asked anew: an open page outlives the sign-in it was opened with."""
    told = st.user.to_dict()
    session, tenant = str(told.get("session") or ""), str(told.get("tenant") or "")
    if not session or PROCESS.callers is None:
        return None
    known = PROCESS.callers.of_session(session, TenantId(tenant))
    if known and (run := get_script_run_ctx()):
        PROCESS.pages.note(run.session_id, known)
    return known


def caller() -> Caller:
    """Who looks at this page; the frame has stopped everybody else."""
    known = signed_in_caller()
    if known is None:
        st.stop()
    return known


def navigation() -> StreamlitPage:
    """One flat list: sectioned navigation in the sidebar fails accessibility checks.

    The names of its groups stand in the style of every page (`app/web/pages.py`). A page that the
    role may not read is left out of the list; its address still explains itself. One that is
    switched off for the tenant has no address either.
    """
    who = caller()
    with open_work(who) as work:
        me = people.me(work)
        st.session_state[CLOSED] = closed_acts(work)
        told = preferences.amounts_in(work)
    _show_in(told.shown)
    first = next((place for place in places() if place.open_to(who)), PLACES[0])
    pages = [
        st.Page(
            place.file,
            title=place.title,
            icon=place.icon,
            url_path="first" if place == first else place.name,
            default=place == first,
            visibility="visible" if place.open_to(who) else "hidden",
        )
        for place in places()
    ]
    page = st.navigation([*pages, _by_name(first)], expanded=True)
    alone = sum(place.open_to(who) for place in places()) == 1  # then no list is drawn
    _who_is_signed_in(who, me, told, alone=alone)  # after the list, which would push it down
    return page


def _by_name(first: Place) -> StreamlitPage:
    """The first page at the address of its name too: Streamlit serves a default page at "/"."""

    def lead_on() -> None:
        go(first.name, **st.query_params.to_dict())

    return st.Page(lead_on, title=first.title, url_path=first.name, visibility="hidden")


def places() -> list[Place]:
    """The pages that stand, and are switched on."""
    return [place for place in PLACES if place.file.exists() and not _switched_off(place)]


def leads(name: str) -> bool:
    """Whether the caller may be offered the page."""
    return PLACE[name].open_to(caller()) and not _switched_off(PLACE[name])


def _switched_off(place: Place) -> bool:
    """Whether the tenant lacks what the page is for."""
    return place.act in st.session_state.get(CLOSED, ())


def link(name: str, label: str, *, icon: str | None = None, **query: str) -> None:
    """A link to another page, about a company or a valuation; nothing for who may not read it."""
    if leads(name):
        st.page_link(PLACE[name].file, label=label, icon=icon, query_params=query or None)


def go(name: str, **query: str) -> None:
    """To another page, about a company or a valuation; nothing after it runs."""
    st.switch_page(PLACE[name].file, query_params=query or None)


def only_for_its_readers(name: str) -> None:
    """Ends the page with a sentence for whoever's role may not read it."""
    place, who = PLACE[name], caller()
    if not place.open_to(who):
        st.title(place.title, anchor=False)
        readers = " or ".join(sorted(MAY[place.act]))
        st.info(
            f"This page is for the role {readers}; yours is {who.role}. "
            "If you need it, ask an administrator of your tenant.",
            icon=":material/lock:",
        )
        st.stop()


def _show_in(scale: Scale) -> None:
    """What was typed in another unit is drawn anew."""
    if st.session_state.get(AMOUNTS, Scale.MILLIONS) is not scale:
        for held in st.session_state.values():
            if isinstance(held, Redrawn):
                held.redraw()
        for name in [str(name) for name in st.session_state]:
            if name.endswith(":target"):
                del st.session_state[name]
    st.session_state[AMOUNTS] = scale


def _who_is_signed_in(who: Caller, me: Me, told: AmountsIn, *, alone: bool) -> None:
    with st.sidebar.container(key="signed_in_alone" if alone else "signed_in", gap="small"):
        st.caption(f"**{show.plain(me.name)}** in **{show.plain(me.tenant)}**, {me.role}")
        if may(who, "preference.choose"):
            _amounts(who, told)
        if st.button("Sign out", icon=":material/logout:", type="tertiary"):
            _sign_out(who)
        theming.followed()


def _amounts(who: Caller, told: AmountsIn) -> None:
    """In what amounts of money are shown, to the reader or to all."""
    key = "frame:amounts:own"

    def choose() -> None:
        with open_work(who) as work:
            preferences.show_me(work, st.session_state[key])

    def choose_for_all() -> None:
        with open_work(who) as work:
            preferences.show_everybody(work, told.shown)

    with st.popover(f"Amounts in {told.shown}", icon=":material/straighten:", type="tertiary"):
        st.radio(
            "Show me money in",
            [None, *Scale],
            index=[None, *Scale].index(told.own),
            format_func=lambda each: each or f"as all see it ({told.tenant})",
            key=key,
            on_change=choose,
        )
        st.caption("On pages, in workbooks and in reports; rates, shares and prices stay.")
        if may(who, "preference.set") and told.shown is not told.tenant:
            st.button(f"Show all members {told.shown}", on_click=choose_for_all)


def _sign_out(who: Caller) -> None:
    with open_work(who) as work:
        people.sign_out(work)
    st.rerun()
