"""The two databases behind one `Store`: embedded SQLite by default, Postgres by DB_URL."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

from valor_core.errors import ValorError
from valor_core.settings import ROOT, home, setting
from valor_core.store.guards import APP_ROLE
from valor_core.store.writer import Writer
from valor_core.telemetry import log


class StrongLogin(ValorError):
    """The serving login could see every tenant."""

    code, status = "strong_login", 500

    def __init__(self, role: str) -> None:
        super().__init__(
            f"The serving login is or can become {role}, which row-level security does not hold.",
            hint=f"Serve by a login that is only a member of {APP_ROLE}.",
        )


class Store:
    """An open database: its engine, and on SQLite the writer. `owner` is for migrations only."""

    def __init__(self, url: str, *, owner_url: str = "") -> None:
        self.url = normal_url(url)
        self.owner_url = normal_url(owner_url or url)
        self.is_sqlite = self.url.startswith("sqlite")
        self.writer = Writer(Path(make_url(self.url).database or "")) if self.is_sqlite else None
        self.engine = _sqlite(self.url) if self.is_sqlite else _postgres(self.url)

    @property
    def where(self) -> str:
        """For people: the file, or the server without its password."""
        url = make_url(self.url)
        return str(url.database) if self.is_sqlite else url.render_as_string(hide_password=True)

    def close(self) -> None:
        """Closes every connection."""
        self.engine.dispose()


def store_from(environment: Mapping[str, str]) -> Store:
    """The database that the settings name."""
    if url := setting("DB_URL", environment):
        return Store(url, owner_url=setting("DB_MIGRATE_URL", environment))
    path = setting("VALOR_DB_PATH", environment)
    file = (ROOT / path) if path else home(environment) / "valor.sqlite"
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Store(f"sqlite:///{file}")


def normal_url(url: str) -> str:
    """Users write postgres://, SQLAlchemy wants the driver named.

    >>> normal_url("postgres://db/valor")
    'postgresql+psycopg://db/valor'
    """
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _sqlite(url: str) -> Engine:
    engine = create_engine(
        url,
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": 30},
        pool_size=20,
        max_overflow=60,
    )

    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON",
                       "secure_delete=ON", "busy_timeout=30000"):  # fmt: skip
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("valor_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgres(url: str) -> Engine:
    engine = create_engine(url, pool_size=20, max_overflow=20, pool_pre_ping=True)

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
