"""The parts of the comparables page: the headline, then one section at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from app.ui import ask, changes, form, grid, scenario_sections, sheet, show, words
from app.ui.draft import Desk
from app.ui.field import Field
from app.ui.frame import caller
from app.ui.grid import Column, Edit
from app.ui.places import put_at
from valor_core.charts import comparables as charts
from valor_core.coverage.peers import Candidate
from valor_core.coverage.prefill_comparables import year_of
from valor_core.errors import ValorError
from valor_core.models.bridge import bridged
from valor_core.models.comparables.comparables import (
    ComparablesInputs,
    ComparablesResult,
    excluded,
    multiples_of,
)
from valor_core.models.comparables.football import (
    FootballRow,
    football_field,
    rows_of_multiples,
)
from valor_core.models.comparables.fundamentals import (
    FEWEST_PEERS,
    FUNDAMENTALS,
    explained_multiple,
)
from valor_core.models.comparables.multiples import MULTIPLES, Multiple, price_of
from valor_core.models.comparables.peers import Company, Peer, common_figures
from valor_core.models.fields import Unit
from valor_core.values import from_micros
from valor_core.workbench import football, peers, valuations
from valor_core.workbench.verb import open_work

PEERS_MOST = 20
STAND_IN = "stand-in, no market price"
WEIGHTED = "Weighted"
FOR_FINGERS = """<style>
[data-testid=stMultiSelect] button[aria-label="Clear all"]{min-width:24px;min-height:24px}
</style>"""
OWN = (
    Field("company.price", "Own price per share (empty: none)", Unit.MONEY_PER_SHARE, 1.0),
    Field("control_premium", "Premium for control", Unit.RATE, 5.0),
    Field("highest", "Highest multiple that has a meaning", Unit.RATIO, 10.0),
)
FIGURES = ("revenue", "ebitda", "ebit", "net_income", "book_equity")
OURS = (
    *(f"company.figures.{name}" for name in FIGURES),
    "company.shares.basic",
    "company.bridge.debt",
    "company.bridge.cash",
    "company.bridge.leases",
    "company.bridge.minority_interests",
    "company.bridge.preferred",
    "company.bridge.pensions",
    "company.bridge.associates",
    "company.bridge.non_operating_assets",
)


def valued(desk: Desk) -> ComparablesResult | None:
    """What the peers make of the company, or what is still needed for it."""
    inputs: ComparablesInputs = desk.inputs
    if any(peer.price is not None for peer in inputs.peers):
        return show.or_explain(desk.result)
    needed = (
        "State a **price per share** of at least one peer under *Peers*: no market prices are "
        "shipped, and none is made up."
        if inputs.peers
        else "Choose **peers** under *Peers*: no covered company is like this one by itself."
    )
    st.info(needed, icon=":material/edit:")
    return None


def headline(desk: Desk, result: ComparablesResult | None) -> None:
    """The value of a share, its range and what it rests on."""
    inputs: ComparablesInputs = desk.inputs
    if result is None:
        show.facts({"Value per share": words.NOTHING}, first_large=True)
        return
    priced = [peer for peer in inputs.peers if peer.price is not None]
    low, high = (words.per_share(v) for v in (result.value_per_share_low,
                                              result.value_per_share_high))  # fmt: skip
    show.facts(
        {
            f"Value per share, {desk.currency}": words.per_share(result.value_per_share),
            **sheet.against_saved(desk, result),
            "Between the quartiles": f"{low} to {high}",
            "Peers with a price": f"{len(priced)} of {len(inputs.peers)}",
            **_against_price(inputs.company, result),
        },
        first_large=True,
    )
    st.caption(f"By the medians of the peers' multiples, at the prices stated; {desk.currency}")
    stand_ins = [peer.name for peer in _stand_ins(desk)]
    if stand_ins:
        st.warning(
            f"Not market prices but our own DCF values: {show.plain(', '.join(stand_ins))}. "
            "The multiples of these peers repeat what a DCF assumed.",
            icon=":material/warning:",
        )
    sheet.checks(desk, result)


def _against_price(company: Company, result: ComparablesResult) -> dict[str, str]:
    if company.price is None:
        return {}
    return {
        "Own price": words.per_share(company.price),
        "Value over price": words.percent(float(result.value_per_share / company.price) - 1.0),
    }


def _stand_ins(desk: Desk) -> list[Peer]:
    return [
        peer
        for place, peer in enumerate(desk.inputs.peers)
        if peer.price is not None and STAND_IN in desk.content.rationales.get(_price(place), "")
    ]


def _price(place: int) -> str:
    return f"peers[{place}].price"


# --- peers --------------------------------------------------------------------------------------


def chosen(desk: Desk, result: ComparablesResult | None) -> None:  # noqa: ARG001, as its siblings
    """Who the peers are and why, what they are priced at, and what they earn."""
    inputs: ComparablesInputs = desk.inputs
    known = desk.once("candidates", lambda: _candidates(desk))
    _choice(desk, known)
    if inputs.peers:
        _prices(desk)
        _from_saved(desk, known)
    _filed(desk)
    with st.expander("The company's own figures", icon=":material/edit:"):
        form.numbers(desk, *OURS)


def _candidates(desk: Desk) -> dict[str, Candidate]:
    with open_work(caller()) as work:
        found = peers.list_peers(work, desk.company.id, as_of=desk.content.as_of)
    likest: dict[str, Candidate] = {}
    for each in found:
        likest.setdefault(each.company.name, each)
    return likest


def _choice(desk: Desk, known: Mapping[str, Candidate]) -> None:
    now = [peer.name for peer in desk.inputs.peers]
    key = desk.key("peers")
    options = list(dict.fromkeys([*known, *now]))
    st.html(FOR_FINGERS)
    st.multiselect(
        "Peers, the likest first: by the digits of the SIC, then by size",
        options,
        default=now,
        format_func=lambda name: f"{name} · {known[name].reason}" if name in known else name,
        key=key,
        max_selections=PEERS_MOST,
        placeholder="Choose covered companies",
        on_change=lambda: _choose(desk, known, st.session_state[key]),
    )


def _choose(desk: Desk, known: Mapping[str, Candidate], names: Sequence[str]) -> None:
    """Those who stay keep their price and its reason; those who come bring their filed figures."""
    before: tuple[Peer, ...] = desk.inputs.peers
    places = {peer.name: place for place, peer in enumerate(before)}
    try:
        with open_work(caller()) as work:
            day = desk.content.as_of
            now = tuple(
                before[places[name]]
                if name in places
                else peers.read_peer(work, known[name], as_of=day).inputs
                for name in names
            )
    except ValorError as error:
        desk.problem = error
        desk.generation += 1
        return
    moved = {
        f"peers[{places[name]}].": f"peers[{place}]."
        for place, name in enumerate(names)
        if name in places
    }
    reasons = {_moved(path, moved): text for path, text in desk.content.rationales.items()}
    reasons.pop("", None)
    desk.put(replace(desk.content, inputs=replace(desk.inputs, peers=now), rationales=reasons))


def _moved(path: str, moved: Mapping[str, str]) -> str:
    """Where an input of a peer stands now; nowhere if its peer is gone."""
    if not path.startswith("peers["):
        return path
    owner = path[: path.index("].") + 2]
    return f"{moved[owner]}{path.removeprefix(owner)}" if owner in moved else ""


def _prices(desk: Desk) -> None:
    rationales = desk.content.rationales

    def changed(edits: Sequence[Edit]) -> None:
        inputs, reasons = desk.inputs, dict(desk.content.rationales)
        for edit in edits:
            if edit.column == "from":
                reasons[_price(edit.row)] = edit.value.strip()
                continue
            inputs = put_at(inputs, f"peers[{edit.row}].{edit.column}", edit.value)
            if edit.column == "price" and STAND_IN in reasons.get(_price(edit.row), ""):
                reasons.pop(_price(edit.row))
        desk.put(replace(desk.content, inputs=inputs, rationales=reasons))

    grid.edited(
        "Prices of the peers",
        {
            "price": Column(heading="Price per share", optional=True, placeholder="state it"),
            "from": Column(heading="Where the price is from", kind="text",
                           placeholder="such as: close of 31 Dec"),
            "reason": Column(heading="Why it is a peer", kind="text"),
        },
        [
            (peer.name, [peer.price, rationales.get(_price(place), ""), peer.reason])
            for place, peer in enumerate(desk.inputs.peers)
        ],
        key=desk.grid_key("prices"),
        on_change=changed,
        corner="Peer",
    )  # fmt: skip


def _from_saved(desk: Desk, known: Mapping[str, Candidate]) -> None:
    """Our own DCF values where no price is stated: circular, and labelled so."""
    found = _saved_values(desk, known)
    if not found:
        return
    st.button(
        f"Stand-in: saved DCF values for {words.counted(len(found), 'peer')} without a price",
        icon=":material/content_paste_go:",
        key=desk.key("stand_in"),
        help="They are not market prices: use them to try the page, not to value a company.",
        on_click=lambda: _stand_in(desk, found),
    )


def _saved_values(desk: Desk, known: Mapping[str, Candidate]) -> dict[int, tuple[float, str]]:
    found = {}
    with open_work(caller()) as work:
        for place, peer in enumerate(desk.inputs.peers):
            if peer.price is not None or peer.name not in known:
                continue
            saved = valuations.newest_saved(work, known[peer.name].company.id, model="dcf")
            if saved and saved.row.headline > 0.0:
                day = f"{from_micros(saved.row.created_at):%d %b %Y}"
                found[place] = (round(saved.row.headline, 2), f"{STAND_IN}: our DCF of {day}")
    return found


def _stand_in(desk: Desk, found: Mapping[int, tuple[float, str]]) -> None:
    inputs, reasons = desk.inputs, dict(desk.content.rationales)
    for place, (value, why) in found.items():
        inputs = put_at(inputs, _price(place), value)
        reasons[_price(place)] = why
    desk.put(replace(desk.content, inputs=inputs, rationales=reasons))


def _filed(desk: Desk) -> None:
    inputs: ComparablesInputs = desk.inputs
    parties = [
        (desk.company.name, inputs.company, "company."),
        *((peer.name, peer, f"peers[{place}].") for place, peer in enumerate(inputs.peers)),
    ]
    show.table(
        f"Figures as filed, {desk.money}",
        ["Year", "Market value", "EV", "Revenue", "EBITDA", "EBIT", "Net income", "Equity",
         "Net debt", "Shares, m"],
        [
            (name, [_year(desk, under), *_priced(party), *_earned(party),
                    words.millions(party.shares.basic, 1)])
            for name, party, under in parties
        ],
        strong=frozenset({desk.company.name}),
        first="Company",
    )  # fmt: skip
    st.caption("Net debt: all claims before the shares less cash and other assets, see Sources.")


def _year(desk: Desk, under: str) -> str:
    year = year_of(desk.start, under)
    return f"FY{year}" if year else words.NOTHING


def _priced(party: Peer | Company) -> list[str]:
    if party.price is None or party.price <= 0.0:
        return [words.NOTHING, words.NOTHING]
    return [
        words.money(price_of(MULTIPLES[name], party, party.price))
        for name in ("price_earnings", "ev_ebitda")
    ]


def _earned(party: Peer | Company) -> list[str]:
    between = bridged(0.0, party.bridge)
    return [
        *(words.money(getattr(party.figures, name)) for name in FIGURES),
        words.money(between.claims - between.other_assets),
    ]


# --- multiples ----------------------------------------------------------------------------------


def multiples(desk: Desk, result: ComparablesResult | None) -> None:
    """How the peers' multiples lie, each of them, and which are left out."""
    if result is None:
        return
    there = _there(result)
    show.table(
        "How the multiples lie",
        [
            "Peers",
            "Lowest",
            "Lower quartile",
            "Median",
            "Mean",
            "Upper quartile",
            "Highest",
            "The company",
        ],
        [(multiple.words, _spread(multiple, value)) for _, multiple, value in there],
    )
    by_peer = desk.once("multiples", lambda: multiples_of(desk.inputs))
    show.table(
        "Each peer",
        [multiple.words for _, multiple, _ in there],
        [
            (peer.name, [_told(multiple, by_peer[name][place]) for name, multiple, _ in there])
            for place, peer in enumerate(desk.inputs.peers)
        ],
    )
    left_out = excluded(desk.inputs)
    if left_out:
        show.listing(
            "Left out",
            ["Peer", "Multiple", "Why"],
            [(each.peer, "all" if each.multiple == "multiple" else each.multiple, each.reason)
             for each in left_out],
            text=frozenset({"Peer", "Multiple", "Why"}),
        )  # fmt: skip


