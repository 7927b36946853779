"""Takes in the feeds that no process leads: one thread a feed, until it ends or another leads."""

import threading
from collections import Counter

from valor_core.store.engines import Store
from valor_core.telemetry import JOB_RUNS, log
from valor_core.values import Caller, Role, TenantId, new_id
from valor_core.workbench.feeds import FEEDS_MOST, follow, wanted_feeds
from valor_core.workbench.verb import open_work

EVERY_S = 1.0
"""How often one looks for a feed that nobody leads: with its lease, how long a takeover takes."""

LED_MOST = 5 * FEEDS_MOST
"""So many feeds one process leads: more than a tenant may have, so that none takes every place."""

HOLDER = new_id()
"""This process."""


class Feeding:
    """The feeds that this process leads."""

    def __init__(self, store: Store, stopped: threading.Event) -> None:
        self._store, self._stopped = store, stopped
        self._threads: dict[str, threading.Thread] = {}
        self._tries: Counter[str] = Counter()

    def look(self, tenants: list[TenantId]) -> int:
        """Takes up what nobody leads; how many feeds. Whatever ails one tenant, others go on."""
        self._threads = {name: each for name, each in self._threads.items() if each.is_alive()}
        begun = 0
        for tenant_id in tenants:
            caller = Caller(tenant_id=tenant_id, user_id="feeds", role=Role.ANALYST, kind="job")
            try:
                with open_work(caller, self._store) as work:
                    wanted = wanted_feeds(work)
            except Exception:  # noqa: BLE001  whatever ails one tenant, the others get their turn
                JOB_RUNS.labels("feeds", "failed").inc()
                log.exception("the feeds of a tenant could not be read", tenant=tenant_id)
                continue
            for feed_id in wanted:
                if feed_id not in self._threads and len(self._threads) < LED_MOST:
                    thread = threading.Thread(
                        target=self._follow, args=(caller, feed_id), daemon=True
                    )
                    self._threads[feed_id] = thread
                    thread.start()
                    begun += 1
        return begun

    def _follow(self, caller: Caller, feed_id: str) -> None:
        try:
            self._tries[feed_id] = follow(
                self._store,
                caller,
                feed_id,
                holder=HOLDER,
                stopped=self._stopped,
                tries=self._tries[feed_id],
            )
        except Exception:  # noqa: BLE001  the thread's boundary: the next look tries again
            JOB_RUNS.labels("feeds", "failed").inc()
            log.exception("a feed could not be taken in", feed=feed_id)

    def end(self) -> None:
        """Waits until each feed was left to the next process."""
        for thread in self._threads.values():
            thread.join(timeout=3.0)
