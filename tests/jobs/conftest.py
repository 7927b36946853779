"""Jobs are known before a page is run: Streamlit looks beside it first, where another one lies."""

import jobs.runner  # noqa: F401
