"""What a careful reader would question."""

import pytest

from tests.models.sound import a_cost_of_capital, a_dcf, a_direct_dcf
from valor_core.models.bridge import Bridge
from valor_core.models.checks import checks_of
from valor_core.models.dcf import discounted_cash_flow
from valor_core.models.dcf_direct import direct_cash_flow
from valor_core.models.paths import constant
from valor_core.models.reinvestment import CapitalPlan


def failed(inputs):
    return {c.name for c in checks_of(inputs, discounted_cash_flow(inputs)) if not c.passed}


def test_an_ordinary_company_whose_new_capital_earns_its_cost_passes_every_check():
    assert failed(a_dcf(terminal_roic=None)) == set()


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"terminal_growth": 0.0801}, "spread"),
        ({"terminal_growth": 0.078}, "terminal_share"),
        ({"terminal_growth": 0.0845, "terminal_roic": 0.3}, "implied_multiple"),
        ({"terminal_roic": 0.2}, "terminal_return"),
        ({"bridge": Bridge.of(debt=1e6)}, "equity"),
        ({"exit_multiple": 30.0}, "terminal_methods"),
        ({"tax": constant(0.6)}, "tax_rates"),
        ({"bridge": Bridge.of(options_value=10.0)}, "options_once"),
        (
            {"wacc": None, "cost_of_capital": a_cost_of_capital(), "terminal_growth": 0.045},
            "growth_above_risk_free",
        ),
        (
            {
                "sales_to_capital": None,
                "depreciation": constant(0.08),
                "capital_plan": CapitalPlan(
                    capital_expenditure=constant(0.02),
                    working_capital=constant(0.1),
                    working_capital_before=3_099.0,
                ),
            },
            "reinvestment",
        ),
    ],
)
def test_a_questionable_assumption_is_named_with_its_numbers(changes, name):
    inputs = a_dcf(**changes)
    found = {check.name: check for check in checks_of(inputs, discounted_cash_flow(inputs))}

    assert not found[name].passed
    assert found[name].numbers
    assert all(isinstance(number, float) for number in found[name].numbers.values())


def test_failed_checks_come_first():
    inputs = a_dcf(terminal_roic=0.2)
    passed = [check.passed for check in checks_of(inputs, discounted_cash_flow(inputs))]

    assert passed == sorted(passed)
    assert not passed[0]


def test_given_flows_are_checked_for_what_they_tell():
    inputs = a_direct_dcf(terminal_growth=0.085)
    names = {c.name for c in checks_of(inputs, direct_cash_flow(inputs)) if not c.passed}

    assert names >= {"spread", "terminal_share"}
