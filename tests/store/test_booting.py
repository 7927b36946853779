"""From nothing to serving: both databases, one login or two, and the logins that are refused."""

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from tests.conftest import ONLY_POSTGRES
from tests.embedded_postgres import EmbeddedPostgres
from tests.moulds import Holding, add_tenant, closing
from valor_core.store.engines import (
    DatabaseGone,
    Store,
    StrongLogin,
    check_login,
    normal_url,
    store_from,
)
from valor_core.store.folders import private_folder
from valor_core.store.migrate import WeakLogin, WrongRevision, check_revision, migrate
from valor_core.store.tables import TenantRow
from valor_core.store.work import unit_of_work
from valor_core.workbench import people
from valor_core.workbench.setup import PLATFORM, operator, prepare
from valor_core.workbench.verb import open_work


@pytest.fixture(scope="module")
def fresh():
    """A server of its own: the app role belongs to the whole server, so it must not be there."""
    with EmbeddedPostgres() as server:
        yield server


@pytest.fixture(scope="module")
def bare():
    """Another one, on which no app role stays behind."""
    with EmbeddedPostgres() as server:
        yield server


def boots(environment: dict[str, str]) -> Store:
    """What `valor serve` does before it listens."""
    store = store_from(environment)
    with pytest.raises(WrongRevision, match="none"):
        check_revision(store)
    assert migrate(store)
    return store


def serves(store: Store) -> None:
    check_revision(store)
    check_login(store)
    prepare(store)
    acme, rival = add_tenant(store, "acme"), add_tenant(store, "rival")
    for tenant in (acme, rival):
        with open_work(tenant.admin, store) as work:
            assert [m.user_id for m in people.list_members(work)] == [
                caller.user_id for caller in (tenant.admin, tenant.analyst, tenant.viewer)
            ]
    if not store.is_sqlite:
        with store.engine.connect() as connection:  # no tenant told: nobody's rows
            assert connection.exec_driver_sql("SELECT * FROM memberships").all() == []


def test_the_embedded_database_boots_in_a_folder_that_is_not_there_yet(tmp_path):
    home = tmp_path / "new" / "home"
    with closing(boots({"VALOR_HOME": str(home)})) as store:
        serves(store)

    assert (home / "valor.sqlite").exists()
    assert home.stat().st_mode & 0o077 == 0


@pytest.mark.postgres
def test_postgres_boots_by_its_superusers_login_alone_and_says_what_is_stronger(fresh, capsys):
    fresh.create_database("one")
    with closing(boots({"DB_URL": fresh.url("one")})) as store:
        serves(store)
        with store.engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT current_user").scalar() == "vx_app"

    said = capsys.readouterr()
    assert "two logins are the stronger wall" in said.out + said.err


@pytest.mark.postgres
def test_postgres_boots_by_the_login_of_an_owner_that_is_no_superuser(bare):
    with bare.connect() as connection:
        connection.execute("CREATE ROLE landlord LOGIN CREATEROLE")
        connection.execute("CREATE DATABASE house OWNER landlord")

    with closing(boots({"DB_URL": bare.url("house", "landlord")})) as store:
        serves(store)

    with bare.connect() as connection:
        connection.execute("DROP DATABASE house WITH (FORCE)")
        connection.execute("DROP ROLE vx_app, landlord")


@pytest.mark.postgres
def test_postgres_boots_by_two_logins_and_has_nothing_to_warn_of(fresh, capsys):
    fresh.create_database("three")
    with fresh.connect() as connection:
        connection.execute("CREATE ROLE tenantry LOGIN")
    environment = {
        "DB_URL": fresh.url("three", "tenantry").replace("postgresql+psycopg", "postgres"),
        "DB_MIGRATE_URL": fresh.url("three"),
    }

    with closing(boots(environment)) as store:
        with pytest.raises(WeakLogin, match="tenantry") as refused:
            check_revision(store)
        assert refused.value.hint == 'Let it in, as the owner: GRANT vx_app TO "tenantry"'
        with fresh.connect() as connection:
            connection.execute("GRANT vx_app TO tenantry")
        serves(store)

    said = capsys.readouterr()
    assert "stronger wall" not in said.out + said.err


@ONLY_POSTGRES
@pytest.mark.parametrize("strength", ["BYPASSRLS", "SUPERUSER"])
def test_a_login_that_row_security_does_not_hold_is_dropped_to_the_app_role(
    store, postgres, strength
):
    """S19."""
    with postgres.connect() as connection:
        connection.execute(f"CREATE ROLE strong LOGIN {strength} IN ROLE vx_app".encode())
    try:
        url = store.url.replace("serving@", "strong@")
        with closing(Store(url)) as strong, strong.engine.connect() as connection:
            check_login(strong)
            assert connection.exec_driver_sql("SELECT current_user").scalar() == "vx_app"
            assert connection.exec_driver_sql("SELECT * FROM audit_logs").all() == []
    finally:
        with postgres.connect() as connection:
            connection.execute("DROP ROLE strong")


@ONLY_POSTGRES
def test_an_app_role_that_has_become_strong_is_refused_at_start(store, postgres):
    with postgres.connect() as connection:
        connection.execute("ALTER ROLE vx_app BYPASSRLS")
    try:
        with pytest.raises(StrongLogin, match="vx_app") as refused:
            check_login(store)
    finally:
        with postgres.connect() as connection:
            connection.execute("ALTER ROLE vx_app NOBYPASSRLS")

    assert refused.value.hint
    check_login(store)


