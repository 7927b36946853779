"""The second lock: Postgres itself keeps tenants apart, whatever the session forgets."""

import psycopg
import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from tests.conftest import ONLY_POSTGRES
from tests.moulds import Tenant
from tests.store.rows import a_snapshot, planted
from valor_core.store.engines import Store
from valor_core.store.tables import TENANT_TABLES, CompanyRow, FactRow, SnapshotRow
from valor_core.store.work import unit_of_work
from valor_core.values import PLATFORM, SHARED

pytestmark = ONLY_POSTGRES
ADD = "INSERT INTO snapshots VALUES (%s, 'x', '{}', 0, 0, 1, 'x')"


@pytest.fixture
def raw(store: Store, acme: Tenant, rival: Tenant):
    """A bare connection by the serving login; both tenants have rows."""
    planted(store, acme, rival)
    url = store.engine.url.set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        yield connection


def tell(connection: psycopg.Connection, tenant: str) -> None:
    connection.execute("SELECT set_config('app.tenant_id', %s, true)", (tenant,))


def seen(connection: psycopg.Connection, table: str = "snapshots") -> set[str]:
    return {t for (t,) in connection.execute(f"SELECT tenant_id FROM {table}".encode())}


def test_without_a_tenant_no_table_shows_a_private_row(raw):
    """S19."""
    assert {table for table in TENANT_TABLES if seen(raw, table) - {SHARED}} == set()


def test_an_empty_tenant_is_no_tenant(raw):
    tell(raw, "")

    assert seen(raw) == set()


def test_each_tenant_sees_its_own_rows_and_an_unknown_one_none(raw, acme):
    tell(raw, acme.id)
    assert seen(raw) == {acme.id}

    tell(raw, "unknown")
    assert seen(raw) == set()


def test_the_tenant_is_forgotten_with_its_transaction(raw, acme):
    tell(raw, acme.id)
    raw.commit()

    assert seen(raw) == set()


def test_the_tenant_is_forgotten_after_an_error_too(raw, acme):
    """G15."""
    tell(raw, acme.id)
    with pytest.raises(psycopg.errors.UndefinedTable):
        raw.execute("SELECT * FROM nowhere")
    raw.rollback()

    assert seen(raw) == set()


def test_a_pooled_connection_carries_no_tenant_into_its_next_use(store, acme, rival):
    """G15."""
    planted(store, acme, rival)
    with unit_of_work(acme.admin, store) as work:
        used = work.session.connection().connection.driver_connection
        assert work.session.scalars(select(SnapshotRow)).first()

    with store.engine.connect() as connection:
        assert connection.connection.driver_connection is used
        assert connection.exec_driver_sql("SELECT * FROM snapshots").all() == []


@pytest.mark.parametrize("told", ["", "acme"])
def test_a_row_for_another_tenant_cannot_be_added(raw, acme, rival, told):
    if told:
        tell(raw, acme.id)

    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        raw.execute(ADD, (rival.id,))


def test_rows_can_be_neither_changed_nor_deleted_nor_given_across_tenants(raw, acme, rival):
    tell(raw, acme.id)

    assert raw.execute("UPDATE snapshots SET facts_n = 5").rowcount == 2
    assert raw.execute("DELETE FROM snapshots").rowcount == 2
    raw.execute(ADD, (acme.id,))
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        raw.execute("UPDATE snapshots SET tenant_id = %s", (rival.id,))


def test_the_shared_book_is_read_by_all_and_written_by_none(raw, acme):
    tell(raw, acme.id)

    assert seen(raw, "companies") == {acme.id, SHARED}
    assert raw.execute("UPDATE companies SET name = 'x' WHERE tenant_id = 'shared'").rowcount == 0
    assert raw.execute("DELETE FROM facts WHERE tenant_id = 'shared'").rowcount == 0
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        raw.execute("INSERT INTO companies VALUES ('shared', 'x', NULL, 'x', '', '', 1)")


@pytest.mark.parametrize(
    "climb",
    [
        "SET ROLE owner",
        "SET SESSION AUTHORIZATION owner",
        "ALTER TABLE snapshots DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE snapshots NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY snapshots_read ON snapshots",
        "ALTER TABLE audit_logs DISABLE TRIGGER ALL",
        "TRUNCATE snapshots",
        "UPDATE audit_logs SET ts = 0",
        "DELETE FROM audit_logs",
        "CREATE TABLE mine (x int)",
    ],
)
def test_the_serving_login_cannot_climb_over_the_wall(raw, acme, climb):
    """S19."""
    tell(raw, acme.id)

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        raw.execute(climb)


def test_every_table_with_a_tenant_is_forced_under_policies_for_reading_and_writing(store):
    """G18."""
    with store.engine.connect() as connection:
        guarded = connection.exec_driver_sql(
            """SELECT relname, relrowsecurity AND relforcerowsecurity,
                      (SELECT string_agg(polcmd::text, '' ORDER BY polcmd::text) FROM pg_policy p
                       WHERE p.polrelid = c.oid AND p.polroles = '{0}')
               FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
               WHERE relkind IN ('r', 'p') AND attname = 'tenant_id' AND NOT attisdropped
                 AND relnamespace = 'public'::regnamespace ORDER BY relname"""
        ).all()

    assert [tuple(row) for row in guarded] == [(t, True, "adrw") for t in TENANT_TABLES]


def test_the_installation_reads_what_each_tenant_was_granted_and_nothing_else_of_it(
    raw, acme, rival
):
    for tenant in (acme.id, rival.id):
        tell(raw, tenant)
        raw.execute("INSERT INTO flag_overrides VALUES (%s, 'reports', 'false', 'x', 9, 1, 'x')",
                    (tenant,))  # fmt: skip
    tell(raw, PLATFORM)

    foreign = {table for table in TENANT_TABLES if seen(raw, table) & {acme.id, rival.id}}
    assert foreign == {"flag_overrides"}
    assert seen(raw, "flag_overrides") == {acme.id, rival.id}
    assert raw.execute("UPDATE flag_overrides SET expires_at = 10").rowcount == 0
    assert raw.execute("DELETE FROM flag_overrides").rowcount == 0
    tell(raw, acme.id)
    assert seen(raw, "flag_overrides") == {acme.id}


def test_the_serving_login_learns_which_logs_there_are_and_nothing_in_them(raw, acme, rival):
    tell(raw, acme.id)

    known = {tenant for (tenant,) in raw.execute("SELECT tenants_with_logs()")}
    assert known == {acme.id, rival.id, SHARED, "platform"}
    assert seen(raw, "audit_heads") == seen(raw, "audit_logs") == {acme.id}


def test_a_session_that_has_lost_its_filter_still_sees_its_own_rows_only(store, acme, rival):
    """S19."""
    planted(store, acme, rival)
    with Session(store.engine) as session:
        tell_it = "SELECT set_config('app.tenant_id', %s, true)"
        session.connection().exec_driver_sql(tell_it, (acme.id,))

        assert set(session.scalars(select(SnapshotRow.tenant_id))) == {acme.id}
        assert set(session.scalars(select(CompanyRow.tenant_id))) == {acme.id, SHARED}
        touched = update(SnapshotRow).values(facts_n=9).returning(SnapshotRow.tenant_id)
        assert session.scalars(touched).all() == [acme.id] * 2
        gone = delete(FactRow).returning(FactRow.tenant_id)
        assert session.scalars(gone).all() == [acme.id]
        made = a_snapshot("smuggled")
        made.tenant_id = rival.id
        session.add(made)
        with pytest.raises(ProgrammingError, match="row-level security"):
            session.flush()
