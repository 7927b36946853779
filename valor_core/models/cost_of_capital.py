"""The cost of capital: CAPM with relevered beta, after-tax debt, preferred stock, weights."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.numbers import Numbers, only_where, valid_where
from valor_core.models.refusals import (
    ChooseOne,
    CostOfDebtTooLow,
    DebtTermsIncomplete,
    EquityNotPositive,
    LeverageNotStated,
    LeverageOutOfRange,
    MaturityNegative,
    WeightNegative,
    WeightsNotPositive,
)

SMALLEST_RATE = 1e-6
"""Above it an annuity is a quotient, below it a line: both err by less than one in 10⁹."""


class BetaKind(StrEnum):
    """What debt the stated beta already carries."""

    LEVERED = "levered"  # the company's own
    UNLEVERED = "unlevered"  # none
    PEER = "peer"  # that of the peers it was measured on


class Levering(StrEnum):
    """What is assumed of the debt when a beta is levered."""

    HAMADA = "hamada"  # a fixed amount: βL = βU (1 + (1 − t) D/E)
    HARRIS_PRINGLE = "harris_pringle"  # follows the value: βL = βU + (βU − βD) D/E


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketWeights:
    """Sources of capital at market value, in one scale of money."""

    shares: Numbers = field(metadata=says("shares outstanding", Unit.SHARES))
    price: Numbers = field(metadata=says("price of a share", Unit.MONEY_PER_SHARE))
    debt: Numbers = field(metadata=says("debt: face value, or market value", Unit.MONEY))
    debt_interest: Numbers | None = field(
        default=None, metadata=says("yearly interest, to value the debt as a bond", Unit.MONEY)
    )
    debt_maturity: Numbers | None = field(
        default=None, metadata=says("average years until the debt falls due", Unit.YEARS)
    )
    preferred: Numbers = field(
        default=0.0, metadata=says("preferred stock at market value", Unit.MONEY)
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetWeights:
    """The financing that the company aims at; equity is the rest."""

    debt: Numbers = field(metadata=says("debt as a share of capital", Unit.RATE))
    preferred: Numbers = field(
        default=0.0, metadata=says("preferred stock as a share of capital", Unit.RATE)
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostOfCapitalInputs:
    """What an analyst decides about the cost of capital. Rates are fractions."""

    risk_free: Numbers = field(metadata=says("risk-free rate", Unit.RATE))
    equity_risk_premium: Numbers = field(
        metadata=says("premium of a mature stock market", Unit.RATE)
    )
    beta: Numbers = field(metadata=says("beta, as beta_kind says", Unit.RATIO))
    beta_kind: BetaKind = field(
        default=BetaKind.LEVERED, metadata=says("what debt the stated beta carries")
    )
    levering: Levering = field(
        default=Levering.HAMADA, metadata=says("formula by which beta is unlevered and levered")
    )
    debt_beta: Numbers = field(
        default=0.0, metadata=says("beta of the debt, in Harris-Pringle", Unit.RATIO)
    )
    peer_debt_to_equity: Numbers | None = field(
        default=None, metadata=says("debt to equity of the peers of a peer beta", Unit.RATIO)
    )
    peer_tax: Numbers | None = field(
        default=None, metadata=says("tax rate of the peers; none: the company's", Unit.RATE)
    )
    size_premium: Numbers = field(default=0.0, metadata=says("premium for small size", Unit.RATE))
    country_premium: Numbers = field(
        default=0.0, metadata=says("premium of the countries of operation", Unit.RATE)
    )
    country_exposure: Numbers = field(
        default=1.0, metadata=says("lambda: part of the country premium that is borne", Unit.RATIO)
    )
    pretax_cost_of_debt: Numbers = field(metadata=says("yield of new debt before tax", Unit.RATE))
    tax: Numbers = field(metadata=says("marginal tax rate that interest saves", Unit.RATE))
    cost_of_preferred: Numbers = field(
        default=0.0, metadata=says("dividend yield of preferred stock", Unit.RATE)
    )
    market: MarketWeights | None = field(default=None, metadata=says("weights at market value"))
    target: TargetWeights | None = field(default=None, metadata=says("target weights"))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostOfCapitalResult:
    """The cost of capital, with the parts that lead to it; target weights have no values."""

    value_of_equity: Numbers | None = field(metadata=says("equity at market", Unit.MONEY))
    value_of_debt: Numbers | None = field(metadata=says("debt at market", Unit.MONEY))
    value_of_preferred: Numbers | None = field(metadata=says("preferred at market", Unit.MONEY))
    weight_of_equity: Numbers = field(metadata=says("equity over capital", Unit.RATE))
    weight_of_debt: Numbers = field(metadata=says("debt over capital", Unit.RATE))
    weight_of_preferred: Numbers = field(metadata=says("preferred over capital", Unit.RATE))
    unlevered_beta: Numbers | None = field(metadata=says("beta without debt", Unit.RATIO))
    levered_beta: Numbers = field(metadata=says("beta of the equity", Unit.RATIO))
    cost_of_equity: Numbers = field(metadata=says("CAPM with premia", Unit.RATE))
    after_tax_cost_of_debt: Numbers = field(metadata=says("cost of debt after tax", Unit.RATE))
    wacc: Numbers = field(metadata=says("weighted average cost of capital", Unit.RATE))


@guarded
def cost_of_capital(inputs: CostOfCapitalInputs) -> CostOfCapitalResult:
    """WACC = E/V·kₑ + D/V·k_d(1 − t) + P/V·k_p, kₑ = r_f + β·ERP + λ·CRP + size (Damodaran; BMA).

    >>> half_debt = CostOfCapitalInputs(risk_free=0.04, equity_risk_premium=0.05, beta=1.2,
    ...     pretax_cost_of_debt=0.06, tax=0.25, target=TargetWeights(debt=0.5))
    >>> print(f"{cost_of_capital(half_debt).wacc:.4f}")  # (0.10 + 0.045) / 2
    0.0725
    """
    equity, debt, preferred = _capital(inputs)
    unlevered, levered = _betas(inputs, equity=equity, debt=debt)
    cost_of_equity = (
        inputs.risk_free
        + levered * inputs.equity_risk_premium
        + inputs.country_exposure * inputs.country_premium
        + inputs.size_premium
    )
    after_tax = inputs.pretax_cost_of_debt * (1.0 - inputs.tax)
    weights = weights_of(equity=equity, debt=debt, preferred=preferred)
    at_market = inputs.market is not None
    return CostOfCapitalResult(
        value_of_equity=equity if at_market else None,
        value_of_debt=debt if at_market else None,
        value_of_preferred=preferred if at_market else None,
        weight_of_equity=weights.equity,
        weight_of_debt=weights.debt,
        weight_of_preferred=weights.preferred,
        unlevered_beta=unlevered,
        levered_beta=levered,
        cost_of_equity=cost_of_equity,
        after_tax_cost_of_debt=after_tax,
        wacc=weights.average(
            equity=cost_of_equity, debt=after_tax, preferred=inputs.cost_of_preferred
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Each source's part of the capital."""

    equity: Numbers
    debt: Numbers
    preferred: Numbers

    def average(self, *, equity: Numbers, debt: Numbers, preferred: Numbers) -> Numbers:
        """The costs of the sources, debt after tax, weighted."""
        return self.equity * equity + self.debt * debt + self.preferred * preferred


