"""The unit of work of one caller: one session, one tenant, one commit or none."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, event, insert, inspect, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.sql.util import find_tables

from valor_core.errors import Conflict, Unavailable
from valor_core.store.engines import Store
from valor_core.store.free_text import clean, clean_row, redactor_of
from valor_core.store.guards import OVERSEEN_TABLES, PLATFORM_TABLES
from valor_core.store.tables import Private, Shared, TenantOwned
from valor_core.values import PLATFORM, SHARED, Caller, micros, utc_now

Row = TypeVar("Row", bound=TenantOwned)


class StoreUnavailable(Unavailable):
    """The database does not answer, or has no room."""

    code = "store_unavailable"

    def __init__(self) -> None:
        super().__init__(
            "The database does not answer right now.",
            hint="Nothing was kept. Try again in a few seconds.",
        )


class AlreadyThere(Conflict):
    """Two acts made the same thing at once; the other one was first."""

    code = "already_there"

    def __init__(self) -> None:
        super().__init__(
            "Somebody else has just made the same thing.", hint="Load it again and look."
        )


class ForeignRow(RuntimeError):
    """A bug: a row of another tenant was about to be written."""


class HalfDone(RuntimeError):
    """A bug: somebody caught the failure of an act and went on in its unit of work."""


class Work:
    """What one caller does in one transaction. Opening it touches no database.

    A read starts a plain transaction; `begin_writing` takes the writer (SQLite) before the first
    write, never on opening: forty requests that wait for the lock would hold every thread.
    """

    def __init__(self, caller: Caller, store: Store, now: datetime | None = None) -> None:
        self.caller, self.store, self.now = caller, store, now or utc_now()
        self.writing = self.broken = False
        self.at_commit: list[Callable[[], object]] = []  # last statements of the transaction
        self.after_commit: list[Callable[[], object]] = []  # what is told once it is kept
        self.after_end: list[Callable[[], object]] = []  # whether it was kept or not
        self.notes: dict[str, Any] = {}
        self.charged: list[Any] = []  # how the quotas stand to which the act was charged
        self.session = TenantSession(store.engine, expire_on_commit=False, autoflush=True)
        self.session.info["tenant_id"] = caller.tenant_id

    @property
    def now_micros(self) -> int:
        """The moment of this work, as it is stored."""
        return micros(self.now)

    def begin_writing(self, *, patience_s: float | None = None) -> None:
        """Before the first write; what was read before is read again, so that nothing is stale."""
        if self.writing:
            return
        self.session.rollback()
        self.session.expire_all()
        if self.store.writer:
            self.store.writer.take(patience_s)
        self.writing = True
        self.session.connection(execution_options={"valor_writes": True})

    @contextmanager
    def acting_as(self, caller: Caller) -> Iterator[None]:
        """In the same transaction as another tenant's caller: for what two logs must tell."""
        assert self.writing, "only an act is told"
        own = self.caller
        self._become(caller)
        try:
            yield
            self.session.flush()
        finally:
            self.caller, self.session.info["tenant_id"] = own, own.tenant_id
        self._become(own)

    def _become(self, caller: Caller) -> None:
        self.session.flush()
        self.caller, self.session.info["tenant_id"] = caller, caller.tenant_id
        _tell_postgres(self.session, None, self.session.connection())

    def see_one_moment(self) -> None:
        """Every read from here to the end sees the database as it is now, however long it takes."""
        assert not self.writing, "a work that writes sees its own writes"
        self.session.rollback()
        if not self.store.is_sqlite:  # there a transaction sees one moment anyway
            self.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})

    def clean(self, value: Any) -> Any:
        """What people wrote, as it may be kept: for what is written by no row of ours."""
        return clean(value, redactor_of(self.caller.tenant_id))

    def note(self, target: str, **details: Any) -> None:
        """What the audit entry of the running act shall say: its target, and details of it."""
        self.notes = {"target": target, "details": details}

    def add_all(self, rows: Sequence[Row]) -> None:
        """Many rows at once, each stamped with the caller's tenant."""
        for row in rows:
            row.tenant_id = self.caller.tenant_id
            clean_row(row, row.tenant_id)
        self.session.add_all(rows)

    def stored(
        self, kind: type[Row], columns: Sequence[ColumnElement[Any]], *those: ColumnElement[bool]
    ) -> Iterator[Sequence[Any]]:
        """Columns of very many rows of the caller's tenant by their key, as the driver tells them.

        Each row would cost half as much again by way of the ORM, which here has nothing to do.
        """
        query = (
            select(*columns)
            .where(kind.tenant_id == self.caller.tenant_id, *those)
            .order_by(*inspect(kind).primary_key)
            .execution_options(yield_per=2000)
        )
        return iter(self.session.connection().execute(query))

    def of_every_tenant(self, query: Select[*tuple[Any, ...]]) -> Sequence[Any]:
        """Rows whatever tenant they are of, for the installation: of what each was granted alone.

        The session's filter is not asked; the list is, and on Postgres its policies.
        """
        asked = {str(table) for table in find_tables(query, check_columns=True)}
        if self.caller.tenant_id != PLATFORM or not asked <= {*PLATFORM_TABLES, *OVERSEEN_TABLES}:
            raise RuntimeError(f"{self.caller.tenant_id} may not read {asked} of every tenant")
        return self.session.connection().execute(query).all()

    def insert_many(self, kind: type[Row], rows: Sequence[Mapping[str, Any]]) -> None:
        """Thousands of rows in one statement, each stamped with the caller's tenant."""
        tenant = self.caller.tenant_id
        if rows:
            self.session.execute(insert(kind), [{**row, "tenant_id": tenant} for row in rows])

    def insert_missing(self, kind: type[Row], rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows whose keys are not there yet; one that is there, or is just being made, stays."""
        add = sqlite.insert(kind) if self.store.is_sqlite else postgresql.insert(kind)
        owned = [{**row, "tenant_id": self.caller.tenant_id} for row in rows]
        self.session.execute(add.values(owned).on_conflict_do_nothing())

    def add_counts(self, kind: type[Row], rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows whose `n` is added to that of the row of the same key, where there is one."""
        add = sqlite.insert(kind) if self.store.is_sqlite else postgresql.insert(kind)
        owned = [{**row, "tenant_id": self.caller.tenant_id} for row in rows]
        counts: Any = kind
        self.session.execute(
            add.values(owned).on_conflict_do_update(
                index_elements=[column.name for column in inspect(kind).primary_key],
                set_={"n": counts.n + add.excluded.n},
            )
        )

    def commit(self) -> None:
        """Writes what belongs to the end of the transaction, then commits."""
        if self.broken:
            raise HalfDone("an act failed in this unit of work, so nothing of it can be kept")
        if not self.writing:
            return
        while self.at_commit:
            self.at_commit.pop(0)()
        self.session.commit()

    def end(self) -> None:
        """Rolls back what was not committed and gives the writer back."""
        try:
            self.session.close()
        finally:
            if self.writing and self.store.writer:
                self.store.writer.give_back()
            self.writing = False


class TenantSession(Session):
    """Adds the tenant to every ORM statement and refuses rows of another one."""


@event.listens_for(TenantSession, "after_begin")
def _tell_postgres(session: Session, _transaction: object, connection: Any) -> None:
    """The tenant of the second lock, for this transaction only."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("SELECT set_config('app.tenant_id', :tenant, true)"),
            {"tenant": session.info["tenant_id"]},
        )


@event.listens_for(TenantSession, "do_orm_execute")
def _only_own(state: ORMExecuteState) -> None:
    if state.is_column_load or state.is_relationship_load:
        return  # with_loader_criteria travels into lazy loads by itself
    tenant = state.session.info["tenant_id"]
    seen = (tenant, SHARED) if state.is_select else (tenant,)
    state.statement = state.statement.options(
        with_loader_criteria(Private, lambda row: row.tenant_id == tenant, include_aliases=True),
        with_loader_criteria(Shared, lambda row: row.tenant_id.in_(seen), include_aliases=True),
    )


@event.listens_for(TenantSession, "before_flush")
def _own_and_clean(session: Session, _context: object, _instances: object) -> None:
    tenant = session.info["tenant_id"]
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, TenantOwned) and row.tenant_id != tenant:
            raise ForeignRow(f"a {type(row).__name__} of another tenant")
    for row in session.dirty:
        clean_row(row, tenant)


@contextmanager
def unit_of_work(caller: Caller, store: Store, now: datetime | None = None) -> Iterator[Work]:
    """Commits once when the block ends well, otherwise not at all."""
    work = Work(caller, store, now)
    committed = False
    try:
        yield work
        work.commit()
        committed = True
    except StaleDataError as error:
        raise AlreadyThere from error
    except IntegrityError as error:
        if _made_twice(error):
            raise AlreadyThere from error
        raise  # a check or a reference that does not hold is a bug
    except (OperationalError, InterfaceError, PoolExhausted) as error:
        if _cause_of(error) == "SQLITE_ERROR":
            raise  # what Postgres calls a programming error: a bug, not an outage
        raise StoreUnavailable from error
    finally:
        work.end()
        for tell in (*(work.after_commit if committed else ()), *work.after_end):
            tell()


_UNIQUE = ("23505", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")


def _made_twice(error: IntegrityError) -> bool:
    return _cause_of(error) in _UNIQUE


def _cause_of(error: SQLAlchemyError) -> str:
    """The code that Postgres or SQLite gives to what happened."""
    cause = getattr(error, "orig", None)
    return getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", "")
