"""Series go when their licence wants them gone; the last good answers outlive a process."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0018"
branch_labels = None
depends_on = None

MICROS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OWN = "tenant_id = nullif(current_setting('app.tenant_id', true), '')"
CHANGED = f"USING ({OWN}) WITH CHECK ({OWN})"
REFUSAL = "BEGIN SELECT RAISE(ABORT, 'rows of market_series are never changed'); END"
DELETE_REFUSED = "CREATE TRIGGER market_series_kept_delete BEFORE DELETE ON market_series"
ANSWERS = (
    "ALTER TABLE provider_answers ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE provider_answers FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY provider_answers_read ON provider_answers FOR SELECT USING ({OWN})",
    f"CREATE POLICY provider_answers_add ON provider_answers FOR INSERT WITH CHECK ({OWN})",
    f"CREATE POLICY provider_answers_change ON provider_answers FOR UPDATE {CHANGED}",
    f"CREATE POLICY provider_answers_drop ON provider_answers FOR DELETE USING ({OWN})",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON provider_answers TO vx_app",
)


def upgrade() -> None:
    """The column and the table, and what the databases hold of them."""
    op.add_column("market_series", sa.Column("keep_until", MICROS, nullable=True))
    op.create_index(
        op.f("ix_market_series_tenant_id_keep_until"), "market_series", ["tenant_id", "keep_until"]
    )
    op.create_table(
        "provider_answers",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("capability", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("as_of", MICROS, nullable=False),
        sa.Column("fetched_at", MICROS, nullable=False),
        sa.Column("keep_until", MICROS, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "question", name=op.f("pk_provider_answers")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_provider_answers_tenant_id_fetched_at_question"),
        "provider_answers",
        ["tenant_id", "fetched_at", "question"],
    )
    for statement in _postgres() if op.get_bind().dialect.name == "postgresql" else _sqlite():
        op.get_bind().exec_driver_sql(statement)


def _postgres() -> tuple[str, ...]:
    refused = "WHEN (OLD.keep_until IS NULL) EXECUTE FUNCTION refuse_any_change()"
    return (
        *ANSWERS,
        "GRANT DELETE ON market_series TO vx_app",
        f"CREATE TRIGGER market_series_kept BEFORE DELETE ON market_series FOR EACH ROW {refused}",
    )


def _sqlite() -> tuple[str, ...]:
    return (
        "DROP TRIGGER market_series_kept_delete",
        f"{DELETE_REFUSED} WHEN (OLD.keep_until IS NULL) {REFUSAL}",
    )


def downgrade() -> None:
    """The schema without them: a series stays for ever, an answer as long as its process."""
    op.drop_table("provider_answers")
    if op.get_bind().dialect.name == "postgresql":
        op.get_bind().exec_driver_sql("DROP TRIGGER market_series_kept ON market_series")
        op.get_bind().exec_driver_sql("REVOKE DELETE ON market_series FROM vx_app")
    else:
        op.get_bind().exec_driver_sql("DROP TRIGGER market_series_kept_delete")
        op.get_bind().exec_driver_sql(f"{DELETE_REFUSED} {REFUSAL}")
    op.drop_index(op.f("ix_market_series_tenant_id_keep_until"), "market_series")
    op.drop_column("market_series", "keep_until")
