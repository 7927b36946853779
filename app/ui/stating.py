"""What is stated in a form of a company's page: done in place, or refused in the form's words."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import streamlit as st

from app.ui import show
from app.ui.draft import forget_desks
from valor_core.errors import BadInputs, ValorError
from valor_core.store.work import Work
from valor_core.values import Caller
from valor_core.workbench.verb import open_work


def done(
    who: Caller, act: Callable[[Work], object], *, labels: Mapping[str, str], counter: str
) -> None:
    """Do it and draw the page anew; a refusal is told in place.

    The counter says how often in this session, so that what was asked for is asked anew.
    """
    try:
        with open_work(who) as work:
            act(work)
    except BadInputs as error:
        flaws = [replace(flaw, place=labels.get(flaw.place, flaw.place)) for flaw in error.flaws]
        show.refusal(BadInputs(flaws, hint="Mend these and try again."))
    except ValorError as error:
        show.refusal(error)
    else:
        forget_desks()
        st.session_state[counter] = st.session_state.get(counter, 0) + 1
        st.rerun()
