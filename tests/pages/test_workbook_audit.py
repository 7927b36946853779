"""The workbook audit page as Streamlit runs it; each workbook is read in its own process."""

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from app.compute import RUNS
from app.ui.auditing import Bench
from tests.conftest import ONLY_SQLITE
from tests.moulds import Tenant
from tests.pages.opening import opened, run, texts
from tests.workbooks.audit.juice import juice_co
from tests.workbooks.audited import a_file
from valor_core.store.tables import UsageEventRow
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE


@pytest.fixture
def page(store, acme, monkeypatch):
    yield opened(monkeypatch, acme.analyst, "workbook_audit")
    RUNS.close()


def bench(at: AppTest, tenant: Tenant) -> Bench:
    return at.session_state[f"workbook_audit:{tenant.id}:{tenant.analyst.user_id}:workbook"]


def audited(at: AppTest, tenant: Tenant, raw: bytes, name: str = "Juice.xlsx") -> AppTest:
    """The page once a file was sent and read."""
    at.file_uploader[0].set_value((name, raw, "application/octet-stream"))
    at.button[0].click()
    run(at)
    begun = bench(at, tenant).run
    if begun is not None:
        begun._future.exception()  # waits for the end, whatever it is
    return run(at)


def metered(tenant: Tenant) -> list[str]:
    with open_work(tenant.admin) as work:
        return [row.meter for row in work.session.scalars(select(UsageEventRow)).all()]


def test_before_a_file_is_sent_the_page_says_what_it_looks_for_and_what_it_leaves(page):
    assert "What it looks for" in texts(page)
    assert "no macro runs, no link is followed, and the file is not kept" in texts(page)


def test_the_mistakes_of_a_workbook_are_told_by_gravity_with_their_cells(page, acme):
    told = texts(audited(page, acme, juice_co(mistaken=True)))

    assert "3 errors in 19 formulas on 2 sheets." in told
    assert "Errors (3)" in told
    assert all(place in told for place in ("DCF!C30", "DCF!C50", "LBO Modelling&#x27;!C50:G50"))
    assert metered(acme) == ["workbook_audits"]


def test_findings_are_narrowed_by_kind_and_sheet(page, acme):
    audited(page, acme, juice_co(mistaken=True))

    page.selectbox(key="workbook_sheet").set_value("DCF")
    told = texts(run(page))

    assert "Errors (2)" in told
    page.selectbox(key="workbook_kind").set_value("Mixed rates")
    assert "No finding is of that kind on that sheet." in texts(run(page))


def test_a_sound_workbook_gets_its_verdict_and_no_list(page, acme):
    audited(page, acme, juice_co(mistaken=False))

    assert "Nothing was found in 19 formulas on 2 sheets." in page.success[0].value
    assert not page.selectbox


def test_what_is_no_workbook_is_refused_with_the_way_out_and_not_counted(page, acme):
    told = texts(audited(page, acme, b"revenue,100\n", "plan.xlsx"))

    assert "cannot be read as a workbook" in told
    assert "save it as .xlsx" in told
    assert metered(acme) == []


def test_a_label_of_a_workbook_is_text_on_our_page(page, acme):
    label = "<img src=x onerror=alert(1)> **bold** WACC"
    raw = a_file({"<b>Sheet": [[label, 0.1], ["g", 0.02], ["TV", ("=9*(1+B1)/(B1-B2)", 1.0)]]})

    told = texts(audited(page, acme, raw, "<i>name.xlsx"))

    assert "<img" not in told
    assert "<b>Sheet" not in told


def test_pressing_without_a_file_asks_for_one(page):
    page.button[0].click()

    assert "Choose a workbook first." in texts(run(page))
