"""Details go when a policy wants it and no hold stands against it; the log holds all the same."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from jobs import runner
from tests.audit.attacker import attack
from tests.conftest import ONLY_SQLITE
from tests.moulds import Tenant
from valor_core.audit import log, retention
from valor_core.audit.retention import Due
from valor_core.audit.verify import Finding, Verdict
from valor_core.errors import AccessDenied, BadInput, NotFound
from valor_core.store.engines import Store
from valor_core.store.tables import AuditLogRow
from valor_core.store.work import unit_of_work
from valor_core.tenancy.access import OutOfScope
from valor_core.tenancy.api_keys import caller_of_key
from valor_core.tenancy.reasons import ReasonMissing
from valor_core.values import Caller, Role, Scope, utc_now
from valor_core.workbench import people
from valor_core.workbench.jobs import start_job
from valor_core.workbench.logbook import read_log, verify_log
from valor_core.workbench.retention import (
    AnotherPersonNeeded,
    ask_release,
    change_policy,
    foresee_policy,
    foresee_purge,
    foresee_release,
    list_holds,
    purge,
    read_policies,
    release_hold,
    run_retention,
    set_hold,
)
from valor_core.workbench.sealing import seal_log
from valor_core.workbench.verb import open_work

LONG_AGO = utc_now() - timedelta(days=400)
OLD = 6


@pytest.fixture
def aged(store: Store, acme: Tenant) -> int:
    """The first of six entries that are 400 days old, each about a thing of its own."""
    with unit_of_work(acme.analyst, store, LONG_AGO) as work:
        work.begin_writing()
        seqs = [
            log.append(work, "valuation.run", target=f"valuation:{n}", details={"why": f"saw {n}"})
            for n in range(OLD)
        ]
    with open_work(acme.admin) as work:
        change_policy(work, "act", 365, reason="as agreed")
    return seqs[0]


@pytest.fixture
def officers(store: Store, acme: Tenant) -> tuple[Caller, ...]:
    """Three compliance officers."""
    found = []
    for name in ("cleo", "carl", "cora"):
        with open_work(acme.operator) as work:
            row = people.add_member(work, name, Role.COMPLIANCE)
        found.append(Caller(tenant_id=acme.id, user_id=row.user_id, role=Role.COMPLIANCE))
    return tuple(found)


def kept(tenant: Tenant) -> dict[int, bool]:
    with open_work(tenant.admin) as work:
        return {row.seq: row.payload is not None for row in read_log(work, limit=200)}


def verdict(tenant: Tenant) -> Verdict:
    with open_work(tenant.admin) as work:
        return verify_log(work)


def purged(tenant: Tenant) -> list[int]:
    return sorted(seq for seq, has in kept(tenant).items() if not has)


def test_what_is_old_enough_goes_once_and_the_log_still_holds(store, acme, rival, aged):
    """S46."""
    seal_log(store, acme.id)
    before = kept(rival)

    assert run_retention(store, acme.admin) == OLD
    size = len(kept(acme))
    assert purged(acme) == list(range(aged, aged + OLD))
    assert (verdict(acme).findings, kept(rival)) == ((), before)
    assert run_retention(store, acme.admin) == 0
    assert len(kept(acme)) == size


def test_what_a_purge_would_take_is_told_before_it_is_made_possible(store, acme, aged, officers):
    with open_work(officers[0]) as work:
        hold = set_hold(work, "valuation:2", "an inquiry")
        assert foresee_release(work, hold.id) == Due(purged=OLD, held=0)
    with open_work(acme.admin) as work:
        assert foresee_policy(work, "act", 401) == Due(purged=0, held=0)
        assert foresee_policy(work, "act", None) == Due(purged=0, held=0)
        assert foresee_policy(work, "security", 30) == Due(purged=OLD - 1, held=1)
        assert foresee_purge(work) == Due(purged=OLD - 1, held=1)

    assert purged(acme) == []
    assert run_retention(store, acme.admin) == OLD - 1


def test_who_changes_what_is_kept_says_why_and_the_log_keeps_it(acme, officers):
    with open_work(officers[0]) as work:
        hold = set_hold(work, "", "an inquiry")
    for act, who in (
        (lambda work, why: change_policy(work, "act", 30, reason=why), acme.admin),
        (lambda work, why: ask_release(work, hold.id, reason=why), officers[0]),
        (lambda work, why: release_hold(work, hold.id, reason=why), officers[1]),
    ):
        with pytest.raises(ReasonMissing), open_work(who) as work:
            act(work, "  ")
        with open_work(who) as work:
            act(work, " as agreed ")
        with open_work(acme.admin) as work:
            assert b'"reason":"as agreed"' in (read_log(work, limit=1)[0].payload or b"")


def test_without_a_policy_everything_is_kept(store, acme, aged):
    with open_work(acme.admin) as work:
        change_policy(work, "act", None, reason="as agreed")

    assert run_retention(store, acme.admin) == 0
    with open_work(acme.admin) as work:
        assert read_policies(work) == {}


def test_a_long_purge_goes_in_steps_that_each_say_what_they_did(store, acme, aged, monkeypatch):
    monkeypatch.setattr(retention, "MOST_AT_ONCE", 4)

    assert run_retention(store, acme.admin) == OLD
    with open_work(acme.admin) as work:
        told = read_log(work, action="audit.purge")
    assert [row.target for row in told] == [f"entry:{row.seq}" for row in told]
    assert len(told) == 2
    assert verdict(acme).holds


@pytest.mark.parametrize("subject", ["valuation:2", ""])
def test_a_hold_keeps_what_it_covers_until_it_is_released(store, acme, aged, officers, subject):
    """S46."""
    cleo, carl, _ = officers
    with open_work(cleo) as work:
        hold = set_hold(work, subject, "an inquiry")
    run_retention(store, acme.admin)
    held = [aged + 2] if subject else range(aged, aged + OLD)
    assert all(kept(acme)[seq] for seq in held)
    assert verdict(acme).holds

    with open_work(cleo) as work:
        ask_release(work, hold.id, reason="it is settled")
    with open_work(carl) as work:
        release_hold(work, hold.id, reason="it is settled")
    run_retention(store, acme.admin)

    assert purged(acme) == list(range(aged, aged + OLD))
    assert verdict(acme).holds


def test_a_hold_on_a_person_keeps_what_that_person_did(store, acme, aged, officers):
    with open_work(officers[0]) as work:
        set_hold(work, acme.analyst.actor, "an inquiry")

    assert run_retention(store, acme.admin) == 0


def test_nobody_releases_alone(store, acme, officers):
    cleo, carl, cora = officers
    with open_work(cleo) as work:
        hold = set_hold(work, "", "an inquiry")

    def refused(who: Caller) -> None:
        with pytest.raises(AnotherPersonNeeded), open_work(who) as work:
            release_hold(work, hold.id, reason="it is settled")

    refused(carl)  # nobody has asked
    with open_work(carl) as work:
        ask_release(work, hold.id, reason="it is settled")
    refused(carl)
    refused(cleo)
    with open_work(cora) as work:
        release_hold(work, hold.id, reason="it is settled")
    with pytest.raises(NotFound), open_work(cora) as work:
        release_hold(work, hold.id, reason="it is settled")
    with open_work(cleo) as work:
        (row,) = list_holds(work)
        told = [entry.action for entry in read_log(work, limit=3)]
    assert (row.set_by, row.release_asked_by, row.released_by) == (
        cleo.actor, carl.actor, cora.actor
    )  # fmt: skip
    assert told == ["audit.hold_released", "hold.ask_release", "audit.hold_set"]


def test_two_keys_of_one_officer_are_one_person_and_no_other_scope_will_do(store, acme, officers):
    cleo, carl, _ = officers
    keys = []
    for scope in (Scope.DECIDE, Scope.DECIDE, Scope.AUDIT):
        with open_work(cleo) as work:
            _, key = people.add_own_key(work, scope, [scope])
        caller = caller_of_key(store, key)
        assert caller
        keys.append(caller)
    first, second, reading = keys
    with open_work(first) as work:
        hold = set_hold(work, "", "an inquiry")
        assert (hold.set_by, work.caller.actor[:4]) == (cleo.actor, "key:")
    with open_work(carl) as work:
        ask_release(work, hold.id, reason="it is settled")

    for who in (first, second, cleo):
        with pytest.raises(AnotherPersonNeeded), open_work(who) as work:
            release_hold(work, hold.id, reason="it is settled")
    with open_work(reading) as work:
        assert list_holds(work)
    with pytest.raises(OutOfScope), open_work(reading) as work:
        release_hold(work, hold.id, reason="it is settled")


def test_holds_are_for_compliance_officers_and_policies_for_admins(store, acme, officers):
    for act, who in (
        (lambda work: set_hold(work, "", "mine"), acme.admin),
        (lambda work: change_policy(work, "act", 30, reason="as agreed"), officers[0]),
        (purge, officers[0]),
    ):
        with pytest.raises(AccessDenied), open_work(who) as work:
            act(work)


@pytest.mark.parametrize(
    ("category", "days"),
    [("audit", 365), ("nothing", 365), ("act", 29), ("act", 0), ("act", 10**6)],
)
def test_a_policy_that_cannot_be_is_refused(store, acme, category, days):
    with pytest.raises(BadInput), open_work(acme.admin) as work:
        change_policy(work, category, days, reason="as agreed")


def test_a_hold_that_names_nothing_is_refused(store, acme, officers):
    for subject, reason in (("anna", "why"), ("user:1", " "), ("", "x" * 501)):
        with pytest.raises(BadInput), open_work(officers[0]) as work:
            set_hold(work, subject, reason)


def test_a_payload_may_only_be_missing_where_a_purge_says_so(store, acme, aged, officers):
    """G29."""
    with open_work(officers[0]) as work:
        set_hold(work, "valuation:2", "an inquiry")
    run_retention(store, acme.admin)
    (purge_seq,) = [row.seq for row in log_of(acme, "audit.purge")]
    newer = purge_seq - 1  # the entry of the hold: not old, not purged, of what is never purged

    for at in (aged + 2, newer, purge_seq):
        attack(
            store,
            acme.id,
            lambda a, at=at: a.sql(
                f"UPDATE audit_logs SET payload = NULL, salt = NULL, purge_seq = {purge_seq} "
                f"WHERE OWN AND seq = {at}"
            ),
            unlock=at == aged + 2,
        )

    found = [f for f in verdict(acme).findings if f.kind == "payload_missing_without_purge"]
    # With the purge itself gone nothing explains what it dropped.
    assert {f.seq for f in found} == {*range(aged, aged + OLD), newer, purge_seq}


def test_a_purge_forged_to_cover_more_breaks_the_chain(store, acme, aged):
    """G35."""
    run_retention(store, acme.admin)
    (row,) = log_of(acme, "audit.purge")

    def widen(attacker) -> None:
        assert row.payload
        first = f"[[{aged},".encode()
        attacker.set(row.seq, payload=row.payload.replace(first, b"[[1,"))
        attacker.rehash(row.seq)

    attack(store, acme.id, widen)

    assert verdict(acme).findings[0] == Finding("chain_broken", row.seq)


def log_of(tenant: Tenant, action: str) -> list[AuditLogRow]:
    with open_work(tenant.admin) as work:
        return list(read_log(work, action=action))


def test_a_hold_cannot_be_released_by_one_who_set_it_even_by_hand(store, acme, officers):
    with open_work(officers[0]) as work:
        hold = set_hold(work, "", "an inquiry")
    engine = create_engine(store.owner_url, poolclass=NullPool)

    with engine.connect() as connection, pytest.raises(DBAPIError):
        connection.exec_driver_sql(
            f"UPDATE legal_holds SET released_at = 1, released_by = set_by WHERE id = '{hold.id}'"
        )


def test_the_job_purges_in_each_tenant_what_there_is_to_purge(store, acme, rival, aged):
    def done() -> list[str]:
        for tenant in (acme, rival):
            with open_work(tenant.admin) as work:
                start_job(work, "retention")
        return [run.detail for run in runner.tick(store)]

    first = done()

    assert purged(acme) == list(range(aged, aged + OLD))
    assert purged(rival) == []
    assert sum(told == "Nothing was due." for told in first) == 1
    assert [told == "Nothing was due." for told in done()] == [True, True]
    assert verdict(acme).holds


@ONLY_SQLITE
def test_the_bytes_of_what_was_purged_are_in_no_file_of_the_database(store, acme, aged):
    secret = "the target's own forecast " * 300  # longer than a page
    with unit_of_work(acme.analyst, store, LONG_AGO) as work:
        work.begin_writing()
        log.append(work, "valuation.run", target="valuation:x", details={"why": secret})
        log.append(work, "valuation.run", target="valuation:y", details={"why": "short and secret"})
    file = Path(store.where)

    def found(text: str) -> bool:
        return any(text.encode() in each.read_bytes() for each in file.parent.glob("valor.sqlite*"))

    assert found("own forecast")
    assert found("short and secret")
    run_retention(store, acme.admin)

    assert not found("own forecast")
    assert not found("short and secret")


@ONLY_SQLITE
def test_an_entry_goes_once_it_is_older_than_its_days_and_not_on_the_last_of_them(
    store, acme, aged
):
    def purged_after(age: timedelta) -> int:
        with open_work(acme.admin) as work:
            work.now = LONG_AGO + age
            return purge(work)

    assert purged_after(timedelta(days=365)) == 0
    assert purged_after(timedelta(days=365, microseconds=1)) == OLD
    assert verdict(acme).holds
