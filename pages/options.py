"""Real options: what a right on a company's project is worth, and when to act on it."""

import streamlit as st

from app.ui import ask, option_sections, sheet, show
from app.ui.frame import only_for_its_readers

only_for_its_readers("options")
st.title("Real options", anchor=False)

model = option_sections.model()
desk = sheet.opened(model)
sheet.acts(desk)
result = show.or_explain(desk.result)
option_sections.headline(desk, result)
ask.notes(desk)

sheet.chosen(desk, result, option_sections.SECTIONS[model])
