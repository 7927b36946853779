"""What every test may ask for: a fresh database of either kind, two tenants in it, their people.

Databases are migrated and filled once a run and then copied, so that each test has its own.
"""

import atexit
import gc
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from _pytest.doctest import DoctestModule
from sqlalchemy.engine import make_url

from app.fault_server import FaultServer, serving
from tests import forking
from tests.embedded_postgres import EmbeddedPostgres, in_memory
from tests.market import answers
from tests.moulds import (
    CAST,
    Holding,
    Mould,
    PostgresMould,
    SqliteMould,
    Tenant,
    cast,
    closing,
    forget_secrets,
    own_home,
)
from valor_core.settings import ROOT
from valor_core.store.engines import Store
from valor_core.values import new_id
from valor_core.workbench import routing
from valor_core.workbench.verb import use_store

gc.disable()  # nothing that is imported or collected is garbage


# A law is true however busy the machine is. Each run tries other examples, but in CI: what fails
# there is what the change did.
hypothesis.settings.register_profile(
    "valor", deadline=None, max_examples=25, derandomize=bool(os.environ.get("CI"))
)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=500, derandomize=False)
hypothesis.settings.load_profile("valor")

TAKES_LONG = (
    "tests/browser/",
    "tests/faults/test_kill.py",
    "tests/workbooks/test_valuation.py",
    "tests/jobs/",
    "tests/notebooks/",
    "tests/compute/",
    "tests/snapshots/",
    "tests/app/test_",
    "tests/models/test_workings.py",
    "tests/models/simulation/test_compiled.py",
    "tests/pages/test_simulation.py",
    "tests/store/test_drift.py",
    "tests/tenancy/test_rate_limits.py",
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

    def turn(item: pytest.Item) -> int:
        starts = (place for place, start in enumerate(TAKES_LONG) if item.nodeid.startswith(start))
        return next(starts, len(TAKES_LONG))

    items.sort(key=turn)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--together", type=int, default=1, help="run in so many forked processes")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Where several processes run the tests, all start from databases that are cast once."""
    files = forking.by_file(session.items, together=(ROOT / "tests" / "browser",))
    processes = min(session.config.getoption("together"), len(files))
    if processes < 2 or session.testsfailed or session.config.getoption("collectonly"):
        return None
    config: Any = session.config
    made = config.stash[CAST] = cast(config._tmp_path_factory.mktemp("cast"))
    config.pluginmanager.getplugin("terminalreporter").showfspath = False  # dots, files mingle
    who = os.getpid()
    try:
        forking.run(session, files, processes)
    finally:
        if os.getpid() == who:
            made.postgres.server.close()
    return True


def pytest_collection_finish() -> None:
    """What was collected stays until the end: no search for garbage walks over it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 10)  # a page drawn makes thousands of objects that stay a while
    atexit.register(gc.unfreeze)  # else DuckDB is never taken down and prints what it calls leaked


@dataclass(frozen=True, slots=True)
class World:
    """A fresh database, migrated and prepared, with two tenants that must not see each other."""

    store: Store
    acme: Tenant
    rival: Tenant


@pytest.fixture(scope="session", autouse=True)
def _own_home(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[None]:
    home = tmp_path_factory.mktemp("home")
    if made := pytestconfig.stash.get(CAST, None):
        shutil.copytree(made.home, home, dirs_exist_ok=True)
    with own_home(home):
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
    forget_secrets()
    yield
    forget_secrets()


@pytest.fixture(autouse=True)
def _fresh_routers() -> Iterator[None]:
    """What a process learnt of providers is learnt anew in each test."""
    yield
    routing._routers.clear()


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Iterator[EmbeddedPostgres]:
    made = pytestconfig.stash.get(CAST, None)
    with EmbeddedPostgres(like=made.postgres.server if made else None) as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_mould(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config, _own_home: None
) -> Mould:
    made = pytestconfig.stash.get(CAST, None)
    return made.sqlite if made else SqliteMould(tmp_path_factory.mktemp("mould"))


@pytest.fixture(scope="session")
def postgres_mould(
    postgres: EmbeddedPostgres, pytestconfig: pytest.Config, _own_home: None
) -> Mould:
    made = pytestconfig.stash.get(CAST, None)
    return made.postgres.on(postgres) if made else PostgresMould(postgres)


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
