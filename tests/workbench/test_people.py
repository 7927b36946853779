"""Tenants and members, as the command line and the pages make them."""

import pytest

from tests.moulds import add_tenant
from valor_core.audit import log
from valor_core.errors import AccessDenied, BadInput, NotFound
from valor_core.store.engines import Store
from valor_core.tenancy.access import MAY
from valor_core.tenancy.tenants import BadSlug, Taken
from valor_core.values import Role
from valor_core.workbench import members, people
from valor_core.workbench.logbook import read_log, verify_as_operator, verify_log
from valor_core.workbench.setup import operator
from valor_core.workbench.verb import open_work


def act(store: Store, caller, function, *args, **kwargs):
    with open_work(caller, store) as work:
        return function(work, *args, **kwargs)


def test_who_i_am_says_what_i_may(store, acme):
    for caller, name in ((acme.viewer, "vera"), (acme.analyst, "anna"), (acme.admin, "adam")):
        me = act(store, caller, people.me)

        assert (me.tenant, me.name, me.role) == ("acme", name, caller.role)
        assert set(me.may) == {act for act, roles in MAY.items() if caller.role in roles}


def test_a_tenants_name_is_taken_once(store, acme):
    with pytest.raises(Taken, match="acme"):
        add_tenant(store, "acme")


def test_a_tenant_is_called_as_it_was_asked_for_or_by_its_short_name(store):
    for slug, asked, label in (("newco", "New Co", "New Co"), ("other", "", "other")):
        maker = operator(people.tenant_for(slug))
        assert act(store, maker, people.add_tenant, slug, label=asked).label == label


@pytest.mark.parametrize("slug", ["", "ab", "Acme", "1acme", "acme-", "a b c", "a" * 33, "../etc"])
def test_a_name_that_cannot_stand_in_a_path_is_refused(store, slug):
    with pytest.raises(BadSlug, match="short name") as refused:
        act(store, operator(people.tenant_for("x")), people.add_tenant, slug)

    assert "a-z" in refused.value.hint


def test_only_an_operator_makes_tenants_and_an_operator_reads_no_tenants_log(store, acme):
    with pytest.raises(AccessDenied):
        act(store, acme.admin, people.add_tenant, "mine")
    with pytest.raises(AccessDenied):
        act(store, acme.operator, read_log)


def test_a_members_name_is_taken_once_a_tenant(store, acme, rival):
    with pytest.raises(Taken, match="anna"):
        act(store, acme.admin, people.add_member, "anna", Role.VIEWER)

    assert {row.name for row in act(store, rival.admin, people.list_members)} >= {"anna"}


@pytest.mark.parametrize(
    ("name", "role"),
    [("", Role.VIEWER), ("   ", Role.VIEWER), ("x" * 101, Role.VIEWER), ("a\nb", Role.VIEWER),
     ("olga", Role.OPERATOR)],
    ids=["no name", "blanks", "too long", "a line break", "an operator"],
)  # fmt: skip
def test_a_member_that_makes_no_sense_is_refused(store, acme, name, role):
    with pytest.raises(BadInput) as refused:
        act(store, acme.admin, people.add_member, name, role)

    assert refused.value.hint


def test_members_of_another_tenant_are_neither_seen_nor_removed_nor_signed_in(store, acme, rival):
    act(store, acme.admin, people.add_member, "only in acme", Role.VIEWER)

    assert "only in acme" not in {r.name for r in act(store, rival.admin, people.list_members)}
    for function in (members.member_named, people.issue_token):
        with pytest.raises(NotFound):
            act(store, rival.admin, function, "only in acme")


def test_the_log_names_people_by_id_and_never_by_name(store, acme):
    row = act(store, acme.admin, people.add_member, "Renate Mustermann", Role.VIEWER)
    newest = act(store, acme.admin, read_log, limit=1)[0]

    assert (newest.actor, newest.target) == (f"user:{acme.admin.user_id}", f"user:{row.user_id}")
    assert b"Mustermann" not in newest.payload


@pytest.mark.parametrize("limit", [0, -1, 201])
def test_a_page_of_the_log_has_a_bound(store, acme, limit):
    with pytest.raises(BadInput, match=str(limit)):
        act(store, acme.admin, read_log, limit=limit)


def test_the_verdict_is_the_tenants_own_and_the_operators_over_all(store, acme, rival):
    verdict = act(store, acme.admin, verify_log)

    assert verdict.holds
    assert verdict.tenant_id == acme.id
    with open_work(acme.admin, store) as work:
        assert verdict.head == log.head(work)[1]
    overall = verify_as_operator(store)
    assert {v.tenant_id for v in overall} >= {acme.id, rival.id, "platform", "shared"}
    assert all(v.holds for v in overall)


def test_tenant_ids_tell_the_name_and_never_repeat():
    made = {people.tenant_for("acme-partners") for _ in range(50)}

    assert len(made) == 50
    assert all(tenant_id.startswith("acme-par-") for tenant_id in made)


def test_a_tenants_id_is_never_taken_for_a_secret(store):
    """An id that looks like a vendor's key would be missed in the installation's log."""
    for slug in ("sk-partners", "ghp-invest", "partners"):
        made = add_tenant(store, slug)
        assert [v.holds for v in verify_as_operator(store, made.id)] == [True]
