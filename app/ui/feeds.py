"""Streams on the page Providers: who says what, how far, and what is missing."""

from collections.abc import Callable, Mapping, Sequence
from zoneinfo import available_timezones

import streamlit as st

from app.ui import show
from app.ui.words import NOTHING, counted, moment, number, person
from valor_core.errors import ValorError
from valor_core.market.offered import title_of
from valor_core.sla.hours import DAYS, Service, hours_of
from valor_core.store.work import Work
from valor_core.tenancy.access import MAY
from valor_core.values import Caller, from_micros
from valor_core.workbench import feeds
from valor_core.workbench.feeds import Feed
from valor_core.workbench.verb import open_work

EVERY_S = 5
STATES = {
    "live": "● live",
    "silent": "◐ silent",
    "waiting": "○ waiting",
    "stopped": "– stopped",
}
COLUMNS = ["Stream", "State", "Newest at", "Prices", "Gaps", "Speaks", "Started by", "Why"]
TICKS_SHOWN = 10
OWN_HOURS = "Others"
HOURS = {
    "The usual ones of what is streamed": None,
    "Those of the US market": feeds.US_MARKET,
    "Around the clock": feeds.ALWAYS,
    OWN_HOURS: feeds.US_MARKET,
}


def streams(who: Caller, names: Mapping[str, str]) -> None:
    """The feeds as they stand, and for an administrator the way to start and to stop one."""
    st.html(show.READABLE)
    _now(who, names)
    if who.role in MAY["feed.start"]:
        _starting(who)
    else:
        st.caption("Streams are started and stopped by an administrator of your tenant.")


@st.fragment(run_every=EVERY_S)
def _now(who: Caller, names: Mapping[str, str]) -> None:
    with open_work(who) as work:
        found = feeds.read_feeds(work)
        running = [each for each in found if each.state != "stopped"]
        newest = feeds.read_ticks(work, running[0].row.id, limit=TICKS_SHOWN) if running else []
    if not found:
        st.info(
            "No stream is taken in yet. An administrator starts one below; Replay needs no key, "
            "and its prices are invented.",
            icon=":material/sensors:",
        )
        return
    show.listing(
        f"{counted(len(running), 'stream')} taken in; times are UTC",
        COLUMNS,
        [_line(each, names) for each in found],
        text=frozenset(COLUMNS) - {"Prices", "Gaps"},
    )
    _gaps(found)
    if newest:
        invented = ", invented" if any(each["synthetic"] for each in newest) else ""
        show.listing(
            f"The newest prices of {', '.join(running[0].row.symbols)}{invented}",
            ["Share", "At", "Price", "Size"],
            [
                [
                    each["symbol"],
                    f"{from_micros(each['at']):%Y-%m-%d %H:%M:%S}",
                    number(each["price"], 4),
                    number(each["size"]),
                ]
                for each in newest
            ],
            text=frozenset({"Share", "At"}),
        )


def _line(each: Feed, names: Mapping[str, str]) -> list[str]:
    return [
        f"{', '.join(each.row.symbols)} of {each.title}",
        STATES[each.state],
        f"{each.last_at:%Y-%m-%d %H:%M:%S}" if each.last_at else NOTHING,
        f"{each.row.ticks:,}",
        f"{len(each.gaps):,}" if each.gaps else "none",
        hours_of(each.hours),
        person(each.row.created_by, names),
        each.why,
    ]


def _gaps(found: Sequence[Feed]) -> None:
    rows = [
        [
            ", ".join(each.row.symbols),
            f"{from_micros(gap.began_at):%Y-%m-%d %H:%M:%S}",
            f"{from_micros(gap.ended_at):%Y-%m-%d %H:%M:%S}",
            gap.why,
        ]
        for each in found
        for gap in each.gaps[:5]
    ]
    if rows:
        columns = ["Stream", "Nothing from", "To", "Why"]
        show.listing("What is missing, the newest first", columns, rows, text=frozenset(columns))


def _starting(who: Caller) -> None:
    with open_work(who) as work:
        able = feeds.streaming(work)
        found = [each for each in feeds.read_feeds(work) if each.state != "stopped"]
    st.header("Take a stream in", anchor=False)
    left, right = st.columns(2)
    provider = left.selectbox("Provider", list(able), format_func=title_of)
    symbols = right.text_input(
        "Shares", placeholder="AAPL, KO", max_chars=500, key=f"feed:shares:{len(found)}"
    )
    chosen = st.selectbox(
        "Hours in which it speaks",
        list(HOURS),
        help="Outside them it may be silent. Replay's prices are invented and come at all "
        "hours, as do those of FAKEPACA, Alpaca's share to try things out.",
    )
    hours = _own_hours(feeds.US_MARKET) if chosen == OWN_HOURS else HOURS[chosen]
    if st.button("Take it in", icon=":material/sensors:"):
        _do(who, lambda work: feeds.start_feed(work, provider, symbols.split(","), hours=hours))
    for each in found:
        named = f"{', '.join(each.row.symbols)} of {each.title}"
        since = moment(from_micros(each.row.created_at))
        if st.button(f"Stop {named}, since {since}", icon=":material/stop:", key=each.row.id):
            _do(who, lambda work, of=each.row.id: feeds.stop_feed(work, of))


def _own_hours(before: Service) -> Service:
    zones = sorted(available_timezones())
    zone = st.selectbox("Time zone", zones, zones.index(before.zone))
    days = st.multiselect("Days", range(7), before.weekdays, format_func=DAYS.__getitem__)
    left, right = st.columns(2)
    opens = left.text_input("From", before.opens, max_chars=5)
    closes = right.text_input("To", before.closes, max_chars=5)
    return Service(zone=zone, weekdays=tuple(sorted(days)), opens=opens, closes=closes)


def _do(who: Caller, act: Callable[[Work], object]) -> None:
    try:
        with open_work(who) as work:
            act(work)
    except ValorError as error:
        show.refusal(error)
    else:
        st.rerun()
