"""What the tenant is granted, what of it is used and left, and until when; an admin changes it."""

from datetime import datetime

import streamlit as st

from app.ui import show
from app.ui.frame import caller, only_for_its_readers
from app.ui.limits import assigning, overriding, price, said, switched, why
from app.ui.words import moment, person
from valor_core.tenancy.access import MAY
from valor_core.values import from_micros
from valor_core.workbench import flags, people, plans
from valor_core.workbench.verb import open_work

only_for_its_readers("limits")
who = caller()
with open_work(who) as work:
    now = plans.plan_now(work)
    offered = plans.list_plans(work)
    history = plans.plan_history(work)
    features = flags.list_flags(work)
    names = people.names(work)
effective = now.effective

st.title("Plan & limits", anchor=False)
plan = effective.plan
show.facts(
    {
        "Plan": effective.plan_name,
        "Price a month": price(plan) if plan else "–",
        "Since": moment(effective.since) if effective.since else "–",
        "Days and months of": effective.zone.key,
    }
)


def ends(at: datetime) -> str:
    """When a period ends, by the tenant's own clock."""
    return f"{at:%Y-%m-%d %H:%M}"


show.listing(
    "What your tenant may do in a day and a month, and what is left",
    ["Quota", "Granted", "Used", "Held by runs", "Left", "Until", "Why"],
    [
        [
            each.limit.unit.capitalize(),
            said(each.granted),
            f"{each.used:,}",
            f"{each.reserved:,}",
            said(each.left),
            ends(each.resets_at),
            why(effective.granted[each.limit.name]),
        ]
        for each in now.standings
        if each.granted is not None or each.limit.period == "month"
    ],
    text=frozenset({"Quota", "Why"}),
)
show.listing(
    "How often programs and pages may call",
    ["Limit", "Granted", "Why"],
    [
        [each.limit.unit, said(each.value), why(each)]
        for each in effective.granted.values()
        if not each.limit.meter
    ],
    text=frozenset({"Limit", "Why"}),
)
show.listing(
    "What is switched on for your tenant",
    ["Feature", "Value", "Decided by", "Why"],
    [
        [
            each.flag.help,
            switched(each.value),
            each.decided.layer,
            each.decided.why,
        ]
        for each in features
    ],
    text=frozenset({"Feature", "Value", "Decided by", "Why"}),
)
if history:
    with st.expander("Plans that the tenant had", icon=":material/history:"):
        show.listing(
            "The newest first",
            ["Plan", "From", "To", "By", "Reason"],
            [
                [
                    f"{row.plan_id}, version {row.plan_version}",
                    moment(from_micros(row.valid_from)),
                    moment(from_micros(row.valid_to)) if row.valid_to else "now",
                    person(row.changed_by, names),
                    row.reason,
                ]
                for row in history
            ],
            text=frozenset({"Plan", "From", "To", "By", "Reason"}),
        )
if who.role in MAY["plan.assign"]:
    assigning(who, offered)
    overriding(who, now.overrides)
