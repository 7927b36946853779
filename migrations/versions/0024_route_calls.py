"""How the routes of the API answered, an hour each."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

MICROS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OWN = "tenant_id = nullif(current_setting('app.tenant_id', true), '')"

CHANGED = f"USING ({OWN}) WITH CHECK ({OWN})"


def upgrade() -> None:
    """The table, and what Postgres holds of it."""
    op.create_table(
        "route_calls",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("hour", MICROS, autoincrement=False, nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("bucket", MICROS, autoincrement=False, nullable=False),
        sa.Column("n", MICROS, nullable=False),
        sa.CheckConstraint("outcome IN ('good', 'bad')", name=op.f("ck_route_calls_outcome_known")),
        sa.CheckConstraint("n > 0", name=op.f("ck_route_calls_n_positive")),
        sa.PrimaryKeyConstraint(
            "tenant_id", "hour", "route", "outcome", "bucket", name=op.f("pk_route_calls")
        ),
        sqlite_strict=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in (
            "ALTER TABLE route_calls ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE route_calls FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY route_calls_read ON route_calls FOR SELECT USING ({OWN})",
            f"CREATE POLICY route_calls_add ON route_calls FOR INSERT WITH CHECK ({OWN})",
            f"CREATE POLICY route_calls_change ON route_calls FOR UPDATE {CHANGED}",
            f"CREATE POLICY route_calls_drop ON route_calls FOR DELETE USING ({OWN})",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON route_calls TO vx_app",
        ):
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """The schema without it: what was counted is lost."""
    op.drop_table("route_calls")
