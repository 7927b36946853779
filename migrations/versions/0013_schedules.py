"""Schedules that can be changed and paused, and where reports are sent."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MICROS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OWN = "tenant_id = nullif(current_setting('app.tenant_id', true), '')"
TABLES = ("destinations", "deliveries")


def upgrade() -> None:
    """What was scheduled before stays due as it was."""
    with op.batch_alter_table("schedules", table_kwargs={"sqlite_strict": True}) as batch:
        batch.add_column(sa.Column("due_since", MICROS, server_default="0", nullable=False))
        batch.add_column(sa.Column("catch_up", sa.Text(), server_default="latest", nullable=False))
        batch.add_column(sa.Column("paused_at", MICROS, nullable=True))
        batch.add_column(sa.Column("deliver_to", sa.Text(), server_default="[]", nullable=False))
    _unguarded("UPDATE schedules SET due_since = created_at")
    with op.batch_alter_table("schedules", table_kwargs={"sqlite_strict": True}) as batch:
        for column, kind in (
            ("due_since", MICROS),
            ("catch_up", sa.Text()),
            ("deliver_to", sa.Text()),
        ):
            batch.alter_column(column, existing_type=kind, server_default=None)
        batch.create_check_constraint(
            op.f("ck_schedules_catch_up_known"), "catch_up IN ('latest', 'all')"
        )
    _destinations()
    _deliveries()
    if op.get_bind().dialect.name == "postgresql":
        for statement in _postgres():
            op.get_bind().exec_driver_sql(statement)


def _unguarded(statement: str) -> None:
    """A change of all tenants' rows, which row-level security hides from the owner, too."""
    bind = op.get_bind()
    guarded = bind.dialect.name == "postgresql"
    if guarded:
        bind.exec_driver_sql("ALTER TABLE schedules NO FORCE ROW LEVEL SECURITY")
    bind.exec_driver_sql(statement)
    if guarded:
        bind.exec_driver_sql("ALTER TABLE schedules FORCE ROW LEVEL SECURITY")


def _destinations() -> None:
    op.create_table(
        "destinations",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("ended_at", MICROS, nullable=True),
        sa.CheckConstraint(
            "kind IN ('folder', 'email', 'webhook')", name=op.f("ck_destinations_kind_known")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_destinations")),
        sqlite_strict=True,
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("destination_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", MICROS, nullable=False),
        sa.Column("next_at", MICROS, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("delivered_at", MICROS, nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'delivered', 'failed')", name=op.f("ck_deliveries_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "run_id"],
            ["job_runs.tenant_id", "job_runs.id"],
            name=op.f("fk_deliveries_tenant_id_run_id_job_runs"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "destination_id"],
            ["destinations.tenant_id", "destinations.id"],
            name=op.f("fk_deliveries_tenant_id_destination_id_destinations"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint(
            "tenant_id",
            "run_id",
            "destination_id",
            name=op.f("uq_deliveries_tenant_id_run_id_destination_id"),
        ),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_deliveries_tenant_id_state_next_at"),
        "deliveries",
        ["tenant_id", "state", "next_at"],
    )


def _postgres() -> list[str]:
    made = []
    for table in TABLES:
        made += [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY {table}_read ON {table} FOR SELECT USING ({OWN})",
            f"CREATE POLICY {table}_add ON {table} FOR INSERT WITH CHECK ({OWN})",
            f"CREATE POLICY {table}_change ON {table} FOR UPDATE USING ({OWN}) WITH CHECK ({OWN})",
            f"CREATE POLICY {table}_drop ON {table} FOR DELETE USING ({OWN})",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO vx_app",
        ]
    return made


def downgrade() -> None:
    """The schema without them: what waits to be delivered is lost."""
    for table in reversed(TABLES):
        op.drop_table(table)
    with op.batch_alter_table("schedules", table_kwargs={"sqlite_strict": True}) as batch:
        batch.drop_constraint(op.f("ck_schedules_catch_up_known"), type_="check")
        for column in ("due_since", "catch_up", "paused_at", "deliver_to"):
            batch.drop_column(column)
