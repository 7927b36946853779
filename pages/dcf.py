"""A DCF: assumptions by year, what they are worth, and why."""

import streamlit as st

from app.ui import ask, dcf_sections, draft, show
from app.ui.frame import only_for_its_readers

only_for_its_readers("dcf")
st.title("Discounted cash flow", anchor=False)

company = ask.company()
if company is None:
    st.info("There is no company yet. Import its filings on the page Company.")
    st.stop()

desk = show.or_explain(draft.desk, company)
if desk is None:
    st.stop()

with st.container(horizontal=True, vertical_alignment="bottom"):
    ask.start_over(desk)
    ask.steps(desk)
    dcf_sections.save(desk)
    dcf_sections.export(desk)

if desk.problem:
    show.refusal(desk.problem)
result = show.or_explain(desk.operations)
dcf_sections.headline(desk, result)
if desk.to_state:
    ask.open_items(desk)
ask.notes(desk)

dcf_sections.chosen(desk, result)
