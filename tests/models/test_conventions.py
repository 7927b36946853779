"""Conventions in words."""

from datetime import date

import pytest

from tests.models.sound import a_cost_of_capital, a_dcf, a_direct_dcf
from valor_core.models.basis import Basis
from valor_core.models.conventions import conventions_of, valued_as_of
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


YEAR_END = date(2025, 9, 27)


@pytest.mark.parametrize(
    ("changes", "basis", "line"),
    [
        ({}, {}, "27 Sep 2025, the end of the base year; facts as known today; USD"),
        ({}, {"base_year_end": None}, "the end of the base year; facts as known today; USD"),
        (
            {"stub": 0.25},
            {"facts_as_of": date(2026, 7, 1), "currency": "EUR"},
            (
                "about 28 Jun 2026, with 0.25 of the first forecast year to come; "
                "facts as known on 01 Jul 2026; EUR"
            ),
        ),
    ],
)
def test_a_value_says_on_which_day_by_which_facts_and_in_which_currency_it_stands(
    changes, basis, line
):
    known = {"currency": "USD", "base_year_end": YEAR_END, "facts_as_of": None} | basis

    assert valued_as_of(a_dcf(**changes), Basis(**known)) == f"Value as of {line}"


def test_conventions_name_the_day_the_currency_and_how_leases_pensions_and_pay_in_stock_count():
    told = conventions_of(
        a_dcf(), Basis(currency="EUR", base_year_end=YEAR_END, facts_as_of=date(2025, 11, 1))
    )

    assert told["Value as of"] == "27 Sep 2025, the end of the base year"
    assert told["Facts"] == "as known on 01 Nov 2025"
    assert told["Currency"].startswith("EUR")
    assert "not deducted" in told["Leases"]
    assert "not capitalised" in told["R&D"]
    assert {"Pensions", "Stock compensation", "EBITDA"} <= told.keys()


def test_given_flows_tell_only_what_they_rest_on():
    told = conventions_of(a_direct_dcf())

    assert "last flow" in told["Terminal value"]
    assert "Tax" not in told
