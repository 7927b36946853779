"""How well a company bears its debt: cover, leverage, distress scores, rating and default."""

import streamlit as st

from app.ui import ask, credit_sections, sheet, show
from app.ui.frame import only_for_its_readers

only_for_its_readers("credit")
st.title("Credit", anchor=False)

desk = sheet.opened("credit")
sheet.acts(desk)
result = show.or_explain(desk.result)
credit_sections.headline(desk, result)
ask.notes(desk)

sheet.chosen(desk, result, credit_sections.SECTIONS)
