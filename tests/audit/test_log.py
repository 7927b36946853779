"""Appending: in the transaction of the act or not at all, one after the other, never changed."""

import threading
from concurrent.futures import ThreadPoolExecutor

import hypothesis
import pytest
from sqlalchemy import create_engine, delete, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from tests.audit.attacker import attack
from tests.conftest import ONLY_POSTGRES
from tests.moulds import add_tenant
from valor_core.audit import keys as audit_keys
from valor_core.audit import log, verify
from valor_core.audit.keys import WrongAuditKey
from valor_core.audit.log import LogMissing
from valor_core.store.tables import AuditHeadRow, AuditLogRow, SnapshotRow
from valor_core.store.work import unit_of_work
from valor_core.workbench.setup import PLATFORM, operator, prepare


def append(work, action="valuation.run", **details) -> int:
    work.begin_writing()
    return log.append(work, action, target="valuation:1", details=details)


def seqs(store, tenant) -> list[int]:
    with unit_of_work(tenant.admin, store) as work:
        return list(work.session.scalars(select(AuditLogRow.seq).order_by(AuditLogRow.seq)))


WRITERS = 32 if hypothesis.settings.get_current_profile_name() == "thorough" else 8


def test_threads_append_to_one_tenant_without_a_gap(store, acme, rival):
    """G34."""
    before, start = len(seqs(store, acme)), threading.Barrier(WRITERS)

    def ten(n: int) -> None:
        start.wait()
        for i in range(10):
            with unit_of_work(acme.analyst, store) as work:
                append(work, by=n, i=i)

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(ten, range(WRITERS)))

    assert seqs(store, acme) == list(range(1, before + 10 * WRITERS + 1))
    for tenant in (acme, rival):
        with unit_of_work(tenant.admin, store) as work:
            assert verify.verify(work, log.keys()).holds


def test_an_act_that_fails_leaves_no_entry_and_no_gap(store, acme):
    """G32."""
    before = seqs(store, acme)

    def fails() -> None:
        with unit_of_work(acme.analyst, store) as work:
            append(work)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    with unit_of_work(acme.analyst, store) as work:
        assert append(work) == len(before) + 1

    assert seqs(store, acme) == [*before, len(before) + 1]


def test_an_act_whose_entry_cannot_be_written_is_undone(store, acme):
    """G32."""
    row = SnapshotRow(id="s", manifest="", facts_n=0, valuations_n=0, created_at=1, created_by="x")

    def fails() -> None:
        with unit_of_work(acme.analyst, store) as work:
            work.begin_writing()
            work.add_all([row])
            work.at_commit.append(lambda: append(work, wacc=0.085))  # a float is not canonical

    with pytest.raises(TypeError):
        fails()
    with unit_of_work(acme.analyst, store) as work:
        assert work.session.get(SnapshotRow, (acme.id, "s")) is None


def test_without_a_head_nothing_can_be_done(store, acme, rival):
    attack(store, acme.id, lambda a: a.sql("DELETE FROM audit_heads WHERE OWN"))

    with pytest.raises(LogMissing, match=acme.id), unit_of_work(acme.analyst, store) as work:
        append(work)
    with unit_of_work(rival.analyst, store) as work:
        append(work)


def test_a_stale_view_of_the_head_does_not_fork_the_log(store, acme):
    """On Postgres another process may append between a look at the head and the lock on it."""
    with unit_of_work(acme.analyst, store) as work:
        if not store.is_sqlite:
            work.begin_writing()
        seen = work.session.get_one(AuditHeadRow, acme.id)
        before = seen.size
        with unit_of_work(acme.analyst, store) as other:
            append(other)
        append(work)
        assert seen.size == before + 2

    with unit_of_work(acme.admin, store) as work:
        assert verify.verify(work, log.keys()).holds


def test_secrets_and_persons_are_redacted_on_the_way_in(store, acme):
    """S45."""
    secret, person = "vx_acme.01.averyveryverylongsecret1234567890", "anna@example.com"
    with unit_of_work(acme.analyst, store) as work:
        append(work, note=f"{person} used {secret}", password="hunter2hunter2")

    with unit_of_work(acme.admin, store) as work:
        payload = log.entries(work, limit=1)[0].payload
    assert payload
    for shown in (secret, person, "hunter2"):
        assert shown.encode() not in payload


