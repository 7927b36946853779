"""A server that is killed under its writers loses nothing that it has acknowledged."""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import hypothesis
import pytest

from tests.embedded_postgres import EmbeddedPostgres
from tests.moulds import add_tenant
from valor_core.models.codec import dump
from valor_core.settings import ROOT
from valor_core.store.engines import Store
from valor_core.store.migrate import migrate
from valor_core.values import Caller, CompanyId, Role
from valor_core.workbench import demo, people, setup
from valor_core.workbench.logbook import verify_as_operator
from valor_core.workbench.valuations import list_valuations, prefilled
from valor_core.workbench.verb import open_work

THOROUGH = hypothesis.settings.get_current_profile_name() == "thorough"
KILLS, HELD, WRITERS = (200, 100, 4) if THOROUGH else (30, 10, 4)
COMPANY = CompanyId("cik0000320193")
PLACE = f"/api/v1/companies/{COMPANY}/valuations/dcf"


@dataclass
class Told:
    """What the clients know: keys that were sent, and ids whose 201 they have read."""

    sent: set[str] = field(default_factory=set)
    kept: dict[str, str] = field(default_factory=dict)
    lock: threading.Condition = field(default_factory=threading.Condition)

    def wait_for_more(self, count: int) -> None:
        """Until so many more were acknowledged."""
        with self.lock:
            wanted = len(self.kept) + count
            assert self.lock.wait_for(lambda: len(self.kept) >= wanted, timeout=30)


class Servers:
    """Forked servers, one at a time, by a parent that has made one request itself."""

    def __init__(self, url: str, first: dict[str, object]) -> None:
        self.parent = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.serving", url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
        )
        self.order(json.dumps(first))

    def order(self, line: str) -> None:
        assert self.parent.stdin
        self.parent.stdin.write(f"{line}\n")
        self.parent.stdin.flush()

    def start(self, *, hold_at: int = 0) -> tuple[int, int]:
        self.order(f"hold {hold_at}" if hold_at else "start")
        pid, port = self.line().split()
        return int(pid), int(port)

    def line(self) -> str:
        assert self.parent.stdout
        return self.parent.stdout.readline()

    def close(self) -> None:
        assert self.parent.stdin
        self.parent.stdin.close()
        self.parent.wait(60)
        assert self.parent.stdout
        self.parent.stdout.close()


@contextmanager
def writers(port: int, key: str, body: bytes, told: Told) -> Iterator[None]:
    """Four clients that save valuations one after the other until the server is gone."""

    def write(number: int) -> None:
        address = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        with closing(address) as connection, suppress(OSError, http.client.HTTPException):
            for attempt in count(1):
                name = f"{port}-{number}-{attempt}"
                with told.lock:
                    told.sent.add(name)
                created = save(connection, key, name, body)
                with told.lock:
                    told.kept[name] = created
                    told.lock.notify_all()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(WRITERS)]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


def saving(key: str, name: str) -> dict[str, str]:
    """The headers of a request that takes effect once."""
    return {
        "Authorization": f"Bearer {key}",
        "Idempotency-Key": name,
        "Content-Type": "application/json",
    }


def save(connection: http.client.HTTPConnection, key: str, name: str, body: bytes) -> str:
    connection.request("POST", PLACE, body, saving(key, name))
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status == 201, text
    return json.loads(text)["id"]


def prepared(store: Store) -> tuple[Caller, str, bytes]:
    """A tenant with a key, and a sound request to save."""
    migrate(store)
    setup.prepare(store)
    demo.seed_demo(store)
    tenant = add_tenant(store, "acme")
    with open_work(tenant.operator, store) as work:
        _, key = people.add_key(work, "writers", Role.ANALYST)
    with open_work(tenant.analyst, store) as work:
        inputs = prefilled(work, COMPANY).inputs
    missing = inputs.bridge.missing
    inputs = replace(inputs, bridge=replace(inputs.bridge, **dict.fromkeys(missing, 0.0)))
    body = {
        "inputs": dump(inputs),
        "rationale": "as filed",
        "rationales": {f"bridge.{item}": "none known" for item in missing},
    }
    return tenant.analyst, key, json.dumps(body).encode()


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_no_acknowledged_save_is_lost_when_the_server_is_killed(kind: str, tmp_path: Path) -> None:
    """S39, G33."""
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path / 'valor.sqlite'}"
        kill_again_and_again(url)
    else:
        with EmbeddedPostgres(durable=True) as server:
            kill_again_and_again(server.create_database("killed"))


def kill_again_and_again(url: str) -> None:
    store, told, chance = Store(url), Told(), random.Random(7)
    caller, key, body = prepared(store)
    told.sent.add("first")
    servers = Servers(
        url, {"url": PLACE, "content": body.decode(), "headers": saving(key, "first")}
    )
    try:
        for kill in range(KILLS):
            held = kill % (KILLS // HELD) == 0
            pid, port = servers.start(hold_at=chance.randint(1, 6) if held else 0)
            with writers(port, key, body, told):
                if held:
                    assert servers.line().strip() == "held"
                else:
                    told.wait_for_more(chance.randint(1, 4))
                    threading.Event().wait(chance.uniform(0, 0.02))
                os.kill(pid, signal.SIGKILL)
            [verdict] = verify_as_operator(store, caller.tenant_id)
            assert verdict.holds, verdict.findings
        assert len(told.kept) >= KILLS - HELD

        kept = all_ids(store, caller)
        assert set(told.kept.values()) <= kept

        # What was sent and not answered took effect once or not at all: again, it is there once.
        _, port = servers.start()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        for name in sorted(told.sent):
            told.kept[name] = save(connection, key, name, body)
        connection.close()
        assert set(told.kept.values()) == all_ids(store, caller)
        assert len(set(told.kept.values())) == len(told.sent)
    finally:
        servers.close()
        store.close()


def all_ids(store: Store, caller: Caller) -> set[str]:
    found: set[str] = set()
    before = None
    while True:
        with open_work(caller, store) as work:
            rows = list_valuations(work, limit=200, before=before)
        found |= {row.id for row in rows}
        if len(rows) < 200:
            return found
        before = (rows[-1].created_at, rows[-1].id)
