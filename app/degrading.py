"""The demonstration of a failover: a server that fails on purpose takes a provider's place."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta

from app.fault_server import Fault, serving
from app.sound_answers import TICKER, sound
from valor_core.errors import BadInput
from valor_core.market.offered import title_of
from valor_core.market.provider import (
    BarsQuery,
    Capability,
    FundamentalsQuery,
    FxQuery,
    MacroQuery,
    Query,
)
from valor_core.market.router import Decision
from valor_core.market.routing import Policy
from valor_core.market.stand_ins import AT, standing_in
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
    "tail": Fault.TAIL,
    "redirect": Fault.REDIRECT,
}
DAYS = timedelta(days=30)
MENDED = (Fault.QUOTA, Fault.DENY)
"""After these a provider is left alone for long, unless somebody mends the cause and says so."""
WELL_S, RECOVERS_S, EVERY_S = 10.0, 240.0, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A provider that can be degraded: what it is asked each second, and who is asked next.

    Without a second one the last good answer is given.
    """

    query: Callable[[date], Query]
    second: str = ""

    def policy(self, provider: str) -> Policy:
        """Whom the tenant asks meanwhile."""
        order = (provider, self.second) if self.second else (provider,)
        return Policy(providers=order, deadline_s=3.0, hold_s=2.0)


def _prices(today: date) -> Query:
    return BarsQuery(symbol="SPY", start=today - DAYS, end=today)


def _yields(today: date) -> Query:
    return MacroQuery(series="DGS10", start=today - DAYS, end=today)


def _rates(today: date) -> Query:
    return FxQuery(base="EUR", quote="USD", start=today - DAYS, end=today)


def _filings(_today: date) -> Query:
    return FundamentalsQuery(ticker=TICKER)


SHOWN = {
    "tiingo": Shown(query=_prices, second="replay"),
    "alpaca": Shown(query=_prices, second="replay"),
    "fred": Shown(query=_yields),
    "ecb": Shown(query=_rates),
    "edgar": Shown(query=_filings, second="fmp"),
    "fmp": Shown(query=_filings, second="edgar"),
}


def shown(provider: str) -> Shown:
    """How a provider is degraded; BadInput where nothing can stand in for it."""
    if provider not in SHOWN:
        hint = f"Degrade one of {', '.join(SHOWN)}."
        raise BadInput(f"Nothing stands in for {provider[:40]!r}.", hint=hint)
    return SHOWN[provider]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A turn of the demonstration, for who watches it."""

    what: str
    decision: Decision | None = None


def degrade(
    store: Store,
    caller: Caller,
    provider: str,
    fault: Fault,
    *,
    fails_s: float,
    tell: Callable[[Told], object],
    wait: Callable[[float], object] = time.sleep,
) -> None:
    """Asks every second while a provider is well, fails, and is well again until it is chosen."""
    how, title = shown(provider), title_of(provider)
    policy, capability = how.policy(provider), how.query(utc_now().date()).capability
    ask = _Asking(store=store, caller=caller, query=how.query, tell=tell, wait=wait)
    lasts_s = WELL_S + fails_s + RECOVERS_S
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(serving(sound)) for name in policy.providers if name in AT
        }
        urls = {name: server.url for name, server in servers.items()}
        stack.enter_context(standing_in(caller.tenant_id, urls, lasts_s=lasts_s))
        before = _policy(store, caller, capability, policy, "to watch a failover")
        try:
            tell(Told(what=f"{title} answers."))
            ask.times(round(WELL_S))
            servers[provider].fault = fault
            tell(Told(what=f"{title} fails."))
            ask.times(round(fails_s))
            servers[provider].fault = Fault.NONE
            tell(Told(what=f"{title} is well again; its breaker must find out."))
            if fault in MENDED:
                with open_work(caller, store) as work:
                    routing.release(work, provider, capability)
            ask.times(round(RECOVERS_S), until=provider)
        finally:
            if before.version:
                _policy(store, caller, capability, before.policy, "the demonstration is over")


def _policy(
    store: Store, caller: Caller, capability: Capability, policy: Policy, reason: str
) -> PolicyNow:
    with open_work(caller, store) as work:
        before = routing.read_policy(work, capability)
        routing.change_policy(work, capability, policy, before.service, reason=reason)
    return before


@dataclass(slots=True, kw_only=True)
class _Asking:
    """Asks the same each second, and tells each change of the choice."""

    store: Store
    caller: Caller
    query: Callable[[date], Query]
    tell: Callable[[Told], object]
    wait: Callable[[float], object]
    last: str = ""

    def times(self, most: int, *, until: str = "") -> None:
        """So often, or until that provider gives a new answer."""
        for _ in range(most):
            query = self.query(utc_now().date())
            decision = routing.ask(self.caller, query, store=self.store).decision
            if decision.why != self.last:
                self.last = decision.why
                self.tell(Told(what=decision.why, decision=decision))
            if until and decision.chosen == until and not decision.kept:
                return
            self.wait(EVERY_S)
