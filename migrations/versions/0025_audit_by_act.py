"""The log is asked for the entries of an act on a thing, without walking over all of it."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

NAME = "ix_audit_logs_tenant_id_action_target"


def upgrade() -> None:
    """The index."""
    op.create_index(op.f(NAME), "audit_logs", ["tenant_id", "action", "target"])


def downgrade() -> None:
    """The log without it."""
    op.drop_index(op.f(NAME), table_name="audit_logs")
