"""Analysts adjust filed figures in named layers that stand over the filing."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MICROS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REAL = sa.Double().with_variant(sa.REAL(), "sqlite")
OWN = "tenant_id = nullif(current_setting('app.tenant_id', true), '')"
POSTGRES = (
    "ALTER TABLE adjustments ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE adjustments FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY adjustments_read ON adjustments FOR SELECT USING ({OWN})",
    f"CREATE POLICY adjustments_add ON adjustments FOR INSERT WITH CHECK ({OWN})",
    f"CREATE POLICY adjustments_change ON adjustments FOR UPDATE USING ({OWN}) WITH CHECK ({OWN})",
    f"CREATE POLICY adjustments_drop ON adjustments FOR DELETE USING ({OWN})",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON adjustments TO vx_app",
)


def upgrade() -> None:
    """The table with its index, and the walls between tenants in Postgres."""
    op.create_table(
        "adjustments",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("fiscal_year", MICROS, nullable=False),
        sa.Column("amount", REAL, nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("dropped_at", MICROS, nullable=True),
        sa.Column("dropped_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(dropped_at IS NULL) = (dropped_by IS NULL)",
            name=op.f("ck_adjustments_dropped_by_somebody"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_adjustments")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_adjustments_tenant_id_company_id_layer"),
        "adjustments",
        ["tenant_id", "company_id", "layer"],
        unique=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in POSTGRES:
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """The schema without layers: what was adjusted is lost."""
    op.drop_table("adjustments")
