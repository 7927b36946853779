"""A database for a moment: this version's tables, empty, gone when the block ends."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from valor_core.store.engines import Store
from valor_core.store.tables import Base


@contextmanager
def scratch_store() -> Iterator[Store]:
    """An empty database of one process; nobody else ever sees it."""
    with tempfile.TemporaryDirectory(prefix="valor-") as folder:
        store = Store(f"sqlite:///{Path(folder) / 'scratch.sqlite'}")
        Base.metadata.create_all(store.engine)
        try:
            yield store
        finally:
            store.close()
