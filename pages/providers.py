"""How the data providers stand and why, how good they were, and whom the tenant asks."""

import streamlit as st

from app.ui import feeds, providers, show
from app.ui.frame import caller, only_for_its_readers
from valor_core.workbench import people
from valor_core.workbench.verb import open_work

only_for_its_readers("providers")
who = caller()
with open_work(who) as work:
    names = people.names(work)

st.title("Providers", anchor=False)
SECTIONS = {
    "Now": lambda: providers.now(who),
    "Streams": lambda: feeds.streams(who, names),
    "Service levels": lambda: providers.service_levels(who),
    "Choices": lambda: providers.decisions(who),
    "Whom to ask": lambda: providers.policies(who, names),
    "Announced work": lambda: providers.announced(who, names),
}
SECTIONS[show.section(list(SECTIONS), of="providers")]()
