"""Memberships follow the groups of the identity provider, in all tenants at once or in none."""

from dataclasses import replace

import pytest

from tests.conftest import World
from valor_core.errors import BadInput, NotFound
from valor_core.store.tables import TenantRow
from valor_core.store.work import unit_of_work
from valor_core.tenancy.sign_in import Device, Method, caller_of_session, claimed_tenant, digest
from valor_core.tenancy.tenants import free_name
from valor_core.values import PLATFORM, Caller, Role
from valor_core.workbench import grants, groups, members, people, sessions
from valor_core.workbench.logbook import verify_as_operator
from valor_core.workbench.provider_sign_in import (
    AccessSuspended,
    LoggedOut,
    NoGroup,
    ProvidersPerson,
    end_by_provider,
    ways_in,
)
from valor_core.workbench.setup import operator
from valor_core.workbench.signing_in import redeem_token
from valor_core.workbench.verb import open_work

ISSUER = "https://id.example"


def mapped(world: World, *opened: tuple[str, str, Role]) -> None:
    with open_work(operator(PLATFORM), world.store) as work:
        for group, tenant, role in opened:
            groups.map_group(work, group, role, tenant=tenant, reason="they work here")
            work.session.flush()


def anna(*in_groups: str, sid: str = "s1") -> ProvidersPerson:
    return ProvidersPerson(
        issuer=ISSUER, subject="7", name="anna", groups=frozenset(in_groups), sid=sid
    )


def entered(world: World, person: ProvidersPerson) -> list[Caller]:
    """Signed in wherever the person may be."""
    callers = []
    for way in ways_in(world.store, person):
        cookie = redeem_token(world.store, way.token, Device(address="192.0.2.7"), links=False)
        caller = caller_of_session(world.store, digest(cookie), claimed_tenant(cookie))
        assert caller is not None
        callers.append(caller)
    return callers


def again(world: World, caller: Caller) -> Caller | None:
    return caller_of_session(world.store, caller.session, caller.tenant_id)


def test_groups_open_tenants_and_the_installation_to_one_person(world):
    mapped(world, ("desk", "acme", Role.ANALYST), ("desk", "rival", Role.VIEWER),
           ("staff", "", Role.OPERATOR))  # fmt: skip

    callers = entered(world, anna("desk", "staff", "others"))

    assert {(c.tenant_id, c.role) for c in callers} == {
        (world.acme.id, Role.ANALYST), (world.rival.id, Role.VIEWER), (PLATFORM, Role.OPERATOR),
    }  # fmt: skip
    assert len({c.user_id for c in callers}) == 1
    with open_work(callers[0], world.store) as work:
        [told] = sessions.list_own(work)
    assert (told.method, told.address) == (Method.PROVIDER, "192.0.2.7")
    assert told.name == "anna (2)", "who has that name already is somebody else"
    assert all(not verdict.findings for verdict in verify_as_operator(world.store))


def test_a_name_that_is_free_is_taken_as_it_is_and_another_gets_a_number(world):
    with unit_of_work(world.acme.admin, world.store) as work:
        names = [free_name(work, wanted) for wanted in ("zoe", "anna", " \n", "z" * 99)]

    assert names == ["zoe", "anna (2)", "a member", "z" * 90]


def test_whom_a_change_of_a_group_would_reach_is_counted(world):
    """On both databases, where a list of tenants is a text."""
    mapped(world, ("desk", "acme", Role.ANALYST), ("staff", "", Role.OPERATOR))
    entered(world, anna("desk", "staff"))
    bert = replace(anna("staff", sid="s2"), subject="8", name="bert")
    entered(world, bert)

    with open_work(operator(PLATFORM), world.store) as work:
        reached = {
            tenant: groups.foresee_mapping(work, "new", role, tenant=tenant).people
            for tenant, role in (("acme", Role.VIEWER), ("rival", Role.VIEWER), ("", Role.OPERATOR))
        }
    assert reached == {"acme": 1, "rival": 0, "": 2}


def test_the_strongest_of_several_roles_counts(world):
    mapped(world, ("a", "acme", Role.VIEWER), ("b", "acme", Role.COMPLIANCE),
           ("c", "acme", Role.ADMIN))  # fmt: skip

    assert [c.role for c in entered(world, anna("a", "b", "c"))] == [Role.ADMIN]
    assert [c.role for c in entered(world, anna("a", "b"))] == [Role.COMPLIANCE]


def test_who_has_left_a_group_has_left_its_tenant_and_nothing_else(world):
    mapped(world, ("a", "acme", Role.ANALYST), ("b", "rival", Role.ANALYST))
    in_acme, in_rival = sorted(
        entered(world, anna("a", "b")), key=lambda caller: caller.tenant_id != world.acme.id
    )

    entered(world, anna("b"))
    assert (again(world, in_acme), again(world, in_rival)) == (None, in_rival)
    with pytest.raises(NoGroup, match="anna, you are known"):
        ways_in(world.store, anna("z"))
    assert again(world, in_rival) is None


