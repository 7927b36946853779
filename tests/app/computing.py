"""The application with work in a process of its own, until it is told to stop."""

import os
import sys
from contextlib import nullcontext

from app.compute import RUNS
from app.process import listen, serve
from app.server import create_app
from tests.app.endless import begun, pid_of
from valor_core.store.engines import store_from

if __name__ == "__main__":
    listener, store = listen(port=0), store_from(os.environ)
    app = create_app(store, port=listener.getsockname()[1], background=nullcontext)
    serve(app, listener=listener, on_ready=lambda: print(pid_of(begun(RUNS)), flush=True))
    store.close()
    sys.exit(0)
