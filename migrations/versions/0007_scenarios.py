"""A saved valuation keeps the scenarios that were weighed around it, where there are any."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The column; both databases add it in place."""
    op.add_column("valuations", sa.Column("scenarios", sa.Text(), nullable=True))


def downgrade() -> None:
    """The schema without scenarios: those that were saved are lost."""
    op.drop_column("valuations", "scenarios")
