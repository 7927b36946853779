"""The credit of a company: cover and leverage, and every distress score with its terms."""

from dataclasses import dataclass, field, replace

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
    """The figures of one year that credit is judged by."""

    sales: Numbers = field(metadata=says("sales", Unit.MONEY))
    cost_of_sales: Numbers = field(metadata=says("cost of sales", Unit.MONEY))
    selling_expenses: Numbers = field(metadata=says("selling and administration", Unit.MONEY))
    depreciation: Numbers = field(metadata=says("depreciation", Unit.MONEY))
    ebit: Numbers = field(metadata=says("operating income", Unit.MONEY, label="EBIT"))
    interest: Numbers = field(metadata=says("interest expense", Unit.MONEY))
    net_income: Numbers = field(metadata=says("net income", Unit.MONEY))
    operating_cash_flow: Numbers = field(metadata=says("cash flow from operations", Unit.MONEY))
    cash: Numbers = field(metadata=says("cash and equivalents", Unit.MONEY))
    receivables: Numbers = field(metadata=says("trade receivables", Unit.MONEY))
    current_assets: Numbers = field(metadata=says("current assets", Unit.MONEY))
    fixed_assets: Numbers = field(metadata=says("property, plant and equipment", Unit.MONEY))
    securities: Numbers = field(default=0.0, metadata=says("long-term securities", Unit.MONEY))
    assets: Numbers = field(metadata=says("total assets", Unit.MONEY))
    current_liabilities: Numbers = field(metadata=says("current liabilities", Unit.MONEY))
    short_term_debt: Numbers = field(metadata=says("debt due within a year", Unit.MONEY))
    long_term_debt: Numbers = field(metadata=says("debt due later", Unit.MONEY))
    liabilities: Numbers = field(metadata=says("total liabilities", Unit.MONEY))
    retained_earnings: Numbers = field(metadata=says("retained earnings", Unit.MONEY))
    shares: Numbers = field(metadata=says("shares outstanding", Unit.SHARES))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditInputs:
    """Two years of statements, and what the market says of the equity."""

    now: Statements = field(metadata=says("the year that is judged"))
    before: Statements = field(metadata=says("the year before it"))
    assets_two_years_ago: Numbers = field(
        metadata=says("total assets at the end of the year before both", Unit.MONEY)
    )
    market_value: Numbers = field(metadata=says("market value of the equity", Unit.MONEY))
    price_index: Numbers = field(
        metadata=says("price level of GNP, 100 in 1968, over the unit of money", Unit.RATIO)
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

    ebitda: Numbers = field(metadata=says("EBIT and depreciation", Unit.MONEY, label="EBITDA"))
    debt: Numbers = field(metadata=says("all interest-bearing debt", Unit.MONEY))
    net_debt: Numbers = field(metadata=says("debt less cash", Unit.MONEY))
    funds_from_operations: Numbers = field(
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
    current_ratio: Numbers = field(metadata=says("current assets / liabilities", Unit.RATIO))


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditResult:
    """Every score with its terms; each is a sample of its time, so its year stands beside it."""

    cover: Cover = field(metadata=says("cover and leverage"))
    z: AltmanScore = field(metadata=says("Altman's Z, listed manufacturers (1968)"))
    z_prime: AltmanScore = field(metadata=says("Altman's Z', private firms (1983)"))
    z_double_prime: AltmanScore = field(metadata=says("Altman's Z'', other firms (1995)"))
    o: OhlsonScore = field(metadata=says("Ohlson's O (1980)"))
    m: BeneishScore = field(metadata=says("Beneish's M (1999)"))
    f: PiotroskiScore = field(metadata=says("Piotroski's F (2000)"))
    failure_probability: Numbers = field(metadata=says("of Ohlson's O", Unit.RATE))
    f_score: Numbers = field(metadata=says("Piotroski's F, of nine", Unit.RATIO))
    m_score: Numbers = field(metadata=says("Beneish's M, flagged above −1.78", Unit.RATIO))
    z_score: Numbers = field(
        metadata=says("Altman's Z, safe above 2.99, distress below 1.81", Unit.RATIO)
    )


@guarded
def credit(inputs: CreditInputs) -> CreditResult:
    """Judge a company's credit by its last two years of statements."""
    now, before = _sound(inputs.now), _sound(inputs.before)
    earlier = positive("Total assets", inputs.assets_two_years_ago)
    cover = _cover(now)
    working_capital = now.current_assets - now.current_liabilities
    ratios = {
        "wc_ta": working_capital / now.assets,
        "re_ta": now.retained_earnings / now.assets,
        "ebit_ta": now.ebit / now.assets,
        "sales_ta": now.sales / now.assets,
    }
    book = (now.assets - now.liabilities) / now.liabilities
    market = inputs.market_value / now.liabilities
    z = altman(ZForm.Z, equity_tl=market, k5=inputs.k5, **ratios)
    o = ohlson(
        assets=now.assets,
        price_index=positive("The price index", inputs.price_index),
        liabilities=now.liabilities,
        working_capital=working_capital,
        current_assets=now.current_assets,
        current_liabilities=now.current_liabilities,
        net_income=now.net_income,
        net_income_before=before.net_income,
        funds_from_operations=cover.funds_from_operations,
    )
    m = beneish(_indices(now, before))
    f = piotroski(_year(now, assets_before=before.assets), _year(before, assets_before=earlier))
    return CreditResult(
        cover=cover,
        z=z,
        z_prime=altman(ZForm.Z_PRIME, equity_tl=book, **ratios),
        z_double_prime=altman(
            ZForm.Z_DOUBLE_PRIME, equity_tl=book, constant=inputs.z_constant, **ratios
        ),
        o=o,
        m=m,
        f=f,
        failure_probability=o.probability,
        f_score=f.score,
        m_score=m.score,
        z_score=z.score,
    )


def _sound(year: Statements) -> Statements:
    """The year, where the figures that ratios are taken over are positive."""
    return replace(
        year,
        sales=positive("Sales", year.sales),
        assets=positive("Total assets", year.assets),
        liabilities=positive("Total liabilities", year.liabilities),
        current_assets=positive("Current assets", year.current_assets),
        current_liabilities=positive("Current liabilities", year.current_liabilities),
    )


def _cover(year: Statements) -> Cover:
    ebitda = year.ebit + year.depreciation
    debt = year.short_term_debt + year.long_term_debt
    funds = year.net_income + year.depreciation
    return Cover(
        ebitda=ebitda,
        debt=debt,
        net_debt=debt - year.cash,
        funds_from_operations=funds,
        interest_cover=_over(year.ebit, year.interest),
        ebitda_cover=_over(ebitda, year.interest),
        debt_to_ebitda=_over(debt, ebitda),
        net_debt_to_ebitda=_over(debt - year.cash, ebitda),
        funds_to_debt=_over(funds, debt),
        debt_to_capital=_over(debt, debt + year.assets - year.liabilities),
        current_ratio=year.current_assets / year.current_liabilities,
    )


def _over(above: Numbers, below: Numbers) -> Numbers | None:
    """A ratio where what it is taken over is positive; else none, or nan in a batch."""
    return only_where(below > 0.0, above / np.where(below > 0.0, below, 1.0))


def _indices(now: Statements, before: Statements) -> BeneishIndices:
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


def _margin(year: Statements) -> Numbers:
    return (year.sales - year.cost_of_sales) / year.sales


def _doubtful(year: Statements) -> Numbers:
    return 1.0 - (year.current_assets + year.fixed_assets + year.securities) / year.assets


def _depreciated(year: Statements) -> Numbers:
    base = year.fixed_assets + year.depreciation
    return np.where(base > 0.0, year.depreciation / np.where(base > 0.0, base, 1.0), 0.0)


def _levered(year: Statements) -> Numbers:
    return (year.current_liabilities + year.long_term_debt) / year.assets


def _year(year: Statements, *, assets_before: Numbers) -> PiotroskiRatios:
    return PiotroskiRatios(
        return_on_assets=year.net_income / assets_before,
        cash_return=year.operating_cash_flow / assets_before,
        leverage=year.long_term_debt / ((year.assets + assets_before) / 2.0),
        current_ratio=year.current_assets / year.current_liabilities,
        shares=year.shares,
        gross_margin=_margin(year),
        turnover=year.sales / assets_before,
    )
