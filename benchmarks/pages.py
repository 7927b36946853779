"""What a rerun of the DCF page costs the server, as Streamlit runs it, against an empty page."""

import gc
import logging
import os
import statistics
import tempfile
import time
from pathlib import Path

from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[1]
TIMES = 9
SECTIONS = (
    "Drivers", "Fades and base year", "Forecast", "Capital and terminal value",
    "Bridge and shares", "Sensitivity", "Workings", "Sources",
)  # fmt: skip


def ratios() -> dict[str, float]:
    """CPU milliseconds of a rerun: unchanged in each section, and after an edit of the revenue."""
    logging.getLogger("streamlit").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as home:
        os.environ["VALOR_HOME"] = home
        page = _page()
        bare = AppTest.from_string("import streamlit as st\nst.title('Bare')")
        empty = statistics.median(_cpu_ms(bare) for _ in range(TIMES))
        unchanged = {}
        for section in SECTIONS:
            page.session_state["dcf:section"] = section
            _cpu_ms(page), _cpu_ms(page)
            unchanged[section] = statistics.median(_cpu_ms(page) for _ in range(TIMES))
        edited = {
            name: _edited(page, name) for name in ("Drivers", "Fades and base year", "Forecast")
        }
    return {
        "page: DCF unchanged ÷ an empty page": unchanged["Drivers"] / empty,
        **{f"page: DCF, {name}, unchanged, ms": ms for name, ms in unchanged.items()},
        **{f"page: DCF, {name}, after an edit, ms": ms for name, ms in edited.items()},
    }


def _page() -> AppTest:
    from app.ui import frame
    from benchmarks.demo import a_demo

    _, caller = a_demo()
    frame.signed_in_caller = lambda: caller
    page = AppTest.from_file(str(ROOT / "pages" / "dcf.py"), default_timeout=60)
    page.query_params["company"] = "AAPL"
    page.run()
    next(field for field in page.text_input if field.label == "Your reason").set_value("none")
    page.run()
    next(b for b in page.button if b.label == "Take the empty ones as 0").click().run()
    assert not page.exception, page.exception
    gc.collect()
    gc.freeze()  # as the server does
    return page


def _cpu_ms(page: AppTest) -> float:
    began = time.process_time()
    page.run()
    return 1000 * (time.process_time() - began)


def _edited(page: AppTest, section: str) -> float:
    """The edit is one of the base year; the section shown is drawn anew after it."""
    taken = []
    for turn in range(TIMES):
        page.session_state["dcf:section"] = "Fades and base year"
        page.run()
        [revenue] = [f for f in page.number_input if f.label.startswith("Revenue of the base")]
        revenue.set_value(float(revenue.value or 0.0) + (100 if turn % 2 else -100))
        page.session_state["dcf:section"] = section
        taken.append(_cpu_ms(page))
    assert not page.exception, page.exception
    return statistics.median(taken)
