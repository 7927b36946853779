"""The installation sees which plan and which own features each tenant has, by one question.

Only Postgres holds who sees what; on SQLite the application does.
"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

OWN = "tenant_id = nullif(current_setting('app.tenant_id', true), '')"
OVERSEEN = f"({OWN} OR current_setting('app.tenant_id', true) = 'platform')"


def upgrade() -> None:
    """Reading by the tenant itself, and by the installation."""
    _read_by(OVERSEEN)


def downgrade() -> None:
    """Reading by the tenant itself alone."""
    _read_by(OWN)


def _read_by(seen: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in ("flag_overrides", "tenant_plans"):
            op.get_bind().exec_driver_sql(f"ALTER POLICY {table}_read ON {table} USING ({seen})")
