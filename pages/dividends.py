"""A share by its dividends, or by book equity and what that earns: banks and insurers too."""

import streamlit as st

from app.ui import ask, dividends_sections, frame, sheet, show
from app.ui.frame import only_for_its_readers

only_for_its_readers("dividends")
st.title("Dividends and residual income", anchor=False)

model = dividends_sections.model()
desk = sheet.opened(model)
sheet.acts(desk)
result = show.or_explain(desk.result)
dividends_sections.headline(desk, result)
ask.notes(desk)

sheet.chosen(desk, result, dividends_sections.SECTIONS[model])
frame.link(
    "simulation", "Simulate it", icon=":material/ssid_chart:",
    company=desk.company.ticker or desk.company.id, model=model,
)  # fmt: skip
