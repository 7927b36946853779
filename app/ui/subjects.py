"""The models that the page simulates: what of each is looked at, what may happen, what varies.

A driver's deviation is a usual one, not one that was filed. The API and notebooks simulate any
line of any model.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from app.ui.field import Field
from app.ui.places import at, figure_at
from valor_core.models.credit.rating import FirmSize, least_cover
from valor_core.models.fields import Unit, leaves, line_at
from valor_core.models.simulation.plan import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """An input that may vary; `[*]` in its path stands for every year, peer or right there is."""

    field: Field
    sd: float
    of_base: bool = False  # whether the deviation is a part of the base case
    varies: bool = False

    def found(self, inputs: Any) -> dict[str, "Usual"]:
        """The inputs that it means and that are stated, by their paths."""
        every = "[*]" in self.field.path
        paths = _matching(inputs, self.field.path) if every else [self.field.path]
        return {
            path: replace(self, field=_named(self.field, path, inputs) if every else self.field)
            for path in paths
            if figure_at(inputs, path) is not None
        }

    def deviation(self, base: float) -> float:
        """The standard deviation around this base case."""
        return self.sd * abs(base) if self.of_base else self.sd


def _matching(inputs: Any, pattern: str) -> list[str]:
    """Every path of a single number that the pattern fits."""
    before, _, after = pattern.partition("[*]")
    many = len(leaves(inputs)[before]) if before in leaves(inputs) else len(at(inputs, before))
    return [f"{before}[{place}]{after}" for place in range(many)]


def _named(told: Field, path: str, inputs: Any) -> Field:
    place = re.fullmatch(r"(.+)\[(\d+)\](.*)", path)
    assert place is not None  # it was made of a pattern
    member = at(inputs, f"{place[1]}[{place[2]}]") if place[3] else None
    name = getattr(member, "name", "") or str(int(place[2]) + 1)
    return replace(told, path=path, label=f"{told.label} {name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Likely:
    """What may happen, in words, and by which line of the result it is known."""

    label: str
    line: str
    threshold: float | str = 0.0  # a number, or the path of an input
    above: bool = False
    of: str = ""  # the input without which nobody asks

    def event(self, inputs: Any, result: Any) -> Event | None:
        """As the plan states it; None where these inputs do not ask for it."""
        stated = self.threshold
        limit = figure_at(inputs, stated) if isinstance(stated, str) else stated
        asked = not self.of or at(inputs, self.of)
        if limit is None or not asked or line_at(result, self.line) is None:
            return None
        return Event(line=self.line, threshold=limit, above=self.above)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A model as it is simulated: what is looked at, and what usually varies."""

    model: str
    title: str
    lines: tuple[Field, ...]  # of one number; the first that these inputs give comes first
    usual: tuple[Usual, ...]
    likely: tuple[Likely, ...] = ()
    by_year: Field | None = None
    base: str = ""  # of its inputs, after whose year the forecast years are named
    paths: int = 2**14
    steps: int = 0  # of a lattice, at most, unless others are stated; 0: it has none

    def steps_of(self, inputs: Any, stated: int | None) -> int:
        """The steps of the lattice in which each path is valued."""
        return min(self.steps, inputs.steps) if stated is None else stated

    def simulated(self, inputs: Any, steps: int | None = None) -> Any:
        """The inputs as they are simulated."""
        return replace(inputs, steps=self.steps_of(inputs, steps)) if self.steps else inputs

    def offered(self, result: Any) -> dict[str, Field]:
        """The lines that have a value, by path."""
        return {each.path: each for each in self.lines if line_at(result, each.path) is not None}

    def events(self, inputs: Any, result: Any) -> dict[Event, str]:
        """What may happen with these inputs, and how it is told."""
        found = {each.event(inputs, result): each.label for each in self.likely}
        return {event: label for event, label in found.items() if event is not None}

    def drivers_of(self, inputs: Any) -> dict[str, Usual]:
        """The drivers that these inputs state as a number, by path."""
        found: dict[str, Usual] = {}
        for each in self.usual:
            for path, one in each.found(inputs).items():
                found.setdefault(path, one)
        return found


def _moves(path: str, label: str, unit: Unit | None, sd: float, *, varies: bool = False) -> Usual:
    return Usual(field=Field(path, label, unit), sd=sd, varies=varies)


def _part(path: str, label: str, unit: Unit | None, part: float, *, varies: bool = False) -> Usual:
    return Usual(field=Field(path, label, unit), sd=part, of_base=True, varies=varies)


