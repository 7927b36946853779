"""What a tenant pays, what it was billed, and whether both agree with what it used."""

import json
import re
from collections.abc import Collection, Sequence
from datetime import date, timedelta

from sqlalchemy import select

from valor_core.billing import inbox, ledger, metering, reconciliation
from valor_core.billing.events import USAGE, read_event
from valor_core.billing.inbox import State
from valor_core.billing.metering import Meter
from valor_core.billing.reconciliation import Books, Price, Reconciliation, Used
from valor_core.errors import BadInput, Conflict, NotFound
from valor_core.store.tables import (
    AuditLogRow,
    BillingEventRow,
    BillingObjectRow,
    TenantRow,
    WebhookRow,
)
from valor_core.store.work import Work
from valor_core.tenancy.reasons import stated
from valor_core.workbench.paging import check_page
from valor_core.workbench.verb import ACTS, verb, view

TROUBLED = (State.WAITING, State.QUARANTINED, State.SET_ASIDE)


class EventSettled(Conflict):
    """An event of the inbox that was settled, or waits for its next attempt anyway."""

    code = "event_settled"

    def __init__(self, event_id: str, state: str) -> None:
        super().__init__(
            f"The event {event_id} is {state.replace('_', ' ')}.",
            hint="Only one that was set aside, or is of an unknown tenant, is tried again.",
        )


@view("billing.read")
def reconcile(work: Work, first: date, last: date) -> Reconciliation:
    """What was metered against what was billed, from the first day to the last, both included."""
    return reconciled(work, first, last)


def reconciled(work: Work, first: date, last: date) -> Reconciliation:
    """The same for a report, which only those may ask for and read who may reconcile."""
    ledger.check_days(first, last)
    begin, end = first - ledger.MOVED_MAX, last + ledger.MOVED_MAX
    events = ledger.billing_events(work, begin, end)
    tenant = work.session.get(TenantRow, work.caller.tenant_id)
    used = ledger.used(work, begin, end)
    books = Books(
        first=first,
        last=last,
        used=used,
        billed=ledger.billed(events),
        prices=ledger.prices(work),
        closed=ledger.closed_days(work, begin, end),
        noted=ledger.noted(events),
        acts=_acts(work, begin, end, {use.usage_id for use in used}),
    )
    return reconciliation.reconcile(books, tenant=tenant.label if tenant else "")


def _acts(work: Work, first: date, last: date, used: Collection[str]) -> dict[str, Used] | None:
    """What the log says was done and is metered, by usage id; None where some was purged.

    What takes its time is counted once it brings a result: the entry of its end tells which meter.
    That it began proves no use, only that a use of it is no orphan.
    """
    meters = {act.name: str(act.meter) for acts in ACTS.values() for act in acts if act.meter}
    row = AuditLogRow
    of_a_report = row.target.in_(select(row.target).where(row.action == "report.run"))
    ends = (row.action == "computation.finish") | ((row.action == "job.finish") & of_a_report)
    query = (
        select(row.action, row.ts, row.payload)
        .where(
            row.action.in_(meters) | (ends & row.payload.is_not(None)),
            row.ts >= metering.first_moment(first),
            row.ts < metering.first_moment(last + timedelta(days=1)),
        )
        .limit(ledger.EVENTS_MAX + 1)
    )
    found = work.session.execute(query).all()
    if len(found) > ledger.EVENTS_MAX or any(payload is None for _, _, payload in found):
        return None
    acts = {}
    for action, ts, payload in found:
        details = json.loads(payload or b"{}")
        counted, at_its_end = details.get("counted_as"), details.get("meter")
        meter = at_its_end or meters.get(action)
        if meter is None:
            continue  # it ended without a result
        name = metering.usage_id(work.caller.tenant_id, counted or details["act_id"], meter)
        if not counted or at_its_end or name in used:
            acts[name] = Used(usage_id=name, meter=meter, day=metering.day_of(ts), quantity=1)
    return acts


@view("billing.read")
def list_uses(work: Work, first: date, last: date) -> list[Used]:
    """What was metered, use by use."""
    ledger.check_days(first, last)
    return ledger.used(work, first, last)


@view("billing.read")
def list_events(work: Work, *, limit: int = 50) -> Sequence[BillingEventRow]:
    """What the provider told of the tenant, the newest first."""
    check_page(limit)
    return ledger.newest_events(work, limit=limit)


