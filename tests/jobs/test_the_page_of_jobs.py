"""The page of jobs: what an administrator meets on it."""

from streamlit.testing.v1 import AppTest

from app.ui import frame
from jobs.schedule import STANDING
from tests.conftest import ONLY_SQLITE, World
from tests.jobs.test_delivering import a_report, destination
from valor_core.settings import ROOT
from valor_core.workbench import deliveries, flags, jobs
from valor_core.workbench.verb import open_work


@ONLY_SQLITE
def test_an_administrator_does_a_job_now_and_changes_when_it_is_due(world: World, monkeypatch):
    monkeypatch.setattr(frame, "signed_in_caller", lambda: world.acme.admin)
    with open_work(world.acme.admin, world.store) as work:
        jobs.seed_schedules(work, {name: job.when for name, job in STANDING.items()})
    shown = AppTest.from_file(str(ROOT / "pages" / "jobs.py"), default_timeout=60).run()
    assert not shown.exception
    assert "No job has run yet" in shown.info[0].value
    assert "Nothing has been sent yet" in shown.info[1].value
    assert any("Every day at 02:10 UTC." in text.value for text in shown.markdown)

    shown.selectbox(key="snapshot_zone").set_value("Europe/Zurich").run()
    shown.selectbox(key="snapshot_days").set_value("every weekday").run()
    assert any(each.value.startswith("The next runs would be: ") for each in shown.caption)
    shown.text_input(key="snapshot_change_why").set_value("they moved")
    shown.button(key="snapshot_change").click().run()
    desk, _ = destination(world, "folder", "Desk")
    a_report(world, desk)
    shown.button(key="start_snapshot").click().run()

    assert not shown.exception
    (sent,) = (each.value for each in shown.dataframe if "To" in each.value)
    with open_work(world.acme.admin, world.store) as work:
        (parcel,) = deliveries.list_deliveries(work)
    assert sent[["What", "To", "How it went", "Run"]].values.tolist() == [
        ["Service levels of providers", "Desk folder", "on its way", f"run {parcel.run.id[-6:]}"]
    ]
    assert any("Every weekday at 02:10 in Zurich." in text.value for text in shown.markdown)
    with open_work(world.acme.admin, world.store) as work:
        (run,) = jobs.list_runs(work, STANDING)
    assert run.waits
    assert run.job == "snapshot"
    with open_work(world.acme.operator, world.store) as work:
        flags.switch_flag(work, "reports", killed=True, reason="for the tests")
    with open_work(world.acme.admin, world.store) as work:
        assert len(deliveries.list_deliveries(work)) == 1
