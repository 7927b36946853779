"""Around every act: permission, metering, audit and metric, with its effect or not at all."""

import importlib
import json
import pkgutil

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select

import valor_core.workbench
from tests.audit.attacker import attack
from tests.store.rows import a_snapshot
from valor_core.audit import log, verify
from valor_core.audit.log import LogMissing
from valor_core.billing.metering import Meter
from valor_core.errors import AccessDenied, BadInput
from valor_core.store.tables import SnapshotRow, UsageEventRow
from valor_core.store.work import HalfDone
from valor_core.tenancy.access import MAY
from valor_core.workbench import verb as verbs
from valor_core.workbench.verb import open_work, verb, view


@pytest.fixture
def acts(monkeypatch):
    """Acts of our own, that do not enter the product's register."""
    monkeypatch.setattr(verbs, "ACTS", {})

    class Acts:
        @staticmethod
        @verb("valuation.run", meter=Meter.VALUATIONS)
        def save(work, name: str, *, fail: Exception | None = None) -> None:
            work.add_all([a_snapshot(name)])
            work.note(f"snapshot:{name}", name_of_it=name)
            work.session.flush()
            if fail:
                raise fail

        @staticmethod
        @verb("snapshot.publish")
        def save_two(work, first: str, second: str) -> None:
            work.note("snapshot:both")
            Acts.save(work, first)
            Acts.save(work, second)

        @staticmethod
        @verb("draft.keep", audited=False)
        def scribble(work) -> None:
            work.add_all([a_snapshot("scribble")])

        @staticmethod
        @view("valuation.read")
        def look(work) -> list[str]:
            return list(work.session.scalars(select(SnapshotRow.id).order_by(SnapshotRow.id)))

    return Acts


def newest(store, tenant, count: int = 50) -> list[tuple[str, str, dict]]:
    with open_work(tenant.admin, store) as work:
        rows = log.entries(work, limit=count)
        return [(row.action, row.target, json.loads(row.payload or b"")) for row in rows]


def metered(store, tenant) -> list[tuple[str, int]]:
    with open_work(tenant.admin, store) as work:
        rows = work.session.scalars(select(UsageEventRow))
        return [(row.meter, row.quantity) for row in rows]


def counted(act: str, outcome: str) -> float:
    labels = {"act": act, "outcome": outcome}
    return REGISTRY.get_sample_value("valor_acts_total", labels) or 0.0


def holds(store, tenant) -> bool:
    with open_work(tenant.admin, store) as work:
        return verify.verify(work, log.keys()).holds


def test_an_act_leaves_effect_meter_entry_and_metric_together(store, acme, acts):
    before, acts_before = len(newest(store, acme)), counted("valuation.run", "done")
    with open_work(acme.analyst, store) as work:
        acts.save(work, "a")

    entries = newest(store, acme)
    action, target, details = entries[0]
    assert len(entries) == before + 1
    assert (action, target, details["name_of_it"]) == ("valuation.run", "snapshot:a", "a")
    assert metered(store, acme) == [("valuations", 1)]
    assert counted("valuation.run", "done") == acts_before + 1
    with open_work(acme.viewer, store) as work:
        assert acts.look(work) == ["a"]
    assert holds(store, acme)


def test_an_act_that_fails_leaves_nothing_but_the_count_of_its_failure(store, acme, acts):
    before, failed = newest(store, acme), counted("valuation.run", "bad_input")

    def fails() -> None:
        with open_work(acme.analyst, store) as work:
            acts.save(work, "a", fail=BadInput("no"))

    with pytest.raises(BadInput):
        fails()

    assert newest(store, acme) == before
    assert metered(store, acme) == []
    assert counted("valuation.run", "bad_input") == failed + 1
    with open_work(acme.viewer, store) as work:
        assert acts.look(work) == []


def test_going_on_after_an_act_failed_keeps_nothing_of_it_and_is_called_a_bug(store, acme, acts):
    def goes_on() -> None:
        with open_work(acme.analyst, store) as work:
            acts.save(work, "before")
            with pytest.raises(BadInput):
                acts.save(work, "half", fail=BadInput("no"))

    with pytest.raises(HalfDone):
        goes_on()

    with open_work(acme.viewer, store) as work:
        assert acts.look(work) == []


