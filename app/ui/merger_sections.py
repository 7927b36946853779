"""The parts of the merger page: the target, the headline, then one section at a time."""

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from app.ui import ask, form, scenario_sections, sheet, show, words
from app.ui.draft import Desk
from app.ui.field import Field, field_of
from app.ui.frame import caller
from app.ui.places import at
from valor_core.charts import merger as charts
from valor_core.coverage.companies import Company
from valor_core.coverage.prefill_merger import (
    EARNINGS_MULTIPLE,
    REVENUE_MULTIPLE,
    SYNERGY_RATE,
    target_of,
)
from valor_core.models.conventions import valued_as_of
from valor_core.models.fields import Unit
from valor_core.models.merger.allocation import Books
from valor_core.models.merger.merger import MergerInputs, MergerResult, Party
from valor_core.models.merger.synergies import Synergies
from valor_core.models.merger.write_ups import WriteUp
from valor_core.values import CompanyId
from valor_core.workbench.companies import list_companies
from valor_core.workbench.verb import open_work

TYPED = "Figures of your own"
PREMIUM = Field("offer.premium", "Premium on the target's price", Unit.RATE, 1.0)
PRICE = Field("offer.price", "Offer for a share", Unit.MONEY_PER_SHARE, 0.5)
MIX = (
    Field("offer.cash", "Paid from cash on hand", Unit.RATE, 5.0),
    Field("offer.debt", "Paid from new debt", Unit.RATE, 5.0),
)
MARKET = (
    Field("share_price", "Share price", Unit.MONEY_PER_SHARE, 0.5),
    Field("shares.basic", "Shares", Unit.SHARES, 1.0),
    Field("tax", "Tax rate", Unit.RATE, 1.0),
)
FORECAST = (
    Field("revenue", "Revenue", Unit.MONEY),
    Field("ebit", "EBIT", Unit.MONEY),
    Field("depreciation", "D&A", Unit.MONEY),
    Field("net_interest", "Net interest and other", Unit.MONEY),
)
BOOKS = (
    Field("books.identifiable_assets", "Assets besides cash and goodwill", Unit.MONEY),
    Field("books.cash", "Cash", Unit.MONEY),
    Field("books.goodwill", "Goodwill of earlier deals", Unit.MONEY),
    Field("books.operating_liabilities", "Liabilities besides debt", Unit.MONEY),
    Field("books.debt", "Debt", Unit.MONEY),
)
SAVINGS = (
    Field("synergies.costs_saved", "Costs saved a year, once all is done", Unit.MONEY, 10.0),
    Field("synergies.added_revenue", "Revenue added a year", Unit.MONEY, 10.0),
    Field("synergies.added_margin", "Profit on added revenue", Unit.RATE, 1.0),
    Field("synergies.discount_rate", "Discount rate", Unit.RATE, 0.5),
    Field("synergies.growth", "Growth after the forecast (empty: it ends)", Unit.RATE, 0.5),
)
BY_YEAR = (
    Field("synergies.phasing", "Part reached", Unit.RATE),
    Field("synergies.costs_to_achieve", "Cost to achieve", Unit.MONEY),
)
CHARGED = (
    ("Write-ups charged", "write_up_charges"),
    ("Deferred tax released", "deferred_tax_released"),
    ("Deferred tax left at the year's end", "deferred_tax"),
)
INCOME = (
    ("Net income of the acquirer alone", "acquirer_net_income", Unit.MONEY),
    ("Net income of the target alone", "target_net_income", Unit.MONEY),
    ("Synergies before tax", "synergies", Unit.MONEY),
    ("Their cost to achieve", "costs_to_achieve", Unit.MONEY),
    ("Write-ups charged", "write_up_charges", Unit.MONEY),
    ("Interest lost on cash used", "foregone_interest", Unit.MONEY),
    ("Interest on new debt", "new_interest", Unit.MONEY),
    ("Interest saved", "saved_interest", Unit.MONEY),
    ("Financing fees amortised", "fee_amortisation", Unit.MONEY),
    ("Profit before tax together", "pretax_income", Unit.MONEY),
    ("Tax", "tax", Unit.MONEY),
    ("Net income together", "net_income", Unit.MONEY),
)
PER_SHARE = (
    ("Acquirer alone", "acquirer_eps", Unit.MONEY_PER_SHARE),
    ("Together", "eps", Unit.MONEY_PER_SHARE),
    ("Accretion", "accretion", Unit.MONEY_PER_SHARE),
    ("Accretion, %", "accretion_percent", Unit.RATE),
    ("Together, before write-ups charged", "cash_eps", Unit.MONEY_PER_SHARE),
)
BALANCE = (
    ("Cash", "cash"),
    ("Other assets", "identifiable_assets"),
    ("Goodwill", "goodwill"),
    ("Financing fees", "capitalised_fees"),
    ("Debt", "debt"),
    ("Other liabilities", "operating_liabilities"),
    ("Deferred tax on write-ups", "deferred_tax_liability"),
    ("Equity", "equity"),
)
PRICED = frozenset({"Market value", "Price / earnings"})
ADDRESS = "desk:merger:address"  # forgotten with the desks
FRESH_WRITE_UP = WriteUp(amount=0.0, life=10.0)


