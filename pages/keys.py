"""Keys by which programs and notebooks use the API: made, shown once, rotated, revoked."""

import streamlit as st

from app.ui import keys
from app.ui.frame import caller, only_for_its_readers
from valor_core.workbench import people
from valor_core.workbench.verb import open_work

only_for_its_readers("keys")
who = caller()
with open_work(who) as work:
    rows = people.list_keys(work)
    names, why_revoked = people.names(work), people.why_revoked(work)

st.title("API keys", anchor=False)
st.write(
    "By a key a program or a notebook uses the API. It may do what its owner's role may do, and "
    "of that only what the key is good for."
)
keys.shown_once()
keys.listed(rows, names, why_revoked)
keys.making(who)
keys.ending(who, rows, names)
