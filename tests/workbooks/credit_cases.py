"""Random sound companies for the models of credit."""

from typing import TYPE_CHECKING

from valor_core.models.credit.merton import MertonInputs
from valor_core.models.credit.model import CreditInputs, Statements

if TYPE_CHECKING:
    from tests.workbooks.cases import Draw


def statements(draw: "Draw") -> Statements:
    return Statements(
        sales=draw.between(800, 1_200),
        cost_of_sales=draw.between(400, 700),
        selling_expenses=draw.between(50, 150),
        depreciation=draw.between(20, 60),
        ebit=draw.between(-50, 150),
        interest=draw.between(5, 40),
        net_income=draw.between(-80, 90),
        operating_cash_flow=draw.between(-40, 140),
        cash=draw.between(10, 90),
        receivables=draw.between(60, 120),
        current_assets=draw.between(200, 400),
        fixed_assets=draw.between(200, 400),
        securities=draw.between(0, 30),
        assets=draw.between(900, 1_100),
        current_liabilities=draw.between(120, 300),
        short_term_debt=draw.between(20, 80),
        long_term_debt=draw.between(100, 300),
        liabilities=draw.between(500, 1_150),
        retained_earnings=draw.between(-100, 400),
        shares=draw.between(90, 110),
    )


def a_borrower(draw: "Draw") -> CreditInputs:
    return CreditInputs(
        now=statements(draw),
        before=statements(draw),
        assets_two_years_ago=draw.between(850, 1_050),
        market_value=draw.between(100, 1_500),
        price_index=draw.between(5, 10),
        k5=draw.one_of(0.999, 1.0),
        z_constant=draw.one_of(0.0, 3.25),
    )


def an_equity(draw: "Draw") -> MertonInputs:
    return MertonInputs(
        equity=draw.between(2, 20),
        equity_volatility=draw.between(0.2, 0.9),
        debt=draw.between(5, 15),
        risk_free=draw.between(0.01, 0.06),
        years=draw.between(0.5, 3.0),
        asset_drift=draw.one_of(None, draw.between(0.02, 0.1)),
    )
