"""Conventions in words."""

import pytest

from tests.models.sound import a_cost_of_capital, a_dcf, a_direct_dcf
from valor_core.models.conventions import conventions_of
from valor_core.models.dcf import Failure, ProceedsBasis
from valor_core.models.discounting import Timing
from valor_core.models.paths import Fade, constant
from valor_core.models.reinvestment import CapitalPlan
from valor_core.models.terminal import MultipleOf, TerminalMethod


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({}, "Timing", "at the end of each year"),
        ({"timing": Timing.MID_YEAR, "stub": 0.25}, "Timing", "middle of each year; the first"),
        ({}, "Terminal value", "Gordon growth of NOPAT"),
        (
            {"terminal_method": TerminalMethod.EXIT_MULTIPLE, "multiple_of": MultipleOf.EBITDA},
            "Terminal value",
            "multiple of EBITDA",
        ),
        ({}, "Cost of capital", "stated by year"),
        (
            {"cost_of_capital": a_cost_of_capital(), "wacc": Fade(from_year=5, to_year=10)},
            "Cost of capital",
            "CAPM, levered beta, Hamada levering, target weights, fading",
        ),
        ({}, "Reinvestment", "years ahead of it: 1"),
        (
            {
                "sales_to_capital": None,
                "capital_plan": CapitalPlan(
                    capital_expenditure=constant(0.1),
                    working_capital=constant(0.1),
                    working_capital_before=1.0,
                ),
            },
            "Reinvestment",
            "capital expenditure less depreciation",
        ),
        ({"loss_limit": 0.8}, "Tax", "at most 80%"),
        ({}, "Failure", "none"),
        (
            {"failure": Failure(probability=0.1, proceeds=0.5, basis=ProceedsBasis.BOOK_VALUE)},
            "Failure",
            "10.0% odds, then 50% of book value",
        ),
        ({}, "Shares", "option tranches: 1"),
    ],
)
def test_each_choice_is_told_in_words(changes, name, words):
    assert words in conventions_of(a_dcf(**changes))[name]


def test_given_flows_tell_only_what_they_rest_on():
    told = conventions_of(a_direct_dcf())

    assert "last flow" in told["Terminal value"]
    assert "Tax" not in told
