"""A model over thousands of draws of its drivers: how far its value spreads, and what moves it."""

import streamlit as st

from app.ui import ask, frame, sheet, show, simulation_sections
from app.ui.frame import only_for_its_readers
from app.ui.headline import page_of

only_for_its_readers("simulation")
st.title("Simulation", anchor=False)

of = simulation_sections.subject()
desk = sheet.opened(of.model)
frame.link(
    page_of(of.model), f"Its {of.title}" if of.title.isupper() else f"Its {of.title.lower()}",
    icon=":material/calculate:", company=desk.company.ticker or desk.company.id,
)  # fmt: skip
if desk.to_state:
    ask.open_items(desk)
    st.stop()
if show.or_explain(desk.result) is None:
    st.stop()

bench = simulation_sections.bench_of(desk, of)
plan = show.or_explain(bench.stated.plan, bench.stated.simulated(desk.inputs), desk.result())
simulation_sections.start(desk, bench, plan)
simulation_sections.headline(desk, bench, plan)
simulation_sections.sections(desk, bench)