def weights_of(*, equity: Numbers, debt: Numbers, preferred: Numbers = 0.0) -> Weights:
    """Each source over their sum; without debt the whole cost is that of equity.

    >>> weights_of(equity=600_000.0, debt=400_000.0).average(equity=0.12, debt=0.045, preferred=0.0)
    0.09
    """
    least = np.minimum(np.minimum(equity, debt), preferred)
    capital = valid_where(least >= 0.0, equity + debt + preferred, WeightNegative, weight=least)
    capital = valid_where(capital > 0.0, capital, WeightsNotPositive, capital=capital)
    return Weights(equity=equity / capital, debt=debt / capital, preferred=preferred / capital)


def market_value_of_debt(
    *, face: Numbers, interest: Numbers, maturity: Numbers, rate: Numbers
) -> Numbers:
    """Interest as an annuity plus the face at maturity, both at the cost of debt (Damodaran).

    >>> print(market_value_of_debt(face=100.0, interest=5.0, maturity=3.0, rate=0.05))
    100.0
    """
    growth = valid_where(rate > -1.0, 1.0 + rate, CostOfDebtTooLow, rate=rate)
    term = valid_where(maturity >= 0.0, maturity, MaturityNegative, maturity=maturity)
    return interest * annuity(rate, term) + face * np.power(growth, -term)


