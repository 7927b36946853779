"""The two databases behind one `Store`: embedded SQLite by default, Postgres by DB_URL."""

import errno
import os
import re
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError

from valor_core.errors import BadInput, ValorError
from valor_core.settings import ROOT, BadSetting, home, setting
from valor_core.store.folders import private_folder
from valor_core.store.guards import APP_ROLE
from valor_core.store.writer import Writer
from valor_core.telemetry import log

BUSY_S = 30
CONNECT_S = 10  # until a Postgres that does not answer is given up
MADE_WITH_IT = ("secrets", "snapshots", "reports", "checkpoints")
"""Folders of VALOR_HOME that fill only once there is a database."""


class StrongLogin(ValorError):
    """The serving login could see every tenant."""

    code, status = "strong_login", 500

    def __init__(self, role: str) -> None:
        super().__init__(
            f"The serving login is or can become {role}, which row-level security does not hold.",
            hint=f"Serve by a login that is only a member of {APP_ROLE}.",
        )


class DatabaseGone(ValorError):
    """The database file is not there, but what was made with it is."""

    code, status = "database_gone", 500

    def __init__(self, file: Path, *, left: Path) -> None:
        super().__init__(
            f"The database {file} is gone or empty, though {left} was made with one.",
            hint="Restore it from a backup, or set VALOR_DB_PATH or DB_URL if it lies elsewhere; "
            "to begin anew, move the folder VALOR_HOME away.",
        )


class StoreDamaged(ValorError):
    """The file of the embedded database is no longer what was written."""

    code, status = "store_damaged", 503

    def __init__(self, where: str = "") -> None:
        super().__init__(
            f"The database {where} is damaged." if where else "The database is damaged.",
            hint="Stop Valor and restore the file (VALOR_DB_PATH, else valor.sqlite in VALOR_HOME) "
            "from a backup.",
        )


class BadText(BadInput):
    """Text that no database of ours can hold; both answer alike."""

    code = "bad_text"

    def __init__(self, text: str) -> None:
        super().__init__(
            f"The text {text[:40]!r} holds a character that cannot be kept.",
            hint="Take out NUL characters and whatever is not valid Unicode.",
        )


class Store:
    """An open database: its engine, and on SQLite the writer. `owner` is for migrations only."""

    def __init__(self, url: str, *, owner_url: str = "") -> None:
        self.url = normal_url(url)
        self.owner_url = normal_url(owner_url or url)
        self.is_sqlite = self.url.startswith("sqlite")
        self.writer = Writer(Path(make_url(self.url).database or "")) if self.is_sqlite else None
        self.engine = _sqlite(self.url) if self.is_sqlite else _postgres(self.url)
        event.listen(self.engine, "before_cursor_execute", _only_text_that_can_be_kept)

    @property
    def where(self) -> str:
        """For people: the file, or the server without its password."""
        return str(make_url(self.url).database) if self.is_sqlite else without_password(self.url)

    def forget_what_was_freed(self) -> bool:
        """Has what was overwritten gone from the embedded database's journal too.

        False while a reader still needs the journal; Postgres keeps its own journal its own time.
        """
        if not self.writer:
            return False
        self.writer.take()
        try:
            with self.engine.connect() as connection:
                raw: Any = connection.connection.driver_connection
                busy, *_ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            self.writer.give_back()
        return not busy

    def close(self) -> None:
        """Closes every connection."""
        self.engine.dispose()


def store_from(environment: Mapping[str, str]) -> Store:
    """The database that the settings name."""
    folder = home(environment)
    with _usable("VALOR_HOME", environment):
        private_folder(folder)
    if url := setting("DB_URL", environment):
        owner_url = setting("DB_MIGRATE_URL", environment)
        for name, each in (("DB_URL", url), ("DB_MIGRATE_URL", owner_url or url)):
            _check_server(name, each)
        return Store(url, owner_url=owner_url)
    path = setting("VALOR_DB_PATH", environment)
    file = (ROOT / path) if path else folder / "valor.sqlite"
    with _usable("VALOR_DB_PATH" if path else "VALOR_HOME", environment):
        _lay_out(file, folder)
    return Store(str(URL.create("sqlite", database=str(file))))


def _lay_out(file: Path, folder: Path) -> None:
    """The file and its folder, private; DatabaseGone where an installation has lost it."""
    private_folder(file.parent)
    if file.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not file.exists() or not file.stat().st_size:
        made = [file.with_name(f"{file.name}.writer")]
        made += [each for part in MADE_WITH_IT for each in (folder / part).rglob("*")]
        for left in made:
            if left.is_file():
                raise DatabaseGone(file, left=left)
        file.touch(mode=0o600)  # what SQLite puts beside it gets the same mode


