"""However often its receivers are killed, each billing event takes effect exactly once."""

import subprocess
import sys
from collections import Counter
from datetime import timedelta

from sqlalchemy import select

from tests.billing.telling import deliver, events
from tests.conftest import World
from tests.moulds import Tenant
from valor_core.billing.events import STATUS, USAGE
from valor_core.settings import ROOT
from valor_core.store.tables import BillingEventRow, BillingObjectRow
from valor_core.values import utc_now
from valor_core.workbench import logbook
from valor_core.workbench.verb import open_work
from valor_core.workbench.webhooks import work_off

KILLS = 30


def test_each_event_takes_effect_once_though_its_receivers_are_killed(world: World):
    """G39: The sender repeats until all is acknowledged, as providers do."""
    program = [sys.executable, "-m", "tests.faults.delivering", world.store.url, str(KILLS), "7"]
    done = subprocess.run(program, cwd=ROOT, check=True, stdout=subprocess.PIPE, timeout=120)
    assert done.stdout.count(b".") >= KILLS

    told = list(events())
    for each in told:
        deliver(world.store, each)
    work_off(world.store, now=utc_now() + timedelta(days=1))

    for tenant in (world.acme, world.rival):
        own = [e for e in told if e["data"]["object"]["metadata"]["tenant"] == tenant.slug]
        assert kept_by(world, tenant) == expected(own)


def kept_by(world: World, tenant: Tenant) -> tuple[Counter[str], int, dict[str, str], int]:
    with open_work(tenant.admin, world.store) as work:
        assert logbook.verify_log(work).holds
        entries = logbook.read_log(work, limit=200, action="billing.event")
        rows = work.session.scalars(select(BillingEventRow)).all()
        used = sum(row.amount_minor for row in rows if row.type == USAGE)
        ends = {row.object_id: row.status for row in work.session.scalars(select(BillingObjectRow))}
        return Counter(row.event_id for row in rows), used, ends, len(entries)


def expected(own: list[dict]) -> tuple[Counter[str], int, dict[str, str], int]:
    used = sum(e["data"]["object"]["amount_minor"] for e in own if e["type"] == USAGE)
    ends = {e["data"]["object"]["id"]: STATUS[e["type"]] for e in own if e["type"] != USAGE}
    return Counter(e["id"] for e in own), used, ends, len(own)
