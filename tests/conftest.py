"""What every test may ask for: a fresh database of either kind, two tenants in it, their people.

Databases are migrated and filled once a run and then copied, so that each test has its own.
"""

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

import hypothesis
import pytest
from _pytest.doctest import DoctestModule
from sqlalchemy.engine import make_url

from app.fault_server import FaultServer, serving
from tests.embedded_postgres import EmbeddedPostgres, in_memory
from tests.market import answers
from valor_core.audit import keys as audit_keys
from valor_core.audit import log as audit
from valor_core.settings import SETTINGS
from valor_core.store.engines import Store
from valor_core.store.migrate import migrate
from valor_core.tenancy import api_keys
from valor_core.values import Caller, Role, TenantId, new_id
from valor_core.workbench import people, routing
from valor_core.workbench.demo import seed_demo
from valor_core.workbench.setup import operator, prepare
from valor_core.workbench.verb import open_work, use_store

gc.disable()  # nothing that is imported or collected is garbage
SERVING = "serving"  # a login that is only a member of the app role


# A law is true however busy the machine is. Each run tries other examples, but in CI: what fails
# there is what the change did.
hypothesis.settings.register_profile(
    "valor", deadline=None, max_examples=25, derandomize=bool(os.environ.get("CI"))
)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=500, derandomize=False)
hypothesis.settings.load_profile("valor")

TAKES_LONG = (
    "tests/faults/",
    "tests/workbooks/",
    "tests/browser/",
    "tests/jobs/",
    "tests/notebooks/",
    "tests/compute/",
    "tests/snapshots/",
    "tests/app/test_",
    "tests/models/test_workings.py",
    "tests/pages/test_simulation.py",
    "tests/test_house.py",
)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """From here on there may be garbage, also in the process that hands the tests out."""
    try:
        return (yield)
    finally:
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_collect_file() -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Docstrings of tests hold no examples: nobody looks for them."""
    return [each for each in (yield) if not isinstance(each, DoctestModule)]


@pytest.hookimpl(trylast=True)  # after the shuffling
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first: nothing then runs alone at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(TAKES_LONG))


def pytest_collection_finish() -> None:
    """What was collected stays until the end: no search for garbage walks over it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 10)  # a page drawn makes thousands of objects that stay a while


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    gc.unfreeze()  # else DuckDB is never taken down and prints all that it calls leaked


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


@dataclass(frozen=True, slots=True)
class World:
    """A fresh database, migrated and prepared, with two tenants that must not see each other."""

    store: Store
    acme: Tenant
    rival: Tenant


class Holding(Enum):
    """What a fresh database begins with."""

    NOTHING = "nothing"
    TENANTS = "tenants"
    BOOK = "book"


@dataclass(frozen=True, slots=True)
class Mould:
    """What the worlds of one kind of database are cast from."""

    opened: Callable[[Path, Holding], Store]  # a database in that folder
    acme: Tenant
    rival: Tenant


