"""The workbook audit in Chromium: a file is sent, its findings are read and taken along."""

import csv
from pathlib import Path

import pytest

from tests.browser.browser import until, violations
from tests.workbooks.audit.juice import juice_co

pytestmark = pytest.mark.browser
AT_REST = "!document.querySelector('[data-testid=stSkeleton],[data-testid=stStatusWidget]')"


def test_a_workbook_is_sent_audited_and_its_findings_taken_along(
    desk, problems, installation, tmp_path
):
    sent = tmp_path / "Juice Co.xlsx"
    sent.write_bytes(juice_co(mistaken=True))
    page = desk
    page.goto(f"{installation.origin}/workbook_audit")

    page.locator("input[type=file]").set_input_files(sent)
    page.get_by_text("Juice Co.xlsx").wait_for()
    page.get_by_role("button", name="Audit", exact=True).click()
    page.get_by_text("3 errors in 19 formulas on 2 sheets.").wait_for()

    page.get_by_role("heading", name="Errors (3)").wait_for()
    until(page, AT_REST)
    assert violations(page) == []
    with page.expect_download() as taken:
        page.get_by_role("link", name="Download findings").click()
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_timeout(300)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    rows = list(csv.DictReader(Path(taken.value.path()).read_text().splitlines()))
    assert [row["cells"] for row in rows] == ["C30", "C50", "C50:G50"]
    assert rows[0]["formula"] == "'=(M20*(1+C26))/(C26-C27)"
    assert problems == []
