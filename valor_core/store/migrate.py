"""Bringing a database to the schema of this version, and refusing to serve from any other."""

import re
from typing import Any

from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from valor_core.errors import ValorError
from valor_core.settings import ROOT
from valor_core.store.engines import Store, StoreDamaged, postgres_engine, without_password
from valor_core.store.guards import APP_ROLE

SCRIPTS = ROOT / "migrations"


class WrongRevision(ValorError):
    """The database has the schema of another version."""

    code, status = "wrong_revision", 500

    def __init__(self, found: str | None, wanted: str) -> None:
        super().__init__(
            f"The database is at revision {found or 'none'}, this version needs {wanted}.",
            hint="Run: ./valor migrate",
        )


class DatabaseUnreachable(ValorError):
    """The database that the settings name cannot be opened at start."""

    code, status = "database_unreachable", 503

    def __init__(self, where: str, *, setting: str, problem: str) -> None:
        super().__init__(
            f"The database {where} cannot be opened: {problem}.",
            hint=f"See that it is there and lets Valor in, and that {setting} is right.",
        )


class WeakLogin(ValorError):
    """The serving login has not been let in by the owner."""

    code, status = "weak_login", 500

    def __init__(self, login: str) -> None:
        super().__init__(
            f"The serving login {login} may not read this database.",
            hint=f'Let it in, as the owner: GRANT {APP_ROLE} TO "{login}"',
        )


def wanted_revision() -> str:
    """The newest migration, by its file name: asking Alembic itself costs half a second."""
    names = (re.match(r"(\d{4})_", file.name) for file in (SCRIPTS / "versions").glob("*.py"))
    return max(name[1] for name in names if name)


def revision(connection: Connection) -> str | None:
    """The revision of the database; None where it has none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def check_revision(store: Store) -> None:
    """WrongRevision unless the database has the schema of this version."""
    with _reached(store, store.url) as connection:
        if not store.is_sqlite:
            _let_in(connection)
        found = revision(connection)
    if found != wanted_revision():
        raise WrongRevision(found, wanted_revision())


def _reached(store: Store, url: str) -> Connection:
    """A connection at start, where nothing says yet that the settings are right."""
    try:
        return _engine(store, url).connect()
    except StoreDamaged as damaged:
        raise StoreDamaged(store.where) from damaged
    except (DBAPIError, OSError, ValueError) as error:
        if store.is_sqlite:
            where, setting = store.where, "VALOR_DB_PATH or VALOR_HOME"
        else:
            where = without_password(url)
            setting = "DB_URL" if url == store.url else "DB_MIGRATE_URL"
        told = str(error.orig if isinstance(error, DBAPIError) else error)
        problem = told.partition("\n")[0].rstrip(".")
        raise DatabaseUnreachable(where, setting=setting, problem=problem) from error


def _engine(store: Store, url: str) -> Engine:
    """SQLite: the store's own, whose BEGIN makes a migration that fails leave nothing.

    Postgres: plain, for on an empty database there is no app role yet that could be taken.
    """
    return store.engine if store.is_sqlite else postgres_engine(url, poolclass=NullPool)


def _let_in(connection: Connection) -> None:
    login, may = connection.exec_driver_sql(
        "SELECT current_user, coalesce(has_table_privilege(to_regclass('alembic_version'),"
        " 'SELECT'), true)"
    ).one()
    if not may:
        raise WeakLogin(login)


def migrate(store: Store, to: str = "head") -> bool:
    """Upgrades (or downgrades to a revision) as the owner; whether there was anything to do."""
    with _reached(store, store.owner_url) as connection:
        found = revision(connection)
    if found == {"head": wanted_revision(), "base": None}.get(to, to):
        return False
    from alembic import command  # half a second: only where there is something to do
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    if store.writer:
        store.writer.take()
    try:
        with (
            _reached(store, store.owner_url).execution_options(valor_writes=True) as connection,
            connection.begin(),
        ):
            _one_at_a_time(connection)
            config.attributes["connection"] = connection
            act: Any = command.downgrade if _is_below(to, revision(connection)) else command.upgrade
            act(config, to)
    finally:
        if store.writer:
            store.writer.give_back()
    return True


def _is_below(to: str, found: str | None) -> bool:
    return to == "base" or (to != "head" and to < (found or ""))


def _one_at_a_time(connection: Connection) -> None:
    """Two processes that start together migrate one after the other."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7355608)")
