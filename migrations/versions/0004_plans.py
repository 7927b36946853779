"""Limits of tenants and users, plans with their quotas, feature flags."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MICROS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OWN = "tenant_id = nullif(current_setting('app.tenant_id', true), '')"
PRIVATE = (
    "rate_limits",
    "tenant_plans",
    "plan_overrides",
    "quota_usage",
    "quota_reservations",
    "flag_overrides",
)


def upgrade() -> None:
    """The tables, what the databases hold of them, and the time zone of each tenant."""
    op.add_column(
        "tenants", sa.Column("billing_tz", sa.Text(), server_default="UTC", nullable=False)
    )
    _limits()
    _plans()
    _quotas()
    _flags()
    statements = _postgres() if op.get_bind().dialect.name == "postgresql" else _sqlite()
    for statement in statements:
        op.get_bind().exec_driver_sql(statement)


def _limits() -> None:
    op.create_table(
        "rate_limits",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("level", MICROS, nullable=False),
        sa.Column("seen_at", MICROS, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "scope", name=op.f("pk_rate_limits")),
        sqlite_strict=True,
    )


def _plans() -> None:
    op.create_table(
        "plan_definitions",
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("version", MICROS, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("price_minor", MICROS, nullable=False),
        sa.Column("limits", sa.Text(), nullable=False),
        sa.Column("features", sa.Text(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_plan_definitions_price_not_negative")),
        sa.CheckConstraint("version > 0", name=op.f("ck_plan_definitions_version_positive")),
        sa.PrimaryKeyConstraint("plan_id", "version", name=op.f("pk_plan_definitions")),
        sqlite_strict=True,
    )
    op.create_table(
        "tenant_plans",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("seq", MICROS, nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("plan_version", MICROS, nullable=False),
        sa.Column("valid_from", MICROS, nullable=False),
        sa.Column("valid_to", MICROS, nullable=True),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "valid_to > valid_from", name=op.f("ck_tenant_plans_ends_after_it_began")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id", "plan_version"],
            ["plan_definitions.plan_id", "plan_definitions.version"],
            name=op.f("fk_tenant_plans_plan_id_plan_version_plan_definitions"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "seq", name=op.f("pk_tenant_plans")),
        sa.UniqueConstraint(
            "tenant_id", "valid_from", name=op.f("uq_tenant_plans_tenant_id_valid_from")
        ),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_tenant_plans_open",
        "tenant_plans",
        ["tenant_id"],
        unique=True,
        sqlite_where=sa.text("valid_to IS NULL"),
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_table(
        "plan_overrides",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("limit_name", sa.Text(), nullable=False),
        sa.Column("value", MICROS, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("expires_at", MICROS, nullable=False),
        sa.Column("ended_at", MICROS, nullable=True),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("value >= 0", name=op.f("ck_plan_overrides_value_not_negative")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_plan_overrides")),
        sqlite_strict=True,
    )


def _quotas() -> None:
    op.create_table(
        "quota_usage",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("used", MICROS, nullable=False),
        sa.Column("reserved", MICROS, nullable=False),
        sa.CheckConstraint("used >= 0 AND reserved >= 0", name=op.f("ck_quota_usage_not_negative")),
        sa.PrimaryKeyConstraint("tenant_id", "meter", "period", name=op.f("pk_quota_usage")),
        sqlite_strict=True,
    )
    op.create_table(
        "quota_reservations",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("quantity", MICROS, nullable=False),
        sa.Column("periods", sa.Text(), nullable=False),
        sa.Column("expires_at", MICROS, nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_quota_reservations_quantity_positive")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_quota_reservations")),
        sqlite_strict=True,
    )


def _flags() -> None:
    op.create_table(
        "feature_flags",
        sa.Column("flag", sa.Text(), nullable=False),
        sa.Column("killed", MICROS, nullable=False),
        sa.Column("rollout_percent", MICROS, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_at", MICROS, nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.CheckConstraint("killed IN (0, 1)", name=op.f("ck_feature_flags_killed_or_not")),
        sa.CheckConstraint(
            "rollout_percent BETWEEN 0 AND 100", name=op.f("ck_feature_flags_rollout_is_a_share")
        ),
        sa.PrimaryKeyConstraint("flag", name=op.f("pk_feature_flags")),
        sqlite_strict=True,
    )
    op.create_table(
        "flag_overrides",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("flag", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("expires_at", MICROS, nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "flag", name=op.f("pk_flag_overrides")),
        sqlite_strict=True,
    )


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
    return [
        *made,
        "GRANT SELECT, INSERT, UPDATE, DELETE ON feature_flags TO vx_app",
        "GRANT SELECT, INSERT ON plan_definitions TO vx_app",
        "ALTER TABLE rate_limits SET UNLOGGED",
    ]


def _sqlite() -> list[str]:
    refusal = "RAISE(ABORT, 'rows of plan_definitions are never changed')"
    kept = f"ON plan_definitions BEGIN SELECT {refusal}"
    return [
        f"CREATE TRIGGER plan_definitions_kept_{act.lower()} BEFORE {act} {kept}; END"
        for act in ("UPDATE", "DELETE")
    ]


def downgrade() -> None:
    """The schema without limits, plans and flags."""
    for table in ("feature_flags", *PRIVATE, "plan_definitions"):
        op.drop_table(table)
    op.drop_column("tenants", "billing_tz")
