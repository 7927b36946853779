"""A tenant's own notebook: registered by one person, read and approved by another."""

import pytest
from hypothesis import given
from hypothesis.strategies import binary, dictionaries, integers, lists, none, recursive, text
from sqlalchemy.exc import DBAPIError

from tests.conftest import ONLY_SQLITE, World
from tests.coverage.notebooks import a_notebook
from valor_core.coverage.notebook_source import How, NotebookUnusable, read_notebook
from valor_core.coverage.own_notebooks import (
    NobodysKey,
    NotApproved,
    NothingNew,
    NotWaiting,
    OtherSource,
    SecondPersonNeeded,
    State,
    Version,
    approved,
)
from valor_core.coverage.report_parameters import ParametersUnreadable
from valor_core.errors import AccessDenied, NotFound
from valor_core.store.tables import OwnNotebookRow
from valor_core.tenancy.access import OutOfScope
from valor_core.tenancy.api_keys import caller_of_key
from valor_core.tenancy.flags import SwitchedOff
from valor_core.tenancy.reasons import ReasonMissing
from valor_core.values import Caller, Role, Scope
from valor_core.workbench import flags, logbook, own_notebooks, people, reports
from valor_core.workbench.verb import open_work


@pytest.fixture
def on(world: World) -> World:
    """A world in which notebooks may become reports."""
    with open_work(world.acme.operator, world.store) as work:
        flags.switch_flag(work, "own_notebooks", rollout_percent=100, reason="for the tests")
    return world


def registered(on: World, by: Caller, *cells: str) -> Version:
    source = read_notebook(a_notebook(*cells))
    with open_work(by, on.store) as work:
        return own_notebooks.register_notebook(
            work, source, name="Covenant check", title="Covenants", file_name="c.ipynb"
        )


def approve(on: World, by: Caller, version: Version, sha256: str = "") -> Version:
    with open_work(by, on.store) as work:
        return own_notebooks.approve_notebook(work, version.id, sha256=sha256 or version.sha256)


def runs(on: World) -> int:
    """The version that runs."""
    with open_work(on.acme.analyst, on.store) as work:
        return approved(work, "own:covenant_check").version


def test_a_change_runs_once_somebody_else_approved_it_and_until_then_the_one_before_does(
    on: World,
):
    acme = on.acme
    first = registered(on, acme.admin, "1 + 1")
    with pytest.raises(NotApproved):
        runs(on)
    with pytest.raises(SecondPersonNeeded):
        approve(on, acme.admin, first)
    with pytest.raises(AccessDenied):
        approve(on, acme.analyst, first)
    with pytest.raises(OtherSource):
        approve(on, acme.compliance, first, sha256="0" * 64)
    approve(on, acme.compliance, first)
    with pytest.raises(NothingNew):
        registered(on, acme.analyst, "1 + 1")

    second = registered(on, acme.analyst, "1 + 2")
    assert runs(on) == 1
    third = registered(on, acme.analyst, "1 + 3")
    with pytest.raises(NotWaiting):  # a later version has come
        approve(on, acme.admin, second)
    with pytest.raises(ReasonMissing), open_work(acme.admin, on.store) as work:
        own_notebooks.reject_notebook(work, third.id, reason=" ")
    with open_work(acme.admin, on.store) as work:
        own_notebooks.reject_notebook(work, third.id, reason="It names no covenant.")
    assert runs(on) == 1
    fourth = registered(on, acme.analyst, "1 + 4")
    approve(on, acme.admin, fourth)
    assert runs(on) == 4

    with open_work(acme.analyst, on.store) as work:
        reports.schedule_report(work, fourth.report, {}, cron="0 6 * * *")
    with open_work(acme.analyst, on.store) as work:
        told = own_notebooks.foresee_withdrawal(work, fourth.id)
        assert (told.version.state, told.schedules) == (State.APPROVED, 1)
        own_notebooks.withdraw_notebook(work, fourth.id, reason="Its limits are out of date.")
    with pytest.raises(NotWaiting), open_work(acme.analyst, on.store) as work:
        own_notebooks.foresee_withdrawal(work, fourth.id)
    with pytest.raises(NotApproved):  # no earlier version takes its place
        runs(on)
    with open_work(acme.admin, on.store) as work:
        states = [each.state for each in own_notebooks.list_notebooks(work)]
        told = [entry.action for entry in logbook.read_log(work) if "notebook" in entry.action]
    assert states == [State.WITHDRAWN, State.REJECTED, State.REPLACED, State.REPLACED]
    assert told.count("notebook.register") == 4
    assert told.count("notebook.approve") == 2
    assert told[0] == "notebook.withdraw"


def test_a_notebook_of_another_tenant_is_like_one_that_nobody_has(on: World):
    version = registered(on, on.acme.analyst, "1 + 1")
    approve(on, on.acme.admin, version)
    rival = on.rival.admin
    with open_work(rival, on.store) as work:
        assert own_notebooks.list_notebooks(work) == []
        assert not any(each.is_own for each in reports.list_reports(work))
    for act in (
        lambda work: own_notebooks.read_notebook(work, version.id),
        lambda work: own_notebooks.approve_notebook(work, version.id, sha256=version.sha256),
        lambda work: own_notebooks.withdraw_notebook(work, version.id, reason="not ours"),
        lambda work: reports.ask_for_run(work, version.report, {}),
    ):
        with pytest.raises(NotFound), open_work(rival, on.store) as work:
            act(work)


