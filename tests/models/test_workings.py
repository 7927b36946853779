"""What the workings promise: the same bits, formulas that stand alone, and no silent loss."""

import json
import math
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.strategies import integers

from tests.workbooks.cases import RANDOM_CASES, a_dcf, moved
from valor_core.errors import BadInputs, NotFound
from valor_core.models.catalogue import MODELS, model_of
from valor_core.models.dcf import discounted_cash_flow
from valor_core.models.fields import leaves
from valor_core.models.numbers import Numbers, Row, row_of
from valor_core.models.recorder import NotRecordable, Recorded, Tape, whole
from valor_core.models.refusals import GrowthNotBelowWacc
from valor_core.models.sensitivity import replace_at
from valor_core.models.terminal import TerminalMethod
from valor_core.models.workings import OtherBranch, Workings, record
from valor_core.values import FiledFact, Source, SourceKind

SEEDS = integers(0, 10_000)


def recorded(inputs) -> Workings:
    return record(model_of(inputs).function, inputs)


def same_bits(ours, theirs) -> None:
    ours, theirs = leaves(ours), leaves(theirs)
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        assert type(value) is type(theirs[name]), name
        assert np.asarray(value).tobytes() == np.asarray(theirs[name]).tobytes(), name


def gives(numbers, result) -> None:
    """The same names and the same numbers."""
    expected = leaves(result)
    assert numbers.keys() == expected.keys()
    for name, value in expected.items():
        assert np.array_equal(numbers[name], value), name


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@given(seed=SEEDS)
@settings(max_examples=12)
def test_a_recording_has_the_bits_of_the_plain_run_and_its_formulas_alone_give_them_again(
    model, seed
):
    inputs = RANDOM_CASES[model.name](seed)
    workings = recorded(inputs)

    same_bits(workings.result, model.function(inputs))
    gives(workings.evaluate(), workings.result)

    changes = moved(workings, seed)
    try:
        again = workings.evaluate(changes)
    except OtherBranch:
        return
    for path, value in changes.items():
        inputs = replace_at(inputs, path, value)
    gives(again, model.function(inputs))


@given(seed=SEEDS)
@settings(max_examples=15)
def test_every_number_is_explained_down_to_inputs_and_nothing_is_cut(seed):
    workings = recorded(a_dcf(seed))

    for name in leaves(workings.result):
        tree = workings.explain(name)
        for _, each in tree.walk():
            assert "(…" not in each.formula  # no formula was too long to spell
            if not each.parts and not each.seen_above and not each.is_input:
                assert each.name == "discount_periods"  # it follows from years and timing alone
                assert each.formula
        json.dumps(tree.as_dict(), allow_nan=False)


@given(seed=SEEDS)
@settings(max_examples=15)
def test_what_is_shared_stands_in_a_tree_once(seed):
    tree = recorded(a_dcf(seed)).explain("value_per_share")

    opened = Counter(each.name for _, each in tree.walk() if each.parts)

    assert max(opened.values()) == 1
    assert sum(1 for _ in tree.walk()) < 600


def test_a_formula_names_its_operands():
    workings = recorded(a_dcf(1))

    formulas = {name: workings.explain(name).formula for name in ("equity_value", "ebit", "fcff")}

    assert formulas["equity_value"] == "enterprise_value − claims + other_assets"
    assert formulas["ebit"].startswith("revenues × margin")
    assert "nopat" in formulas["fcff"]


def test_one_year_of_a_row_is_explained_with_its_year():
    workings = recorded(a_dcf(1))

    element = workings.explain("fcff[1]")

    assert (element.year, element.value) == (2, workings.result.fcff[1])
    assert element.formula == "nopat[1] − reinvestment[1]"
    assert [part.name for part in element.parts] == ["nopat[1]", "reinvestment[1]"]
    assert "fcff[1] (year 2) = " in element.as_text()


def test_a_name_that_is_no_number_of_the_run_is_told():
    workings = recorded(a_dcf(1))

    for name in ("nothing", "fcff[99]", "value_per_share[0]"):
        with pytest.raises(NotFound, match="number in these workings"):
            workings.explain(name)


def test_an_explanation_ends_in_the_filed_fact():
    fact = FiledFact(
        item="revenue",
        value=30990e6,
        unit="USD",
        tag="us-gaap:SalesRevenueGoodsNet",
        accession="0001047469-10-001476",
        form="10-K",
        filed_on=date(2010, 2, 26),
        fiscal_year=2009,
        period_start=date(2009, 1, 1),
        period_end=date(2009, 12, 31),
    )
    sources = {"revenue": Source(kind=SourceKind.FILED, text="as filed", facts=(fact,))}

    tree = recorded(a_dcf(1)).explain("revenues", sources)

    (part,) = (each for _, each in tree.walk() if each.name == "revenue")
    assert part.source == sources["revenue"]
    assert part.as_dict()["source"]["facts"][0]["accession"] == "0001047469-10-001476"
    assert "us-gaap:SalesRevenueGoodsNet, 0001047469-10-001476" in tree.as_text()


