"""What a billing provider tells: a use that it has billed, or a turn in the life of an invoice.

{"id": "evt_7", "type": "usage.recorded", "created": 1764115200, "data": {"object": {
    "id": "<id of our usage event>", "meter": "valuations", "day": "2025-11-26", "quantity": 1,
    "price_minor": 250, "per_quantity": 1, "amount_minor": 250, "currency": "USD",
    "plan_version": "team-1", "metadata": {"tenant": "acme"}}}}
{"id": "evt_8", "type": "invoice.paid", "created": 1764115300, "data": {"object": {
    "id": "in_1", "version": 2, "amount_minor": 9900, "currency": "USD",
    "metadata": {"tenant": "acme"}}}}
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from valor_core.errors import BadInput
from valor_core.redaction import Redactor

USAGE = "usage.recorded"
STATUS = {"invoice.created": "open", "invoice.paid": "paid", "invoice.voided": "void"}
TYPES = (USAGE, *STATUS)
WHOLE_MAX = 10**15  # minor units, quantities, versions: far beyond any bill, far below 64 bits
CREATED_MAX_S = 253_402_300_799  # the end of the year 9999; milliseconds of today are beyond it

_TEXTS = {
    "id": re.compile(r"[A-Za-z0-9_.:-]{1,200}"),
    "meter": re.compile(r"[a-z][a-z0-9_]{0,40}"),
    "day": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "currency": re.compile(r"[A-Z]{3}"),
    "plan_version": re.compile(r"[A-Za-z0-9_.:-]{0,80}"),
}
_SLUG = re.compile(r"[a-z][a-z0-9-]{1,30}[a-z0-9]")  # a tenant may be called sk-partners
_WHOLES = ("version", "quantity", "price_minor", "per_quantity", "amount_minor")


class BadEvent(BadInput):
    """A signed event that does not say what it must."""

    code = "bad_event"

    def __init__(self, field: str) -> None:
        super().__init__(
            f"The event has no usable {field}.",
            hint="docs/governance/billing.md shows the fields of each type.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What is kept of an event: its names, and the fields that are known; nothing else of it."""

    event_id: str
    type: str
    tenant_slug: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingEvent:
    """An event of a known type; what only a use has is empty or 0 for an invoice."""

    type: str
    object_id: str
    object_version: int
    amount_minor: int
    currency: str
    created_s: int
    meter: str = ""
    day: str = ""
    quantity: int = 0
    price_minor: int = 0
    per_quantity: int = 1
    plan_version: str = ""


def open_envelope(document: Any, *, message_id: str, redactor: Redactor) -> Envelope:
    """Reads whose event it is; BadEvent where it has no id to be known by."""
    told = _mapping(document)
    event_id = told.get("id") or message_id
    if not isinstance(event_id, str) or not _TEXTS["id"].fullmatch(event_id):
        raise BadEvent("id")
    event_object = _mapping(_mapping(told.get("data")).get("object"))
    kept = {
        name: _clean(value, redactor)
        for name in (*_TEXTS, *_WHOLES)
        if (value := event_object.get(name)) is not None
    }
    tenant = _mapping(event_object.get("metadata")).get("tenant")
    is_slug = isinstance(tenant, str) and _SLUG.fullmatch(tenant)
    return Envelope(
        event_id=event_id,
        type=_short(told.get("type"), redactor),
        tenant_slug=tenant if is_slug else _short(tenant, redactor),
        body={"created": _clean(told.get("created"), redactor), "object": kept},
    )


def read_event(envelope_type: str, body: Mapping[str, Any]) -> BillingEvent:
    """The event that a kept body tells; BadEvent names the field that is missing or wrong."""
    event_object = body["object"]
    created_s = _whole(body, "created", least=0, most=CREATED_MAX_S)
    event = {
        "type": envelope_type,
        "object_id": _text(event_object, "id"),
        "amount_minor": _whole(event_object, "amount_minor", least=-WHOLE_MAX),
        "currency": _text(event_object, "currency"),
        "created_s": created_s,
    }
    if envelope_type != USAGE:
        version = _whole({"version": created_s, **event_object}, "version", least=0)
        return BillingEvent(**event, object_version=version)
    day = _text(event_object, "day")
    try:
        date.fromisoformat(day)
    except ValueError as error:
        raise BadEvent("day") from error
    return BillingEvent(
        **event,
        object_version=created_s,
        meter=_text(event_object, "meter"),
        day=day,
        quantity=_whole(event_object, "quantity", least=0),
        price_minor=_whole(event_object, "price_minor", least=0),
        per_quantity=_whole({"per_quantity": 1, **event_object}, "per_quantity", least=1),
        plan_version=_text({"plan_version": "", **event_object}, "plan_version"),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _clean(value: Any, redactor: Redactor) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return value if isinstance(value, int) else redactor.text(value)


def _short(value: Any, redactor: Redactor) -> str:
    return redactor.text(value)[:80] if isinstance(value, str) else ""


def _text(source: Mapping[str, Any], name: str) -> str:
    value = source.get(name)
    if not isinstance(value, str) or not _TEXTS[name].fullmatch(value):
        raise BadEvent(name)
    return value


def _whole(source: Mapping[str, Any], name: str, *, least: int, most: int = WHOLE_MAX) -> int:
    value = source.get(name)
    if not isinstance(value, int) or not least <= value <= most:
        raise BadEvent(name)
    return value
