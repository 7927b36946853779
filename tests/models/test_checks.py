"""What a careful reader would question."""

from dataclasses import replace

import pytest

from tests.models.sound import a_cost_of_capital, a_dcf, a_direct_dcf
from valor_core.models.bridge import Bridge
from valor_core.models.catalogue import checks_of
from valor_core.models.checks import Severity
from valor_core.models.dcf import discounted_cash_flow
from valor_core.models.dcf_direct import direct_cash_flow
from valor_core.models.paths import constant
from valor_core.models.reinvestment import CapitalPlan
from valor_core.models.terminal import MultipleOf, TerminalMethod

SOLD = {"terminal_method": TerminalMethod.EXIT_MULTIPLE}


def failed(inputs):
    return {c.name for c in checks_of(inputs, discounted_cash_flow(inputs)) if not c.passed}


def test_an_ordinary_company_whose_new_capital_earns_its_cost_passes_every_check():
    assert failed(a_dcf(terminal_roic=None)) == set()


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"terminal_growth": 0.0801}, "spread"),
        ({"terminal_growth": 0.078}, "terminal_share"),
        ({"terminal_growth": 0.0845, "terminal_roic": 0.3}, "terminal_multiple"),
        ({**SOLD, "exit_multiple": 400.0}, "terminal_multiple"),
        ({**SOLD, "exit_multiple": 400.0}, "implied_growth"),
        ({**SOLD, "exit_multiple": 20.0, "multiple_of": MultipleOf.REVENUE}, "terminal_multiple"),
        ({"terminal_roic": 0.2}, "terminal_return"),
        ({"bridge": Bridge.of(debt=1e6)}, "equity"),
        ({"exit_multiple": 30.0}, "terminal_methods"),
        ({"stub": 0.25}, "bridge_day"),
        ({"tax": constant(0.6)}, "tax_rates"),
        ({"bridge": Bridge.of(options_value=10.0)}, "options_once"),
        ({"growth": [0.06] * 9 + [0.55]}, "growth"),
        ({"growth": [-0.45] + [0.06] * 9}, "growth"),
        ({"wacc": [0.85] + [0.085] * 9}, "wacc"),
        ({"terminal_wacc": 0.85}, "wacc"),
        ({"wacc": None, "cost_of_capital": a_cost_of_capital(beta=-0.1)}, "levered_beta"),
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


def test_a_multiple_is_judged_by_what_it_multiplies():
    of_revenue = a_dcf(**SOLD, exit_multiple=2.4, multiple_of=MultipleOf.REVENUE)
    of_ebit = a_dcf(**SOLD, exit_multiple=2.4, multiple_of=MultipleOf.EBIT)

    assert "terminal_multiple" not in failed(of_revenue)
    assert "terminal_multiple" in failed(of_ebit)


def test_growth_that_an_unused_multiple_would_ask_is_a_note_and_else_a_warning():
    def severity(**changes):
        inputs = a_dcf(exit_multiple=90.0, **changes)
        found = {c.name: c for c in checks_of(inputs, discounted_cash_flow(inputs))}
        assert not found["implied_growth"].passed
        return found["implied_growth"].severity

    assert (severity(), severity(**SOLD)) == (Severity.NOTE, Severity.WARNING)


def test_failed_checks_come_first():
    inputs = a_dcf(terminal_roic=0.2)
    passed = [check.passed for check in checks_of(inputs, discounted_cash_flow(inputs))]

    assert passed == sorted(passed)
    assert not passed[0]


def test_given_flows_are_checked_for_what_they_tell():
    inputs = a_direct_dcf(terminal_growth=0.085)
    names = {c.name for c in checks_of(inputs, direct_cash_flow(inputs)) if not c.passed}

    assert names >= {"spread", "terminal_share"}


def test_a_dropped_decimal_comma_is_named_by_what_it_made_of_the_number():
    inputs = a_dcf(growth=constant(0.55), wacc=None, cost_of_capital=a_cost_of_capital(beta=11.0))
    told = {c.name: c.message for c in checks_of(inputs, discounted_cash_flow(inputs))}

    assert "from 55.0% to 55.0%" in told["growth"]
    assert "beta is 11.00" in told["levered_beta"]
    assert "to 45.28%" in told["wacc"]
    assert {"growth", "levered_beta", "wacc"} <= failed(inputs)


def test_the_bounds_of_growth_beta_and_wacc_belong_to_what_passes():
    bold = a_dcf(growth=constant(0.4), wacc=[0.03] * 5 + [0.2] * 5, terminal_wacc=0.085)
    risky = a_dcf(wacc=None, cost_of_capital=a_cost_of_capital(beta=3.0))

    assert not {"growth", "wacc"} & failed(bold)
    assert "levered_beta" not in failed(risky)


def test_the_wacc_of_given_flows_is_checked_too():
    inputs = a_direct_dcf(wacc=constant(0.9))
    names = {c.name for c in checks_of(inputs, direct_cash_flow(inputs)) if not c.passed}

    assert "wacc" in names


def test_a_check_whose_number_no_float_can_hold_still_tells_what_it_knows():
    inputs = replace(a_direct_dcf(), stub=5e-324)

    (asked,) = (
        check for check in checks_of(inputs, direct_cash_flow(inputs)) if check.name == "bridge_day"
    )

    assert not asked.passed
    assert asked.numbers == {"stub": 5e-324}