@contextmanager
def _usable(name: str, environment: Mapping[str, str]) -> Iterator[None]:
    """The system's refusal of a path as the fault of the setting that names it."""
    try:
        yield
    except OSError as refused:
        raise BadSetting(
            name,
            setting(name, environment),
            problem=f"cannot be used: {refused.strerror}",
            hint="Name a place where Valor may make its files, or make this one fit.",
        ) from refused


def _check_server(name: str, url: str) -> None:
    try:
        known = make_url(normal_url(url)).drivername == "postgresql+psycopg"
    except (ArgumentError, ValueError):
        known = False
    if not known:
        raise BadSetting(
            name,
            without_password(url),
            problem="is no address of a Postgres database",
            hint="Write postgres://user:password@host:5432/database, with %40 for an @ in a "
            "password; the embedded database is named by VALOR_DB_PATH.",
        )


def without_password(url: str) -> str:
    """The address for people; of one that cannot be read, only what is surely no password.

    >>> without_password("postgres://valor:hunter2@db:abc/valor")
    'postgres://…@db:abc/valor'
    >>> without_password("postgres://valor:hunter2")
    'postgres://…'
    """
    try:
        read = make_url(normal_url(url))
        return read.difference_update_query(["password", "sslpassword"]).render_as_string()
    except (ArgumentError, ValueError):
        parts = re.match(r"(\w[\w+]*://)?(?:[^@?]*@([^@?]+)$|([^@?:]+)$)?", url)
        scheme, behind_user, without_user = parts.groups("") if parts else ("", "", "")
        return scheme + (f"…@{behind_user}" if behind_user else without_user or "…")


def normal_url(url: str) -> str:
    """Users write postgres://, SQLAlchemy wants the driver named.

    >>> normal_url("postgres://db/valor")
    'postgresql+psycopg://db/valor'
    """
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _only_text_that_can_be_kept(
    _connection: object, _cursor: object, _statement: str, parameters: Any, *rest: Any
) -> None:
    """SQLite keeps a NUL and finds half the text again, Postgres refuses it: here both refuse."""
    many = rest[-1]
    for row in parameters if many else (parameters,):
        values: Sequence[Any] = tuple(row.values()) if isinstance(row, Mapping) else row or ()
        for value in values:
            if isinstance(value, str) and ("\0" in value or not _is_unicode(value)):
                raise BadText(value)


def _is_unicode(text: str) -> bool:
    """False where bytes that are no UTF-8, or half a pair, stand in it as surrogates."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _sqlite(url: str) -> Engine:
    engine = create_engine(
        url,
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": BUSY_S},
        pool_size=20,
        max_overflow=60,
    )

    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: object) -> None:
        _turn_on_wal(connection)
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("valor_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    @event.listens_for(engine, "handle_error")
    def _damaged(context: ExceptionContext) -> None:
        code = getattr(context.original_exception, "sqlite_errorcode", 0)
        if code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise StoreDamaged

    return engine


def _turn_on_wal(connection: Any) -> None:
    """The journal that lets readers read on; a file keeps it once it is on.

    Of several processes that open a fresh file SQLite refuses all but one at once, whatever the
    time-out of the connection: each would wait for the other.
    """
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def postgres_engine(url: str, **options: Any) -> Engine:
    """An engine that gives up a server which does not answer, where the address says no time."""
    stated = "connect_timeout" in make_url(url).query
    patience = {} if stated else {"connect_timeout": CONNECT_S}
    return create_engine(url, connect_args=patience, **options)


def _postgres(url: str) -> Engine:
    engine = postgres_engine(url, pool_size=20, max_overflow=20, pool_pre_ping=True)

    @event.listens_for(engine, "connect")
    def _drop_to_app_role(connection: Any, _record: object) -> None:
        """An owner's or superuser's login serves as the app role all the same."""
        with connection.cursor() as cursor:
            if _strong(cursor, "session_user"):
                cursor.execute(f"SET ROLE {APP_ROLE}")
        connection.commit()

    return engine


def check_login(store: Store) -> None:
    """At start: StrongLogin unless the connections are held by row-level security."""
    if store.is_sqlite:
        return
    with store.engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        with raw.cursor() as cursor:
            if role := _strong(cursor, "current_user"):
                raise StrongLogin(role)
            if role := _strong(cursor, "session_user"):
                log.warning(
                    "serving by the owner's login",
                    owner=role,
                    hint=f"each connection drops to {APP_ROLE}; two logins are the stronger wall: "
                    "DB_MIGRATE_URL for the owner, DB_URL for a member of the app role",
                )


def _strong(cursor: Any, user: str) -> str | None:
    """The role that row-level security does not hold and that this user is or can become."""
    cursor.execute(
        f"""SELECT rolname FROM pg_roles
            WHERE (rolsuper OR rolbypassrls OR oid IN (SELECT relowner FROM pg_class
                   WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace))
              AND pg_has_role({user}, oid, 'MEMBER') ORDER BY rolname LIMIT 1"""  # noqa: S608
    )
    row = cursor.fetchone()
    return row[0] if row else None
