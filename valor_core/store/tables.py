"""The whole schema. A table with a `tenant_id` is cut by tenant in the session and in Postgres.

Portable on purpose: ids and JSON are TEXT, moments are microseconds since 1970 in UTC, rates REAL.
"""

from typing import Any, ClassVar

import orjson
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Dialect,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    TypeDecorator,
    UniqueConstraint,
    literal_column,
)
from sqlalchemy.dialects.sqlite import REAL
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from valor_core.store.free_text import FREE

Micros = BigInteger().with_variant(Integer(), "sqlite")
Real = Double().with_variant(REAL(), "sqlite")
STRICT = {"sqlite_strict": True}


class Json(TypeDecorator[Any]):
    """JSON as text with sorted keys: the same value is the same text; NaN cannot be written."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002, D102
        return None if value is None else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002, D102
        return None if value is None else orjson.loads(value)


class Base(DeclarativeBase):
    """Names every constraint, so that a migration can find it again."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {str: Text, bytes: LargeBinary, int: Micros, float: Real}


class TenantOwned:
    """A row of one tenant: either Private or Shared."""

    tenant_id: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)


class Private(TenantOwned):
    """Seen by its tenant only. The session adds the filter, row-level security is the second."""


class Shared(TenantOwned):
    """Seen by everybody when it belongs to the shared book, and by its tenant only otherwise."""


def own_key(*columns: str, target: str) -> ForeignKeyConstraint:
    """A reference that cannot leave the tenant."""
    return ForeignKeyConstraint(
        ["tenant_id", *columns], [f"{target}.tenant_id", *(f"{target}.id" for _ in columns)]
    )


# --- who --------------------------------------------------------------------------------------


class TenantRow(Base):
    """A customer of the installation, walled off from all others."""

    __tablename__ = "tenants"
    id: Mapped[str] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    label: Mapped[str]
    status: Mapped[str]
    created_at: Mapped[int]
    billing_tz: Mapped[str] = mapped_column(default="UTC", server_default="UTC")
    __table_args__ = (
        CheckConstraint("status IN ('active', 'suspended')", name="status_known"),
        STRICT,
    )


class UserRow(Base):
    """A person, known by an id alone; the name stands with the membership."""

    __tablename__ = "users"
    id: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[int]
    __table_args__ = (STRICT,)


class MembershipRow(Private, Base):
    """A person in a tenant, in a role; those of the installation's own tenant are its operators.

    Any change of it counts its version up, and ends the sign-ins that began under an earlier one.
    """

    __tablename__ = "memberships"
    tenant_id: Mapped[str] = mapped_column(
        ForeignKey("tenants.id"), primary_key=True, sort_order=-1
    )
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    role: Mapped[str]
    name: Mapped[str]
    created_at: Mapped[int]
    version: Mapped[int] = mapped_column(server_default="1")
    suspended_at: Mapped[int | None]
    nominated_by: Mapped[str | None]  # as compliance officer, until another person agrees
    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        CheckConstraint(
            "role IN ('viewer', 'analyst', 'admin', 'compliance', 'operator')", name="role_known"
        ),
        CheckConstraint(
            "(role = 'operator') = (tenant_id = 'platform')", name="operator_of_the_platform"
        ),
        UniqueConstraint("tenant_id", "name"),
        STRICT,
    )


class SignInTokenRow(Private, Base):
    """A secret that signs in once; only its digest is kept."""

    __tablename__ = "sign_in_tokens"
    digest: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str]
    method: Mapped[str]
    provider_sid: Mapped[str]
    expires_at: Mapped[int]
    used_at: Mapped[int | None]
    grant_id: Mapped[str | None]  # of an operator who visits, and is no member
    __table_args__ = (STRICT,)


class SessionRow(Private, Base):
    """A sign-in; only the digest of its cookie is kept."""

    __tablename__ = "sessions"
    digest: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str]  # by which people speak of it
    user_id: Mapped[str]
    member_version: Mapped[int]  # of the membership, when it began
    method: Mapped[str]
    address: Mapped[str]
    browser: Mapped[str]
    provider_sid: Mapped[str]  # how the identity provider calls it, where it told
    created_at: Mapped[int]
    used_at: Mapped[int]
    ended_at: Mapped[int | None]
    grant_id: Mapped[str | None]
    __table_args__ = (
        CheckConstraint("method IN ('link', 'provider', 'key file')", name="method_known"),
        UniqueConstraint("tenant_id", "id"),
        Index(None, "tenant_id", "user_id"),
        STRICT,
    )


class IdentityRow(Private, Base):
    """Who a person of the identity provider is here: by issuer and subject, never by e-mail.

    It belongs to the installation's own tenant, as does the map of groups.
    """

    __tablename__ = "identities"
    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str]
    tenants: Mapped[list[str]] = mapped_column(Json)  # where the person is a member by groups
    __table_args__ = (UniqueConstraint("tenant_id", "user_id"), STRICT)


class GroupRow(Private, Base):
    """A group of the identity provider, and what it makes of its people in a tenant."""

    __tablename__ = "provider_groups"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    member_of: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    role: Mapped[str]
    created_at: Mapped[int]
    created_by: Mapped[str]
    __table_args__ = (
        CheckConstraint(
            "role IN ('viewer', 'analyst', 'admin', 'compliance', 'operator')", name="role_known"
        ),
        CheckConstraint(
            "(role = 'operator') = (member_of = 'platform')", name="operator_of_the_platform"
        ),
        UniqueConstraint("tenant_id", "name", "member_of"),
        STRICT,
    )


