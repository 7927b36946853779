"""Who is looking, and where they can go."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import streamlit as st
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx

from app.state import PROCESS
from app.ui import show
from valor_core import amounts
from valor_core.amounts import Scale
from valor_core.settings import ROOT
from valor_core.tenancy.access import MAY, may
from valor_core.tenancy.preferences import AmountsIn
from valor_core.values import Caller, TenantId
from valor_core.workbench import people, preferences
from valor_core.workbench.flags import closed_acts
from valor_core.workbench.people import Me
from valor_core.workbench.verb import open_work

PAGES = ROOT / "pages"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A page: where it stands, what it is for, and the act that its readers must be allowed."""

    name: str
    title: str
    icon: str
    purpose: str
    act: str

    @property
    def file(self) -> Path:
        """The script of the page."""
        return PAGES / f"{self.name}.py"

    def open_to(self, who: Caller) -> bool:
        """Whether the role of the caller may read the page."""
        return who.role in MAY[self.act]

    @property
    def switched_off(self) -> bool:
        """Whether the tenant lacks what the page is for."""
        return self.act in st.session_state.get(CLOSED, ())


def _place(name: str, title: str, icon: str, purpose: str, *, act: str) -> Place:
    return Place(name=name, title=title, icon=f":material/{icon}:", purpose=purpose, act=act)


PLACES = (
    _place("home", "Home", "home", "Where one begins.", act="health.read"),
    _place(
        "coverage", "Coverage", "table_view",
        "All companies with their growth, margins and newest value.", act="company.read",
    ),
    _place(
        "company", "Company", "domain",
        "Statements by year, each number down to its filing, and what was restated.",
        act="fact.read",
    ),
    _place(
        "dcf", "DCF", "calculate",
        "Value a company from its filed facts and your assumptions.", act="draft.read",
    ),
    _place(
        "dcf_direct", "Stated cash flows", "edit_note",
        "Value a company by free cash flows of your own.", act="draft.read",
    ),
    _place(
        "statements", "Statements", "table_rows",
        "Income, balance sheet and cash flow that tie, filed years beside expected ones.",
        act="draft.read",
    ),
    _place(
        "reconciliation", "Reconciliation", "balance",
        "One plan valued by seven methods: that they agree, and why where they do not.",
        act="draft.read",
    ),
    _place(
        "dividends", "Dividends and residual income", "savings",
        "Value a share by what is paid out, or by book equity: banks and insurers too.",
        act="draft.read",
    ),
    _place(
        "lbo", "LBO", "account_balance",
        "Buy a company with debt, serve it, sell it: what the sponsor makes.", act="draft.read",
    ),
    _place(
        "merger", "Merger", "merge",
        "Buy another company: what it costs, and what it does to earnings per share.",
        act="draft.read",
    ),
    _place(
        "options", "Real options", "alt_route",
        "Value the right to wait, expand, give up or choose, and see when to act.",
        act="draft.read",
    ),
    _place(
        "comparables", "Comparables", "groups",
        "Hold a company against its peers: their multiples, and what they make of its shares.",
        act="draft.read",
    ),
    _place(
        "credit", "Credit", "credit_score",
        "How a company bears its debt: cover, distress scores, a rating for its DCF.",
        act="draft.read",
    ),
    _place(
        "returns", "Returns", "payments",
        "What dated or yearly flows return: NPV, every IRR or why there is none, MIRR, multiples.",
        act="draft.read",
    ),
    _place(
        "simulation", "Simulation", "ssid_chart",
        "How far a value or a return spreads when its drivers vary, and which of them moves it.",
        act="draft.read",
    ),
    _place(
        "batch", "Batch", "dynamic_feed",
        "Value all companies by one policy, and see why some have no value.", act="batch.run",
    ),
    _place(
        "market_data", "Market data", "candlestick_chart",
        "Prices, yields and exchange rates from their providers, and what is doubted about them.",
        act="series.read",
    ),
    _place(
        "valuations", "Valuations", "inventory_2",
        "Open saved values, follow their workings, compare two.", act="valuation.read",
    ),
    _place(
        "screen", "Screen", "filter_alt",
        "Find companies by their figures in a published snapshot.", act="snapshot.read",
    ),
    _place(
        "explore", "Explore", "pivot_table_chart",
        "Filter, group and chart what a snapshot holds, keep the view and share it.",
        act="snapshot.explore",
    ),
    _place(
        "snapshots", "Snapshots", "photo_camera",
        "Keep all that there is at one moment, look at it again, prove that it is unchanged.",
        act="snapshot.read",
    ),
    _place(
        "workbook_audit", "Workbook audit", "rule",
        "Search somebody's spreadsheet for the mistakes that change a value.",
        act="workbook.audit",
    ),
    _place(
        "reports", "Reports", "description",
        "Valuations, bills and more as pages of their own, to read offline, print and keep.",
        act="report.read",
    ),
    _place(
        "jobs", "Jobs", "schedule",
        "What is done in the background, when, and what came of it.", act="job.read",
    ),
    _place(
        "proof", "Proof", "fact_check",
        "Published cases, each figure as printed beside ours.", act="health.read",
    ),
    _place(
        "providers", "Providers", "cell_tower",
        "How the data providers stand, how good they were, and whom one asks.",
        act="routing.read",
    ),
    _place(
        "limits", "Plan & limits", "speed",
        "What your tenant may use, what is left of it, and until when.",
        act="member.names",  # it tells by name who changed a plan; an operator has the command
    ),
    _place(
        "installation", "Installation", "domain",
        "Tenants, their plans and features, and the billing provider's inbox.", act="tenant.read",
    ),
    _place(
        "members", "Members", "group",
        "Who may come in and in which role: take in, change, suspend, remove.", act="member.read",
    ),
    _place(
        "keys", "API keys", "key",
        "Let a program or a notebook use the API, within what a key is good for.",
        act="key.add_own",
    ),
    _place(
        "audit", "Audit", "verified_user",
        "Who did what and when, in a log that can be verified.", act="audit.read",
    ),
    _place(
        "billing", "Billing", "receipt_long",
        "What was used beside what was billed, each difference with its cause.",
        act="billing.read",
    ),
    _place(
        "sessions", "Sessions", "devices",
        "Where you are signed in, from which browser, and how to end it.", act="session.list",
    ),
)  # fmt: skip
PLACE = {place.name: place for place in PLACES}


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

    A page that the role may not read is left out of the list; its address still explains itself.
    One that is switched off for the tenant has no address either.
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
    return [place for place in PLACES if place.file.exists() and not place.switched_off]


def leads(name: str) -> bool:
    """Whether the caller may be offered the page."""
    return PLACE[name].open_to(caller()) and not PLACE[name].switched_off


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
