"""The migrations make exactly the schema that the models declare, down to checks and policies."""

import re

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import NullPool

from tests.app.things import things_of
from tests.catalogue_diff import drift, fingerprint
from tests.conftest import ONLY_POSTGRES, ONLY_SQLITE
from tests.moulds import Holding
from valor_core.snapshots import reader
from valor_core.store.migrate import (
    SCRIPTS,
    WrongRevision,
    check_revision,
    migrate,
    wanted_revision,
)
from valor_core.store.tables import Base

COMPARED = {
    "compare_type": True,
    "compare_server_default": True,
    "autogenerate_plugins": ["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
}


@pytest.fixture
def migrated(empty_store) -> Engine:
    migrate(empty_store)
    return create_engine(empty_store.owner_url, poolclass=NullPool)


def shape(engine: Engine) -> frozenset[tuple[str, str]]:
    with engine.connect() as connection:
        return fingerprint(connection)


DECLARED: dict[str, frozenset[tuple[str, str]]] = {}


@pytest.fixture
def declared(mould, tmp_path_factory) -> frozenset[tuple[str, str]]:
    """What create_all makes of the models and their guards, asked once of each kind."""
    store = mould.opened(tmp_path_factory.mktemp("declared"), Holding.NOTHING)
    if store.engine.name not in DECLARED:
        engine = create_engine(store.owner_url, poolclass=NullPool)
        Base.metadata.create_all(engine)
        DECLARED[store.engine.name] = shape(engine)
    return DECLARED[store.engine.name]


def told_by_alembic(engine: Engine) -> list:
    with engine.connect() as connection:
        return compare_metadata(
            MigrationContext.configure(connection, opts=COMPARED), Base.metadata
        )


def change(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_migrations_and_models_agree_in_the_databases_own_words(migrated, declared):
    assert drift(shape(migrated), declared) == []


def test_migrations_and_models_agree_in_alembics_words(migrated):
    assert told_by_alembic(migrated) == []


IN_SQLITE = {
    "a column": ["ALTER TABLE users ADD COLUMN nick TEXT"],
    "a default": [
        "ALTER TABLE users DROP COLUMN created_at",
        "ALTER TABLE users ADD COLUMN created_at INTEGER NOT NULL DEFAULT 1",
    ],
    "a check's text": [
        "PRAGMA writable_schema = ON",
        (
            "UPDATE sqlite_master SET sql = replace(sql, 'quantity > 0', 'quantity > -9')"
            " WHERE name = 'usage_events'"
        ),
    ],
    "an index's predicate": [
        "DROP INDEX ix_snapshots_tenant_id_created_at_id",
        (
            "CREATE INDEX ix_snapshots_tenant_id_created_at_id"
            " ON snapshots (tenant_id, created_at, id) WHERE facts_n > 0"
        ),
    ],
    "a trigger that is gone": ["DROP TRIGGER audit_logs_kept_delete"],
    "a trigger's text": [
        "DROP TRIGGER audit_logs_kept_delete",
        (
            "CREATE TRIGGER audit_logs_kept_delete BEFORE DELETE ON audit_logs WHEN OLD.seq < 9"
            " BEGIN SELECT RAISE(ABORT, 'rows of audit_logs are never changed'); END"
        ),
    ],
    "strict typing": [
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = replace(sql, ' STRICT', '') WHERE name = 'users'",
    ],
}
IN_POSTGRES = {
    "a column": ["ALTER TABLE users ADD COLUMN nick text"],
    "a default": ["ALTER TABLE users ALTER COLUMN created_at SET DEFAULT 1"],
    "a type": ["ALTER TABLE users ALTER COLUMN created_at TYPE integer"],
    "a column that may be empty": ["ALTER TABLE users ALTER COLUMN created_at DROP NOT NULL"],
    "a check's text": [
        "ALTER TABLE usage_events DROP CONSTRAINT ck_usage_events_quantity_positive",
        (
            "ALTER TABLE usage_events ADD CONSTRAINT ck_usage_events_quantity_positive"
            " CHECK (quantity > -9)"
        ),
    ],
    "a foreign key's action": [
        "ALTER TABLE facts DROP CONSTRAINT fk_facts_tenant_id_import_id_imports",
        (
            "ALTER TABLE facts ADD CONSTRAINT fk_facts_tenant_id_import_id_imports FOREIGN KEY"
            " (tenant_id, import_id) REFERENCES imports (tenant_id, id) ON DELETE CASCADE"
        ),
    ],
    "an index's predicate": [
        "DROP INDEX ix_snapshots_tenant_id_created_at_id",
        (
            "CREATE INDEX ix_snapshots_tenant_id_created_at_id"
            " ON snapshots (tenant_id, created_at, id) WHERE facts_n > 0"
        ),
    ],
    "a trigger that is gone": ["DROP TRIGGER audit_logs_kept ON audit_logs"],
    "a trigger that is off": ["ALTER TABLE audit_logs DISABLE TRIGGER audit_logs_kept"],
    "a function's text": [
        (
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RETURN NEW; END $$"
        )
    ],
    "a policy that is gone": ["DROP POLICY drafts_read ON drafts"],
    "a policy's text": ["ALTER POLICY drafts_read ON drafts USING (true)"],
    "row security that is off": ["ALTER TABLE drafts DISABLE ROW LEVEL SECURITY"],
    "row security that spares the owner": ["ALTER TABLE drafts NO FORCE ROW LEVEL SECURITY"],
    "a grant": ["GRANT UPDATE ON audit_logs TO vx_app"],
}


@ONLY_SQLITE
@pytest.mark.parametrize("statements", IN_SQLITE.values(), ids=IN_SQLITE)
def test_each_kind_of_drift_is_found_in_sqlite(migrated, declared, statements):
    """G57."""
    change(migrated, *statements)

    assert names_it(drift(shape(migrated), declared), statements)


@ONLY_POSTGRES
def test_each_kind_of_drift_is_found_in_postgres(migrated, declared):
    """G57."""
    for kind, statements in IN_POSTGRES.items():
        with migrated.connect() as connection:  # rolled back: each drift begins from the same
            for statement in statements:
                connection.exec_driver_sql(statement)
            assert names_it(drift(fingerprint(connection), declared), statements), kind


def names_it(lines: list[str], statements: list[str]) -> bool:
    """Whether the drift tells by name the table, the trigger or the function that was changed."""
    [name, *_] = re.findall(
        r"audit_logs_kept\w*|users|usage_events|ix_snapshots\w+|facts|drafts|audit_logs|refuse_\w+",
        statements[-1],
    )
    return any(name in line for line in lines)


def test_a_new_table_of_tenants_without_row_security_is_named(migrated, declared):
    """G18."""
    change(migrated, "CREATE TABLE rooms (tenant_id text NOT NULL)")

    assert any("rooms" in line for line in drift(shape(migrated), declared))


def test_up_down_and_up_again_is_the_same_schema(empty_store, migrated):
    """G58."""
    before = shape(migrated)

    migrate(empty_store, "base")
    assert shape(migrated) == frozenset()
    migrate(empty_store)

    assert shape(migrated) == before


def test_a_filled_database_goes_down_and_up_again_to_the_same_schema(store, acme, rival):
    """G58: some way down, which loses no tenant, then one by one to nothing."""
    for tenant, cik in ((acme, 9_999_901), (rival, 9_999_902)):
        things_of(store, tenant, cik=cik)
    reader.close_idle()
    engine = create_engine(store.owner_url, poolclass=NullPool)
    before, tenants = shape(engine), tenants_in(engine)
    revisions = sorted(file.name[:4] for file in (SCRIPTS / "versions").glob("[0-9]*.py"))

    migrate(store, revisions[6])
    migrate(store)
    assert (shape(engine), tenants_in(engine)) == (before, tenants)

    for revision in [*reversed(revisions[:-1]), "base"]:
        migrate(store, revision)
    assert shape(engine) == frozenset()
    migrate(store)
    assert shape(engine) == before


def tenants_in(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM tenants").scalar_one()


def test_what_is_there_already_is_not_done_again(empty_store):
    assert migrate(empty_store)
    assert not migrate(empty_store)
    check_revision(empty_store)


@pytest.mark.parametrize("found", [None, "9999"])
def test_a_wrong_revision_is_refused_with_the_command_to_run(empty_store, found):
    if found:
        migrate(empty_store)
        change(
            create_engine(empty_store.owner_url, poolclass=NullPool),
            f"UPDATE alembic_version SET version_num = '{found}'",
        )

    with pytest.raises(WrongRevision, match=found or "none") as refused:
        check_revision(empty_store)

    assert refused.value.hint == "Run: ./valor migrate"


def test_a_migration_that_fails_leaves_nothing(empty_store, monkeypatch):
    def broken(_config: Config, _to: str) -> None:
        upgrade(_config, _to)
        raise RuntimeError("the power is gone")

    upgrade = command.upgrade
    monkeypatch.setattr(command, "upgrade", broken)
    with pytest.raises(RuntimeError):
        migrate(empty_store)
    monkeypatch.undo()

    assert shape(create_engine(empty_store.owner_url, poolclass=NullPool)) == frozenset()
    migrate(empty_store)
    check_revision(empty_store)


def test_the_newest_file_of_migrations_is_alembics_head():
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))

    assert ScriptDirectory.from_config(config).get_current_head() == wanted_revision()


def test_migrations_do_not_ask_the_product_what_they_mean():
    """One that read `guards` or the models would change its meaning with the next version."""
    sources = [file.read_text() for file in (SCRIPTS / "versions").glob("*.py")]

    assert sources
    assert all("valor_core" not in source for source in sources)