class AccessGrantRow(Private, Base):
    """An operator's leave to read the tenant for some hours: who asked, who gave it, when it ended.

    Who gives it to oneself, in an emergency, is both.
    """

    __tablename__ = "access_grants"
    id: Mapped[str] = mapped_column(primary_key=True)
    asked_by: Mapped[str]
    asked_at: Mapped[int]
    reason: Mapped[str] = mapped_column(info=FREE)
    hours: Mapped[int]
    given_by: Mapped[str | None]
    given_at: Mapped[int | None]
    ended_by: Mapped[str | None]
    ended_at: Mapped[int | None]
    __table_args__ = (
        CheckConstraint("hours BETWEEN 1 AND 24", name="hours_of_a_day"),
        CheckConstraint("(given_at IS NULL) = (given_by IS NULL)", name="given_by_somebody"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended_by_somebody"),
        STRICT,
    )


class ApiKeyRow(Private, Base):
    """A key of a client or a notebook; only its HMAC is kept.

    It is a member's, in whose role it acts, or the tenant's own, in a role that is stated.
    """

    __tablename__ = "api_keys"
    id: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(info=FREE)
    role: Mapped[str | None]
    hmac: Mapped[bytes]
    created_at: Mapped[int]
    expires_at: Mapped[int]
    revoked_at: Mapped[int | None]
    owner: Mapped[str | None]
    scopes: Mapped[Any] = mapped_column(Json)
    used_at: Mapped[int | None]  # to the minute, so that not every call writes
    __table_args__ = (
        CheckConstraint("role IN ('viewer', 'analyst', 'admin')", name="role_known"),
        CheckConstraint("(owner IS NULL) <> (role IS NULL)", name="owners_or_tenants"),
        STRICT,
    )


# --- companies and what they filed ---------------------------------------------------------------


class CompanyRow(Shared, Base):
    """A company; its id derives from the CIK where it has one, so that books agree on it."""

    __tablename__ = "companies"
    id: Mapped[str] = mapped_column(primary_key=True)
    cik: Mapped[int | None]
    name: Mapped[str] = mapped_column(info=FREE)
    ticker: Mapped[str]
    sic: Mapped[str]
    created_at: Mapped[int]
    __table_args__ = (UniqueConstraint("tenant_id", "cik"), STRICT)


class FactRow(Shared, Base):
    """One filed number with its lineage. Restatements are further rows, none is ever changed."""

    __tablename__ = "facts"
    company_id: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    period_end: Mapped[str] = mapped_column(primary_key=True)
    accession: Mapped[str] = mapped_column(primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)
    period_start: Mapped[str | None]
    fiscal_year: Mapped[int]
    value: Mapped[float]
    unit: Mapped[str]
    form: Mapped[str]
    filed_on: Mapped[str]
    import_id: Mapped[str]
    __table_args__ = (
        own_key("company_id", target="companies"),
        own_key("import_id", target="imports"),
        STRICT,
    )


class ImportRow(Shared, Base):
    """A document that was read whole; the same document is never read twice."""

    __tablename__ = "imports"
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    file_name: Mapped[str] = mapped_column(info=FREE)
    sha256: Mapped[str]
    companies_n: Mapped[int]
    facts_n: Mapped[int]
    created_at: Mapped[int]
    created_by: Mapped[str]
    __table_args__ = (UniqueConstraint("tenant_id", "sha256"), STRICT)


class AdjustmentRow(Private, Base):
    """What an analyst adds to a filed figure in a named layer; a dropped one stays to be seen.

    No foreign key to companies, for the reason that valuations have none.
    """

    __tablename__ = "adjustments"
    id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    layer: Mapped[str] = mapped_column(info=FREE)
    item: Mapped[str]
    fiscal_year: Mapped[int]
    amount: Mapped[float]
    unit: Mapped[str]  # that of the filed figure
    rationale: Mapped[str] = mapped_column(info=FREE)
    created_at: Mapped[int]
    created_by: Mapped[str]
    dropped_at: Mapped[int | None]
    dropped_by: Mapped[str | None]
    __table_args__ = (
        CheckConstraint("(dropped_at IS NULL) = (dropped_by IS NULL)", name="dropped_by_somebody"),
        Index(None, "tenant_id", "company_id", "layer"),
        STRICT,
    )


class ShareTermRow(Private, Base):
    """A split, or the shares behind an ADR, as somebody stated it; a dropped one stays to be seen.

    No foreign key to companies, for the reason that valuations have none.
    """

    __tablename__ = "share_terms"
    id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    kind: Mapped[str]
    ratio: Mapped[float]  # new shares for each old one; shares behind one ADR
    effective_on: Mapped[str]
    rationale: Mapped[str] = mapped_column(info=FREE)
    created_at: Mapped[int]
    created_by: Mapped[str]
    dropped_at: Mapped[int | None]
    dropped_by: Mapped[str | None]
    __table_args__ = (
        CheckConstraint("kind IN ('split', 'adr')", name="kind_known"),
        CheckConstraint("ratio > 0", name="ratio_positive"),
        CheckConstraint("(dropped_at IS NULL) = (dropped_by IS NULL)", name="dropped_by_somebody"),
        Index(None, "tenant_id", "company_id"),
        STRICT,
    )


class PreferenceRow(Private, Base):
    """How numbers are shown: to a person or key, or where `whose` is empty to the whole tenant."""

    __tablename__ = "preferences"
    whose: Mapped[str] = mapped_column(primary_key=True)
    amounts_in: Mapped[str]
    changed_at: Mapped[int]
    changed_by: Mapped[str]
    __table_args__ = (
        CheckConstraint(
            "amounts_in IN ('thousands', 'millions', 'billions')", name="amounts_in_known"
        ),
        STRICT,
    )


# --- valuations ----------------------------------------------------------------------------------


class ValuationRow(Private, Base):
    """A saved valuation: inputs with their sources, and every number of the result.

    No foreign key to companies: a valuation may rest on a company of the shared book, and a key
    cannot say "mine or the shared one"; the verb looks the company up.
    """

    __tablename__ = "valuations"
    id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str]
    company_name: Mapped[str] = mapped_column(info=FREE)
    model: Mapped[str]
    model_version: Mapped[str]
    run_id: Mapped[str]
    facts_as_of: Mapped[str | None]
    inputs: Mapped[Any] = mapped_column(Json)
    sources: Mapped[Any] = mapped_column(Json, info=FREE)
    result: Mapped[Any] = mapped_column(Json)
    headline: Mapped[float]  # of the result, what its model puts first: a value per share, an IRR
    currency: Mapped[str]
    rationale: Mapped[str] = mapped_column(info=FREE)
    created_at: Mapped[int]
    created_by: Mapped[str]
    scenarios: Mapped[Any | None] = mapped_column(Json)  # weighed around it; none: no set was made
    __table_args__ = (
        Index(None, "tenant_id", "created_at", "id"),
        Index(None, "tenant_id", "company_id", "created_at"),
        STRICT,
    )


