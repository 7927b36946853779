"""The parts of the page Plan & limits: what is granted in words, and how it is changed."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from zoneinfo import available_timezones

import streamlit as st

from app.ui import show
from app.ui.doing import done
from app.ui.words import moment
from valor_core.billing.money import written
from valor_core.errors import ValorError
from valor_core.store.work import Work
from valor_core.tenancy.flags import FLAGS
from valor_core.tenancy.plans import LIMITS, Granted, Origin
from valor_core.tenancy.quotas import Standing
from valor_core.tenancy.reasons import REASON_MAX
from valor_core.values import Caller, from_micros, utc_now
from valor_core.workbench import plans
from valor_core.workbench.plans import Foreseen, PlanNow, PlanOverrideRow, PlanRow
from valor_core.workbench.verb import open_work

NO_LIMIT = "no limit"
INDENT = "\u2003"  # of what belongs to the line above


def said(value: int | None) -> str:
    """How much is granted or left."""
    return NO_LIMIT if value is None else f"{value:,}"


def named(name: str) -> str:
    """A limit as a line of its own begins.

    >>> named("valuations_per_month"), named("user_calls_burst")
    ('Saved valuations a month', 'API calls at once of a user or a key')
    """
    unit = LIMITS[name].unit
    return unit[0].upper() + unit[1:]


def switched(value: bool | int | str) -> str:
    """A flag's value in words."""
    return ("off", "on")[value] if isinstance(value, bool) else str(value)


def price(plan: PlanRow) -> str:
    """A month's price in the currency's usual unit."""
    return written(plan.price_minor, plan.currency)


def why(granted: Granted) -> str:
    """Where a limit comes from, in words."""
    if granted.origin is Origin.OVERRIDE:
        until = f" until {moment(granted.until)}" if granted.until else ""
        return f"Override{until}: {granted.why}"
    if granted.origin is Origin.PLAN:
        return f"Plan {granted.why}"
    return "Default of the installation"


def assigning(who: Caller, offered: Sequence[PlanRow]) -> None:
    """Another plan for the tenant: first what it would change, then the change."""
    st.header("Change the plan", anchor=False)
    if not offered:
        where = (
            "Define one below."
            if who.kind == "operator"
            else "An operator does: `./valor plans define`."
        )
        st.info(f"No plan is defined yet. {where}", icon=":material/library_add:")
        return
    by_name = {
        f"{row.name}, version {row.version}, {written(row.price_minor, row.currency)}": row
        for row in offered
    }
    chosen = by_name[st.selectbox("Plan", list(by_name), key="limits:plan")]
    with open_work(who) as work:
        told = plans.foresee_plan(work, chosen.plan_id, chosen.version)
    changing(told, chosen)
    with st.form("assigning", border=False):
        reason = st.text_input("Why", max_chars=REASON_MAX, key="limits:why")
        pressed = st.form_submit_button("Change the plan", icon=":material/swap_horiz:")
    if pressed:
        _do(
            who,
            lambda work: plans.assign_plan(
                work, chosen.plan_id, version=chosen.version, reason=reason
            ),
        )


def zoning(who: Caller, now: PlanNow) -> None:
    """By which time zone days and months begin, and what is left of each quota then."""
    st.header("Days and months", anchor=False)
    zone = now.effective.zone.key
    names = sorted(available_timezones() | {zone})
    chosen = st.selectbox("Time zone", names, names.index(zone), key="limits:zone")
    if chosen != zone:
        with open_work(who) as work:
            then = plans.foresee_time_zone(work, chosen)
        rows = [
            (named(before.limit.name), [_until(before), _until(after)])
            for before, after in zip(now.standings, then.standings, strict=True)
            if before.granted is not None
        ]
        show.table("What would change: left, and until when", ["Now", "Then"], rows, text=True)
    with st.form("zoning", border=False):
        reason = st.text_input("Why", max_chars=REASON_MAX, key="limits:zone_why")
        pressed = st.form_submit_button("Change the time zone", icon=":material/schedule:")
    if pressed and chosen == zone:
        st.info("That is the time zone already. Choose another one.", icon=":material/schedule:")
    elif pressed:
        _do(who, lambda work: plans.set_time_zone(work, chosen, reason=reason))