def _there(result: ComparablesResult) -> list[tuple[str, Multiple, Any]]:
    values = ((name, each, getattr(result, name)) for name, each in MULTIPLES.items())
    return [(name, each, value) for name, each, value in values if value is not None]


def _spread(multiple: Multiple, value: Any) -> list[str]:
    lies = value.spread
    numbers = (lies.lowest, lies.lower_quartile, lies.median, lies.average, lies.upper_quartile,
               lies.highest, value.own)  # fmt: skip
    return [words.number(lies.used), *(_told(multiple, number) for number in numbers)]


def _told(multiple: Multiple, value: Any) -> str:
    return words.percent(value) if multiple.is_yield else words.times(value)


# --- value --------------------------------------------------------------------------------------


def implied(desk: Desk, result: ComparablesResult | None) -> None:
    """What each multiple makes of a share, and how much it counts."""
    ask.numbers(desk, OWN, columns=3)
    if result is None:
        return
    there = [each for each in _there(result) if each[2].mid is not None]
    ask.numbers(
        desk,
        [Field(f"weights.{name}", f"Weight of {each.words}", None, 0.5) for name, each, _ in there],
        columns=5,
    )
    inputs: ComparablesInputs = desk.inputs
    weighted = FootballRow(
        method=WEIGHTED,
        assumption="by the weights, with the premium for control",
        low=float(result.value_per_share_low),
        mid=float(result.value_per_share),
        high=float(result.value_per_share_high),
    )
    _ranges(desk, "implied", (*rows_of_multiples(result), weighted), inputs.company.price)
    own = common_figures(inputs.company, inputs.common_year_end)
    show.table(
        f"Value per share, {desk.currency}, by quartile, median and quartile",
        [f"Its figure, {desk.money_short}", "Multiples", "Low", "Middle", "High", "Weight"],
        [
            (each.words, [
                words.money(each.metric(inputs.company, own)),
                " / ".join(_told(each, part.multiple) for part in _points(value)),
                *(words.per_share(part.value_per_share) for part in _points(value)),
                words.number(getattr(inputs.weights, name), 1),
            ])
            for name, each, value in there
        ] + [(WEIGHTED, ["", "", *(words.per_share(v) for v in (
            weighted.low, weighted.mid, weighted.high)), ""])],
        strong=frozenset({WEIGHTED}),
    )  # fmt: skip