class DraftRow(Private, Base):
    """What somebody is working on and has not saved; every step back is kept, to a limit."""

    __tablename__ = "drafts"
    user_id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    content: Mapped[Any] = mapped_column(Json, info=FREE)
    undo: Mapped[Any] = mapped_column(Json, info=FREE)
    redo: Mapped[Any] = mapped_column(Json, info=FREE)
    updated_at: Mapped[int]
    __table_args__ = (STRICT,)


# --- audit, metering, retries --------------------------------------------------------------------


class AuditLogRow(Private, Base):
    """One entry of a tenant's log, in the format valor-audit-v1. Never changed, never deleted."""

    __tablename__ = "audit_logs"
    seq: Mapped[int] = mapped_column(primary_key=True)
    ts: Mapped[int]
    category: Mapped[str]
    action: Mapped[str]
    actor: Mapped[str]
    target: Mapped[str]
    request_id: Mapped[str]
    payload: Mapped[bytes | None]
    salt: Mapped[bytes | None]
    payload_digest: Mapped[bytes]
    leaf: Mapped[bytes]
    mac: Mapped[bytes]
    key_id: Mapped[int]
    purge_seq: Mapped[int | None]
    __table_args__ = (
        CheckConstraint("(payload IS NULL) = (salt IS NULL)", name="payload_with_salt"),
        CheckConstraint("payload IS NOT NULL OR purge_seq IS NOT NULL", name="purge_named"),
        Index(None, "tenant_id", "action", "target"),
        STRICT,
    )


class AuditHeadRow(Private, Base):
    """Where a tenant's log ends; it is also the lock of the log."""

    __tablename__ = "audit_heads"
    size: Mapped[int]
    mac: Mapped[bytes]
    frontier: Mapped[bytes]
    key_id: Mapped[int]
    head_mac: Mapped[bytes]
    __table_args__ = (STRICT,)


class AuditKeyRow(Base):
    """Which keys have signed; never the key itself, only a check value of it."""

    __tablename__ = "audit_keys"
    key_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    check_value: Mapped[bytes]
    created_at: Mapped[int]
    __table_args__ = (STRICT,)


class AuditCheckpointRow(Private, Base):
    """A signed note of how a log stood; its twin lies outside the database."""

    __tablename__ = "audit_checkpoints"
    size: Mapped[int] = mapped_column(primary_key=True)
    note: Mapped[str]
    created_at: Mapped[int]
    __table_args__ = (STRICT,)


class RetentionPolicyRow(Private, Base):
    """After how many days the details of a category's entries are purged."""

    __tablename__ = "retention_policies"
    category: Mapped[str] = mapped_column(primary_key=True)
    days: Mapped[int]
    created_at: Mapped[int]
    created_by: Mapped[str]
    __table_args__ = (CheckConstraint("days > 0", name="days_positive"), STRICT)


class LegalHoldRow(Private, Base):
    """What may not be purged, and the persons who set, asked to release and released it."""

    __tablename__ = "legal_holds"
    id: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str]  # an actor or a target as the log names it; empty for all
    reason: Mapped[str]
    set_at: Mapped[int]
    set_by: Mapped[str]
    release_asked_by: Mapped[str | None]
    released_at: Mapped[int | None]
    released_by: Mapped[str | None]
    __table_args__ = (
        CheckConstraint(
            "(released_at IS NULL) = (released_by IS NULL)", name="released_by_somebody"
        ),
        CheckConstraint(
            "released_by IS NULL OR (released_by <> set_by AND release_asked_by IS NOT NULL"
            " AND released_by <> release_asked_by)",
            name="released_by_another",
        ),
        STRICT,
    )


