"""Proving published cases, and a second pair of eyes on the ten-year workbook."""

import json
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.models.sound import rates
from valor_core.models.proof import REMARKS, Status, prove, schemas
from valor_core.models.published import CASES

KO = json.loads((CASES / "dcf_ginzu_ko_base.json").read_text())
ONE_SOURCE = {"E": 1, "ke": 0.1}


def workbook(case):
    """Damodaran's sheet cell by cell, in plain Python: years in columns, one rule a row."""
    growth_t, late = case["growth_terminal"], [max(t - 5, 0) / 5 for t in range(1, 11)]

    def fading(early, end):
        return [early + (end - early) * part for part in late]

    growth = fading(case["growth_y2_5"], growth_t)
    growth[0] = case["growth_y1"]
    revenue = [case["revenue0"]]
    for rate in growth + [growth_t] * 4:
        revenue.append(revenue[-1] * (1 + rate))
    lag, first, target = case["reinvestment_lag"], case["margin_y1"], case["margin_target"]
    year = case["margin_convergence_year"]
    tax, wacc = (
        fading(case["tax_effective"], case["tax_terminal"]),
        fading(case["wacc_initial"], case["wacc_terminal"]),
    )
    losses, factor, total, margin = case["nol0"], 1.0, 0.0, first
    for t in range(1, 11):
        margin = first if t == 1 else target - (target - first) * max(year - t, 0) / year
        ebit = revenue[t] * margin
        if ebit <= 0 or ebit < losses:
            nopat, losses = ebit, losses - ebit
        else:
            nopat, losses = ebit - (ebit - losses) * tax[t - 1], 0.0
        ratio = case["sales_to_capital_1_5"] if t <= 5 else case["sales_to_capital_6_10"]
        spent = (revenue[t + lag] - revenue[t + lag - 1]) / ratio
        factor /= 1 + wacc[t - 1]
        total += (nopat - spent) * factor
    last = revenue[11] * margin * (1 - case["tax_terminal"])
    kept = last - (growth_t / case["roic_terminal"] * last if growth_t > 0 else 0.0)
    whole = total + kept / (case["wacc_terminal"] - growth_t) * factor
    book = case["book_equity"] + case["book_debt"]
    basis = book if case["failure_proceeds_basis"] == "B" else whole
    odds = case["prob_failure"]
    assets = whole * (1 - odds) + basis * case["failure_proceeds_pct"] * odds
    equity = assets - case["debt"] - case["minority_interests"] + case["cash"]
    equity += case["non_operating_assets"]
    per_share = (equity - case["value_of_options"]) / case["shares"]
    return {
        "sum_pv": whole,
        "operating_assets": assets,
        "equity_value": equity,
        "value_per_share": per_share,
    }


VARIED = st.fixed_dictionaries(
    {
        "growth_y1": rates(-0.2, 0.4),
        "growth_y2_5": rates(-0.1, 0.3),
        "growth_terminal": rates(-0.02, 0.045),
        "margin_y1": rates(-0.4, 0.4),
        "margin_target": rates(0.01, 0.4),
        "margin_convergence_year": st.integers(1, 10),
        "tax_effective": rates(0.0, 0.4),
        "wacc_initial": rates(0.05, 0.15),
        "wacc_terminal": rates(0.06, 0.12),
        "sales_to_capital_1_5": rates(0.5, 4.0),
        "sales_to_capital_6_10": rates(0.5, 4.0),
        "reinvestment_lag": st.integers(0, 3),
        "roic_terminal": rates(0.05, 0.3),
        "nol0": rates(0.0, 60_000.0),
        "prob_failure": rates(0.0, 1.0),
        "failure_proceeds_basis": st.sampled_from("VB"),
        "failure_proceeds_pct": rates(0.0, 1.0),
        "value_of_options": rates(0.0, 5_000.0),
    }
)


@settings(max_examples=80)
@given(VARIED)
def test_the_ten_year_workbook_is_met_on_any_inputs(varied):
    inputs = {**KO["inputs"], **varied}
    if inputs["roic_terminal"] < inputs["growth_terminal"]:
        inputs["roic_terminal"] = inputs["wacc_terminal"]

    case = {
        **KO,
        "inputs": inputs,
        "expected": workbook(inputs),
        "check": {"abs": 1e-6, "rel": 1e-9},
    }

    assert prove(case).differences == ()


def test_unknown_inputs_fail_with_their_names():
    outcome = prove({**KO, "inputs": {**KO["inputs"], "growht_y1": 0.1, "x": 1}})

    assert outcome.status is Status.FAILED
    assert "growht_y1, x" in outcome.differences[0].problem


def test_an_unknown_method_is_unsupported():
    outcome = prove({"id": "a", "model": "astrology", "inputs": {}, "expected": 1})

    assert outcome.as_dict() == {
        "id": "a",
        "model": "astrology",
        "status": "unsupported",
        "differences": [],
    }


