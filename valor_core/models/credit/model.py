"""The credit of a company: cover and leverage, and every distress score with its terms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from operator import add, attrgetter, sub, truediv
from typing import Any

import numpy as np

from valor_core.models.credit.altman import AltmanScore, ZForm, altman
from valor_core.models.credit.beneish import BeneishIndices, BeneishScore, beneish
from valor_core.models.credit.ohlson import OhlsonScore, ohlson
from valor_core.models.credit.piotroski import PiotroskiRatios, PiotroskiScore, piotroski
from valor_core.models.credit.refusals import positive
from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.numbers import Numbers, only_where


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """The figures of one year that credit is judged by; None is not filed."""

    sales: Numbers | None = field(default=None, metadata=says("sales", Unit.MONEY))
    cost_of_sales: Numbers | None = field(default=None, metadata=says("cost of sales", Unit.MONEY))
    selling_expenses: Numbers | None = field(
        default=None, metadata=says("selling and administration", Unit.MONEY)
    )
    depreciation: Numbers | None = field(default=None, metadata=says("depreciation", Unit.MONEY))
    ebit: Numbers | None = field(
        default=None, metadata=says("operating income", Unit.MONEY, label="EBIT")
    )
    interest: Numbers | None = field(default=None, metadata=says("interest expense", Unit.MONEY))
    net_income: Numbers | None = field(default=None, metadata=says("net income", Unit.MONEY))
    operating_cash_flow: Numbers | None = field(
        default=None, metadata=says("cash flow from operations", Unit.MONEY)
    )
    cash: Numbers | None = field(default=None, metadata=says("cash and equivalents", Unit.MONEY))
    receivables: Numbers | None = field(
        default=None, metadata=says("trade receivables", Unit.MONEY)
    )
    current_assets: Numbers | None = field(
        default=None, metadata=says("current assets", Unit.MONEY)
    )
    fixed_assets: Numbers | None = field(
        default=None, metadata=says("property, plant and equipment", Unit.MONEY)
    )
    securities: Numbers = field(default=0.0, metadata=says("long-term securities", Unit.MONEY))
    assets: Numbers | None = field(default=None, metadata=says("total assets", Unit.MONEY))
    current_liabilities: Numbers | None = field(
        default=None, metadata=says("current liabilities", Unit.MONEY)
    )
    short_term_debt: Numbers | None = field(
        default=None, metadata=says("debt due within a year", Unit.MONEY)
    )
    long_term_debt: Numbers | None = field(
        default=None, metadata=says("debt due later", Unit.MONEY)
    )
    liabilities: Numbers | None = field(
        default=None, metadata=says("total liabilities", Unit.MONEY)
    )
    retained_earnings: Numbers | None = field(
        default=None, metadata=says("retained earnings", Unit.MONEY)
    )
    shares: Numbers | None = field(default=None, metadata=says("shares outstanding", Unit.SHARES))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditInputs:
    """Two years of statements, and what the market says of the equity; None is not known."""

    now: Statements = field(metadata=says("the year that is judged"))
    before: Statements = field(metadata=says("the year before it"))
    assets_two_years_ago: Numbers | None = field(
        default=None, metadata=says("total assets at the end of the year before both", Unit.MONEY)
    )
    market_value: Numbers | None = field(
        default=None, metadata=says("market value of the equity", Unit.MONEY)
    )
    price_index: Numbers | None = field(
        default=None,
        metadata=says("price level of GNP, 100 in 1968, over the unit of money", Unit.RATIO),
    )
    k5: Numbers = field(
        default=0.999, metadata=says("weight of sales in Z: 0.999, or 1.0", Unit.RATIO)
    )
    z_constant: Numbers = field(
        default=0.0, metadata=says("3.25 for the emerging-market form of Z''", Unit.RATIO)
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """How income covers interest, and debt stands to income and capital; None has no meaning."""

    ebitda: Numbers | None = field(
        metadata=says("EBIT and depreciation", Unit.MONEY, label="EBITDA")
    )
    debt: Numbers | None = field(metadata=says("all interest-bearing debt", Unit.MONEY))
    net_debt: Numbers | None = field(metadata=says("debt less cash", Unit.MONEY))
    funds_from_operations: Numbers | None = field(
        metadata=says("net income and depreciation", Unit.MONEY, label="FFO")
    )
    interest_cover: Numbers | None = field(metadata=says("EBIT / interest", Unit.RATIO))
    ebitda_cover: Numbers | None = field(
        metadata=says("EBITDA / interest", Unit.RATIO, label="EBITDA cover")
    )
    debt_to_ebitda: Numbers | None = field(
        metadata=says("debt / EBITDA", Unit.RATIO, label="Debt to EBITDA")
    )
    net_debt_to_ebitda: Numbers | None = field(
        metadata=says("net debt / EBITDA", Unit.RATIO, label="Net debt to EBITDA")
    )
    funds_to_debt: Numbers | None = field(
        metadata=says("FFO / debt", Unit.RATE, label="FFO to debt")
    )
    debt_to_capital: Numbers | None = field(
        metadata=says("debt / (debt and book equity)", Unit.RATE)
    )
    current_ratio: Numbers | None = field(metadata=says("current assets / liabilities", Unit.RATIO))


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditResult:
    """Every score with its terms and the year of its sample; None where a figure is lacking."""

    cover: Cover = field(metadata=says("cover and leverage"))
    z: AltmanScore | None = field(metadata=says("Altman's Z, listed manufacturers (1968)"))
    z_prime: AltmanScore | None = field(metadata=says("Altman's Z', private firms (1983)"))
    z_double_prime: AltmanScore | None = field(metadata=says("Altman's Z'', other firms (1995)"))
    o: OhlsonScore | None = field(metadata=says("Ohlson's O (1980)"))
    m: BeneishScore | None = field(metadata=says("Beneish's M (1999)"))
    f: PiotroskiScore | None = field(metadata=says("Piotroski's F (2000)"))
    failure_probability: Numbers | None = field(metadata=says("of Ohlson's O", Unit.RATE))
    f_score: Numbers | None = field(metadata=says("Piotroski's F, of nine", Unit.RATIO))
    m_score: Numbers | None = field(metadata=says("Beneish's M, flagged above −1.78", Unit.RATIO))
    z_score: Numbers | None = field(
        metadata=says("Altman's Z, safe above 2.99, distress below 1.81", Unit.RATIO)
    )


@guarded
def credit(inputs: CreditInputs) -> CreditResult:
    """Judge a company's credit by its last two years of statements."""
    inputs = replace(
        inputs,
        now=_sound(inputs.now),
        before=_sound(inputs.before),
        assets_two_years_ago=_positive("Total assets", inputs.assets_two_years_ago),
        price_index=_positive("The price index", inputs.price_index),
    )
    scores: dict[str, Any] = {
        name: None if lacking(inputs, name) else score(inputs) for name, score in SCORES.items()
    }
    z, o, m, f = (scores[name] for name in ("z", "o", "m", "f"))
    return CreditResult(
        cover=_cover(inputs.now),
        **scores,
        failure_probability=None if o is None else o.probability,
        f_score=None if f is None else f.score,
        m_score=None if m is None else m.score,
        z_score=None if z is None else z.score,
    )