class UsageEventRow(Private, Base):
    """One metered act; the key derives from the act, so that nothing counts twice."""

    __tablename__ = "usage_events"
    idem_key: Mapped[str] = mapped_column(primary_key=True)
    meter: Mapped[str]
    quantity: Mapped[int]
    occurred_at: Mapped[int]
    act: Mapped[str]
    actor: Mapped[str]
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        Index(None, "tenant_id", "meter", "occurred_at"),
        STRICT,
    )


class IdempotencyKeyRow(Private, Base):
    """The answer to a creating request, kept in the transaction of its effect."""

    __tablename__ = "idempotency_keys"
    actor: Mapped[str] = mapped_column(primary_key=True)
    route: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_sha: Mapped[str]
    status: Mapped[int]
    response: Mapped[str]
    expires_at: Mapped[int]
    __table_args__ = (STRICT,)


# --- limits, plans, flags ------------------------------------------------------------------------


class RateLimitRow(Private, Base):
    """The level of a token bucket at a moment; on Postgres the table outlives no crash."""

    __tablename__ = "rate_limits"
    scope: Mapped[str] = mapped_column(primary_key=True)
    level: Mapped[int]
    seen_at: Mapped[int]
    __table_args__ = (STRICT,)


class PlanRow(Base):
    """One version of a plan, never changed: a new price or limit is a new version."""

    __tablename__ = "plan_definitions"
    plan_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    currency: Mapped[str]
    price_minor: Mapped[int]  # a month, in the currency's smallest unit
    limits: Mapped[Any] = mapped_column(Json)
    features: Mapped[Any] = mapped_column(Json)
    created_at: Mapped[int]
    created_by: Mapped[str]
    __table_args__ = (
        CheckConstraint("version > 0", name="version_positive"),
        CheckConstraint("price_minor >= 0", name="price_not_negative"),
        STRICT,
    )


class TenantPlanRow(Private, Base):
    """Which plan a tenant had from when to when; the one without an end holds now."""

    __tablename__ = "tenant_plans"
    seq: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[str]
    plan_version: Mapped[int]
    valid_from: Mapped[int]
    valid_to: Mapped[int | None]
    changed_by: Mapped[str]
    reason: Mapped[str]
    __table_args__ = (
        ForeignKeyConstraint(
            ["plan_id", "plan_version"], ["plan_definitions.plan_id", "plan_definitions.version"]
        ),
        CheckConstraint("valid_to > valid_from", name="ends_after_it_began"),
        UniqueConstraint("tenant_id", "valid_from"),
        Index(
            "uq_tenant_plans_open",
            "tenant_id",
            unique=True,
            sqlite_where=literal_column("valid_to IS NULL"),
            postgresql_where=literal_column("valid_to IS NULL"),
        ),
        STRICT,
    )


class PlanOverrideRow(Private, Base):
    """A limit that a tenant has beside its plan, for a time and a reason; NULL is without limit."""

    __tablename__ = "plan_overrides"
    id: Mapped[str] = mapped_column(primary_key=True)
    limit_name: Mapped[str]
    value: Mapped[int | None]
    reason: Mapped[str]
    expires_at: Mapped[int]
    ended_at: Mapped[int | None]
    created_at: Mapped[int]
    created_by: Mapped[str]
    __table_args__ = (CheckConstraint("value >= 0", name="value_not_negative"), STRICT)


class QuotaUsageRow(Private, Base):
    """What a tenant used of a meter in a day or a month of its own time zone."""

    __tablename__ = "quota_usage"
    meter: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)  # 2026-11 or 2026-11-26
    used: Mapped[int]
    reserved: Mapped[int]
    __table_args__ = (CheckConstraint("used >= 0 AND reserved >= 0", name="not_negative"), STRICT)


class QuotaReservationRow(Private, Base):
    """What a long run holds of a quota until it ends, or until its lease does."""

    __tablename__ = "quota_reservations"
    id: Mapped[str] = mapped_column(primary_key=True)
    meter: Mapped[str]
    quantity: Mapped[int]
    periods: Mapped[Any] = mapped_column(Json)
    expires_at: Mapped[int]
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity_positive"), STRICT)


class FeatureFlagRow(Base):
    """What an operator has set of a flag for the whole installation."""

    __tablename__ = "feature_flags"
    flag: Mapped[str] = mapped_column(primary_key=True)
    killed: Mapped[int]  # 1: nobody has it, whatever else is said
    rollout_percent: Mapped[int | None]
    reason: Mapped[str]
    changed_at: Mapped[int]
    changed_by: Mapped[str]
    __table_args__ = (
        CheckConstraint("killed IN (0, 1)", name="killed_or_not"),
        CheckConstraint("rollout_percent BETWEEN 0 AND 100", name="rollout_is_a_share"),
        STRICT,
    )


class FlagOverrideRow(Private, Base):
    """A flag's value for one tenant, for a time and a reason."""

    __tablename__ = "flag_overrides"
    flag: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(Json)
    reason: Mapped[str]
    expires_at: Mapped[int]
    created_at: Mapped[int]
    created_by: Mapped[str]
    __table_args__ = (STRICT,)