@pytest.mark.parametrize("expected", ["ERROR", None])
def test_a_case_without_a_solution_passes_when_it_is_refused(expected):
    endless = {**KO["inputs"], "growth_terminal": 0.0891}

    assert prove({**KO, "inputs": endless, "expected": expected}).status is Status.PASSED
    assert prove({**KO, "expected": expected}).status is Status.FAILED


def test_rows_pair_by_position_and_each_may_be_refused():
    rows = [{"E": 1, "D": 1, "ke": 0.1, "kd": 0.05, "t": 0}, {"E": 0, "D": 0, "ke": 0.1}]
    case = {"model": "wacc", "inputs": rows, "check": {"abs": 1e-12}}

    assert prove({**case, "expected": [0.075, "ERROR"]}).status is Status.PASSED
    assert prove({**case, "expected": [0.075]}).status is Status.FAILED
    wrong = prove({**case, "expected": [0.08, "ERROR"]})
    assert [difference.place for difference in wrong.differences] == ["[0]"]


def test_tolerances_may_differ_by_field():
    case = {
        "model": "diluted_shares_treasury_stock",
        "inputs": {"basic": 100, "options": [[10, 5]], "avg_price": 10, "net_income": 210},
        "expected": {"diluted": 105.4, "diluted_eps": 1.9},
    }

    loose = {"abs": 1, "fields": {"diluted_eps": {"abs": 0.2}}}
    strict = {"abs": 1, "fields": {"diluted_eps": {"abs": 0.05}}}
    assert prove({**case, "check": loose}).status is Status.PASSED
    assert [d.place for d in prove({**case, "check": strict}).differences] == ["diluted_eps"]


@pytest.mark.parametrize(
    ("published", "status"), [(0.2, "passed"), (0.3, "passed"), (0.25, "failed")]
)
def test_of_several_answers_a_source_may_print_any(published, status):
    case = {"model": "irr", "inputs": {"cashflows": [-1000, 2500, -1560]}, "check": {"abs": 1e-9}}

    assert prove({**case, "expected": published}).status == status
    assert prove({**case, "expected": {"irr": published}}).status == status
    assert prove({**case, "expected": {"irr": None}}).status is Status.FAILED


def test_an_answer_may_be_that_there_is_none():
    case = {"model": "irr", "inputs": {"values": [1, 2, 3], "guess": 0.1}}

    assert prove({**case, "expected": {"irr": None}}).status is Status.PASSED
    assert prove({**case, "expected": {"irr": 0.1}}).status is Status.FAILED


def test_days_with_amounts_may_be_written_as_pairs():
    case = {
        "model": "irr_moic_dated",
        "inputs": {"flows": [["2031-06-30", 270], ["2026-06-30", -100]], "day_count": "thirty_360"},
        "expected": {"irr": 2.7**0.2 - 1.0, "moic": 2.7, "net": 170},
    }

    assert prove(case).differences == ()
    assert prove({**case, "inputs": {"flows": [["2031-06-31", 1]]}}).status is Status.FAILED


def test_a_cell_of_a_table_without_a_value_is_null():
    case = {
        "model": "dcf_fcff_direct",
        "inputs": {
            "fcf": [10.0],
            "wacc": 0.1,
            "perpetual_growth": 0.0,
            "mid_year": False,
            "wacc_grid": [0.1],
            "growth_grid": [0.0, 0.1],
        },
        "expected": {
            "enterprise_value": 100.0,
            "ev_grid_rows_growth_cols_wacc": [[100.0], [None]],
        },
    }

    assert prove(case).status is Status.PASSED


@pytest.mark.parametrize(
    "case",
    [
        None,
        [],
        {"model": "wacc"},
        {"model": "wacc", "inputs": 5, "expected": 1},
        {"model": "wacc", "inputs": [5], "expected": [1]},
        {"model": "wacc", "inputs": {"E": "1", "ke": 1}, "expected": 1},
        {"model": "wacc", "inputs": {"E": "1", "ke": 1}, "expected": None},
        {"model": "wacc", "inputs": {"E": 1, "ke": 0.1}, "expected": "0.1"},
        {"model": "wacc", "inputs": {"E": 1, "ke": 0.1}, "expected": [0.1]},
        {"model": "wacc", "inputs": {"E": 1, "ke": 0.1}, "expected": {"roe": 1}},
        {"model": "wacc", "inputs": {"E": 1, "ke": 0.1}, "expected": 0.1, "check": 5},
        {"model": "wacc", "inputs": {"E": 1, "ke": 0.1}, "expected": True},
        {"model": "wacc", "inputs": {"E": 1, "ke": 0.1}, "expected": float("inf")},
        {"model": "wacc", "inputs": {"E": 1, "ke": 0.1}, "expected": 10**400},
        {"model": "discount_periods", "inputs": {"full_years": 0}, "expected": [1.0]},
    ],
)
def test_a_case_that_cannot_be_read_fails_and_says_why(case):
    outcome = prove(case)

    assert outcome.status is Status.FAILED
    assert outcome.differences
    json.dumps(outcome.as_dict(), allow_nan=False)


