"""Whatever is done to a log behind the product's back, the verdict names the first bad entry."""

import threading

import pytest

from tests.audit.attacker import attack
from tests.conftest import ONLY_SQLITE
from valor_core.audit import log, verify
from valor_core.audit.verify import Finding, Verdict
from valor_core.store.tables import AuditLogRow
from valor_core.store.work import unit_of_work
from valor_core.values import SHARED
from valor_core.workbench.logbook import verify_as_operator
from valor_core.workbench.setup import PLATFORM, operator, prepare

SIZE, AT = 12, 6  # the log's length; the entry that is attacked
GARBAGE = b"\0" * 32


@pytest.fixture
def long_log(store, acme):
    append(store, acme, SIZE - size_of(store, acme))
    return store


def append(store, tenant, count: int) -> None:
    with unit_of_work(tenant.analyst, store) as work:
        work.begin_writing()
        for n in range(count):
            log.append(work, "valuation.run", target=f"valuation:{n}", details={"n": n})


def size_of(store, tenant) -> int:
    with unit_of_work(tenant.admin, store) as work:
        return log.head(work)[0]


def verdict(store, tenant, keys=None) -> Verdict:
    with unit_of_work(tenant.admin, store) as work:
        return verify.verify(work, log.keys() if keys is None else keys)


def first(store, tenant) -> tuple[str, int]:
    finding = verdict(store, tenant).findings[0]
    return finding.kind, finding.seq


def test_a_log_that_nobody_touched_holds(long_log, acme, rival):
    assert verdict(long_log, acme).holds
    assert verdict(long_log, acme).size == SIZE
    assert verdict(long_log, rival).holds


def move_into_salt(attacker) -> None:
    """The digest of both together stays the same."""
    row = attacker.entry(AT)
    attacker.set(AT, salt=row["salt"] + row["payload"][:4], payload=row["payload"][4:])


def purge_without(attacker, purge_seq: int) -> None:
    attacker.set_together(AT, f"payload = NULL, salt = NULL, purge_seq = {purge_seq}")


def purge_unnamed(attacker) -> None:
    """The database refuses it, until its owner takes the check away."""
    if attacker.connection.dialect.name == "sqlite":
        attacker.sql("PRAGMA ignore_check_constraints = ON")
    else:
        attacker.sql("ALTER TABLE audit_logs DROP CONSTRAINT ck_audit_logs_purge_named")
    attacker.set_together(AT, "payload = NULL, salt = NULL")


EDITS = {
    "tenant_id": (lambda a: a.set(AT, tenant_id="elsewhere"), "gap"),
    "seq": (lambda a: a.set(AT, seq=99), "gap"),
    "seq below zero": (lambda a: a.set(AT, seq=-1), None),
    "ts": (lambda a: a.set(AT, ts=1), "entry_edited"),
    "ts below zero": (lambda a: a.set(AT, ts=-1), "entry_edited"),
    "category": (lambda a: a.set(AT, category="security"), "entry_edited"),
    "action": (lambda a: a.set(AT, action="valuation.ruN"), "entry_edited"),
    "actor": (lambda a: a.set(AT, actor="user:somebody"), "entry_edited"),
    "target": (lambda a: a.set(AT, target=""), "entry_edited"),
    "request_id": (lambda a: a.set(AT, request_id="0"), "entry_edited"),
    "payload": (lambda a: a.set(AT, payload=b"{}"), "payload_edited"),
    "salt": (lambda a: a.set(AT, salt=b"\0" * 16), "payload_edited"),
    "payload moved into the salt": (move_into_salt, "payload_edited"),
    "payload_digest": (lambda a: a.set(AT, payload_digest=GARBAGE), "payload_edited"),
    "leaf": (lambda a: a.set(AT, leaf=GARBAGE), "entry_edited"),
    "mac": (lambda a: a.set(AT, mac=GARBAGE), "chain_broken"),
    "key_id": (lambda a: a.set(AT, key_id=2), "entry_edited"),
    "key_id below zero": (lambda a: a.set(AT, key_id=-1), "entry_edited"),
    "purge_seq": (lambda a: a.set(AT, purge_seq=3), "entry_edited"),
    "target, leaf made to fit": (
        lambda a: (a.set(AT, target="x:y"), a.rehash(AT)), "chain_broken"
    ),
    "payload, digest and leaf made to fit": (
        lambda a: (a.set(AT, payload=b"{}", salt=b"0" * 16), a.rehash(AT)), "chain_broken"
    ),
    "payload gone, no purge named": (purge_unnamed, "payload_missing_without_purge"),
    "payload gone, purge by an entry that is none": (
        lambda a: purge_without(a, 3), "payload_missing_without_purge"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "kind"), EDITS.values(), ids=EDITS)