SHARE_VALUE = Field(
    "value_per_share", "Value per share", Unit.MONEY_PER_SHARE, meaning="such as today's price"
)
ENTERPRISE_VALUE = Field("enterprise_value", "Enterprise value", Unit.MONEY)
DCF = Subject(
    model="dcf",
    title="DCF",
    base="revenue",
    lines=(SHARE_VALUE, ENTERPRISE_VALUE),
    by_year=Field("fcff", "Free cash flow to the firm", Unit.MONEY),
    usual=(
        _moves("growth.start", "Revenue growth, start", Unit.RATE, 0.01, varies=True),
        _moves("margin.start", "EBIT margin", Unit.RATE, 0.02, varies=True),
        _moves("margin.end", "EBIT margin, end", Unit.RATE, 0.02),
        _moves("tax.start", "Tax on EBIT, start", Unit.RATE, 0.02),
        _moves("sales_to_capital.ratio.start", "Sales to capital", Unit.RATIO, 0.2, varies=True),
        _moves("wacc.start", "WACC", Unit.RATE, 0.005, varies=True),
        _moves("cost_of_capital.beta", "Beta, levered", None, 0.1, varies=True),
        _moves("cost_of_capital.risk_free", "Risk-free rate", Unit.RATE, 0.005),
        _moves("cost_of_capital.equity_risk_premium", "Equity risk premium", Unit.RATE, 0.005),
        _moves("terminal_growth", "Terminal growth", Unit.RATE, 0.0025, varies=True),
        _moves("terminal_roic", "Return on new capital", Unit.RATE, 0.01),
        _moves("exit_multiple", "Exit multiple", Unit.RATIO, 1.0),
    ),
)
DIRECT = Subject(
    model="dcf_direct",
    title="Stated cash flows",
    base="free_cash_flow",
    lines=(SHARE_VALUE, ENTERPRISE_VALUE),
    by_year=Field("fcff", "Free cash flow to the firm", Unit.MONEY),
    usual=(
        _part("free_cash_flow[*]", "Cash flow, year", Unit.MONEY, 0.1, varies=True),
        _moves("wacc.start", "WACC", Unit.RATE, 0.005, varies=True),
        _moves("terminal_growth", "Terminal growth", Unit.RATE, 0.0025, varies=True),
        _moves("exit_multiple", "Exit multiple", Unit.RATIO, 1.0),
    ),
)
LBO = Subject(
    model="lbo",
    title="Leveraged buyout",
    base="operations.revenue",
    lines=(
        Field("irr", "Sponsor's IRR", Unit.RATE, meaning="such as the fund's hurdle"),
        Field("moic", "Multiple of money", Unit.RATIO),
    ),
    by_year=Field("debt", "Debt at the year's end", Unit.MONEY),
    likely=(Likely(label="a covenant breach", line="breached", above=True, of="covenants"),),
    usual=(
        _moves("operations.growth.start", "Revenue growth, start", Unit.RATE, 0.02, varies=True),
        _moves("operations.margin.start", "EBITDA margin", Unit.RATE, 0.02, varies=True),
        _moves("operations.capital_expenditure.start", "Capital expenditure, of revenue",
               Unit.RATE, 0.005),
        _moves("base_rate.start", "Base rate of what floats", Unit.RATE, 0.01),
        _moves("purchase.multiple", "Entry multiple", Unit.RATIO, 0.5),
        _moves("exit_multiple", "Exit multiple", Unit.RATIO, 1.0, varies=True),
    ),
)  # fmt: skip
MERGER = Subject(
    model="merger",
    title="Merger",
    base="acquirer.revenue",
    lines=(
        Field("judged_accretion", "Accretion per share", Unit.MONEY_PER_SHARE,
              meaning="0 is no dilution"),
        Field("gain_of_acquirer", "Value gained by the acquirer's holders", Unit.MONEY),
        Field("debt_to_ebitda", "Debt to EBITDA", Unit.RATIO),
    ),
    by_year=Field("accretion", "Accretion per share", Unit.MONEY_PER_SHARE),
    likely=(Likely(label="dilution of earnings per share", line="accretion"),),
    usual=(
        _moves("offer.premium", "Premium", Unit.RATE, 0.05, varies=True),
        _part("acquirer.share_price", "Acquirer's share price", Unit.MONEY_PER_SHARE, 0.1,
              varies=True),
        _part("synergies.costs_saved", "Costs saved a year", Unit.MONEY, 0.25, varies=True),
        _part("synergies.added_revenue", "Revenue added a year", Unit.MONEY, 0.25),
        _moves("financing.debt_rate", "Rate on new debt", Unit.RATE, 0.01, varies=True),
        _moves("financing.cash_rate", "Rate that cash earned", Unit.RATE, 0.005),
        _part("target.ebit[*]", "Target's EBIT, year", Unit.MONEY, 0.1, varies=True),
    ),
)  # fmt: skip
STATEMENTS = Subject(
    model="statements",
    title="Statements",
    base="revenue",
    lines=(
        Field("last_earnings_per_share", "Earnings per share, last year", Unit.MONEY_PER_SHARE),
        Field("cumulated_free_cash_flow", "Free cash flow, all years", Unit.MONEY),
        Field("peak_revolver", "Most drawn on the revolver", Unit.MONEY,
              meaning="such as the limit"),
    ),
    by_year=Field("balance.cash", "Cash at the year's end", Unit.MONEY),
    likely=(
        Likely(label="negative free cash flow", line="free_cash_flow"),
        Likely(label="drawing on the revolver", line="balance.revolver",
               above=True),
    ),
    usual=(
        _moves("growth.start", "Revenue growth", Unit.RATE, 0.02, varies=True),
        _moves("cost_of_revenue.start", "Cost of revenue", Unit.RATE, 0.02, varies=True),
        _moves("operating_costs.start", "Operating costs", Unit.RATE, 0.01, varies=True),
        _moves("capital_expenditure.start", "Capital expenditure", Unit.RATE, 0.005),
        _moves("receivable_days.start", "Days of receivables", Unit.DAYS, 5.0),
        _moves("inventory_days.start", "Days of inventory", Unit.DAYS, 5.0),
        _moves("taxes.rate.start", "Tax", Unit.RATE, 0.02),
        _moves("payout.start", "Dividends of profit", Unit.RATE, 0.1),
        _moves("target_leverage.start", "Net debt / EBITDA aimed at", Unit.RATIO, 0.25),
        _moves("debt[*].rate.start", "Interest on debt", Unit.RATE, 0.01),
    ),
)  # fmt: skip
RECONCILIATION = Subject(
    model="reconciliation",
    title="Equity methods",
    base="nopat",
    lines=(
        Field("fcfe.value", "Equity by flows to equity (FCFE)", Unit.MONEY),
        Field("dividend_discount.value", "Equity by dividends", Unit.MONEY),
        Field("residual_income.value", "Equity by residual income", Unit.MONEY),
        ENTERPRISE_VALUE,
    ),
    by_year=Field("net_income", "Net income", Unit.MONEY),
    usual=(
        _moves("financing.unlevered_cost.start", "Cost without debt", Unit.RATE, 0.005,
               varies=True),
        _moves("terminal_growth", "Terminal growth", Unit.RATE, 0.0025, varies=True),
        _part("nopat[*]", "Operating profit after tax, year", Unit.MONEY, 0.05, varies=True),
        _moves("financing.leverage.start", "Share of debt", Unit.RATE, 0.05),
        _moves("financing.cost_of_debt.start", "Cost of debt", Unit.RATE, 0.005),
        _moves("terminal_roic", "Return on new capital", Unit.RATE, 0.01),
    ),
)  # fmt: skip
DIVIDENDS = Subject(
    model="dividend_discount",
    title="Dividends",
    base="earnings",
    lines=(SHARE_VALUE,),
    by_year=Field("dividends", "Dividend a share", Unit.MONEY_PER_SHARE),
    usual=(
        _part("earnings", "Earnings a share", Unit.MONEY_PER_SHARE, 0.1, varies=True),
        _moves("growth.start", "Growth, start", Unit.RATE, 0.02, varies=True),
        _moves("payout.start", "Paid out of earnings", Unit.RATE, 0.05, varies=True),
        _moves("cost_of_equity.start", "Cost of equity", Unit.RATE, 0.005, varies=True),
        _moves("terminal_growth", "Growth for ever after", Unit.RATE, 0.0025, varies=True),
        _moves("terminal_roe", "Return on equity after", Unit.RATE, 0.01),
        _part("last_dividend", "Last dividend", Unit.MONEY_PER_SHARE, 0.1),
        _part("next_dividend", "Next dividend", Unit.MONEY_PER_SHARE, 0.1),
    ),
)
RESIDUAL_INCOME = Subject(
    model="residual_income",
    title="Residual income",
    base="book_value",
    lines=(SHARE_VALUE, Field("equity_value", "Value of the equity", Unit.MONEY)),
    by_year=Field("residual_income", "Residual income", Unit.MONEY),
    likely=(Likely(label="earning less than the equity costs", line="residual_income"),),
    usual=(
        _moves("roe.start", "Return on equity, start", Unit.RATE, 0.03, varies=True),
        _moves("roe.end", "Return on equity, end", Unit.RATE, 0.01, varies=True),
        _moves("payout.start", "Paid out of earnings", Unit.RATE, 0.05, varies=True),
        _moves("cost_of_equity.start", "Cost of equity", Unit.RATE, 0.005, varies=True),
        _part("book_value", "Book equity", Unit.MONEY, 0.05),
        _moves("persistence", "Part left a year later", Unit.RATE, 0.1),
        _moves("terminal_growth", "Growth after", Unit.RATE, 0.0025),
    ),
)
_OF_A_RIGHT = {
    "lines": (
        Field("value_with_flexibility", "Value with the right", Unit.MONEY,
              meaning="such as what it costs"),
        Field("option_value", "Value of the right alone", Unit.MONEY,
              meaning="such as what it costs"),
    ),
    "paths": 2**11,  # each path is a lattice of its own
    "steps": 50,
}  # fmt: skip
_OF_A_PROJECT = (
    _part("project_value", "Value of the project", Unit.MONEY, 0.15, varies=True),
    _moves("volatility", "Volatility", Unit.RATE, 0.05, varies=True),
    _moves("rate", "Risk-free rate", Unit.RATE, 0.005),
    _moves("cash_yield", "Cash that waiting costs", Unit.RATE, 0.01),
)
REAL_OPTION = Subject(
    model="real_option",
    title="Real option",
    usual=(*_OF_A_PROJECT, _part("amount", "What using it costs or brings", Unit.MONEY, 0.1)),
    **_OF_A_RIGHT,
)
FLEXIBLE_PROJECT = Subject(
    model="flexible_project",
    title="Several options",
    usual=(*_OF_A_PROJECT, _part("rights[*].amount", "Amount of right", Unit.MONEY, 0.1)),
    **_OF_A_RIGHT,
)
COMPARABLES = Subject(
    model="comparables",
    title="Comparables",
    lines=(SHARE_VALUE,),
    usual=(
        _part("peers[*].price", "Price of", Unit.MONEY_PER_SHARE, 0.15, varies=True),
        _part("company.figures.ebitda", "EBITDA", Unit.MONEY, 0.05, varies=True),
        _part("company.figures.net_income", "Net income", Unit.MONEY, 0.05, varies=True),
        _part("company.figures.revenue", "Revenue", Unit.MONEY, 0.05),
        _moves("control_premium", "Control premium", Unit.RATE, 0.05),
    ),
)
CREDIT = Subject(
    model="credit",
    title="Credit",
    lines=(
        Field("z_score", "Altman's Z", meaning="below 1.81 is distress"),
        Field("z_double_prime.score", "Altman's Z''", meaning="below 1.1 is distress"),
        Field("cover.interest_cover", "Interest cover", Unit.RATIO),
        Field("cover.debt_to_ebitda", "Debt to EBITDA", Unit.RATIO),
    ),
    likely=(
        Likely(label="a rating below investment grade, as a large firm",
               line="cover.interest_cover", threshold=least_cover("BBB", FirmSize.LARGE)),
        Likely(label="a rating below investment grade, as a smaller or riskier firm",
               line="cover.interest_cover", threshold=least_cover("BBB", FirmSize.SMALL)),
        Likely(label="distress by Altman's Z", line="z.zone", threshold=-0.5),
        Likely(label="distress by Altman's Z''", line="z_double_prime.zone", threshold=-0.5),
    ),
    usual=(
        _part("now.ebit", "EBIT", Unit.MONEY, 0.2, varies=True),
        _part("now.interest", "Interest expense", Unit.MONEY, 0.1, varies=True),
        _part("now.sales", "Sales", Unit.MONEY, 0.05),
        _part("now.long_term_debt", "Debt due later", Unit.MONEY, 0.1),
        _part("market_value", "Market value of the equity", Unit.MONEY, 0.25, varies=True),
    ),
)  # fmt: skip
RETURNS = Subject(
    model="returns",
    title="Returns",
    lines=(
        Field("irr", "IRR", Unit.RATE, meaning="such as the fund's hurdle"),
        Field("npv", "NPV", Unit.MONEY),
        Field("moic", "MOIC", Unit.RATIO),
    ),
    likely=(Likely(label="an IRR below the stated rate", line="irr", threshold="rate"),),
    usual=(
        _part("flows[0]", "Flow 1", Unit.MONEY, 0.1),
        _part("flows[*]", "Flow", Unit.MONEY, 0.15, varies=True),
        _part("residual_value", "Still held at the last flow", Unit.MONEY, 0.2, varies=True),
        _moves("rate", "Rate", Unit.RATE, 0.01),
    ),
)

SUBJECTS = {
    each.model: each
    for each in (
        DCF, DIRECT, RECONCILIATION, DIVIDENDS, RESIDUAL_INCOME, LBO, MERGER, STATEMENTS,
        COMPARABLES, CREDIT, REAL_OPTION, FLEXIBLE_PROJECT, RETURNS,
    )
}  # fmt: skip
"""By the name of the model."""
