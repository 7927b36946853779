"""Sign-ins as their owner and the administrator see them, and how they end."""

from datetime import timedelta

import pytest

from app.web.callers import Callers
from tests.conftest import ONLY_SQLITE
from tests.moulds import Tenant
from tests.workbench.test_grants import given, visit
from valor_core.errors import AccessDenied, NotFound
from valor_core.settings import BadSetting
from valor_core.store.engines import Store
from valor_core.tenancy.sign_in import Device, Method, caller_of_session, digest
from valor_core.values import Caller
from valor_core.workbench import people, sessions
from valor_core.workbench.signing_in import redeem_token
from valor_core.workbench.verb import open_work

FIREFOX = Device(address="192.0.2.7", browser="Firefox on Linux")


def signed_in(store: Store, tenant: Tenant, name: str = "anna") -> Caller:
    with open_work(tenant.operator, store) as work:
        token = people.issue_token(work, name)
    caller = caller_of_session(store, digest(redeem_token(store, token, FIREFOX)), tenant.id)
    assert caller is not None
    return caller


def lasts(store: Store, caller: Caller) -> bool:
    return caller_of_session(store, caller.session, caller.tenant_id) == caller


def test_everybody_sees_the_own_sign_ins_from_where_and_by_what(store, acme, rival):
    here, _other, _foreign = (
        signed_in(store, acme), signed_in(store, acme, "adam"), signed_in(store, rival),
    )  # fmt: skip
    elsewhere = signed_in(store, acme)

    with open_work(here, store) as work:
        told = sessions.list_own(work)

    assert [each.is_this_one for each in told] == [False, True]
    assert {each.name for each in told} == {"anna"}
    assert {(each.method, each.address, each.browser) for each in told} == {
        (Method.LINK, FIREFOX.address, FIREFOX.browser)
    }
    assert here.session not in repr(told)
    assert lasts(store, elsewhere)


def test_one_that_is_ended_is_out_at_once_and_the_others_stay(store, acme):
    here, lost, third = (signed_in(store, acme) for _ in range(3))
    callers = Callers(store)
    assert callers.of_session(lost.session, acme.id) == lost

    with open_work(here, store) as work:
        unknown = next(s for s in sessions.list_own(work) if not s.is_this_one)
        sessions.revoke_own(work, unknown.id)

    assert sum(lasts(store, each) for each in (here, lost, third)) == 2
    assert callers.of_session(third.session, acme.id) is None
    with pytest.raises(NotFound), open_work(here, store) as work:
        sessions.revoke_own(work, unknown.id)
    with open_work(here, store) as work:
        assert sessions.revoke_others(work) == 1
    assert lasts(store, here)


def test_nobody_but_an_administrator_sees_or_ends_the_sign_ins_of_others(store, acme, rival):
    anna, adam = signed_in(store, acme), signed_in(store, acme, "adam")
    with open_work(adam, store) as work:
        told = {each.name: each.id for each in sessions.list_all(work)}
        assert set(told) == {"anna", "adam"}

    with pytest.raises(AccessDenied), open_work(anna, store) as work:
        sessions.list_all(work)
    with pytest.raises(NotFound), open_work(anna, store) as work:
        sessions.revoke_own(work, told["adam"])
    with pytest.raises(NotFound), open_work(rival.admin, store) as work:
        sessions.revoke_any(work, told["anna"], reason="a lost laptop")

    with open_work(adam, store) as work:
        sessions.revoke_any(work, told["anna"], reason="a lost laptop")
    assert (lasts(store, anna), lasts(store, adam)) == (False, True)
    with open_work(acme.operator, store) as work:
        assert sessions.revoke_all_of(work, adam.user_id, reason="a lost laptop") == 1
    assert not lasts(store, adam)


@ONLY_SQLITE
def test_the_limits_are_settings_and_one_that_cannot_be_is_named(store, acme, monkeypatch):
    caller = signed_in(store, acme)
    monkeypatch.setenv("VALOR_SESSION_IDLE_HOURS", "1")
    with open_work(caller, store) as work:
        [told] = sessions.list_own(work)
    assert (told.ends_at - told.seen_at).total_seconds() == 3600
    with open_work(caller, store) as work:
        work.now += timedelta(hours=2)
        assert sessions.list_own(work) == [], "what is over is not told"

    monkeypatch.setenv("VALOR_SESSION_IDLE_HOURS", "9")
    monkeypatch.setenv("VALOR_SESSION_HOURS", "2")
    with open_work(caller, store) as work:
        [told] = sessions.list_own(work)
    assert (told.ends_at - told.began_at).total_seconds() == 2 * 3600

    monkeypatch.setenv("VALOR_SESSION_IDLE_HOURS", "for ever")
    with pytest.raises(BadSetting, match="VALOR_SESSION_IDLE_HOURS is 'for ever'"):
        lasts(store, caller)


def test_an_administrator_sees_a_visiting_operator_and_shows_the_visitor_out(store, acme):
    cookie = visit(store, acme, given(store, acme))
    with open_work(acme.admin, store) as work:
        [told] = sessions.list_all(work)
        assert (told.name, told.method) == ("an operator, by leave", Method.PROVIDER)
        sessions.revoke_any(work, told.id, reason="a lost laptop")

    assert caller_of_session(store, digest(cookie), acme.id) is None
    with open_work(acme.admin, store) as work:
        assert sessions.list_all(work) == []