def test_an_edit_of_any_column_is_found_at_its_entry(long_log, acme, edit, kind):
    """S44, G20, G21, G22, G28, G29."""
    attack(long_log, acme.id, edit)

    assert first(long_log, acme) == ((kind, AT) if kind else ("gap", 1))


def test_every_column_of_an_entry_is_attacked_above():
    assert set(AuditLogRow.__table__.columns.keys()) <= set(EDITS)


def a_copy(seq: int, at: int):
    return lambda a: a.insert(a.entry(seq) | {"seq": at})


REARRANGED = {
    "a middle entry deleted": (lambda a: a.sql(f"DELETE FROM audit_logs WHERE OWN AND seq = {AT}"),
                               "gap", AT),
    "the first entry deleted": (lambda a: a.sql("DELETE FROM audit_logs WHERE OWN AND seq = 1"),
                                "gap", 1),
    "a middle entry deleted, the rest renumbered": (
        lambda a: (a.sql(f"DELETE FROM audit_logs WHERE OWN AND seq = {AT}"), a.shift(AT, -1)),
        "entry_edited", AT),
    "the same, leaves made to fit": (
        lambda a: (a.sql(f"DELETE FROM audit_logs WHERE OWN AND seq = {AT}"), a.shift(AT, -1),
                   [a.rehash(n) for n in range(AT, SIZE)]),
        "chain_broken", AT),
    "two neighbours swapped": (
        lambda a: (a.set(AT, seq=-9), a.set(AT + 1, seq=AT), a.set(-9, seq=AT + 1)),
        "entry_edited", AT),
    "two neighbours swapped, leaves made to fit": (
        lambda a: (a.set(AT, seq=-9), a.set(AT + 1, seq=AT), a.set(-9, seq=AT + 1),
                   a.rehash(AT), a.rehash(AT + 1)),
        "chain_broken", AT),
    "a copy inserted, the rest shifted": (
        lambda a: (a.shift(AT, 1), a_copy(AT, AT + 1)(a)), "entry_edited", AT + 1),
    "a copy inserted before the first": (a_copy(1, 0), "gap", 1),
    "a copy appended, unknown to the head": (a_copy(SIZE, SIZE + 1), "entry_edited", SIZE + 1),
    "a copy appended, the head told": (
        lambda a: (a_copy(SIZE, SIZE + 1)(a), a.rehash(SIZE + 1), a.rewind(SIZE + 1)),
        "chain_broken", SIZE + 1),
    "the tail cut off": (lambda a: a.sql("DELETE FROM audit_logs WHERE OWN AND seq > 9"),
                         "head_differs", 10),
    "the tail cut off, the head rewound": (
        lambda a: (a.sql("DELETE FROM audit_logs WHERE OWN AND seq > 9"), a.rewind(9)),
        "head_forged", 9),
    "the tail cut off, the head vouched for by a stored MAC": (
        lambda a: (a.sql("DELETE FROM audit_logs WHERE OWN AND seq > 9"), a.rewind(9),
                   a.sql("UPDATE audit_heads SET head_mac = mac WHERE OWN")),
        "head_forged", 9),
    "all entries deleted": (lambda a: a.sql("DELETE FROM audit_logs WHERE OWN"),
                            "head_differs", 1),
    "entries and head deleted": (
        lambda a: (a.sql("DELETE FROM audit_logs WHERE OWN"),
                   a.sql("DELETE FROM audit_heads WHERE OWN")),
        "log_missing", 1),
}  # fmt: skip


@pytest.mark.parametrize(("act", "kind", "seq"), REARRANGED.values(), ids=REARRANGED)
def test_entries_cannot_vanish_appear_or_change_places(long_log, acme, act, kind, seq):
    """S44, G23, G24, G25, G26, G27, G30, G31."""
    attack(long_log, acme.id, act)

    assert first(long_log, acme) == (kind, seq)


