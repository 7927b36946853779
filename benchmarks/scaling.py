"""How cost grows with companies, events, tenants and sessions: CPU seconds on an embedded database.

    .venv/bin/python benchmarks/scaling.py

CPU time, because it tells the same beside other work; each row is ten times the one before it.
"""

import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.demo import a_demo  # noqa: E402
from valor_core.billing.metering import Meter, close_days  # noqa: E402
from valor_core.coverage.batches import BatchPolicy  # noqa: E402
from valor_core.coverage.demo_book import DEMO  # noqa: E402
from valor_core.store.engines import Store  # noqa: E402
from valor_core.store.tables import UsageEventRow  # noqa: E402
from valor_core.store.work import unit_of_work  # noqa: E402
from valor_core.values import Caller, Role, TenantId, micros, utc_now  # noqa: E402
from valor_core.workbench import batches, companies, people, setup, snapshots  # noqa: E402
from valor_core.workbench.verb import open_work  # noqa: E402

COMPANIES, EVENTS, TENANTS, SESSIONS = (100, 1_000), (10_000, 100_000), (10, 100), 8


def seconds(act: Callable[[], Any]) -> float:
    """CPU seconds of this process."""
    gc.collect()
    began = time.process_time()
    act()
    return time.process_time() - began


def tenant_of(store: Store, slug: str) -> Caller:
    """A new tenant's administrator."""
    tenant_id = people.tenant_for(slug)
    with open_work(setup.operator(tenant_id), store) as work:
        people.add_tenant(work, slug)
    return Caller(tenant_id=TenantId(tenant_id), user_id="bench", role=Role.ADMIN)


def of_companies(store: Store, count: int) -> None:
    """So many with ten years of filings each."""
    head, *lines = (DEMO / "ko.csv").read_text(encoding="utf-8").splitlines()
    rows = [
        line.replace("21344,Coca-Cola Co,KO", f"{9_000_000 + n},Company {n},C{n}")
        for n in range(count)
        for line in lines
    ]
    raw = "\n".join([head, *rows]).encode()
    who = tenant_of(store, f"companies-{count}")

    def bring() -> None:
        document = companies.read_document(raw, file_name="facts.csv")
        with open_work(who, store) as work:
            companies.import_document(work, document)

    def publish() -> None:
        with open_work(who, store) as work:
            snapshots.publish_snapshot(work)

    def value() -> None:
        with open_work(who, store) as work:
            batches.value_all(work, BatchPolicy(unfiled_is_nothing=True))

    def table() -> None:
        with open_work(who, store) as work:
            companies.coverage(work)

    told = [seconds(each) for each in (bring, table, value, publish, publish)]
    shown("companies", count, ("import", "table", "batch", "snapshot", "snapshot again"), told)


def of_events(store: Store, count: int) -> None:
    """So many uses over 90 days."""
    who, now = tenant_of(store, f"events-{count}"), utc_now()
    first = micros(now - timedelta(days=91))
    rows = [
        {"idem_key": f"{n:064x}", "meter": Meter.VALUATIONS, "quantity": 1, "act": "valuation.run",
         "occurred_at": first + n * 90 * 86_400_000_000 // count, "actor": "user:bench"}
        for n in range(count)
    ]  # fmt: skip

    def keep() -> None:
        with unit_of_work(who, store) as work:
            work.begin_writing()
            work.insert_many(UsageEventRow, rows)

    def close() -> None:
        with unit_of_work(who, store) as work:
            work.begin_writing()
            close_days(work)

    def publish() -> None:
        with open_work(who, store) as work:
            snapshots.publish_snapshot(work)

    def ask() -> None:
        days = {"first": f"{now.date() - timedelta(days=90)}", "last": f"{now.date()}"}
        with open_work(who, store) as work:
            snapshots.ask_snapshot(work, "usage_by_day", days)

    told = [seconds(each) for each in (keep, close, publish, publish, ask)]
    shown("events", count, ("keep", "close days", "snapshot", "snapshot again", "by day"), told)


def of_tenants(store: Store, count: int) -> None:
    """So many tenants that rest: what each minute's look at all of them costs."""
    from jobs.runner import tick

    made = seconds(lambda: [tenant_of(store, f"t{count}-{n}") for n in range(count)])
    later = datetime(2026, 1, 5, 12, 30, tzinfo=UTC)
    tick(store, now=later)
    shown("tenants", count, ("make", "a tick"), [made, seconds(lambda: tick(store, now=later))])


def of_sessions(who: Caller) -> None:
    """What an open page of a valuation holds in memory."""
    from app.ui import frame

    frame.signed_in_caller = lambda: who
    pages = [AppTest.from_file(str(ROOT / "pages" / "dcf.py"), default_timeout=60)]

    def open_one(page: AppTest) -> None:
        page.query_params["company"] = "AAPL"
        page.run()

    open_one(pages[0])
    before = psutil.Process().memory_info().rss
    for _ in range(SESSIONS):
        pages.append(AppTest.from_file(str(ROOT / "pages" / "dcf.py"), default_timeout=60))
        open_one(pages[-1])
    each = (psutil.Process().memory_info().rss - before) / SESSIONS / 2**20
    print(f"sessions   {'each':>8}  {each:.1f} MB beside {before / 2**20:.0f} MB of the process")


def shown(what: str, count: int, names: tuple[str, ...], told: list[float]) -> None:
    """One line."""
    figures = "  ".join(f"{name} {each:.2f} s" for name, each in zip(names, told, strict=True))
    print(f"{what:<10} {count:>8,}  {figures}", flush=True)


def main() -> None:
    """All four."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["VALOR_HOME"] = home
        store, who = a_demo()
        of_sessions(who)
        for count in COMPANIES:
            of_companies(store, count)
        for count in EVENTS:
            of_events(store, count)
        for count in TENANTS:
            of_tenants(store, count)
        store.close()


if __name__ == "__main__":
    main()
