"""The notebooks of a tenant's own on the page of reports: read, approved, and then to be made."""

import pytest
from streamlit.testing.v1 import AppTest

from app.ui import frame
from tests.conftest import ONLY_SQLITE, World
from tests.coverage.notebooks import a_notebook
from valor_core.coverage.notebook_source import read_notebook
from valor_core.settings import ROOT
from valor_core.values import Caller
from valor_core.workbench import flags, own_notebooks, reports
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE


def page(monkeypatch: pytest.MonkeyPatch, caller: Caller) -> AppTest:
    monkeypatch.setattr(frame, "signed_in_caller", lambda: caller)
    shown = AppTest.from_file(str(ROOT / "pages" / "reports.py"), default_timeout=60).run()
    assert not shown.exception
    return shown


def test_an_administrator_reads_a_notebook_before_it_can_be_approved_and_then_it_is_a_report(
    book: World, monkeypatch: pytest.MonkeyPatch
):
    acme = book.acme
    assert not any(each.value == "Your notebooks" for each in page(monkeypatch, acme.admin).header)
    with open_work(acme.operator, book.store) as work:
        flags.switch_flag(work, "own_notebooks", rollout_percent=100, reason="for the tests")
    source = read_notebook(a_notebook("parameters:strict: bool = True", "print(strict)\n!ls"))
    with open_work(acme.analyst, book.store) as work:
        made = own_notebooks.register_notebook(
            work, source, name="covenants", title="Covenant check", file_name="c.ipynb"
        )
    approve = f"own_approve_{made.id}"
    mine, shown = page(monkeypatch, acme.analyst), page(monkeypatch, acme.admin)
    assert approve not in {button.key for button in (*mine.button, *shown.button)}

    shown.toggle(key="own_read_covenants").set_value(True).run()
    assert "!ls" in {code.value for code in shown.code}
    shown.button(key=approve).click().run()

    assert not shown.exception
    assert "Covenant check (your own)" in shown.selectbox(key="report_name").options
    with open_work(acme.viewer, book.store) as work:
        assert [each.title for each in reports.list_reports(work) if each.is_own] == [
            "Covenant check"
        ]
