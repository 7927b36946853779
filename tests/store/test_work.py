"""A unit of work: one caller, one transaction, one commit or none."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError, ProgrammingError, SQLAlchemyError

from tests.conftest import ONLY_SQLITE
from tests.store.rows import a_snapshot
from valor_core.store.engines import BadText, Store, StoreDamaged
from valor_core.store.tables import SnapshotRow, UsageEventRow
from valor_core.store.work import AlreadyThere, HalfDone, StoreUnavailable, Work, unit_of_work
from valor_core.store.writer import WriterBusy


def saved(store, tenant) -> list[str]:
    with unit_of_work(tenant.admin, store) as work:
        return list(work.session.scalars(select(SnapshotRow.id).order_by(SnapshotRow.id)))


def save(store, tenant, *names: str, fail: Exception | None = None) -> Work:
    with unit_of_work(tenant.admin, store) as work:
        for name in names:
            work.begin_writing()
            work.add_all([a_snapshot(name)])
        if fail:
            raise fail
    return work


def test_what_a_block_did_is_kept_when_it_ends_well(store, acme, rival):
    save(store, acme, "a", "b")

    assert saved(store, acme) == ["a", "b"]
    assert saved(store, rival) == []


def test_nothing_of_a_block_that_fails_is_kept(store, acme):
    with pytest.raises(ZeroDivisionError):
        save(store, acme, "a", fail=ZeroDivisionError())

    assert saved(store, acme) == []


def test_a_failure_at_the_last_statement_keeps_nothing(store, acme):
    def fails() -> None:
        with unit_of_work(acme.admin, store) as work:
            work.begin_writing()
            work.add_all([a_snapshot("a")])
            work.at_commit.append(lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        fails()

    assert saved(store, acme) == []


def test_what_is_told_after_the_commit_is_told_once_it_can_be_read(store, acme):
    told = []
    with unit_of_work(acme.admin, store) as work:
        work.begin_writing()
        work.add_all([a_snapshot("a")])
        work.after_commit.append(lambda: told.append(saved(store, acme)))
        assert told == []

    assert told == [["a"]]


def test_after_a_failure_only_what_must_be_told_anyway_is_told(store, acme):
    told = []

    def fails() -> None:
        with unit_of_work(acme.admin, store) as work:
            work.after_commit.append(lambda: told.append("kept"))
            work.after_end.append(lambda: told.append("ended"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()

    assert told == ["ended"]


def test_going_on_after_a_failed_act_keeps_nothing(store, acme):
    def goes_on() -> None:
        with unit_of_work(acme.admin, store) as work:
            work.begin_writing()
            work.add_all([a_snapshot("a")])
            work.broken = True

    with pytest.raises(HalfDone):
        goes_on()

    assert saved(store, acme) == []


def test_opening_a_work_touches_no_database(acme, tmp_path):
    with unit_of_work(acme.admin, Store(f"sqlite:///{tmp_path}/nowhere/valor.sqlite")):
        pass


def test_two_that_make_the_same_thing_are_told_so(store, acme):
    save(store, acme, "a")

    with pytest.raises(AlreadyThere):
        save(store, acme, "a")


def test_a_row_that_breaks_a_rule_is_a_bug_and_not_somebody_elses_doing(store, acme):
    def breaks() -> None:
        with unit_of_work(acme.admin, store) as work:
            work.begin_writing()
            work.add_all([
                UsageEventRow(
                    idem_key="k", meter="m", quantity=-1, occurred_at=1, act="a", actor="b"
                )
            ])  # fmt: skip

    with pytest.raises(IntegrityError, match="quantity_positive"):
        breaks()


def test_a_database_that_is_gone_is_unavailable_and_says_so(acme, tmp_path):
    gone = Store(f"sqlite:///{tmp_path}/nowhere/valor.sqlite")

    with pytest.raises(StoreUnavailable):
        saved(gone, acme)


def test_a_statement_that_is_wrong_is_a_bug_and_not_an_outage(store, acme):
    def asks_nonsense() -> None:
        with unit_of_work(acme.admin, store) as work:
            work.session.connection().exec_driver_sql("SELECT nonsense FROM snapshots, (")

    with pytest.raises(SQLAlchemyError if store.is_sqlite else ProgrammingError):
        asks_nonsense()


def test_what_was_read_before_the_first_write_is_read_again(store, acme):
    save(store, acme, "a")
    with unit_of_work(acme.admin, store) as work:
        row = work.session.get_one(SnapshotRow, (acme.id, "a"))
        with unit_of_work(acme.analyst, store) as other:
            other.begin_writing()
            other.session.execute(update(SnapshotRow).values(facts_n=5))
        assert row.facts_n == 0

        work.begin_writing()

        assert row.facts_n == 5


def test_one_moment_is_seen_however_long_the_reading_takes(store, acme):
    save(store, acme, "a")
    with unit_of_work(acme.admin, store) as work:
        work.see_one_moment()
        before = work.session.scalar(select(func.count(SnapshotRow.id)))
        save(store, acme, "b")

        assert work.session.scalar(select(func.count(SnapshotRow.id))) == before == 1
    assert saved(store, acme) == ["a", "b"]


def test_sixteen_threads_write_and_nothing_is_lost(store, acme, rival):
    start = threading.Barrier(16)

    def five(n: int) -> None:
        start.wait()
        for i in range(5):
            save(store, (acme, rival)[n % 2], f"{n:02}-{i}")

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(five, range(16)))

    for tenant, rest in ((acme, 0), (rival, 1)):
        assert saved(store, tenant) == [
            f"{n:02}-{i}" for n in range(16) for i in range(5) if n % 2 == rest
        ]


def test_who_reads_does_not_wait_for_who_writes(store, acme):
    save(store, acme, "a")
    with unit_of_work(acme.admin, store) as work:
        work.begin_writing()
        work.add_all([a_snapshot("b")])
        work.session.flush()

        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(saved, store, acme).result(timeout=20) == ["a"]


def test_a_read_takes_no_writer(store, acme):
    with unit_of_work(acme.admin, store) as reading:
        reading.session.scalars(select(SnapshotRow)).all()

        with ThreadPoolExecutor(1) as pool:
            pool.submit(save, store, acme, "a").result(timeout=20)

    assert saved(store, acme) == ["a"]


@ONLY_SQLITE
def test_who_waits_too_long_for_the_writer_is_told_and_the_next_one_writes(
    store, acme, monkeypatch
):
    monkeypatch.setattr(store.writer, "patience_s", 0.05)
    with unit_of_work(acme.admin, store) as work:
        work.begin_writing()
        with pytest.raises(WriterBusy, match="busy with other writes"):
            save(store, acme, "a")

    save(store, acme, "b")
    assert saved(store, acme) == ["b"]


@ONLY_SQLITE
def test_the_embedded_database_is_set_up_to_lose_nothing_and_keep_nothing_deleted(store):
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    with store.engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted}

    assert found == wanted


@ONLY_SQLITE
def test_a_foreign_writer_that_ignores_the_lock_file_leaves_the_writer_free_again(
    store, acme, monkeypatch
):
    """A sqlite3 shell in a transaction: the act fails, and the writer is not held for ever."""
    with store.engine.connect() as connection:  # pooled, so that this setting is the work's
        connection.exec_driver_sql("PRAGMA busy_timeout = 20")
    shell = sqlite3.connect(store.where, isolation_level=None)
    shell.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable):
        save(store, acme, "a")
    shell.execute("ROLLBACK")
    shell.close()

    save(store, acme, "b")
    assert saved(store, acme) == ["b"]


@pytest.mark.parametrize("text", ["a\0b", "\0", "\udcff"])
def test_text_that_no_database_keeps_is_refused_alike_whether_asked_for_or_written(
    store, acme, text
):
    with pytest.raises(BadText) as asked, unit_of_work(acme.admin, store) as work:
        work.session.scalars(select(SnapshotRow).where(SnapshotRow.id == text)).all()
    with pytest.raises(BadText) as written:
        save(store, acme, "a", text)

    assert str(asked.value) == str(written.value)
    assert (asked.value.status, saved(store, acme)) == (422, [])


def test_text_of_every_tongue_is_kept(store, acme):
    names = ["naïve", "日本", "🙂", "\x01\x7f"]
    save(store, acme, *names)

    assert set(saved(store, acme)) == set(names)


@ONLY_SQLITE
def test_a_database_whose_pages_were_overwritten_is_damaged_and_says_so(store, acme):
    save(store, acme, "a")
    store.close()
    file = Path(store.where)
    file.write_bytes(file.read_bytes()[:4096] + b"\xa5" * (file.stat().st_size - 4096))

    with pytest.raises(StoreDamaged) as refused:
        saved(store, acme)

    assert refused.value.status == 503
    assert "backup" in refused.value.hint
    assert str(file) not in str(refused.value)  # clients read it
