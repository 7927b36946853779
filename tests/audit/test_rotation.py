"""A log goes on under a newer key, and says so itself."""

import os
from dataclasses import astuple
from pathlib import Path

import pytest

from tests.audit.attacker import attack
from tests.conftest import ONLY_SQLITE
from tests.moulds import add_tenant
from valor_core.audit import keys as audit_keys
from valor_core.audit import log, verify
from valor_core.audit.keys import WrongAuditKey
from valor_core.audit.log import LogMissing
from valor_core.errors import BadInput
from valor_core.store.secrets import WeakSecret
from valor_core.store.work import unit_of_work
from valor_core.tenancy.reasons import ReasonMissing
from valor_core.workbench.logbook import verify_as_operator, verify_log
from valor_core.workbench.rotation import foresee_rotation, rotate_key
from valor_core.workbench.setup import PLATFORM, operator, prepare
from valor_core.workbench.verb import open_work

OPERATOR = operator(PLATFORM)
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


def kept_in_a_file(monkeypatch, home: Path) -> Path:
    file = home / "secrets" / "audit_hmac_secret"
    file.parent.mkdir(parents=True)
    file.write_text(FIRST)
    file.chmod(0o600)
    monkeypatch.delenv("AUDIT_HMAC_SECRET")
    monkeypatch.setenv("VALOR_HOME", str(home))
    log.keys.cache_clear()
    return file


def told_first(store) -> tuple[int, int, bool]:
    with open_work(OPERATOR, store) as work:
        return astuple(foresee_rotation(work))


def rotate(store) -> tuple[int, int, bool]:
    return astuple(rotate_key(store, OPERATOR, reason="a year has passed"))


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

    assert told_first(store) == (2, 3, False)
    with pytest.raises(ReasonMissing):
        rotate_key(store, OPERATOR, reason=" ")
    assert rotate(store) == (2, 3, False)
    assert append(store, acme) == before + 2
    assert all(verdict.holds for verdict in verify_as_operator(store))
    with unit_of_work(acme.admin, store) as work:
        found = verify.verify(work, {2: log.keys()[2]}).findings
    assert {f.kind for f in found} == {"unverifiable"}
    assert [f.seq for f in found] == list(range(1, before + 2))


@pytest.mark.parametrize("reads_first", [True, False])
def test_a_process_that_serves_meanwhile_takes_the_new_key_by_itself(
    from_the_environment, monkeypatch, reads_first
):
    store, acme, _ = from_the_environment
    told(monkeypatch, FIRST, SECOND)
    rotate(store)
    seen = iter([{1: FIRST.encode()}])  # as it was read before
    known = audit_keys.audit_keys()
    monkeypatch.setattr(log, "audit_keys", lambda: next(seen, known))
    log.keys.cache_clear()
    assert set(log.keys()) == {1}

    if reads_first:
        with open_work(acme.admin, store) as work:
            assert verify_log(work).holds
    append(store, acme)

    assert all(verdict.holds for verdict in verify_as_operator(store))


def test_without_the_newest_key_nothing_goes_on(from_the_environment):
    store, acme, monkeypatch = from_the_environment
    told(monkeypatch, FIRST, SECOND)
    rotate(store)
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

    assert told_first(store) == (2, 2, False)
    assert rotate(store) == (2, 2, False)
    for act in (told_first, rotate):
        with pytest.raises(BadInput, match="comes from the environment"):
            act(store)
    told(monkeypatch, FIRST, SECOND, THIRD)
    assert rotate(store) == (3, 3, False)
    assert all(verdict.holds for verdict in verify_as_operator(store))


def test_the_retired_key_signs_no_head(from_the_environment):
    """Who has stolen it can neither cut the log behind the change nor go on from there."""
    store, acme, monkeypatch = from_the_environment
    told(monkeypatch, FIRST, SECOND)
    rotate(store)

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
    assert told_first(empty_store) == (2, 2, True)
    assert rotate(empty_store) == (2, 2, True)

    lines = (tmp_path / "home" / "secrets" / "audit_hmac_secret").read_text().split("\n")
    assert [len(line) for line in lines] == [64, 64]
    assert {v.tenant_id for v in verify_as_operator(empty_store) if v.holds} >= {PLATFORM}
    log.keys.cache_clear()
    prepare(empty_store)


def test_a_copy_of_the_file_without_a_key_that_was_drawn_elsewhere_gets_no_other_of_its_number(
    from_the_environment, monkeypatch, tmp_path
):
    """Another machine has drawn it, and has not come to the logs yet."""
    store, _, _ = from_the_environment
    told(monkeypatch, FIRST, SECOND)
    with unit_of_work(OPERATOR, store) as work:
        work.begin_writing()
        audit_keys.note_keys(work.session, log.keys(), work.now_micros)
    file = kept_in_a_file(monkeypatch, tmp_path / "home")

    for act in (told_first, rotate):
        with pytest.raises(WrongAuditKey):
            act(store)
    assert file.read_text() == FIRST


def test_what_would_be_refused_is_refused_before(from_the_environment, monkeypatch, tmp_path):
    """A file of keys that cannot be written; a log that has lost its head."""
    store, acme, _ = from_the_environment
    with monkeypatch.context() as patch:
        kept_in_a_file(patch, tmp_path / "home")
        patch.setattr(os, "access", lambda *_: False)  # as where the folder is mounted to be read
        for act in (told_first, rotate):
            with pytest.raises(BadInput, match="cannot be written by this process"):
                act(store)
    told(monkeypatch, FIRST)
    attack(store, acme.id, lambda attacker: attacker.sql("DELETE FROM audit_heads WHERE OWN"))
    for act in (told_first, rotate):
        with pytest.raises(LogMissing):
            act(store)
