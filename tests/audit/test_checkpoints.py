"""What no check within the database can find, a checkpoint outside it does."""

import json
import resource
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.audit import reference
from tests.audit.attacker import LEAF, Attacker, attack
from tests.conftest import ONLY_SQLITE
from valor_core.audit import checkpoints, log
from valor_core.audit.keys import public_keys
from valor_core.audit.log import LogForged
from valor_core.audit.notes import opened
from valor_core.audit.verify import Finding, Verdict
from valor_core.store.work import StoreUnavailable, unit_of_work
from valor_core.values import SHARED, TenantId
from valor_core.workbench.logbook import verify_as_operator
from valor_core.workbench.sealing import seal_due_logs, seal_log
from valor_core.workbench.setup import PLATFORM, operator

EARLIER, SIZE = 8, 12  # the log's length at its first and at its second checkpoint


def append(store, tenant, count: int) -> None:
    with unit_of_work(tenant.analyst, store) as work:
        work.begin_writing()
        for n in range(count):
            log.append(work, "valuation.run", target=f"valuation:{n}", details={"n": n})


@pytest.fixture
def sealed(store, acme):
    """A log with two checkpoints, and one entry more."""
    with unit_of_work(acme.admin, store) as work:
        size = log.head(work)[0]
    append(store, acme, EARLIER - size)
    seal_log(store, acme.id)
    append(store, acme, SIZE - EARLIER)
    seal_log(store, acme.id)
    append(store, acme, 1)
    return store


def verdict(store, tenant_id) -> Verdict:
    return {v.tenant_id: v for v in verify_as_operator(store)}[tenant_id]


def cut(attacker: Attacker, size: int) -> None:
    """The state of then as a whole: the entries, the genuine head, the checkpoints of then."""
    key, tenant = log.keys()[1], attacker.tenant_id
    attacker.sql(f"DELETE FROM audit_logs WHERE OWN AND seq > {size}")
    attacker.rewind(size)
    head = attacker.sql("SELECT * FROM audit_heads WHERE OWN")[0]
    genuine = reference.head_mac(key, tenant, size, head.mac, head.frontier)
    attacker.sql("UPDATE audit_heads SET head_mac = :m WHERE OWN", m=genuine)
    forget(attacker)


def forget(attacker: Attacker) -> None:
    attacker.sql("DROP TRIGGER IF EXISTS audit_checkpoints_kept_delete" if is_sqlite(attacker)
                 else "ALTER TABLE audit_checkpoints DISABLE TRIGGER ALL")  # fmt: skip
    attacker.sql("DELETE FROM audit_checkpoints WHERE OWN")


def is_sqlite(attacker: Attacker) -> bool:
    return attacker.connection.dialect.name == "sqlite"


def rewrite(attacker: Attacker, at: int) -> None:
    """With the key of the chain: another deed at `at`, and all that follows made to fit it."""
    key, tenant = log.keys()[1], attacker.tenant_id
    attacker.set(at, target="valuation:other")
    rows = attacker.sql("SELECT * FROM audit_logs WHERE OWN ORDER BY seq")
    mac, leaves = reference.first_mac(tenant), []
    for row in rows:
        leaves.append(reference.leaf(**{name: getattr(row, name) for name in LEAF}))
        mac = reference.next_mac(key, mac, leaves[-1])
        attacker.set(row.seq, leaf=leaves[-1], mac=mac)
    frontier = reference.frontier(leaves)
    attacker.sql(
        "UPDATE audit_heads SET mac = :m, frontier = :f, head_mac = :h WHERE OWN",
        m=mac, f=frontier, h=reference.head_mac(key, tenant, len(rows), mac, frontier),
    )  # fmt: skip
    forget(attacker)


def test_checkpoints_vouch_for_a_log_that_nobody_touched(sealed, acme, rival):
    assert (verdict(sealed, acme.id).findings, verdict(sealed, acme.id).sealed) == ((), SIZE)
    assert (verdict(sealed, rival.id).findings, verdict(sealed, rival.id).sealed) == ((), 0)
    assert verdict(sealed, PLATFORM).holds


def test_a_log_without_an_entry_waits_for_no_checkpoint(store, acme):
    with unit_of_work(replace(acme.admin, tenant_id=TenantId("nobody")), store) as work:
        assert not checkpoints.is_due(work)


def test_an_older_state_put_back_with_its_genuine_head_is_found(sealed, acme):
    attack(sealed, acme.id, lambda a: cut(a, 10))

    assert verdict(sealed, acme.id).findings == (Finding("shorter_than_checkpoint", 11),)


def test_where_an_entry_is_named_no_checkpoint_says_so_once_more(sealed, acme):
    attack(sealed, acme.id, lambda a: a.set(3, leaf=b"x" * 32))

    kinds = {finding.kind for finding in verdict(sealed, acme.id).findings}
    assert kinds == {"entry_edited", "chain_broken", "head_differs"}


@pytest.mark.parametrize(("at", "first_doubted"), [(3, 1), (10, EARLIER + 1)])
def test_a_log_written_anew_with_the_stolen_key_is_found(sealed, acme, at, first_doubted):
    attack(sealed, acme.id, lambda a: rewrite(a, at))

    assert verdict(sealed, acme.id).findings == (Finding("differs_from_checkpoint", first_doubted),)


def test_after_the_last_checkpoint_a_holder_of_the_key_is_not_found(sealed, acme):
    """The honest limit: what was appended since is vouched for by the key of the chain alone."""
    attack(sealed, acme.id, lambda a: rewrite(a, SIZE + 1))

    assert verdict(sealed, acme.id).holds