def target(desk: Desk) -> None:
    """The company that is bought, kept in the address (`?target=PEP`), or typed figures."""
    with open_work(caller()) as work:
        others = {c.id: c for c in list_companies(work) if c.id != desk.company.id}
    _from_address(desk, others)
    now, key = target_of(desk.inputs), desk.key("target")
    with show.asked():
        st.selectbox(
            f"Target, bought by {desk.company.name}",
            ["", *others],
            index=["", *others].index(now) if now in others else 0,
            format_func=lambda each: called(others.get(each)),
            key=key,
            on_change=lambda: desk.buy(st.session_state[key]),
        )
    _told_address(others.get(CompanyId(now)))
    if not now and not any(path.startswith("target.") for path in desk.changed()):
        st.info(
            "Choose the target above, or type its figures under *Companies*. Until then a tenth "
            "of the acquirer stands in for it.",
            icon=":material/merge:",
        )


def called(company: Company | None) -> str:
    """A company as it is chosen."""
    if company is None:
        return TYPED
    return f"{company.name} ({company.ticker})" if company.ticker else company.name


def _from_address(desk: Desk, others: dict[Any, Company]) -> None:
    """Take the target that a link names; what the page wrote there itself is no wish."""
    wanted = str(st.query_params.get("target", ""))
    if not wanted or wanted == st.session_state.get(ADDRESS):
        return
    found = next((c for c in others.values() if wanted.upper() in (c.ticker, c.id.upper())), None)
    if found is None:
        st.warning(f"There is no target {show.plain(wanted)} here.", icon=":material/search_off:")
    elif found.id != target_of(desk.inputs):
        desk.buy(found.id, kept=False)


def _told_address(company: Company | None) -> None:
    name = (company.ticker or company.id) if company else ""
    st.session_state[ADDRESS] = name
    if name:
        st.query_params["target"] = name
    else:
        st.query_params.pop("target", None)


def headline(desk: Desk, result: MergerResult | None) -> None:
    """What the deal does to earnings per share, what it would bear, and what it is worth."""
    if result is None:
        show.facts({"Accretion": words.NOTHING}, first_large=True)
        return
    inputs: MergerInputs = desk.inputs
    judged, at_price = inputs.judged_year - 1, _at_price(desk)
    money = f"{desk.currency} m{at_price}"
    lacking = float(result.break_even_synergies[judged])
    needed = "More synergies needed a year" if lacking > 0.0 else "Synergies to spare a year"
    show.facts(
        {
            f"Accretion in {years(desk)[judged]}{at_price}": _accretion(
                result, judged, desk.currency
            ),
            **sheet.against_saved(desk, result),
            f"Earnings a share, {desk.currency}{at_price}": " → ".join(
                words.per_share(earned[judged]) for earned in (result.acquirer_eps, result.eps)
            ),
            f"{needed}, {money}": words.money(abs(lacking)),
            f"Highest premium without dilution{at_price}": words.percent(result.break_even_premium),
            f"Synergies less premium and fees, {money}": words.money(result.synergies_less_premium),
        },
        first_large=True,
    )
    _asks_for_prices(desk)
    st.caption(valued_as_of(desk.inputs, desk.basis))
    sheet.checks(desk, result)


