"""One plan valued by seven methods: that they agree, and why where they do not."""

import streamlit as st

from app.ui import ask, frame, reconciliation_sections, sheet, show
from app.ui.frame import only_for_its_readers

only_for_its_readers("reconciliation")
st.title("Reconciliation", anchor=False)

desk = sheet.opened("reconciliation")
sheet.acts(desk)
result = show.or_explain(desk.result)
reconciliation_sections.headline(desk, result)
ask.notes(desk)

sheet.chosen(desk, result, reconciliation_sections.SECTIONS)
frame.link(
    "dcf", "Its DCF", icon=":material/calculate:", company=desk.company.ticker or desk.company.id
)