HEADS = {
    "tenant_id": ("UPDATE audit_heads SET tenant_id = 'elsewhere' WHERE OWN", "log_missing", 1),
    "size": ("UPDATE audit_heads SET size = size + 1 WHERE OWN", "head_differs", SIZE + 1),
    "size below zero": ("UPDATE audit_heads SET size = -1 WHERE OWN", "head_forged", 1),
    "mac": ("UPDATE audit_heads SET mac = head_mac WHERE OWN", "head_differs", SIZE + 1),
    "frontier": ("UPDATE audit_heads SET frontier = mac WHERE OWN", "head_differs", SIZE + 1),
    "key_id": ("UPDATE audit_heads SET key_id = 2 WHERE OWN", "unverifiable", SIZE),
    "head_mac": ("UPDATE audit_heads SET head_mac = mac WHERE OWN", "head_forged", SIZE),
}


@pytest.mark.parametrize(("edit", "kind", "seq"), HEADS.values(), ids=HEADS)
def test_an_edit_of_any_column_of_the_head_is_found(long_log, acme, edit, kind, seq):
    """S44."""
    attack(long_log, acme.id, lambda a: a.sql(edit))

    assert first(long_log, acme) == (kind, seq)


def test_entries_swapped_between_two_tenants_are_found_in_both(long_log, acme, rival):
    """S44."""

    def swap(attacker) -> None:
        for source, aim in ((acme.id, "x"), (rival.id, acme.id), ("x", rival.id)):
            attacker.sql(
                "UPDATE audit_logs SET tenant_id = :aim WHERE seq = 3 AND tenant_id = :source",
                aim=aim, source=source,
            )  # fmt: skip

    attack(long_log, acme.id, swap)

    assert first(long_log, acme) == first(long_log, rival) == ("entry_edited", 3)


def test_one_tenants_log_cannot_stand_in_for_anothers(long_log, acme, rival):
    def replace(attacker) -> None:
        for table in ("audit_logs", "audit_heads"):
            attacker.sql(f"DELETE FROM {table} WHERE OWN")
            attacker.sql(f"UPDATE {table} SET tenant_id = :a WHERE tenant_id = :b",
                         a=acme.id, b=rival.id)  # fmt: skip

    attack(long_log, acme.id, replace)

    assert first(long_log, acme) == ("entry_edited", 1)


def test_without_the_key_nothing_is_said_to_hold(long_log, acme):
    without = verdict(long_log, acme, keys={})

    assert not without.holds
    assert {finding.kind for finding in without.findings} == {"unverifiable"}
    assert without.findings[0].seq == 1


def test_by_another_key_the_chain_is_broken_from_the_first_entry_on(long_log, acme):
    assert verdict(long_log, acme, keys={1: b"another key"}).findings[0] == verify.Finding(
        "chain_broken", 1
    )


def test_one_edit_is_one_finding_and_not_a_flood_behind_it(long_log, acme):
    attack(long_log, acme.id, lambda a: a.set(AT, payload=b"{}"))

    assert verdict(long_log, acme).findings == (verify.Finding("payload_edited", AT),)


@ONLY_SQLITE
def test_text_that_is_no_text_is_an_edit_like_any_other(long_log, acme, rival):
    """Half of a surrogate pair: SQLite keeps it and does not hand it out as text."""
    columns = ("category", "action", "actor", "target", "request_id")
    for at, column in enumerate(columns, start=2):
        attack(
            long_log,
            acme.id,
            lambda a, at=at, column=column: a.sql(
                f"UPDATE audit_logs SET {column} = CAST(x'eda080' AS TEXT) WHERE OWN AND seq = {at}"
            ),
            unlock=at == 2,
        )

    findings = verdict(long_log, acme).findings
    assert [(f.kind, f.seq) for f in findings] == [("entry_edited", n) for n in range(2, 7)]
    verdicts = {v.tenant_id: v for v in verify_as_operator(long_log)}
    assert verdicts.pop(acme.id).findings == findings
    assert verdicts.keys() >= {rival.id}
    assert all(v.holds for v in verdicts.values())


VANISHED = {
    "its row": ("tenants",),
    "its row and its log": ("tenants", "audit_logs", "audit_heads"),
    "its row and its head": ("tenants", "audit_heads"),
    "its row and its entries": ("tenants", "audit_logs"),
    "its log": ("audit_logs", "audit_heads"),
}


