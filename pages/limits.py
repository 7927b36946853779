"""What the tenant is granted, what of it is used and left, and until when; an admin changes it."""

import streamlit as st

from app.ui import features, show
from app.ui.frame import caller, only_for_its_readers
from app.ui.limits import assigning, named, overriding, said, switched, why, zoning
from app.ui.words import moment, person
from valor_core.billing.money import written
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
    told = flags.list_flags(work)
    names = people.names(work)
    freely = plans.may_set_freely(work)
effective, plan = now.effective, now.effective.plan


def quotas() -> None:
    """What is granted in a day and a month, and what is left of it."""
    show.listing(
        f"By the calendar of your tenant, {effective.zone.key}",
        ["Quota", "Granted", "Used", "Held by runs", "Left", "Comes back", "Why"],
        [
            [
                named(each.limit.name),
                said(each.granted),
                f"{each.used:,}",
                f"{each.reserved:,}",
                said(each.left),
                f"{each.resets_at:%Y-%m-%d %H:%M %Z}",
                why(effective.granted[each.limit.name]),
            ]
            for each in now.standings
            if each.granted is not None or each.limit.period == "month"
        ],
        text=frozenset({"Quota", "Comes back", "Why"}),
    )


def calls() -> None:
    """How often programs and pages may call."""
    show.listing(
        "Calls of the API, and pages that are opened",
        ["Limit", "Granted", "Why"],
        [
            [named(each.limit.name), said(each.value), why(each)]
            for each in effective.granted.values()
            if not each.limit.meter
        ],
        text=frozenset({"Limit", "Why"}),
    )


def switches() -> None:
    """What is switched on, and who decided it."""
    show.listing(
        "What is switched on for your tenant",
        ["Feature", "Value", "Decided by", "Why"],
        [
            [each.flag.help, switched(each.value), each.decided.layer, each.decided.why]
            for each in told
        ],
        text=frozenset({"Feature", "Value", "Decided by", "Why"}),
    )


def past() -> None:
    """The plans that the tenant had."""
    if not history:
        st.info("No plan was assigned yet: the settings of the installation hold.")
        return
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


def change() -> None:
    """Another plan, or another limit for a time; without the operator only less."""
    if freely:
        assigning(who, offered)
    else:
        st.info(
            "The operator of the installation assigns plans and raises limits. You can lower a "
            "limit for a time, and end what you have lowered.",
            icon=":material/speed:",
        )
    overriding(who, now.overrides)
    zoning(who, now)
    features.overriding(who, freely=freely)


st.title("Plan & limits", anchor=False)
show.facts(
    {
        "Plan": effective.plan_name,
        "Price a month": written(plan.price_minor, plan.currency) if plan else "–",
        "Since": moment(effective.since) if effective.since else "–",
    }
)
SECTIONS = {"Quotas": quotas, "Calls": calls, "Features": switches, "History": past}
if who.role in MAY["plan.assign"]:
    SECTIONS["Change"] = change
SECTIONS[show.section(list(SECTIONS), of="limits")]()
