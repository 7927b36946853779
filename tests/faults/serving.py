"""A parent that has everything imported and forks a fresh API server for each start.

Run as a program: `python -m tests.faults.serving DB_URL`. The first line on its standard input is a
request to save a valuation, as JSON; it is made at once, so that what is slow the first time is
slow once. Each further line is an order: `start` forks a server (answer: `PID PORT`), `hold N`
makes the next server stop between the N-th write and its commit (answer when it stands there:
`held`). The test kills the servers itself.
"""

import ctypes
import gc
import json
import os
import signal
import sys
import time
from contextlib import closing

from fastapi import FastAPI
from sqlalchemy import event
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.testclient import TestClient

from app import process
from app.api.application import create_api
from app.server import own_origins
from app.web.callers import Callers
from app.web.hosts import OwnHosts
from app.web.identity import Identity
from app.web.strangers import strangers
from tests.moulds import speaking_as
from valor_core.store.engines import Store
from valor_core.store.work import TenantSession
from valor_core.workbench.verb import use_store

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)
PORT = 9  # of the request that no socket carries


def application(api: FastAPI, store: Store, port: int) -> Starlette:
    """The API behind the real identity, without the pages."""
    use_store(store)
    return Starlette(
        routes=[Mount("/api/v1", app=api)],
        middleware=[
            Middleware(OwnHosts, origins=own_origins(port)),
            Middleware(
                Identity,
                callers=Callers(store),
                cookie="vx_session_test",
                strangers=strangers(),
            ),
        ],
    )


def serve(api: FastAPI, store: Store, *, hold_at: int) -> None:
    """Never returns alive."""
    listener = process.listen(port=0)
    port = listener.getsockname()[1]
    served = application(api, store, port)
    if hold_at:
        _hold_before_commit(hold_at)
    print(os.getpid(), port, flush=True)
    process.serve(served, listener=listener)


def _hold_before_commit(nth: int) -> None:
    commits = 0

    @event.listens_for(TenantSession, "before_commit")
    def _hold(session: Session) -> None:
        nonlocal commits
        if session.info.get("wrote"):
            commits += 1
            if commits == nth:
                session.flush()  # all is written, nothing is committed
                print("held", flush=True)
                time.sleep(60)

    @event.listens_for(TenantSession, "after_flush")
    def _wrote(session: Session, _context: object) -> None:
        session.info["wrote"] = True


def main(url: str) -> None:
    """Forks a server at each order until the input ends."""
    api = create_api()
    with closing(Store(url)) as store:
        speaking_alike = speaking_as(store)
        TestClient(application(api, store, PORT), base_url=f"http://127.0.0.1:{PORT}").post(
            **json.loads(sys.stdin.readline())
        ).raise_for_status()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        order, _, argument = line.strip().partition(" ")
        if os.fork() == 0:
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            serve(api, speaking_alike(Store(url)), hold_at=int(argument) if order == "hold" else 0)
            os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
