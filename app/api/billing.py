"""Billing: what the provider tells."""

import hashlib
import time

from fastapi import APIRouter, Request
from pydantic import BaseModel

from app.api.callers import RawBody
from app.api.requests import StrictRoute
from app.web.strict_json import read_json
from valor_core.billing import signatures
from valor_core.workbench import webhooks
from valor_core.workbench.verb import the_store

router = APIRouter(tags=["billing"], route_class=StrictRoute)


class DeliveryView(BaseModel):
    """What became of a delivery; once it is answered, the event is kept."""

    event_id: str
    state: str
    repeated: bool


@router.post("/billing/webhook", include_in_schema=False)
def take_in(request: Request, body: RawBody) -> DeliveryView:
    """Take in an event of the billing provider; it takes effect once."""
    with webhooks.counted_refusals():
        message_id = signatures.verify(
            body, request.headers, secrets=signatures.active_secrets(), now_s=time.time()
        )
        sha = hashlib.sha256(body).hexdigest()
        told = webhooks.deliver(the_store(), read_json(body), sha=sha, message_id=message_id)
    return DeliveryView(event_id=told.event_id, state=told.state, repeated=told.repeated)
