"""Workbook audit: somebody's spreadsheet, its mistakes with their cells, and how to mend them."""

import streamlit as st

from app.ui import auditing
from app.ui.frame import only_for_its_readers

only_for_its_readers("workbook_audit")
st.title("Workbook audit", anchor=False)
st.write("Bring a valuation workbook: it is searched for the mistakes that change a value.")
mine = auditing.bench()
auditing.ask(mine)
if mine.done is not None:
    auditing.verdict(mine.done)
    if mine.done.audit.findings:
        auditing.findings(mine.done)
else:
    auditing.explained()
