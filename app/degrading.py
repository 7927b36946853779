"""The demonstration of a failover: Tiingo's place is taken by a server that fails on purpose."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from urllib.parse import unquote

from app.fault_server import Fault, serving
from valor_core.market.provider import BarsQuery, Capability
from valor_core.market.providers.replay import invented_bars
from valor_core.market.router import Decision
from valor_core.market.routing import Policy
from valor_core.market.series import Bar
from valor_core.market.stand_ins import standing_in
from valor_core.store.engines import Store
from valor_core.values import Caller, utc_now
from valor_core.workbench import routing
from valor_core.workbench.routing import PolicyNow
from valor_core.workbench.verb import open_work

FAULTS = {
    "hang": Fault.HANG,
    "drip": Fault.DRIP,
    "500": Fault.ERROR,
    "429": Fault.THROTTLE,
    "402": Fault.QUOTA,
    "401": Fault.DENY,
    "garbage": Fault.GARBAGE,
    "reset": Fault.RESET,
    "bomb": Fault.BOMB,
    "redirect": Fault.REDIRECT,
}
SYMBOL = "SPY"
POLICY = Policy(providers=("tiingo", "replay"), deadline_s=3.0, hold_s=2.0)
WELL_S, RECOVERS_S, EVERY_S = 10.0, 240.0, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A turn of the demonstration, for who watches it."""

    what: str
    decision: Decision | None = None


def degrade(
    store: Store,
    caller: Caller,
    fault: Fault,
    *,
    fails_s: float,
    tell: Callable[[Told], object],
    wait: Callable[[float], object] = time.sleep,
) -> None:
    """Asks every second while the server is well, fails, and is well again until it is chosen."""
    lasts_s = WELL_S + fails_s + RECOVERS_S
    with serving(sound_bars) as server, standing_in(caller.tenant_id, server.url, lasts_s=lasts_s):
        before = _policy(store, caller, POLICY, "to watch a failover")
        try:
            tell(Told(what="Tiingo answers."))
            _ask(store, caller, round(WELL_S), tell, wait)
            server.fault = fault
            tell(Told(what="Tiingo fails."))
            _ask(store, caller, round(fails_s), tell, wait)
            server.fault = Fault.NONE
            tell(Told(what="Tiingo is well again; its breaker must find out."))
            _ask(store, caller, round(RECOVERS_S), tell, wait, until=POLICY.providers[0])
        finally:
            if before.version:
                _policy(store, caller, before.policy, "the demonstration is over")


def _policy(store: Store, caller: Caller, policy: Policy, reason: str) -> PolicyNow:
    with open_work(caller, store) as work:
        before = routing.read_policy(work, Capability.BARS)
        routing.change_policy(work, Capability.BARS, policy, before.service, reason=reason)
    return before


def _ask(
    store: Store,
    caller: Caller,
    times: int,
    tell: Callable[[Told], object],
    wait: Callable[[float], object],
    *,
    until: str = "",
) -> None:
    today = utc_now().date()
    query = BarsQuery(symbol=SYMBOL, start=today - timedelta(days=30), end=today)
    last = ""
    for _ in range(times):
        decision = routing.ask(caller, query, store=store).decision
        if decision.why != last:
            last = decision.why
            tell(Told(what=decision.why, decision=decision))
        if until and decision.chosen == until:
            return
        wait(EVERY_S)


def sound_bars(path: str, params: Mapping[str, str]) -> bytes | None:
    """Tiingo's answer in its own shape, with invented prices."""
    parts = unquote(path).strip("/").split("/")
    if parts[:2] != ["tiingo", "daily"] or len(parts) != 4:
        return None
    end = date.fromisoformat(params.get("endDate", f"{utc_now().date()}"))
    start = date.fromisoformat(params.get("startDate", f"{end - timedelta(days=7)}"))
    rows = []
    for bar in _bars(parts[2], end):
        if bar.day < start:
            continue
        raw = {"open": bar.open, "high": bar.high, "low": bar.low, "close": bar.close,
               "volume": bar.volume}  # fmt: skip
        adjusted = {f"adj{name.title()}": value for name, value in raw.items()}
        rows.append({"date": f"{bar.day}T00:00:00.000Z", **raw, **adjusted})
    return json.dumps(rows).encode()


@lru_cache(maxsize=8)
def _bars(symbol: str, end: date) -> Sequence[Bar]:
    return invented_bars(symbol, end, seed=0)
