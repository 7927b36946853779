"""A tenant's own notebooks: each version as it was registered, and what was decided of it."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

MICROS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OWN = "tenant_id = nullif(current_setting('app.tenant_id', true), '')"
TABLES = ("own_notebooks", "own_notebook_decisions")


def upgrade() -> None:
    """Both tables, and what the databases hold of them: no row is ever changed."""
    op.create_table(
        "own_notebooks",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", MICROS, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_own_notebooks_version_positive")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_own_notebooks")),
        sa.UniqueConstraint(
            "tenant_id", "name", "version", name=op.f("uq_own_notebooks_tenant_id_name_version")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "own_notebook_decisions",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("notebook_id", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "decision IN ('approved', 'rejected', 'withdrawn')",
            name=op.f("ck_own_notebook_decisions_decision_known"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "notebook_id"],
            ["own_notebooks.tenant_id", "own_notebooks.id"],
            name=op.f("fk_own_notebook_decisions_tenant_id_notebook_id_own_notebooks"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "notebook_id", "decision", name=op.f("pk_own_notebook_decisions")
        ),
        sqlite_strict=True,
    )
    statements = _postgres() if op.get_bind().dialect.name == "postgresql" else _sqlite()
    for statement in statements:
        op.get_bind().exec_driver_sql(statement)


def _postgres() -> list[str]:
    made = []
    for table in TABLES:
        made += [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY {table}_read ON {table} FOR SELECT USING ({OWN})",
            f"CREATE POLICY {table}_add ON {table} FOR INSERT WITH CHECK ({OWN})",
            f"CREATE POLICY {table}_change ON {table} FOR UPDATE USING ({OWN}) WITH CHECK ({OWN})",
            f"CREATE POLICY {table}_drop ON {table} FOR DELETE USING ({OWN})",
            f"GRANT SELECT, INSERT ON {table} TO vx_app",
        ]
    return made


def _sqlite() -> list[str]:
    return [
        f"CREATE TRIGGER {table}_kept_{act.lower()} BEFORE {act} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
        for table in TABLES
        for act in ("UPDATE", "DELETE")
    ]


def downgrade() -> None:
    """The schema without them: own notebooks and what was decided of them are lost."""
    for table in reversed(TABLES):
        op.drop_table(table)
