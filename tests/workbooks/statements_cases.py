"""Random sound plans of three statements: every float varies, every option occurs."""

from typing import TYPE_CHECKING

from valor_core.models.lbo.debt import InterestOn
from valor_core.models.statements.plan import Debt, OpeningBalance, StatementsInputs
from valor_core.models.taxes import CapBase, Taxes

if TYPE_CHECKING:
    from tests.workbooks.cases import Draw


def an_opening(draw: "Draw") -> OpeningBalance:
    """A balance sheet; the capital paid in is what balances it."""
    assets = {
        "cash": draw.between(10, 80),
        "receivables": draw.between(40, 90),
        "inventory": draw.between(20, 60),
        "other_current_assets": draw.between(5, 20),
        "fixed_assets": draw.between(200, 400),
        "intangibles": draw.between(20, 200),
        "other_assets": draw.between(5, 40),
    }
    claims = {
        "payables": draw.between(20, 60),
        "other_current_liabilities": draw.between(5, 30),
        "revolver": draw.between(0, 20),
        "other_liabilities": draw.between(5, 30),
        "minority_interests": draw.between(0, 20),
        "preferred": draw.between(0, 30),
        "retained": draw.between(-50, 100),
    }
    return OpeningBalance(**assets, **claims)


def a_plan(draw: "Draw") -> StatementsInputs:
    """A company of revenue 500 with two debts; in some years it earns, in others it does not."""
    years = draw.years
    debts = (
        Debt(
            balance=draw.between(60, 120),
            rate=draw.path(0.03, 0.09),
            **draw.one_of(
                {"repaid": [draw.between(0, 60.0 / years) for _ in range(years)]},
                {"amortisation": draw.path(0.0, 0.2)},
                {"maturity": draw.one_of(1, years, years + 1)},
            ),
        ),
        Debt(
            balance=draw.between(0, 60),
            rate=draw.path(0.05, 0.12),
            repaid=draw.one_of(None, [0.0] * years),
            issued=draw.row(0, 20),
        ),
    )
    return StatementsInputs(
        years=years,
        opening=an_opening(draw),
        debt=debts,
        revenue=draw.between(450, 550),
        growth=draw.path(-0.05, 0.12),
        cost_of_revenue=draw.path(0.5, 0.7),
        operating_costs=draw.path(0.1, 0.3),
        stock_compensation=draw.path(0.0, 0.03),
        depreciation=draw.path(0.05, 0.15),
        amortisation=draw.path(0.02, 0.1),
        capital_expenditure=draw.path(0.02, 0.1),
        receivable_days=draw.path(30, 60),
        inventory_days=draw.path(20, 60),
        payable_days=draw.path(20, 50),
        other_current_assets=draw.path(0.01, 0.04),
        other_current_liabilities=draw.path(0.01, 0.05),
        taxes=Taxes(
            rate=draw.path(0.15, 0.35),
            losses=draw.between(0, 60),
            loss_limit=draw.one_of(None, draw.between(0.5, 0.9)),
            interest_cap=draw.one_of(None, draw.between(0.1, 0.4)),
            cap_base=draw.one_of(*CapBase),
            interest_carried=draw.between(0, 10),
        ),
        interest_on=draw.one_of(*InterestOn),
        cash_rate=draw.path(0.0, 0.04),
        minimum_cash=draw.between(5, 30),
        revolver_rate=draw.path(0.05, 0.12),
        revolver_limit=draw.one_of(None, draw.between(4_000, 5_000)),
        payout=draw.path(0.0, 0.6),
        dividends=draw.one_of(None, draw.path(0, 8)),
        buyback_payout=draw.path(0.0, 0.3),
        target_leverage=draw.one_of(None, draw.path(0.0, 3.0)),
        buybacks=draw.row(0, 10),
        shares_issued=draw.row(0, 5),
        minority_share=draw.path(0.0, 0.1),
        preferred_rate=draw.path(0.03, 0.08),
        shares=draw.between(80, 120),
        share_price=draw.path(8, 20),
    )