@view("billing.read")
def list_invoices(work: Work, *, limit: int = 50) -> Sequence[BillingObjectRow]:
    """The tenant's invoices, each as its newest version has it."""
    check_page(limit)
    return ledger.invoices(work, limit=limit)


@view("billing.read")
def list_prices(work: Work) -> list[Price]:
    """What the tenant pays, and from which day on."""
    return ledger.prices(work)


@view("billing.foresee_price")
def foresee_price(work: Work, price: Price) -> Price | None:
    """What holds on that day in place of which the price would; None where nothing is paid."""
    _check_price(price)
    ledger.check_price_follows(work, price)
    return _price_before(work, price)


@verb("billing.price")
def set_price(work: Work, price: Price, *, reason: str) -> None:
    """Say what the tenant pays for what a meter counts, from a day on."""
    why = stated(reason)
    _check_price(price)
    before = _price_before(work, price)
    ledger.keep_price(work, price)
    work.note(
        f"meter:{price.meter}",
        price_minor=price.price_minor,
        per_quantity=price.per_quantity,
        currency=price.currency,
        valid_from=price.valid_from,
        plan_version=price.plan_version,
        price_minor_before=before.price_minor if before else None,
        reason=why,
    )


def _price_before(work: Work, price: Price) -> Price | None:
    return reconciliation.price_held(price.meter, price.valid_from, ledger.prices(work))


def _check_price(price: Price) -> None:
    if price.meter not in set(Meter):
        raise NotFound("meter", price.meter, hint=f"There are {', '.join(Meter)}.")
    if not re.fullmatch("[A-Z]{3}", price.currency):
        raise BadInput(f"{price.currency[:10]!r} is no currency.", hint="Write USD or EUR.")
    if price.price_minor < 0 or price.per_quantity < 1:
        raise BadInput(
            f"{price.price_minor} for {price.per_quantity} is no price.",
            hint="Give whole minor units, 0 or more, for 1 unit or more.",
        )


@view("job.prepare")
def are_days_over(work: Work) -> bool:
    """Whether there are days of use to add up."""
    return metering.are_days_over(work)


@verb("billing.close")
def close_days(work: Work) -> int:
    """Add up the days that are over, once."""
    days = metering.close_days(work)
    work.note("usage:days", days=days)
    return days


@view("billing.inbox")
def read_inbox(
    work: Work, *, states: Sequence[State] = TROUBLED, limit: int = 50
) -> Sequence[WebhookRow]:
    """The events in the inbox of the installation that want a look, the newest first."""
    check_page(limit)
    return inbox.listed(work, states, limit=limit)


@view("billing.inbox")
def billed_to_nobody(work: Work, first: date, last: date) -> Reconciliation:
    """What the provider billed on these days to tenants that are not here."""
    ledger.check_days(first, last)
    quarantined = inbox.listed(work, [State.QUARANTINED], limit=ledger.EVENTS_MAX)
    events = [
        ledger.event_row(read_event(row.type, row.body), row, outcome=State.APPLIED)
        for row in quarantined
        if "#" not in row.event_id and row.type == USAGE
    ]
    return reconciliation.of_nobody(first, last, ledger.billed(events))


@verb("billing.set_aside")
def set_aside(work: Work, event_id: str, *, reason: str) -> None:
    """Let an event that waits for its next attempt wait no longer; it can be tried again."""
    why, row = stated(reason), inbox.locked(work, event_id)
    if row is None:
        raise NotFound("event", event_id[:80])
    if row.state != State.WAITING:
        raise EventSettled(event_id, row.state)
    inbox.settle(work, row, State.SET_ASIDE, error=f"Set aside: {why}")
    work.note(f"event:{event_id}", reason=why)


@verb("billing.retry")
def try_again(work: Work, event_id: str) -> None:
    """Let an event that was laid aside take effect after all, once its cause is mended."""
    row = inbox.locked(work, event_id)
    if row is None:
        raise NotFound("event", event_id[:80])
    if row.state not in (State.QUARANTINED, State.SET_ASIDE) or "#" in row.event_id:
        raise EventSettled(event_id, row.state)
    row.state, row.attempts, row.next_at, row.settled_at = State.WAITING, 0, work.now_micros, None
    work.note(f"event:{event_id}")
