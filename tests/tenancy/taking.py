"""Callers of one bucket from a process of their own.

Run as a program: `python -m tests.tenancy.taking DB_URL CALLERS EACH BURST`. It says `ready`, waits
for a line, and prints how many calls got through.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

from valor_core.store.engines import Store
from valor_core.tenancy.rate_limits import DatabaseBuckets, Policy, Take
from valor_core.values import Caller, Role, TenantId

CALLER = Caller(tenant_id=TenantId("acme-1"), user_id="anna", role=Role.ANALYST)
NOW = 1_700_000_000_000_000


def main(url: str, callers: int, each: int, burst: int) -> None:
    """All calls at one moment, so that nothing comes back meanwhile."""
    store = Store(url)
    buckets = DatabaseBuckets(store)
    takes = [Take("tenant", Policy(name="tenant", per_minute=1, burst=burst))]

    def some(_: int) -> int:
        return sum(buckets.take(CALLER, takes, now_us=NOW).allowed for _ in range(each))

    with ThreadPoolExecutor(callers) as pool:
        print("ready", flush=True)
        sys.stdin.readline()
        print(sum(pool.map(some, range(callers))), flush=True)
    store.close()


if __name__ == "__main__":
    main(sys.argv[1], *(int(each) for each in sys.argv[2:]))
