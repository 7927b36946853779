"""Equity risk premia that tenants state; feeds with their tape; who probes a provider."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None

REAL = sa.Double().with_variant(sa.REAL(), "sqlite")
MICROS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OWN = "tenant_id = nullif(current_setting('app.tenant_id', true), '')"
TABLES = ("market_premiums", "feeds", "feed_chunks", "feed_gaps", "feed_minutes", "provider_probes")
KEPT = ("market_premiums",)


def upgrade() -> None:
    """The tables, and what the databases hold of them."""
    _market_premiums()
    _feeds()
    _tape()
    _provider_probes()
    statements = _postgres() if op.get_bind().dialect.name == "postgresql" else _sqlite()
    for statement in statements:
        op.get_bind().exec_driver_sql(statement)


def _market_premiums() -> None:
    op.create_table(
        "market_premiums",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("version", MICROS, autoincrement=False, nullable=False),
        sa.Column("value", REAL, nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_market_premiums_version_positive")),
        sa.PrimaryKeyConstraint(
            "tenant_id", "currency", "version", name=op.f("pk_market_premiums")
        ),
        sqlite_strict=True,
    )


def _feeds() -> None:
    op.create_table(
        "feeds",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("symbols", sa.Text(), nullable=False),
        sa.Column("hours", sa.Text(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("stopped_at", MICROS, nullable=True),
        sa.Column("token", MICROS, nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("held_until", MICROS, nullable=False),
        sa.Column("led_at", MICROS, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("last_at", MICROS, nullable=False),
        sa.Column("received_at", MICROS, nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("ticks", MICROS, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_feeds")),
        sqlite_strict=True,
    )


def _tape() -> None:
    op.create_table(
        "feed_chunks",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("feed_id", sa.Text(), nullable=False),
        sa.Column("first", MICROS, autoincrement=False, nullable=False),
        sa.Column("n", MICROS, nullable=False),
        sa.Column("received_at", MICROS, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("n > 0", name=op.f("ck_feed_chunks_n_positive")),
        sa.PrimaryKeyConstraint("tenant_id", "feed_id", "first", name=op.f("pk_feed_chunks")),
        sqlite_strict=True,
    )
    op.create_table(
        "feed_gaps",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("feed_id", sa.Text(), nullable=False),
        sa.Column("began_at", MICROS, autoincrement=False, nullable=False),
        sa.Column("ended_at", MICROS, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "feed_id", "began_at", name=op.f("pk_feed_gaps")),
        sqlite_strict=True,
    )
    op.create_table(
        "feed_minutes",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("feed_id", sa.Text(), nullable=False),
        sa.Column("minute", MICROS, autoincrement=False, nullable=False),
        sa.Column("n", MICROS, nullable=False),
        sa.CheckConstraint("n > 0", name=op.f("ck_feed_minutes_n_positive")),
        sa.PrimaryKeyConstraint("tenant_id", "feed_id", "minute", name=op.f("pk_feed_minutes")),
        sqlite_strict=True,
    )


def _provider_probes() -> None:
    op.create_table(
        "provider_probes",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("capability", sa.Text(), nullable=False),
        sa.Column("held_until", MICROS, nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "provider", "capability", name=op.f("pk_provider_probes")
        ),
        sqlite_strict=True,
    )


def _postgres() -> list[str]:
    made = []
    for table in TABLES:
        rights = "SELECT, INSERT" if table in KEPT else "SELECT, INSERT, UPDATE, DELETE"
        made += [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY {table}_read ON {table} FOR SELECT USING ({OWN})",
            f"CREATE POLICY {table}_add ON {table} FOR INSERT WITH CHECK ({OWN})",
            f"CREATE POLICY {table}_change ON {table} FOR UPDATE USING ({OWN}) WITH CHECK ({OWN})",
            f"CREATE POLICY {table}_drop ON {table} FOR DELETE USING ({OWN})",
            f"GRANT {rights} ON {table} TO vx_app",
        ]
    return made + [
        f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_any_change()"
        for table in KEPT
    ]


def _sqlite() -> list[str]:
    return [
        f"CREATE TRIGGER {table}_kept_{act.lower()} BEFORE {act} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
        for table in KEPT
        for act in ("UPDATE", "DELETE")
    ]


def downgrade() -> None:
    """The schema without them."""
    for table in TABLES:
        op.drop_table(table)
