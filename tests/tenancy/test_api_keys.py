"""A key is shown once, kept as an HMAC, and refused the moment it should be."""

import hashlib

import pytest
from sqlalchemy import select, update

from tests.conftest import Tenant
from valor_core.audit import log
from valor_core.errors import BadInput, NotFound
from valor_core.store.engines import Store
from valor_core.store.tables import ApiKeyRow, TenantRow
from valor_core.store.work import unit_of_work
from valor_core.tenancy import api_keys
from valor_core.tenancy.api_keys import caller_of_key
from valor_core.values import Role
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
    _, key = added(store, acme)

    assert caller_of_key(store, wrong(key, how)) is None


def test_a_key_under_another_tenants_name_is_nobodys(store, acme, rival):
    _, key = added(store, acme)

    assert caller_of_key(store, key.replace(acme.id, rival.id)) is None


def test_a_revoked_key_is_refused_at_once_and_stays_so(store, acme):
    key_id, key = added(store, acme)
    for _ in range(2):
        with open_work(acme.admin, store) as work:
            people.revoke_key(work, key_id)
        assert caller_of_key(store, key) is None


def test_an_expired_key_is_refused(store, acme):
    _, key = added(store, acme, days=1)
    with unit_of_work(acme.admin, store) as work:
        work.begin_writing()
        work.session.execute(
            update(ApiKeyRow).values(expires_at=ApiKeyRow.expires_at - 86_400_000_000)
        )

    assert caller_of_key(store, key) is None


def test_the_keys_of_a_suspended_tenant_are_refused(store, acme):
    _, key = added(store, acme)
    with unit_of_work(acme.operator, store) as work:
        work.begin_writing()
        work.session.get_one(TenantRow, acme.id).status = "suspended"

    assert caller_of_key(store, key) is None


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


def test_another_tenants_key_cannot_be_revoked_nor_seen(store, acme, rival):
    key_id, key = added(store, acme)

    def revokes() -> None:
        with open_work(rival.admin, store) as work:
            assert people.list_keys(work) == []
            people.revoke_key(work, key_id)

    with pytest.raises(NotFound):
        revokes()
    assert caller_of_key(store, key) is not None