def vanish(tables):
    def act(attacker) -> None:
        for table in tables:
            own = f"id = '{attacker.tenant_id}'" if table == "tenants" else "OWN"
            if table == "tenants":
                attacker.sql("DELETE FROM memberships WHERE OWN")
            attacker.sql(f"DELETE FROM {table} WHERE {own}")

    return act


@pytest.mark.parametrize("tables", VANISHED.values(), ids=VANISHED)
def test_a_tenant_that_vanishes_is_missed_where_it_was_made(store, acme, rival, tables):
    attack(store, acme.id, vanish(tables))
    prepare(store)

    verdicts = {v.tenant_id: v for v in verify_as_operator(store)}
    with unit_of_work(operator(PLATFORM), store) as work:
        made_at = verify.announced(work)[acme.id]
    missed = Finding("tenant_missing", made_at)
    whole_log = "audit_heads" in tables and "audit_logs" in tables
    assert verdicts[PLATFORM].findings == ((missed,) if whole_log or "tenants" in tables else ())
    assert not verdicts[acme.id].holds
    assert verdicts[rival.id].holds


def test_the_shared_book_is_not_made_anew_when_it_has_vanished(store, acme):
    attack(store, SHARED, vanish(VANISHED["its row and its log"]))
    prepare(store)

    verdicts = {v.tenant_id: v for v in verify_as_operator(store)}
    assert verdicts[SHARED].findings[0].kind == "tenant_missing"
    assert verdicts[PLATFORM].findings[0].kind == "tenant_missing"
    assert verdicts[acme.id].holds


def test_an_installation_that_has_lost_its_own_log_still_misses_its_tenants(store, acme):
    attack(store, PLATFORM, vanish(VANISHED["its row and its log"]))
    attack(store, acme.id, lambda a: a.sql("DELETE FROM audit_keys"), unlock=False)
    prepare(store)

    verdicts = {v.tenant_id: v for v in verify_as_operator(store)}
    assert verdicts[acme.id].findings == (Finding("tenant_unannounced", 1),)


def test_a_tenant_that_came_by_no_act_of_ours_is_named(store, acme):
    attack(
        store,
        acme.id,
        lambda a: a.sql(
            "INSERT INTO audit_heads SELECT 'nobodys', size, mac, frontier, key_id, head_mac "
            "FROM audit_heads WHERE OWN"
        ),
    )

    verdicts = {v.tenant_id: v for v in verify_as_operator(store)}
    assert {f.kind for f in verdicts["nobodys"].findings} >= {"tenant_unannounced"}
    assert verdicts[acme.id].holds


@ONLY_SQLITE
def test_a_tenants_id_that_is_no_text_hides_no_other_tenant(store, acme):
    attack(
        store,
        acme.id,
        lambda a: a.sql("UPDATE audit_heads SET tenant_id = CAST(x'eda080' AS TEXT) WHERE OWN"),
    )

    verdicts = {v.tenant_id: v for v in verify_as_operator(store)}
    assert verdicts[acme.id].findings == (Finding("log_missing", 1),)
    assert not verdicts["\\xed\\xa0\\x80"].holds
    assert verdicts[PLATFORM].holds


def test_a_finding_says_what_it_means():
    assert str(verify.Finding("gap", 7)) == "entry 7: gap, an entry is missing or out of order"


def test_a_log_that_grows_meanwhile_is_seen_at_one_moment(long_log, acme):
    stop = threading.Event()

    def writes() -> None:
        while not stop.is_set():
            append(long_log, acme, 1)

    writer = threading.Thread(target=writes)
    writer.start()
    try:
        findings = [verdict(long_log, acme).findings for _ in range(25)]
    finally:
        stop.set()
        writer.join()

    assert size_of(long_log, acme) > SIZE
    assert set(findings) == {()}


@ONLY_SQLITE
def test_of_many_bad_entries_the_first_are_named(long_log, acme):
    attack(long_log, acme.id, lambda a: a.sql("UPDATE audit_logs SET ts = ts + 1 WHERE OWN"))

    with unit_of_work(acme.admin, long_log) as work:
        found = verify.verify(work, log.keys(), most=3).findings

    assert [finding.seq for finding in found] == [1, 2, 3]
