"""All companies valued by one policy: a table of values, and why some have none."""

import streamlit as st

from app.ui import batch_sections
from app.ui.frame import only_for_its_readers

only_for_its_readers("batch")
st.title("Batch", anchor=False)
st.write(
    "Each company begins with what its filings suggest; the policy states the same for all. "
    "Nothing is saved."
)

bench = batch_sections.bench()
batch_sections.policy(bench)
batch_sections.start(bench)
batch_sections.results(bench)
