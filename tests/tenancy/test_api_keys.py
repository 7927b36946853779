"""A key is shown once, kept as an HMAC, and refused the moment it should be."""

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from tests.conftest import ONLY_SQLITE
from tests.moulds import Tenant
from valor_core.audit import log
from valor_core.errors import BadInput, Conflict, NotFound
from valor_core.store import work as work_module
from valor_core.store.engines import Store
from valor_core.store.tables import ApiKeyRow, MembershipRow, TenantRow
from valor_core.store.work import Work, unit_of_work
from valor_core.tenancy import api_keys
from valor_core.tenancy.access import OutOfScope, require
from valor_core.tenancy.api_keys import (
    KeyAsleep,
    KeyExpired,
    KeyRevoked,
    KeyState,
    OwnersKey,
    TooManyKeys,
    caller_of_key,
    state,
    touch,
)
from valor_core.values import Caller, Role, Scope, TenantId, micros, utc_now
from valor_core.workbench import people
from valor_core.workbench.verb import open_work


def added(store: Store, tenant: Tenant, role: Role = Role.ANALYST, *, days: int = 90):
    with open_work(tenant.admin, store) as work:
        row, key = people.add_key(work, "nightly notebook", role, days=days)
        return row.id, key


def test_a_key_stands_for_its_tenant_and_role(store, acme):
    key_id, key = added(store, acme, Role.VIEWER)

    caller = caller_of_key(store, key)

    assert caller is not None
    assert (caller.tenant_id, caller.user_id, caller.role, caller.kind) == (
        acme.id, key_id, Role.VIEWER, "key"
    )  # fmt: skip
    with open_work(caller, store) as work:
        assert people.me(work).name == "nightly notebook"


def test_neither_the_key_nor_a_plain_digest_of_it_is_kept_or_logged(store, acme):
    """S13."""
    _, key = added(store, acme)
    secret = key.rpartition(".")[2].encode()
    with unit_of_work(acme.admin, store) as work:
        row = work.session.scalars(select(ApiKeyRow)).one()
        logged = b"".join((r.payload or b"") + r.target.encode() for r in log.entries(work))

    assert row.hmac == api_keys._hmac(key)
    assert row.hmac != hashlib.sha256(key.encode()).digest()
    assert secret not in logged
    assert secret.decode() not in repr(row)


def wrong(key: str, how: str) -> str:
    prefix, tenant_and_id, secret = key[:3], key[3:].rpartition(".")[0], key.rpartition(".")[2]
    flipped = ("A" if secret[0] != "A" else "B") + secret[1:]
    return {
        "another secret": f"{prefix}{tenant_and_id}.{flipped}",
        "no secret": f"{prefix}{tenant_and_id}.",
        "an unknown id": f"{prefix}{tenant_and_id[:-26]}{'0' * 26}.{secret}",
        "no prefix": key[3:],
        "a doubled prefix": prefix + key,
        "a tail": key + "x",
        "a line break": key + "\n",
        "NUL": key.replace(".", ".\0", 1),
        "beyond ASCII": key[:-1] + "é",
        "empty": "",
    }[how]


@pytest.mark.parametrize(
    "how",
    ["another secret", "no secret", "an unknown id", "no prefix", "a doubled prefix", "a tail",
     "a line break", "NUL", "beyond ASCII", "empty"],
)  # fmt: skip
def test_a_key_that_is_not_quite_right_is_nobodys(store, acme, how):
    """S13."""
    _, key = added(store, acme)

    assert caller_of_key(store, wrong(key, how)) is None


def test_a_key_under_another_tenants_name_is_nobodys(store, acme, rival):
    """G16."""
    _, key = added(store, acme)

    assert caller_of_key(store, key.replace(acme.id, rival.id)) is None


def change(store: Store, tenant: Tenant, statement) -> None:
    with unit_of_work(tenant.operator, store) as work:
        work.begin_writing()
        work.session.execute(statement)


def test_a_revoked_key_is_told_so_at_once_and_ever_after(store, acme):
    """S13."""
    key_id, key = added(store, acme)
    for _ in range(2):
        with open_work(acme.admin, store) as work:
            people.revoke_key(work, key_id, reason="it leaked")
        with pytest.raises(KeyRevoked, match=key_id):
            caller_of_key(store, key)


def test_an_expired_key_is_told_its_last_day(store, acme):
    _, key = added(store, acme, days=1)
    change(store, acme, update(ApiKeyRow).values(expires_at=0))

    with pytest.raises(KeyExpired, match="1970-01-01"):
        caller_of_key(store, key)