@ONLY_POSTGRES
def test_a_strong_login_that_cannot_drop_serves_nothing(store, postgres):
    with postgres.connect() as connection:
        connection.execute("CREATE ROLE loner LOGIN BYPASSRLS")  # no member of the app role
    try:
        with (
            closing(Store(store.url.replace("serving@", "loner@"))) as strong,
            pytest.raises(DBAPIError, match="permission denied to set role"),
        ):
            check_login(strong)
    finally:
        with postgres.connect() as connection:
            connection.execute("DROP ROLE loner")


def test_processes_that_start_together_migrate_once_and_prepare_once(mould, tmp_path):
    first = mould.opened(tmp_path, Holding.NOTHING)
    stores = [first, *(Store(first.url, owner_url=first.owner_url) for _ in range(2))]
    start = threading.Barrier(3)

    def boot(store: Store) -> None:
        try:
            for act in (migrate, prepare):
                start.wait()
                act(store)
        except BaseException:
            start.abort()  # whoever waits for this one would wait for ever
            raise

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(boot, stores))

    with unit_of_work(operator(PLATFORM), first) as work:
        found = work.session.scalars(select(TenantRow.id).order_by(TenantRow.id)).all()
    for store in stores:
        check_revision(store)
        store.close()
    assert found == ["platform", "shared"]


def test_a_fresh_file_lets_in_all_who_open_it_at_once(tmp_path):
    def opened(place: int) -> list[str]:
        stores = [Store(f"sqlite:///{tmp_path / str(place)}") for _ in range(3)]
        start = threading.Barrier(3)

        def journal(store: Store) -> str:
            start.wait()
            with closing(store), store.engine.connect() as connection:
                return str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())

        with ThreadPoolExecutor(3) as pool:
            return list(pool.map(journal, stores))

    assert {mode for place in range(30) for mode in opened(place)} == {"wal"}


def test_preparing_again_changes_nothing(store):
    def seen() -> str:
        with unit_of_work(operator(PLATFORM), store) as work:
            rows = work.session.scalars(select(TenantRow).order_by(TenantRow.id))
            return json.dumps([(row.id, row.created_at) for row in rows])

    before = seen()
    prepare(store)

    assert seen() == before


def test_where_a_database_is_can_be_said_without_its_password():
    store = Store("postgres://valor:hunter2@db.internal/valor")

    assert "hunter2" not in store.where
    assert re.search(r"valor:\*+@db\.internal/valor", store.where)
    assert normal_url("sqlite:///x") == "sqlite:///x"


@pytest.mark.postgres
def test_a_strong_login_serves_nothing_while_there_is_no_app_role_to_drop_to(bare):
    with closing(Store(bare.url())) as store:
        with pytest.raises(DBAPIError, match='role "vx_app" does not exist'):
            check_login(store)
        with pytest.raises(WrongRevision):
            check_revision(store)


@pytest.mark.parametrize("emptied", [False, True])
@pytest.mark.parametrize(
    "left", ["secrets/audit_hmac_secret", "snapshots/a/b.parquet", "reports/r"]
)
def test_a_database_that_is_gone_is_not_quietly_begun_anew(tmp_path, left, emptied):
    (tmp_path / left).parent.mkdir(parents=True)
    (tmp_path / left).touch()
    file = tmp_path / "valor.sqlite"
    if emptied:
        file.touch()

    with pytest.raises(DatabaseGone) as refused:
        store_from({"VALOR_HOME": str(tmp_path)})

    assert str(file) in str(refused.value)
    assert str(tmp_path / left) in str(refused.value)
    assert file.exists() is emptied


def test_a_database_that_only_its_lock_file_tells_of_is_gone(tmp_path):
    environment = {"VALOR_HOME": str(tmp_path)}
    boots(environment).close()
    (tmp_path / "valor.sqlite").unlink()

    with pytest.raises(DatabaseGone):
        store_from(environment)


def test_a_folder_in_which_nothing_was_made_yet_is_a_place_to_begin(tmp_path):
    for empty in ("secrets", "snapshots/tenant=acme", "reports", "cache"):
        (tmp_path / empty).mkdir(parents=True)
    (tmp_path / "cache" / "page.br").touch()

    boots({"VALOR_HOME": str(tmp_path)}).close()

    assert (tmp_path / "valor.sqlite").exists()


@pytest.mark.parametrize("name", ["a?b.sqlite", "a%20b", "a#b", "file:x?mode=memory", ":memory:"])
def test_the_database_lies_where_its_path_says_whatever_signs_that_has(tmp_path, name):
    home, file = tmp_path / "50%?#", tmp_path / "data" / name
    environment = {"VALOR_HOME": str(home), "VALOR_DB_PATH": str(file)}
    with closing(boots(environment)) as store:
        check_revision(store)
        assert store.where == str(file)
    with closing(boots({"VALOR_HOME": str(home)})) as store:
        assert store.where == str(home / "valor.sqlite")

    assert {each.name for each in file.parent.iterdir()} == {name, f"{name}.writer"}
    assert {each.name for each in home.iterdir()} == {"valor.sqlite", "valor.sqlite.writer"}


def test_nobody_else_reads_the_database_in_a_folder_that_is_open_to_all(tmp_path):
    tmp_path.chmod(0o755)
    with closing(boots({"VALOR_HOME": str(tmp_path)})) as store, store.engine.connect():
        modes = {each.name: each.stat().st_mode & 0o777 for each in tmp_path.iterdir()}

    assert {"valor.sqlite", "valor.sqlite-wal", "valor.sqlite-shm"} < set(modes)
    assert set(modes.values()) == {0o600}


def test_every_folder_that_is_made_on_the_way_is_private(tmp_path):
    private_folder(tmp_path / "a" / "b" / "c")

    for made in ("a", "a/b", "a/b/c"):
        assert (tmp_path / made).stat().st_mode & 0o777 == 0o700
