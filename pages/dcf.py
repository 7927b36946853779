"""A DCF: assumptions by year, what they are worth, and why."""

import streamlit as st

from app.ui import ask, dcf_sections, sheet, show
from app.ui.frame import only_for_its_readers

only_for_its_readers("dcf")
st.title("Discounted cash flow", anchor=False)

desk = sheet.opened("dcf")
sheet.acts(desk)
result = show.or_explain(desk.result)
dcf_sections.headline(desk, result)
if desk.to_state:
    ask.open_items(desk)
ask.notes(desk)

sheet.chosen(desk, result, dcf_sections.SECTIONS)
