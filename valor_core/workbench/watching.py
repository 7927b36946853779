"""The health of the providers that a tenant uses: judged each minute, by one process."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import Counter

from valor_core import telemetry
from valor_core.market import memory
from valor_core.market.breaker import Limits, Outcome, Standing
from valor_core.market.memory import Known
from valor_core.market.router import Attempt, Place, Router
from valor_core.market.transport import SafeHttp
from valor_core.sla import records
from valor_core.sla.records import MINUTE, Lately
from valor_core.sla.states import Evidence, State, judged
from valor_core.store.engines import Store
from valor_core.store.tables import ProviderIntervalRow, ProviderWatchRow
from valor_core.store.work import Work, unit_of_work
from valor_core.values import Caller
from valor_core.workbench.routing import (
    Askable,
    askable,
    is_to_be_tried,
    keep_calls,
    keep_news,
    router_of,
)
from valor_core.workbench.verb import verb, view

EVERY = 55_000_000
"""Watched once a minute, by whoever comes first."""

KNOWN_FOR = MINUTE
"""For so long after it was judged a state is believed; then nobody knows."""

GAP = 3 * MINUTE
LATELY, RECENTLY = 5 * MINUTE, 2 * MINUTE
SLOW_S = 5.0
PROBE_S = 5.0
PROBES_AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is known before the idle providers are probed."""

    known: Mapping[Place, Known]
    idle: tuple[Place, ...]
    claimed: frozenset[Place]  # left alone before, and tried again by this process alone
    among: Askable

    @property
    def standings(self) -> dict[Place, Standing]:
        """The breakers as others left them."""
        return {place: each.standing for place, each in self.known.items()}


def watch(
    store: Store, caller: Caller, *, among: Askable | None = None, now: datetime | None = None
) -> list[ProviderIntervalRow]:
    """Judges every provider that the tenant uses; the states that began."""
    router = router_of(caller)
    with unit_of_work(caller, store, now) as work:
        due = begin(work, among)
    if due is None:
        return []
    router.adopt(due.standings)
    probed = asyncio.run(_probed(router, due.idle, due.among))
    with unit_of_work(caller, store, now) as work:
        return judge(work, due, probed, router)


@view("job.prepare")
def is_due(work: Work) -> bool:
    """Whether the tenant uses any provider and a minute is over."""
    row = work.session.get(ProviderWatchRow, (work.caller.tenant_id, "health"))
    waited = row is None or not 0 <= work.now_micros - row.watched_at < EVERY
    return waited and bool(memory.known(work))


@verb("provider.watch", audited=False)
def begin(work: Work, among: Askable | None = None) -> Watch | None:
    """Take this minute's watch; None where another process has, or nothing is used."""
    known = memory.known(work)
    if not known or not _taken(work):
        return None
    among = askable(work) if among is None else among
    lately = records.calls_since(work, work.now_micros - LATELY, slow_s=SLOW_S)
    idle = [
        place
        for place in known
        if (provider := among.get(place[0])) is not None and provider.price == 0.0
        if place not in lately
        or known[place].standing.open_until
        or router_of(work.caller).breaker(*place).ailing
    ]
    moment = work.now.timestamp()
    due = {place for place in idle if is_to_be_tried(known[place].standing, moment)}
    claimed = memory.claim_probes(work, due, Limits().lease_s)
    idle = [place for place in idle if place not in due - claimed]
    return Watch(
        known=known, idle=tuple(idle[:PROBES_AT_ONCE]), claimed=frozenset(claimed), among=among
    )


@verb("provider.watch", audited=False)
def judge(
    work: Work, due: Watch, probed: Mapping[Place, Attempt], router: Router
) -> list[ProviderIntervalRow]:
    """Keep how the probes went, and every state that is another than it was."""
    memory.free_probes(work, due.claimed)
    keep_calls(work, [call for place, each in probed.items() for call in _calls(place, each)])
    keep_news(work, router, due.standings)
    work.session.flush()
    known, now = memory.known(work), work.now_micros
    evidence, was = evidence_now(work, known, probed), records.newest_states(work)
    began = []
    for place, each in known.items():
        name = place[0], place[1].value
        began += _begun(name, was.get(name), each.seen_at, now, evidence[place])
    work.add_all(began)
    memory.judged(work, known, now)
    memory.forget_old_decisions(work)
    records.forget_old_calls(work)
    work.after_commit += [_counter(row).inc for row in began]
    return began


