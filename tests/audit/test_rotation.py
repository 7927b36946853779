"""A log goes on under a newer key, and says so itself."""

import pytest

from tests.audit.attacker import attack
from tests.conftest import ONLY_SQLITE
from tests.moulds import add_tenant
from valor_core.audit import keys as audit_keys
from valor_core.audit import log, verify
from valor_core.audit.keys import WrongAuditKey
from valor_core.errors import BadInput
from valor_core.store.secrets import WeakSecret
from valor_core.store.work import unit_of_work
from valor_core.tenancy.reasons import ReasonMissing
from valor_core.workbench.logbook import verify_as_operator
from valor_core.workbench.rotation import foresee_rotation, rotate_key
from valor_core.workbench.setup import PLATFORM, prepare

FIRST, SECOND, THIRD = "a" * 32, "b" * 32, "c" * 32


@pytest.fixture
def from_the_environment(empty_store, monkeypatch):
    """An installation of its own, whose key is the environment's."""
    from valor_core.store.migrate import migrate

    told(monkeypatch, FIRST)
    migrate(empty_store)
    prepare(empty_store)
    return empty_store, add_tenant(empty_store, "acme"), monkeypatch


def told(monkeypatch, *secrets: str) -> None:
    monkeypatch.setenv("AUDIT_HMAC_SECRET", "\n".join(secrets))
    log.keys.cache_clear()


def append(store, tenant) -> int:
    with unit_of_work(tenant.analyst, store) as work:
        work.begin_writing()
        return log.append(work, "valuation.run", target="valuation:1", details={})


def test_every_log_goes_on_under_the_new_key_and_without_the_old_one_says_what_is_lost(
    from_the_environment,
):
    """G36."""
    store, acme, monkeypatch = from_the_environment
    told(monkeypatch, FIRST, SECOND)
    prepare(store)  # a key that waits hinders no start
    before = append(store, acme)

    assert foresee_rotation(store) == (2, 3)
    with pytest.raises(ReasonMissing):
        rotate_key(store, reason=" ")
    assert rotate_key(store, reason="a year has passed") == (2, 3)
    assert append(store, acme) == before + 2
    assert all(verdict.holds for verdict in verify_as_operator(store))
    with unit_of_work(acme.admin, store) as work:
        found = verify.verify(work, {2: log.keys()[2]}).findings
    assert {f.kind for f in found} == {"unverifiable"}
    assert [f.seq for f in found] == list(range(1, before + 2))


def test_a_process_that_serves_meanwhile_takes_the_new_key_by_itself(
    from_the_environment, monkeypatch
):
    store, acme, _ = from_the_environment
    told(monkeypatch, FIRST, SECOND)
    rotate_key(store, reason="a year has passed")
    seen = iter([{1: FIRST.encode()}])  # as it was read before
    known = audit_keys.audit_keys()
    monkeypatch.setattr(log, "audit_keys", lambda: next(seen, known))
    log.keys.cache_clear()
    assert set(log.keys()) == {1}

    append(store, acme)

    assert all(verdict.holds for verdict in verify_as_operator(store))


def test_without_the_newest_key_nothing_goes_on(from_the_environment):
    store, acme, monkeypatch = from_the_environment
    told(monkeypatch, FIRST, SECOND)
    rotate_key(store, reason="a year has passed")
    told(monkeypatch, FIRST)

    with pytest.raises(WrongAuditKey):
        append(store, acme)
    with pytest.raises(WrongAuditKey):
        prepare(store)


def test_a_change_that_was_interrupted_is_carried_on_under_the_same_key(from_the_environment):
    store, acme, monkeypatch = from_the_environment
    told(monkeypatch, FIRST, SECOND)
    with unit_of_work(acme.admin, store) as work:
        work.begin_writing()
        log.rotate(work, reason="a year has passed")

    assert foresee_rotation(store) == (2, 2)
    assert rotate_key(store, reason="a year has passed") == (2, 2)
    assert foresee_rotation(store) == (3, 3), "one would be drawn, were it not for the environment"
    with pytest.raises(BadInput, match="comes from the environment"):
        rotate_key(store, reason="a year has passed")
    told(monkeypatch, FIRST, SECOND, THIRD)
    assert rotate_key(store, reason="a year has passed") == (3, 3)
    assert all(verdict.holds for verdict in verify_as_operator(store))


def test_the_retired_key_signs_no_head(from_the_environment):
    """Who has stolen it can neither cut the log behind the change nor go on from there."""
    store, acme, monkeypatch = from_the_environment
    told(monkeypatch, FIRST, SECOND)
    rotate_key(store, reason="a year has passed")

    def go_back(attacker) -> None:
        from tests.audit import reference

        head = attacker.sql("SELECT * FROM audit_heads WHERE OWN")[0]
        by_first = reference.head_mac(FIRST.encode(), acme.id, head.size, head.mac, head.frontier)
        attacker.sql("UPDATE audit_heads SET key_id = 1, head_mac = :m WHERE OWN", m=by_first)

    attack(store, acme.id, go_back)

    (verdict,) = verify_as_operator(store, acme.id)
    assert verdict.findings[0].kind == "head_forged"


def test_a_short_line_is_no_key(from_the_environment):
    _, _, monkeypatch = from_the_environment
    told(monkeypatch, FIRST, "short")

    with pytest.raises(WeakSecret, match="Line 2 of AUDIT_HMAC_SECRET has 5"):
        log.keys()


@ONLY_SQLITE
def test_a_key_that_valor_keeps_is_drawn_by_valor(empty_store, monkeypatch, tmp_path):
    from valor_core.store.migrate import migrate

    monkeypatch.setenv("VALOR_HOME", str(tmp_path / "home"))
    log.keys.cache_clear()
    migrate(empty_store)
    prepare(empty_store)
    rotate_key(empty_store, reason="a year has passed")

    lines = (tmp_path / "home" / "secrets" / "audit_hmac_secret").read_text().split("\n")
    assert [len(line) for line in lines] == [64, 64]
    assert {v.tenant_id for v in verify_as_operator(empty_store) if v.holds} >= {PLATFORM}
    log.keys.cache_clear()
    prepare(empty_store)
