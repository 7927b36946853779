"""In what amounts are shown, to a tenant and to a person; splits and ADR ratios of a tenant."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0020"
branch_labels = None
depends_on = None

REAL = sa.Double().with_variant(sa.REAL(), "sqlite")
MICROS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OWN = "tenant_id = nullif(current_setting('app.tenant_id', true), '')"
CHANGED = f"USING ({OWN}) WITH CHECK ({OWN})"


def upgrade() -> None:
    """The two tables, and what Postgres holds of them."""
    op.create_table(
        "share_terms",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ratio", REAL, nullable=False),
        sa.Column("effective_on", sa.Text(), nullable=False),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("dropped_at", MICROS, nullable=True),
        sa.Column("dropped_by", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('split', 'adr')", name=op.f("ck_share_terms_kind_known")),
        sa.CheckConstraint("ratio > 0", name=op.f("ck_share_terms_ratio_positive")),
        sa.CheckConstraint(
            "(dropped_at IS NULL) = (dropped_by IS NULL)",
            name=op.f("ck_share_terms_dropped_by_somebody"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_share_terms")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_share_terms_tenant_id_company_id"), "share_terms", ["tenant_id", "company_id"]
    )
    op.create_table(
        "preferences",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("whose", sa.Text(), nullable=False),
        sa.Column("amounts_in", sa.Text(), nullable=False),
        sa.Column("changed_at", MICROS, nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "amounts_in IN ('thousands', 'millions', 'billions')",
            name=op.f("ck_preferences_amounts_in_known"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "whose", name=op.f("pk_preferences")),
        sqlite_strict=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        for table in ("share_terms", "preferences"):
            _owned(table)


def _owned(table: str) -> None:
    for statement in (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {table}_read ON {table} FOR SELECT USING ({OWN})",
        f"CREATE POLICY {table}_add ON {table} FOR INSERT WITH CHECK ({OWN})",
        f"CREATE POLICY {table}_change ON {table} FOR UPDATE {CHANGED}",
        f"CREATE POLICY {table}_drop ON {table} FOR DELETE USING ({OWN})",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO vx_app",
    ):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """The schema without them: what was stated in them is lost."""
    op.drop_table("preferences")
    op.drop_table("share_terms")
