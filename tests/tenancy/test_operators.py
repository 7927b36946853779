"""An operator signs in to the installation itself: no tenant's content is to be seen from there."""

import stat

import pytest

from app.serving import operator_link, write_key_file
from tests.conftest import ONLY_SQLITE
from tests.moulds import Tenant
from valor_core.audit import log
from valor_core.errors import AccessDenied, BadInput, NotFound
from valor_core.store.engines import Store
from valor_core.tenancy.sign_in import BadToken, caller_of_session, claimed_tenant, digest
from valor_core.values import PLATFORM, Caller, Role
from valor_core.workbench import companies, people, tenants, valuations
from valor_core.workbench.setup import operator
from valor_core.workbench.signing_in import redeem_token
from valor_core.workbench.verb import open_work

AT = "http://127.0.0.1:8501"


def of_a_link(store: Store, link: str) -> Caller:
    return of_a_key(store, link.partition("#token=")[2])


def of_a_key(store: Store, key: str) -> Caller:
    cookie = redeem_token(store, key)
    caller = caller_of_session(store, digest(cookie), claimed_tenant(cookie))
    assert caller is not None
    return caller


def actions(store: Store) -> list[str]:
    with open_work(operator(PLATFORM), store) as work:
        return [row.action for row in log.entries(work)]


def test_the_first_operators_link_makes_the_first_operator(store):
    caller = of_a_link(store, operator_link(store, at=AT))

    assert (caller.tenant_id, caller.role, caller.kind) == (PLATFORM, Role.OPERATOR, "user")
    assert actions(store)[:3] == ["session.began", "token.issue", "member.add"]
    again = of_a_link(store, operator_link(store, at=AT))
    assert again.user_id == caller.user_id


def test_the_link_of_an_operator_who_is_not_there_names_those_who_are(store):
    operator_link(store, at=AT, name="olga")

    with pytest.raises(NotFound, match="no operator 'oleg'") as refused:
        operator_link(store, at=AT, name="oleg")

    assert "olga" in refused.value.hint


def test_an_operator_who_signs_in_reads_no_tenants_content(store, acme: Tenant):
    caller = of_a_link(store, operator_link(store, at=AT))

    with open_work(caller, store) as work:
        assert {row.slug for row in people.list_tenants(work)} >= {"acme", "rival"}
        assert people.me(work).name == "operator"
    for read in (companies.list_companies, valuations.list_valuations):
        with pytest.raises(AccessDenied), open_work(caller, store) as work:
            read(work)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
def test_the_installation_has_no_members_but_operators(store, role):
    with (
        pytest.raises(BadInput, match="no other members"),
        open_work(operator(PLATFORM), store) as work,
    ):
        people.add_member(work, "mia", role)


def test_a_key_file_signs_an_operator_in_once_and_a_new_one_ends_the_old_one(store, tmp_path):
    first, second = tmp_path / "first.key", tmp_path / "second.key"
    write_key_file(store, first)
    write_key_file(store, second)
    assert stat.S_IMODE(second.stat().st_mode) == 0o600

    with pytest.raises(BadToken):
        of_a_key(store, first.read_text().strip())
    key = second.read_text().strip()
    assert of_a_key(store, key).role is Role.OPERATOR
    with pytest.raises(BadToken):
        of_a_key(store, key)

    told = actions(store)
    assert told.count("key_file.issue") == 2
    assert told[:2] == ["session.refused", "session.began"]


def test_a_key_file_that_cannot_be_written_is_no_key(store, tmp_path):
    taken = tmp_path / "taken.key"
    taken.write_text("mine")

    with pytest.raises(BadInput, match=r"taken\.key cannot be made"):
        write_key_file(store, taken)

    assert taken.read_text() == "mine"
    assert "key_file.issue" not in actions(store)


@ONLY_SQLITE
def test_a_short_name_that_no_tenant_has_is_told_with_the_list_to_look_in(store):
    with (
        pytest.raises(NotFound, match="no tenant 'elsewhere'") as refused,
        open_work(operator(PLATFORM), store) as work,
    ):
        tenants.tenant_named(work, "elsewhere")

    assert "tenants list" in refused.value.hint