def _stand_ins(desk: Desk) -> list[str]:
    """The parties whose share price nobody has stated: no market price is at hand."""
    return [
        side
        for side in ("acquirer", "target")
        if (path := f"{side}.share_price") not in desk.changed()
        and not desk.content.rationales.get(path)
    ]


def _at_price(desk: Desk) -> str:
    """The mark of what rests on share prices; nothing once both are stated."""
    marks = ("", ", at a stand-in price", ", at stand-in prices")
    return marks[len(_stand_ins(desk))]


def _asks_for_prices(desk: Desk) -> None:
    stand_ins = _stand_ins(desk)
    if stand_ins:
        st.warning(
            f"No market price of the {' and the '.join(stand_ins)} is at hand: state it under "
            f"*Companies*. Until then {EARNINGS_MULTIPLE:g} × earnings a share stand in for it, "
            f"or {REVENUE_MULTIPLE:g} × revenue where nothing was earned, and each number that "
            f"rests on that is marked *{_at_price(desk).removeprefix(', ')}*.",
            icon=":material/sell:",
        )


def _accretion(result: MergerResult, judged: int, currency: str) -> str:
    if result.accretion_percent is None:
        return f"{words.per_share(result.judged_accretion)} {currency}"
    part = float(result.accretion_percent[judged])
    return f"+{words.percent(part)}" if part > 0.0 else words.percent(part)


def offer(desk: Desk, result: MergerResult | None) -> None:
    """The price, what pays it, and what that does to each year."""
    by_price = desk.inputs.offer.price is not None
    *asked, last = st.columns(4)
    for column, each in zip(asked, (PRICE if by_price else PREMIUM, *MIX), strict=True):
        with column:
            ask.number(desk, each)
    with last:
        form.count(desk, "judged_year", least=1, most=len(years(desk)), label="Judged by year")
    _stated_by(desk, result, by_price=by_price)
    if result is None:
        return
    _drawn_accretion(desk, result)
    left, right = st.columns(2, gap="medium")
    with left:
        _side(desk, "Uses", _uses(desk.inputs, result), result)
    with right:
        _side(desk, "Sources", _sources(result), result)
    _terms(desk, result)
    with st.expander("Interest, fees and refinanced debt", icon=":material/payments:"):
        form.numbers(
            desk,
            *(f"financing.{name}" for name in (
                "cash_rate", "debt_rate", "advisory_fees", "financing_fees",
                "financing_fees_life", "issue_costs", "refinanced", "refinanced_rate",
                "others_from_debt",
            )),
        )  # fmt: skip


def _stated_by(desk: Desk, result: MergerResult | None, *, by_price: bool) -> None:
    """The offer by its price or by its premium: the other one takes over where it stands."""
    key = desk.key("by_price")

    def changed() -> None:
        if result is None:
            return
        now = desk.inputs.offer
        if st.session_state[key]:
            now = replace(now, price=round(float(result.offer_price), 2), premium=None)
        else:
            now = replace(now, premium=round(float(result.premium), 4), price=None)
        desk.put(replace(desk.content, inputs=replace(desk.inputs, offer=now)))

    st.toggle("State the price instead of the premium", value=by_price, key=key, on_change=changed)


def _uses(inputs: MergerInputs, result: MergerResult) -> list[tuple[str, Any]]:
    terms = inputs.financing
    return [
        ("Price of the equity", result.equity_price),
        ("Debt refinanced", terms.refinanced),
        ("Fees for advice", terms.advisory_fees),
        ("Financing fees", terms.financing_fees),
        ("Costs of issuing stock", terms.issue_costs),
    ]


