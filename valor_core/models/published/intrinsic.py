"""Published adjustments, dividend discounts and residual incomes."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from valor_core.models.dilution import OptionTranche, Shares
from valor_core.models.fields import Unit, says, settle
from valor_core.models.intrinsic.convertibles import (
    Convertible,
    DilutedEarningsInputs,
    diluted_earnings,
)
from valor_core.models.intrinsic.dividends import DividendDiscountInputs, dividend_discount
from valor_core.models.intrinsic.leases import LeaseInputs, converted_leases
from valor_core.models.intrinsic.research import ResearchInputs, capitalised_research
from valor_core.models.intrinsic.residual_income import ResidualIncomeInputs, residual_income
from valor_core.models.intrinsic.warrants import Dilution, WarrantInputs, diluted_warrants
from valor_core.models.numbers import Numbers, Row
from valor_core.models.paths import Fade, Path, constant
from valor_core.models.published.equity import tranches_spelt_out, with_pairs
from valor_core.models.published.method import Method
from valor_core.models.refusals import ChooseOne, LengthDoesNotFit, YearsOutOfRange

MOST_YEARS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ResearchCase:
    """Damodaran's R&D converter; years of the life that are not given had no research."""

    life_years: int = field(metadata=says("years to write research off", Unit.YEARS))
    current: Numbers = field(metadata=says("research of the last year", Unit.MONEY))
    past: Row = field(metadata=says("that of the years before, the latest first", Unit.MONEY))
    tax_rate: Numbers = field(default=0.0, metadata=says("tax rate", Unit.RATE))

    def __post_init__(self) -> None:
        settle(self)


