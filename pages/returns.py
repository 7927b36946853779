"""What dated or yearly flows return: NPV, every IRR or the reason for none, MIRR and multiples."""

import streamlit as st

from app.ui import returns_sections, sheet, show
from app.ui.frame import only_for_its_readers

only_for_its_readers("returns")
st.title("Returns", anchor=False)

desk = sheet.opened("returns")
sheet.acts(desk)
result = show.or_explain(desk.result)
returns_sections.headline(desk, result)

sheet.chosen(desk, result, returns_sections.SECTIONS)