def _sources(result: MergerResult) -> list[tuple[str, Any]]:
    return [
        ("Cash on hand", result.cash_used),
        ("New debt", result.new_debt),
        ("New shares", result.paid_in_stock),
    ]


def _side(desk: Desk, name: str, lines: list[tuple[str, Any]], result: MergerResult) -> None:
    total = float(result.total_uses)
    rows = [
        (label, [words.money(amount), words.percent(float(amount) / total)])
        for label, amount in [*((n, a) for n, a in lines if a), ("Total", total)]
    ]
    show.table(
        f"{name}{_at_price(desk)}",
        [desk.money_short, "Share"],
        rows,
        strong=frozenset({"Total"}),
    )


def _terms(desk: Desk, result: MergerResult) -> None:
    first, at_price = float(result.target_net_income[0]), _at_price(desk)
    show.facts(
        {
            f"Offer for a share, {desk.currency}{at_price}": words.per_share(result.offer_price),
            f"Premium{at_price}": words.percent(result.premium),
            f"Price / earnings, {years(desk)[0]}{at_price}": words.times(
                float(result.equity_price) / first if first > 0.0 else None
            ),
            f"Exchange ratio{at_price}": words.number(result.exchange_ratio, 4),
            f"New shares, million{at_price}": words.millions(result.new_shares, 1),
            f"Held by the target's owners{at_price}": words.percent(result.target_ownership),
        }
    )


def _drawn_accretion(desk: Desk, result: MergerResult) -> None:
    show.chart(
        desk.once(
            ("accretion", show.theme()),
            lambda: charts.accretion(
                result, years=years(desk), currency=desk.currency, theme=show.theme()
            ),
        ),
        key="merger:accretion",
        alt="Accretion or dilution of the acquirer's earnings per share by year",
    )


def companies(desk: Desk, result: MergerResult | None) -> None:
    """Both companies before the deal."""
    names = _names(desk)
    if result is not None:
        show.table(
            f"Both alone, {desk.money}, a share in {desk.currency}",
            [names[1], names[0]],
            _alone(desk, result),
            first=years(desk)[0],
        )
    for side, name in (("target", names[1]), ("acquirer", names[0])):
        st.header(f"{side.capitalize()}: {show.plain(name)}", anchor=False)
        ask.numbers(desk, _under(side, MARKET), columns=3)
        form.rows(desk, f"Forecast of the {side}", years(desk), _under(side, FORECAST))


def _alone(desk: Desk, result: MergerResult) -> list[tuple[str, tuple[str, str]]]:
    """The target and the acquirer in the first year, line by line."""
    inputs, stand_ins = desk.inputs, _stand_ins(desk)
    theirs = _side_alone(inputs.target, result.target_net_income[0], result.target_eps[0])
    ours = _side_alone(inputs.acquirer, result.acquirer_net_income[0], result.acquirer_eps[0])

    def cell(side: str, label: str, value: str) -> str:
        return f"{value} (stand-in)" if label in PRICED and side in stand_ins else value

    return [
        (label, (cell("target", label, theirs[label]), cell("acquirer", label, ours[label])))
        for label in theirs
    ]


def _side_alone(party: Party, income: float, earned: float) -> dict[str, str]:
    price, revenue, ebit = party.share_price, party.revenue[0], party.ebit[0]
    return {
        "Market value": words.money(income / earned * price if earned else None),
        "Revenue": words.money(revenue),
        "EBIT": words.money(ebit),
        "EBIT margin": words.percent(ebit / revenue if revenue > 0.0 else None),
        "Net income": words.money(income),
        "Earnings a share": words.per_share(earned),
        "Price / earnings": words.times(price / earned if earned > 0.0 else None),
    }


def _under(side: str, fields: tuple[Field, ...]) -> list[Field]:
    return [replace(each, path=f"{side}.{each.path}") for each in fields]


def _names(desk: Desk) -> tuple[str, str]:
    """The acquirer's and the target's name."""
    bought = target_of(desk.inputs)
    with open_work(caller()) as work:
        named = next((c.name for c in list_companies(work) if c.id == bought), TYPED)
    return desk.company.name, named


