"""What a careful reader would question in forecast statements."""

import pytest

from tests.models.statements.test_forecast import plan
from valor_core.models.catalogue import checks_of, model_of
from valor_core.models.lbo.debt import InterestOn
from valor_core.models.paths import constant
from valor_core.models.statements.forecast import forecast_statements
from valor_core.models.statements.plan import Debt, OpeningBalance

WELL_RUN = {"payout": constant(1.0), "capital_expenditure": constant(0.04)}


def failed(**changes):
    inputs = plan(**WELL_RUN | changes)
    return {c.name for c in checks_of(inputs, forecast_statements(inputs)) if not c.passed}


def test_an_ordinary_plan_passes_every_check():
    assert failed() == set()


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"minimum_cash": 60.0}, "revolver"),
        ({"opening": OpeningBalance(cash=10.0, other_liabilities=60.0)}, "equity"),
        ({"debt": (Debt(balance=100.0, rate=constant(0.2)),)}, "interest_cover"),
        ({"capital_expenditure": constant(0.3)}, "renewal"),
        ({"payout": constant(0.0)}, "idle_cash"),
        ({"buybacks": [1.0, 0.0, 0.0]}, "price_of_shares"),
    ],
)
def test_a_plan_is_questioned_where_it_is_doubtful(changes, name):
    assert name in failed(**changes)


def test_a_price_of_the_share_answers_what_buybacks_do_to_the_count():
    assert "price_of_shares" not in failed(buybacks=[1.0, 0.0, 0.0], share_price=constant(5.0))


@pytest.mark.parametrize(
    ("interest_on", "words"),
    [(InterestOn.AVERAGE, "solved exactly"), (InterestOn.OPENING, "opening balances")],
)
def test_the_balance_that_bears_interest_is_told(interest_on, words):
    inputs = plan(interest_on=interest_on)

    assert words in model_of(inputs).conventions(inputs)["Interest"]
