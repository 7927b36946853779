"""Random sound inputs of the models beside the DCF: every float varies, every option occurs."""

from typing import TYPE_CHECKING

from valor_core.models.intrinsic.convertibles import Convertible, DilutedEarningsInputs
from valor_core.models.intrinsic.dividends import DividendDiscountInputs
from valor_core.models.intrinsic.financing import Financing, IteratedCapitalInputs, Shields
from valor_core.models.intrinsic.leases import LeaseInputs
from valor_core.models.intrinsic.parts import PartsInputs, Segment
from valor_core.models.intrinsic.reconciliation import ReconciliationInputs
from valor_core.models.intrinsic.research import ResearchInputs
from valor_core.models.intrinsic.residual_income import ResidualIncomeInputs
from valor_core.models.intrinsic.warrants import Dilution, WarrantInputs
from valor_core.models.paths import Fade

if TYPE_CHECKING:
    from tests.workbooks.cases import Draw


def a_research(draw: "Draw") -> ResearchInputs:
    return ResearchInputs(
        life=draw.years,
        current=draw.between(50, 90),
        past=draw.row(10, 60),
        tax=draw.between(0.1, 0.3),
        ebit=draw.between(100, 400),
        invested_capital=draw.between(300, 900),
    )


def a_lease(draw: "Draw") -> LeaseInputs:
    return LeaseInputs(
        current_expense=draw.between(100, 200),
        commitments=draw.row(60, 110),
        beyond=draw.one_of(0.0, draw.between(10, 900)),
        years_beyond=draw.one_of(None, draw.between(1.5, 8.0)),
        pretax_cost_of_debt=draw.between(0.03, 0.08),
        ebit=draw.between(100, 400),
        debt=draw.between(0, 500),
    )


def a_warrant(draw: "Draw") -> WarrantInputs:
    return WarrantInputs(
        price=draw.between(20, 80),
        strike=draw.between(5, 120),
        maturity=draw.between(0.5, 8.0),
        volatility=draw.between(0.15, 0.6),
        risk_free=draw.between(0.0, 0.06),
        dividend_yield=draw.between(0.0, 0.04),
        number=draw.between(1, 60),
        shares=draw.between(50, 150),
        dilution=draw.one_of(*Dilution),
    )


def a_diluted_earnings(draw: "Draw") -> DilutedEarningsInputs:
    convertibles = [
        Convertible(
            face=draw.between(50, 400),
            shares=draw.between(2, 30),
            coupon=draw.between(0.01, 0.08),
            deductible=draw.one_of(True, False),
        )
        for _ in range(draw.random.randint(0, 3))
    ]
    return DilutedEarningsInputs(
        net_income=draw.between(100, 300),
        preferred_dividends=draw.between(0, 40),
        shares=draw.shares(),
        average_price=draw.between(15, 60),
        convertibles=tuple(convertibles),
        tax=draw.between(0.15, 0.3),
    )


def a_dividend_discount(draw: "Draw") -> DividendDiscountInputs:
    basis = draw.in_turn(_by_last, _by_next, _by_earnings, _by_returns, _as_stated)(draw)
    fading = {"fading_growth": draw.between(0.05, 0.1), "half_life": draw.between(2, 6)}
    return DividendDiscountInputs(
        years=draw.years,
        cost_of_equity=draw.path(0.07, 0.12),
        terminal_growth=draw.between(0.01, 0.04),
        terminal_cost_of_equity=draw.one_of(None, draw.between(0.07, 0.1)),
        **draw.one_of({}, fading),
        **basis,
    )


def _as_stated(draw: "Draw") -> dict:
    return {"dividends": draw.row(1, 4)}


def _by_last(draw: "Draw") -> dict:
    return {"last_dividend": draw.between(1, 4), "growth": draw.path(0.02, 0.2)}


def _by_next(draw: "Draw") -> dict:
    return {"next_dividend": draw.between(1, 4), "growth": draw.path(0.02, 0.2)}


def _by_earnings(draw: "Draw") -> dict:
    return {
        "earnings": draw.between(2, 6),
        "payout": draw.path(0.2, 0.6),
        "growth": draw.path(0.02, 0.2),
        "terminal_payout": draw.between(0.4, 0.8),
    }