# --- snapshots, jobs, reports --------------------------------------------------------------------


class SnapshotRow(Private, Base):
    """One manifest row makes a snapshot exist; its id is the SHA-256 of the manifest."""

    __tablename__ = "snapshots"
    id: Mapped[str] = mapped_column(primary_key=True)
    manifest: Mapped[str]
    facts_n: Mapped[int]
    valuations_n: Mapped[int]
    created_at: Mapped[int]
    created_by: Mapped[str]
    __table_args__ = (Index(None, "tenant_id", "created_at", "id"), STRICT)


class SavedViewRow(Private, Base):
    """What somebody looked at in snapshots, kept by its name for everybody in the tenant."""

    __tablename__ = "saved_views"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(info=FREE)
    content: Mapped[Any] = mapped_column(Json, info=FREE)
    created_at: Mapped[int]
    created_by: Mapped[str]
    changed_at: Mapped[int]
    changed_by: Mapped[str]
    __table_args__ = (UniqueConstraint("tenant_id", "name"), STRICT)


class ScheduleRow(Private, Base):
    """When a job is due, in whose name, with which parameters, and who is sent what it makes."""

    __tablename__ = "schedules"
    id: Mapped[str] = mapped_column(primary_key=True)  # of a standing job: its name
    job: Mapped[str]
    cron: Mapped[str]
    timezone: Mapped[str]
    parameters: Mapped[Any] = mapped_column(Json, info=FREE)
    created_at: Mapped[int]
    created_by: Mapped[str]
    ended_at: Mapped[int | None]
    due_since: Mapped[int]  # nothing before it is made up for
    catch_up: Mapped[str]
    paused_at: Mapped[int | None]
    deliver_to: Mapped[Any] = mapped_column(Json)  # ids of destinations
    __table_args__ = (
        CheckConstraint("catch_up IN ('latest', 'all')", name="catch_up_known"),
        STRICT,
    )


class JobRunRow(Private, Base):
    """One run of a job. Its slot is the claim: who inserts it first asks for it, nobody else."""

    __tablename__ = "job_runs"
    id: Mapped[str] = mapped_column(primary_key=True)
    job: Mapped[str]
    slot: Mapped[str]  # schedule (or job) and due time; the run's own id for a run on demand
    parameters: Mapped[Any] = mapped_column(Json, info=FREE)
    status: Mapped[str]
    attempt: Mapped[int]
    owner: Mapped[str]
    lease_until: Mapped[int]
    record: Mapped[Any] = mapped_column(Json, info=FREE)
    detail: Mapped[str] = mapped_column(info=FREE)
    created_at: Mapped[int]
    created_by: Mapped[str]
    finished_at: Mapped[int | None]
    __table_args__ = (
        CheckConstraint(
            "status IN ('running', 'succeeded', 'failed', 'timeout', 'cancelled')",
            name="status_known",
        ),
        UniqueConstraint("tenant_id", "job", "slot"),
        Index(None, "tenant_id", "created_at", "id"),
        STRICT,
    )


class DestinationRow(Private, Base):
    """Where reports are sent; what signs or opens it is sealed, as keys of providers are."""

    __tablename__ = "destinations"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    address: Mapped[str]
    nonce: Mapped[bytes | None]
    sealed: Mapped[bytes | None]
    created_at: Mapped[int]
    created_by: Mapped[str]
    ended_at: Mapped[int | None]
    __table_args__ = (
        CheckConstraint("kind IN ('folder', 'email', 'webhook')", name="kind_known"),
        STRICT,
    )


class DeliveryRow(Private, Base):
    """One report on its way to one destination, sent until it has arrived or is given up."""

    __tablename__ = "deliveries"
    id: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str]
    destination_id: Mapped[str]
    state: Mapped[str]
    attempts: Mapped[int]
    next_at: Mapped[int]  # not tried before it, and held until then while somebody tries
    why: Mapped[str] = mapped_column(info=FREE)
    created_at: Mapped[int]
    delivered_at: Mapped[int | None]
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name="state_known"),
        UniqueConstraint("tenant_id", "run_id", "destination_id"),
        Index(None, "tenant_id", "state", "next_at"),
        own_key("run_id", target="job_runs"),
        own_key("destination_id", target="destinations"),
        STRICT,
    )


class ComputationRow(Private, Base):
    """A simulation or a batch that somebody began, and what came of it.

    Who carries it out renews the lease; one whose lease ended before it did was interrupted.
    """

    __tablename__ = "computations"
    id: Mapped[str] = mapped_column(primary_key=True)
    act: Mapped[str]  # such as simulation.run
    subject: Mapped[str]  # what it is about, such as a model and a company
    asked: Mapped[Any] = mapped_column(Json)  # all that is needed to begin it again
    status: Mapped[str]
    outcome: Mapped[Any | None] = mapped_column(Json)  # the result, or the refusal that ended it
    lease_until: Mapped[int]
    began_at: Mapped[int]
    began_by: Mapped[str]
    ended_at: Mapped[int | None]
    __table_args__ = (
        CheckConstraint(
            "status IN ('running', 'succeeded', 'failed', 'cancelled', 'interrupted')",
            name="status_known",
        ),
        Index(None, "tenant_id", "began_at", "id"),
        STRICT,
    )


