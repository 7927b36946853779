"""A link signs in once and for a short time; a sign-in ends in every way it should."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.conftest import ONLY_SQLITE
from tests.moulds import Tenant, closing
from valor_core.audit import log
from valor_core.errors import AccessDenied
from valor_core.store.engines import Store
from valor_core.store.tables import MembershipRow, SessionRow, SignInTokenRow, TenantRow
from valor_core.store.work import unit_of_work
from valor_core.tenancy.access import MAY, require
from valor_core.tenancy.sign_in import (
    TOKEN_LASTS_S,
    TOUCH_EVERY_S,
    BadToken,
    LinkFromAfar,
    Method,
    begin,
    caller_of_session,
    claimed_tenant,
    digest,
    is_over,
    lasts_until,
    refuse_bad_token,
    stranger,
    touch,
)
from valor_core.values import Caller, Role, TenantId, micros, utc_now
from valor_core.workbench import members, people
from valor_core.workbench.signing_in import Refusals, redeem_token
from valor_core.workbench.verb import open_work

S = 1_000_000
IDLE_S, ABSOLUTE_S = 8 * 3600, 24 * 3600


def issued(store: Store, tenant: Tenant, name: str = "anna") -> str:
    with open_work(tenant.admin, store) as work:
        return people.issue_token(work, name)


def signed_in(store: Store, tenant: Tenant) -> Caller:
    cookie = redeem_token(store, issued(store, tenant))
    caller = caller_of_session(store, digest(cookie), tenant.id)
    assert caller is not None
    return caller


def again(store: Store, caller: Caller) -> Caller | None:
    return caller_of_session(store, caller.session, caller.tenant_id)


def age(store: Store, tenant: Tenant, kind: type, **seconds: int) -> None:
    """Makes moments lie so much further back."""
    with unit_of_work(tenant.admin, store) as work:
        work.begin_writing()
        work.session.execute(
            update(kind).values({n: getattr(kind, n) - s * S for n, s in seconds.items()})
        )


def actions(store: Store, tenant: Tenant) -> list[str]:
    with unit_of_work(tenant.admin, store) as work:
        return [row.action for row in log.entries(work)]


def test_a_link_signs_its_member_in(store, acme):
    caller = signed_in(store, acme)

    assert (caller.tenant_id, caller.user_id, caller.role) == (
        acme.id,
        acme.analyst.user_id,
        acme.analyst.role,
    )
    assert actions(store, acme)[:2] == ["session.began", "token.issue"]
    with unit_of_work(acme.admin, store) as work:
        assert next(iter(log.entries(work))).actor == acme.analyst.actor


def test_a_link_works_once(store, acme):
    """S9."""
    token = issued(store, acme)
    redeem_token(store, token)

    with pytest.raises(BadToken):
        redeem_token(store, token)

    assert actions(store, acme)[:2] == ["session.refused", "session.began"]


def test_of_eight_who_follow_a_link_at_once_one_gets_in(store, acme):
    """S9."""
    token = issued(store, acme)

    def follow(_: int) -> bool:
        try:
            return bool(redeem_token(store, token))
        except BadToken:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(follow, range(8))) == 1


def test_a_link_is_too_old_after_ten_minutes(store, acme):
    """S9."""
    in_time, too_old = issued(store, acme), issued(store, acme)
    age(store, acme, SignInTokenRow, expires_at=TOKEN_LASTS_S - 60)
    assert redeem_token(store, in_time)
    age(store, acme, SignInTokenRow, expires_at=61)

    with pytest.raises(BadToken, match="does not work"):
        redeem_token(store, too_old)


def test_a_link_and_a_sign_in_outlast_a_restart(store, acme):
    caller, token = signed_in(store, acme), issued(store, acme)

    with closing(Store(store.url, owner_url=store.owner_url)) as restarted:
        assert again(restarted, caller) == caller
        assert redeem_token(restarted, token)


@pytest.mark.parametrize(
    "token",
    ["", ".", "nothing", "unknown.secret", "shared.secret", "platform.x", "a\0b.c", "\ud800.x",
     "x" * 100_000, "' OR 1=1 --.x"],
    ids=["empty", "dot", "no dot", "unknown", "shared", "platform", "NUL", "surrogate", "long",
         "SQL"],
)  # fmt: skip
def test_no_invented_token_signs_in(store, token):
    with pytest.raises(BadToken):
        redeem_token(store, token)


def test_a_secret_of_one_tenant_opens_no_other(store, acme, rival):
    """G16."""
    token = issued(store, acme)
    secret = token.partition(".")[2]

    with pytest.raises(BadToken):
        redeem_token(store, f"{rival.id}.{secret}")
    caller = signed_in(store, acme)

    assert caller_of_session(store, caller.session, rival.id) is None


def test_no_secret_is_kept_and_none_is_logged(store, acme):
    """S9."""
    token = issued(store, acme)
    cookie = redeem_token(store, token)
    with unit_of_work(acme.admin, store) as work:
        kept = [row.digest for row in work.session.scalars(select(SignInTokenRow))]
        kept += [row.digest for row in work.session.scalars(select(SessionRow))]
        logged = b"".join((row.payload or b"") + row.target.encode() for row in log.entries(work))

    assert kept == [digest(token), digest(cookie)]
    for secret in (token, cookie):
        assert secret.partition(".")[2].encode() not in logged


@pytest.mark.parametrize(
    ("aged", "lasts"),
    [({"used_at": IDLE_S - 60}, True), ({"used_at": IDLE_S + 1}, False),
     ({"created_at": ABSOLUTE_S - 60}, True), ({"created_at": ABSOLUTE_S + 1}, False)],
    ids=["just in use", "idle too long", "not yet a day", "longer than a day"],
)  # fmt: skip
def test_a_sign_in_ends_when_idle_and_at_the_latest_after_a_day(store, acme, aged, lasts):
    caller = signed_in(store, acme)
    age(store, acme, SessionRow, **aged)

    assert (again(store, caller) is not None) == lasts


def test_a_sign_in_holds_up_to_the_moment_of_its_end():
    row = SessionRow(used_at=0, created_at=0, ended_at=None)
    end = lasts_until(row)

    assert [is_over(row, now) for now in (end, end + 1)] == [False, True]


def test_what_a_person_does_keeps_a_sign_in_alive_but_not_beyond_its_day(store, acme):
    caller = signed_in(store, acme)
    age(store, acme, SessionRow, used_at=IDLE_S - 60)
    touch(store, caller)
    age(store, acme, SessionRow, used_at=IDLE_S - 60)
    assert again(store, caller) is not None

    age(store, acme, SessionRow, created_at=ABSOLUTE_S + 1)
    touch(store, caller)
    assert again(store, caller) is None


def test_the_last_use_is_written_at_most_once_a_minute(store, acme):
    caller = signed_in(store, acme)

    def used_at() -> int:
        with unit_of_work(caller, store) as work:
            return work.session.get_one(SessionRow, (acme.id, caller.session)).used_at

    began = used_at()
    touch(store, caller)
    assert used_at() == began
    age(store, acme, SessionRow, used_at=TOUCH_EVERY_S // 2)
    touch(store, caller)
    assert used_at() == began - TOUCH_EVERY_S // 2 * S

    age(store, acme, SessionRow, used_at=TOUCH_EVERY_S + 1)
    touch(store, caller)
    assert used_at() >= began


@ONLY_SQLITE
def test_neither_a_touch_nor_a_refusal_waits_for_who_writes(store, acme):
    caller = signed_in(store, acme)
    age(store, acme, SessionRow, used_at=TOUCH_EVERY_S + 1)

    def refused() -> None:
        with pytest.raises(BadToken):
            redeem_token(store, f"{acme.id}.x")

    with unit_of_work(acme.admin, store) as writes, ThreadPoolExecutor(2) as pool:
        writes.begin_writing()
        for done in [pool.submit(touch, store, caller), pool.submit(refused)]:
            done.result(timeout=20)

    assert again(store, caller) == caller


def refusals_told(store: Store, tenant: Tenant) -> list[int]:
    with unit_of_work(tenant.admin, store) as work:
        rows = log.entries(work, action="session.refused")
        return [json.loads(row.payload or b"")["refusals"] for row in reversed(rows)]


def test_a_flood_of_refusals_is_an_entry_a_minute_that_counts_them(store, acme, monkeypatch):
    token = issued(store, acme)
    redeem_token(store, token)

    def flood(times: int) -> None:
        for _ in range(times):
            with pytest.raises(BadToken):
                redeem_token(store, token)

    flood(5)
    assert refusals_told(store, acme) == [1]
    monkeypatch.setattr(Refusals, "told_every_s", 0.0)
    flood(1)
    assert refusals_told(store, acme) == [1, 5]


def test_a_guess_is_logged_only_while_there_is_a_link_to_guess(store, acme):
    for _ in range(3):
        with pytest.raises(BadToken):
            redeem_token(store, f"{acme.id}.guess")
    assert refusals_told(store, acme) == []

    issued(store, acme)
    with pytest.raises(BadToken):
        redeem_token(store, f"{acme.id}.guess")
    assert refusals_told(store, acme) == [1]


def test_signing_out_ends_this_sign_in_and_no_other(store, acme):
    """S10."""
    one, two = signed_in(store, acme), signed_in(store, acme)
    with open_work(one, store) as work:
        people.sign_out(work)

    assert again(store, one) is None
    assert again(store, two) == two


def test_a_member_who_is_removed_is_out_at_once(store, acme):
    caller, unused = signed_in(store, acme), issued(store, acme)
    with open_work(acme.admin, store) as work:
        members.remove_member(work, acme.analyst.user_id, reason="she left")

    assert again(store, caller) is None
    with pytest.raises(BadToken):
        redeem_token(store, unused)
    with unit_of_work(acme.admin, store) as work:
        assert list(work.session.scalars(select(SessionRow.digest))) == [caller.session]


def test_a_suspended_tenant_is_out_at_once(store, acme, rival):
    caller, token, other = signed_in(store, acme), issued(store, acme), signed_in(store, rival)
    with unit_of_work(acme.operator, store) as work:
        work.begin_writing()
        work.session.get_one(TenantRow, acme.id).status = "suspended"

    assert again(store, caller) is None
    with pytest.raises(BadToken):
        redeem_token(store, token)
    assert again(store, other) == other


@pytest.mark.parametrize(
    ("secret", "tenant"),
    [("acme-1.x", "acme-1"), ("acme-1", ""), ("ACME.x", ""), ("a b.x", ""), ("é.x", ""),
     ("a" * 41 + ".x", ""), ("", "")],
)  # fmt: skip
def test_only_what_could_be_a_tenants_id_is_taken_for_one(secret, tenant):
    assert claimed_tenant(secret) == tenant


def test_a_stranger_may_do_nothing():
    for act in MAY:
        with pytest.raises(AccessDenied):
            require(stranger(TenantId("acme")), act)


def test_any_change_of_a_membership_ends_the_sign_ins_that_began_before(store, acme):
    """S10."""
    caller = signed_in(store, acme)

    def become(role: Role) -> None:
        with unit_of_work(acme.operator, store) as work:
            work.begin_writing()
            work.session.get_one(MembershipRow, (acme.id, caller.user_id)).role = role

    become(Role.ADMIN)
    assert again(store, caller) is None
    become(Role.ANALYST)
    assert again(store, caller) is None, "a role that came back brings no sign-in back"
    assert signed_in(store, acme).role is Role.ANALYST


@ONLY_SQLITE
def test_from_afar_a_link_signs_nobody_in_and_is_not_used_up(store, acme):
    token = issued(store, acme)

    with unit_of_work(stranger(acme.id), store) as work:
        with pytest.raises(LinkFromAfar, match="own machine"):
            refuse_bad_token(work, token, links=False)
        refuse_bad_token(work, token)

    assert redeem_token(store, token)


@ONLY_SQLITE
def test_a_sign_in_that_is_over_stays_in_the_table_for_thirty_days(store, acme):
    def kept_after(days: int, **more: int) -> int:
        with open_work(acme.admin, store) as work:
            work.begin_writing()
            work.now = began + timedelta(days=days, **more)
            member = work.session.get_one(MembershipRow, (acme.id, acme.admin.user_id))
            begin(work, member, method=Method.LINK)
        with open_work(acme.admin, store) as work:
            rows = work.session.scalars(select(SessionRow.created_at)).all()
        return sum(made == micros(began) for made in rows)

    began = utc_now()
    assert kept_after(0) == 1
    assert kept_after(30) == 1
    assert kept_after(30, microseconds=1) == 0
