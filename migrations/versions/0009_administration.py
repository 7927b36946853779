"""Whose an API key is and what it is for; members who are suspended or proposed; visits."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MICROS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ALL_SCOPES = '["admin","audit","read","report","value"]'
OWN = "tenant_id = nullif(current_setting('app.tenant_id', true), '')"
OWNED = "(owner IS NULL) <> (role IS NULL)"


WALL = (
    "ALTER TABLE access_grants ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE access_grants FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY access_grants_read ON access_grants FOR SELECT USING ({OWN})",
    f"CREATE POLICY access_grants_add ON access_grants FOR INSERT WITH CHECK ({OWN})",
    f"CREATE POLICY access_grants_change ON access_grants FOR UPDATE USING ({OWN}) WITH CHECK ({OWN})",  # noqa: E501
    f"CREATE POLICY access_grants_drop ON access_grants FOR DELETE USING ({OWN})",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON access_grants TO vx_app",
)


def upgrade() -> None:
    """Keys that were made before keep all that they could do: they are their tenant's own."""
    _grants()
    op.add_column("sign_in_tokens", sa.Column("grant_id", sa.Text(), nullable=True))
    op.add_column("sessions", sa.Column("grant_id", sa.Text(), nullable=True))
    op.add_column("memberships", sa.Column("suspended_at", MICROS, nullable=True))
    op.add_column("memberships", sa.Column("nominated_by", sa.Text(), nullable=True))
    with _keys() as keys:
        keys.alter_column("role", existing_type=sa.Text(), nullable=True)
        keys.add_column(sa.Column("owner", sa.Text(), nullable=True))
        keys.add_column(sa.Column("scopes", sa.Text(), server_default=ALL_SCOPES, nullable=False))
        keys.add_column(sa.Column("used_at", MICROS, nullable=True))
    with _keys() as keys:
        keys.alter_column("scopes", existing_type=sa.Text(), server_default=None)
        keys.create_check_constraint(op.f("ck_api_keys_owners_or_tenants"), OWNED)


def _grants() -> None:
    op.create_table(
        "access_grants",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", MICROS, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("hours", MICROS, nullable=False),
        sa.Column("given_by", sa.Text(), nullable=True),
        sa.Column("given_at", MICROS, nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_at", MICROS, nullable=True),
        sa.CheckConstraint("hours BETWEEN 1 AND 24", name=op.f("ck_access_grants_hours_of_a_day")),
        sa.CheckConstraint(
            "(given_at IS NULL) = (given_by IS NULL)",
            name=op.f("ck_access_grants_given_by_somebody"),
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL)",
            name=op.f("ck_access_grants_ended_by_somebody"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_access_grants")),
        sqlite_strict=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in WALL:
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """The schema without scopes: keys of members, which have no role of their own, are lost."""
    op.drop_column("sessions", "grant_id")
    op.drop_column("sign_in_tokens", "grant_id")
    op.drop_table("access_grants")
    op.drop_column("memberships", "suspended_at")
    op.drop_column("memberships", "nominated_by")
    for statement in _past_the_wall("DELETE FROM api_keys WHERE role IS NULL"):
        op.get_bind().exec_driver_sql(statement)
    with _keys() as keys:
        keys.drop_constraint(op.f("ck_api_keys_owners_or_tenants"), type_="check")
        keys.drop_column("owner")
        keys.drop_column("scopes")
        keys.drop_column("used_at")
        keys.alter_column("role", existing_type=sa.Text(), nullable=False)


def _past_the_wall(statement: str) -> tuple[str, ...]:
    """Postgres walls off the owner too, who speaks for no tenant here."""
    if op.get_bind().dialect.name != "postgresql":
        return (statement,)
    wall = "ALTER TABLE api_keys {} ROW LEVEL SECURITY"
    return wall.format("NO FORCE"), statement, wall.format("FORCE")


def _keys():
    """SQLite changes no column in place: the table is made anew, and nothing refers to it."""
    return op.batch_alter_table("api_keys", table_kwargs={"sqlite_strict": True})
