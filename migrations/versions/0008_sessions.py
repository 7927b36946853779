"""Sign-ins that people can see and end, operators who sign in, and people of a provider."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MICROS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
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
ROLES, ROLES_BEFORE = (
    "role IN ('viewer', 'analyst', 'admin', 'compliance', 'operator')",
    "role IN ('viewer', 'analyst', 'admin', 'compliance')",
)


def upgrade() -> None:
    """Everybody signs in anew: who began an earlier sign-in from where was not kept."""
    op.drop_table("sessions")
    op.drop_table("sign_in_tokens")
    _make_sign_ins()
    _make_people_of_a_provider()
    _wall("sessions", "sign_in_tokens", "identities", "provider_groups")
    with op.batch_alter_table("memberships", table_kwargs={"sqlite_strict": True}) as batch:
        batch.add_column(sa.Column("version", MICROS, server_default="1", nullable=False))
        batch.drop_constraint(op.f("ck_memberships_role_known"), type_="check")
        batch.create_check_constraint(op.f("ck_memberships_role_known"), ROLES)
        batch.create_check_constraint(
            op.f("ck_memberships_operator_of_the_platform"),
            "(role = 'operator') = (tenant_id = 'platform')",
        )


def downgrade() -> None:
    """The schema before: operators, the map of groups and all sign-ins are lost."""
    op.execute("DELETE FROM memberships WHERE role = 'operator'")
    with op.batch_alter_table("memberships", table_kwargs={"sqlite_strict": True}) as batch:
        batch.drop_constraint(op.f("ck_memberships_operator_of_the_platform"), type_="check")
        batch.drop_constraint(op.f("ck_memberships_role_known"), type_="check")
        batch.create_check_constraint(op.f("ck_memberships_role_known"), ROLES_BEFORE)
        batch.drop_column("version")
    for table in ("provider_groups", "identities", "sign_in_tokens", "sessions"):
        op.drop_table(table)
    _make_sign_ins_as_before()
    _wall("sessions", "sign_in_tokens")


def _make_sign_ins() -> None:
    op.create_table(
        "sign_in_tokens",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("provider_sid", sa.Text(), nullable=False),
        sa.Column("expires_at", MICROS, nullable=False),
        sa.Column("used_at", MICROS, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "digest", name=op.f("pk_sign_in_tokens")),
        sqlite_strict=True,
    )
    op.create_table(
        "sessions",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("member_version", MICROS, nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.Column("provider_sid", sa.Text(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("used_at", MICROS, nullable=False),
        sa.Column("ended_at", MICROS, nullable=True),
        sa.CheckConstraint(
            "method IN ('link', 'provider', 'key file')", name=op.f("ck_sessions_method_known")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "digest", name=op.f("pk_sessions")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_sessions_tenant_id_id")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_sessions_tenant_id_user_id"), "sessions", ["tenant_id", "user_id"], unique=False
    )


def _make_people_of_a_provider() -> None:
    op.create_table(
        "identities",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("tenants", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "issuer", "subject", name=op.f("pk_identities")),
        sa.UniqueConstraint("tenant_id", "user_id", name=op.f("uq_identities_tenant_id_user_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "provider_groups",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("member_of", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint(ROLES, name=op.f("ck_provider_groups_role_known")),
        sa.CheckConstraint(
            "(role = 'operator') = (member_of = 'platform')",
            name=op.f("ck_provider_groups_operator_of_the_platform"),
        ),
        sa.ForeignKeyConstraint(
            ["member_of"], ["tenants.id"], name=op.f("fk_provider_groups_member_of_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_provider_groups")),
        sa.UniqueConstraint(
            "tenant_id",
            "name",
            "member_of",
            name=op.f("uq_provider_groups_tenant_id_name_member_of"),
        ),
        sqlite_strict=True,
    )


def _make_sign_ins_as_before() -> None:
    op.create_table(
        "sign_in_tokens",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("expires_at", MICROS, nullable=False),
        sa.Column("used_at", MICROS, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "digest", name=op.f("pk_sign_in_tokens")),
        sqlite_strict=True,
    )
    op.create_table(
        "sessions",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("used_at", MICROS, nullable=False),
        sa.Column("ended_at", MICROS, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "digest", name=op.f("pk_sessions")),
        sqlite_strict=True,
    )


def _wall(*tables: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in tables:
            for statement in POSTGRES:
                op.get_bind().exec_driver_sql(statement.format(table))
