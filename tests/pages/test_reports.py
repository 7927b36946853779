"""The page of reports as Streamlit runs it."""

from tests.conftest import ONLY_SQLITE
from tests.pages.opening import opened
from valor_core.workbench import reports
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE


def test_runs_of_one_report_in_one_minute_are_told_apart_by_the_end_of_their_ids(acme, monkeypatch):
    with open_work(acme.analyst) as work:
        ids = [reports.ask_for_run(work, "sla", {}).id for _ in range(2)]
    page = opened(monkeypatch, acme.viewer, "reports")

    told = [each.value for each in page.markdown if "on demand" in each.value]
    assert [each[-6:] for each in told] == [each[-6:] for each in reversed(ids)]
    assert len(set(told)) == 2
