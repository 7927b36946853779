"""A merger: what is offered, who pays it, and what it does to the acquirer's earnings a share."""

import streamlit as st

from app.ui import ask, merger_sections, sheet, show
from app.ui.frame import only_for_its_readers

only_for_its_readers("merger")
st.title("Merger", anchor=False)

desk = sheet.opened("merger")
merger_sections.target(desk)
sheet.acts(desk)
result = show.or_explain(desk.result)
merger_sections.headline(desk, result)
ask.notes(desk)

sheet.chosen(desk, result, merger_sections.SECTIONS)
