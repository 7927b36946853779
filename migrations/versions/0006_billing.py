"""What the billing provider tells, what is counted a day, and what a meter costs."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MICROS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = ("webhook_inbox", "billing_events", "billing_objects", "usage_daily", "meter_prices")
OWN = "tenant_id = nullif(current_setting('app.tenant_id', true), '')"
POSTGRES = (
    "ALTER TABLE {0} ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE {0} FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY {{0}}_read ON {{0}} FOR SELECT USING ({OWN})",
    f"CREATE POLICY {{0}}_add ON {{0}} FOR INSERT WITH CHECK ({OWN})",
    f"CREATE POLICY {{0}}_change ON {{0}} FOR UPDATE USING ({OWN}) WITH CHECK ({OWN})",
    f"CREATE POLICY {{0}}_drop ON {{0}} FOR DELETE USING ({OWN})",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON {0} TO vx_app",
)


def upgrade() -> None:
    """The tables with their indices, and the walls between tenants in Postgres."""
    op.create_table(
        "webhook_inbox",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("tenant_slug", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_sha", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("received_n", MICROS, nullable=False),
        sa.Column("conflicts_n", MICROS, nullable=False),
        sa.Column("attempts", MICROS, nullable=False),
        sa.Column("next_at", MICROS, nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("received_at", MICROS, nullable=False),
        sa.Column("settled_at", MICROS, nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'applied', 'stale', 'ignored', 'quarantined', 'set_aside')",
            name=op.f("ck_webhook_inbox_state_known"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "event_id", name=op.f("pk_webhook_inbox")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_webhook_inbox_tenant_id_state_next_at"),
        "webhook_inbox",
        ["tenant_id", "state", "next_at"],
        unique=False,
    )
    op.create_table(
        "billing_events",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("object_version", MICROS, nullable=False),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("quantity", MICROS, nullable=False),
        sa.Column("price_minor", MICROS, nullable=False),
        sa.Column("per_quantity", MICROS, nullable=False),
        sa.Column("plan_version", sa.Text(), nullable=False),
        sa.Column("amount_minor", MICROS, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("received_at", MICROS, nullable=False),
        sa.Column("received_n", MICROS, nullable=False),
        sa.Column("conflicts_n", MICROS, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('applied', 'stale')",
            name=op.f("ck_billing_events_outcome_known"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "event_id", name=op.f("pk_billing_events")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_billing_events_tenant_id_day_meter"),
        "billing_events",
        ["tenant_id", "day", "meter"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billing_events_tenant_id_received_at_event_id"),
        "billing_events",
        ["tenant_id", "received_at", "event_id"],
        unique=False,
    )
    op.create_table(
        "billing_objects",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("version", MICROS, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("amount_minor", MICROS, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("updated_at", MICROS, nullable=False),
        sa.CheckConstraint(
            "status IN ('open', 'paid', 'void')",
            name=op.f("ck_billing_objects_status_known"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "object_id", name=op.f("pk_billing_objects")),
        sqlite_strict=True,
    )
    op.create_table(
        "usage_daily",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("quantity", MICROS, nullable=False),
        sa.Column("events_n", MICROS, nullable=False),
        sa.Column("closed_at", MICROS, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "day", "meter", name=op.f("pk_usage_daily")),
        sqlite_strict=True,
    )
    op.create_table(
        "meter_prices",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Text(), nullable=False),
        sa.Column("price_minor", MICROS, nullable=False),
        sa.Column("per_quantity", MICROS, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("plan_version", sa.Text(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "per_quantity > 0",
            name=op.f("ck_meter_prices_per_quantity_positive"),
        ),
        sa.CheckConstraint(
            "price_minor >= 0",
            name=op.f("ck_meter_prices_price_not_negative"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "meter", "valid_from", name=op.f("pk_meter_prices")),
        sqlite_strict=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            for statement in POSTGRES:
                op.get_bind().exec_driver_sql(statement.format(table))


def downgrade() -> None:
    """The schema without billing: what the provider told is lost."""
    for table in reversed(TABLES):
        op.drop_table(table)
