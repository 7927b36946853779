"""Whether the audit log holds, asked at the press of a button and told in plain words."""

import streamlit as st

from valor_core.audit.verify import Verdict
from valor_core.values import Caller
from valor_core.workbench.logbook import verify_log
from valor_core.workbench.verb import open_work


def verdict_on_demand(who: Caller) -> None:
    """The button, and under it what the check found."""
    if st.button("Verify the audit log", icon=":material/verified_user:"):
        with st.spinner("Checking every entry …"), open_work(who) as work:
            verdict = verify_log(work)
        _tell(verdict)


def _tell(verdict: Verdict) -> None:
    if verdict.holds:
        st.success(
            f"The log holds: all {verdict.size:,} entries are as they were written, each follows "
            f"from the one before, none is missing. The chain ends with {verdict.head[:16]}. "
            f"Signed checkpoints outside the database vouch for {verdict.sealed:,} of them.",
            icon=":material/verified:",
        )
        return
    more = len(verdict.findings) - 1
    st.error(
        f"The log does not hold. The first bad place is {verdict.findings[0]}."
        + (f" {more:,} more findings follow." if more else "")
        + " Keep a copy of the database as it is now, then ask who could write to it.",
        icon=":material/gpp_bad:",
    )
