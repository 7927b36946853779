"""Months of a demo: what two tenants did, were billed for and asked of providers, all made up.

Acts are done by the verbs themselves, each at its day, so that log, use and bills belong together.
The same day tells the same months.
"""

import hashlib
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from valor_core.billing.inbox import State
from valor_core.billing.metering import Meter, first_moment
from valor_core.billing.reconciliation import Price
from valor_core.billing.sandbox import Sandbox, Sending
from valor_core.coverage.batches import BatchPolicy
from valor_core.coverage.computations import Status
from valor_core.market import memory
from valor_core.market.breaker import Standing
from valor_core.market.provider import Capability
from valor_core.models.sensitivity import replace_at
from valor_core.models.simulation.distributions import Normal
from valor_core.models.simulation.plan import Driver, SimulationPlan
from valor_core.models.simulation.scenarios import Change
from valor_core.sla.buckets import bucket_of
from valor_core.sla.records import MINUTE
from valor_core.sla.states import State as Health
from valor_core.store.engines import Store
from valor_core.store.tables import (
    ProviderCallRow,
    ProviderIntervalRow,
    ProviderMaintenanceRow,
    UsageEventRow,
)
from valor_core.store.work import Work, unit_of_work
from valor_core.tenancy import tenants
from valor_core.values import (
    PLATFORM,
    SHARED,
    Caller,
    CompanyId,
    Role,
    TenantId,
    micros,
    new_id,
)
from valor_core.workbench import (
    batches,
    billing,
    companies,
    people,
    setup,
    simulations,
    valuations,
    webhooks,
)
from valor_core.workbench.computations import finish_computation
from valor_core.workbench.demo import SLUG, YOU, nothing_beside
from valor_core.workbench.verb import open_work, verb

BRANCH = "demo-branch"
"""The second tenant of the demo, so that what belongs to one can be seen to stay with it."""

DAYS = 92
TICKERS = ("AAPL", "KO", "HD", "NVDA", "GOOGL", "PEP")
GROWTHS = (0.015, 0.02, 0.025, 0.03)
PRICES = {Meter.VALUATIONS: 250, Meter.SIMULATIONS: 120, Meter.BATCHES: 900}
# Those that nobody asks without a key: a demo leaves this machine in no other way.
ASKED = (
    ("tiingo", Capability.BARS),
    ("fred", Capability.MACRO),
    ("fmp", Capability.FUNDAMENTALS),
)
TOLD = "demo data"
HOUR = 60 * MINUTE
SATURDAY, OF_DAYS = 5, 0.22

Starts = Mapping[CompanyId, tuple[Any, dict[str, str]]]
"""Where a valuation of a company begins, and why what its filing lacks is nothing."""


def others(store: Store) -> list[str]:
    """The tenants beside the demo's, by their short names."""
    with open_work(setup.operator(PLATFORM), store) as work:
        found = {row.slug for row in tenants.tenants(work)}
    return sorted(found - {SLUG, BRANCH, PLATFORM, SHARED})


def seed_months(store: Store, *, now: datetime) -> list[str]:
    """Lays out the months of both tenants; of which ones, as one that has a history keeps its own.

    Asks nobody whether others are here: whoever calls it has.
    """
    with open_work(setup.operator(PLATFORM), store) as work:
        known = {row.slug: TenantId(row.id) for row in tenants.tenants(work)}
    if BRANCH not in known:
        known[BRANCH] = people.tenant_for(BRANCH)
        with open_work(setup.operator(known[BRANCH]), store) as work:
            people.add_tenant(work, BRANCH, label=f"Branch ({TOLD})")
            people.add_member(work, YOU, Role.ADMIN)
    return [slug for slug in (SLUG, BRANCH) if _laid_out(store, known[slug], slug, now)]


def _laid_out(store: Store, tenant_id: TenantId, slug: str, now: datetime) -> bool:
    who = Caller(tenant_id=tenant_id, user_id="demo", role=Role.ADMIN, kind="job")
    chance = random.Random(slug)  # noqa: S311  it decides nothing but what the demo shows
    first = now.date() - timedelta(days=DAYS)
    with unit_of_work(who, store, now) as work:
        before = UsageEventRow.occurred_at < first_moment(now.date())
        if work.session.scalar(select(UsageEventRow.meter).where(before).limit(1)):
            return False
    with unit_of_work(setup.operator(tenant_id), store, _at(first, 6)) as work:
        lay_out_providers(work, now)
        for meter, minor in PRICES.items():
            billing.set_price(work, _price(meter, minor, first), reason="The demo's contract.")
    with unit_of_work(who, store, now) as work:
        starts = dict(_start(work, ticker) for ticker in TICKERS)
    for day in (first + timedelta(days=n) for n in range(DAYS)):
        if day.weekday() < SATURDAY:
            with unit_of_work(who, store, _at(day, 9 + chance.randrange(8))) as work:
                _work_of_a_day(work, day, starts, chance)
    _bill(store, who, slug, first, now)
    with unit_of_work(who, store, now) as work:
        billing.close_days(work)
    return True


def _start(work: Work, ticker: str) -> tuple[CompanyId, tuple[Any, dict[str, str]]]:
    company = companies.read_company(work, ticker)
    return company.id, nothing_beside(valuations.prefilled(work, company.id).inputs)


