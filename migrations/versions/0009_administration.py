"""Whose an API key is and what it is for; members who are suspended or proposed as officers."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MICROS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ALL_SCOPES = '["admin","audit","read","report","value"]'
OWNED = "(owner IS NULL) <> (role IS NULL)"


def upgrade() -> None:
    """Keys that were made before keep all that they could do: they are their tenant's own."""
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


def downgrade() -> None:
    """The schema without scopes: keys of members, which have no role of their own, are lost."""
    op.drop_column("memberships", "suspended_at")
    op.drop_column("memberships", "nominated_by")
    op.get_bind().exec_driver_sql("DELETE FROM api_keys WHERE role IS NULL")
    with _keys() as keys:
        keys.drop_constraint(op.f("ck_api_keys_owners_or_tenants"), type_="check")
        keys.drop_column("owner")
        keys.drop_column("scopes")
        keys.drop_column("used_at")
        keys.alter_column("role", existing_type=sa.Text(), nullable=False)


def _keys():
    """SQLite changes no column in place: the table is made anew, and nothing refers to it."""
    return op.batch_alter_table("api_keys", table_kwargs={"sqlite_strict": True})
