"""Computations outlive the process that carries them out: what was asked, and what came of it."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None

MICROS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OWN = "tenant_id = nullif(current_setting('app.tenant_id', true), '')"
CHANGED = f"USING ({OWN}) WITH CHECK ({OWN})"


def upgrade() -> None:
    """The table, and what Postgres holds of it."""
    op.create_table(
        "computations",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("lease_until", MICROS, nullable=False),
        sa.Column("began_at", MICROS, nullable=False),
        sa.Column("began_by", sa.Text(), nullable=False),
        sa.Column("ended_at", MICROS, nullable=True),
        sa.CheckConstraint(
            "status IN ('running', 'succeeded', 'failed', 'cancelled', 'interrupted')",
            name=op.f("ck_computations_status_known"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_computations")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_computations_tenant_id_began_at_id"),
        "computations",
        ["tenant_id", "began_at", "id"],
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in (
            "ALTER TABLE computations ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE computations FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY computations_read ON computations FOR SELECT USING ({OWN})",
            f"CREATE POLICY computations_add ON computations FOR INSERT WITH CHECK ({OWN})",
            f"CREATE POLICY computations_change ON computations FOR UPDATE {CHANGED}",
            f"CREATE POLICY computations_drop ON computations FOR DELETE USING ({OWN})",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON computations TO vx_app",
        ):
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """The schema without it: what computations came to is lost."""
    op.drop_table("computations")
