"""Views of snapshots that a tenant keeps by name."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

MICROS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OWN = "tenant_id = nullif(current_setting('app.tenant_id', true), '')"


def upgrade() -> None:
    """The table, and what Postgres holds of it."""
    op.create_table(
        "saved_views",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("changed_at", MICROS, nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_saved_views_tenant_id_name")),
        sqlite_strict=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in (
            "ALTER TABLE saved_views ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE saved_views FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY saved_views_read ON saved_views FOR SELECT USING ({OWN})",
            f"CREATE POLICY saved_views_add ON saved_views FOR INSERT WITH CHECK ({OWN})",
            (
                "CREATE POLICY saved_views_change ON saved_views FOR UPDATE "
                f"USING ({OWN}) WITH CHECK ({OWN})"
            ),
            f"CREATE POLICY saved_views_drop ON saved_views FOR DELETE USING ({OWN})",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON saved_views TO vx_app",
        ):
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """The schema without it: the views that were kept are lost."""
    op.drop_table("saved_views")
