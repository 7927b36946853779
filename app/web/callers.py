"""Who shows a cookie or a key, remembered for two seconds so that not every request asks anew."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from anyio.to_thread import run_sync

from valor_core.store.engines import Store
from valor_core.tenancy import api_keys, sign_in
from valor_core.values import Caller, TenantId

REMEMBERED_S = 2.0
REMEMBERED_MAX = 10_000


class Remembered(NamedTuple):
    """Who it was, when, and after how many endings of sign-ins."""

    at: float
    endings: int
    caller: Caller | None


class Callers:
    """Shared by the middleware and the page script of one process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: OrderedDict[str, Remembered] = OrderedDict()

    async def of_cookie(self, cookie: str, *, touch: bool) -> Caller | None:
        """Who is signed in by this cookie; `touch` when it is a person's deed, not a poll."""
        if "." not in cookie or len(cookie) > 200:
            return None
        session, tenant = sign_in.digest(cookie), sign_in.claimed_tenant(cookie)
        fresh = self._recall(session)
        caller = fresh.caller if fresh else await run_sync(self.of_session, session, tenant)
        if caller and touch and fresh is None:
            await run_sync(sign_in.touch, self._store, caller)
        return caller

    async def of_key(self, key: str) -> Caller | None:
        """Who shows this API key."""
        if len(key) > 200:
            return None
        name = sign_in.digest(key)
        fresh = self._recall(name)
        if fresh:
            return fresh.caller
        caller = await run_sync(
            self._remember, name, lambda: api_keys.caller_of_key(self._store, key)
        )
        if caller:
            await run_sync(api_keys.touch, self._store, caller)
        return caller

    def of_session(self, session: str, tenant_id: TenantId) -> Caller | None:
        """Who the sign-in of that digest is; pages ask it at each run, open streams every 5 s."""
        fresh = self._recall(session)
        if fresh:
            return fresh.caller
        return self._remember(
            session, lambda: sign_in.caller_of_session(self._store, session, tenant_id)
        )

    def _recall(self, name: str) -> Remembered | None:
        known = self._known.get(name)
        if known is None or known.endings != sign_in.ENDINGS.n:
            return None
        return known if time.monotonic() - known.at < REMEMBERED_S else None

    def _remember(self, name: str, ask: Callable[[], Caller | None]) -> Caller | None:
        endings = sign_in.ENDINGS.n  # before it is asked: one that comes meanwhile counts
        caller = ask()
        self._known[name] = Remembered(time.monotonic(), endings, caller)
        while len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)
        return caller
