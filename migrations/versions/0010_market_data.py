"""Keys of data providers, the series that they gave, and what is doubted about them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MICROS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OWN = "tenant_id = nullif(current_setting('app.tenant_id', true), '')"
TABLES = ("provider_keys", "market_series", "market_doubts")
POSTGRES = (
    "ALTER TABLE {0} ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE {0} FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY {{0}}_read ON {{0}} FOR SELECT USING ({OWN})",
    f"CREATE POLICY {{0}}_add ON {{0}} FOR INSERT WITH CHECK ({OWN})",
    f"CREATE POLICY {{0}}_change ON {{0}} FOR UPDATE USING ({OWN}) WITH CHECK ({OWN})",
    f"CREATE POLICY {{0}}_drop ON {{0}} FOR DELETE USING ({OWN})",
)


def upgrade() -> None:
    """The tables with their indices, and what the databases hold of them."""
    op.create_table(
        "provider_keys",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("set_at", MICROS, nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "provider", name=op.f("pk_provider_keys")),
        sqlite_strict=True,
    )
    _series()
    op.create_table(
        "market_doubts",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("accepted_at", MICROS, nullable=True),
        sa.Column("accepted_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(accepted_at IS NULL) = (accepted_by IS NULL)"
            " AND (accepted_at IS NULL) = (reason IS NULL)",
            name=op.f("ck_market_doubts_accepted_by_somebody"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "sha256"],
            ["market_series.tenant_id", "market_series.sha256"],
            name=op.f("fk_market_doubts_tenant_id_sha256_market_series"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "sha256", "day", "kind", name=op.f("pk_market_doubts")
        ),
        sqlite_strict=True,
    )
    statements = _postgres() if op.get_bind().dialect.name == "postgresql" else _sqlite()
    for statement in statements:
        op.get_bind().exec_driver_sql(statement)


def _series() -> None:
    op.create_table(
        "market_series",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("capability", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("adjusted", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Text(), nullable=False),
        sa.Column("last_day", sa.Text(), nullable=False),
        sa.Column("rows_n", MICROS, nullable=False),
        sa.Column("synthetic", MICROS, nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("as_of", MICROS, nullable=False),
        sa.Column("fetched_at", MICROS, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "sha256", name=op.f("pk_market_series")),
        sqlite_strict=True,
    )
    for columns in (("capability", "symbol", "fetched_at"), ("fetched_at", "sha256")):
        op.create_index(
            op.f(f"ix_market_series_tenant_id_{'_'.join(columns)}"),
            "market_series",
            ["tenant_id", *columns],
            unique=False,
        )


def _postgres() -> list[str]:
    walls = [statement.format(table) for table in TABLES for statement in POSTGRES]
    return [
        *walls,
        "GRANT SELECT, INSERT, UPDATE, DELETE ON provider_keys TO vx_app",
        "GRANT SELECT, INSERT ON market_series TO vx_app",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON market_doubts TO vx_app",
    ]


def _sqlite() -> list[str]:
    kept = "BEGIN SELECT RAISE(ABORT, 'rows of market_series are never changed')"
    return [
        f"CREATE TRIGGER market_series_kept_{act.lower()} BEFORE {act} ON market_series {kept}; END"
        for act in ("UPDATE", "DELETE")
    ]


def downgrade() -> None:
    """The schema without market data: keys and series are lost."""
    for table in ("market_doubts", "market_series", "provider_keys"):
        op.drop_table(table)
