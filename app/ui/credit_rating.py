"""What the market makes of a company's credit: a rating for its DCF, and Merton's default.

What is asked here is of this screen; what a rating says is kept in the draft of the DCF.
"""

from dataclasses import replace

import streamlit as st

from app.ui import ask, draft, frame, show, words
from app.ui.draft import Desk
from app.ui.field import Field
from app.ui.places import at, put_at
from valor_core.coverage.prefill import RISK_FREE, Alternative
from valor_core.models.credit.merton import MertonInputs, merton
from valor_core.models.credit.model import CreditResult
from valor_core.models.credit.rating import AS_OF, SOURCE, FirmSize, RatedDebt, rated_debt
from valor_core.models.dcf import Failure
from valor_core.models.fields import Unit
from valor_core.workbench.market_methods import read_volatilities
from valor_core.workbench.verb import open_work

SIZES = {
    FirmSize.LARGE: "large, above 5 bn USD",
    FirmSize.SMALL: "smaller, or riskier",
}
COST, ODDS = "cost_of_capital.pretax_cost_of_debt", "failure.probability"
MARKET = (Field("market_value", "Market value of the equity", Unit.MONEY, 1000.0),)
NO_RATING = (
    "A synthetic rating is read from EBIT / interest, and there is none: interest expense or EBIT "
    "is not filed, or no interest is paid. State both under *Figures*."
)


def rating(desk: Desk, result: CreditResult | None) -> None:
    """The rating that the interest cover suggests, and the way of its spread into the DCF."""
    if result is None or result.cover.interest_cover is None:
        st.info(NO_RATING, icon=":material/grade:")
        return
    dcf = show.or_explain(draft.desk, desk.company, "dcf")
    capital = dcf.inputs.cost_of_capital if dcf else None
    left, *columns = st.columns(4)
    size = left.selectbox("Compared with firms", list(SIZES), format_func=SIZES.__getitem__,
                          key=desk.key("rating:size"))  # fmt: skip
    free = RISK_FREE if capital is None else float(capital.risk_free)
    with columns[0]:
        risk_free = _asked(desk, "rating:risk_free", "Risk-free rate, %", free, step=0.1)
    with columns[1]:
        recovery = _asked(desk, "rating:recovery", "Lenders recover, %", 0.4, most=99.0, step=5.0)
    with columns[2]:
        proceeds = _asked(desk, "rating:proceeds", "A failed firm brings, % of value", 0.5,
                          most=100.0, step=5.0)  # fmt: skip
    rated = rated_debt(
        result.cover.interest_cover,
        size=size,
        risk_free=risk_free,
        years=float(dcf.inputs.years) if dcf else 10.0,
        recovery=recovery,
    )
    show.facts(
        {
            "Synthetic rating": rated.rating,
            "Interest cover": words.times(result.cover.interest_cover),
            "Spread": words.percent(rated.spread, 2),
            "Cost of debt before tax": words.percent(rated.cost_of_debt, 2),
            "Odds of failure": words.percent(rated.failure_probability, 2),
        },
        first_large=True,
    )
    st.caption(
        f"Cover to rating to spread as of {AS_OF}: {SOURCE}. The odds are those that the spread "
        "pays for until the DCF's forecast ends, so above those of the past."
    )
    if dcf is not None:
        _into_the_dcf(desk, dcf, rated, why=_why(rated, result, risk_free), proceeds=proceeds)


def _why(rated: RatedDebt, result: CreditResult, risk_free: float) -> str:
    return (
        f"synthetic rating {rated.rating} from an interest cover of "
        f"{words.times(result.cover.interest_cover)}: spread {words.percent(rated.spread, 2)} over "
        f"{words.percent(risk_free, 2)} (Damodaran, {AS_OF})"
    )


def _into_the_dcf(desk: Desk, dcf: Desk, rated: RatedDebt, *, why: str, proceeds: float) -> None:
    """What the draft of the DCF has, what the rating says, and the press that takes it over."""
    failure = dcf.inputs.failure
    show.table(
        "The draft of the DCF",
        ["Now", "By the rating"],
        [
            (
                "Cost of debt before tax",
                [words.percent(at(dcf.inputs, COST), 2), words.percent(rated.cost_of_debt, 2)],
            ),
            (
                "Odds of failure",
                [
                    "none" if failure is None else words.percent(failure.probability, 2),
                    words.percent(rated.failure_probability, 2),
                ],
            ),
        ],
    )
    if dcf.inputs.cost_of_capital is None:
        st.caption("This DCF states its WACC, so only the odds of failure are taken over.")
    st.button(
        "Take the rating into the DCF",
        icon=":material/input:",
        on_click=lambda: take_into_dcf(dcf, rated, why=why, proceeds=proceeds),
        key=desk.key("rating:go"),
    )
    if dcf.problem:
        show.refusal(dcf.problem)
    elif dcf.content.rationales.get(ODDS) == why:
        st.success("The draft of the DCF has it, among its changes.", icon=":material/check:")
        company = desk.company.ticker or desk.company.id
        frame.link("dcf", "Open the DCF", icon=":material/calculate:", company=company)


