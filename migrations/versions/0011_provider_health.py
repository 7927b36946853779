"""Providers of market data: whom a tenant asks, what is known of them, and how good they were."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MICROS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OWN = "tenant_id = nullif(current_setting('app.tenant_id', true), '')"
TABLES = (
    "routing_policies",
    "provider_status",
    "provider_intervals",
    "provider_calls",
    "routing_decisions",
    "provider_maintenance",
    "provider_watch",
)
KEPT = ("provider_intervals", "routing_policies")


def upgrade() -> None:
    """The tables, and what the databases hold of them."""
    _routing_policies()
    _provider_status()
    _provider_intervals()
    _provider_calls()
    _routing_decisions()
    _provider_maintenance()
    _provider_watch()
    statements = _postgres() if op.get_bind().dialect.name == "postgresql" else _sqlite()
    for statement in statements:
        op.get_bind().exec_driver_sql(statement)


def _routing_policies() -> None:
    op.create_table(
        "routing_policies",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("capability", sa.Text(), nullable=False),
        sa.Column("version", MICROS, autoincrement=False, nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_routing_policies_version_positive")),
        sa.PrimaryKeyConstraint(
            "tenant_id", "capability", "version", name=op.f("pk_routing_policies")
        ),
        sqlite_strict=True,
    )


def _provider_status() -> None:
    op.create_table(
        "provider_status",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("capability", sa.Text(), nullable=False),
        sa.Column("changed_at", MICROS, nullable=False),
        sa.Column("open_until", MICROS, nullable=False),
        sa.Column("trips", MICROS, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("held_at", MICROS, nullable=False),
        sa.Column("hold_until", MICROS, nullable=False),
        sa.Column("hold_why", sa.Text(), nullable=False),
        sa.Column("seen_at", MICROS, nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "provider", "capability", name=op.f("pk_provider_status")
        ),
        sqlite_strict=True,
    )


def _provider_intervals() -> None:
    op.create_table(
        "provider_intervals",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("capability", sa.Text(), nullable=False),
        sa.Column("started_at", MICROS, autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('up', 'degraded', 'down', 'maintenance', 'unknown')",
            name=op.f("ck_provider_intervals_state_known"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "provider", "capability", "started_at", name=op.f("pk_provider_intervals")
        ),
        sqlite_strict=True,
    )


def _provider_calls() -> None:
    op.create_table(
        "provider_calls",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("capability", sa.Text(), nullable=False),
        sa.Column("minute", MICROS, autoincrement=False, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("bucket", MICROS, autoincrement=False, nullable=False),
        sa.Column("n", MICROS, nullable=False),
        sa.CheckConstraint(
            "outcome IN ('good', 'bad', 'neutral')", name=op.f("ck_provider_calls_outcome_known")
        ),
        sa.CheckConstraint("n > 0", name=op.f("ck_provider_calls_n_positive")),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "provider",
            "capability",
            "minute",
            "outcome",
            "bucket",
            name=op.f("pk_provider_calls"),
        ),
        sqlite_strict=True,
    )


def _routing_decisions() -> None:
    op.create_table(
        "routing_decisions",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", MICROS, nullable=False),
        sa.Column("capability", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("chosen", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Text(), nullable=False),
        sa.Column("micros", MICROS, nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("fetched_at", MICROS, nullable=True),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "answer IN ('fresh', 'stale', 'kept', 'none')",
            name=op.f("ck_routing_decisions_answer_known"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_routing_decisions")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_routing_decisions_tenant_id_at_id"), "routing_decisions", ["tenant_id", "at", "id"]
    )


def _provider_maintenance() -> None:
    op.create_table(
        "provider_maintenance",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("starts_at", MICROS, nullable=False),
        sa.Column("ends_at", MICROS, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", MICROS, nullable=True),
        sa.CheckConstraint(
            "ends_at > starts_at", name=op.f("ck_provider_maintenance_ends_after_it_began")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_provider_maintenance")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_provider_maintenance_tenant_id_ends_at"),
        "provider_maintenance",
        ["tenant_id", "ends_at"],
    )


def _provider_watch() -> None:
    op.create_table(
        "provider_watch",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("watched_at", MICROS, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_provider_watch")),
        sqlite_strict=True,
    )


def _postgres() -> list[str]:
    made = []
    for table in TABLES:
        rights = "SELECT, INSERT" if table in KEPT else "SELECT, INSERT, UPDATE, DELETE"
        made += [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY {table}_read ON {table} FOR SELECT USING ({OWN})",
            f"CREATE POLICY {table}_add ON {table} FOR INSERT WITH CHECK ({OWN})",
            f"CREATE POLICY {table}_change ON {table} FOR UPDATE USING ({OWN}) WITH CHECK ({OWN})",
            f"CREATE POLICY {table}_drop ON {table} FOR DELETE USING ({OWN})",
            f"GRANT {rights} ON {table} TO vx_app",
        ]
    return made + [
        f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_any_change()"
        for table in KEPT
    ]


def _sqlite() -> list[str]:
    return [
        f"CREATE TRIGGER {table}_kept_{act.lower()} BEFORE {act} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
        for table in KEPT
        for act in ("UPDATE", "DELETE")
    ]


def downgrade() -> None:
    """The schema without them: what was learnt of providers is lost."""
    for table in TABLES:
        op.drop_table(table)
