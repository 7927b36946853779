"""A DCF of cash flows that the analyst states: what they are worth, and why."""

import streamlit as st

from app.ui import ask, dcf_sections, direct_sections, sheet, show
from app.ui.frame import only_for_its_readers

only_for_its_readers("dcf_direct")
st.title("Stated cash flows", anchor=False)

desk = sheet.opened("dcf_direct")
sheet.acts(desk)
result = show.or_explain(desk.result)
dcf_sections.headline(desk, result)
if desk.to_state:
    ask.open_items(desk)
ask.notes(desk)

sheet.chosen(desk, result, direct_sections.SECTIONS)
