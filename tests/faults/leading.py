"""A process that takes in feeds until it is killed: `python -m tests.faults.leading URL TENANT`."""

import sys
import threading
import time

from jobs.feeding import Feeding
from valor_core.store.engines import Store
from valor_core.values import TenantId
from valor_core.workbench.verb import use_store


def main() -> None:
    """Looks for feeds that nobody leads, for ever."""
    store = Store(sys.argv[1])
    use_store(store)
    feeds = Feeding(store, threading.Event())
    while True:
        feeds.look([TenantId(sys.argv[2])])
        time.sleep(0.2)


if __name__ == "__main__":
    main()
