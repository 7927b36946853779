"""An audit log that an outsider can verify: checkpoints, retention, legal holds."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MICROS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OWN = "tenant_id = nullif(current_setting('app.tenant_id', true), '')"
RIGHTS = {
    "audit_checkpoints": "SELECT, INSERT",
    "legal_holds": "SELECT, INSERT, UPDATE, DELETE",
    "retention_policies": "SELECT, INSERT, UPDATE, DELETE",
}
ROLES, ROLES_BEFORE = (
    "role IN ('viewer', 'analyst', 'admin', 'compliance')",
    "role IN ('viewer', 'analyst', 'admin')",
)
REFUSAL = "BEGIN SELECT RAISE(ABORT, 'rows of audit_checkpoints are never changed'); END"
SQLITE = (
    f"""CREATE TRIGGER audit_checkpoints_kept_update BEFORE UPDATE ON audit_checkpoints
                 {REFUSAL}""",
    f"CREATE TRIGGER audit_checkpoints_kept_delete BEFORE DELETE ON audit_checkpoints {REFUSAL}",
)
POSTGRES = (
    """CREATE FUNCTION refuse_any_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           RAISE EXCEPTION 'rows of %% are never changed', TG_TABLE_NAME; END $$""",
    """CREATE TRIGGER audit_checkpoints_kept BEFORE UPDATE OR DELETE ON audit_checkpoints
           FOR EACH ROW EXECUTE FUNCTION refuse_any_change()""",
    "GRANT UPDATE (payload, salt, purge_seq) ON audit_logs TO vx_app",
)


def upgrade() -> None:
    """Three tables behind the walls between tenants, and the role that holds."""
    _make_tables()
    if op.get_bind().dialect.name == "postgresql":
        for table, rights in RIGHTS.items():
            _wall(table, rights)
        _run(*POSTGRES)
    else:
        _run(*SQLITE)
    _allow_roles(ROLES)


def downgrade() -> None:
    """The schema before: checkpoints, policies and holds are lost, members who hold are viewers."""
    op.execute("UPDATE memberships SET role = 'viewer' WHERE role = 'compliance'")
    _allow_roles(ROLES_BEFORE)
    for table in RIGHTS:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        _run(
            "DROP FUNCTION refuse_any_change()",
            "REVOKE UPDATE (payload, salt, purge_seq) ON audit_logs FROM vx_app",
        )


def _make_tables() -> None:
    op.create_table(
        "audit_checkpoints",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("size", MICROS, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "size", name=op.f("pk_audit_checkpoints")),
        sqlite_strict=True,
    )
    op.create_table(
        "retention_policies",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("days", MICROS, nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("days > 0", name=op.f("ck_retention_policies_days_positive")),
        sa.PrimaryKeyConstraint("tenant_id", "category", name=op.f("pk_retention_policies")),
        sqlite_strict=True,
    )
    op.create_table(
        "legal_holds",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_at", MICROS, nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("release_asked_by", sa.Text(), nullable=True),
        sa.Column("released_at", MICROS, nullable=True),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(released_at IS NULL) = (released_by IS NULL)",
            name=op.f("ck_legal_holds_released_by_somebody"),
        ),
        sa.CheckConstraint(
            "released_by IS NULL OR (released_by <> set_by AND release_asked_by IS NOT NULL"
            " AND released_by <> release_asked_by)",
            name=op.f("ck_legal_holds_released_by_another"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_legal_holds")),
        sqlite_strict=True,
    )


def _wall(table: str, rights: str) -> None:
    _run(
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {table}_read ON {table} FOR SELECT USING ({OWN})",
        f"CREATE POLICY {table}_add ON {table} FOR INSERT WITH CHECK ({OWN})",
        f"CREATE POLICY {table}_change ON {table} FOR UPDATE USING ({OWN}) WITH CHECK ({OWN})",
        f"CREATE POLICY {table}_drop ON {table} FOR DELETE USING ({OWN})",
        f"GRANT {rights} ON {table} TO vx_app",
    )


def _allow_roles(check: str) -> None:
    """SQLite changes no constraint in place: the table is made anew, and nothing refers to it."""
    if op.get_bind().dialect.name == "postgresql":
        _run(
            "ALTER TABLE memberships DROP CONSTRAINT ck_memberships_role_known",
            f"ALTER TABLE memberships ADD CONSTRAINT ck_memberships_role_known CHECK ({check})",
        )
        return
    with op.batch_alter_table(
        "memberships", recreate="always", table_kwargs={"sqlite_strict": True}
    ) as batch:
        batch.drop_constraint(op.f("ck_memberships_role_known"), type_="check")
        batch.create_check_constraint(op.f("ck_memberships_role_known"), check)


def _run(*statements: str) -> None:
    for statement in statements:
        op.get_bind().exec_driver_sql(statement)
