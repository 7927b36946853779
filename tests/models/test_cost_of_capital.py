"""The cost of capital."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from tests.models.sound import a_cost_of_capital, rates
from valor_core.errors import ValorError
from valor_core.models import refusals
from valor_core.models.codec import dump
from valor_core.models.cost_of_capital import (
    BetaKind,
    Levering,
    MarketWeights,
    TargetWeights,
    annuity,
    cost_of_capital,
    market_value_of_debt,
)
from valor_core.models.fields import Unit, leaves
from valor_core.models.sensitivity import replace_at
from valor_core.models.workings import record


@given(beta=rates(0.1, 3.0), debt=rates(0.0, 0.9), levering=st.sampled_from(Levering))
def test_unlevering_and_relevering_at_the_same_debt_gives_the_beta_back(beta, debt, levering):
    own = a_cost_of_capital(
        beta=beta, target=TargetWeights(debt=debt), levering=levering, debt_beta=0.1
    )
    as_peer = replace(own, beta_kind=BetaKind.PEER, peer_debt_to_equity=debt / (1.0 - debt))
    unlevered = cost_of_capital(own).unlevered_beta
    relevered = replace(own, beta=unlevered, beta_kind=BetaKind.UNLEVERED)

    assert cost_of_capital(as_peer).levered_beta == pytest.approx(beta, rel=1e-9)
    assert cost_of_capital(relevered).levered_beta == pytest.approx(beta, rel=1e-9)


@given(beta=rates(0.1, 3.0), tax=rates(0.0, 0.5), debt=rates(0.0, 0.9))
def test_without_tax_shields_leverage_does_not_change_the_cost_of_capital(beta, tax, debt):
    # Harris–Pringle with debt priced by CAPM: what equity gains in risk, debt takes over.
    inputs = a_cost_of_capital(
        beta=beta,
        beta_kind=BetaKind.UNLEVERED,
        levering=Levering.HARRIS_PRINGLE,
        debt_beta=0.2,
        pretax_cost_of_debt=0.04 + 0.2 * 0.05,
        tax=0.0,
        peer_tax=tax,
        target=TargetWeights(debt=debt),
    )

    assert cost_of_capital(inputs).wacc == pytest.approx(0.04 + beta * 0.05, rel=1e-9)


@given(beta=rates(0.1, 3.0))
def test_without_debt_the_cost_of_capital_is_that_of_equity(beta):
    result = cost_of_capital(a_cost_of_capital(beta=beta, target=TargetWeights(debt=0.0)))

    assert result.wacc == result.cost_of_equity
    assert result.unlevered_beta == beta


@given(rate=rates(-0.05, 0.2), maturity=rates(0.0, 30.0))
def test_debt_that_pays_its_cost_is_worth_its_face(rate, maturity):
    value = market_value_of_debt(face=100.0, interest=100.0 * rate, maturity=maturity, rate=rate)

    assert value == pytest.approx(100.0)


def test_premia_add_to_the_cost_of_equity_and_preferred_stock_has_its_own_cost():
    result = cost_of_capital(
        a_cost_of_capital(
            size_premium=0.01,
            country_premium=0.02,
            country_exposure=0.5,
            cost_of_preferred=0.07,
            target=TargetWeights(debt=0.2, preferred=0.1),
        )
    )

    assert result.cost_of_equity == pytest.approx(0.04 + 1.1 * 0.05 + 0.01 + 0.01)
    assert result.wacc == pytest.approx(0.7 * 0.115 + 0.2 * 0.055 * 0.75 + 0.1 * 0.07)


MARKET = MarketWeights(shares=10.0, price=5.0, debt=50.0)


def test_money_is_told_of_market_weights_alone():
    of_target = a_cost_of_capital(target=TargetWeights(debt=0.5))
    of_market = replace(of_target, target=None, market=MARKET)

    target, market = (
        {
            name: line.values
            for name, line in record(cost_of_capital, each).lines.results.items()
            if line.unit is Unit.MONEY
        }
        for each in (of_target, of_market)
    )

    assert target == {}
    assert market == {
        "value_of_equity": [50.0], "value_of_debt": [50.0], "value_of_preferred": [0.0],
    }  # fmt: skip
    assert cost_of_capital(of_target).wacc == cost_of_capital(of_market).wacc


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"target": None}, refusals.ChooseOne),
        ({"market": MARKET}, refusals.ChooseOne),
        ({"target": TargetWeights(debt=1.2)}, refusals.WeightNegative),
        ({"target": None, "market": replace(MARKET, debt=-1.0)}, refusals.WeightNegative),
        (
            {"target": None, "market": replace(MARKET, price=0.0, debt=0.0)},
            refusals.WeightsNotPositive,
        ),
        (
            {"target": TargetWeights(debt=1.0), "beta_kind": BetaKind.UNLEVERED},
            refusals.EquityNotPositive,
        ),
        ({"beta_kind": BetaKind.PEER}, refusals.LeverageNotStated),
        (
            {
                "beta_kind": BetaKind.PEER,
                "levering": Levering.HARRIS_PRINGLE,
                "peer_debt_to_equity": -1.0,
            },
            refusals.LeverageOutOfRange,
        ),
        ({"tax": 4.0}, refusals.LeverageOutOfRange),
        (
            {"target": None, "market": replace(MARKET, debt_interest=2.0)},
            refusals.DebtTermsIncomplete,
        ),
        (
            {"target": None, "market": replace(MARKET, debt_interest=2.0, debt_maturity=-1.0)},
            refusals.MaturityNegative,
        ),
        (
            {
                "target": None,
                "market": replace(MARKET, debt_interest=2.0, debt_maturity=3.0),
                "pretax_cost_of_debt": -1.0,
            },
            refusals.CostOfDebtTooLow,
        ),
    ],
)
def test_a_cost_of_capital_that_cannot_be_told_is_refused(changes, error):
    with pytest.raises(error) as refusal:
        cost_of_capital(a_cost_of_capital(**changes))

    assert refusal.value.hint


EXTREMES = [0.0, -0.0, 1.0, -1.0, 4.0, 5e-324, 1e-300, 1e100, -1e100, 1e308]


@given(st.data())
def test_a_cost_of_capital_is_finite_or_refused(data):
    inputs = a_cost_of_capital(
        beta_kind=data.draw(st.sampled_from(BetaKind)),
        levering=data.draw(st.sampled_from(Levering)),
        peer_debt_to_equity=0.4,
        target=None,
        market=replace(MARKET, debt_interest=2.0, debt_maturity=3.0),
    )
    for path in data.draw(st.sets(st.sampled_from(sorted(leaves(inputs))), max_size=3)):
        inputs = replace_at(inputs, path, data.draw(st.sampled_from(EXTREMES)))
    try:
        result = cost_of_capital(inputs)
    except ValorError as refusal:
        event(refusal.code)
        return
    told = [number for number in dump(result).values() if number is not None]
    assert np.isfinite(told).all()


@given(rate=rates(-0.5, 0.5), years=st.integers(1, 60))
def test_an_annuity_is_the_sum_of_its_years_however_small_the_rate(rate, years):
    summed = sum((1 + rate) ** -year for year in range(1, years + 1))

    assert annuity(rate, float(years)) == pytest.approx(summed, rel=1e-9)
