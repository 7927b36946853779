"""No operator reads a tenant without leave that both logs tell of, and none longer than given."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.conftest import ONLY_SQLITE
from tests.moulds import Tenant
from valor_core.audit import log
from valor_core.errors import AccessDenied, BadInput, NotFound
from valor_core.store.engines import Store
from valor_core.tenancy import sign_in
from valor_core.tenancy.grants import GrantSettled, GrantState, ends_at, grant_of, state, until
from valor_core.tenancy.reasons import ReasonMissing
from valor_core.tenancy.sign_in import BadToken, caller_of_session, claimed_tenant, digest
from valor_core.values import PLATFORM, Caller, Role, Scope, TenantId, from_micros, utc_now
from valor_core.workbench import companies, grants, members, people, tenants
from valor_core.workbench.logbook import verify_as_operator
from valor_core.workbench.setup import operator
from valor_core.workbench.signing_in import redeem_token
from valor_core.workbench.verb import open_work

WHY = "the import fails"


def olga(tenant: Tenant) -> Caller:
    return replace(tenant.operator, user_id="olga")


def asked(store: Store, tenant: Tenant, *, hours: int = 2) -> str:
    with open_work(olga(tenant), store) as work:
        return grants.ask_access(work, reason=WHY, hours=hours).id


def given(store: Store, tenant: Tenant) -> str:
    grant_id = asked(store, tenant)
    with open_work(tenant.admin, store) as work:
        grants.give_access(work, grant_id, reason="as agreed")
    return grant_id


def visit(store: Store, tenant: Tenant, grant_id: str) -> str:
    """The cookie of an operator who has come in."""
    with open_work(olga(tenant), store) as work:
        token = grants.open_access(work, grant_id)
    return redeem_token(store, token)


def who(store: Store, cookie: str) -> Caller | None:
    return caller_of_session(store, digest(cookie), claimed_tenant(cookie))


def acts(store: Store, tenant_id: TenantId) -> list[str]:
    with open_work(operator(tenant_id), store) as work:
        return [row.action for row in log.entries(work, limit=1000) if "grant." in row.action][::-1]


def test_an_operator_reads_by_leave_as_a_viewer_and_both_logs_tell_it(store, acme, book):
    cookie = visit(store, acme, given(store, acme))

    caller = who(store, cookie)

    assert caller is not None
    assert (caller.role, caller.actor, caller.is_person) == (Role.VIEWER, "operator:olga", True)
    with open_work(caller, store) as work:
        assert companies.list_companies(work)
        assert people.me(work).name == "the operator"
    with pytest.raises(AccessDenied), open_work(caller, store) as work:
        people.add_member(work, "olga", Role.ADMIN)
    with pytest.raises(NotFound), open_work(caller, store) as work:
        people.add_own_key(work, "a way back", [Scope.READ])
    told = ["grant.ask", "grant.give", "grant.open"]
    assert sorted(acts(store, acme.id)) == sorted(acts(store, PLATFORM)) == told


def test_nobody_comes_in_before_it_is_given_after_it_is_ended_or_by_anothers_leave(
    store, acme, rival
):
    grant_id = asked(store, acme)
    with pytest.raises(GrantSettled, match="asked for"):
        visit(store, acme, grant_id)
    for caller in (acme.viewer, acme.analyst, acme.operator):
        with pytest.raises(AccessDenied), open_work(caller, store) as work:
            grants.give_access(work, grant_id, reason="as agreed")
    with pytest.raises(NotFound), open_work(rival.admin, store) as work:
        grants.give_access(work, grant_id, reason="as agreed")
    with open_work(acme.admin, store) as work:
        grants.give_access(work, grant_id, reason="as agreed")
    with pytest.raises(NotFound), open_work(acme.operator, store) as work:
        grants.open_access(work, grant_id)  # of olga alone
    with open_work(olga(acme), store) as work:
        unused = grants.open_access(work, grant_id)
    cookie = visit(store, acme, grant_id)

    with open_work(acme.admin, store) as work:
        grants.end_access(work, grant_id, reason="as agreed")

    assert who(store, cookie) is None
    with pytest.raises(BadToken):
        redeem_token(store, unused)
    with pytest.raises(GrantSettled, match="ended"), open_work(acme.admin, store) as work:
        grants.give_access(work, grant_id, reason="as agreed")


def test_what_a_yes_and_an_end_would_do_is_told_first_and_is_what_comes(store, acme, rival):
    grant_id = asked(store, acme)
    with open_work(acme.admin, store) as work:
        yes, no = grants.foresee_giving(work, grant_id), grants.foresee_end(work, grant_id)
        assert yes.ends_at == work.now + timedelta(hours=2)
    assert (yes.before, yes.after) == (GrantState.ASKED, GrantState.IN_FORCE)
    assert (no.after, no.ends_at, no.sessions_ended) == (GrantState.ENDED, None, 0)
    with open_work(acme.admin, store) as work:
        done = grants.give_access(work, grant_id, reason="as agreed")
    assert (done.before, done.after) == (yes.before, yes.after)
    visit(store, acme, grant_id)
    for caller, refusal in ((acme.admin, GrantSettled), (rival.admin, NotFound)):
        with pytest.raises(refusal), open_work(caller, store) as work:
            grants.foresee_giving(work, grant_id)

    with open_work(acme.admin, store) as work:
        foreseen = grants.foresee_end(work, grant_id)
    with open_work(acme.admin, store) as work:
        ended = grants.end_access(work, grant_id, reason="it is mended")

    assert foreseen.sessions_ended == ended.sessions_ended == 1
    with pytest.raises(GrantSettled), open_work(acme.admin, store) as work:
        grants.foresee_end(work, grant_id)


def test_it_ends_by_itself_and_with_the_tenants_suspension(store, acme, monkeypatch):
    cookie = visit(store, acme, given(store, acme))
    later = utc_now() + timedelta(hours=2)
    with monkeypatch.context() as patch:
        patch.setattr(sign_in, "utc_now", lambda: later - timedelta(seconds=30))
        assert who(store, cookie)
        patch.setattr(sign_in, "utc_now", lambda: later)
        assert who(store, cookie) is None
    with open_work(acme.operator, store) as work:
        tenants.suspend_tenant(work, reason="unpaid")

    assert who(store, cookie) is None


def test_in_an_emergency_it_needs_no_leave_and_is_shown_to_the_tenant(store, acme):
    with open_work(olga(acme), store) as work:
        row = grants.break_glass(work, reason=WHY, hours=1)

    assert who(store, visit(store, acme, row.id))
    with open_work(acme.viewer, store) as work:
        shown = grants.list_grants(work)[0]
        assert state(shown, work.now_micros) is GrantState.IN_FORCE
    assert (shown.given_by, shown.asked_by, shown.reason) == ("operator:olga", "operator:olga", WHY)
    assert "grant.break_glass" in acts(store, acme.id)


@ONLY_SQLITE
def test_what_is_asked_for_has_its_reason_and_its_end_and_lapses_unanswered(store, acme):
    with pytest.raises(ReasonMissing), open_work(olga(acme), store) as work:
        grants.ask_access(work, reason=" ", hours=1)
    for hours in (0, 25):
        with pytest.raises(BadInput, match=str(hours)):
            asked(store, acme, hours=hours)
    grant_id = asked(store, acme)
    with open_work(acme.admin, store) as work:
        row = grants.list_grants(work)[0]
        lapses = row.asked_at + 7 * 86_400_000_000
    assert state(row, lapses - 1) is GrantState.ASKED
    assert state(row, lapses) is GrantState.UNANSWERED

    def gives_too_late() -> None:
        with open_work(acme.admin, store) as work:
            work.now += timedelta(days=8)
            grants.give_access(work, grant_id, reason="as agreed")

    with pytest.raises(GrantSettled, match="not answered"):
        gives_too_late()


@ONLY_SQLITE
def test_a_grant_tells_when_it_ends_or_ended_once_it_was_given(store, acme):
    grant_id = asked(store, acme, hours=2)

    def told() -> timedelta | None:
        with open_work(acme.admin, store) as work:
            row = grant_of(work, grant_id)
            end = ends_at(row)
            return None if end is None else end - from_micros(row.given_at or 0)

    assert told() is None
    with open_work(acme.admin, store) as work:
        grants.give_access(work, grant_id, reason="as agreed")
    assert told() == timedelta(hours=2)
    with open_work(acme.admin, store) as work:
        row = grant_of(work, grant_id)
        assert state(row, until(row) - 1) is GrantState.IN_FORCE
        assert state(row, until(row)) is GrantState.ENDED
    with open_work(acme.admin, store) as work:
        grants.end_access(work, grant_id, reason="as agreed")
    ended = told()
    assert ended is not None
    assert timedelta(0) < ended < timedelta(minutes=10)


@pytest.mark.parametrize("leave", [members.suspend_member, members.remove_member])
def test_an_operator_who_leaves_is_out_of_every_tenant_at_once_and_each_log_says_so(
    store, acme, rival, leave
):
    with open_work(operator(PLATFORM), store) as work:
        user_id = people.add_member(work, "olga", Role.OPERATOR).user_id

    def asks(tenant: Tenant) -> str:
        with open_work(replace(tenant.operator, user_id=user_id), store) as work:
            return grants.ask_access(work, reason=WHY, hours=2).id

    given(store, acme)
    visited, asked_of = asks(acme), asks(rival)
    with open_work(acme.admin, store) as work:
        grants.give_access(work, visited, reason="as agreed")
    with open_work(replace(acme.operator, user_id=user_id), store) as work:
        token = grants.open_access(work, visited)
    cookie = redeem_token(store, token)

    with open_work(operator(PLATFORM), store) as work:
        leave(work, user_id, reason="she left")

    assert who(store, cookie) is None
    for tenant, over in ((acme, visited), (rival, asked_of)):
        with open_work(tenant.admin, store) as work:
            states = {row.id: state(row, work.now_micros) for row in grants.list_grants(work)}
        assert states.pop(over) is GrantState.ENDED
        assert set(states.values()) <= {GrantState.IN_FORCE}, "that of another operator stands"
        assert acts(store, tenant.id)[-1] == "grant.end"
    assert acts(store, PLATFORM)[-2:] == ["grant.end", "grant.end"]
    assert all(verdict.holds for verdict in verify_as_operator(store))
