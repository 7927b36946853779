"""Published distress scores and the default of Merton's model."""

from dataclasses import dataclass, field
from typing import Any

from valor_core.models.credit.altman import AltmanScore, ZForm, altman
from valor_core.models.credit.beneish import BeneishIndices, beneish
from valor_core.models.credit.merton import MertonInputs, merton
from valor_core.models.credit.ohlson import ohlson
from valor_core.models.credit.piotroski import PiotroskiRatios, piotroski
from valor_core.models.credit.refusals import positive
from valor_core.models.fields import Unit, says, settle
from valor_core.models.numbers import Numbers
from valor_core.models.published.method import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class ZCase:
    """The five ratios of a listed manufacturer."""

    wc_ta: Numbers = field(metadata=says("working capital / assets", Unit.RATIO))
    re_ta: Numbers = field(metadata=says("retained earnings / assets", Unit.RATIO))
    ebit_ta: Numbers = field(metadata=says("EBIT / assets", Unit.RATIO))
    mve_tl: Numbers = field(metadata=says("market value of equity / liabilities", Unit.RATIO))
    sales_ta: Numbers = field(metadata=says("sales / assets", Unit.RATIO))
    k5: Numbers = field(default=0.999, metadata=says("weight of sales: 0.999 or 1.0", Unit.RATIO))

    def __post_init__(self) -> None:
        settle(self)