def test_a_key_works_up_to_the_moment_of_its_end():
    row = ApiKeyRow(expires_at=5, revoked_at=None)

    assert [state(row, now) for now in (5, 6)] == [KeyState.LIVE, KeyState.EXPIRED]


def test_the_keys_of_a_suspended_tenant_sleep(store, acme):
    _, key = added(store, acme)
    change(store, acme, update(TenantRow).values(status="suspended"))

    with pytest.raises(KeyAsleep, match="tenant is suspended"):
        caller_of_key(store, key)


def test_who_shows_a_wrong_secret_is_not_told_how_it_stands_with_the_key(store, acme):
    """S13."""
    key_id, key = added(store, acme)
    with open_work(acme.admin, store) as work:
        people.revoke_key(work, key_id, reason="it leaked")

    assert caller_of_key(store, wrong(key, "another secret")) is None


def test_a_members_key_acts_in_the_role_that_its_owner_has_now_and_goes_with_its_owner(store, acme):
    with open_work(acme.analyst, store) as work:
        _, key = people.add_own_key(work, "nightly", [Scope.VALUE])
    caller = caller_of_key(store, key)
    assert caller is not None
    assert (caller.role, caller.scopes) == (Role.ANALYST, {Scope.VALUE})

    change(
        store, acme, update(MembershipRow).where(MembershipRow.name == "anna").values(role="viewer")
    )
    now = caller_of_key(store, key)
    assert now is not None
    assert now.role is Role.VIEWER

    change(store, acme, delete(MembershipRow).where(MembershipRow.name == "anna"))
    with pytest.raises(KeyRevoked):
        caller_of_key(store, key)


def test_two_keys_of_one_purpose_work_and_a_third_waits_until_one_ends(store, acme, rival):
    with open_work(acme.analyst, store) as work:
        first, _ = people.add_own_key(work, "nightly", [Scope.READ], days=30)
        second, key = people.rotate_key(work, first.id)

    assert (second.label, second.scopes) == ("nightly", ["read"])
    assert first.expires_at - first.created_at == 7 * 86_400_000_000
    assert second.expires_at - second.created_at == 30 * 86_400_000_000
    assert caller_of_key(store, key) is not None
    with pytest.raises(TooManyKeys, match="nightly"), open_work(acme.analyst, store) as work:
        people.rotate_key(work, second.id)
    with open_work(acme.admin, store) as work:
        people.add_key(work, "nightly", Role.VIEWER)  # the tenant's own are counted apart
    with open_work(acme.analyst, store) as work:
        third, _ = people.rotate_key(work, second.id, overlap_days=0)
    with open_work(acme.analyst, store) as work:
        states = {row.id: state(row, work.now_micros) for row in people.list_keys(work)}
    assert states == {first.id: "live", second.id: "revoked", third.id: "live"}
    with pytest.raises(Conflict, match="does not work"), open_work(acme.analyst, store) as work:
        people.rotate_key(work, second.id)


@ONLY_SQLITE
def test_a_key_of_one_day_is_followed_by_one_of_one_day(store, acme):
    with open_work(acme.analyst, store) as work:
        first, _ = people.add_own_key(work, "nightly", [Scope.READ], days=1)
        second, _ = people.rotate_key(work, first.id)

    assert second.expires_at - second.created_at == 86_400_000_000


def test_members_see_and_end_their_own_keys_alone_and_an_administrator_ends_any(store, acme):
    with open_work(acme.analyst, store) as work:
        row, _ = people.add_own_key(work, "nightly", [Scope.READ])
    with open_work(acme.viewer, store) as work:
        assert people.list_keys(work) == []
    with pytest.raises(NotFound), open_work(acme.viewer, store) as work:
        people.revoke_key(work, row.id, reason="it leaked")
    with pytest.raises(OwnersKey), open_work(acme.admin, store) as work:
        people.rotate_key(work, row.id)
    with open_work(acme.admin, store) as work:
        assert people.revoke_key(work, row.id, reason="it leaked").key.revoked_at


def test_a_scope_that_gives_a_role_nothing_is_refused_with_those_that_do(store, acme):
    def adds() -> None:
        with open_work(acme.viewer, store) as work:
            people.add_own_key(work, "nightly", [Scope.ADMIN])

    with pytest.raises(BadInput, match="viewer nothing") as refused:
        adds()
    assert refused.value.hint == "Choose one or more of read."


