"""Turning a sign-in link into a session: by nobody yet, so it is no verb, but it is audited."""

import time
from collections import OrderedDict
from dataclasses import replace
from threading import Lock

from valor_core import telemetry
from valor_core.audit import log as audit
from valor_core.store.engines import Store
from valor_core.store.tables import SessionRow, TenantRow
from valor_core.store.work import unit_of_work
from valor_core.tenancy import sign_in
from valor_core.tenancy.sign_in import (
    UNKNOWN_DEVICE,
    BadToken,
    Device,
    LinkFromAfar,
    claimed_tenant,
    stranger,
)
from valor_core.values import TenantId


class Refusals:
    """How many refusals of a tenant's links are still to be logged: a log is no place for a flood.

    The first one is told at once, those that follow within a minute together with the next.
    """

    told_every_s = 60.0
    tenants_max = 10_000

    def __init__(self) -> None:
        self._guard = Lock()
        self._told: OrderedDict[tuple[str, TenantId], tuple[float, int]] = OrderedDict()

    def count(self, store: Store, tenant_id: TenantId) -> int:
        """One more; how many the log is to tell of now, 0 if it is too soon."""
        now, log = time.monotonic(), (store.url, tenant_id)
        with self._guard:
            told_at, untold = self._told.get(log, (-self.told_every_s, 0))
            due = now - told_at >= self.told_every_s
            self._told[log] = (now, 0) if due else (told_at, untold + 1)
            while len(self._told) > self.tenants_max:
                self._told.popitem(last=False)
            return untold + 1 if due else 0


_refusals = Refusals()


def redeem_token(
    store: Store,
    token: str,
    device: Device = UNKNOWN_DEVICE,
    links: bool = True,
) -> str:
    """The cookie of a new session; BadToken otherwise. Either way it is counted and logged."""
    try:
        cookie = _redeem(store, token, device, links=links)
    except (BadToken, LinkFromAfar):
        telemetry.SIGN_INS.labels("refused").inc()
        raise
    telemetry.SIGN_INS.labels("done").inc()
    return cookie


def _redeem(store: Store, token: str, device: Device, *, links: bool) -> str:
    tenant_id = claimed_tenant(token)
    with unit_of_work(stranger(tenant_id), store) as work:
        known = work.session.get(TenantRow, tenant_id)
        worth_telling = sign_in.is_of_a_link(work, token)
    if known is None or known.status != "active":
        raise BadToken
    try:
        with unit_of_work(stranger(tenant_id), store) as work:
            # Who shows nothing makes no writer wait.
            sign_in.refuse_bad_token(work, token, links=links)
            work.begin_writing()
            cookie = sign_in.redeem(work, token, device)
            began = work.session.get(SessionRow, (tenant_id, sign_in.digest(cookie)))
            assert began is not None
            # The link has shown who it is, so the deed is theirs.
            work.caller = replace(work.caller, kind="user", user_id=began.user_id)
            audit.append(
                work,
                "session.began",
                target=f"user:{began.user_id}",
                details={"by": began.method},
                category="security",
            )
    except BadToken:
        if worth_telling:
            tell_refusals(store, tenant_id, "sign-in:link")
        raise
    return cookie


def tell_refusals(store: Store, tenant_id: TenantId, target: str) -> None:
    """One more refusal, told in the tenant's log once a minute."""
    if count := _refusals.count(store, tenant_id):
        with unit_of_work(stranger(tenant_id), store) as work:
            work.begin_writing()
            audit.append(
                work,
                "session.refused",
                target=target,
                details={"refusals": count},
                category="security",
            )