Whole = Any  # inputs, or statements of a year, that hold all that a score needs

_BALANCE = "now.current_assets now.current_liabilities now.retained_earnings now.ebit now.assets"
_OF_INDICES = (
    "sales cost_of_sales selling_expenses depreciation receivables current_assets fixed_assets "
    "securities assets current_liabilities long_term_debt"
)
_OF_SIGNS = "net_income operating_cash_flow assets long_term_debt current_assets shares sales"
_BOTH = ("now", "before")

NEEDS: Mapping[str, tuple[str, ...]] = {
    "z": (*_BALANCE.split(), "now.liabilities", "now.sales", "market_value"),
    "z_prime": (*_BALANCE.split(), "now.liabilities", "now.sales"),
    "z_double_prime": (*_BALANCE.split(), "now.liabilities"),
    "o": (
        "now.assets", "now.liabilities", "now.current_assets", "now.current_liabilities",
        "now.net_income", "now.depreciation", "before.net_income", "price_index",
    ),
    "m": (
        *(f"{year}.{name}" for year in _BOTH for name in _OF_INDICES.split()),
        "now.net_income", "now.operating_cash_flow",
    ),
    "f": (
        *(
            f"{year}.{name}"
            for year in _BOTH
            for name in (*_OF_SIGNS.split(), "current_liabilities", "cost_of_sales")
        ),
        "assets_two_years_ago",
    ),
}  # fmt: skip
"""The inputs without which there is no such score."""


def lacking(inputs: CreditInputs, score: str) -> tuple[str, ...]:
    """The inputs by their paths that keep a score from being taken."""
    return tuple(path for path in NEEDS[score] if attrgetter(path)(inputs) is None)


def _z(inputs: Whole) -> AltmanScore:
    market = inputs.market_value / inputs.now.liabilities
    return altman(
        ZForm.Z, equity_tl=market, sales_ta=_turnover(inputs), k5=inputs.k5, **_ratios(inputs.now)
    )


def _z_prime(inputs: Whole) -> AltmanScore:
    ratios = _ratios(inputs.now)
    return altman(ZForm.Z_PRIME, equity_tl=_book(inputs.now), sales_ta=_turnover(inputs), **ratios)


def _z_double_prime(inputs: Whole) -> AltmanScore:
    return altman(
        ZForm.Z_DOUBLE_PRIME,
        equity_tl=_book(inputs.now),
        constant=inputs.z_constant,
        **_ratios(inputs.now),
    )


def _ratios(year: Whole) -> dict[str, Numbers]:
    return {
        "wc_ta": (year.current_assets - year.current_liabilities) / year.assets,
        "re_ta": year.retained_earnings / year.assets,
        "ebit_ta": year.ebit / year.assets,
    }


def _turnover(inputs: Whole) -> Numbers:
    return inputs.now.sales / inputs.now.assets