@pytest.mark.parametrize(
    "tolerance",
    [
        {"abs": "inf"},
        {"abs": "1"},
        {"abs": True},
        {"abs": float("inf")},
        {"rel": float("nan")},
        {"abs": -1},
        {"percent": 5},
        {"abs": 1, "fields": {"wacc": {"rel": float("inf")}}},
        {"abs": 1, "fields": ["wacc"]},
    ],
)
def test_a_tolerance_is_a_finite_number_from_zero_on_or_the_case_fails(tolerance):
    case = {"model": "wacc", "inputs": {"E": 1, "ke": 0.1}, "expected": {"wacc": 0.1}}

    outcome = prove({**case, "check": tolerance})

    assert [difference.place for difference in outcome.differences] == ["check"]
    assert prove({**case, "check": {"abs": 0}}).status is Status.PASSED


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (ONE_SOURCE, {}),
        (ONE_SOURCE, []),
        (ONE_SOURCE, {"note": "as printed"}),
        ([], []),
        ([ONE_SOURCE, ONE_SOURCE], [0.1, {}]),
    ],
)
def test_a_case_of_which_nothing_is_compared_fails(inputs, expected):
    outcome = prove({"model": "wacc", "inputs": inputs, "expected": expected})

    assert outcome.status is Status.FAILED
    assert outcome.differences


@pytest.mark.parametrize("expected", ["ERROR", None, {"value_per_share": None}])
@pytest.mark.parametrize(
    "changed",
    [{"x": 1}, {"shares": None}, {"shares": "many"}, {"failure_proceeds_basis": "fair"}],
    ids=str,
)
def test_inputs_that_cannot_be_read_are_no_refusal_by_the_model(changed, expected):
    case = {**KO, "inputs": {**KO["inputs"], **changed}, "expected": expected}

    assert prove(case).status is Status.FAILED


@pytest.mark.parametrize("expected", ["ERROR", None, {"value_per_share": None}])
@pytest.mark.parametrize(
    "changed", [{"shares": 0}, {"reinvestment_lag": -1}, {"revenue0": 1e200}], ids=str
)
def test_numbers_out_of_their_range_are_refused_by_the_model(changed, expected):
    case = {**KO, "inputs": {**KO["inputs"], **changed}, "expected": expected}

    assert prove(case).differences == ()


def test_a_refusal_is_no_answer_where_a_figure_was_published():
    inputs = {**KO["inputs"], "shares": 0}

    outcome = prove({**KO, "inputs": inputs, "expected": {"sum_pv": 178845.7, "revenues": None}})

    assert "shares_not_positive" in outcome.differences[0].problem


@pytest.mark.parametrize("none", [{}, {"stub": 0}, {"stub": None}])
def test_a_stub_of_zero_is_no_stub_in_either_method(none):
    flows = {"fcf": [10.0, 11.0], "wacc": 0.1, "perpetual_growth": 0.02}
    direct = {"model": "dcf_fcff_direct", "inputs": {**flows, **none}}
    periods = {"model": "discount_periods", "inputs": {"full_years": 2, **none}}

    assert prove({**direct, "expected": {"discount_periods": [1, 2]}}).status is Status.PASSED
    assert prove({**periods, "expected": [1, 2]}).status is Status.PASSED


@pytest.mark.parametrize("wacc", [0.1, [0.1, 0.12], {"start": 0.1, "end": 0.12, "to_year": 2}])
def test_a_table_holds_one_wacc_for_all_years_whatever_the_case_itself_has(wacc):
    case = {
        "model": "dcf_fcff_direct",
        "inputs": {
            "fcf": [10.0, 10.0],
            "wacc": wacc,
            "perpetual_growth": 0.0,
            "wacc_grid": [0.05, 0.2],
            "growth_grid": [0.0],
        },
        "expected": {"ev_grid_rows_growth_cols_wacc": [[200.0, 50.0]]},  # 10 / WACC
    }

    assert prove(case).differences == ()


def test_a_loss_per_share_is_told_over_the_basic_shares():
    case = {
        "model": "diluted_shares_treasury_stock",
        "inputs": {"basic": 100, "options": [[10, 5]], "avg_price": 10, "net_income": -100},
        "expected": {"diluted_eps": -1.0},
    }

    assert prove(case).status is Status.PASSED


def test_the_schema_tells_every_methods_fields_and_options():
    told = schemas()

    basis = told["dcf_fcff_drivers"]["inputs"]["properties"]["failure_proceeds_basis"]
    assert basis["enum"] == ["V", "B"]
    json.dumps(told, allow_nan=False)


@cache
def reader_of(model: str) -> Draft202012Validator:
    schema = schemas()[model]["inputs"]
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("path", sorted(CASES.glob("*.json")), ids=lambda path: path.stem)
def test_published_inputs_are_as_the_schema_says(path):
    case = json.loads(path.read_text())
    rows = case["inputs"] if isinstance(case["inputs"], list) else [case["inputs"]]

    for row in rows:
        said = {name: value for name, value in row.items() if name not in REMARKS}
        reader_of(case["model"]).validate(said)