def _points(value: Any) -> tuple[Any, Any, Any]:
    return value.low, value.mid, value.high


def _ranges(desk: Desk, name: str, rows: Sequence[FootballRow], price: float | None) -> None:
    show.chart(
        charts.ranges(
            rows,
            currency=desk.currency,
            price=price,
            whole=frozenset({WEIGHTED}),
            theme=show.theme(),
        ),
        key=f"comparables:{name}",
        alt=f"Ranges of value per share, {desk.currency}: "
        + "; ".join(f"{r.method} {r.low:,.2f} to {r.high:,.2f}" for r in rows),
    )


def field_of_ranges(desk: Desk, result: ComparablesResult | None) -> None:
    """The multiples that count beside the newest saved DCF and LBO."""
    inputs: ComparablesInputs = desk.inputs
    counted = {
        multiple.words for name, multiple in MULTIPLES.items() if getattr(inputs.weights, name)
    }
    by_peers = rows_of_multiples(result) if result else ()
    with open_work(caller()) as work:
        others = football.saved_ranges(work, desk.company.id, inputs.company.shares)
    rows = (*(row for row in by_peers if row.method in counted), *others)
    if not rows:
        st.info("Ranges appear once a peer has a price, or a DCF or LBO is saved.",
                icon=":material/bar_chart:")  # fmt: skip
        return
    found = football_field(rows, price=inputs.company.price)
    agreed = found.agreed
    show.facts(
        {
            f"Middle of all, {desk.currency}": words.per_share(found.mid),
            "Range of all": f"{words.per_share(found.low)} to {words.per_share(found.high)}",
            "All agree on": f"{words.per_share(agreed[0])} to {words.per_share(agreed[1])}"
            if agreed
            else "no value",
        }
    )
    _ranges(desk, "football", rows, inputs.company.price)
    show.listed("What makes each range", [(row.method, row.assumption) for row in rows])
    lacking = {"DCF", "LBO"} - {row.method for row in others}
    if lacking:
        st.caption(f"No saved {' and no '.join(sorted(lacking))} of this company to stand beside.")


