"""The spine: tenants, filed facts, valuations, audit, metering, snapshots, reports."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MICROS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REAL = sa.Double().with_variant(sa.REAL(), "sqlite")

TENANT_TABLES = (
    "api_keys",
    "audit_heads",
    "audit_logs",
    "companies",
    "drafts",
    "facts",
    "idempotency_keys",
    "imports",
    "job_runs",
    "memberships",
    "schedules",
    "sessions",
    "sign_in_tokens",
    "snapshots",
    "usage_events",
    "valuations",
)
SHARED_TABLES = ("companies", "facts", "imports")
PLATFORM_TABLES = ("tenants", "users", "audit_keys")
OWN = "tenant_id = nullif(current_setting('app.tenant_id', true), '')"
REFUSAL = "BEGIN SELECT RAISE(ABORT, 'rows of audit_logs are never changed'); END"
SQLITE = (
    f"""CREATE TRIGGER audit_logs_kept_update BEFORE UPDATE ON audit_logs
        WHEN NOT (NEW.payload IS NULL AND NEW.salt IS NULL AND NEW.purge_seq IS NOT NULL
                  AND NEW.leaf = OLD.leaf AND NEW.mac = OLD.mac) {REFUSAL}""",
    f"CREATE TRIGGER audit_logs_kept_delete BEFORE DELETE ON audit_logs {REFUSAL}",
)
POSTGRES = (
    """DO $$ BEGIN
               IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'vx_app') THEN
                   CREATE ROLE vx_app NOLOGIN NOSUPERUSER NOBYPASSRLS; END IF;
               EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$""",
    """DO $$ BEGIN
               IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
                   GRANT vx_app TO CURRENT_USER; END IF;
               EXCEPTION WHEN insufficient_privilege THEN NULL; END $$""",
    """CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           IF TG_OP = 'UPDATE' AND NEW.payload IS NULL AND NEW.salt IS NULL
              AND NEW.purge_seq IS NOT NULL AND NEW.leaf = OLD.leaf AND NEW.mac = OLD.mac
           THEN RETURN NEW; END IF;
           RAISE EXCEPTION 'rows of %% are never changed', TG_TABLE_NAME; END $$""",
)


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("hmac", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("expires_at", MICROS, nullable=False),
        sa.Column("revoked_at", MICROS, nullable=True),
        sa.CheckConstraint(
            "role IN ('viewer', 'analyst', 'admin')", name=op.f("ck_api_keys_role_known")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_api_keys")),
        sqlite_strict=True,
    )
    op.create_table(
        "audit_heads",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("size", MICROS, nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", MICROS, nullable=False),
        sa.Column("head_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_audit_heads")),
        sqlite_strict=True,
    )
    op.create_table(
        "audit_keys",
        sa.Column("key_id", MICROS, autoincrement=False, nullable=False),
        sa.Column("check_value", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_audit_keys")),
        sqlite_strict=True,
    )
    op.create_table(
        "audit_logs",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("seq", MICROS, nullable=False),
        sa.Column("ts", MICROS, nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("payload_digest", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", MICROS, nullable=False),
        sa.Column("purge_seq", MICROS, nullable=True),
        sa.CheckConstraint(
            "(payload IS NULL) = (salt IS NULL)", name=op.f("ck_audit_logs_payload_with_salt")
        ),
        sa.CheckConstraint(
            "payload IS NOT NULL OR purge_seq IS NOT NULL", name=op.f("ck_audit_logs_purge_named")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "seq", name=op.f("pk_audit_logs")),
        sqlite_strict=True,
    )
    op.create_table(
        "companies",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("cik", MICROS, nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("sic", sa.Text(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_companies")),
        sa.UniqueConstraint("tenant_id", "cik", name=op.f("uq_companies_tenant_id_cik")),
        sqlite_strict=True,
    )
    op.create_table(
        "drafts",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", MICROS, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("undo", sa.Text(), nullable=False),
        sa.Column("redo", sa.Text(), nullable=False),
        sa.Column("updated_at", MICROS, nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "user_id", "company_id", "model", name=op.f("pk_drafts")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_sha", sa.Text(), nullable=False),
        sa.Column("status", MICROS, nullable=False),
        sa.Column("response", sa.Text(), nullable=False),
        sa.Column("expires_at", MICROS, nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "actor", "route", "key", name=op.f("pk_idempotency_keys")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "imports",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("companies_n", MICROS, nullable=False),
        sa.Column("facts_n", MICROS, nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_imports")),
        sa.UniqueConstraint("tenant_id", "sha256", name=op.f("uq_imports_tenant_id_sha256")),
        sqlite_strict=True,
    )
    op.create_table(
        "job_runs",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempt", MICROS, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("lease_until", MICROS, nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("finished_at", MICROS, nullable=True),
        sa.CheckConstraint(
            "status IN ('running', 'succeeded', 'failed', 'timeout', 'cancelled')",
            name=op.f("ck_job_runs_status_known"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_job_runs")),
        sa.UniqueConstraint(
            "tenant_id", "job", "slot", name=op.f("uq_job_runs_tenant_id_job_slot")
        ),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_job_runs_tenant_id_created_at_id"),
        "job_runs",
        ["tenant_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "schedules",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("cron", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("ended_at", MICROS, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_schedules")),
        sqlite_strict=True,
    )
    op.create_table(
        "sessions",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("used_at", MICROS, nullable=False),
        sa.Column("ended_at", MICROS, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "digest", name=op.f("pk_sessions")),
        sqlite_strict=True,
    )
    op.create_table(
        "sign_in_tokens",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("expires_at", MICROS, nullable=False),
        sa.Column("used_at", MICROS, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "digest", name=op.f("pk_sign_in_tokens")),
        sqlite_strict=True,
    )
    op.create_table(
        "snapshots",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("facts_n", MICROS, nullable=False),
        sa.Column("valuations_n", MICROS, nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_snapshots")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_snapshots_tenant_id_created_at_id"),
        "snapshots",
        ["tenant_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "tenants",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.CheckConstraint(
            "status IN ('active', 'suspended')", name=op.f("ck_tenants_status_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
        sa.UniqueConstraint("slug", name=op.f("uq_tenants_slug")),
        sqlite_strict=True,
    )
    op.create_table(
        "usage_events",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("idem_key", sa.Text(), nullable=False),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("quantity", MICROS, nullable=False),
        sa.Column("occurred_at", MICROS, nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_usage_events_quantity_positive")),
        sa.PrimaryKeyConstraint("tenant_id", "idem_key", name=op.f("pk_usage_events")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_usage_events_tenant_id_meter_occurred_at"),
        "usage_events",
        ["tenant_id", "meter", "occurred_at"],
        unique=False,
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sqlite_strict=True,
    )
    op.create_table(
        "valuations",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("company_name", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("facts_as_of", sa.Text(), nullable=True),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("sources", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("value_per_share", REAL, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_valuations")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_valuations_tenant_id_company_id_created_at"),
        "valuations",
        ["tenant_id", "company_id", "created_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_valuations_tenant_id_created_at_id"),
        "valuations",
        ["tenant_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "facts",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("period_end", sa.Text(), nullable=False),
        sa.Column("accession", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("period_start", sa.Text(), nullable=True),
        sa.Column("fiscal_year", MICROS, nullable=False),
        sa.Column("value", REAL, nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("filed_on", sa.Text(), nullable=False),
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "company_id"],
            ["companies.tenant_id", "companies.id"],
            name=op.f("fk_facts_tenant_id_company_id_companies"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "import_id"],
            ["imports.tenant_id", "imports.id"],
            name=op.f("fk_facts_tenant_id_import_id_imports"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "company_id",
            "item",
            "period_end",
            "accession",
            "tag",
            name=op.f("pk_facts"),
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "memberships",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.CheckConstraint(
            "role IN ('viewer', 'analyst', 'admin')", name=op.f("ck_memberships_role_known")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_memberships_tenant_id_tenants")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_memberships_user_id_users")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name=op.f("pk_memberships")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_memberships_tenant_id_name")),
        sqlite_strict=True,
    )
    # ### end Alembic commands ###
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgres()
    else:
        for statement in SQLITE:
            op.execute(sa.text(statement))


def _guard_postgres() -> None:
    run = op.get_bind().exec_driver_sql
    for statement in POSTGRES:
        run(statement)
    for table in TENANT_TABLES:
        seen = f"({OWN} OR tenant_id = 'shared')" if table in SHARED_TABLES else OWN
        run(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        run(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        run(f"CREATE POLICY {table}_read ON {table} FOR SELECT USING ({seen})")
        run(f"CREATE POLICY {table}_add ON {table} FOR INSERT WITH CHECK ({OWN})")
        run(f"CREATE POLICY {table}_change ON {table} FOR UPDATE USING ({OWN}) WITH CHECK ({OWN})")
        run(f"CREATE POLICY {table}_drop ON {table} FOR DELETE USING ({OWN})")
    for table in (*TENANT_TABLES, *PLATFORM_TABLES):
        rights = "SELECT, INSERT" if table == "audit_logs" else "SELECT, INSERT, UPDATE, DELETE"
        run(f"GRANT {rights} ON {table} TO vx_app")
    for table in ("audit_heads", "audit_logs"):
        run(f"CREATE POLICY {table}_counted ON {table} FOR SELECT TO CURRENT_USER USING (true)")
    run(
        """CREATE FUNCTION tenants_with_logs() RETURNS SETOF text LANGUAGE sql STABLE
           SECURITY DEFINER SET search_path = public, pg_temp AS $$
           SELECT tenant_id FROM audit_heads UNION SELECT tenant_id FROM audit_logs $$"""
    )
    run("REVOKE ALL ON FUNCTION tenants_with_logs() FROM PUBLIC")
    run("GRANT EXECUTE ON FUNCTION tenants_with_logs() TO vx_app")
    run(
        "CREATE TRIGGER audit_logs_kept BEFORE UPDATE OR DELETE ON audit_logs "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION tenants_with_logs()")
    op.drop_table("memberships")
    op.drop_table("facts")
    op.drop_table("valuations")
    op.drop_table("users")
    op.drop_table("usage_events")
    op.drop_table("tenants")
    op.drop_table("snapshots")
    op.drop_table("sign_in_tokens")
    op.drop_table("sessions")
    op.drop_table("schedules")
    op.drop_table("job_runs")
    op.drop_table("imports")
    op.drop_table("idempotency_keys")
    op.drop_table("drafts")
    op.drop_table("companies")
    op.drop_table("audit_logs")
    op.drop_table("audit_keys")
    op.drop_table("audit_heads")
    op.drop_table("api_keys")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")