def test_the_last_use_is_written_once_a_minute_and_not_at_each_call(store, acme, monkeypatch):
    _, key = added(store, acme)
    caller = caller_of_key(store, key)
    assert caller is not None
    begun, now = [], utc_now()
    begin = Work.begin_writing
    monkeypatch.setattr(
        Work, "begin_writing", lambda self, **kw: (begun.append(1), begin(self, **kw))
    )
    for seconds in (0, 1, 59, 60, 61):
        monkeypatch.setattr(work_module, "utc_now", lambda at=seconds: now + timedelta(seconds=at))
        touch(store, caller)

    assert len(begun) == 2
    with open_work(acme.admin, store) as work:
        assert people.list_keys(work)[0].used_at == micros(now + timedelta(seconds=60))


def test_with_another_pepper_no_key_is_known(store, acme, monkeypatch):
    _, key = added(store, acme)
    monkeypatch.setenv("VALOR_KEY_PEPPER", "p" * 32)
    api_keys._pepper.cache_clear()

    assert caller_of_key(store, key) is None


@pytest.mark.parametrize(
    ("label", "role", "days"),
    [("x", Role.ANALYST, 0), ("x", Role.ANALYST, 366), ("x", Role.OPERATOR, 1),
     (" ", Role.ANALYST, 1), ("x" * 101, Role.ANALYST, 1)],
    ids=["no day", "too many days", "an operator's", "no label", "a long label"],
)  # fmt: skip
def test_a_key_that_makes_no_sense_is_refused_with_the_way_out(store, acme, label, role, days):
    def adds() -> None:
        with open_work(acme.admin, store) as work:
            people.add_key(work, label, role, days=days)

    with pytest.raises(BadInput) as refused:
        adds()

    assert refused.value.hint


@ONLY_SQLITE
def test_a_keys_name_may_be_as_short_or_long_as_can_be(store, acme):
    with open_work(acme.admin, store) as work:
        labels = [people.add_key(work, each, Role.VIEWER)[0].label for each in ("x", "x" * 100)]

    assert labels == ["x", "x" * 100]


def test_another_tenants_key_cannot_be_revoked_nor_seen(store, acme, rival):
    key_id, key = added(store, acme)

    def revokes() -> None:
        with open_work(rival.admin, store) as work:
            assert people.list_keys(work) == []
            people.revoke_key(work, key_id, reason="it leaked")

    with pytest.raises(NotFound):
        revokes()
    assert caller_of_key(store, key) is not None


def test_what_a_key_is_not_good_for_is_refused_with_the_scope_that_is():
    def refused(act: str, *scopes: Scope) -> OutOfScope:
        key = Caller(
            tenant_id=TenantId("acme-1"), user_id="k", role=Role.ADMIN, kind="key",
            scopes=frozenset(scopes),
        )  # fmt: skip
        with pytest.raises(OutOfScope) as told:
            require(key, act)
        return told.value

    told = refused("valuation.run", Scope.READ, Scope.AUDIT)
    assert str(told) == "This key has the scope audit and read; valuation.run needs value."
    assert "makes one" in told.hint
    for_persons = refused("key.add_own")
    assert str(for_persons) == (
        "This key has the scope none; key.add_own needs a person who is signed in."
    )
    assert "yourself" in for_persons.hint


@ONLY_SQLITE
def test_a_key_without_a_scope_is_none(store, acme):
    with (
        pytest.raises(BadInput, match="needs a scope") as refused,
        open_work(acme.admin, store) as work,
    ):
        people.add_own_key(work, "notebook", [])

    assert "read" in refused.value.hint


@ONLY_SQLITE
@pytest.mark.parametrize("days", [-1, api_keys.OVERLAP_DAYS_MAX + 1])
def test_two_keys_of_one_purpose_work_side_by_side_for_some_days_alone(store, acme, days):
    key_id, _ = added(store, acme)

    with (
        pytest.raises(BadInput, match=f"cannot work for {days} days"),
        open_work(acme.admin, store) as work,
    ):
        people.rotate_key(work, key_id, overlap_days=days)


def test_what_a_person_decides_no_key_of_the_tenant_does(store, acme):
    refused = pytest.raises(BadInput, match="cannot have the scope decide")
    with refused, open_work(acme.operator, store) as work:
        people.add_key(work, "robot", Role.ADMIN, scopes=[Scope.READ, Scope.DECIDE])
    with open_work(acme.operator, store) as work:
        row, _ = people.add_key(work, "robot", Role.ADMIN)
        assert set(row.scopes) == set(Scope) - {Scope.DECIDE}
