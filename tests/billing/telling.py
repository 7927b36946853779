"""What the billing provider tells, said briefly."""

import hashlib
import json
import random
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from valor_core.store.engines import Store
from valor_core.workbench import webhooks
from valor_core.workbench.webhooks import Delivery

CREATED = 1_764_115_200  # 2025-11-26, by the provider's clock


def invoice(event_id: str, turn: str, *, version: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": event_id,
        "type": f"invoice.{turn}",
        "created": CREATED + version,
        "data": {
            "object": {
                "id": "in_1", "version": version, "amount_minor": 9900, "currency": "USD",
                "metadata": {"tenant": "acme"}, **fields,
            }
        },
    }  # fmt: skip


def usage(event_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": event_id,
        "type": "usage.recorded",
        "created": CREATED,
        "data": {
            "object": {
                "id": f"use-of-{event_id}", "meter": "valuations", "day": "2025-11-26",
                "quantity": 1, "price_minor": 250, "per_quantity": 1, "amount_minor": 250,
                "currency": "USD", "plan_version": "team-1", "metadata": {"tenant": "acme"},
                **fields,
            }
        },
    }  # fmt: skip


def deliver(store: Store, document: Any, *, now: datetime | None = None) -> Delivery:
    """As the route does once the signature holds."""
    body = json.dumps(document).encode()
    return webhooks.deliver(store, document, sha=hashlib.sha256(body).hexdigest(), now=now)


def events() -> Iterator[dict[str, Any]]:
    """Uses of two tenants and the lives of some invoices, always the same ones."""
    chance = random.Random(7)
    for n in range(15):
        tenant = {"tenant": chance.choice(["acme", "rival"])}
        quantity = chance.randint(1, 9)
        yield usage(f"evt_u{n}", quantity=quantity, amount_minor=250 * quantity, metadata=tenant)
    for n in range(6):
        tenant = {"tenant": chance.choice(["acme", "rival"])}
        for version, turn in enumerate(("created", "paid", "voided")[: chance.randint(1, 3)], 1):
            yield invoice(f"evt_i{n}_{turn}", turn, version=version, id=f"in_{n}", metadata=tenant)
