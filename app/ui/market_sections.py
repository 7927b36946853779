"""The parts of the page Market data: fetching, what is kept and doubted, providers and keys."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

import streamlit as st

from app.ui import show
from app.ui.words import NOTHING, counted, moment, number, percent, person
from valor_core.charts.market import course
from valor_core.coverage.prefill import EQUITY_PREMIUM
from valor_core.errors import ValorError
from valor_core.market.checks import value_of
from valor_core.market.curves import CURVES
from valor_core.market.kept import REASON_MAX, Kept
from valor_core.market.keys import LENGTH_MAX
from valor_core.market.offered import title_of
from valor_core.market.premiums import SOURCE_MAX
from valor_core.market.provider import Capability, Licence
from valor_core.market.series import Adjusted, Bar, Observation
from valor_core.store.work import Work
from valor_core.tenancy.access import MAY
from valor_core.values import Caller, from_micros, utc_now
from valor_core.workbench import market_data, premiums
from valor_core.workbench.market_data import DoubtRow, SeriesRow, Standing
from valor_core.workbench.market_methods import MarketBeta
from valor_core.workbench.verb import open_work

_TOLD = "market_told"
_OLD = "market_old"  # that the last good answer came instead of a new one, and why
_DONE = "market_done"  # how often in this session, so that what was asked for is asked anew
WHAT = {
    Capability.BARS: "Daily prices",
    Capability.MACRO: "Rates and macro",
    Capability.FX: "Exchange rates",
}
_SYMBOL = {
    Capability.BARS: ("Ticker", "AAPL"),
    Capability.MACRO: ("Series", "DGS10"),
    Capability.FX: ("Both currencies", "EURUSD"),
}
DOUBTS_SHOWN = 100
BY_POLICY = "Whom your policy asks"
BY_POLICY_HELP = "One after another until one answers: see the page Providers, section Whom to ask."
YEARS, DAYS_A_YEAR = (1, 3, 5, 10, 20, 60), 365.2425


def fetching(who: Caller, standing: Sequence[Standing]) -> None:
    """What is wanted, from whom, for which days; and what came of the last one."""
    st.html(show.READABLE)
    kind = st.segmented_control(
        "What", list(WHAT), default=Capability.BARS, required=True,
        format_func=WHAT.__getitem__, key="market_what", label_visibility="collapsed",
    )  # fmt: skip
    ready = {
        each.offer.title + each.offer.invented * ", invented": each.offer.name
        for each in standing
        if each.provider and kind in each.provider.capabilities
    }
    if not ready:
        st.info(
            f"No provider of {WHAT[kind].lower()} can be asked yet. An administrator sets a key "
            "below, under Providers and keys.",
            icon=":material/key:",
        )
        return
    label, example = _SYMBOL[kind]
    with st.form("fetching_series", border=False):
        left, right = st.columns(2)
        symbol = left.text_input(label, placeholder=example, max_chars=60, key=f"market_{kind}")
        years = right.selectbox(
            "Reaches back", YEARS, index=1, format_func=lambda each: counted(each, "year")
        )
        left, right = st.columns(2)
        title = left.selectbox(
            "Provider", [BY_POLICY, *ready], key=f"market_from_{kind}", help=BY_POLICY_HELP
        )
        adjusted = Adjusted.ALL
        if kind is Capability.BARS:
            adjusted = right.selectbox("Adjusted for", list(Adjusted)[::-1], key="market_adjusted")
        pressed = st.form_submit_button("Fetch", type="primary", icon=":material/cloud_download:")
    with st.container():  # its place is kept, so that what is open below stays open
        if pressed:
            _fetch(who, kind, symbol, years, adjusted, whom=title, provider=ready.get(title, ""))
        elif old := st.session_state.pop(_OLD, ""):
            st.session_state.pop(_TOLD, None)
            st.warning(show.plain(old), icon=":material/history:")
    _say("fetching")


def _fetch(
    who: Caller,
    kind: Capability,
    symbol: str,
    years: int,
    adjusted: Adjusted,
    *,
    whom: str,
    provider: str,
) -> None:
    if not symbol.strip():
        label, example = _SYMBOL[kind]
        st.warning(f"Write a {label.lower()} first, such as {example}.")
        return
    asked = "whom your policy names" if whom == BY_POLICY else whom
    status = st.status(f"Asking {asked} for {show.plain(symbol)} …")
    today = utc_now().date()
    start = today - timedelta(days=round(DAYS_A_YEAR * years))
    try:
        query = market_data.series_query(kind, symbol, start, today, adjusted=adjusted)
        routed = market_data.fetch_series(who, query, provider=provider)
        with open_work(who) as work:
            done = market_data.keep_series(work, routed.given(), query)
    except ValorError as error:
        status.update(label="Nothing was kept.", state="error")
        show.refusal(error)
    else:
        st.session_state[_TOLD] = "fetching", _what_came(done)
        st.session_state[_OLD] = market_data.told_of_age(routed.decision)
        st.session_state["market_series"] = done.row.sha256
        st.rerun()


def _say(place: str) -> None:
    """What came of the last act there, beside what was pressed."""
    with st.container():
        if st.session_state.get(_TOLD, ("", ""))[0] == place:
            st.success(st.session_state.pop(_TOLD)[1], icon=":material/check:")


def _what_came(done: Kept) -> str:
    name = show.plain(done.row.symbol)
    if done.known_before:
        return f"{name} is as it was when it was last fetched, so nothing has changed."
    rows = counted(done.row.rows_n, "day")
    doubted = counted(len(done.doubts), "doubt")
    came = f"{rows} of {name} came in from {title_of(done.row.provider)}"
    return f"{came}, with {doubted}." if done.doubts else f"{came}."


def named(row: SeriesRow) -> str:
    """A kept series as it stands in a list."""
    return f"{row.symbol}, {title_of(row.provider)}, {row.first_day} to {row.last_day}"


def listing(found: Sequence[tuple[SeriesRow, int]], names: Mapping[str, str]) -> None:
    """What is kept, the newest fetch first."""
    show.listing(
        "The newest fetch first",
        ["Series", "What", "Provider", "From", "To", "Days", "In doubt", "Fetched", "By"],
        [
            [
                row.symbol,
                WHAT[Capability(row.capability)] + (", invented" if row.synthetic else ""),
                title_of(row.provider),
                row.first_day,
                row.last_day,
                f"{row.rows_n:,}",
                f"{open_doubts:,}" if open_doubts else "none",
                moment(from_micros(row.fetched_at)),
                person(row.created_by, names),
            ]
            for row, open_doubts in found
        ],
        text=frozenset({"Series", "What", "Provider", "From", "To", "Fetched", "By"}),
    )


def one(told: Kept) -> None:
    """A series: its course, and all that makes it readable."""
    row = told.row
    if row.synthetic:
        st.warning(
            "These prices are invented. They show how things work and say nothing of a company.",
            icon=":material/science:",
        )
    usable = {each.day for each in told.usable_rows}
    beside = [
        (each.day, value_of(each))
        for each in told.series.rows
        if each.day not in usable and math.isfinite(value_of(each))
    ]
    show.chart(
        course(
            [each.day for each in told.usable_rows],
            [value_of(each) for each in told.usable_rows],
            doubtful=beside,
            theme=show.theme(),
        ),
        key="market_course",
        alt=f"{row.symbol} by day, in {row.unit}; days in doubt as crosses",
    )
    newest = told.usable_rows[-1] if told.usable_rows else None
    show.facts(
        {
            "Newest": number(value_of(newest), 4) if newest else "none may be used",
            "On": newest.day.isoformat() if newest else NOTHING,
            "Unit": row.unit,
            **({"Adjusted for": row.adjusted} if row.capability == Capability.BARS else {}),
            "Days in": row.zone,
            "Used": f"{len(usable):,} of {row.rows_n:,}",
        }
    )
    licence = row.licence
    given_on = "may be given on" if licence["redistribution"] else "may not be given on to others"
    kept = ""
    if row.keep_until is not None:
        kept = f"kept until {from_micros(row.keep_until):%Y-%m-%d} and then dropped; "
    asked = "" if row.synthetic else f", asked at {show.plain(row.source)}"
    st.caption(
        f"From {title_of(row.provider)}{asked}, fetched {moment(from_micros(row.fetched_at))}. "
        f"Terms: {licence['name']}; {kept}{given_on}. Named by its content: {row.sha256[:12]}."
    )


def beta(told: MarketBeta) -> None:
    """The beta of a share, measured and adjusted, with what it rests on."""
    show.facts(
        {
            f"Weekly beta against {told.market}": number(told.fit.beta, 2),
            "Standard error": number(told.fit.standard_error, 2),
            "R²": number(told.fit.r_squared, 2),
            "Blume": number(told.blume, 2),
            "Vasicek": number(told.vasicek, 2),
        }
    )
    st.caption(
        f"{told.fit.count} weeks to {told.until}. For 90 days from then on, a DCF of this company "
        "begins with Blume's, which draws the measured beta by a third towards 1; Vasicek's draws "
        "it the more, the less surely it was measured."
    )


def doubted(who: Caller, told: Kept, names: Mapping[str, str]) -> None:
    """What is in doubt, and for an analyst the way to accept it with a reason."""
    _say("doubts")
    if not told.doubts:
        st.caption("Nothing about this series is in doubt.")
        return
    rows = {each.day: each for each in told.series.rows}
    show.listing(
        "What is in doubt is not used until somebody accepts it with a reason",
        ["Day", "Value", "Doubt", "Standing", "Why it was accepted"],
        [
            [
                doubt.day or "all of it",
                _value(rows.get(date.fromisoformat(doubt.day)) if doubt.day else None),
                doubt.told,
                _standing(doubt, names),
                doubt.reason or "",
            ]
            for doubt in told.doubts[:DOUBTS_SHOWN]
        ],
        text=frozenset({"Day", "Doubt", "Standing", "Why it was accepted"}),
    )
    more = len(told.doubts) - DOUBTS_SHOWN
    if more > 0:
        st.caption(f"{more:,} more are not listed.")
    if told.open_doubts and who.role in MAY["series.accept"]:
        _accepting(who, told)


def _value(row: Bar | Observation | None) -> str:
    return number(value_of(row), 4) if row else NOTHING


def _standing(doubt: DoubtRow, names: Mapping[str, str]) -> str:
    if doubt.accepted_at is None:
        return "not used"
    by = person(doubt.accepted_by or "", names)
    return f"accepted by {by}, {moment(from_micros(doubt.accepted_at))}"


def _accepting(who: Caller, told: Kept) -> None:
    days = sorted({doubt.day for doubt in told.open_doubts})
    with st.form("accepting", border=False):
        chosen = st.multiselect(
            "Accept",
            days,
            default=days if len(days) == 1 else [],
            format_func=lambda day: day or "all of it",
            key=f"market_accepted_{told.row.sha256[:12]}_{st.session_state.get(_DONE, 0)}",
        )
        reason = st.text_input("Why it is right", max_chars=REASON_MAX)
        pressed = st.form_submit_button("Accept and use", icon=":material/done_all:")
    if pressed:
        _do(
            who,
            lambda work: market_data.accept_doubts(work, told.row.sha256, chosen, reason=reason),
            "It is used from now on.",
            place="doubts",
        )


def premium(who: Caller, names: Mapping[str, str]) -> None:
    """The premium that valuations in a currency begin with, and the way to state it."""
    currency = st.selectbox("Of valuations in", list(CURVES), key="premium_currency")
    with open_work(who) as work:
        stated = premiums.list_premiums(work, currency)
    if stated:
        show.listing(
            "Valuations begin with the first one that speaks of their day or of one before it",
            ["Premium", "Of", "Source", "Stated", "By"],
            [
                [
                    percent(row.value, 2),
                    row.day,
                    row.source,
                    moment(from_micros(row.created_at)),
                    person(row.created_by, names),
                ]
                for row in stated
            ],
            text=frozenset({"Of", "Source", "Stated", "By"}),
        )
    else:
        st.caption(
            f"Valuations in {currency} begin with a round {percent(EQUITY_PREMIUM)}. State the "
            "premium that your house has agreed on, with its source, and they begin with that."
        )
    if who.role not in MAY["premium.state"]:
        st.caption("It is stated by an administrator of your tenant.")
        return
    with st.form("premium", border=False):
        left, right = st.columns(2)
        value = left.number_input(
            "Premium, % a year", min_value=0.0, max_value=25.0, value=None, step=0.1, format="%.2f"
        )
        day = right.date_input(
            "Of which day it speaks", value=utc_now().date(), format="YYYY-MM-DD"
        )
        source = st.text_input("Source", max_chars=SOURCE_MAX)
        pressed = st.form_submit_button("State it", icon=":material/check:")
    if pressed:
        _do(
            who,
            lambda work: premiums.state_premium(
                work, currency, (value or 0.0) / 100.0, day=day, source=source
            ),
            f"Valuations in {currency} begin with it from now on.",
            place="premium",
        )
    _say("premium")


def providers(who: Caller, standing: Sequence[Standing], names: Mapping[str, str]) -> None:
    """Who can be asked and who lacks a key; and for an administrator the way to set one."""
    show.listing(
        "A key is sent to its provider alone, and is never shown again",
        ["Provider", "Brings", "Its terms", "Standing"],
        [
            [each.offer.title, each.offer.brings, terms(each.offer.licence), said(each, names)]
            for each in standing
        ],
        text=frozenset({"Provider", "Brings", "Its terms", "Standing"}),
    )
    if who.role not in MAY["provider.key_set"]:
        st.caption("Keys are set by an administrator of your tenant.")
        return
    keyed = {each.offer.title: each for each in standing if each.offer.takes_key}
    if st.session_state.get(_TOLD, ("", ""))[0] == "keys":
        st.session_state["market_key"] = ""  # what was kept is forgotten here; the field stays
    with st.form("keys", border=False, clear_on_submit=True):
        left, right = st.columns(2)
        title = left.selectbox("Provider", list(keyed), key="market_key_of")
        key = right.text_input(
            "Key",
            type="password",
            max_chars=LENGTH_MAX,
            autocomplete="off",
            key="market_key",
        )
        pressed = st.form_submit_button("Keep the key", icon=":material/key:")
    if pressed:
        name = keyed[title].offer.name
        _do(
            who,
            lambda work: market_data.set_key(work, name, key),
            f"The key of {title} is kept.",
            place="keys",
        )
    _say("keys")
    kept = [title for title, each in keyed.items() if each.own_key]
    if kept:
        _forgetting(who, {title: keyed[title].offer.name for title in kept})


def _forgetting(who: Caller, kept: Mapping[str, str]) -> None:
    """A key of the tenant's own: what would follow without it, and its end with the reason."""
    title = st.selectbox("Key to forget", list(kept), key="market_forget")
    name = kept[title]
    with open_work(who) as work:
        still = market_data.foresee_drop(work, name)
    st.caption(
        f"{title} would be asked by the key of this installation instead."
        if still
        else f"{title} could not be asked any more. What it brought stays."
    )
    with st.form("forgetting", border=False):
        reason = st.text_input("Why", max_chars=REASON_MAX, key="market_forget_why")
        pressed = st.form_submit_button("Forget the key", icon=":material/key_off:")
    if pressed:
        _do(
            who,
            lambda work: market_data.drop_key(work, name, reason=reason),
            f"The key of {title} is forgotten.",
            place="keys",
        )


def terms(licence: Licence) -> str:
    """What may be done with a provider's data, and for how long."""
    given_on = "may be given on" if licence.redistribution else "not given on to others"
    days = licence.retention_days
    kept = f"; dropped after {counted(days, 'day')}" if days is not None else ""
    return f"{licence.name}; {given_on}{kept}"


def said(each: Standing, names: Mapping[str, str]) -> str:
    """Whether a provider can be asked, and by which key."""
    if each.own_key:
        at = moment(from_micros(each.own_key.set_at))
        return f"ready, key set by {person(each.own_key.set_by, names)}, {at}"
    if each.key_of_installation:
        return "ready, by the key of this installation"
    if each.provider:
        return "ready"
    return "needs a key" if each.offer.takes_key else "not set up in this installation"


def _do(who: Caller, act: Callable[[Work], object], told: str, *, place: str) -> None:
    try:
        with open_work(who) as work:
            act(work)
    except ValorError as error:
        show.refusal(error)
    else:
        st.session_state[_TOLD] = place, told
        st.session_state[_DONE] = st.session_state.get(_DONE, 0) + 1
        st.rerun()
