"""A saved valuation keeps the headline of its model, which need not be a value per share."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rename the column; both databases do so in place."""
    op.execute("ALTER TABLE valuations RENAME COLUMN value_per_share TO headline")


def downgrade() -> None:
    """The column under its old name."""
    op.execute("ALTER TABLE valuations RENAME COLUMN headline TO value_per_share")