def test_pages_of_the_log_go_back_from_the_newest(store, acme):
    total = len(seqs(store, acme))
    with unit_of_work(acme.admin, store) as work:
        newest = [row.seq for row in log.entries(work, limit=2)]
        older = [row.seq for row in log.entries(work, before=newest[-1], limit=100)]

    assert newest == [total, total - 1]
    assert older == list(range(total - 2, 0, -1))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_logs SET ts = 1",
        "UPDATE audit_logs SET payload = NULL, salt = NULL",
        "DELETE FROM audit_logs",
        "DELETE FROM audit_logs WHERE seq = 2",
    ],
)
def test_the_owner_of_the_database_cannot_change_an_entry_by_mistake(store, acme, change):
    engine = create_engine(store.owner_url, poolclass=NullPool)

    with engine.connect() as connection, pytest.raises(DBAPIError, match="never changed"):
        connection.exec_driver_sql(change)


def test_the_serving_session_cannot_delete_an_entry(store, acme):
    with unit_of_work(acme.admin, store) as work:
        work.begin_writing()
        with pytest.raises(DBAPIError, match=r"never changed|permission denied"):
            work.session.execute(delete(AuditLogRow))
        work.session.rollback()


def test_a_process_with_another_key_does_not_start(store, monkeypatch):
    prepare(store)
    monkeypatch.setenv("AUDIT_HMAC_SECRET", "x" * 32)
    log.keys.cache_clear()

    with pytest.raises(WrongAuditKey):
        prepare(store)


def test_a_process_that_has_lost_its_key_does_not_start_with_a_fresh_one(
    store, monkeypatch, tmp_path
):
    monkeypatch.setenv("VALOR_HOME", str(tmp_path / "elsewhere"))
    log.keys.cache_clear()

    with pytest.raises(WrongAuditKey):
        prepare(store)


def test_the_database_keeps_no_key(store):
    key = next(iter(log.keys().values()))
    with unit_of_work(operator(PLATFORM), store) as work:
        known = work.session.get(audit_keys.AuditKeyRow, audit_keys.FIRST)

    assert known
    assert key not in known.check_value
    assert len(known.check_value) == 32


def test_a_new_tenants_log_begins_with_the_act_that_made_it(store):
    made = add_tenant(store, "newcomer")

    with unit_of_work(made.admin, store) as work:
        entries = log.entries(work)
        assert [row.action for row in entries] == ["member.add"] * 3 + ["tenant.add"]
        assert verify.verify(work, log.keys()).holds


def test_of_each_entry_the_log_tells_its_mac_and_whether_anybody_acted_after_it(store, acme):
    with unit_of_work(acme.analyst, store) as work:
        last = append(work)
    with unit_of_work(acme.analyst, store) as work:
        append(work, "session.began")

    with unit_of_work(acme.admin, store) as work:
        size, mac = log.head(work)
        assert (size, mac) == (last + 1, log.mac_at(work, size))
        assert log.mac_at(work, last) != mac
        assert log.mac_at(work, size + 1) == ""
        assert log.acted_since(work, last, besides=["valuation"])
        assert not log.acted_since(work, last, besides=["session"])
        assert not log.acted_since(work, size, besides=[])


def test_the_entries_about_things_are_those_of_one_act_the_oldest_first(store, acme):
    with unit_of_work(acme.analyst, store) as work:
        seqs = [append(work, n=n) for n in range(2)]
    with unit_of_work(acme.analyst, store) as work:
        append(work, "valuation.read")

    with unit_of_work(acme.admin, store) as work:
        told = log.entries_about(work, ["valuation:1", "valuation:2"], action="valuation.run")
        assert [row.seq for row in told] == seqs
        assert log.entries_about(work, ["valuation:2"], action="valuation.run") == []


@ONLY_POSTGRES  # SQLite has one writer at a time
def test_who_saw_the_head_before_others_moved_it_goes_on_from_where_it_is(store, acme):
    with unit_of_work(acme.analyst, store) as work:
        work.begin_writing()
        seen = work.session.get_one(AuditHeadRow, acme.id)
        with unit_of_work(acme.viewer, store) as other:
            last = append(other)

        assert append(work) == last + 1
        assert seen.size == last + 1
    with unit_of_work(acme.admin, store) as work:
        assert verify.verify(work, log.keys()).holds
