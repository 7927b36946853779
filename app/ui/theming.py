"""An open page follows its reader from light to dark and back: what was drawn is drawn anew."""

import streamlit as st

from app.ui import show

# Streamlit calls it anew when its theme changes, but runs no page: drawings that the server
# coloured would stay as they were. Only what changes runs the page, so it says nothing at first.
SCRIPT = """export default ({ data, parentElement, setStateValue }) => {
  const now = getComputedStyle(parentElement).colorScheme.includes('dark') ? 'dark' : 'light';
  if (now !== data.drawn && parentElement.told !== now) setStateValue('shown', now);
  parentElement.told = now;
};
"""
_THEME = st.components.v2.component("theme", js=SCRIPT, isolate_styles=False)


def followed() -> None:
    """Has the page drawn anew when its reader turns to another theme."""
    _THEME(key="frame:theme", data={"drawn": show.theme()}, height=1, on_shown_change=lambda: None)
