"""What names or unlocks somebody goes in by every door, and stands in no byte that comes out."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from prometheus_client import generate_latest

from tests.app.asking import Answer, Client, Whole, by_session, whole_application
from tests.app.things import Things, things_of
from tests.billing.telling import usage
from tests.books import table
from tests.conftest import ONLY_SQLITE
from tests.moulds import Tenant
from valor_core.billing.signatures import active_secrets, signed
from valor_core.settings import home
from valor_core.snapshots import reader
from valor_core.store.engines import Store
from valor_core.telemetry import start_logging
from valor_core.values import Role
from valor_core.workbench import people, snapshots
from valor_core.workbench.verb import open_work

MAIL, SECRET = "bob.canary@example.org", "sk_live_canarycanarycanary7"
CANARIES = (MAIL, SECRET, "4111 1111 1111 1111", "DE89370400440532013000", "+1 415 555 2671")
ALL = " and ".join(CANARIES)
FACTS = table(f"7,{MAIL},ACME,,2023,,2023-12-31,revenue,100,USD,,a-23,10-K,2024-02-01")


@pytest.fixture
def whole(store: Store) -> Iterator[Whole]:
    with whole_application(store) as application:
        yield application
    reader.close_idle()


@pytest.fixture
def log(capfd: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """What the process logs; afterwards it logs elsewhere again."""
    yield capfd
    structlog.reset_defaults()


def sent(client: Client, things: Things) -> Iterator[Answer]:
    """The canaries, by every door that takes words."""

    def ask(method: str, path: str, body: object = None, **headers: str) -> Answer:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.ask(
            method, f"/api/v1{path}", b"" if body is None else raw,
            content_type="application/json", idempotency_key=str(time.time_ns()),
            user_agent=ALL, referer=f"http://{MAIL}/", **headers,
        )  # fmt: skip

    company = f"/companies/{things.company_id}"
    reasons = dict.fromkeys(things.dcf["rationales"], ALL)
    valued = {**things.dcf, "rationale": ALL, "rationales": reasons}
    yield ask("POST", f"{company}/valuations/dcf", valued)
    adjusted = {"layer": MAIL, "item": "revenue", "fiscal_year": 2009, "amount": -1e6}
    yield ask("POST", f"{company}/adjustments", {**adjusted, "rationale": ALL})
    yield ask("PUT", f"{company}/drafts/dcf", {"content": {"why": [ALL], MAIL: 1}}, if_match='"v0"')
    yield ask("POST", f"/imports?file_name={MAIL}.csv", FACTS)
    yield ask("POST", f"/imports?file_name={MAIL}.csv", ALL.encode())
    for parameters in ({"company": MAIL}, {SECRET: ALL}):
        yield ask("POST", "/reports/valuation/runs", {"parameters": parameters})
    yield ask("GET", f"/companies/{SECRET}?{MAIL}")
    yield ask("GET", f"/valuations?company_id={MAIL}&limit={SECRET}&cursor={SECRET}")
    yield ask("POST", "/imports", b'{"' + ALL.encode())
    told = usage("evt_1", note=ALL, meter=MAIL, metadata={"tenant": MAIL, "name": ALL})
    body = json.dumps(told).encode()
    signature = signed(body, active_secrets()[0], now_s=time.time())
    yield client.ask("POST", "/api/billing/webhook", body, **signature)
    yield client.ask("GET", f"/api/v1/me?{MAIL}", authorization=f"Bearer {SECRET}", cookie=ALL)


@ONLY_SQLITE
def test_canaries_stand_in_no_byte_of_database_log_answer_snapshot_or_metric(
    store: Store, acme: Tenant, whole: Whole, folder: Path, log: pytest.CaptureFixture[str]
):
    """S45."""
    start_logging("debug")  # to the standard error of now
    things = things_of(store, acme, cik=9_999_901)
    answers = list(sent(by_session(whole, store, acme, Role.ADMIN), things))
    with open_work(acme.operator, store) as work:
        people.add_key(work, MAIL, Role.VIEWER)
    with open_work(acme.analyst, store) as work:
        snapshots.publish_snapshot(work)

    assert [answer.status for answer in answers[:4]] == [201, 201, 200, 201]
    assert all(answer.status < 500 for answer in answers)
    kept = {str(file): file.read_bytes() for file in (*folder.rglob("*"), *home().rglob("*"))
            if file.is_file()}  # fmt: skip
    assert any(name.endswith("-wal") for name in kept)
    told = {f"answer {n}": answer.body for n, answer in enumerate(answers)}
    lines = "".join(log.readouterr()).encode()
    assert lines
    everywhere = {**kept, **told, "log": lines, "metrics": generate_latest()}
    found = {(name, canary) for name, content in everywhere.items() for canary in CANARIES
             if canary.encode() in content}  # fmt: skip
    assert found == set()
