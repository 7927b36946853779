"""A model as a list of operations: the same bits as the model itself."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.simulation.sound import a_plan
from tests.models.sound import a_cost_of_capital, a_dcf, a_direct_dcf, dcfs
from valor_core.errors import NotFound
from valor_core.models.catalogue import model_of
from valor_core.models.dilution import OptionTranche, Shares
from valor_core.models.discounting import Timing
from valor_core.models.fields import hints, is_number, leaves
from valor_core.models.sensitivity import replace_at
from valor_core.models.simulation import program
from valor_core.models.simulation.draws import Chunk
from valor_core.models.simulation.program import Program, directly, evaluator
from valor_core.models.simulation.running import drawn
from valor_core.models.simulation.tracing import NotTraceable
from valor_core.models.terminal import TerminalMethod


def lines(inputs) -> tuple[str, ...]:
    return tuple(n for n, hint in hints(model_of(inputs).result).items() if is_number(hint))


def same_bits(inputs, draws) -> None:
    ends = {path: (float(min(values)), float(max(values))) for path, values in draws.items()}
    meant = directly(inputs, draws, lines(inputs))
    for within in (None, ends):
        made = Program(inputs, tuple(draws), lines(inputs), within).run(draws)
        for name in lines(inputs):
            np.testing.assert_array_equal(made[name], meant[name], err_msg=name)


def around(inputs, paths, scenarios=40, *, seed=1, spread=0.4):
    """Values far enough around the base case for some scenarios to be refused."""
    random, known = np.random.default_rng(seed), leaves(inputs)
    return {
        path: known[path] * (1.0 + spread * random.standard_normal(scenarios)) for path in paths
    }


@settings(max_examples=30, deadline=None)
@given(dcfs(), st.data())
def test_every_line_of_any_company_has_the_bits_of_the_model(company, data):
    single = sorted(path for path, value in leaves(company).items() if np.ndim(value) == 0)
    paths = data.draw(st.lists(st.sampled_from(single), min_size=1, max_size=5, unique=True))

    same_bits(company, around(company, paths, seed=data.draw(st.integers(0, 99))))


@pytest.mark.parametrize(
    "inputs",
    [
        a_direct_dcf(timing=Timing.MID_YEAR, stub=0.5, exit_multiple=9.0, exit_metric=20.0),
        a_direct_dcf(free_cash_flow=[1.0] * 17, shares=Shares(basic=3.0)),
        a_cost_of_capital(),
        a_dcf(
            exit_multiple=12.0,
            terminal_method=TerminalMethod.EXIT_MULTIPLE,
            operating_loss=9_000.0,
            shares=Shares(
                basic=100.0,
                options=(
                    OptionTranche(number=9.0, strike=20.0),
                    OptionTranche(number=5.0, strike=400.0),
                ),
            ),
        ),
        a_dcf(wacc=None, cost_of_capital=a_cost_of_capital()),
    ],
    ids=["stub", "long", "capital", "multiple", "capm"],
)
def test_all_numbers_may_vary_at_once(inputs):
    single = [path for path, value in leaves(inputs).items() if np.ndim(value) == 0]

    same_bits(inputs, around(inputs, single, 200, spread=0.1))


def test_single_years_of_a_row_may_vary():
    inputs = a_dcf(growth=[0.05] * 10, margin=[0.2] * 10)
    random = np.random.default_rng(3)
    draws = {f"growth[{year}]": random.normal(0.05, 0.02, 50) for year in (0, 3, 9)}
    draws |= {"margin[2]": random.normal(0.2, 0.1, 50), "terminal_growth": np.full(50, 0.02)}

    same_bits(inputs, draws)


def test_blocks_do_not_show_in_the_result(monkeypatch):
    plan, inputs = a_plan(), a_dcf()
    chunk = Chunk(index=0, replicate=0, start=0, count=1000)
    draws = drawn(plan, chunk, plan.dependence().root)
    whole = Program(inputs, plan.paths, ("value_per_share",)).run(draws)

    monkeypatch.setattr(program, "BLOCK", 64)
    in_parts = Program(inputs, plan.paths, ("value_per_share",)).run(draws)

    np.testing.assert_array_equal(in_parts["value_per_share"], whole["value_per_share"])


def test_only_what_is_asked_for_is_computed():
    small = Program(a_dcf(), ("terminal_growth",), ("terminal_revenue",))
    large = Program(a_dcf(), ("terminal_growth",), ("value_per_share",))

    assert small.operations < large.operations


def test_what_always_holds_between_the_ends_is_not_computed():
    drivers = ("margin.start", "terminal_growth")
    free = Program(a_dcf(), drivers, ("value_per_share",))
    ends = {"margin.start": (0.1, 0.3), "terminal_growth": (0.0, 0.04)}
    bound = Program(a_dcf(), drivers, ("value_per_share",), ends)

    assert bound.operations < 0.7 * free.operations


def test_values_beyond_the_ends_are_valued_like_all_others():
    drivers, columns = ("margin.start", "terminal_growth"), ("value_per_share", "losses_left")
    ends = {"margin.start": (0.1, 0.3), "terminal_growth": (0.0, 0.04)}
    run = evaluator(a_dcf(), drivers, columns, within=ends)

    for margin, growth in ((0.2, 0.03), (-0.2, 0.03), (0.2, 0.09), (np.nan, 0.03)):
        draws = {
            "margin.start": np.array([0.2, margin]),
            "terminal_growth": np.array([0.0, growth]),
        }
        made, meant = run(draws), directly(a_dcf(), draws, columns)
        for name in columns:
            np.testing.assert_array_equal(made[name], meant[name])


def test_a_company_that_is_never_valued_between_the_ends_has_its_reason_each_time():
    ends = {"terminal_growth": (0.1, 0.2)}
    draws = {"terminal_growth": np.array([0.1, 0.15])}

    made = evaluator(a_dcf(), tuple(draws), ("value_per_share",), within=ends)(draws)

    assert np.isnan(made["value_per_share"]).all()


def test_a_model_that_decides_on_a_number_is_run_itself(monkeypatch):
    def refusing(*_):
        raise NotTraceable("a decision on a number")

    draws = {"terminal_growth": np.array([0.01, 0.02, 0.2])}
    meant = evaluator(a_dcf(), tuple(draws), ("value_per_share", "fcff"))(draws)
    monkeypatch.setattr(program, "Program", refusing)
    monkeypatch.setattr(program, "kept_evaluator", program.kept_evaluator.__wrapped__)

    made = evaluator(a_dcf(), tuple(draws), ("value_per_share", "fcff"))(draws)

    for name, values in meant.items():
        np.testing.assert_array_equal(made[name], values)
    assert np.isnan(meant["value_per_share"]).tolist() == [False, False, True]


def test_who_asks_the_same_again_has_the_same_program_and_who_asks_otherwise_another():
    def program_of(inputs, columns=("value_per_share",)):
        return evaluator(inputs, ("terminal_growth",), columns)

    first = program_of(a_dcf())

    assert program_of(a_dcf()) is first
    assert program_of(a_dcf(operating_loss=1.0)) is not first
    assert program_of(a_dcf(), ("fcff",)) is not first


def test_one_program_serves_several_threads_at_once():
    columns, known = ("value_per_share",), leaves(a_dcf())["terminal_growth"]
    draws = [{"terminal_growth": np.full(500, known - 0.0001 * n)} for n in range(20)]
    run = evaluator(a_dcf(), ("terminal_growth",), columns)
    meant = [directly(a_dcf(), each, columns)["value_per_share"] for each in draws]

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(run, draws * 10))

    for found, column in zip(made, meant * 10, strict=True):
        np.testing.assert_array_equal(found["value_per_share"], column)


def test_an_input_that_is_no_number_is_refused_by_its_path():
    with pytest.raises(NotFound):
        Program(a_dcf(), ("nothing",), ("value_per_share",))


def test_a_company_alone_has_its_value_among_many():
    draws = {"terminal_growth": np.array([0.01, 0.02]), "wacc.start": np.array([0.08, 0.09])}
    made = evaluator(a_dcf(), tuple(draws), ("value_per_share",))(draws)["value_per_share"]

    for place in (0, 1):
        alone = a_dcf()
        for path, values in draws.items():
            alone = replace_at(alone, path, values[place])
        assert made[place] == model_of(alone).function(alone).value_per_share