def _begun(
    name: tuple[str, str],
    was: ProviderIntervalRow | None,
    seen_at: int,
    now: int,
    evidence: Evidence,
) -> list[ProviderIntervalRow]:
    """The states that began since it was judged last: also that nobody was watching."""
    state, cause = judged(evidence)
    rows = []
    if was and was.state != State.UNKNOWN and now - seen_at > GAP:
        unseen = max(seen_at + KNOWN_FOR, was.started_at + 1)
        rows.append(_row(name, unseen, State.UNKNOWN, "nobody was watching"))
        was = rows[-1]
    if was is None or was.state != state:
        rows.append(_row(name, max(now, was.started_at + 1 if was else 0), state, cause))
    return rows


async def _probed(router: Router, idle: tuple[Place, ...], among: Askable) -> dict[Place, Attempt]:
    async with SafeHttp() as http:
        probes = [
            router.probe(among[provider], capability, http, within_s=PROBE_S)
            for provider, capability in idle
        ]
        attempts = await asyncio.gather(*probes)
    return {place: told for place, told in zip(idle, attempts, strict=True) if told is not None}


def _taken(work: Work) -> bool:
    """Whether this process may watch now: the row is locked until it says so."""
    row = work.session.get(
        ProviderWatchRow, (work.caller.tenant_id, "health"), with_for_update=True
    )
    if row is None:
        work.add_all([ProviderWatchRow(id="health", watched_at=work.now_micros)])
        return True
    if 0 <= work.now_micros - row.watched_at < EVERY:
        return False
    row.watched_at = work.now_micros
    return True


def _planned(work: Work) -> dict[str, str]:
    """What is done to providers now, as it was announced."""
    now = work.now_micros
    rows = records.announced(work, since=now)
    spans = ((row, records.span_of(row)) for row in rows)
    return {row.provider: row.reason for row, (start, end) in spans if start <= now < end}


def evidence_now(
    work: Work, known: Mapping[Place, Known], probed: Mapping[Place, Attempt] | None = None
) -> dict[Place, Evidence]:
    """What is known of each provider's last minutes: of the latest two, if it was asked in them."""
    now, planned = work.now_micros, _planned(work)
    calls = records.calls_since(work, now - LATELY, slow_s=SLOW_S)
    calls |= records.calls_since(work, now - RECENTLY, slow_s=SLOW_S)
    found = {}
    for place, each in known.items():
        standing, told = each.standing, (probed or {}).get(place)
        lately = calls.get((place[0], place[1].value), Lately())
        held = standing.hold_why if standing.hold_until > now / 1e6 else ""
        refused = told.told if told and told.outcome is Outcome.NEUTRAL else ""
        found[place] = Evidence(
            maintenance=planned.get(place[0], ""),
            left_alone=standing.why if standing.open_until else "",
            held=held or refused,
            good=lately.good,
            bad=lately.bad,
            slow=lately.slow,
        )
    return found


def _calls(place: Place, told: Attempt) -> list[records.Call]:
    if told.outcome is None:
        return []
    return [
        records.Call(
            provider=place[0],
            capability=place[1].value,
            outcome=told.outcome.value,
            seconds=told.seconds,
        )
    ]


def _row(name: tuple[str, str], at: int, state: State, cause: str) -> ProviderIntervalRow:
    provider, capability = name
    return ProviderIntervalRow(
        provider=provider, capability=capability, started_at=at, state=state.value, cause=cause
    )


def _counter(row: ProviderIntervalRow) -> Counter:
    return telemetry.PROVIDER_CHANGES.labels(row.provider, row.capability, row.state)