@st.fragment
def regression(desk: Desk, result: ComparablesResult | None) -> None:
    """A multiple explained by what a company earns, where there are enough peers."""
    if result is None:
        return
    left, right = st.columns(2)
    there = {name: multiple.words for name, multiple, _ in _there(result)}
    offered = sorted(there, key=lambda name: name != "ev_ebitda")
    multiple = left.selectbox("Explain", offered, format_func=lambda name: there[name],
                              key="comparables:explained")  # fmt: skip
    fundamental = right.selectbox("By", list(FUNDAMENTALS), key="comparables:by")
    try:
        found = desk.once(
            ("line", multiple, fundamental),
            lambda: explained_multiple(desk.inputs, multiple, fundamental),
        )
    except ValorError as error:
        show.refusal(error)
        return
    if found is None:
        st.info(
            f"A line needs at least {FEWEST_PEERS} peers with a price that have both figures, and "
            "the company's own.",
            icon=":material/scatter_plot:",
        )
        return
    line, spread = found.line, getattr(result, multiple).spread
    low, high = words.times(line.low), words.times(line.high)
    show.facts(
        {
            f"{there[multiple]} by the line": words.times(line.multiple),
            "Interval of 80 %": words.NOTHING if line.low is None else f"{low} to {high}",
            "Peers' median": words.times(spread.median),
            "Variance explained": words.percent(line.r_squared, 0),
            "Of peers left out": words.percent(line.left_out_r_squared, 0),
        }
    )
    show.chart(
        charts.line_through_peers(
            found,
            multiple=there[multiple],
            fundamental=fundamental,
            company=desk.company.name,
            theme=show.theme(),
        ),
        key="comparables:line",
        alt=f"{there[multiple]} of {len(found.peers)} peers by {fundamental}, with a line",
    )
    st.caption(
        "Least squares on the logarithm of the multiple; the interval is that of one more company. "
        "At 0 % or below for peers left out, the peers' mean does as well as the line."
    )