def altman_z(case: ZCase) -> dict[str, Any]:
    """Altman's Z of 1968 and its terms."""
    return _lines(
        altman(
            ZForm.Z,
            wc_ta=case.wc_ta,
            re_ta=case.re_ta,
            ebit_ta=case.ebit_ta,
            equity_tl=case.mve_tl,
            sales_ta=case.sales_ta,
            k5=case.k5,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BookZCase:
    """The ratios of a firm without a market price; outside manufacturing without sales."""

    wc_ta: Numbers = field(metadata=says("working capital / assets", Unit.RATIO))
    re_ta: Numbers = field(metadata=says("retained earnings / assets", Unit.RATIO))
    ebit_ta: Numbers = field(metadata=says("EBIT / assets", Unit.RATIO))
    bve_tl: Numbers = field(metadata=says("book value of equity / liabilities", Unit.RATIO))
    sales_ta: Numbers = field(default=0.0, metadata=says("sales / assets", Unit.RATIO))
    constant: Numbers = field(
        default=0.0, metadata=says("3.25 in the emerging-market form", Unit.RATIO)
    )

    def __post_init__(self) -> None:
        settle(self)


def altman_z_prime(case: BookZCase) -> dict[str, Any]:
    """Altman's Z' of 1983 and its terms."""
    return _lines(_by_book_value(ZForm.Z_PRIME, case))


def altman_z_double_prime(case: BookZCase) -> dict[str, Any]:
    """Altman's Z'' of 1995 and its terms."""
    return _lines(_by_book_value(ZForm.Z_DOUBLE_PRIME, case))


def _by_book_value(form: ZForm, case: BookZCase) -> AltmanScore:
    return altman(
        form,
        wc_ta=case.wc_ta,
        re_ta=case.re_ta,
        ebit_ta=case.ebit_ta,
        equity_tl=case.bve_tl,
        sales_ta=case.sales_ta,
        constant=case.constant,
    )


def _lines(score: AltmanScore) -> dict[str, Any]:
    terms = [score.working_capital, score.retained_earnings, score.ebit, score.equity, score.sales]
    return {"z": score.score, "score": score.score, "zone": score.zone, "terms": terms}


@dataclass(frozen=True, slots=True, kw_only=True)
class OhlsonCase:
    """The figures of Ohlson's O, in one unit."""

    total_assets: Numbers = field(metadata=says("total assets", Unit.MONEY))
    price_index: Numbers = field(metadata=says("GNP price index, 100 in 1968", Unit.RATIO))
    total_liabilities: Numbers = field(metadata=says("total liabilities", Unit.MONEY))
    working_capital: Numbers | None = field(
        default=None, metadata=says("working capital; none: the difference", Unit.MONEY)
    )
    current_assets: Numbers = field(metadata=says("current assets", Unit.MONEY))
    current_liabilities: Numbers = field(metadata=says("current liabilities", Unit.MONEY))
    net_income: Numbers = field(metadata=says("net income", Unit.MONEY))
    net_income_prior: Numbers = field(metadata=says("net income before", Unit.MONEY))
    ffo: Numbers = field(metadata=says("funds from operations", Unit.MONEY))

    def __post_init__(self) -> None:
        settle(self)


def ohlson_o(case: OhlsonCase) -> dict[str, Any]:
    """Ohlson's O and its probability."""
    working_capital = case.working_capital
    if working_capital is None:
        working_capital = case.current_assets - case.current_liabilities
    score = ohlson(
        assets=positive("Total assets", case.total_assets),
        price_index=positive("The price index", case.price_index),
        liabilities=positive("Total liabilities", case.total_liabilities),
        working_capital=working_capital,
        current_assets=positive("Current assets", case.current_assets),
        current_liabilities=case.current_liabilities,
        net_income=case.net_income,
        net_income_before=case.net_income_prior,
        funds_from_operations=case.ffo,
    )
    return {"o": score.score, "score": score.score, "probability": score.probability}


@dataclass(frozen=True, slots=True, kw_only=True)
class BeneishCase(BeneishIndices):
    """The eight indices of Beneish's M."""

    def __post_init__(self) -> None:
        settle(self)


def beneish_m(case: BeneishCase) -> dict[str, Any]:
    """Beneish's M, and whether it is flagged."""
    score = beneish(case)
    return {"m": score.score, "score": score.score, "flagged": score.flagged}


@dataclass(frozen=True, slots=True, kw_only=True)
class PiotroskiYear(PiotroskiRatios):
    """The ratios of one year."""

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class PiotroskiCase:
    """A year's ratios and those of the year before."""

    now: PiotroskiYear = field(metadata=says("the year that is judged"))
    before: PiotroskiYear = field(metadata=says("the year before it"))


def piotroski_f(case: PiotroskiCase) -> dict[str, Any]:
    """Piotroski's F."""
    score = piotroski(case.now, case.before).score
    return {"f": score, "score": score}


@dataclass(frozen=True, slots=True, kw_only=True)
class MertonCase:
    """Equity at market and debt at face, in Hull's letters."""

    E: Numbers = field(metadata=says("market value of the equity", Unit.MONEY))
    sigma_E: Numbers = field(metadata=says("volatility of equity", Unit.RATE))  # noqa: N815, Hull's
    D: Numbers = field(metadata=says("face value of the debt", Unit.MONEY))
    r: Numbers = field(metadata=says("risk-free rate, continuous", Unit.RATE))
    T: Numbers = field(default=1.0, metadata=says("years until the debt is due", Unit.YEARS))
    mu: Numbers | None = field(default=None, metadata=says("drift of the assets", Unit.RATE))

    def __post_init__(self) -> None:
        settle(self)


def merton_default(case: MertonCase) -> dict[str, Any]:
    """Assets, their volatility and the odds of default."""
    result = merton(
        MertonInputs(
            equity=case.E,
            equity_volatility=case.sigma_E,
            debt=case.D,
            risk_free=case.r,
            years=case.T,
            asset_drift=case.mu,
        )
    )
    return {
        "V": result.asset_value,
        "sigma_V": result.asset_volatility,
        "pd": result.default_probability,
        "distance_to_default": result.distance_to_default,
        "debt_value": result.debt_value,
        "expected_loss": result.expected_loss,
        "credit_spread": result.credit_spread,
        "d1": result.d1,
        "d2": result.d2,
    }


METHODS = {
    "altman_z": Method(inputs=ZCase, compute=altman_z, main="z"),
    "altman_z_prime": Method(inputs=BookZCase, compute=altman_z_prime, main="z"),
    "altman_z_double_prime": Method(inputs=BookZCase, compute=altman_z_double_prime, main="z"),
    "ohlson_o": Method(inputs=OhlsonCase, compute=ohlson_o, main="o"),
    "beneish_m": Method(inputs=BeneishCase, compute=beneish_m, main="m"),
    "piotroski_f": Method(inputs=PiotroskiCase, compute=piotroski_f, main="f"),
    "merton": Method(inputs=MertonCase, compute=merton_default, main="pd"),
}