# --- billing -------------------------------------------------------------------------------------


class WebhookRow(Private, Base):
    """A signed event of the billing provider, kept before anything follows from it.

    The inbox belongs to the installation: whose event it is, the event itself says. Under another
    body the same id is kept beside it, as `id#digest`.
    """

    __tablename__ = "webhook_inbox"
    event_id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    tenant_slug: Mapped[str]
    body: Mapped[Any] = mapped_column(Json)  # redacted
    body_sha: Mapped[str]  # of the bytes that were signed
    state: Mapped[str]
    received_n: Mapped[int]
    conflicts_n: Mapped[int]  # how often its id came with another body
    attempts: Mapped[int]  # begun, not ended: one that kills its process counts
    next_at: Mapped[int]
    error: Mapped[str]
    received_at: Mapped[int]
    settled_at: Mapped[int | None]
    __table_args__ = (
        CheckConstraint(
            "state IN ('waiting', 'applied', 'stale', 'ignored', 'quarantined', 'set_aside')",
            name="state_known",
        ),
        Index(None, "tenant_id", "state", "next_at"),
        STRICT,
    )


class BillingEventRow(Private, Base):
    """What the billing provider told of a tenant: a use that it billed, or a turn of an invoice."""

    __tablename__ = "billing_events"
    event_id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    object_id: Mapped[str]  # of a use: the id of our usage event
    object_version: Mapped[int]
    meter: Mapped[str]  # empty for an invoice, as are the next four
    day: Mapped[str]
    quantity: Mapped[int]
    price_minor: Mapped[int]
    per_quantity: Mapped[int]
    plan_version: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    created_at: Mapped[int]  # by the provider's clock
    received_at: Mapped[int]
    received_n: Mapped[int]
    conflicts_n: Mapped[int]
    outcome: Mapped[str]
    __table_args__ = (
        CheckConstraint("outcome IN ('applied', 'stale')", name="outcome_known"),
        Index(None, "tenant_id", "day", "meter"),
        Index(None, "tenant_id", "received_at", "event_id"),
        STRICT,
    )


class BillingObjectRow(Private, Base):
    """An invoice as its newest version has it, in whatever order the versions arrived."""

    __tablename__ = "billing_objects"
    object_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    status: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    updated_at: Mapped[int]
    __table_args__ = (
        CheckConstraint("status IN ('open', 'paid', 'void')", name="status_known"),
        STRICT,
    )


class UsageDayRow(Private, Base):
    """What a meter counted on a day, added up once the day was over and never changed."""

    __tablename__ = "usage_daily"
    day: Mapped[str] = mapped_column(primary_key=True)
    meter: Mapped[str] = mapped_column(primary_key=True)
    quantity: Mapped[int]
    events_n: Mapped[int]
    closed_at: Mapped[int]
    __table_args__ = (STRICT,)


class MeterPriceRow(Private, Base):
    """What a tenant pays for what a meter counts, from a day on."""

    __tablename__ = "meter_prices"
    meter: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[str] = mapped_column(primary_key=True)
    price_minor: Mapped[int]
    per_quantity: Mapped[int]
    currency: Mapped[str]
    plan_version: Mapped[str]
    created_at: Mapped[int]
    created_by: Mapped[str]
    __table_args__ = (
        CheckConstraint("price_minor >= 0", name="price_not_negative"),
        CheckConstraint("per_quantity > 0", name="per_quantity_positive"),
        STRICT,
    )


# --- market data -------------------------------------------------------------------------------


class ProviderKeyRow(Private, Base):
    """A tenant's key of a data provider, sealed; what opens it stands outside the database."""

    __tablename__ = "provider_keys"
    provider: Mapped[str] = mapped_column(primary_key=True)
    nonce: Mapped[bytes]
    sealed: Mapped[bytes]
    set_at: Mapped[int]
    set_by: Mapped[str]
    __table_args__ = (STRICT,)


class SeriesRow(Private, Base):
    """Dated rows as a provider gave them, named by their own digest and never changed."""

    __tablename__ = "market_series"
    sha256: Mapped[str] = mapped_column(primary_key=True)
    provider: Mapped[str]
    capability: Mapped[str]
    symbol: Mapped[str]
    unit: Mapped[str]
    currency: Mapped[str]
    adjusted: Mapped[str]
    zone: Mapped[str]
    first_day: Mapped[str]
    last_day: Mapped[str]
    rows_n: Mapped[int]
    synthetic: Mapped[int]  # 1 where no market ever saw them
    licence: Mapped[Any] = mapped_column(Json)
    source: Mapped[str]
    as_of: Mapped[int]
    fetched_at: Mapped[int]
    content: Mapped[bytes]
    created_by: Mapped[str]
    keep_until: Mapped[int | None]  # as its licence wants it gone; None where it may stay
    __table_args__ = (
        Index(None, "tenant_id", "capability", "symbol", "fetched_at"),
        Index(None, "tenant_id", "fetched_at", "sha256"),
        Index(None, "tenant_id", "keep_until"),
        STRICT,
    )