def allocation(desk: Desk, result: MergerResult | None) -> None:
    """What is paid for, at fair value, and what is left as goodwill."""
    usual = Books(identifiable_assets=desk.inputs.target.revenue[0])
    if form.part(desk, "target.books", usual, "The target's balance sheet is stated"):
        ask.numbers(desk, _under("target", BOOKS), columns=3)
    columns = [field_of(FRESH_WRITE_UP, name) for name in ("amount", "life", "asset")]
    form.members(desk, "write_ups", "Assets brought to fair value", FRESH_WRITE_UP, columns,
                 called="Write-up")  # fmt: skip
    form.flag(desk, "tax_base_stepped_up", "The tax base rises too: no tax is deferred")
    if result is None:
        return
    if result.allocation is None:
        st.info("Goodwill appears once the target's balance sheet is stated.")
        return
    _goodwill(desk, result)
    if desk.inputs.write_ups:
        rows = [(label, [words.money(v) for v in getattr(result, name)])
                for label, name in CHARGED]  # fmt: skip
        show.table(f"Charges to come, {desk.money}", years(desk), rows)
    if result.opening is not None:
        _balance(desk, result)


def _goodwill(desk: Desk, result: MergerResult) -> None:
    found = result.allocation
    assert found is not None  # its caller has looked
    show.table(
        f"Purchase price allocation{_at_price(desk)}",
        [desk.money_short],
        [
            (label, [words.money(amount)])
            for label, amount in (
                ("Book equity of the target", found.book_equity),
                ("Goodwill of its earlier deals", 0.0 - found.goodwill_written_off),
                ("Write-ups to fair value", found.write_ups),
                ("Deferred tax on them", 0.0 - found.deferred_tax_liability),
                ("Net identifiable assets", found.net_identifiable_assets),
                ("Paid, at the acquirer's price at closing", result.value_at_closing),
                ("Goodwill", found.goodwill),
                *((("Gain of a bargain purchase", found.bargain_gain),)
                  if found.bargain_gain else ()),
            )
        ],
        strong=frozenset({"Net identifiable assets", "Goodwill"}),
    )  # fmt: skip


def _balance(desk: Desk, result: MergerResult) -> None:
    """Both balance sheets, what the deal books, and the combined one."""
    ours, theirs = desk.inputs.acquirer.books, desk.inputs.target.books
    rows = []
    for label, name in BALANCE:
        one, other = (float(getattr(books, name, 0.0)) for books in (ours, theirs))
        both = float(getattr(result.opening, name))
        rows.append((label, [words.money(v) for v in (one, other, both - one - other, both)]))
    with st.expander("Balance sheet after closing", icon=":material/balance:"):
        show.table(
            f"After closing, {desk.money}{_at_price(desk)}",
            ["Acquirer", "Target", "Deal", "Together"],
            rows,
            strong=frozenset({"Equity"}),
        )


def synergies(desk: Desk, result: MergerResult | None) -> None:
    """What both save and sell together, when, and what that is worth beside the premium."""
    usual = Synergies(discount_rate=SYNERGY_RATE)
    if form.part(desk, "synergies", usual, "The deal brings synergies"):
        ask.numbers(desk, SAVINGS, columns=3)
        form.rows(desk, "Synergies by year", years(desk), BY_YEAR)
    if result is None:
        return
    fees = result.value_of_synergies - result.premium_paid - result.synergies_less_premium
    show.table(
        f"Value today, {desk.money}{_at_price(desk)}",
        [desk.money_short],
        [
            (label, [words.money(amount)])
            for label, amount in (
                ("Synergies after tax", result.value_of_synergies),
                ("Premium paid", 0.0 - result.premium_paid),
                ("Fees", 0.0 - fees),
                ("Synergies less premium and fees", result.synergies_less_premium),
                ("Gain of the target's owners", result.gain_of_target),
                ("Gain of the acquirer's owners", result.gain_of_acquirer),
            )
        ],
        strong=frozenset({"Gain of the acquirer's owners"}),
    )  # fmt: skip


