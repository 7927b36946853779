"""Where one begins: what to do next, what was done last, and whether all is well."""

import streamlit as st

from app.directory import GROUPS, PLACE
from app.ui import failing, show
from app.ui.frame import caller, link, only_for_its_readers, places
from app.ui.grants import on_home
from app.ui.headline import page_of, value_of
from app.ui.verdict import verdict_on_demand
from app.ui.words import counted, moment, person
from valor_core.tenancy.access import MAY
from valor_core.values import CompanyId, from_micros
from valor_core.workbench import companies, drafts, people, valuations
from valor_core.workbench.drafts import OpenDraft
from valor_core.workbench.health import health
from valor_core.workbench.verb import open_work

SHOWN = 5
only_for_its_readers("home")
who = caller()


def may(act: str) -> bool:
    """Whether the caller's role allows the act."""
    return who.role in MAY[act]


with open_work(who) as work:
    called = people.names(work)
    known = {company.id: company for company in companies.list_companies(work)}
    saved = valuations.list_valuations(work, limit=SHOWN)
    begun = drafts.list_drafts(work, limit=SHOWN) if may("draft.read") else []
    imported = companies.list_imports(work, limit=SHOWN)
    state = health(work)


def address(company_id: CompanyId) -> str:
    """How a company is called in an address."""
    company = known.get(company_id)
    return company.ticker if company and company.ticker else company_id


def titled(draft: OpenDraft) -> str:
    """A draft by its company and the page on which it was begun."""
    company = known.get(draft.company_id)
    name = company.name if company else draft.company_id
    return f"{name}, {PLACE[page_of(draft.model)].title}"


def next_step() -> None:
    """The one thing that most likely comes next."""
    if not known:
        st.write("There is no company yet. Import what one has filed, then value it.")
        link("coverage", "Import filed facts", icon=":material/upload_file:")
    elif not may("valuation.run"):
        st.write("Look through the companies, or read what has been valued.")
        link("coverage", "All companies", icon=":material/table_view:")
    elif begun:
        draft = begun[0]
        st.write(f"You were valuing {show.plain(titled(draft))} and have not saved it yet.")
        page = page_of(draft.model)
        link(page, "Go on", icon=":material/edit:", company=address(draft.company_id))
    elif not saved:
        first = next((c for c in known.values() if c.ticker == "AAPL"), next(iter(known.values())))
        st.write(
            f"Value a first company. {show.plain(first.name)} is ready: its filed figures fill the "
            "DCF, you state what the filing lacks, and the value is kept with your reasons."
        )
        name = show.plain(first.name)
        link("dcf", f"Value {name}", icon=":material/calculate:", company=address(first.id))
    else:
        st.write("Value another company, or compare two values that you have saved.")
        link("coverage", "Choose a company", icon=":material/table_view:")
        link("valuations", "Compare saved values", icon=":material/compare_arrows:")


def dated(text: str, at: int) -> str:
    """A text with its day, small."""
    return f"{show.plain(text)} :small[{from_micros(at):%Y-%m-%d}]"


def recent_valuations() -> None:
    """What was saved last, by anybody of the tenant."""
    st.header("Saved values", anchor=False)
    for row in saved:
        told = f"{row.company_name}: {value_of(row)}"
        link("valuations", dated(told, row.created_at), valuation=row.id)
    if not saved:
        st.caption("Nothing is saved yet.")


def own_drafts() -> None:
    """What the caller has begun and not saved."""
    st.header("Your drafts", anchor=False)
    for draft in begun:
        link(
            page_of(draft.model),
            dated(titled(draft), draft.updated_at),
            company=address(draft.company_id),
        )
    if not begun:
        st.caption("You have no draft. Each change on the page DCF is kept as one by itself.")


def recent_imports() -> None:
    """What the tenant has brought in beside the demo book."""
    st.header("Imports", anchor=False)
    for row in imported:
        st.markdown(show.plain(row.file_name))
        st.caption(
            f"{counted(row.facts_n, 'figure')} of "
            f"{counted(row.companies_n, 'company', 'companies')}, "
            f"{moment(from_micros(row.created_at))}, {person(row.created_by, called)}"
        )
    if not imported:
        st.caption("Nothing was imported; the demo book is there from the start.")


st.title("Home", anchor=False)
on_home(who)
failing.on_home(who)
with st.container(border=True):
    st.header("Next", anchor=False)
    next_step()

parts = [recent_valuations, own_drafts, recent_imports]
if not may("draft.read"):
    parts.remove(own_drafts)
for column, part in zip(st.columns(len(parts), gap="large"), parts, strict=True):
    with column:
        part()

st.header("Health", anchor=False)
show.facts(
    {
        "Database": f"{state.database}, answers",
        "Schema": f"{state.revision}, "
        + ("current" if state.is_current else f"wanted {state.wanted_revision}"),
        "Last snapshot": moment(state.snapshot_at) if state.snapshot_at else "none yet",
    }
)
if may("audit.verify"):
    verdict_on_demand(who)

st.header("Pages", anchor=False)
open_ones = {place.name for place in places() if place.name != "home" and place.open_to(who)}
with st.container(key="places"):  # the name by which the page's style keeps the height of a link
    for group, of_group in GROUPS.items():
        if not any(place.name in open_ones for place in of_group):
            continue
        st.subheader(group, anchor=False)
        for place in of_group:
            if place.name in open_ones:
                to, what = st.columns([1, 3], vertical_alignment="center")
                with to:
                    link(place.name, place.title, icon=place.icon)
                what.caption(place.purpose)
