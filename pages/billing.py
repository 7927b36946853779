"""Whether what was billed is what was used; invoices, prices, and what the provider told."""

from collections.abc import Sequence
from datetime import date, timedelta

import streamlit as st

from app.ui import show
from app.ui.frame import caller, only_for_its_readers
from app.ui.words import NOTHING, counted, event_told, moment, number
from valor_core.billing.money import written
from valor_core.billing.reconciliation import MEANING, NO_CURRENCY, Price, Reconciliation, Row
from valor_core.values import from_micros, utc_now
from valor_core.workbench import billing
from valor_core.workbench.billing import BillingEventRow, BillingObjectRow
from valor_core.workbench.verb import open_work

SHOWN, MONTHS = 50, 12
EFFECTS = {"applied": "took effect", "stale": "came too late"}


def spans() -> dict[str, tuple[date, date]]:
    """What can be chosen: the last thirty days, this month, and the eleven before it."""
    today = utc_now().date()
    made = {"The last 30 days": (today - timedelta(days=30), today)}
    first, last = today.replace(day=1), today
    for _ in range(MONTHS):
        made[f"{first:%B %Y}"] = first, last
        last = first - timedelta(days=1)
        first = last.replace(day=1)
    return made


def verdict(found: Reconciliation, *, heard: bool) -> None:
    """The money of each currency, and whether anything is left to explain.

    Where the billing provider was never heard, that nothing was billed is no finding.
    """
    for total in found.totals:
        amounts = {
            "Metered": total.metered_minor,
            "Billed": total.billed_minor,
            "Difference": total.billed_minor - total.metered_minor,
            "Unexplained": total.unexplained_minor,
        }
        if total.currency != NO_CURRENCY:
            show.facts({name: written(minor, total.currency) for name, minor in amounts.items()})
    if not found.rows:
        st.info("Nothing was used and nothing was billed on these days.", icon=":material/inbox:")
    elif any(total.unexplained_minor for total in found.totals):
        st.error("A part of the difference has no cause that we know.", icon=":material/error:")
    elif not heard:
        st.info(
            "No billing provider has told anything of this tenant yet, so nothing of what was used "
            "is billed. An operator connects one on the page Installation.",
            icon=":material/link_off:",
        )
    elif found.causes:
        st.warning(
            f"{counted(sum(row.events for row in found.causes), 'finding')}, each with its cause; "
            "together they make the whole difference.",
            icon=":material/rule:",
        )
    else:
        st.success("What was billed is what was used.", icon=":material/verified:")


def causes(rows: Sequence[Row]) -> None:
    """Each difference by its cause, in words."""
    columns = ("Day", "Meter", "Cause", "Events", "Quantity", "Amount", "Meaning")
    show.listing(
        "Differences, as billed beyond what was metered",
        columns,
        [
            [
                row.day,
                spoken(row.meter),
                spoken(row.line.lower()),
                number(row.events),
                number(row.quantity),
                amount(row),
                MEANING[row.line],
            ]
            for row in rows
        ],
        text=frozenset({"Day", "Meter", "Cause", "Meaning"}),
    )


def amount(row: Row) -> str:
    """The money of a difference; what has no price has none."""
    unpriced = row.currency == NO_CURRENCY
    return "no price" if unpriced else written(row.amount_minor, row.currency)


def told(invoices: Sequence[BillingObjectRow], events: Sequence[BillingEventRow]) -> None:
    """The invoices, and the events from which they and the bills follow."""
    show.listing(
        "Invoices",
        ("Invoice", "State", "Amount", "Changed"),
        [
            [
                each.object_id,
                each.status,
                written(each.amount_minor, each.currency),
                moment(from_micros(each.updated_at)),
            ]
            for each in invoices
        ],
        text=frozenset({"Invoice", "State", "Changed"}),
    )
    show.listing(
        "Events of the billing provider",
        ("What it told", "About", "Amount", "Received", "Effect", "Event"),
        [
            [
                event_told(each.type),
                f"{spoken(each.meter)}, {each.day}" if each.meter else each.object_id,
                written(each.amount_minor, each.currency),
                moment(from_micros(each.received_at)),
                effect(each),
                each.event_id,
            ]
            for each in events
        ],
        text=frozenset({"What it told", "About", "Received", "Effect", "Event"}),
    )


def effect(event: BillingEventRow) -> str:
    """What became of an event, and whether it came again."""
    told = EFFECTS.get(event.outcome, event.outcome)
    return told if event.received_n == 1 else f"{told}, came {counted(event.received_n, 'time')}"


def pays(prices: Sequence[Price]) -> None:
    """What a meter costs, and from which day on."""
    show.listing(
        "Prices",
        ("Meter", "Price", "For so many", "From", "Plan"),
        [
            [
                spoken(each.meter),
                written(each.price_minor, each.currency),
                number(each.per_quantity),
                each.valid_from,
                each.plan_version or NOTHING,
            ]
            for each in prices
        ],
        text=frozenset({"Meter", "From", "Plan"}),
    )


def spoken(name: str) -> str:
    """A name of ours as words."""
    return name.replace("_", " ")


only_for_its_readers("billing")
who = caller()
st.title("Billing", anchor=False)
st.write("What was used, beside what the provider billed for it.")
st.caption(
    "A day here begins and ends at midnight UTC, for every tenant. Quotas are counted by your "
    "tenant's own calendar, so what was used near midnight may stand on another day there."
)
with show.asked():
    known = spans()
    span = st.selectbox("Days", known, key="billing_days")
with open_work(who) as work:
    found = billing.reconcile(work, *known[span])
    prices, invoices = billing.list_prices(work), billing.list_invoices(work, limit=SHOWN)
    events = billing.list_events(work, limit=SHOWN)
verdict(found, heard=bool(events))
if found.causes:
    causes(found.causes)
asked = f"format=csv&from={found.first}&to={found.last}"
show.links({"Download reconciliation as CSV": f"/api/v1/admin/billing/reconciliation?{asked}"})
if prices:
    pays(prices)
if events:
    told(invoices, events)
