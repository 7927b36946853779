"""Asking for data by the tenant's routing policy, and what is kept of each answer.

No database is open while a provider answers: first what is known is read, then one asks, then what
came of it is kept.
"""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from valor_core import telemetry
from valor_core.errors import BadInput, NotFound
from valor_core.market import keys, last_answers, memory, routing
from valor_core.market.breaker import Limits, Standing
from valor_core.market.offered import OFFERS, usable
from valor_core.market.provider import Capability, Provider, Query
from valor_core.market.router import Place, Routed, Router
from valor_core.market.routing import Policy
from valor_core.market.stand_ins import stand_ins
from valor_core.market.transport import SafeHttp
from valor_core.sla import hours, records
from valor_core.sla.hours import Service
from valor_core.store.engines import Store
from valor_core.store.tables import RoutingDecisionRow, RoutingPolicyRow
from valor_core.store.work import Work, unit_of_work
from valor_core.tenancy.reasons import stated
from valor_core.values import Caller, from_micros
from valor_core.workbench.paging import check_page
from valor_core.workbench.verb import allowed, the_store, verb, view

ASKED_FOR = tuple(each for each in Capability if each is not Capability.STREAM)
"""What is asked for by question and answer."""

ROUTERS_MOST = 500

Askable = Mapping[str, Provider]
TITLES = {offer.name: offer.title for offer in OFFERS}
"""What people call every provider that there is, set up or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyNow:
    """Whom the tenant asks for a kind of data, and since when; version 0 is the default."""

    capability: Capability
    version: int
    policy: Policy
    service: Service
    able: tuple[str, ...] = ()  # who can be asked for it at all
    reason: str = ""
    changed_at: datetime | None = None
    changed_by: str = ""


def kind_of(text: str) -> Capability:
    """The kind of data of that name; a refusal says which there are."""
    found = next((each for each in ASKED_FOR if each == text), None)
    if found is None:
        raise BadInput(f"{text[:40]!r} is no kind of data.", hint=f"Choose {', '.join(ASKED_FOR)}.")
    return found


def askable(work: Work) -> Askable:
    """The providers that the tenant can ask, with its keys."""
    found: list[Provider] = usable(keys.opened_keys(work))
    return {provider.name: provider for provider in found} | stand_ins(work.caller.tenant_id)


def ask(
    caller: Caller,
    query: Query,
    *,
    store: Store | None = None,
    only: str = "",
    among: Askable | None = None,
    now: datetime | None = None,
) -> Routed:
    """An answer from whomever the tenant's policy and the health of the providers choose.

    With `only` from that provider, by the same breaker and counted alike.
    """
    router, store = router_of(caller), store or the_store()
    with unit_of_work(caller, store, now) as work:
        allowed(work, "provider.ask")
        among = askable(work) if among is None else among
        policy = policy_now(work, query.capability, among).policy
        policy = replace(policy, providers=(only,)) if only else policy
        known = _adopted(work, router)
        if last := last_answers.newer(work, query, router.last_answered):
            router.remember(last)
        moment = work.now.timestamp()
    places = {(name, query.capability) for name in policy.providers}
    due = {place for place in places if is_to_be_tried(known.get(place), moment)}
    claimed = set[Place]()
    if due:
        with unit_of_work(caller, store, now) as work:
            claimed = claim_probes(work, due)
    elsewhere = {name for name, _ in due - claimed}
    routed = asyncio.run(_asked(router, query, policy, among, elsewhere))
    with unit_of_work(caller, store, now) as work:
        keep_answer(work, routed, router, known, claimed)
    return routed


def is_to_be_tried(standing: Standing | None, moment: float) -> bool:
    """Whether a provider was left alone long enough to be tried again, by one process."""
    return standing is not None and 0.0 < standing.open_until <= moment


@verb("provider.ask", audited=False)
def claim_probes(work: Work, due: Collection[Place]) -> set[Place]:
    """Those of the providers that this process is to try again; another one tries the others."""
    return memory.claim_probes(work, due, Limits().lease_s)


async def _asked(
    router: Router, query: Query, policy: Policy, among: Askable, elsewhere: Collection[str]
) -> Routed:
    async with SafeHttp() as http:
        return await router.ask(query, policy, among, http, probed_elsewhere=elsewhere)


def _adopted(work: Work, router: Router) -> dict[Place, Standing]:
    known = {place: each.standing for place, each in memory.known(work).items()}
    router.adopt(known)
    return known


@verb("provider.ask", audited=False)
def keep_answer(
    work: Work,
    routed: Routed,
    router: Router,
    known: Mapping[Place, Standing],
    claimed: Collection[Place] = (),
) -> RoutingDecisionRow:
    """Keep who was asked, how that went, and what others should know of it."""
    memory.free_probes(work, claimed)
    decision = routed.decision
    keep_calls(
        work,
        [
            records.Call(
                provider=each.provider,
                capability=decision.capability.value,
                outcome=each.outcome.value,
                seconds=each.seconds,
            )
            for each in decision.attempts
            if each.outcome is not None
        ],
    )
    keep_news(work, router, known)
    if routed.answer and not decision.kept:
        last_answers.keep(work, decision.query, routed.answer)
    work.after_commit.append(
        lambda: telemetry.ROUTED.labels(decision.capability.value, decision.answer).inc()
    )
    return memory.keep_decision(work, decision)


def keep_news(work: Work, router: Router, known: Mapping[Place, Standing]) -> None:
    """The standings that are not as they were read."""
    told = router.standings().items()
    memory.keep_standings(work, {place: now for place, now in told if known.get(place) != now})


def keep_calls(work: Work, calls: Sequence[records.Call]) -> None:
    """Counts them, in the rows and in the metrics."""
    records.count_calls(work, calls)

    def tell() -> None:
        for call in calls:
            where = call.provider, call.capability
            telemetry.PROVIDER_CALLS.labels(*where, call.outcome).inc()
            telemetry.PROVIDER_SECONDS.labels(*where).observe(call.seconds)

    work.after_commit.append(tell)


@view("routing.read")
def read_policy(work: Work, capability: Capability, *, among: Askable | None = None) -> PolicyNow:
    """Whom the tenant asks for a kind of data."""
    return policy_now(work, capability, askable(work) if among is None else among)


@view("routing.read")
def read_policies(work: Work, *, among: Askable | None = None) -> list[PolicyNow]:
    """Whom the tenant asks for each kind of data that anybody offers."""
    among = askable(work) if among is None else among
    able = {each for provider in among.values() for each in provider.capabilities}
    return [policy_now(work, each, among) for each in ASKED_FOR if each in able]


@view("routing.read")
def policy_history(work: Work, capability: Capability, *, limit: int = 50) -> list[PolicyNow]:
    """The versions of the policy, the newest first."""
    check_page(limit)
    return [_policy(row) for row in memory.policy_history(work, capability, limit=limit)]


@verb("routing.change")
def change_policy(
    work: Work,
    capability: Capability,
    policy: Policy,
    service: Service,
    *,
    reason: str,
    among: Askable | None = None,
) -> PolicyNow:
    """Ask others, in another order or on other terms, from now on."""
    among = askable(work) if among is None else among
    routing.checked(policy, capability, list(among.values()))
    hours.checked(service)
    why = stated(reason)
    before = policy_now(work, capability, among)
    row = memory.keep_policy(work, capability, policy.terms, service.terms, why)
    told = {**before.policy.terms, **before.service.terms}
    now = {**policy.terms, **service.terms}
    changed = [name for name in now if told[name] != now[name]]
    work.note(
        f"routing:{capability.value}",
        version=row.version,
        reason=why,
        before={name: _written(told[name]) for name in changed},
        after={name: _written(now[name]) for name in changed},
    )
    return _policy(row)


def policy_now(work: Work, capability: Capability, among: Askable) -> PolicyNow:
    """The newest version, else the default: everybody who can answer."""
    row = memory.newest_policy(work, capability)
    able = tuple(name for name, each in among.items() if capability in each.capabilities)
    if row is not None:
        return replace(_policy(row), able=able)
    policy = routing.default_policy(capability, list(among.values()))
    return PolicyNow(capability=capability, version=0, policy=policy, service=Service(), able=able)


def service_now(work: Work, capability: Capability) -> Service:
    """What is promised of this kind of data."""
    row = memory.newest_policy(work, capability)
    return Service.of(row.service) if row else Service()


@view("routing.read")
def read_decisions(
    work: Work, *, limit: int = 50, request_id: str = ""
) -> Sequence[RoutingDecisionRow]:
    """Who answered and why, the newest first."""
    check_page(limit)
    return memory.decisions(work, limit=limit, request_id=request_id)


@verb("provider.release")
def release(work: Work, provider: str, capability: Capability) -> None:
    """Have a provider asked again at once that is left alone, as its cause is mended."""
    if provider not in TITLES:
        raise NotFound("provider", provider[:40])
    known = _adopted(work, router := router_of(work.caller))
    if (provider, capability) in known:
        router.breaker(provider, capability).release()
        keep_news(work, router, known)
    work.note(f"provider:{provider}", capability=capability.value)


def router_of(caller: Caller) -> Router:
    """The tenant's router in this process; that of a tenant that was idle longest makes room."""
    with _guard:
        router = _routers.setdefault(caller.tenant_id, Router())
        _routers.move_to_end(caller.tenant_id)
        if len(_routers) > ROUTERS_MOST:
            _routers.popitem(last=False)
        return router


_routers: OrderedDict[str, Router] = OrderedDict()
_guard = threading.Lock()


def _policy(row: RoutingPolicyRow) -> PolicyNow:
    return PolicyNow(
        capability=Capability(row.capability),
        version=row.version,
        policy=Policy.of(row.terms),
        service=Service.of(row.service),
        reason=row.reason,
        changed_at=from_micros(row.created_at),
        changed_by=row.created_by,
    )


def _written(value: object) -> str:
    """As the log tells it: entries hold no fractions."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "none" if value is None else str(value)
