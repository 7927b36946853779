"""Where one is signed in, and for an administrator who is signed in to the tenant."""

import streamlit as st

from app.ui import session_sections, show
from app.ui.frame import caller, only_for_its_readers
from app.ui.words import counted
from valor_core.tenancy.access import MAY
from valor_core.tenancy.sign_in import absolute_s, idle_s

only_for_its_readers("sessions")
who = caller()
st.title("Sessions", anchor=False)
st.write(
    f"A sign-in ends by itself after {counted(idle_s() // 3600, 'hour')} without use, and after "
    f"{counted(absolute_s() // 3600, 'hour')} in any case. One that you end here is out at once."
)
SECTIONS = {"Mine": session_sections.own}
if who.role in MAY["session.list_all"]:
    SECTIONS["Everybody's"] = session_sections.of_the_tenant
if who.role in MAY["group.list"]:
    SECTIONS["Groups"] = session_sections.groups_section
if len(SECTIONS) > 1:
    SECTIONS[show.section(list(SECTIONS), of="sessions")](who)
else:
    session_sections.own(who)