def research(case: ResearchCase) -> dict[str, Any]:
    """The research asset and the adjustments of earnings and tax."""
    missing = max(case.life_years - case.past.shape[-1], 0)
    result = capitalised_research(
        ResearchInputs(
            life=case.life_years,
            current=case.current,
            past=np.concatenate([case.past, np.zeros(missing)]),
            tax=case.tax_rate,
        )
    )
    return {
        "research_asset": result.research_asset,
        "amortisation": result.amortisation,
        "ebit_adjustment": result.ebit_adjustment,
        "tax_effect": result.tax_effect,
        "unamortised": result.unamortised,
        "amortised": result.amortised,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseCase:
    """Damodaran's operating lease converter."""

    current_expense: Numbers = field(default=0.0, metadata=says("lease expense", Unit.MONEY))
    commitments: Row = field(metadata=says("commitments of the coming years", Unit.MONEY))
    beyond_year5: Numbers = field(
        default=0.0, metadata=says("commitments after those, in one sum", Unit.MONEY)
    )
    years_embedded: Numbers | None = field(
        default=None, metadata=says("years in that sum; none: as the mean year tells", Unit.YEARS)
    )
    pretax_cost_of_debt: Numbers = field(metadata=says("cost of debt before tax", Unit.RATE))

    def __post_init__(self) -> None:
        settle(self)


def leases(case: LeaseCase) -> dict[str, Any]:
    """The debt in the leases and the adjustment of earnings."""
    result = converted_leases(
        LeaseInputs(
            current_expense=case.current_expense,
            commitments=case.commitments,
            beyond=case.beyond_year5,
            years_beyond=case.years_embedded,
            pretax_cost_of_debt=case.pretax_cost_of_debt,
        )
    )
    return {
        "years_embedded": result.years_beyond,
        "lease_debt": result.lease_debt,
        "pv_commitments": result.pv_commitments,
        "yearly_beyond": result.yearly_beyond,
        "pv_beyond": result.pv_beyond,
        "depreciation": result.depreciation,
        "ebit_adjustment": result.ebit_adjustment,
        "imputed_interest": result.imputed_interest,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class WarrantCase:
    """Options on new shares of the company."""

    spot: Numbers = field(metadata=says("price of a share", Unit.MONEY_PER_SHARE))
    strike: Numbers = field(metadata=says("exercise price", Unit.MONEY_PER_SHARE))
    maturity: Numbers = field(metadata=says("years until they expire", Unit.YEARS))
    vol: Numbers = field(metadata=says("volatility of the share", Unit.RATE))
    rate: Numbers = field(metadata=says("risk-free rate, continuous", Unit.RATE))
    dividend_yield: Numbers = field(default=0.0, metadata=says("dividend yield", Unit.RATE))
    warrants: Numbers = field(metadata=says("options outstanding", Unit.SHARES))
    shares: Numbers = field(metadata=says("shares outstanding", Unit.SHARES))
    dilution: Dilution = field(
        default=Dilution.ADJUSTED_PRICE, metadata=says("how new shares enter the value")
    )

    def __post_init__(self) -> None:
        settle(self)


def warrants(case: WarrantCase) -> dict[str, Any]:
    """The value of the options at the price that they dilute."""
    result = diluted_warrants(
        WarrantInputs(
            price=case.spot,
            strike=case.strike,
            maturity=case.maturity,
            volatility=case.vol,
            risk_free=case.rate,
            dividend_yield=case.dividend_yield,
            number=case.warrants,
            shares=case.shares,
            dilution=case.dilution,
        )
    )
    return {
        "value_per_option": result.value_per_option,
        "total": result.total,
        "adjusted_spot": result.adjusted_price,
        "d1": result.d1,
        "d2": result.d2,
        "delta": result.delta,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class DilutedEarningsCase:
    """A year's earnings with options and convertibles."""

    net_income: Numbers = field(metadata=says("net income", Unit.MONEY))
    preferred_dividends: Numbers = field(
        default=0.0, metadata=says("dividends on all preferred stock", Unit.MONEY)
    )
    shares: Numbers = field(metadata=says("weighted average shares", Unit.SHARES))
    options: tuple[OptionTranche, ...] = field(
        default=(), metadata=says("option tranches, also as pairs of number and strike")
    )
    avg_price: Numbers | None = field(
        default=None, metadata=says("average price of a share", Unit.MONEY_PER_SHARE)
    )
    convertibles: tuple[Convertible, ...] = field(
        default=(), metadata=says("convertible bonds and preferred stock")
    )
    tax_rate: Numbers = field(default=0.0, metadata=says("tax rate", Unit.RATE))

    def __post_init__(self) -> None:
        settle(self)


def if_converted(case: DilutedEarningsCase) -> dict[str, Any]:
    """Basic and diluted earnings per share."""
    result = diluted_earnings(
        DilutedEarningsInputs(
            net_income=case.net_income,
            preferred_dividends=case.preferred_dividends,
            shares=Shares(basic=case.shares, options=case.options),
            # Without options no price is asked for.
            average_price=1.0 if case.avg_price is None and not case.options else case.avg_price,
            convertibles=case.convertibles,
            tax=case.tax_rate,
        )
    )
    return {
        "basic_eps": result.basic_eps,
        "diluted_eps": result.diluted_eps,
        "diluted_shares": result.diluted_shares,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class DividendCase:
    """Dividends in the letters of the textbooks.

    Gordon: d0 or d1, g, r. Two stages: g1 for n1 years, then g. Three: g2 for n2 years after
    them, or a line from g1 to g in n2 years where no g2 is given. H-model: gs falls to g, at half
    after h years; with g1 and n1 it follows those. By payout: eps0, payout and roe (or g1), then
    payout_stable or roe_stable.
    """

    d0: Numbers | None = field(default=None, metadata=says("last dividend", Unit.MONEY_PER_SHARE))
    d1: Numbers | None = field(default=None, metadata=says("next dividend", Unit.MONEY_PER_SHARE))
    eps0: Numbers | None = field(default=None, metadata=says("last earnings", Unit.MONEY_PER_SHARE))
    r: Numbers = field(metadata=says("cost of equity", Unit.RATE))
    r_stable: Numbers | None = field(
        default=None, metadata=says("cost of equity of the stable stage", Unit.RATE)
    )
    g: Numbers = field(metadata=says("growth of the stable stage", Unit.RATE))
    g1: Numbers | None = field(default=None, metadata=says("growth of the first stage", Unit.RATE))
    n1: int = field(default=0, metadata=says("years of the first stage", Unit.YEARS))
    g2: Numbers | None = field(
        default=None, metadata=says("growth of the second stage; none: a line to g", Unit.RATE)
    )
    n2: int = field(default=0, metadata=says("years of the second stage", Unit.YEARS))
    growth: Row | None = field(
        default=None, metadata=says("growth by year, instead of stages", Unit.RATE)
    )
    dividends: Row | None = field(
        default=None, metadata=says("dividends by year, then g", Unit.MONEY_PER_SHARE)
    )
    gs: Numbers | None = field(default=None, metadata=says("growth that fades (H)", Unit.RATE))
    h: Numbers | None = field(default=None, metadata=says("half-life of the fade", Unit.YEARS))
    payout: Numbers | None = field(default=None, metadata=says("payout of earnings", Unit.RATE))
    roe: Numbers | None = field(default=None, metadata=says("return on equity", Unit.RATE))
    payout_stable: Numbers | None = field(default=None, metadata=says("stable payout", Unit.RATE))
    roe_stable: Numbers | None = field(
        default=None, metadata=says("stable return on equity", Unit.RATE)
    )

    def __post_init__(self) -> None:
        settle(self)


def dividends(case: DividendCase) -> dict[str, Any]:
    """The value of a share by any of these."""
    years = case.n1 + case.n2 if case.dividends is None else case.dividends.shape[-1]
    if not 0 <= years <= MOST_YEARS:
        raise YearsOutOfRange(years=years, most=MOST_YEARS)
    staged = case.dividends is None and years > 0
    by_return = staged and case.g1 is None and case.roe is not None
    result = dividend_discount(
        DividendDiscountInputs(
            years=years,
            dividends=case.dividends,
            last_dividend=case.d0,
            next_dividend=case.d1,
            earnings=case.eps0,
            payout=_payout(case) if staged else None,
            growth=_growth(case) if staged and not by_return else None,
            roe=constant(case.roe) if by_return else None,
            cost_of_equity=constant(case.r),
            terminal_growth=case.g,
            terminal_payout=case.payout if years == 0 else case.payout_stable,
            terminal_roe=case.roe_stable,
            terminal_cost_of_equity=case.r_stable,
            fading_growth=case.gs,
            half_life=case.h,
        )
    )
    return {
        "value": result.value_per_share,
        "dividends": result.dividends,
        "pv_dividends": result.pv_dividends,
        "pv_stages": result.pv_forecast,
        "terminal_dividend": result.terminal_dividend,
        "terminal_value": result.terminal_value,
        "pv_terminal": result.pv_terminal,
    }


def _growth(case: DividendCase) -> Path:
    """The growth of the stages before the stable one, which a line reaches in its last year."""
    if case.n2 == 0:
        return constant(case.g1)
    if case.g2 is None:
        return Fade(start=case.g1, end=case.g, from_year=case.n1, to_year=case.n1 + case.n2)
    return np.repeat([case.g2 if case.g1 is None else case.g1, case.g2], [case.n1, case.n2])


def _payout(case: DividendCase) -> Path | None:
    """The payout of the stages, which moves with growth that does."""
    if case.payout is None:
        return None
    if case.n2 == 0 or case.g2 is not None or case.payout_stable is None:
        return constant(case.payout)
    last = case.n1 + case.n2
    return Fade(start=case.payout, end=case.payout_stable, from_year=case.n1, to_year=last)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualIncomeCase:
    """A residual income valuation; book values are those at the beginning of each year."""

    b0: Numbers | None = field(default=None, metadata=says("book value today", Unit.MONEY))
    book_values: Row | None = field(
        default=None, metadata=says("book value at the beginning of each year", Unit.MONEY)
    )
    net_income: Row | None = field(default=None, metadata=says("net income", Unit.MONEY))
    roe: Row | None = field(default=None, metadata=says("return on equity by year", Unit.RATE))
    dividends: Row | None = field(default=None, metadata=says("dividends", Unit.MONEY))
    payout: Row | None = field(default=None, metadata=says("payout by year", Unit.RATE))
    r: Numbers = field(metadata=says("cost of equity", Unit.RATE))
    g: Numbers | None = field(default=None, metadata=says("growth of residual income", Unit.RATE))
    omega: Numbers | None = field(default=None, metadata=says("persistence", Unit.RATE))
    shares: Numbers | None = field(default=None, metadata=says("shares", Unit.SHARES))

    def __post_init__(self) -> None:
        settle(self)


def residual(case: ResidualIncomeCase) -> dict[str, Any]:
    """The value of the equity; residual income that nobody continues ends with the forecast."""
    earned = case.net_income if case.roe is None else case.roe
    if earned is None:
        raise ChooseOne("net_income", "roe", given=False)
    book, paid = case.b0, case.dividends
    if case.book_values is not None:
        book, paid = case.book_values[0], _paid(case, case.book_values, earned)
    if book is None:
        raise ChooseOne("b0", "book_values", given=False)
    omega = 0.0 if case.g is None and case.omega is None else case.omega
    result = residual_income(
        ResidualIncomeInputs(
            years=earned.shape[-1],
            book_value=book,
            net_income=case.net_income,
            roe=case.roe,
            dividends=paid,
            payout=case.payout,
            cost_of_equity=constant(case.r),
            terminal_growth=case.g,
            persistence=omega,
            shares=None if case.shares is None else Shares(basic=case.shares),
        )
    )
    return {
        "equity_value": result.equity_value,
        "value_per_share": result.value_per_share,
        "residual_income": result.residual_income,
        "book_values": result.opening_book,
        "pv_residual_income": result.pv_residual_income,
        "terminal_value": result.terminal_value,
        "pv_terminal": result.pv_terminal,
    }


def _paid(case: ResidualIncomeCase, books: Any, earned: Any) -> Row:
    """The dividends that lead from each book value to the next; the last year pays nothing."""
    if books.shape != earned.shape:
        raise LengthDoesNotFit(field="book_values", given=books.shape[-1], years=earned.shape[-1])
    income = earned if case.roe is None else earned * books
    return np.concatenate([books[:-1] + income[:-1] - books[1:], [0.0]])


METHODS = {
    "rnd_capitalisation": Method(inputs=ResearchCase, compute=research, main="research_asset"),
    "operating_lease_conversion": Method(inputs=LeaseCase, compute=leases, main="lease_debt"),
    "warrants_dilution_adjusted": Method(
        inputs=WarrantCase, compute=warrants, main="value_per_option"
    ),
    "diluted_eps_if_converted": Method(
        inputs=DilutedEarningsCase,
        compute=if_converted,
        main="diluted_eps",
        spelt_out=tranches_spelt_out,
        with_short_forms=with_pairs,
    ),
    "dividend_discount": Method(inputs=DividendCase, compute=dividends, main="value"),
    "residual_income": Method(inputs=ResidualIncomeCase, compute=residual, main="equity_value"),
}