def _by_returns(draw: "Draw") -> dict:
    return {
        "earnings": draw.between(2, 6),
        "payout": draw.path(0.2, 0.6),
        "roe": draw.path(0.08, 0.2),
        "terminal_roe": draw.between(0.1, 0.2),
    }


def a_residual_income(draw: "Draw") -> ResidualIncomeInputs:
    return ResidualIncomeInputs(
        years=draw.years,
        book_value=draw.between(500, 900),
        cost_of_equity=draw.path(0.07, 0.12),
        terminal_roe=draw.one_of(None, draw.between(0.08, 0.15)),
        shares=draw.one_of(None, draw.shares()),
        **draw.one_of({"net_income": draw.row(40, 120)}, {"roe": draw.path(0.05, 0.2)}),
        **draw.one_of({"dividends": draw.row(-10, 60)}, {"payout": draw.path(0.2, 0.7)}),
        **draw.one_of(
            {"terminal_growth": draw.between(-0.2, 0.04)}, {"persistence": draw.between(0.2, 0.8)}
        ),
    )


def some_parts(draw: "Draw") -> PartsInputs:
    rate, multiple = draw.between(0.07, 0.1), draw.between(5, 12)
    costs = draw.in_turn(
        {},
        {"corporate_costs": draw.between(1, 9), "corporate_multiple": multiple},
        {"corporate_costs": draw.between(1, 9), "corporate_wacc": rate},
    )
    ways = (
        {"value": draw.between(100, 900)},
        {"metric": draw.between(20, 90), "multiple": multiple},
        {"flow": draw.between(10, 40), "wacc": rate},
    )
    segments = [
        Segment(
            growth=draw.between(0.0, 0.03),
            net_debt=draw.between(0, 90),
            owned=draw.between(0.5, 0.99),
            **way,
        )
        for way in ways
    ]
    return PartsInputs(
        segments=tuple(segments[: draw.random.randint(1, 3)]),
        corporate_growth=draw.between(0.0, 0.02),
        bridge=draw.bridge(),
        holding_discount=draw.between(0.0, 0.25),
        shares=draw.shares(),
        **costs,
    )


def a_financing(draw: "Draw") -> Financing:
    stated = [draw.between(50, 120) for _ in range(draw.years + 1)]
    share = Fade(start=draw.between(0.1, 0.5), end=draw.between(0.1, 0.5), from_year=1, to_year=9)
    return Financing(
        unlevered_cost=draw.path(0.08, 0.11),
        cost_of_debt=draw.path(0.045, 0.06),
        tax=draw.path(0.15, 0.3),
        shields=draw.in_turn(*Shields),
        **draw.in_turn({"debt": stated}, {"leverage": share}),
    )


def an_iterated_capital(draw: "Draw") -> IteratedCapitalInputs:
    return IteratedCapitalInputs(
        free_cash_flow=draw.row(20, 60),
        terminal_growth=draw.between(0.005, 0.03),
        financing=a_financing(draw),
    )


def a_reconciliation(draw: "Draw") -> ReconciliationInputs:
    otherwise = {
        "terminal_nopat": draw.between(50, 90),
        "terminal_roic": draw.between(0.1, 0.2),
        "dividends": draw.row(5, 60),
        "book_changes": draw.row(-9, 9),
        "stated_wacc": draw.between(0.07, 0.1),
        "target_leverage": draw.between(0.1, 0.5),
    }
    return ReconciliationInputs(
        years=draw.years,
        nopat=draw.row(40, 80),
        reinvestment=draw.row(5, 20),
        invested_capital=draw.between(200, 500),
        terminal_growth=draw.between(0.005, 0.03),
        financing=a_financing(draw),
        **draw.in_turn({}, otherwise),
    )


INTRINSIC_CASES = {
    "research_capitalisation": a_research,
    "lease_conversion": a_lease,
    "diluted_warrants": a_warrant,
    "diluted_earnings": a_diluted_earnings,
    "dividend_discount": a_dividend_discount,
    "residual_income": a_residual_income,
    "sum_of_parts": some_parts,
    "iterated_cost_of_capital": an_iterated_capital,
    "reconciliation": a_reconciliation,
}
"""By the name of each model, what makes sound inputs for it from a draw."""