def _until(standing: Standing) -> str:
    return f"{said(standing.left)}, until {standing.resets_at:%Y-%m-%d %H:%M}"


def overriding(who: Caller, standing: Sequence[PlanOverrideRow]) -> None:
    """Another limit than the plan's, for a time; and the end of one."""
    st.header("Override a limit for a time", anchor=False)
    name = st.selectbox("Limit", list(LIMITS), format_func=named)
    left, right = st.columns(2)
    value = left.number_input("Granted", min_value=0, value=None, step=1, placeholder="a number")
    unlimited = left.toggle("No limit")
    days = right.number_input("Days", 1, 365, 30, key="limits:override_days")
    if (value is None) is unlimited:
        granted, ends = None if value is None else int(value), utc_now() + timedelta(days=int(days))
        changing(
            done(who, lambda work: plans.foresee_override(work, name, granted, expires_at=ends))
        )
    with st.form("overriding", border=False):
        reason = st.text_input("Why", max_chars=REASON_MAX, key="limits:override_why")
        pressed = st.form_submit_button("Override", icon=":material/tune:")
    if pressed and (value is None) is not unlimited:
        st.warning("State what is granted: a number, or “No limit”.", icon=":material/tune:")
    elif pressed:
        ends = utc_now() + timedelta(days=int(days))
        granted = None if value is None else int(value)
        _do(
            who,
            lambda work: plans.override_limit(work, name, granted, reason=reason, expires_at=ends),
        )
    if standing:
        _ending(who, standing)


def _ending(who: Caller, standing: Sequence[PlanOverrideRow]) -> None:
    by_id = {row.id: row for row in standing}
    st.header("End an override", anchor=False)
    chosen = st.selectbox(
        "Override that holds", list(by_id), format_func=lambda each: _named(by_id[each])
    )
    changing(done(who, lambda work: plans.foresee_end_of_override(work, chosen)))
    with st.form("ending", border=False):
        reason = st.text_input("Why", max_chars=REASON_MAX, key="limits:end_why")
        pressed = st.form_submit_button("End it", icon=":material/delete:")
    if pressed:
        _do(who, lambda work: plans.end_override(work, chosen, reason=reason))


def changing(told: Foreseen | None, plan: PlanRow | None = None) -> None:
    """What price, limits, quotas and features would be; nothing where a refusal was shown."""
    if told is None:
        return
    rows: list[tuple[str, list[str]]] = []
    if plan:
        now = told.now.effective.plan
        prices = [price(now) if now else "no plan", price(plan)]
        rows += [("Price a month", prices)] if prices[0] != prices[1] else []
    for each in told.limits:
        rows.append((named(each.limit.name), [said(each.before), said(each.after)]))
        if both := told.quotas.get(each.limit.name):
            rows.append(
                (f"{INDENT}used, or held by runs", [said(s.used + s.reserved) for s in both])
            )
            rows.append((f"{INDENT}left", [said(s.left) for s in both]))
    rows += [
        (FLAGS[name].help, [switched(value) for value in pair if value is not None])
        for name, pair in told.features.items()
    ]
    if rows:
        show.table("What would change", ["Now", "Then"], rows)
    else:
        st.caption("Price, limits and features would stay as they are.")


def _named(row: PlanOverrideRow) -> str:
    until = moment(from_micros(row.expires_at))
    return f"{named(row.limit_name)}: {said(row.value)} until {until}: {row.reason}"


def _do(who: Caller, act: Callable[[Work], object]) -> None:
    """Do it and draw the page anew; a refusal is told in place."""
    try:
        with open_work(who) as work:
            act(work)
    except ValorError as error:
        show.refusal(error)
    else:
        st.rerun()
