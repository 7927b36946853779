"""Who is in the tenant, in which role; an administrator takes in, changes, suspends and removes."""

import streamlit as st

from app.ui import members, show
from app.ui.frame import caller, only_for_its_readers
from valor_core.tenancy.access import may
from valor_core.workbench import people
from valor_core.workbench.verb import open_work

only_for_its_readers("members")
who = caller()
with open_work(who) as work:
    rows = people.list_members(work)

st.title("Members", anchor=False)
st.write("Who may come in, and in which role. Each change is logged with its reason.")
members.linked()
SECTIONS = {"Members": lambda: members.listed(rows)}
if may(who, "member.add"):
    SECTIONS["Take in"] = lambda: members.inviting(who, rows)
    SECTIONS["Change"] = lambda: members.changing(who, rows)
SECTIONS[show.section(list(SECTIONS), of="members")]()
members.confirming(who, rows)
