"""Which tenants the database knows of, past the filter of tenants: their ids and nothing else."""

from dataclasses import dataclass

from sqlalchemy import text

from valor_core.store.work import Work

_LOGGED = "SELECT tenant_id AS id FROM audit_heads UNION SELECT tenant_id FROM audit_logs"


@dataclass(frozen=True, slots=True)
class Census:
    """The tenants that are registered, and those that have a head or entries of a log."""

    registered: frozenset[str]
    logged: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        """Every tenant that is to be found anywhere."""
        return self.registered | self.logged


def census(work: Work) -> Census:
    """Counts the tenants; in Postgres a function of the owner's tells whose logs there are."""
    logged = _LOGGED if work.store.is_sqlite else "SELECT id FROM tenants_with_logs() AS id"
    return Census(_ids(work, "SELECT id FROM tenants"), _ids(work, logged))


def _ids(work: Work, query: str) -> frozenset[str]:
    """As bytes where the database may hold what is no UTF-8: an edited id hides no other."""
    if not work.store.is_sqlite:
        return frozenset(work.session.scalars(text(query)))
    as_bytes = text(f"SELECT CAST(id AS BLOB) FROM ({query})")  # noqa: S608  our own two queries
    raws = work.session.scalars(as_bytes)
    return frozenset(raw.decode(errors="backslashreplace") for raw in raws)