class DoubtRow(Private, Base):
    """Why a row of a series, or all of it, is not used; until a person accepts it with a reason."""

    __tablename__ = "market_doubts"
    sha256: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[str] = mapped_column(primary_key=True)  # empty: of the whole series
    kind: Mapped[str] = mapped_column(primary_key=True)
    told: Mapped[str]
    accepted_at: Mapped[int | None]
    accepted_by: Mapped[str | None]
    reason: Mapped[str | None] = mapped_column(info=FREE)
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "sha256"], ["market_series.tenant_id", "market_series.sha256"]
        ),
        CheckConstraint(
            "(accepted_at IS NULL) = (accepted_by IS NULL)"
            " AND (accepted_at IS NULL) = (reason IS NULL)",
            name="accepted_by_somebody",
        ),
        STRICT,
    )


# --- how providers stand -------------------------------------------------------------------------


class RoutingPolicyRow(Private, Base):
    """One version of whom a tenant asks for a kind of data; the newest holds."""

    __tablename__ = "routing_policies"
    capability: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    terms: Mapped[Any] = mapped_column(Json)  # whom, in which order, on which terms
    service: Mapped[Any] = mapped_column(Json)  # what share of which hours is promised
    reason: Mapped[str] = mapped_column(info=FREE)
    created_at: Mapped[int]
    created_by: Mapped[str]
    __table_args__ = (CheckConstraint("version > 0", name="version_positive"), STRICT)


class ProviderStatusRow(Private, Base):
    """What is known of a provider now, for every process that may ask it."""

    __tablename__ = "provider_status"
    provider: Mapped[str] = mapped_column(primary_key=True)
    capability: Mapped[str] = mapped_column(primary_key=True)
    changed_at: Mapped[int]
    open_until: Mapped[int]  # 0: closed
    trips: Mapped[int]
    why: Mapped[str]
    held_at: Mapped[int]
    hold_until: Mapped[int]
    hold_why: Mapped[str]
    seen_at: Mapped[int]  # when its health was last judged
    __table_args__ = (STRICT,)


class ProviderProbeRow(Private, Base):
    """Which process tries whether a provider that was left alone is back, and until when."""

    __tablename__ = "provider_probes"
    provider: Mapped[str] = mapped_column(primary_key=True)
    capability: Mapped[str] = mapped_column(primary_key=True)
    held_until: Mapped[int]
    __table_args__ = (STRICT,)


class ProviderAnswerRow(Private, Base):
    """The last good answer to a question, for when nobody answers it."""

    __tablename__ = "provider_answers"
    question: Mapped[str] = mapped_column(primary_key=True)
    provider: Mapped[str]
    capability: Mapped[str]
    licence: Mapped[Any] = mapped_column(Json)
    source: Mapped[str]
    as_of: Mapped[int]
    fetched_at: Mapped[int]
    keep_until: Mapped[int]
    content: Mapped[bytes]
    __table_args__ = (Index(None, "tenant_id", "fetched_at", "question"), STRICT)


class ProviderIntervalRow(Private, Base):
    """A state of a provider, from this moment until the next row's."""

    __tablename__ = "provider_intervals"
    provider: Mapped[str] = mapped_column(primary_key=True)
    capability: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str]
    cause: Mapped[str]
    __table_args__ = (
        CheckConstraint(
            "state IN ('up', 'degraded', 'down', 'maintenance', 'unknown')", name="state_known"
        ),
        STRICT,
    )


class ProviderCallRow(Private, Base):
    """How many calls of a minute went so and took so long: buckets of which all can be added up."""

    __tablename__ = "provider_calls"
    provider: Mapped[str] = mapped_column(primary_key=True)
    capability: Mapped[str] = mapped_column(primary_key=True)
    minute: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # its beginning
    outcome: Mapped[str] = mapped_column(primary_key=True)
    bucket: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    n: Mapped[int]
    __table_args__ = (
        CheckConstraint("outcome IN ('good', 'bad', 'neutral')", name="outcome_known"),
        CheckConstraint("n > 0", name="n_positive"),
        STRICT,
    )


class RouteCallRow(Private, Base):
    """How many calls that a tenant made of a route in an hour went so and took so long."""

    __tablename__ = "route_calls"
    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # its beginning
    route: Mapped[str] = mapped_column(primary_key=True)  # method and pattern, without any id
    outcome: Mapped[str] = mapped_column(primary_key=True)
    bucket: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    n: Mapped[int]
    __table_args__ = (
        CheckConstraint("outcome IN ('good', 'bad')", name="outcome_known"),
        CheckConstraint("n > 0", name="n_positive"),
        STRICT,
    )


class RoutingDecisionRow(Private, Base):
    """Whose answer was taken for a question, and why; only the newest are kept."""

    __tablename__ = "routing_decisions"
    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[int]
    capability: Mapped[str]
    query: Mapped[str]
    chosen: Mapped[str]
    why: Mapped[str]
    attempts: Mapped[Any] = mapped_column(Json)
    micros: Mapped[int]
    answer: Mapped[str]
    fetched_at: Mapped[int | None]
    request_id: Mapped[str]
    __table_args__ = (
        CheckConstraint("answer IN ('fresh', 'stale', 'kept', 'none')", name="answer_known"),
        Index(None, "tenant_id", "at", "id"),
        STRICT,
    )


