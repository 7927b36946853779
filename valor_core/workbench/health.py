"""How the installation stands, as far as anybody who works in it may know."""

from dataclasses import dataclass
from datetime import datetime

from valor_core.snapshots import catalogue
from valor_core.store import migrate
from valor_core.store.work import Work
from valor_core.values import from_micros
from valor_core.workbench.verb import view


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The database, its schema, and the newest snapshot of the tenant."""

    database: str
    revision: str | None
    wanted_revision: str
    snapshot_at: datetime | None

    @property
    def is_current(self) -> bool:
        """Whether the database has the schema of this version."""
        return self.revision == self.wanted_revision


@view("health.read")
def health(work: Work) -> Health:
    """How the database stands; that it answers at all shows in the answer."""
    newest = catalogue.snapshots(work, limit=1)
    return Health(
        database="SQLite" if work.store.is_sqlite else "PostgreSQL",
        revision=migrate.revision(work.session.connection()),
        wanted_revision=migrate.wanted_revision(),
        snapshot_at=from_micros(newest[0].created_at) if newest else None,
    )
