"""A company beside its peers: what they are priced at, and what that makes of its shares."""

import streamlit as st

from app.ui import ask, comparables_sections, sheet
from app.ui.frame import only_for_its_readers

only_for_its_readers("comparables")
st.title("Comparables", anchor=False)

desk = sheet.opened("comparables")
sheet.acts(desk)
result = comparables_sections.valued(desk)
comparables_sections.headline(desk, result)
ask.notes(desk)

sheet.chosen(desk, result, comparables_sections.SECTIONS)