def test_an_act_that_cannot_be_logged_is_not_done(store, acme, acts):
    """G32."""
    attack(store, acme.id, lambda a: a.sql("DELETE FROM audit_heads WHERE OWN"))

    def acts_unlogged() -> None:
        with open_work(acme.analyst, store) as work:
            acts.save(work, "a")

    with pytest.raises(LogMissing):
        acts_unlogged()

    assert metered(store, acme) == []
    with open_work(acme.viewer, store) as work:
        assert acts.look(work) == []


def test_several_acts_of_one_work_are_one_commit_with_an_entry_each(store, acme, acts):
    with open_work(acme.analyst, store) as work:
        acts.save(work, "a")
        acts.save(work, "b")

    assert [target for _, target, _ in newest(store, acme, 2)] == ["snapshot:b", "snapshot:a"]
    assert len({details["act_id"] for _, _, details in newest(store, acme, 2)}) == 2
    assert metered(store, acme) == [("valuations", 1)] * 2


def test_an_act_within_an_act_keeps_its_own_words(store, acme, acts):
    with open_work(acme.analyst, store) as work:
        acts.save_two(work, "a", "b")

    assert [(action, target) for action, target, _ in newest(store, acme, 3)] == [
        ("snapshot.publish", "snapshot:both"),
        ("valuation.run", "snapshot:b"),
        ("valuation.run", "snapshot:a"),
    ]


def test_scratch_paper_is_kept_without_an_entry(store, acme, acts):
    before = newest(store, acme)
    with open_work(acme.analyst, store) as work:
        acts.scribble(work)

    assert newest(store, acme) == before
    with open_work(acme.viewer, store) as work:
        assert acts.look(work) == ["scribble"]


def test_a_denied_act_does_nothing_and_is_told_in_the_log(store, acme, acts):
    denied = counted("valuation.run", "denied")

    def dares() -> None:
        with open_work(acme.viewer, store) as work:
            acts.save(work, "a")

    with pytest.raises(AccessDenied, match=r"viewer may not do valuation\.run"):
        dares()

    assert newest(store, acme, 1) == [("access.denied", "act:valuation.run", {"role": "viewer"})]
    assert counted("valuation.run", "denied") == denied + 1
    assert metered(store, acme) == []


def test_a_denied_act_is_told_though_its_work_held_the_writer(store, acme, acts):
    def dares() -> None:
        with open_work(acme.viewer, store) as work:
            work.begin_writing()
            work.add_all([a_snapshot("a")])
            work.session.flush()
            acts.save(work, "b")

    with pytest.raises(AccessDenied):
        dares()

    assert newest(store, acme, 1)[0][0] == "access.denied"
    with open_work(acme.viewer, store) as work:
        assert acts.look(work) == []
    assert holds(store, acme)


def test_a_denied_read_is_told_too(store, acme, acts):
    def dares() -> None:
        with open_work(acme.operator, store) as work:
            acts.look(work)

    with pytest.raises(AccessDenied):
        dares()

    assert newest(store, acme, 1)[0][:2] == ("access.denied", "act:valuation.read")


def test_a_read_writes_nothing_and_takes_no_writer(store, acme, acts):
    before = newest(store, acme)
    with open_work(acme.viewer, store) as work:
        acts.look(work)
        assert not work.writing

    assert newest(store, acme) == before


def test_the_same_act_made_twice_counts_twice(store, acme, acts):
    for name in ("a", "b"):
        with open_work(acme.analyst, store) as work:
            acts.save(work, name)

    assert metered(store, acme) == [("valuations", 1)] * 2


def test_every_act_stands_in_the_permission_table_and_every_line_of_it_is_an_act():
    for module in pkgutil.iter_modules(valor_core.workbench.__path__):
        importlib.import_module(f"valor_core.workbench.{module.name}")

    assert set(verbs.ACTS) == set(MAY)


def test_a_name_stands_for_acts_of_one_kind_only():
    kinds = {name: {(a.writes, a.audited) for a in acts} for name, acts in verbs.ACTS.items()}

    assert {name for name, kind in kinds.items() if len(kind) > 1} == set()


def test_what_is_not_listed_nobody_may():
    assert all(roles for roles in MAY.values())
    assert "valuation.forget" not in MAY