class ProviderMaintenanceRow(Private, Base):
    """A time in which a provider was said to be worked on: it counts neither way."""

    __tablename__ = "provider_maintenance"
    id: Mapped[str] = mapped_column(primary_key=True)
    provider: Mapped[str]
    starts_at: Mapped[int]
    ends_at: Mapped[int]
    reason: Mapped[str] = mapped_column(info=FREE)
    created_at: Mapped[int]
    created_by: Mapped[str]
    withdrawn_at: Mapped[int | None]
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_it_began"),
        Index(None, "tenant_id", "ends_at"),
        STRICT,
    )


class ProviderWatchRow(Private, Base):
    """When a tenant's providers were last looked at: which process does it next is decided here."""

    __tablename__ = "provider_watch"
    id: Mapped[str] = mapped_column(primary_key=True)
    watched_at: Mapped[int]
    __table_args__ = (STRICT,)


# --- what market data are used for ---------------------------------------------------------------


class MarketPremiumRow(Private, Base):
    """One version of the equity risk premium that a tenant states for a currency."""

    __tablename__ = "market_premiums"
    currency: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[float]
    day: Mapped[str]  # of which it speaks
    source: Mapped[str] = mapped_column(info=FREE)
    created_at: Mapped[int]
    created_by: Mapped[str]
    __table_args__ = (CheckConstraint("version > 0", name="version_positive"), STRICT)


# --- feeds ---------------------------------------------------------------------------------------


class FeedRow(Private, Base):
    """A stream that is taken in by one process at a time; each new leader has the next token."""

    __tablename__ = "feeds"
    id: Mapped[str] = mapped_column(primary_key=True)
    provider: Mapped[str]
    symbols: Mapped[Any] = mapped_column(Json)
    hours: Mapped[Any] = mapped_column(Json)  # in which it is expected to say something
    created_at: Mapped[int]
    created_by: Mapped[str]
    stopped_at: Mapped[int | None]
    token: Mapped[int]
    holder: Mapped[str]
    held_until: Mapped[int]
    led_at: Mapped[int]  # since when by this holder
    why: Mapped[str]  # it says nothing; empty while it does
    last_at: Mapped[int]  # of the newest tick, at its exchange; 0: none yet
    received_at: Mapped[int]
    marks: Mapped[Any] = mapped_column(Json)  # the newest tick of each symbol
    ticks: Mapped[int]
    __table_args__ = (STRICT,)


class FeedChunkRow(Private, Base):
    """Ticks of a feed in the order in which they came, some seconds of them."""

    __tablename__ = "feed_chunks"
    feed_id: Mapped[str] = mapped_column(primary_key=True)
    first: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # its place
    n: Mapped[int]
    received_at: Mapped[int]
    content: Mapped[bytes]
    __table_args__ = (CheckConstraint("n > 0", name="n_positive"), STRICT)


class FeedGapRow(Private, Base):
    """A time of which a feed has nothing, and why."""

    __tablename__ = "feed_gaps"
    feed_id: Mapped[str] = mapped_column(primary_key=True)
    began_at: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    ended_at: Mapped[int]
    why: Mapped[str]
    __table_args__ = (STRICT,)


class FeedMinuteRow(Private, Base):
    """How many ticks a feed brought in a minute."""

    __tablename__ = "feed_minutes"
    feed_id: Mapped[str] = mapped_column(primary_key=True)
    minute: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # its beginning
    n: Mapped[int]
    __table_args__ = (CheckConstraint("n > 0", name="n_positive"), STRICT)


# --- a tenant's own notebooks --------------------------------------------------------------------


class OwnNotebookRow(Private, Base):
    """One version of a tenant's own notebook, its outputs stripped, as it was registered."""

    __tablename__ = "own_notebooks"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    version: Mapped[int]
    title: Mapped[str] = mapped_column(info=FREE)
    file_name: Mapped[str] = mapped_column(info=FREE)
    sha256: Mapped[str]  # of the source
    source: Mapped[bytes] = mapped_column(deferred=True)
    created_at: Mapped[int]
    created_by: Mapped[str]  # a person, were it by a key
    __table_args__ = (
        CheckConstraint("version > 0", name="version_positive"),
        UniqueConstraint("tenant_id", "name", "version"),
        STRICT,
    )


class OwnNotebookDecisionRow(Private, Base):
    """What was decided of a version, of which hash, by whom and why."""

    __tablename__ = "own_notebook_decisions"
    notebook_id: Mapped[str] = mapped_column(primary_key=True)
    decision: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str]
    reason: Mapped[str] = mapped_column(info=FREE)
    created_at: Mapped[int]
    created_by: Mapped[str]
    __table_args__ = (
        CheckConstraint("decision IN ('approved', 'rejected', 'withdrawn')", name="decision_known"),
        own_key("notebook_id", target="own_notebooks"),
        STRICT,
    )


TENANT_TABLES = tuple(sorted(n for n, t in Base.metadata.tables.items() if "tenant_id" in t.c))
SHARED_TABLES = ("companies", "facts", "imports")
IMMUTABLE = ("market_series", "own_notebook_decisions", "own_notebooks", "plan_definitions")
EXPIRING = ("market_series",)
"""Immutable, but a row that says until when it is kept may go."""

UNLOGGED = ("rate_limits",)
APPEND_ONLY = (
    "audit_checkpoints",
    "audit_logs",
    "market_premiums",
    "provider_intervals",
    "routing_policies",
)