def annuity(rate: Numbers, years: Numbers) -> Numbers:
    """What one unit at the end of each year is worth today: (1 − (1 + r)⁻ⁿ) / r.

    >>> print(annuity(0.0, 3.0))
    3.0
    """
    tiny = np.absolute(rate) < SMALLEST_RATE  # below it the quotient loses its digits
    near = years * (1.0 - 0.5 * rate * (years + 1.0))
    return np.where(tiny, near, (1.0 - np.power(1.0 + rate, -years)) / np.where(tiny, 1.0, rate))


def levered_beta(unlevered: Numbers, leverage: Numbers, inputs: CostOfCapitalInputs) -> Numbers:
    """The beta of equity at a debt-to-equity ratio, by the formula that the inputs name."""
    if inputs.levering is Levering.HAMADA:
        return unlevered * (1.0 + (1.0 - inputs.tax) * leverage)
    return unlevered + (unlevered - inputs.debt_beta) * leverage


def unlevered_beta(
    levered: Numbers, leverage: Numbers, inputs: CostOfCapitalInputs, tax: Numbers
) -> Numbers:
    """The beta without debt of one that was measured at a debt-to-equity ratio."""
    if inputs.levering is Levering.HAMADA:
        factor = 1.0 + (1.0 - tax) * leverage
        factor = valid_where(factor > 0.0, factor, LeverageOutOfRange, factor=factor)
        return levered / factor
    factor = valid_where(
        1.0 + leverage > 0.0, 1.0 + leverage, LeverageOutOfRange, factor=1.0 + leverage
    )
    return (levered + inputs.debt_beta * leverage) / factor


def _capital(inputs: CostOfCapitalInputs) -> tuple[Numbers, Numbers, Numbers]:
    """Equity, debt and preferred stock at market value, or as shares of 1."""
    market, target = inputs.market, inputs.target
    if market is not None and target is None:
        return market.shares * market.price, _debt_at_market(market, inputs), market.preferred
    if target is not None and market is None:
        return 1.0 - target.debt - target.preferred, target.debt, target.preferred
    raise ChooseOne("cost_of_capital.market", "cost_of_capital.target", given=market is not None)


def _debt_at_market(market: MarketWeights, inputs: CostOfCapitalInputs) -> Numbers:
    if market.debt_interest is None and market.debt_maturity is None:
        return market.debt
    if market.debt_interest is None or market.debt_maturity is None:
        raise DebtTermsIncomplete
    return market_value_of_debt(
        face=market.debt,
        interest=market.debt_interest,
        maturity=market.debt_maturity,
        rate=inputs.pretax_cost_of_debt,
    )


def _betas(
    inputs: CostOfCapitalInputs, *, equity: Numbers, debt: Numbers
) -> tuple[Numbers | None, Numbers]:
    """The beta without debt, if it can be told, and the beta at the company's own debt."""
    leverage = debt / np.where(equity > 0.0, equity, 1.0)
    if inputs.beta_kind is BetaKind.LEVERED:
        own = unlevered_beta(inputs.beta, leverage, inputs, inputs.tax)
        return only_where(equity > 0.0, own), inputs.beta
    unlevered = inputs.beta
    if inputs.beta_kind is BetaKind.PEER:
        if inputs.peer_debt_to_equity is None:
            raise LeverageNotStated
        tax = inputs.tax if inputs.peer_tax is None else inputs.peer_tax
        unlevered = unlevered_beta(inputs.beta, inputs.peer_debt_to_equity, inputs, tax)
    leverage = valid_where(equity > 0.0, leverage, EquityNotPositive, equity=equity)
    return unlevered, levered_beta(unlevered, leverage, inputs)
