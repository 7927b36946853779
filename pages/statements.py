"""Three linked statements: what a company earns, owns and owes, filed and expected years."""

import streamlit as st

from app.ui import ask, sheet, show, statements_sections
from app.ui.frame import only_for_its_readers

only_for_its_readers("statements")
st.title("Statements", anchor=False)

desk = sheet.opened("statements")
sheet.acts(desk)
result = show.or_explain(desk.result)
statements_sections.headline(desk, result)
ask.notes(desk)

sheet.chosen(desk, result, statements_sections.SECTIONS)
