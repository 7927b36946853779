"""Who changes whose membership, what that takes from whom, and that two officers are two."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import lists, sampled_from, tuples

from tests.conftest import ONLY_SQLITE
from tests.moulds import Tenant
from valor_core.errors import AccessDenied, BadInput, NotFound, ValorError
from valor_core.store.engines import Store
from valor_core.tenancy.api_keys import KeyAsleep, KeyRevoked, caller_of_key
from valor_core.tenancy.members import LastAdmin, NothingToConfirm, OwnMembership
from valor_core.tenancy.reasons import ReasonMissing
from valor_core.tenancy.sign_in import BadToken, caller_of_session, claimed_tenant, digest
from valor_core.tenancy.tenants import one_at_a_time
from valor_core.values import Caller, Role, Scope, TenantId, new_id
from valor_core.workbench import logbook, members, people
from valor_core.workbench.people import OfficersLink
from valor_core.workbench.signing_in import redeem_token
from valor_core.workbench.verb import open_work

WHY = "as agreed"


def act(store: Store, who: Caller, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    with open_work(who, store) as work:
        return function(work, *args, **kwargs)


def signed_in(store: Store, tenant: Tenant, name: str) -> Callable[[], Caller | None]:
    """Asks whether the sign-in that has just begun still holds."""
    cookie = redeem_token(store, act(store, tenant.operator, people.issue_token, name))
    return lambda: caller_of_session(store, digest(cookie), claimed_tenant(cookie))


def roles(store: Store, tenant: Tenant) -> dict[str, str]:
    return {row.name: row.role for row in act(store, tenant.operator, people.list_members)}


def test_another_role_ends_the_sign_ins_and_keeps_the_keys_which_act_in_it(store, acme):
    holds = signed_in(store, acme, "anna")
    _, key = act(store, acme.analyst, people.add_own_key, "nightly", [Scope.VALUE])
    foreseen = act(store, acme.admin, members.foresee, acme.analyst.user_id, Role.VIEWER)
    assert holds()

    done = act(
        store, acme.admin, members.change_role, acme.analyst.user_id, Role.VIEWER, reason=WHY
    )

    assert done == foreseen
    assert (done.role_before, done.role_after) == (Role.ANALYST, Role.VIEWER)
    assert "valuation.run" in done.loses
    assert (done.gains, done.sessions_ended, done.keys_stopped) == ((), 1, 0)
    assert holds() is None
    caller = caller_of_key(store, key)
    assert caller is not None
    assert caller.role is Role.VIEWER


def test_who_is_suspended_is_out_until_let_in_again_and_the_keys_sleep(store, acme):
    holds = signed_in(store, acme, "anna")
    link = act(store, acme.operator, people.issue_token, "anna")
    _, key = act(store, acme.analyst, people.add_own_key, "nightly", [Scope.READ])

    told = act(store, acme.admin, members.suspend_member, acme.analyst.user_id, reason=WHY)

    assert (told.role_after, told.sessions_ended, told.keys_stopped) == (None, 1, 1)
    assert holds() is None
    with pytest.raises(BadToken):
        redeem_token(store, link)
    with pytest.raises(KeyAsleep, match="owner is suspended"):
        caller_of_key(store, key)
    act(store, acme.admin, members.resume_member, acme.analyst.user_id, reason=WHY)
    assert holds() is None, "a sign-in that ended does not come back"
    assert caller_of_key(store, key)
    assert signed_in(store, acme, "anna")()


def test_who_is_removed_leaves_no_sign_in_and_no_key_that_works(store, acme):
    holds = signed_in(store, acme, "anna")
    _, key = act(store, acme.analyst, people.add_own_key, "nightly", [Scope.READ])

    act(store, acme.admin, members.remove_member, acme.analyst.user_id, reason=WHY)

    assert holds() is None
    with pytest.raises(KeyRevoked):
        caller_of_key(store, key)
    with pytest.raises(NotFound):
        act(store, acme.admin, members.resume_member, acme.analyst.user_id, reason=WHY)


@ONLY_SQLITE
def test_nobody_changes_the_own_membership_not_even_by_a_key(store, acme):
    _, key = act(store, acme.admin, people.add_own_key, "script", [Scope.ADMIN])
    by_key = caller_of_key(store, key)
    assert by_key
    for who in (acme.admin, by_key):
        for change in (
            lambda work: members.change_role(work, acme.admin.user_id, Role.VIEWER, reason=WHY),
            lambda work: members.suspend_member(work, acme.admin.user_id, reason=WHY),
            lambda work: members.remove_member(work, acme.admin.user_id, reason=WHY),
        ):
            with pytest.raises(OwnMembership):
                act(store, who, change)


def test_the_last_administrator_stays_even_where_the_operator_or_two_at_once_ask(store, acme):
    for change in (members.suspend_member, members.remove_member):
        with pytest.raises(LastAdmin, match="adam"):
            act(store, acme.operator, change, acme.admin.user_id, reason=WHY)
    second = act(store, acme.operator, people.add_member, "ada", Role.ADMIN).user_id
    ada = Caller(tenant_id=acme.id, user_id=second, role=Role.ADMIN)

    def demotes(who: Caller, other: str) -> bool:
        try:
            act(store, who, members.change_role, other, Role.VIEWER, reason=WHY)
        except ValorError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(demotes, (acme.admin, ada), (second, acme.admin.user_id)))

    assert sorted(done) == [False, True]
    assert list(roles(store, acme).values()).count("admin") == 1


def test_a_change_of_members_waits_until_the_one_before_it_is_kept_or_given_up(store, acme):
    def waits() -> None:
        with open_work(acme.admin, store) as work:
            work.begin_writing()
            one_at_a_time(work)

    with ThreadPoolExecutor(1) as pool:
        with open_work(acme.admin, store) as work:
            work.begin_writing()
            one_at_a_time(work)
            second = pool.submit(waits)
            with pytest.raises(TimeoutError):
                second.result(timeout=0.2)
        second.result(timeout=30)


CHANGES = ("admin", "viewer", "suspend", "resume", "remove")


@ONLY_SQLITE
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(steps=lists(tuples(sampled_from("abc"), sampled_from("abc"), sampled_from(CHANGES))))
def test_whatever_administrators_do_to_each_other_one_is_left(store, rival, steps):
    tenant = TenantId(people.tenant_for("law"))
    operator = Caller(tenant_id=tenant, user_id="cli", role=Role.OPERATOR, kind="operator")
    act(store, operator, people.add_tenant, f"law-{new_id()[-12:]}")
    ids = {n: act(store, operator, people.add_member, n, Role.ADMIN).user_id for n in "abc"}
    for by, whom, step in steps:
        live = {r.name for r in act(store, operator, people.list_members) if r.suspended_at is None}
        admins = live & {n for n, role in roles_of(store, operator).items() if role == "admin"}
        if by not in admins:
            continue
        who = Caller(tenant_id=tenant, user_id=ids[by], role=Role.ADMIN)
        try:
            if step in ("admin", "viewer"):
                act(store, who, members.change_role, ids[whom], Role(step), reason=WHY)
            else:
                act(store, who, getattr(members, f"{step}_member"), ids[whom], reason=WHY)
        except ValorError:
            assert by == whom or whom not in roles_of(store, operator)

    left = act(store, operator, people.list_members)
    assert [r for r in left if r.role == "admin" and r.suspended_at is None]


def roles_of(store: Store, operator: Caller) -> dict[str, str]:
    return {row.name: row.role for row in act(store, operator, people.list_members)}


def test_no_administrator_alone_makes_a_compliance_officer(store, acme):
    told = act(
        store, acme.admin, members.change_role, acme.viewer.user_id, Role.COMPLIANCE, reason=WHY
    )
    new = act(store, acme.admin, people.add_member, "carl", Role.COMPLIANCE)

    assert told.waits
    assert told.role_after is Role.VIEWER
    assert (new.role, new.nominated_by) == ("viewer", acme.admin.actor)
    with pytest.raises(AccessDenied):
        act(store, acme.admin, members.confirm_officer, new.user_id)
    act(store, acme.operator, members.confirm_officer, new.user_id)
    carl = Caller(tenant_id=acme.id, user_id=new.user_id, role=Role.COMPLIANCE)
    act(store, carl, members.confirm_officer, acme.viewer.user_id)
    assert {n for n, role in roles(store, acme).items() if role == "compliance"} == {"carl", "vera"}
    with pytest.raises(NothingToConfirm):
        act(store, carl, members.confirm_officer, acme.viewer.user_id)


def test_an_administrator_gets_no_sign_in_link_of_an_officer(store, acme):
    act(store, acme.operator, people.add_member, "cleo", Role.COMPLIANCE)

    with pytest.raises(OfficersLink):
        act(store, acme.admin, people.issue_token, "cleo")
    assert act(store, acme.operator, people.issue_token, "cleo")


@ONLY_SQLITE
def test_the_reason_is_asked_for_and_stands_in_the_log(store, acme):
    for reason in ("", "  ", "x" * 501):
        with pytest.raises(ReasonMissing):
            act(store, acme.admin, members.suspend_member, acme.analyst.user_id, reason=reason)
    act(store, acme.admin, members.suspend_member, acme.analyst.user_id, reason=" on leave ")

    newest = act(store, acme.admin, logbook.read_log, limit=1)[0]
    assert newest.action == "member.suspend"
    assert b'"reason":"on leave"' in newest.payload


@ONLY_SQLITE
def test_nobody_in_a_tenant_becomes_its_operator(store, acme):
    with (
        pytest.raises(BadInput, match="can have the role operator") as refused,
        open_work(acme.admin, store) as work,
    ):
        members.change_role(work, acme.viewer.user_id, Role.OPERATOR, reason="it is asked")

    assert "compliance" in refused.value.hint
