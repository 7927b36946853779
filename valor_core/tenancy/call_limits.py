"""What each call of the API takes from the buckets of its tenant and its user."""

import time
from collections.abc import Callable

from valor_core.settings import setting, whole_number
from valor_core.store.engines import Store
from valor_core.telemetry import RATE_LIMIT_ALLOWED, RATE_LIMIT_BLOCKED, RATE_LIMIT_SECONDS
from valor_core.tenancy.metric_labels import label
from valor_core.tenancy.rate_limits import (
    MOST_CALLS,
    Buckets,
    DatabaseBuckets,
    MemoryBuckets,
    Policy,
    Take,
    Verdict,
)
from valor_core.values import Caller

TENANT, USER = "tenant", "user"
Policies = tuple[Policy, ...]


def policies_of_settings() -> Policies:
    """Those of a tenant whose plan says nothing else."""
    return tuple(
        Policy(
            name=name,
            per_minute=whole_number(f"VALOR_{name.upper()}_CALLS_PER_MINUTE", most=MOST_CALLS),
            burst=whole_number(f"VALOR_{name.upper()}_CALLS_BURST", most=MOST_CALLS),
        )
        for name in (TENANT, USER)
    )


class CallLimits:
    """Judges each call; whose it is comes from the sign-in alone."""

    def __init__(
        self,
        buckets: Buckets,
        policies: Callable[[Caller], Policies],
        *,
        shadow: bool = False,
    ) -> None:
        self.buckets, self.policies, self.shadow = buckets, policies, shadow
        self._seconds = RATE_LIMIT_SECONDS.labels("database" if buckets.waits else "memory")

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
    """As the settings say."""
    in_database = setting("VALOR_RATE_LIMIT_STORE") == "database"
    given = policies_of_settings()
    return CallLimits(
        DatabaseBuckets(store) if in_database else MemoryBuckets(),
        lambda _caller: given,
        shadow=setting("VALOR_RATE_LIMITS") == "shadow",
    )