def take_into_dcf(dcf: Desk, rated: RatedDebt, *, why: str, proceeds: float) -> None:
    """Cost of debt and odds of failure as changes of the DCF's draft, with the rating as reason."""
    inputs, reasons = dcf.inputs, dict(dcf.content.rationales)
    if inputs.cost_of_capital is not None:
        inputs = put_at(inputs, COST, float(rated.cost_of_debt))
        reasons[COST] = why
    odds = float(rated.failure_probability)
    failure = replace(inputs.failure or Failure(probability=odds, proceeds=proceeds),
                      probability=odds, proceeds=proceeds)  # fmt: skip
    reasons |= {ODDS: why, "failure.proceeds": f"stated with the {why.partition(' from')[0]}"}
    dcf.put(
        replace(dcf.content, inputs=replace(inputs, failure=failure), rationales=reasons),
        widgets=True,
    )


def default(desk: Desk, result: CreditResult | None) -> None:
    """How far the assets stand from the debt by Merton, once the market's view is stated."""
    ask.numbers(desk, MARKET, columns=2)
    told = desk.once("volatility", lambda: _volatilities(desk))
    columns = st.columns(3)
    with columns[0]:
        usual = told[0].value if told else None
        volatility = _asked(desk, "default:volatility", "Volatility of the equity a year, %", usual)
    with columns[1]:
        risk_free = _asked(desk, "default:risk_free", "Risk-free rate, %", RISK_FREE, step=0.1)
    with columns[2]:
        years = _asked(desk, "default:years", "Debt is due in, years", 1.0, scale=1.0, step=0.5)
    _by_method(desk, told)
    debt, equity = result.cover.debt if result else None, desk.inputs.market_value
    lacking = [
        name
        for name, value in (
            ("the market value of the equity", equity),
            ("its volatility", volatility),
            ("the debt, under *Figures*", debt),
        )
        if not value
    ]
    if lacking:
        st.info(f"To be stated: {', '.join(lacking)}.", icon=":material/checklist:")
        return
    found = show.or_explain(
        merton,
        MertonInputs(
            equity=equity,
            equity_volatility=volatility,
            debt=debt,
            risk_free=risk_free,
            years=years,
        ),
    )
    if found is None:
        return
    show.facts(
        {
            "Distance to default, deviations": words.number(found.distance_to_default, 2),
            "Odds of default": words.percent(found.default_probability, 2),
            "Credit spread": words.percent(found.credit_spread, 2),
            f"Value of the assets, {desk.money_short}": words.money(found.asset_value),
            "Their volatility": words.percent(found.asset_volatility),
            f"Debt, face, {desk.money_short}": words.money(debt),
        },
        first_large=True,
    )
    st.caption(
        "Equity as a call on the assets (Merton, 1974): default when they fall short of the debt "
        "on the day it is due, the assets growing at the risk-free rate, continuously compounded."
    )


def _volatilities(desk: Desk) -> list[Alternative]:
    with open_work(frame.caller()) as work:
        return read_volatilities(work, desk.company.id, years=1.0, as_of=desk.content.as_of)


def _by_method(desk: Desk, told: list[Alternative]) -> None:
    """The volatility of the share by each method, the first one taken."""
    if not told:
        name = show.plain(desk.company.ticker or desk.company.name)
        st.caption(
            f"Fetch two years of daily prices of {name} on the page Market data, and market value "
            "and volatility are told from them."
        )
        return
    show.listing(
        "Volatility of the share a year",
        ["Method", "Value", "Choose it", "How it is told"],
        [[e.method, words.percent(e.value, 2), e.reason, e.source.text] for e in told],
        text=frozenset({"Method", "Choose it", "How it is told"}),
    )


def _asked(
    desk: Desk,
    name: str,
    label: str,
    usual: float | None,
    *,
    least: float = 0.0,
    most: float | None = None,
    step: float = 1.0,
    scale: float = 0.01,
) -> float:
    """A number of this screen alone; 0 where nothing is stated."""
    shown = st.number_input(
        label,
        value=None if usual is None else usual / scale,
        min_value=least,
        max_value=most,
        step=step,
        format="%.2f",
        key=desk.key(name),
    )
    return 0.0 if shown is None else shown * scale
