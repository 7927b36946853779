"""What the databases of tests are copies of: two tenants in them, and the book where it is wanted.

Each process casts them when they are first asked for, unless it was forked from one that had cast
them all.
"""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Self

import pytest

from tests.embedded_postgres import EmbeddedPostgres
from valor_core.audit import keys as audit_keys
from valor_core.audit import log as audit
from valor_core.settings import SETTINGS
from valor_core.store.engines import Store
from valor_core.store.migrate import migrate
from valor_core.tenancy import api_keys
from valor_core.values import Caller, Role, TenantId, new_id
from valor_core.workbench import people
from valor_core.workbench.demo import seed_demo
from valor_core.workbench.setup import operator, prepare
from valor_core.workbench.verb import open_work

SERVING = "serving"  # a login that is only a member of the app role


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A tenant and one caller of each role in it; their names are vera, anna and adam."""

    id: TenantId
    slug: str
    viewer: Caller
    analyst: Caller
    admin: Caller

    @property
    def operator(self) -> Caller:
        return operator(self.id)

    @property
    def compliance(self) -> Caller:
        return Caller(tenant_id=self.id, user_id="cleo", role=Role.COMPLIANCE)


class Holding(Enum):
    """What a fresh database begins with."""

    NOTHING = "nothing"
    TENANTS = "tenants"
    BOOK = "book"


class Mould(ABC):
    """What the worlds of one kind of database are cast from."""

    acme: Tenant
    rival: Tenant
    speaking_alike: Callable[[Store], Store]

    @abstractmethod
    def opened(self, folder: Path, holding: Holding) -> Store:
        """A database of its own; a file lies in the folder."""

    def _fill(self, store: Store) -> None:
        migrate(store)
        prepare(store)
        self.acme, self.rival = add_tenant(store, "acme"), add_tenant(store, "rival")
        forget_secrets()  # this may have run in the middle of a test's own set-up
        self.speaking_alike = speaking_as(store)


@dataclass
class SqliteMould(Mould):
    """Files to be copied."""

    folder: Path

    def __post_init__(self) -> None:
        self.empty, self.book = self.folder / "mould.sqlite", self.folder / "book.sqlite"
        with closing(Store(f"sqlite:///{self.empty}")) as store:
            self._fill(store)

    def opened(self, folder: Path, holding: Holding) -> Store:
        if holding is Holding.BOOK and not self.book.exists():
            _bring_the_book(Store(f"sqlite:///{shutil.copyfile(self.empty, self.book)}"))
        if holding is not Holding.NOTHING:
            source = self.book if holding is Holding.BOOK else self.empty
            shutil.copyfile(source, folder / "valor.sqlite")
        return self.speaking_alike(Store(f"sqlite:///{folder / 'valor.sqlite'}"))


@dataclass
class PostgresMould(Mould):
    """Databases to be copied on a server."""

    server: EmbeddedPostgres
    has_book: bool = False

    def __post_init__(self) -> None:
        owner = self.server.create_database("mould")
        migrate(Store(owner))
        with self.server.connect() as connection:
            connection.execute(f"CREATE ROLE {SERVING} LOGIN IN ROLE vx_app")
        with closing(Store(self.server.url("mould", SERVING), owner_url=owner)) as store:
            self._fill(store)

    def on(self, server: EmbeddedPostgres) -> Self:
        """The same on a server that has begun as a copy of this one's."""
        other = copy(self)
        other.server = server
        return other

    def opened(self, folder: Path, holding: Holding) -> Store:
        if holding is Holding.BOOK and not self.has_book:
            _bring_the_book(self._copied("book", "mould"))
            self.has_book = True
        return self._copied(f"db_{new_id()}", TEMPLATES[holding])

    def _copied(self, name: str, template: str) -> Store:
        owner = self.server.create_database(name, template=template)
        return self.speaking_alike(Store(self.server.url(name, SERVING), owner_url=owner))


TEMPLATES = {Holding.NOTHING: "template1", Holding.TENANTS: "mould", Holding.BOOK: "book"}


@dataclass(frozen=True, slots=True)
class Cast:
    """Both moulds with the book in them, one on a stopped server, and the secrets of both."""

    home: Path
    sqlite: SqliteMould
    postgres: PostgresMould


CAST = pytest.StashKey[Cast]()


def cast(folder: Path) -> Cast:
    """Everything that the tests of several processes start from; whose it is closes the server."""
    home = folder / "home"
    home.mkdir()
    with own_home(home), pytest.MonkeyPatch.context() as patch:
        patch.setenv("VALOR_CHECKPOINTS", str(folder / "checkpoints"))
        server = EmbeddedPostgres()
        server.open()
        moulds = Cast(home, SqliteMould(folder), PostgresMould(server))
        for mould in (moulds.sqlite, moulds.postgres):
            mould.opened(folder, Holding.BOOK).close()
    server.stop()
    return moulds


@contextmanager
def own_home(home: Path) -> Iterator[None]:
    """No test reads the settings, or touches the data, of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        for setting in SETTINGS:
            patch.delenv(setting.name, raising=False)
        patch.setenv("VALOR_HOME", str(home))
        patch.setenv("VALOR_CHROMIUM", "none")  # printing costs seconds: one test is about it
        yield


def forget_secrets() -> None:
    """Secrets are read once a process; here that means once a test."""
    audit.keys.cache_clear()
    audit_keys.signing_keys.cache_clear()
    api_keys._pepper.cache_clear()


def speaking_as(store: Store) -> Callable[[Store], Store]:
    """What SQLAlchemy has once put into SQL for this database serves every copy of it."""
    dialect, statements = store.engine.dialect, {}

    def speaking_alike(copy: Store) -> Store:
        copy.engine.dialect = dialect
        copy.engine.update_execution_options(compiled_cache=statements)
        return copy

    return speaking_alike


def add_tenant(store: Store, slug: str) -> Tenant:
    """A tenant made as `valor tenants add` and `valor members add` make it: the same verbs, as the
    operator; `tests/app/test_cli.py` holds that both leave the same log."""
    tenant_id = people.tenant_for(slug)
    caller = operator(tenant_id)
    with open_work(caller, store) as work:
        people.add_tenant(work, slug)
    members = {}
    for role, name in ((Role.VIEWER, "vera"), (Role.ANALYST, "anna"), (Role.ADMIN, "adam")):
        with open_work(caller, store) as work:
            row = people.add_member(work, name, role)
        members[role.value] = Caller(tenant_id=tenant_id, user_id=row.user_id, role=role)
    return Tenant(id=tenant_id, slug=slug, **members)


def _bring_the_book(store: Store) -> None:
    with closing(store):
        seed_demo(store)
    forget_secrets()


@contextmanager
def closing(store: Store) -> Iterator[Store]:
    try:
        yield store
    finally:
        store.close()