def test_a_rationale_is_shown_as_text_in_a_notebook():
    sources = {"revenue": Source(kind=SourceKind.ASSUMED, text="<script>", author="A. Nalyst")}

    html = recorded(a_dcf(1)).explain("revenues", sources)._repr_html_()

    assert "&lt;script&gt;" in html
    assert "<script>" not in html


def test_the_digest_tells_runs_apart_and_repeats_itself():
    inputs = a_dcf(3)
    other = replace_at(inputs, "revenue", inputs.revenue * (1 + 1e-15))

    digests = [recorded(each).digest() for each in (inputs, a_dcf(3), other)]

    assert digests[0] == digests[1] != digests[2]


def test_a_decision_that_would_fall_otherwise_is_told():
    workings = recorded(a_dcf(1))

    with pytest.raises(OtherBranch, match="while “revenue ≥ 0” is true"):
        workings.evaluate({"revenue": -1.0})


def test_changes_that_fit_no_input_are_all_told_at_once():
    workings = recorded(a_dcf(1))

    with pytest.raises(BadInputs) as refused:
        workings.evaluate({"revenu": 1.0, "revenue": [1.0, 2.0]})

    assert [flaw.place for flaw in refused.value.flaws] == ["revenu", "revenue"]


def test_a_refusal_names_the_numbers_of_the_recorded_run():
    inputs = replace(a_dcf(1), terminal_growth=0.2, terminal_method=TerminalMethod.GORDON)

    with pytest.raises(GrowthNotBelowWacc, match=r"20\.00"):
        record(discounted_cash_flow, inputs)


LOSSY = {
    "float": float,
    "int": int,
    "math": math.exp,
    "asarray": np.asarray,
    "an unknown function": np.linalg.norm,
    "a method of an operation": np.add.reduce,
    "an unknown operation": np.cbrt,
    "writing": lambda flows: flows.__setitem__(0, 1.0),
    "filling": lambda flows: np.full(3, flows),
    "adding in place": lambda flows: np.arange(3.0).__iadd__(flows),
    "choosing by a number": lambda flows: flows[flows],
    "counting conditions": lambda flows: (flows > 1.0).sum(),
    "not of a number": lambda flows: ~flows,
    "a keyword": lambda flows: np.sum(a=flows),
}


@pytest.mark.parametrize("act", LOSSY)
def test_what_would_drop_the_workings_is_refused_with_what_to_write_instead(act):
    flows = Recorded(np.arange(3.0), "input", tape=Tape())

    with pytest.raises(NotRecordable) as refused:
        LOSSY[act](flows)

    assert refused.value.hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Savings:
    start: Numbers
    rates: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    balances: Row
    index: Row
    best: Numbers
    reversed: Row
    end: Numbers


def saved(inputs: Savings) -> Saved:
    balance, balances = inputs.start, []
    for rate in inputs.rates:
        balance = balance * (1.0 + rate)
        balances.append(balance)
    index = np.cumprod(1.0 + inputs.rates, axis=-1)
    return Saved(
        balances=row_of(balances),
        index=index,
        best=np.max(np.stack([inputs.rates, inputs.rates[::-1]]), axis=0).sum(),
        reversed=np.concatenate([inputs.rates[1:], inputs.rates[:1]])[::-1],
        end=np.clip(index[-1] * inputs.start, 0.0, 1e9),
    )


SAVINGS = Savings(start=100.0, rates=np.array([0.01, 0.03, 0.02]))


def test_loops_running_products_and_moved_elements_keep_their_formulas():
    workings = record(saved, SAVINGS)

    told = {name: workings.explain(name).formula for name in leaves(workings.result)}

    assert told == {
        "balances": "t = 0: start × (1 + rates[t]); t = 1…2: balances[t−1] × (1 + rates[t])",
        "index": "t = 0: 1 + rates[t]; t = 1…2: index[t−1] × (1 + rates[t])",
        "best": "sum(max(rates[0], rates[2]), max(rates[1], rates[1]), max(rates[2], rates[0]))",
        "reversed": "t = 0: rates[t]; t = 1: rates[t+1]; t = 2: rates[t−1]",
        "end": "index[2] × start kept between 0 and 1e+09",
    }
    assert workings.evaluate()["best"] == workings.result.best == pytest.approx(0.02 + 0.03 + 0.02)


def test_a_batch_of_scenarios_has_no_workings():
    batch = Savings(start=np.array([[1.0], [2.0]]), rates=np.array([[0.1, 0.2], [0.3, 0.4]]))

    with pytest.raises(NotRecordable, match="one company at a time"):
        record(lambda inputs: inputs, batch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A result that one function makes of a whole row."""

    doubled: Row
    middle: Numbers


def median(row):
    return np.sort(row)[..., len(row) // 2]


def ranked(inputs: Savings) -> Ranked:
    doubled = row_of([rate * 2.0 for rate in inputs.rates])
    return Ranked(doubled=doubled, middle=whole(median, doubled))


def test_a_function_of_a_whole_row_is_one_step_by_its_name():
    workings = record(ranked, SAVINGS)

    told = workings.explain("middle")

    assert (told.value, told.formula) == (0.04, "median(doubled)")
    assert [part.name for part in told.parts] == ["doubled"]
    assert workings.evaluate({"rates": [0.5, 0.1, 0.3]})["middle"] == 0.6
