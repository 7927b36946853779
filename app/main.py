"""The only Streamlit script: who is it, asked again on every run; then navigation and the page."""

import streamlit as st

from app.state import PROCESS
from app.ui.frame import navigation, signed_in_caller

st.set_page_config(
    page_title="Valor IVX",
    page_icon=":material/query_stats:",
    layout="wide",
    menu_items={"About": "Valor IVX"},
)

if signed_in_caller() is None:
    st.error("You are signed out.")
    st.link_button("Sign in", "/login")
    if PROCESS.provider:
        st.link_button(f"Sign out of {PROCESS.provider} too", "/login/provider/out")
    st.stop()

navigation().run()
