"""Billing: what the provider tells, and whether it agrees with what was used."""

import hashlib
import time
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from app.api.bodies import CSV, a_file
from app.api.callers import CallersWork, RawBody
from app.api.paging import Limit
from app.api.requests import StrictRoute
from app.web.strict_json import read_json
from valor_core.billing import ledger, signatures
from valor_core.billing.reconciliation import Reconciliation
from valor_core.values import from_micros
from valor_core.workbench import billing, webhooks
from valor_core.workbench.verb import the_store

router = APIRouter(tags=["billing"], route_class=StrictRoute)


class DeliveryView(BaseModel):
    """What became of a delivery; once it is answered, the event is kept."""

    event_id: str
    state: str
    repeated: bool


class TotalView(BaseModel):
    """One currency: what was billed beyond what was metered is explained, and nothing is left."""

    currency: str
    metered_minor: int
    billed_minor: int
    explained_minor: int
    unexplained_minor: int


class RowView(BaseModel):
    """One line of a day and meter: METERED, BILLED, or what makes the difference between them."""

    day: date
    meter: str
    currency: str
    line: str
    quantity: int
    amount_minor: int
    events: int


class ReconciliationView(BaseModel):
    """What was metered against what was billed; the CSV of the same figures by its digest."""

    tenant: str
    first: date
    last: date
    totals: list[TotalView]
    rows: list[RowView]
    csv_sha256: str

    @classmethod
    def of(cls, found: Reconciliation) -> "ReconciliationView":
        """The reconciliation as clients see it."""
        return cls(
            tenant=found.tenant,
            first=found.first,
            last=found.last,
            totals=[TotalView.model_validate(t, from_attributes=True) for t in found.totals],
            rows=[RowView.model_validate(r, from_attributes=True) for r in found.rows],
            csv_sha256=found.csv_sha256,
        )


class BillingEventView(BaseModel):
    """What the provider told: of a use, or of an invoice, which has no meter and no day."""

    event_id: str
    type: str
    object_id: str
    version: int
    meter: str
    day: str
    quantity: int
    amount_minor: int
    currency: str
    created_at: datetime
    received_at: datetime
    received: int
    conflicts: int
    outcome: str


class InvoiceView(BaseModel):
    """An invoice as its newest version has it."""

    invoice_id: str
    version: int
    status: str
    amount_minor: int
    currency: str
    updated_at: datetime


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


@router.get(
    "/admin/billing/reconciliation", response_model=ReconciliationView, responses=a_file(CSV)
)
def reconcile(
    work: CallersWork,
    first: Annotated[date | None, Query(alias="from", description="30 days back if empty.")] = None,
    last: Annotated[
        date | None,
        Query(alias="to", ge=ledger.EARLIEST, description="Today if empty, in UTC."),
    ] = None,
    as_: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
) -> Response:
    """What was metered against what was billed, each difference by its cause; JSON or CSV."""
    last = last or work.now.date()
    found = billing.reconcile(work, first or last - timedelta(days=30), last)
    if as_ == "json":
        return Response(
            ReconciliationView.of(found).model_dump_json(), media_type="application/json"
        )
    name = f"valor-reconciliation-{found.first}-{found.last}.csv"
    return Response(
        found.as_csv(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.get("/admin/billing/events")
def list_events(work: CallersWork, limit: Limit = 50) -> list[BillingEventView]:
    """What the provider told of the tenant, the newest first."""
    return [
        BillingEventView(
            event_id=row.event_id,
            type=row.type,
            object_id=row.object_id,
            version=row.object_version,
            meter=row.meter,
            day=row.day,
            quantity=row.quantity,
            amount_minor=row.amount_minor,
            currency=row.currency,
            created_at=from_micros(row.created_at),
            received_at=from_micros(row.received_at),
            received=row.received_n,
            conflicts=row.conflicts_n,
            outcome=row.outcome,
        )
        for row in billing.list_events(work, limit=limit)
    ]


@router.get("/admin/billing/invoices")
def list_invoices(work: CallersWork, limit: Limit = 50) -> list[InvoiceView]:
    """The tenant's invoices, each as its newest version has it."""
    return [
        InvoiceView(
            invoice_id=row.object_id,
            version=row.version,
            status=row.status,
            amount_minor=row.amount_minor,
            currency=row.currency,
            updated_at=from_micros(row.updated_at),
        )
        for row in billing.list_invoices(work, limit=limit)
    ]
