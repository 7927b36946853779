"""Pages as Streamlit runs them, behind the frame, for a caller of choice."""

from typing import Any

import pytest
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import AppTest, app_test, local_script_runner

from app.directory import PLACES
from app.ui import frame
from valor_core.models.dcf import DcfInputs
from valor_core.settings import ROOT
from valor_core.store.tables import ValuationRow
from valor_core.values import Caller, ValuationId
from valor_core.workbench import companies, demo, valuations
from valor_core.workbench.verb import open_work

COMPILED = ScriptCache()
"""One for all, as a server has it: else each run of a page would compile its script anew."""


def opened(
    monkeypatch: pytest.MonkeyPatch, caller: Caller | None, name: str, **address: str
) -> AppTest:
    """The page as the caller finds it at that address; None is somebody who is signed out."""
    monkeypatch.setattr(frame, "signed_in_caller", lambda: caller)
    for place in (app_test, local_script_runner):
        monkeypatch.setattr(place, "ScriptCache", lambda: COMPILED)
    app = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
    if name != _first_of(caller):
        app.switch_page(f"../pages/{name}.py")
    for key, value in address.items():
        app.query_params[key] = value
    return run(app)


def _first_of(caller: Caller | None) -> str:
    """The page that stands at "/", which has no address of its own in a test."""
    return next((p.name for p in PLACES if caller and p.open_to(caller)), "")


def run(app: AppTest) -> AppTest:
    """Run it again; a page never fails."""
    app.run()
    assert not app.exception, [each.value for each in app.exception]
    return app


def pressed(app: AppTest, label: str) -> AppTest:
    """The page after the button of that label was pressed."""
    next(button for button in app.button if button.label == label).click()
    return run(app)


def texts(app: AppTest) -> str:
    """All that the page says, but for the cells of grids."""
    kinds = ("title", "header", "markdown", "caption", "info", "success", "warning", "error")
    plain = [each.value for kind in kinds for each in getattr(app, kind)]
    html = [each.proto.body for each in app.get("html")]
    links = [each.proto.label for each in app.get("page_link")]
    return "\n".join([*plain, *html, *links]).replace("\\", "")


def saved(
    caller: Caller, ticker: str, *, why: str = "a first look", **changes: Any
) -> ValuationRow:
    """A valuation of the company as the facts suggest it, with these inputs changed."""
    with open_work(caller) as work:
        company = companies.read_company(work, ticker)
        start: DcfInputs = valuations.prefilled(work, company.id).inputs
        inputs, reasons = demo.nothing_beside(start)
        for path, value in changes.items():
            inputs = demo.replace(inputs, **{path: value})
        return valuations.run_valuation(work, company.id, inputs, rationale=why, rationales=reasons)


def made_by_an_earlier_model(caller: Caller, valuation_id: str, *, share: float) -> None:
    """As if the model had valued it otherwise when it was saved: that share of today's value."""
    with open_work(caller) as work:
        work.begin_writing()
        kept = valuations.read_valuation(work, ValuationId(valuation_id)).row
        was = share * kept.headline
        kept.model_version, kept.headline = "0", was
        kept.result = {**kept.result, "value_per_share": was}