def _work_of_a_day(work: Work, day: date, starts: Starts, chance: random.Random) -> None:
    """On Mondays all companies are valued, on some days one is valued or simulated.

    What takes its time is told as done and counted; its figures are not made up.
    """
    company_id = chance.choice(list(starts))
    inputs, rationales = starts[company_id]
    growth = chance.choice(GROWTHS)
    inputs = replace_at(inputs, "terminal_growth", growth)
    if day.weekday() == 0:
        stated = Change(path="terminal_growth", value=growth)
        policy = BatchPolicy(unfiled_is_nothing=True, changes=(stated,))
        finish_computation(work, batches.note_batch(work, policy), Status.SUCCEEDED)
    if chance.random() < OF_DAYS:
        why = {"terminal_growth": f"{growth:.1%} is what the desk assumes this week ({TOLD})."}
        valuations.run_valuation(
            work, company_id, inputs, rationale=f"The weekly look ({TOLD}).",
            rationales=rationales | why,
        )  # fmt: skip
    if chance.random() < OF_DAYS:
        driver = Driver(path="terminal_growth", distribution=Normal(mean=growth, sd=0.004))
        plan = SimulationPlan(drivers=(driver,), seed=day.toordinal())
        made = simulations.note_simulation(work, company_id, inputs, plan)
        finish_computation(work, made, Status.SUCCEEDED)


def _bill(store: Store, who: Caller, slug: str, first: date, now: datetime) -> None:
    """The provider's deliveries, with what goes wrong in a life: but for what is refused."""
    with unit_of_work(who, store, now) as work:
        used = billing.list_uses(work, first, now.date())
        prices = billing.list_prices(work)
    used.sort(key=lambda use: (use.day, use.meter))  # ids are drawn anew each time
    provider = Sandbox(tenant=slug, seed=len(slug), today=now.date())
    for each in provider.stream(used, prices).sendings:
        if each.expected == 200 and b"_poison" not in each.body:
            _deliver(store, each, now)


def _deliver(store: Store, sending: Sending, now: datetime) -> State:
    document = json.loads(sending.body)
    sha = hashlib.sha256(sending.body).hexdigest()
    return webhooks.deliver(store, document, sha=sha, now=now).state


@verb("demo.months")
def lay_out_providers(work: Work, until: datetime) -> None:
    """Keep how some providers did in the months before a moment: made up, and called so."""
    chance = random.Random(until.toordinal())  # noqa: S311
    first = first_moment(until.date() - timedelta(days=DAYS))
    end = micros(until)
    states, calls = list[dict[str, Any]](), list[dict[str, Any]]()
    for provider, capability in ASKED:
        place = {"provider": provider, "capability": str(capability)}
        incidents = sorted(_incidents(first, end, chance))
        states += [{**place, **each} for each in _states(first, incidents)]
        calls += [{**place, **each} for each in _calls(first, end, incidents, chance)]
    memory.keep_standings(work, dict.fromkeys(ASKED, Standing()))
    memory.judged(work, ASKED, end)
    work.insert_many(ProviderIntervalRow, states)
    work.insert_many(ProviderCallRow, calls)
    work.add_all([_announced(work, end - 10 * 24 * HOUR)])
    work.note("demo:months", days=DAYS, states=len(states), made_up="yes")


Incident = tuple[int, int, Health, str]


def _incidents(first: int, end: int, chance: random.Random) -> Iterator[Incident]:
    """Outages and slow hours, a day or more apart."""
    kinds = (
        (Health.DOWN, 12, 90, "it answered with status 503"),
        (Health.DEGRADED, 60, 300, "9 of its last 40 calls failed"),
    )
    for n in range(6):
        state, least, most, cause = kinds[n % 2]
        begin = first + (end - first) // 7 * (n + 1) + chance.randrange(24) * HOUR
        yield begin, begin + chance.randint(least, most) * MINUTE, state, f"{cause} ({TOLD})"


def _states(first: int, incidents: Sequence[Incident]) -> Iterator[dict[str, Any]]:
    well = {"state": Health.UP, "cause": f"it answers ({TOLD})"}
    yield {"started_at": first, **well}
    for begin, end, state, cause in incidents:
        yield {"started_at": begin, "state": state, "cause": cause}
        yield {"started_at": end, **well}


def _calls(
    first: int, end: int, incidents: Sequence[Incident], chance: random.Random
) -> Iterator[dict[str, Any]]:
    """The calls of a minute every second hour; in an incident of every fifth minute."""
    for minute in range(first, end, 2 * HOUR):
        yield from _minute(minute, good=chance.randint(8, 40), bad=chance.random() < 0.02)
    for begin, over, state, _ in incidents:
        for minute in range(begin + MINUTE, over, 5 * MINUTE):
            good = 0 if state is Health.DOWN else chance.randint(20, 40)
            yield from _minute(minute, good=good, bad=chance.randint(4, 9))


def _minute(minute: int, *, good: int, bad: int) -> Iterator[dict[str, Any]]:
    fast, slow = bucket_of(0.12), bucket_of(0.9)
    for outcome, bucket, n in (
        ("good", fast, good - good // 10),
        ("good", slow, good // 10),
        ("bad", slow, int(bad)),
    ):
        if n:
            yield {"minute": minute, "outcome": outcome, "bucket": bucket, "n": n}


def _announced(work: Work, begin: int) -> ProviderMaintenanceRow:
    return ProviderMaintenanceRow(
        id=new_id(), provider="tiingo", starts_at=begin, ends_at=begin + 3 * HOUR,
        reason=f"New certificates ({TOLD}).", created_at=work.now_micros,
        created_by=work.caller.actor, withdrawn_at=None,
    )  # fmt: skip


def _price(meter: Meter, minor: int, first: date) -> Price:
    return Price(
        meter=meter, valid_from=first.isoformat(), price_minor=minor, per_quantity=1,
        currency="USD", plan_version="demo-1",
    )  # fmt: skip


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), UTC)
