"""A leveraged buyout: what it costs, who pays, how the debt is served, and what is made of it."""

import streamlit as st

from app.ui import ask, lbo_sections, sheet, show
from app.ui.frame import only_for_its_readers

only_for_its_readers("lbo")
st.title("Leveraged buyout", anchor=False)

desk = sheet.opened("lbo")
sheet.acts(desk)
result = show.or_explain(desk.result)
lbo_sections.headline(desk, result)
ask.notes(desk)

sheet.chosen(desk, result, lbo_sections.SECTIONS)