def test_a_suspended_tenant_is_no_way_in_and_keeps_its_members(world):
    mapped(world, ("a", "acme", Role.ANALYST))
    entered(world, anna("a"))

    def become(status: str) -> None:
        with unit_of_work(operator(world.acme.id), world.store) as work:
            work.begin_writing()
            work.session.get_one(TenantRow, world.acme.id).status = status

    become("suspended")
    with pytest.raises(AccessSuspended):
        ways_in(world.store, anna("a"))
    become("active")
    with open_work(world.acme.admin, world.store) as work:
        assert "anna (2)" in {row.name for row in people.list_members(work)}


def test_a_suspended_member_is_told_so_and_stays_out_whatever_the_groups_say(world):
    mapped(world, ("a", "acme", Role.ANALYST), ("b", "acme", Role.ADMIN))
    [caller] = entered(world, anna("a"))
    with open_work(world.acme.admin, world.store) as work:
        members.suspend_member(work, caller.user_id, reason="on leave")

    for groups_ in (("a",), ("b",)):
        with pytest.raises(AccessSuspended, match="anna, your access is suspended"):
            ways_in(world.store, anna(*groups_))
    assert again(world, caller) is None


def test_the_provider_ends_a_persons_sign_ins_in_every_tenant(world):
    mapped(world, ("a", "acme", Role.ANALYST), ("a", "rival", Role.VIEWER))
    first = entered(world, anna("a", sid="one"))
    second = entered(world, anna("a", sid="two"))
    by_link = redeem_token(world.store, _link(world))
    later = 10**10

    told = LoggedOut(issuer=ISSUER, subject="", sid="one", at=later)
    assert end_by_provider(world.store, told) == 2
    assert [again(world, caller) for caller in first] == [None, None]
    assert [again(world, caller) for caller in second] == second
    nobody = LoggedOut(issuer="https://another.example", subject="7", sid="", at=later)
    assert end_by_provider(world.store, nobody) == 0
    assert end_by_provider(world.store, LoggedOut(issuer=ISSUER, subject="7", sid="", at=0)) == 0
    told = LoggedOut(issuer=ISSUER, subject="7", sid="", at=later)
    assert end_by_provider(world.store, told) == 2
    assert caller_of_session(world.store, digest(by_link), world.acme.id)


def _link(world: World) -> str:
    with open_work(world.acme.admin, world.store) as work:
        return people.issue_token(work, "vera")


def test_a_group_opens_one_role_in_a_tenant_until_it_is_closed_out(world):
    mapped(world, ("desk", "acme", Role.VIEWER), ("desk", "acme", Role.ANALYST))
    with open_work(operator(PLATFORM), world.store) as work:
        [told] = groups.list_groups(work)
        assert (told.group, told.tenant, told.role) == ("desk", "acme", Role.ANALYST)
        groups.unmap_group(work, told.id, reason="they left")

    with pytest.raises(NoGroup):
        ways_in(world.store, anna("desk"))
    with pytest.raises(NotFound), open_work(operator(PLATFORM), world.store) as work:
        groups.unmap_group(work, told.id, reason="they left")


@pytest.mark.parametrize(
    ("group", "tenant", "role", "why"),
    [("", "acme", Role.VIEWER, "cannot be a group"), ("a\nb", "acme", Role.VIEWER, "cannot be"),
     ("g", "", Role.VIEWER, "operators of the installation, or members"),
     ("g", "acme", Role.OPERATOR, "operators of the installation, or members"),
     ("g", "shared", Role.VIEWER, "shared book has no members")],
)  # fmt: skip
def test_a_group_that_would_open_what_cannot_be_is_refused(world, group, tenant, role, why):
    with pytest.raises(BadInput, match=why):
        mapped(world, (group, tenant, role))


@pytest.mark.parametrize("leaves", ["by the back channel", "out of the group"])
def test_an_operators_visit_to_a_tenant_ends_with_the_operator(world, leaves):
    mapped(world, ("staff", "", Role.OPERATOR))
    [olga] = entered(world, anna("staff"))
    inside = replace(olga, tenant_id=world.acme.id, kind="operator")
    with open_work(inside, world.store) as work:
        grant = grants.ask_access(work, reason="the import fails", hours=2)
    with open_work(world.acme.admin, world.store) as work:
        grants.give_access(work, grant.id, reason="as agreed")
    with open_work(inside, world.store) as work:
        token = grants.open_access(work, grant.id)
    cookie = redeem_token(world.store, token, links=False)

    def visits() -> bool:
        return caller_of_session(world.store, digest(cookie), world.acme.id) is not None

    assert visits()
    if leaves == "out of the group":
        with pytest.raises(NoGroup):
            ways_in(world.store, anna())
    else:
        told = LoggedOut(issuer=ISSUER, subject="7", sid="s1", at=10**10)
        assert end_by_provider(world.store, told) == 2
    assert not visits()
