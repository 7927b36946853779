"""Limits of tenants and users."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MICROS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OWN = "tenant_id = nullif(current_setting('app.tenant_id', true), '')"
PRIVATE = ("rate_limits",)


def upgrade() -> None:
    """The tables, and the walls between tenants in Postgres."""
    op.create_table(
        "rate_limits",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("level", MICROS, nullable=False),
        sa.Column("seen_at", MICROS, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "scope", name=op.f("pk_rate_limits")),
        sqlite_strict=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in _postgres():
            op.get_bind().exec_driver_sql(statement)


def _postgres() -> list[str]:
    made = []
    for table in PRIVATE:
        made += [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY {table}_read ON {table} FOR SELECT USING ({OWN})",
            f"CREATE POLICY {table}_add ON {table} FOR INSERT WITH CHECK ({OWN})",
            f"CREATE POLICY {table}_change ON {table} FOR UPDATE USING ({OWN}) WITH CHECK ({OWN})",
            f"CREATE POLICY {table}_drop ON {table} FOR DELETE USING ({OWN})",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO vx_app",
        ]
    return [*made, "ALTER TABLE rate_limits SET UNLOGGED"]


def downgrade() -> None:
    """The schema without limits."""
    op.drop_table("rate_limits")