def sources(desk: Desk, result: ComparablesResult | None) -> None:  # noqa: ARG001, as its siblings
    """What was changed and why; where each other number comes from, company by company."""
    changes.yours(desk)
    told = desk.sources()
    mine = [path for path in told if not path.startswith("peers[")]
    show.listed(
        desk.company.name,
        [(_label(path.removeprefix("company.")), ask.basis(told[path])) for path in mine],
    )
    for place, peer in enumerate(desk.inputs.peers):
        under = f"peers[{place}]."
        with st.expander(show.plain(peer.name), icon=":material/domain:"):
            show.listed(
                peer.name,
                [
                    (_label(path.removeprefix(under)), ask.basis(source))
                    for path, source in told.items()
                    if path.startswith(under)
                ],
            )


def _label(path: str) -> str:
    owner, _, name = path.rpartition(".")
    if owner == "weights":
        return f"Weight of {MULTIPLES[name].words}"
    return changes.label(path.removeprefix("figures."))


SECTIONS: dict[str, sheet.Section] = {
    "Peers": chosen,
    "Multiples": multiples,
    "Implied value": implied,
    "Football field": field_of_ranges,
    "Regression": regression,
    "Scenarios": scenario_sections.usual,
    "Workings": sheet.workings,
    "Sources": sources,
}
