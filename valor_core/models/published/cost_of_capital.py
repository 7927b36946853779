"""Published costs of capital."""

from dataclasses import dataclass, field
from typing import Any

from valor_core.models.cost_of_capital import (
    BetaKind,
    CostOfCapitalInputs,
    MarketWeights,
    cost_of_capital,
    weights_of,
)
from valor_core.models.fields import Unit, says, settle
from valor_core.models.numbers import Numbers
from valor_core.models.published.method import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleveredCase:
    """A cost of capital from an unlevered beta and market values (Damodaran's worksheet)."""

    unlevered_beta: Numbers = field(metadata=says("beta without debt", Unit.RATIO))
    risk_free: Numbers = field(metadata=says("risk-free rate", Unit.RATE))
    equity_risk_premium: Numbers = field(metadata=says("equity risk premium", Unit.RATE))
    size_premium: Numbers = field(default=0.0, metadata=says("size premium", Unit.RATE))
    country_premium: Numbers = field(default=0.0, metadata=says("country premium", Unit.RATE))
    shares: Numbers = field(metadata=says("shares outstanding", Unit.SHARES))
    price: Numbers = field(metadata=says("price of a share", Unit.MONEY_PER_SHARE))
    book_debt: Numbers = field(default=0.0, metadata=says("debt in the books", Unit.MONEY))
    interest_expense: Numbers | None = field(default=None, metadata=says("interest", Unit.MONEY))
    debt_average_maturity: Numbers | None = field(
        default=None, metadata=says("years until the debt falls due", Unit.YEARS)
    )
    pretax_cost_of_debt: Numbers = field(metadata=says("cost of debt before tax", Unit.RATE))
    tax_rate: Numbers = field(metadata=says("marginal tax rate", Unit.RATE))
    preferred: Numbers = field(default=0.0, metadata=says("preferred stock", Unit.MONEY))
    cost_of_preferred: Numbers = field(default=0.0, metadata=says("its yield", Unit.RATE))

    def __post_init__(self) -> None:
        settle(self)


def relevered(case: ReleveredCase) -> dict[str, Any]:
    """The cost of capital at the market values of equity and debt."""
    result = cost_of_capital(
        CostOfCapitalInputs(
            risk_free=case.risk_free,
            equity_risk_premium=case.equity_risk_premium,
            beta=case.unlevered_beta,
            beta_kind=BetaKind.UNLEVERED,
            size_premium=case.size_premium,
            country_premium=case.country_premium,
            pretax_cost_of_debt=case.pretax_cost_of_debt,
            tax=case.tax_rate,
            cost_of_preferred=case.cost_of_preferred,
            market=MarketWeights(
                shares=case.shares,
                price=case.price,
                debt=case.book_debt,
                debt_interest=case.interest_expense,
                debt_maturity=case.debt_average_maturity,
                preferred=case.preferred,
            ),
        )
    )
    return {
        "market_value_equity": result.value_of_equity,
        "market_value_debt": result.value_of_debt,
        "levered_beta": result.levered_beta,
        "cost_of_equity": result.cost_of_equity,
        "after_tax_cost_of_debt": result.after_tax_cost_of_debt,
        "weight_equity": result.weight_of_equity,
        "weight_debt": result.weight_of_debt,
        "weight_preferred": result.weight_of_preferred,
        "wacc": result.wacc,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class WaccCase:
    """Values and costs of the sources of capital, in the letters of the textbooks."""

    E: Numbers = field(metadata=says("equity at market", Unit.MONEY))
    D: Numbers = field(default=0.0, metadata=says("debt at market", Unit.MONEY))
    P: Numbers = field(default=0.0, metadata=says("preferred at market", Unit.MONEY))
    ke: Numbers = field(metadata=says("cost of equity", Unit.RATE))
    kd: Numbers = field(default=0.0, metadata=says("cost of debt before tax", Unit.RATE))
    kp: Numbers = field(default=0.0, metadata=says("cost of preferred stock", Unit.RATE))
    t: Numbers = field(default=0.0, metadata=says("tax rate", Unit.RATE))

    def __post_init__(self) -> None:
        settle(self)


def wacc(case: WaccCase) -> dict[str, Any]:
    """The weighted average cost of capital and its weights."""
    weights = weights_of(equity=case.E, debt=case.D, preferred=case.P)
    return {
        "wacc": weights.average(equity=case.ke, debt=case.kd * (1.0 - case.t), preferred=case.kp),
        "weight_equity": weights.equity,
        "weight_debt": weights.debt,
        "weight_preferred": weights.preferred,
    }


METHODS = {
    "cost_of_capital_relevered": Method(inputs=ReleveredCase, compute=relevered, main="wacc"),
    "wacc": Method(inputs=WaccCase, compute=wacc, main="wacc"),
}
