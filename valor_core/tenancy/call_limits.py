"""What each call of the API takes from the buckets of its tenant and its user."""

import time
from collections.abc import Callable

from valor_core.settings import setting
from valor_core.store.engines import Store
from valor_core.store.work import unit_of_work
from valor_core.telemetry import RATE_LIMIT_ALLOWED, RATE_LIMIT_BLOCKED, RATE_LIMIT_SECONDS
from valor_core.tenancy import plans
from valor_core.tenancy.metric_labels import label
from valor_core.tenancy.plans import Effective
from valor_core.tenancy.rate_limits import (
    Buckets,
    DatabaseBuckets,
    MemoryBuckets,
    Policy,
    Take,
    Verdict,
)
from valor_core.values import Caller

TENANT, USER = "tenant", "user"
REMEMBERED_S = 2.0
Policies = tuple[Policy, ...]


def policies_of(plan: Effective) -> Policies:
    """The rates that a tenant is granted."""
    return tuple(
        Policy(
            name=name,
            per_minute=plan.value(f"{name}_calls_per_minute") or 1,
            burst=plan.value(f"{name}_calls_burst") or 1,
        )
        for name in (TENANT, USER)
    )


class PlannedPolicies:
    """The policies of each tenant's plan, asked anew every two seconds and after each change.

    A change by another process holds here within those two seconds.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, tuple[float, Policies]] = {}

    def knows(self, tenant_id: str) -> bool:
        """Whether nobody need ask the database for them."""
        known = self._known.get(tenant_id)
        return known is not None and known[0] > max(
            time.monotonic() - REMEMBERED_S, plans.changed_at(tenant_id)
        )

    def __call__(self, caller: Caller) -> Policies:
        """Those under which the caller's next call is judged."""
        if not self.knows(caller.tenant_id):
            asked = time.monotonic()
            with unit_of_work(caller, self._store) as work:
                self._known[caller.tenant_id] = asked, policies_of(plans.effective(work))
        return self._known[caller.tenant_id][1]


class CallLimits:
    """Judges each call; whose it is comes from the sign-in alone."""

    def __init__(
        self,
        buckets: Buckets,
        policies: Callable[[Caller], Policies],
        *,
        shadow: bool = False,
        ready: Callable[[str], bool] = lambda _tenant: True,
    ) -> None:
        self.buckets, self.policies, self.shadow, self.ready = buckets, policies, shadow, ready
        self._seconds = RATE_LIMIT_SECONDS.labels("database" if buckets.waits else "memory")

    def waits(self, caller: Caller) -> bool:
        """Whether a database must be asked, which an event loop may not wait for."""
        return self.buckets.waits or not self.ready(caller.tenant_id)

    def take(self, caller: Caller) -> Verdict:
        """Takes one call from the caller's buckets; in shadow mode it is allowed in any case."""
        began = time.perf_counter()
        scopes = {TENANT: TENANT, USER: f"user:{caller.user_id}"}
        takes = [Take(scopes[policy.name], policy) for policy in self.policies(caller)]
        verdict = self.buckets.take(caller, takes)
        self._seconds.observe(time.perf_counter() - began)
        self._count(caller, verdict)
        return verdict._replace(allowed=True) if self.shadow else verdict

    def _count(self, caller: Caller, verdict: Verdict) -> None:
        tenant, user = label(caller.tenant_id), label(f"{caller.tenant_id}|{caller.user_id}")
        if verdict.allowed or self.shadow:
            RATE_LIMIT_ALLOWED.labels(tenant, user).inc()
        if not verdict.allowed:
            mode = "shadow" if self.shadow else "enforce"
            RATE_LIMIT_BLOCKED.labels(tenant, user, verdict.binding.policy.name, mode).inc()


def call_limits(store: Store) -> CallLimits:
    """As the settings say; BadSetting at the start, not at the first call."""
    for limit in plans.LIMITS.values():
        _ = limit.default
    in_database = setting("VALOR_RATE_LIMIT_STORE") == "database"
    policies = PlannedPolicies(store)
    return CallLimits(
        DatabaseBuckets(store) if in_database else MemoryBuckets(),
        policies,
        ready=policies.knows,
        shadow=setting("VALOR_RATE_LIMITS") == "shadow",
    )
