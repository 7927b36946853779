"""Where a page ends that fails: a refusal is told as anywhere, a fault of ours by a number.

Under that number the log has all of it.
"""

import logging

import streamlit as st

from app.ui import show
from valor_core.errors import ValorError
from valor_core.telemetry import log
from valor_core.values import new_id


class OfStreamlit(logging.Filter):
    """Drops Streamlit's own line of an error, which is neither redacted nor one line."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is worth a line."""
        return record.msg != "Uncaught app execution"


def end_of_a_page(error: Exception) -> bool:
    """Tells the reader and the log; True, for Streamlit need not tell anybody."""
    if isinstance(error, ValorError):
        log.warning("a page was refused", code=error.code, refusal=str(error))
        show.refusal(error)
        return True
    number = new_id()
    log.error("a page failed", number=number, page=st.context.url, exc_info=error)
    st.error(
        "Something went wrong that is not your fault. What you had saved is kept.\n\n"
        "Load the page again. If it fails again, tell your operator this number, under which the "
        f"server's log has the details: `{number}`",
        icon=":material/error:",
    )
    return True