@pytest.fixture(scope="session", autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads the settings, or touches the data, of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        for setting in SETTINGS:
            patch.delenv(setting.name, raising=False)
        patch.setenv("VALOR_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("VALOR_CHROMIUM", "none")  # printing costs seconds: one test is about it
        yield


@pytest.fixture(autouse=True)
def _own_checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Databases are copies of one, so the checkpoints of one test's log would belie another's."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.getbasetemp() / "checkpoints" / new_id()
        patch.setenv("VALOR_CHECKPOINTS", str(folder))
        yield


@pytest.fixture(autouse=True)
def _fresh_secrets() -> Iterator[None]:
    """Secrets are read once a process; here that means once a test."""
    _forget_secrets()
    yield
    _forget_secrets()


@pytest.fixture(autouse=True)
def _fresh_routers() -> Iterator[None]:
    """What a process learnt of providers is learnt anew in each test."""
    yield
    routing._routers.clear()


def _forget_secrets() -> None:
    audit.keys.cache_clear()
    audit_keys.signing_keys.cache_clear()
    api_keys._pepper.cache_clear()


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres() as server:
        with server.connect() as connection:
            connection.execute(f"CREATE ROLE {SERVING} LOGIN")
        yield server


@pytest.fixture(scope="session")
def sqlite_mould(tmp_path_factory: pytest.TempPathFactory, _own_home: None) -> Mould:
    file = tmp_path_factory.mktemp("mould") / "valor.sqlite"
    with closing(Store(f"sqlite:///{file}")) as store:
        tenants = _filled(store)
        speaking_alike = speaking_as(store)

    @cache
    def with_the_book() -> Path:
        copy = Path(shutil.copyfile(file, file.with_name("book.sqlite")))
        with closing(Store(f"sqlite:///{copy}")) as store:
            _bring_the_book(store)
        return copy

    def opened(folder: Path, holding: Holding) -> Store:
        if holding is not Holding.NOTHING:
            source = with_the_book() if holding is Holding.BOOK else file
            shutil.copyfile(source, folder / "valor.sqlite")
        return speaking_alike(Store(f"sqlite:///{folder / 'valor.sqlite'}"))

    return Mould(opened, *tenants)


@pytest.fixture(scope="session")
def postgres_mould(postgres: EmbeddedPostgres, _own_home: None) -> Mould:
    owner = postgres.create_database("mould")
    migrate(Store(owner))
    with postgres.connect() as connection:
        connection.execute(f"GRANT vx_app TO {SERVING}")
    with closing(Store(postgres.url("mould", SERVING), owner_url=owner)) as store:
        tenants = _filled(store)
        speaking_alike = speaking_as(store)

    def copy(name: str, template: str) -> Store:
        owner = postgres.create_database(name, template=template)
        return speaking_alike(Store(postgres.url(name, SERVING), owner_url=owner))

    @cache
    def with_the_book() -> str:
        with closing(copy("book", "mould")) as store:
            _bring_the_book(store)
        return "book"

    def opened(_folder: Path, holding: Holding) -> Store:
        template = {Holding.NOTHING: "template1", Holding.TENANTS: "mould"}.get(holding)
        return copy(f"db_{new_id()}", template or with_the_book())

    return Mould(opened, *tenants)


def _filled(store: Store) -> tuple[Tenant, Tenant]:
    migrate(store)
    prepare(store)
    tenants = add_tenant(store, "acme"), add_tenant(store, "rival")
    _forget_secrets()  # this may have run in the middle of a test's own set-up
    return tenants


def speaking_as(store: Store) -> Callable[[Store], Store]:
    """What SQLAlchemy has once put into SQL for this database serves every copy of it."""
    dialect, statements = store.engine.dialect, {}

    def speaking_alike(copy: Store) -> Store:
        copy.engine.dialect = dialect
        copy.engine.update_execution_options(compiled_cache=statements)
        return copy

    return speaking_alike


def _bring_the_book(store: Store) -> None:
    seed_demo(store)
    _forget_secrets()


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


BOTH = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))
ONLY_SQLITE = pytest.mark.parametrize("mould", BOTH[:1], indirect=True)
ONLY_POSTGRES = pytest.mark.parametrize("mould", BOTH[1:], indirect=True)


@pytest.fixture(params=BOTH)
def mould(request: pytest.FixtureRequest) -> Mould:
    return request.getfixturevalue(f"{request.param}_mould")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for a database that need not outlive the test."""
    with tempfile.TemporaryDirectory(prefix="valor", dir=in_memory()) as name:
        yield Path(name)


@pytest.fixture
def world(mould: Mould, request: pytest.FixtureRequest, folder: Path) -> Iterator[World]:
    holding = Holding.BOOK if "book" in request.fixturenames else Holding.TENANTS
    with in_use(mould.opened(folder, holding), request) as store:
        yield World(store, mould.acme, mould.rival)


@pytest.fixture
def book(world: World) -> World:
    """The world of a test that asks for it was cast with the demo book in it."""
    return world


@pytest.fixture
def store(world: World) -> Store:
    """A fresh database of either kind, migrated and prepared."""
    return world.store


@pytest.fixture
def acme(world: World) -> Tenant:
    return world.acme


@pytest.fixture
def rival(world: World) -> Tenant:
    return world.rival


@pytest.fixture
def empty_store(mould: Mould, request: pytest.FixtureRequest, folder: Path) -> Iterator[Store]:
    """A fresh database of either kind in which nothing stands."""
    with in_use(mould.opened(folder, Holding.NOTHING), request) as store:
        yield store


@pytest.fixture
def sec(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    """A server that stands in for the SEC's and knows Apple alone."""
    with serving(answers.edgar, wrong=answers.edgar_of_another) as server:
        monkeypatch.setenv("VALOR_SEC_URL", server.url)
        monkeypatch.setenv("VALOR_SEC_DATA_URL", server.url)
        monkeypatch.setenv("VALOR_DATA_LOOPBACK", "1")
        monkeypatch.setenv("VALOR_DATA_CONTACT", "Acme data@acme.example")
        yield server


@contextmanager
def closing(store: Store) -> Iterator[Store]:
    try:
        yield store
    finally:
        store.close()


@contextmanager
def in_use(store: Store, request: pytest.FixtureRequest) -> Iterator[Store]:
    """The database of this process for one test; afterwards its connections are closed."""
    use_store(store)
    try:
        with closing(store):
            yield store
    finally:
        use_store(None)
        if not store.is_sqlite:
            server: EmbeddedPostgres = request.getfixturevalue("postgres")
            name = make_url(store.owner_url).database
            with server.connect() as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
