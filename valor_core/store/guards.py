"""What the databases themselves hold: row-level security, append-only tables, the app role.

One definition for `create_all` and for the drift test; each migration carries its own frozen copy.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, MetaData, event

from valor_core.store.tables import (
    APPEND_ONLY,
    EXPIRING,
    IMMUTABLE,
    SHARED_TABLES,
    TENANT_TABLES,
    UNLOGGED,
    Base,
)
from valor_core.values import PLATFORM, SHARED

APP_ROLE = "vx_app"
"""The Postgres role that serves: it owns nothing, and row-level security holds it."""

PLATFORM_TABLES = ("tenants", "users", "audit_keys", "plan_definitions", "feature_flags")
OVERSEEN_TABLES = ("flag_overrides", "tenant_plans")
"""What each tenant was granted: the installation, which grants it, reads that of all."""

LOG_TABLES = ("audit_heads", "audit_logs")
PURGED = "audit_logs"
"""Of its rows payload and salt may be dropped, with the number of the purge that says why."""

NOT_A_PURGE = """WHEN NOT (NEW.payload IS NULL AND NEW.salt IS NULL AND NEW.purge_seq IS NOT NULL
                          AND NEW.leaf = OLD.leaf AND NEW.mac = OLD.mac)"""

NEVER_EXPIRES = "WHEN (OLD.keep_until IS NULL)"


def guards(dialect: str) -> Sequence[str]:
    """The statements that follow the tables, in order."""
    return _postgres() if dialect == "postgresql" else _sqlite()


def _postgres() -> list[str]:
    own = "tenant_id = nullif(current_setting('app.tenant_id', true), '')"
    made = [
        # Role names are of the whole server: another database may have made it already.
        f"""DO $$ BEGIN
               IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN
                   CREATE ROLE {APP_ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS; END IF;
               EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$""",
        # An owner that is no superuser must be able to serve as the app role, where its login is
        # the only one; who may not grant that has been given it with the role.
        f"""DO $$ BEGIN
               IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
                   GRANT {APP_ROLE} TO CURRENT_USER; END IF;
               EXCEPTION WHEN insufficient_privilege THEN NULL; END $$""",  # noqa: S608  our own constant
        """CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           IF TG_OP = 'UPDATE' AND NEW.payload IS NULL AND NEW.salt IS NULL
              AND NEW.purge_seq IS NOT NULL AND NEW.leaf = OLD.leaf AND NEW.mac = OLD.mac
           THEN RETURN NEW; END IF;
           RAISE EXCEPTION 'rows of %% are never changed', TG_TABLE_NAME; END $$""",
        """CREATE FUNCTION refuse_any_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           RAISE EXCEPTION 'rows of %% are never changed', TG_TABLE_NAME; END $$""",
    ]
    for table in TENANT_TABLES:
        seen = own
        if table in SHARED_TABLES:
            seen = f"({own} OR tenant_id = '{SHARED}')"
        elif table in OVERSEEN_TABLES:
            seen = f"({own} OR current_setting('app.tenant_id', true) = '{PLATFORM}')"
        made += [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY {table}_read ON {table} FOR SELECT USING ({seen})",
            f"CREATE POLICY {table}_add ON {table} FOR INSERT WITH CHECK ({own})",
            f"CREATE POLICY {table}_change ON {table} FOR UPDATE USING ({own}) WITH CHECK ({own})",
            f"CREATE POLICY {table}_drop ON {table} FOR DELETE USING ({own})",
        ]
    for table in (*TENANT_TABLES, *PLATFORM_TABLES):
        kept = table in APPEND_ONLY or table in IMMUTABLE
        rights = "SELECT, INSERT" if kept else "SELECT, INSERT, UPDATE, DELETE"
        rights += ", DELETE" if table in EXPIRING else ""
        made.append(f"GRANT {rights} ON {table} TO {APP_ROLE}")
    made.append(f"GRANT UPDATE (payload, salt, purge_seq) ON audit_logs TO {APP_ROLE}")
    # Only ids leave it, so that a log without its tenant shows, and no content of another tenant.
    made += [
        f"CREATE POLICY {table}_counted ON {table} FOR SELECT TO CURRENT_USER USING (true)"
        for table in LOG_TABLES
    ]
    made += [
        """CREATE FUNCTION tenants_with_logs() RETURNS SETOF text LANGUAGE sql STABLE
           SECURITY DEFINER SET search_path = public, pg_temp AS $$
           SELECT tenant_id FROM audit_heads UNION SELECT tenant_id FROM audit_logs $$""",
        "REVOKE ALL ON FUNCTION tenants_with_logs() FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION tenants_with_logs() TO {APP_ROLE}",
    ]
    made += [
        f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {_refusal(table)}()"
        for table in APPEND_ONLY
    ]
    made += [
        f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} FOR EACH ROW {NEVER_EXPIRES} "
        "EXECUTE FUNCTION refuse_any_change()"
        for table in EXPIRING
    ]
    made += [f"ALTER TABLE {table} SET UNLOGGED" for table in UNLOGGED]
    return made


def _refusal(table: str) -> str:
    return "refuse_change" if table == PURGED else "refuse_any_change"


def _sqlite() -> list[str]:
    made = []
    for table in APPEND_ONLY:
        refusal = f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
        made += [
            f"""CREATE TRIGGER {table}_kept_update BEFORE UPDATE ON {table}
                {NOT_A_PURGE if table == PURGED else ""} {refusal}""",
            f"CREATE TRIGGER {table}_kept_delete BEFORE DELETE ON {table} {refusal}",
        ]
    for table in IMMUTABLE:
        refusal = f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
        made += [
            f"CREATE TRIGGER {table}_kept_update BEFORE UPDATE ON {table} {refusal}",
            f"""CREATE TRIGGER {table}_kept_delete BEFORE DELETE ON {table}
                {NEVER_EXPIRES if table in EXPIRING else ""} {refusal}""",
        ]
    return made


@event.listens_for(Base.metadata, "after_create")
def _with_the_tables(_: MetaData, connection: Connection, **_kw: object) -> None:
    for statement in guards(connection.dialect.name):
        connection.exec_driver_sql(statement)
