"""The shapes in which mergers are published, and what they may leave out."""

import json

import pytest

from valor_core.models.proof import Status, prove
from valor_core.models.published import CASES

MERGER = json.loads((CASES / "ma_basic_merger_biws.json").read_text())
GOODWILL = json.loads((CASES / "goodwill_simple_biws.json").read_text())
FUNDING = json.loads((CASES / "lbo_sources_uses_meridian.json").read_text())
ALLOCATION = json.loads((CASES / "ppa_goodwill_meridian.json").read_text())
FINANCED = (
    "new_debt", "debt_repaid", "financing_fees", "oid", "expensed_costs", "new_equity", "rollover",
)  # fmt: skip
EXACT = {"abs": 1e-9, "rel": 0}
STOCK = {
    "acquirer": {"price": 10, "shares": 100, "net_income": [60], "tax": 0.4},
    "target": {"price": 10, "shares": 50, "net_income": [20]},
    "purchase_price": 600,
}
SIXTY = STOCK | {"stock": 600}


def differences(model, inputs, expected):
    case = {"id": "x", "model": model, "inputs": inputs, "expected": expected, "check": EXACT}
    return prove(case).differences


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (STOCK, {"new_shares": 60, "eps": [0.5], "accretion": [-0.1], "shares": 160}),
        (SIXTY, {"new_shares": 60, "acquirer_ownership": 0.625, "exchange_ratio": 1.2}),
        (STOCK | {"stock_pct": 0.5, "cash_pct": 0.5}, {"new_shares": 30, "eps": [80 / 130]}),
        (
            STOCK | {"debt": 600, "debt_rate": 0.05},
            {"new_interest": [-30], "net_income": [62], "eps": [0.62], "accretion": [0.02]},
        ),
        (STOCK | {"purchase_price": None, "premium": 0.2}, {"purchase_price": 600}),
        (STOCK | {"purchase_price": None, "offer_price": 12}, {"premium": 0.2}),
        (STOCK | {"synergies": 10, "integration_costs": [4]}, {"net_income": [83.6]}),
        (STOCK | {"intangibles": 50, "intangibles_life": 5}, {"net_income": [74]}),
        (
            STOCK | {"intangibles": 50, "book_equity": 500},
            {"goodwill": 70, "deferred_tax_liability": 20, "cash_eps": [0.5]},
        ),
        (STOCK | {"cash": 100, "debt": 100, "stock": 300}, "ERROR"),
        (STOCK | {"purchase_price": None}, "ERROR"),
        (STOCK | {"target": {"price": 10, "shares": 50}}, "ERROR"),
        (STOCK | {"target": STOCK["target"] | {"shares": 0}}, "ERROR"),
    ],
)
def test_a_merger_may_be_stated_in_short(inputs, expected):
    assert differences("merger_accretion_dilution", inputs, expected) == ()


def test_one_number_where_one_a_year_is_meant_holds_in_all_years():
    inputs = json.loads(json.dumps(MERGER["inputs"]))
    inputs["acquirer"]["interest_income"] = 10
    inputs["target"]["interest_income"] = 0

    assert prove(MERGER | {"inputs": inputs}).status is Status.PASSED


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"target_equity": None}, {"goodwill": 100}),
        ({"target_assets": None, "target_liabilities": None}, {"goodwill": 100}),
        ({"purchase_price": 850}, {"goodwill": -50, "bargain_gain": 50}),
        ({"existing_goodwill": 80}, {"goodwill": 180}),
        (
            {"write_up": 60, "new_intangibles": 40, "tax_rate": 0.25},
            {"goodwill": 25, "deferred_tax_liability": 25, "net_identifiable_assets": 975},
        ),
        ({"target_equity": 850}, "ERROR"),
        ({"target_equity": None, "target_assets": None}, "ERROR"),
    ],
)
def test_goodwill_may_be_asked_by_equity_or_by_assets_and_liabilities(changes, expected):
    assert differences("goodwill", GOODWILL["inputs"] | changes, expected) == ()


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"offer_price": 12.5, "acquirer_price": 20, "exchange": "fixed_ratio"}, 0.625),
        ({"offer_price": 12.5, "acquirer_price": 20, "floor": 18}, "ERROR"),
    ],
)
def test_a_collar_has_both_ends_or_none(inputs, expected):
    assert differences("exchange_ratio_collar", inputs, expected) == ()


def of_one_deal(**changed):
    """An allocation that leaves its financing to the table of sources and uses, and that table."""
    inputs = {name: v for name, v in ALLOCATION["inputs"].items() if name not in FINANCED}
    source = {"title": "two tables of one deal"}
    return (
        ALLOCATION | {"inputs": inputs, "source": source},
        FUNDING | {"source": source, "inputs": FUNDING["inputs"] | changed},
    )


def test_an_allocation_takes_its_financing_from_the_other_table_of_its_deal():
    allocation, funding = of_one_deal()

    alone, beside = prove(allocation), prove(allocation, [allocation, funding])

    assert alone.status is Status.FAILED
    assert (beside.status, beside.told_by) == (Status.PASSED, "lbo_sources_uses_meridian")


@pytest.mark.parametrize(
    "other",
    [
        of_one_deal(existing_cash=66)[1],  # another deal: its figures are not these
        of_one_deal(ltm_ebitda=[240, 250])[1],
        of_one_deal(ltm_ebitda="many")[1],
        of_one_deal()[1] | {"source": "another book"},
        of_one_deal()[1] | {"inputs": [FUNDING["inputs"]]},
        of_one_deal()[1] | {"model": "npv"},
        "no case",
    ],
)
def test_a_table_of_another_deal_tells_nothing(other):
    allocation = of_one_deal()[0]

    assert prove(allocation, [other]) == prove(allocation)


def test_what_a_case_states_itself_is_not_taken_from_elsewhere():
    allocation, funding = of_one_deal()
    stated = allocation["inputs"] | {"rollover": 95}

    assert prove(allocation | {"inputs": stated}, [funding]).told_by == ""