def earnings(desk: Desk, result: MergerResult | None) -> None:
    """Accretion year by year, where it ends, and who brings what."""
    if result is None:
        return
    at_price = _at_price(desk)
    _drawn_accretion(desk, result)
    _break_even(desk, result)
    for caption, lines, strong in (
        (
            f"Earnings together, {desk.money}{at_price}",
            INCOME,
            "Net income together",
        ),
        (f"Earnings per share, {desk.currency}{at_price}", PER_SHARE, "Accretion, %"),
    ):
        rows = [
            (label, [words.in_unit(v, unit) for v in row])
            for label, name, unit in lines
            if (row := getattr(result, name)) is not None and (np.any(row) or label == strong)
        ]
        show.table(caption, years(desk), rows, strong=frozenset({strong}))
    _contribution(desk, result)


def _break_even(desk: Desk, result: MergerResult) -> None:
    judged = desk.inputs.judged_year - 1
    needed = float(result.synergies[judged]) + float(result.break_even_synergies[judged])
    st.header(f"Without dilution in {years(desk)[judged]}{_at_price(desk)}", anchor=False)
    show.facts(
        {
            f"Synergies needed, {desk.money_short}": words.money(needed)
            if needed > 0.0
            else "none",
            f"Offer for a share, {desk.currency}": words.per_share(result.break_even_price),
            "Premium": words.percent(result.break_even_premium),
            "Part paid in stock": words.percent(result.break_even_stock),
            "Earnings yield of the price": words.percent(result.target_earnings_yield),
            "Cost of funding after tax": words.percent(result.cost_of_funding),
        }
    )


def _contribution(desk: Desk, result: MergerResult) -> None:
    judged = desk.inputs.judged_year
    st.header(
        f"Contribution and ownership, {years(desk)[judged - 1]}{_at_price(desk)}", anchor=False
    )
    show.chart(
        charts.contribution(result, year=judged, names=_names(desk), theme=show.theme()),
        key="merger:contribution",
        alt="What acquirer and target bring to revenue and earnings, and what their owners hold",
    )


def sensitivity(desk: Desk, result: MergerResult | None) -> None:
    """The accretion over two inputs."""
    if at_price := _at_price(desk):
        st.caption(f"Accretion{at_price}.")
    sheet.sensitivity(desk, result, _axes(desk.inputs), first="offer.premium")


def _axes(inputs: MergerInputs) -> list[Field]:
    """Steps of rates are round; those of amounts a round part of what stands there."""
    saved = float(at(inputs, "synergies.costs_saved") or 0.0) or 0.05 * float(inputs.target.ebit[0])
    return [
        Field("offer.premium", "Premium", Unit.RATE, 0.05),
        Field("offer.price", "Offer for a share", Unit.MONEY_PER_SHARE,
              _round(inputs.offer.price or 1.0)),
        Field("synergies.costs_saved", "Costs saved a year", Unit.MONEY, _round(2.0 * saved)),
        Field("offer.debt", "Paid from new debt", Unit.RATE, 0.1),
        Field("offer.cash", "Paid from cash", Unit.RATE, 0.1),
        Field("acquirer.share_price", "Acquirer's price", Unit.MONEY_PER_SHARE,
              _round(inputs.acquirer.share_price)),
        Field("financing.debt_rate", "Interest on new debt", Unit.RATE, 0.005),
    ]  # fmt: skip


def _round(amount: float) -> float:
    """A tenth to one digit.

    >>> _round(3_470.0)
    300.0
    """
    return float(f"{abs(amount) / 10:.1g}")


def years(desk: Desk) -> list[str]:
    """The forecast years by their names."""
    return sheet.fiscal_years(desk, "acquirer.revenue", len(desk.inputs.acquirer.revenue))


SECTIONS: dict[str, sheet.Section] = {
    "Offer": offer,
    "Companies": companies,
    "Purchase price": allocation,
    "Synergies": synergies,
    "Accretion": earnings,
    "Sensitivity": sensitivity,
    "Scenarios": scenario_sections.usual,
    "Workings": sheet.workings,
    "Sources": sheet.sources,
}