def test_a_version_never_changes_in_the_database_either(on: World):
    version = registered(on, on.acme.analyst, "1 + 1")

    def alter() -> None:
        with open_work(on.acme.admin, on.store) as work:
            work.begin_writing()
            work.session.get_one(OwnNotebookRow, (on.acme.id, version.id)).sha256 = "0" * 64

    with pytest.raises(DBAPIError):
        alter()


@ONLY_SQLITE
def test_no_key_approves_and_what_came_by_a_key_of_ones_own_is_ones_own(on: World):
    acme = on.acme
    with open_work(acme.admin, on.store) as work:
        _, key = people.add_own_key(work, "release", [Scope.REPORT])
    by_key = caller_of_key(on.store, key)
    assert by_key
    version = registered(on, by_key, "1 + 1")

    with pytest.raises(SecondPersonNeeded):
        approve(on, acme.admin, version)
    with pytest.raises(OutOfScope):
        approve(on, by_key, version)


@ONLY_SQLITE
def test_a_key_of_the_tenant_registers_nothing_that_its_maker_could_approve_alone(on: World):
    with open_work(on.acme.admin, on.store) as work:
        _, key = people.add_key(work, "pipeline", Role.ANALYST)
    by_key = caller_of_key(on.store, key)
    assert by_key

    with pytest.raises(NobodysKey, match="approve it alone"):
        registered(on, by_key, "1 + 1")


@ONLY_SQLITE
def test_it_is_off_until_an_operator_lets_a_tenant_have_it(world: World):
    for act in (reports.list_reports, own_notebooks.list_notebooks):
        with open_work(world.acme.admin, world.store) as work:
            if act is reports.list_reports:
                assert not any(each.is_own for each in act(work))
            else:
                with pytest.raises(SwitchedOff):
                    act(work)


@ONLY_SQLITE
def test_a_reviewer_reads_what_it_asks_for_and_cell_by_cell_what_it_changes(on: World):
    cells = ["parameters:years: int = 5", "# Covenants", "import pandas as pd\n!ls"]
    approve(on, on.acme.admin, registered(on, on.acme.analyst, *cells))
    second = registered(on, on.acme.analyst, cells[0], cells[2] + "\nimport socket", "x = (")

    with open_work(on.acme.viewer, on.store) as work:
        told = own_notebooks.read_notebook(work, second.id)

    assert list(told.source.parameters) == ["years"]
    assert told.source.imports == ("pandas", "socket")
    assert told.source.commands == ("!ls", "a cell that cannot be read as Python")
    assert told.against is not None
    assert told.against.version == 1
    hows = [each.how for each in told.changes]
    assert hows[0] is How.SAME
    assert set(hows[1:]) <= {How.CHANGED, How.ADDED, How.REMOVED}
    assert "+import socket" in [line for each in told.changes for line in each.lines]


def test_what_is_kept_holds_no_output_and_reads_as_itself():
    kept = read_notebook(a_notebook("parameters:years: int = 5", "# Text", "1 + 1"))

    assert b"an old output" not in kept.raw
    assert read_notebook(kept.raw).raw == kept.raw


JSON = recursive(
    none() | integers() | text(max_size=5),
    lambda inner: lists(inner, max_size=3) | dictionaries(text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(raw=binary(max_size=200))
def test_bytes_that_are_no_notebook_are_refused_in_words(raw: bytes):
    with pytest.raises(NotebookUnusable):
        read_notebook(raw)


@given(cell=JSON, source=JSON, metadata=JSON)
def test_a_notebook_of_anything_is_read_or_refused_in_words(cell, source, metadata):
    made = {"cell_type": "code", "source": source, "metadata": metadata}
    for cells in ([cell], [made], cell):
        try:
            kept = read_notebook(a_notebook(cells=cells, metadata=metadata))
        except NotebookUnusable:
            continue
        assert read_notebook(kept.raw).raw == kept.raw


KEY = "vx_acme-1." + "a" * 26 + "." + "b" * 43


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"[" * 100_000, "nested too deeply"),
        (b"{" + b" " * 10_000_000, "more than 10 MB"),
        (a_notebook("1", nbformat=3), "format 4"),
        (a_notebook("# Only text"), "no cell of code"),
        (a_notebook(*["1"] * 501), "501 cells"),
        (a_notebook("x = '" + "a" * 1_000_001 + "'"), "more than 1,000,000 bytes"),
        (a_notebook("x\0"), "cannot be stored"),
        (a_notebook("x\ud800"), "cannot be stored"),
        (a_notebook("1", metadata={"kernelspec": {"language": "R"}}), "not in Python"),
        (a_notebook(f"vc.open(key='{KEY}')"), "API key stands in cell 1"),
    ],
)
def test_what_could_be_no_report_is_refused_with_the_reason(raw: bytes, why: str):
    with pytest.raises(NotebookUnusable, match=why):
        read_notebook(raw)


def test_parameters_that_cannot_be_read_are_refused_before_anything_is_kept():
    with pytest.raises(ParametersUnreadable, match="declares no parameter"):
        read_notebook(a_notebook("parameters:import os; os.abort()"))