def _book(year: Whole) -> Numbers:
    return (year.assets - year.liabilities) / year.liabilities


def _o(inputs: Whole) -> OhlsonScore:
    now = inputs.now
    return ohlson(
        assets=now.assets,
        price_index=inputs.price_index,
        liabilities=now.liabilities,
        working_capital=now.current_assets - now.current_liabilities,
        current_assets=now.current_assets,
        current_liabilities=now.current_liabilities,
        net_income=now.net_income,
        net_income_before=inputs.before.net_income,
        funds_from_operations=now.net_income + now.depreciation,
    )


def _m(inputs: Whole) -> BeneishScore:
    return beneish(_indices(inputs.now, inputs.before))


def _f(inputs: Whole) -> PiotroskiScore:
    now, before = inputs.now, inputs.before
    return piotroski(
        _year(now, assets_before=before.assets),
        _year(before, assets_before=inputs.assets_two_years_ago),
    )


SCORES: Mapping[str, Callable[[Whole], Any]] = {
    "z": _z,
    "z_prime": _z_prime,
    "z_double_prime": _z_double_prime,
    "o": _o,
    "m": _m,
    "f": _f,
}


def _sound(year: Statements) -> Statements:
    """The year, where the figures that ratios are taken over are positive."""
    return replace(
        year,
        sales=_positive("Sales", year.sales),
        assets=_positive("Total assets", year.assets),
        liabilities=_positive("Total liabilities", year.liabilities),
        current_assets=_positive("Current assets", year.current_assets),
        current_liabilities=_positive("Current liabilities", year.current_liabilities),
    )


def _positive(figure: str, value: Numbers | None) -> Numbers | None:
    return None if value is None else positive(figure, value)


def _cover(year: Statements) -> Cover:
    ebitda = _of(add, year.ebit, year.depreciation)
    debt = _of(add, year.short_term_debt, year.long_term_debt)
    net_debt = _of(sub, debt, year.cash)
    funds = _of(add, year.net_income, year.depreciation)
    book = _of(sub, year.assets, year.liabilities)
    return Cover(
        ebitda=ebitda,
        debt=debt,
        net_debt=net_debt,
        funds_from_operations=funds,
        interest_cover=_of(_over, year.ebit, year.interest),
        ebitda_cover=_of(_over, ebitda, year.interest),
        debt_to_ebitda=_of(_over, debt, ebitda),
        net_debt_to_ebitda=_of(_over, net_debt, ebitda),
        funds_to_debt=_of(_over, funds, debt),
        debt_to_capital=_of(_over, debt, _of(add, debt, book)),
        current_ratio=_of(truediv, year.current_assets, year.current_liabilities),
    )


def _of(formula: Callable[..., Numbers | None], *figures: Numbers | None) -> Numbers | None:
    """What a formula makes of figures; none where one of them is not filed."""
    return None if any(figure is None for figure in figures) else formula(*figures)


def _over(above: Numbers, below: Numbers) -> Numbers | None:
    """A ratio where what it is taken over is positive; else none, or nan in a batch."""
    return only_where(below > 0.0, above / np.where(below > 0.0, below, 1.0))


def _indices(now: Whole, before: Whole) -> BeneishIndices:
    """The ratios of a year over last year's, as Beneish defines them."""
    return BeneishIndices(
        dsri=_index(now.receivables / now.sales, before.receivables / before.sales),
        gmi=_index(_margin(before), _margin(now)),
        aqi=_index(_doubtful(now), _doubtful(before)),
        sgi=now.sales / before.sales,
        depi=_index(_depreciated(before), _depreciated(now)),
        sgai=_index(now.selling_expenses / now.sales, before.selling_expenses / before.sales),
        tata=(now.net_income - now.operating_cash_flow) / now.assets,
        lvgi=_index(_levered(now), _levered(before)),
    )


def _index(above: Numbers, below: Numbers) -> Numbers:
    """An index; 1, no change, where there is nothing to compare with (Beneish)."""
    return np.where(below > 0.0, above / np.where(below > 0.0, below, 1.0), 1.0)


def _margin(year: Whole) -> Numbers:
    return (year.sales - year.cost_of_sales) / year.sales


def _doubtful(year: Whole) -> Numbers:
    return 1.0 - (year.current_assets + year.fixed_assets + year.securities) / year.assets


def _depreciated(year: Whole) -> Numbers:
    base = year.fixed_assets + year.depreciation
    return np.where(base > 0.0, year.depreciation / np.where(base > 0.0, base, 1.0), 0.0)


def _levered(year: Whole) -> Numbers:
    return (year.current_liabilities + year.long_term_debt) / year.assets


def _year(year: Whole, *, assets_before: Numbers) -> PiotroskiRatios:
    return PiotroskiRatios(
        return_on_assets=year.net_income / assets_before,
        cash_return=year.operating_cash_flow / assets_before,
        leverage=year.long_term_debt / ((year.assets + assets_before) / 2.0),
        current_ratio=year.current_assets / year.current_liabilities,
        shares=year.shares,
        gross_margin=_margin(year),
        turnover=year.sales / assets_before,
    )
