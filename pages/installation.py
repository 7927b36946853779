"""What the operator does for the installation: tenants, plans, features, the provider's inbox."""

import streamlit as st

from app.ui import features as switches
from app.ui import grants, installation, members, show
from app.ui.frame import caller, only_for_its_readers
from valor_core.values import TenantId
from valor_core.workbench import people, plans, tenants
from valor_core.workbench.tenants import acting_in
from valor_core.workbench.verb import open_work

only_for_its_readers("installation")
who = caller()
with open_work(who) as work:
    rows = tenants.customers(work)
    offered = plans.list_plans(work)


def customers() -> None:
    """The tenants, one to make, one to suspend."""
    installation.customers(rows)
    installation.making(who)
    if rows:
        st.header("Suspend a tenant, or open it again", anchor=False)
    if row := installation.chosen(rows) if rows else None:
        installation.shutting(who, row)


def plans_of_tenants() -> None:
    """What a tenant is granted, and the plans that there are."""
    if row := installation.chosen(rows):
        installation.granting(who, row, offered)
        installation.pricing(who, row)
    installation.defining(who, offered)


def features() -> None:
    """What is switched on for whom, and why."""
    if row := installation.chosen(rows):
        installation.explaining(who, row)
        switches.overriding(acting_in(who, TenantId(row.id)), freely=True)
    installation.switching(who)


def access() -> None:
    """What of a tenant the operator may read, and for how long."""
    if row := installation.chosen(rows):
        with open_work(acting_in(who, TenantId(row.id))) as work:
            names = {f"user:{each.user_id}": each.name for each in people.list_members(work)}
        grants.visiting(who, row, names)


st.title("Installation", anchor=False)
st.write("Tenants and what they are granted. What they have in it is theirs: it is not shown here.")
members.linked()
SECTIONS = {
    "Tenants": customers,
    "Plans": plans_of_tenants,
    "Features": features,
    "Access": access,
    "Webhooks": lambda: installation.events(who),
    "Log key": lambda: installation.log_key(who),
}
SECTIONS[show.section(list(SECTIONS), of="installation")]()