def test_with_the_files_gone_too_the_installations_log_still_tells(sealed, acme):
    checkpoints._file(acme.id).unlink()
    attack(sealed, acme.id, lambda a: cut(a, 10))

    assert verdict(sealed, acme.id).findings == (Finding("shorter_than_checkpoint", 11),)
    assert verdict(sealed, acme.id).sealed == 0
    checkpoints._file(acme.id).write_text('{"note": "nobody\'s"}\n')
    assert verdict(sealed, acme.id).sealed == 0, "what nobody signed vouches for nothing"


def test_a_checkpoint_edited_in_the_database_is_found(sealed, acme, rival):
    seal_log(sealed, rival.id)

    def swap(attacker: Attacker) -> None:
        attacker.sql("DROP TRIGGER audit_checkpoints_kept_update" if is_sqlite(attacker)
                     else "ALTER TABLE audit_checkpoints DISABLE TRIGGER ALL")  # fmt: skip
        attacker.sql(
            "UPDATE audit_checkpoints SET note = (SELECT note FROM audit_checkpoints "
            "WHERE tenant_id = :t) WHERE OWN AND size = 8", t=rival.id,
        )  # fmt: skip

    attack(sealed, acme.id, swap)

    assert verdict(sealed, acme.id).findings == (Finding("checkpoint_forged", EARLIER),)


def test_two_genuine_checkpoints_of_one_size_cannot_both_hold(sealed, acme):
    """A split view: another history, signed by us, was shown to somebody."""
    attack(sealed, acme.id, lambda a: (rewrite(a, SIZE), a.sql("DELETE FROM audit_logs "
                                       "WHERE OWN AND seq > 12"), cut(a, SIZE)))  # fmt: skip
    seal_log(sealed, acme.id)

    found = [f for f in verdict(sealed, acme.id).findings if f.kind == "differs_from_checkpoint"]
    assert found == [Finding("differs_from_checkpoint", EARLIER + 1)]


def test_what_is_forged_is_neither_signed_nor_gone_on_from(sealed, acme, rival):
    """To append to a log that was cut would make its new end a genuine one."""
    attack(
        sealed,
        acme.id,
        lambda a: (a.sql("DELETE FROM audit_logs WHERE OWN AND seq > 9"), a.rewind(9)),
    )
    before = checkpoints._file(acme.id).read_bytes()

    with pytest.raises(LogForged):
        seal_log(sealed, acme.id)
    with pytest.raises(LogForged):
        append(sealed, acme, 1)

    assert checkpoints._file(acme.id).read_bytes() == before
    assert rival.id in seal_due_logs(sealed)


def test_a_checkpoint_is_the_same_in_the_database_and_outside_it(sealed, acme):
    again = seal_log(sealed, acme.id), seal_log(sealed, acme.id)
    with unit_of_work(acme.admin, sealed) as work:
        kept = checkpoints.all_notes(work)
    file = checkpoints._file(acme.id)

    assert [json.loads(line)["note"] for line in file.read_text().splitlines()] == kept
    assert [opened(n, checkpoints.origin_of(acme.id), public_keys()).size for n in kept] == [
        EARLIER, SIZE, SIZE + 1
    ]  # fmt: skip
    assert again == (kept[-1], kept[-1])
    assert file.stat().st_mode & 0o077 == 0


def test_a_line_that_a_failing_disk_cut_short_is_passed_over(sealed, acme):
    with checkpoints._file(acme.id).open("ab") as file:
        file.write(b'{"note": "valor-ivx/aud\n[]\n')

    assert verdict(sealed, acme.id).holds


def test_what_comes_after_a_line_that_was_cut_short_is_kept_all_the_same(sealed, acme):
    with checkpoints._file(acme.id).open("ab") as file:
        file.write(b'{"note": "valor-ivx/aud')
    append(sealed, acme, 1)

    assert seal_log(sealed, acme.id) in checkpoints._outside(acme.id)


@ONLY_SQLITE
@pytest.mark.parametrize("left", [20, 0])
def test_a_note_that_the_disk_takes_in_part_is_not_kept_and_harms_no_later_one(sealed, acme, left):
    room = checkpoints._file(acme.id).stat().st_size + left
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        with pytest.raises(StoreUnavailable):
            checkpoints._keep_outside(acme.id, "one that is cut short")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    checkpoints._keep_outside(acme.id, "one that is whole")

    assert list(checkpoints._outside(acme.id))[2:] == ["one that is whole"]


@ONLY_SQLITE
def test_a_log_is_sealed_from_its_first_entry_on(store):
    with unit_of_work(operator(SHARED), store) as work:
        assert not checkpoints.is_due(work)
        work.begin_writing()
        assert log.append(work, "job.run", target="job:1", details={}) == 1
        assert checkpoints.is_due(work)


def test_a_log_is_sealed_after_an_hour_or_a_thousand_entries_and_not_while_it_rests(
    sealed, acme, monkeypatch
):
    def due(*, after: timedelta) -> bool:
        with unit_of_work(operator(acme.id), sealed) as work:
            work.now += after
            return checkpoints.is_due(work)

    assert not due(after=timedelta(minutes=59))
    assert due(after=timedelta(minutes=61))
    monkeypatch.setattr(checkpoints, "MOST_ENTRIES", 1)
    assert due(after=timedelta())
    assert seal_due_logs(sealed)[-1] == PLATFORM
    assert not due(after=timedelta(days=9))
