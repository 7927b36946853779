"""The parts of the page Providers: how they stand, how good they were, whom one asks."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from zoneinfo import available_timezones

import streamlit as st

from app.ui import show
from app.ui.provider_words import (
    ANSWERS,
    FIGURES,
    KINDS,
    STATES,
    figures_row,
    filer_of,
    lasted,
    policy_sentences,
    question,
)
from app.ui.words import counted, moment, person
from valor_core.charts import providers as charts
from valor_core.charts.providers import Stretch
from valor_core.errors import NotFound, ValorError
from valor_core.market.provider import Capability
from valor_core.market.routing import Policy, Use
from valor_core.sla.hours import DAYS, Service
from valor_core.sla.states import State
from valor_core.store.work import Work
from valor_core.tenancy.access import MAY
from valor_core.tenancy.reasons import REASON_MAX
from valor_core.values import Caller, from_micros, utc_now
from valor_core.workbench import companies, providers, routing
from valor_core.workbench.providers import Standing
from valor_core.workbench.routing import PolicyNow, RoutingDecisionRow
from valor_core.workbench.verb import open_work

EVERY_S = 10
HOUR_S = 3600.0
NOBODY_ASKED = (
    "No provider was asked yet. Fetch what a company filed on the page Company, or prices on the "
    "page Market data; from then on each minute is watched and shown here."
)


@st.fragment(run_every=EVERY_S)
def now(who: Caller) -> None:
    """Who is up and who is not and why, drawn anew by itself; the last day; the last choices."""
    with open_work(who) as work:
        found = providers.read_providers(work, days=1)
        course = providers.read_course(work, days=1)
        decisions = routing.read_decisions(work, limit=5)
        filers = _filers(work, decisions)
    if not found:
        st.info(NOBODY_ASKED, icon=":material/info:")
        return
    well = sum(each.state is State.UP for each in found)
    show.listing(
        f"{well} of {counted(len(found), 'provider')} up; times are UTC",
        ["Provider", "State", "Since", "Why"],
        [
            [
                f"{each.title}, {KINDS[each.capability]}",
                STATES[each.state],
                f"{each.since:%Y-%m-%d %H:%M}" if each.since else "just now",
                _why(each),
            ]
            for each in found
        ],
        text=frozenset({"Provider", "State", "Since", "Why"}),
    )
    _releasing(who, [each for each in found if each.left_alone_until])
    if course:
        stretches = [
            Stretch(
                label=f"{each.title}, {KINDS[each.capability]}",
                state=each.state.value,
                cause=each.cause,
                start=each.start,
                end=each.end,
            )
            for each in course
        ]
        st.header("The last 24 hours", anchor=False)
        told = {f"{each.label} {each.state}" for each in stretches}
        alt = f"States over the last day: {'; '.join(sorted(told))}"
        show.chart(
            charts.timeline(stretches, theme=show.theme()), key="providers:timeline", alt=alt
        )
        st.caption("Drawn once a minute. What has changed since then stands in the list above.")
    st.header("The latest choices", anchor=False)
    _choices(decisions, filers)


def service_levels(who: Caller) -> None:
    """How good they were, held against what was promised."""
    with show.asked():
        days = st.selectbox(
            "Over the last",
            (1, 7, 30, 90),
            index=2,
            format_func=lambda count: counted(count, "day"),
            key="providers:days",
        )
    with open_work(who) as work:
        found = providers.read_providers(work, days=days)
    if not found:
        st.info(NOBODY_ASKED, icon=":material/info:")
        return
    columns = [figures_row(each.figures) for each in found]
    show.table(
        "In service hours, without announced work",
        [f"{each.title}, {KINDS[each.capability]}" for each in found],
        [(name, [column[row] for column in columns]) for row, name in enumerate(FIGURES)],
    )
    st.caption(
        "Available: share of the watched time in which it answered. Watched: share of the service "
        "hours of which anything is known; the rest counts neither way. p50 to p99.9: how long "
        "answered calls took, to 1 %. A burn rate above 1 spends the error budget before its time."
    )


def decisions(who: Caller) -> None:
    """Who answered, and why that one."""
    with open_work(who) as work:
        found = routing.read_decisions(work, limit=100)
        filers = _filers(work, found)
    _choices(found, filers)


def policies(who: Caller, names: Mapping[str, str]) -> None:
    """Whom one asks for what, and on which terms; an administrator changes it."""
    with open_work(who) as work:
        found = routing.read_policies(work)
    titles = routing.TITLES
    for each in found:
        st.header(KINDS[each.capability].capitalize(), anchor=False)
        st.write(" ".join(policy_sentences(each.policy, each.service, titles)))
        st.caption(_since(each, names))
    if who.role in MAY["routing.change"]:
        _changing(who, {each.capability: each for each in found}, titles)


def announced(who: Caller, names: Mapping[str, str]) -> None:
    """Work on providers that was announced: it counts neither for nor against them."""
    with open_work(who) as work:
        rows = providers.list_announced(work)
    titles = routing.TITLES
    if rows:
        show.listing(
            "The latest first, in UTC",
            ["Provider", "From", "To", "What is done", "Announced by"],
            [
                [
                    titles.get(row.provider, row.provider),
                    f"{from_micros(row.starts_at):%Y-%m-%d %H:%M}",
                    f"{from_micros(row.ends_at):%Y-%m-%d %H:%M}"
                    if row.withdrawn_at is None
                    else f"withdrawn {from_micros(row.withdrawn_at):%Y-%m-%d %H:%M}",
                    row.reason,
                    person(row.created_by, names),
                ]
                for row in rows
            ],
            text=frozenset({"Provider", "What is done", "Announced by"}),
        )
    else:
        st.info("No work is announced.")
    if who.role in MAY["maintenance.announce"]:
        _announcing(who, titles)
        standing = {
            row.id: f"{titles.get(row.provider, row.provider)} until "
            f"{moment(from_micros(row.ends_at))}: {row.reason}"
            for row in rows
            if row.withdrawn_at is None and from_micros(row.ends_at) > utc_now()
        }
        if standing:
            _withdrawing(who, standing)


def _why(each: Standing) -> str:
    if each.left_alone_until is None:
        return each.cause
    until = f"left alone until {each.left_alone_until:%H:%M:%S}"
    return f"{each.why_left_alone}; {until}" if each.why_left_alone else until


def _filers(work: Work, found: Sequence[RoutingDecisionRow]) -> dict[str, str]:
    """The names of the companies whose filings were asked for, by CIK."""
    names = {}
    for cik in {filer_of(row.query) for row in found} - {""}:
        with suppress(NotFound):
            names[cik] = companies.read_company(work, cik).name
    return names


def _choices(found: Sequence[RoutingDecisionRow], filers: Mapping[str, str]) -> None:
    if not found:
        st.info(NOBODY_ASKED, icon=":material/info:")
        return
    show.listing(
        "The newest first",
        ["At", "Asked for", "Took", "Answer", "Chosen, and why"],
        [
            [
                f"{from_micros(row.at):%m-%d %H:%M:%S}",
                question(row.query, filers),
                lasted(row.micros / 1e6),
                ANSWERS[row.answer],
                row.why,
            ]
            for row in found
        ],
        text=frozenset({"Asked for", "Answer", "Chosen, and why"}),
    )


def _releasing(who: Caller, waiting: list[Standing]) -> None:
    if not waiting or who.role not in MAY["provider.release"]:
        return
    with st.container(horizontal=True):
        for each in waiting:
            if st.button(
                f"Ask {each.title} again now",
                icon=":material/refresh:",
                key=f"providers:release:{each.provider}:{each.capability}",
                help="When you have mended the cause, such as a key.",
            ):
                _do(
                    who,
                    lambda work, each=each: routing.release(work, each.provider, each.capability),
                )


def _since(each: PolicyNow, names: Mapping[str, str]) -> str:
    if each.changed_at is None:
        return "As it is until somebody makes a policy."
    by = person(each.changed_by, names)
    return f"Version {each.version}, by {by} on {moment(each.changed_at)}: {each.reason}"


def _changing(
    who: Caller, found: Mapping[Capability, PolicyNow], titles: Mapping[str, str]
) -> None:
    st.header("Change a policy", anchor=False)
    if not found:
        st.info("No provider is set up yet.")
        return
    kind = st.selectbox("For", list(found), format_func=KINDS.__getitem__, key="providers:kind")
    before, service = found[kind].policy, found[kind].service
    able = list(found[kind].able)
    with st.form(f"policy:{kind}", border=False):
        chosen = st.multiselect(
            "Ask, in this order", able, [n for n in before.providers if n in able],
            format_func=lambda name: titles.get(name, name),
        )  # fmt: skip
        left, right = st.columns(2)
        price = left.number_input("Highest price of a call, in USD", 0.0, value=before.price_max,
                                  placeholder="no ceiling")  # fmt: skip
        age = right.number_input(
            "Data too old after, in hours", 0.1,
            value=None if before.age_max_s is None else before.age_max_s / HOUR_S,
            placeholder="any age",
        )  # fmt: skip
        left, middle, right = st.columns(3, vertical_alignment="bottom")
        deadline = left.number_input("Answer within, in seconds", 0.1, 120.0, before.deadline_s)
        hold = middle.number_input("Keep a choice for, in seconds", 0.0, 86_400.0, before.hold_s)
        hedge = right.number_input("Ask a second one as well after, in seconds", 0.01, 60.0,
                                   value=before.hedge_after_s, placeholder="never")  # fmt: skip
        given_on = st.toggle("Only data that may be given on", before.use is Use.REDISTRIBUTION)
        left, right = st.columns(2)
        objective = left.number_input("Objective, in percent", 50.0, 99.999,
                                      100 * service.objective, format="%.3f")  # fmt: skip
        zones = sorted(available_timezones())
        zone = right.selectbox("Time zone of the service hours", zones, zones.index(service.zone))
        days = st.multiselect("Service days", range(7), service.weekdays,
                              format_func=DAYS.__getitem__)  # fmt: skip
        left, right = st.columns(2)
        opens = left.text_input("From", service.opens, max_chars=5)
        closes = right.text_input("To", service.closes, max_chars=5)
        reason = st.text_input("Why", max_chars=REASON_MAX)
        pressed = st.form_submit_button("Change the policy", icon=":material/route:")
    if pressed:
        policy = Policy(
            providers=tuple(chosen),
            price_max=price,
            age_max_s=None if age is None else age * HOUR_S,
            use=Use.REDISTRIBUTION if given_on else Use.DISPLAY,
            deadline_s=deadline,
            hold_s=hold,
            hedge_after_s=hedge,
        )
        promised = Service(objective=objective / 100, zone=zone, weekdays=tuple(sorted(days)),
                           opens=opens, closes=closes)  # fmt: skip
        _do(who, lambda work: routing.change_policy(work, kind, policy, promised, reason=reason))


def _announcing(who: Caller, titles: Mapping[str, str]) -> None:
    st.header("Announce work", anchor=False)
    with st.form("announcing", border=False):
        name = st.selectbox("Provider", list(titles), format_func=titles.__getitem__)
        left, middle, right = st.columns(3)
        day = left.date_input("Day", utc_now().date() + timedelta(days=1), format="YYYY-MM-DD")
        at = middle.time_input("From, in UTC", time(20))
        hours = right.number_input("For hours", 0.25, 24.0 * 31, 2.0)
        reason = st.text_input("What is done", max_chars=500)
        pressed = st.form_submit_button("Announce", icon=":material/event:")
    if pressed and name:
        begin = datetime.combine(day, at, UTC)
        end = begin + timedelta(hours=hours)
        _do(who, lambda work: providers.announce(work, name, begin, end, reason=reason))


def _withdrawing(who: Caller, standing: Mapping[str, str]) -> None:
    with st.form("withdrawing", border=False):
        chosen = st.selectbox("Announced work", list(standing), format_func=standing.__getitem__)
        pressed = st.form_submit_button("Withdraw it", icon=":material/event_busy:")
    if pressed and chosen:
        _do(who, lambda work: providers.withdraw(work, chosen))


def _do(who: Caller, act: Callable[[Work], object]) -> None:
    """Do it and draw the page anew; a refusal is told in place."""
    try:
        with open_work(who) as work:
            act(work)
    except ValorError as error:
        show.refusal(error)
    else:
        st.rerun()
