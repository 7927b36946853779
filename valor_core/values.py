"""What all rooms speak of: ids, roles, the caller, and the clock."""

import os
import time
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, NewType

TenantId = NewType("TenantId", str)
UserId = NewType("UserId", str)
CompanyId = NewType("CompanyId", str)
ValuationId = NewType("ValuationId", str)
ImportId = NewType("ImportId", str)
SnapshotId = NewType("SnapshotId", str)

DAY_US = 86_400 * 1_000_000
"""The microseconds of a day."""

SHARED = TenantId("shared")
"""The tenant that owns the demo book: everybody reads it, nobody but the seed writes it."""

PLATFORM = TenantId("platform")
"""The tenant of the installation itself: its members are the operators, and it has no content."""

STRANGER = "stranger"
"""The kind of a caller who has not shown a secret yet, and may do nothing."""

_BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id() -> str:
    """26 characters that sort by the time they were made, 80 of their bits random (a ULID).

    >>> len(new_id()), new_id() != new_id()
    (26, True)
    """
    number = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    return "".join(_BASE32[number >> 5 * i & 31] for i in range(25, -1, -1))


def printable(text: str, *, most: int) -> str:
    r"""The beginning of what somebody sent, as the log can keep it and a screen show it.

    >>> printable("tenant\0\n", most=7)
    'tenant?'
    """
    begin = text[:most]
    if begin.isprintable():
        return begin
    return "".join(sign if sign.isprintable() else "?" for sign in begin)


class Role(StrEnum):
    """What somebody is in a tenant. An operator runs the platform and sees no tenant's content.

    A compliance officer reads all of the tenant and sets and releases legal holds.
    """

    VIEWER = "viewer"
    ANALYST = "analyst"
    ADMIN = "admin"
    COMPLIANCE = "compliance"
    OPERATOR = "operator"


class Scope(StrEnum):
    """What an API key is for; it narrows what the role behind the key may do, and never widens it.

    Who values or reports must read, so these two hold reading within them.
    """

    READ = "read"
    VALUE = "value"
    REPORT = "report"
    AUDIT = "audit"
    ADMIN = "admin"
    DECIDE = "decide"  # what takes a person, or two: of a member's own key alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who does something: in which tenant, as whom, in which role, by which sign-in."""

    tenant_id: TenantId
    user_id: str
    role: Role
    kind: str = "user"  # user, key, job, cli, notebook, operator, provider or stranger
    session: str = ""  # the digest of the sign-in, where there is one
    request_id: str = ""
    asked: str = ""  # for what, by method and path: a denial tells it
    scopes: frozenset[Scope] | None = None  # of a key; what a person may do, no scope narrows
    owner: str = ""  # of a key: the member whose own it is

    def asking(self, what: str) -> "Caller":
        """The same, who asks for this by a request of its own."""
        return replace(self, request_id=new_id(), asked=printable(what, most=200))

    @property
    def is_person(self) -> bool:
        """Whether somebody has signed in: a member, or an operator who visits the tenant."""
        return self.kind in ("user", "operator")

    @property
    def actor(self) -> str:
        """As the audit log names it: kind and id, never a person's name."""
        return f"{self.kind}:{self.user_id}"

    @property
    def person(self) -> str:
        """Who answers for it: the member behind an own key, so that two keys are no two persons."""
        return f"user:{self.owner}" if self.owner else self.actor


def utc_now() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)


def micros(moment: datetime) -> int:
    """Microseconds since 1970 in UTC, exact.

    >>> micros(datetime(1970, 1, 1, 0, 0, 1, 2, tzinfo=UTC))
    1000002
    """
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_micros(count: int) -> datetime:
    """The moment that many microseconds after 1970."""
    return datetime.fromtimestamp(count // 1_000_000, UTC).replace(microsecond=count % 1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledFact:
    """One number as a company filed it, with what an outsider needs to find it in the filing."""

    item: str  # our name, such as revenue
    value: float
    unit: str  # USD, shares, USD/shares
    tag: str  # the XBRL tag with its taxonomy, us-gaap:SalesRevenueNet; may be empty
    accession: str
    form: str
    filed_on: date
    fiscal_year: int
    period_start: date | None  # None for a balance
    period_end: date

    @property
    def named(self) -> str:
        """Its tag; where it was filed without one, the item in words."""
        return self.tag or self.item.replace("_", " ")

    @property
    def as_filed(self) -> "FiledFact":
        """Without what a layer adds to it."""
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """What an analyst adds to a filed figure in a named layer, and why."""

    id: str
    layer: str
    amount: float  # in the unit of the figure
    rationale: str
    author: str
    stated_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustedFact(FiledFact):
    """A filed figure read through a layer: its value is what was filed and what was added."""

    filed_value: float
    adjustments: tuple[Adjustment, ...]

    @property
    def as_filed(self) -> FiledFact:
        """Without what the layer adds to it."""
        told: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(FiledFact)}
        return FiledFact(**told | {"value": self.filed_value})


class SourceKind(StrEnum):
    """Where an input of a model comes from."""

    FILED = "filed"
    DERIVED = "derived"
    ASSUMED = "assumed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Why an input has its value: the facts and the rule behind it, or whose judgement it is."""

    kind: SourceKind
    text: str  # the rule, or the rationale
    facts: tuple[FiledFact, ...] = ()
    author: str = ""
    stated_on: date | None = None
