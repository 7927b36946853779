"""The application with work in a process of its own, until it is told to stop."""

import os
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext


def endless(progress: Callable[[float], None]) -> None:
    progress(0.25)
    time.sleep(600)


def serve_while_it_computes() -> None:
    from app.compute import RUNS
    from app.process import listen, serve
    from app.server import create_app
    from tests.app.computing import endless as work  # that of this program has no name elsewhere
    from valor_core.store.engines import store_from

    def begin() -> None:
        run = RUNS.start("anna", work)
        while not (run.done or run.finished):
            time.sleep(0.01)
        print(run._child.pid, flush=True)

    listener = listen(port=0)
    port = listener.getsockname()[1]
    store = store_from(os.environ)
    serve(create_app(store, port=port, background=nullcontext), listener=listener, on_ready=begin)
    store.close()


if __name__ == "__main__":
    serve_while_it_computes()
    sys.exit(0)
