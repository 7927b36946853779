"""Machine code of a model's operations: numpy's own bits, where it earns its compiling back."""

import operator
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from llvmlite import binding

from tests.models.simulation.sound import a_plan
from tests.models.sound import a_dcf
from tests.workbooks.cases import RANDOM_CASES
from valor_core.models.catalogue import MODELS
from valor_core.models.fields import hints, is_number, leaves
from valor_core.models.simulation import compiled, loops, writing
from valor_core.models.simulation.compiled import Compiled
from valor_core.models.simulation.draws import Sampler
from valor_core.models.simulation.loops import MachineCode, can_compile
from valor_core.models.simulation.program import BLOCK, Program, kept_evaluator
from valor_core.models.simulation.running import simulate
from valor_core.models.simulation.stepwise import Stepwise
from valor_core.models.simulation.tracing import NotTraceable, Varying
from valor_core.models.simulation.writing import LANES, compiles

ROOT = Path(__file__).resolve().parents[3]
EXTREMES = (
    np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.1, -0.3, 2.5, 1e16, 5e-324, -2e-310,
    1.7976931348623157e308, -1e308, 1.0 + 2**-52, 1.0 - 2**-53,
)  # fmt: skip
PAIRS = np.array([(a, b) for a in EXTREMES for b in EXTREMES]).T

OF_TWO = (
    np.add, np.subtract, np.multiply, np.divide, np.minimum, np.maximum, np.less, np.less_equal,
    np.greater, np.greater_equal, np.equal, np.not_equal, np.logical_and, np.logical_or, np.power,
)  # fmt: skip
OF_ONE = (
    np.negative, np.absolute, np.sqrt, np.isfinite, np.isnan, np.isinf, np.logical_not, np.exp,
    np.log, np.sign,
)  # fmt: skip


def bits(column) -> bytes:
    """The bits of numbers; a nan is a nan, of which numpy promises no sign."""
    column = np.asarray(column)
    return np.where(np.isnan(column), np.nan, column).tobytes() if column.dtype == float else (
        column.tobytes()
    )  # fmt: skip


def same(made: dict, meant: dict) -> None:
    for number, column in meant.items():
        assert made[number].dtype == column.dtype
        assert bits(made[number]) == bits(column), number


def numbers(*drivers):
    """As many varying numbers as columns, and the columns."""
    known: dict = {}
    return [Varying(known) for _ in drivers], [np.asarray(each, dtype=float) for each in drivers]


def by_both(drivers, steps, wanted, values) -> None:
    with np.errstate(all="ignore"):
        meant = Stepwise(drivers, steps, wanted).run(values)
        same(Compiled(drivers, steps, wanted).run(values), meant)


@pytest.fixture(params=["this processor", "x86-64-v3", "x86-64"])
def processor(request, monkeypatch):
    """The code as other processors would have it, wherever this one can run it."""
    if request.param != "this processor":
        if not binding.get_default_triple().startswith("x86_64"):
            pytest.skip("a processor of another kind")
        if request.param == "x86-64-v3" and not binding.get_host_cpu_features()["avx2"]:
            pytest.skip("a processor without AVX2")
        loops._processor()  # readies the compiler
        monkeypatch.setattr(
            loops,
            "_processor",
            lambda: binding.Target.from_default_triple().create_target_machine(
                cpu=request.param, opt=1
            ),
        )
    monkeypatch.setattr(loops, "machine_code", MachineCode)  # none that was compiled before
    return request.param


@pytest.mark.parametrize("function", OF_TWO, ids=lambda each: each.__name__)
def test_an_operation_on_two_numbers_has_numpys_bits_at_every_extreme(function, processor):
    (first, second), values = numbers(*PAIRS)
    pairs = [(first, second), *((first, x) for x in EXTREMES), *((x, second) for x in EXTREMES)]
    steps = [(Varying(first.known, function, operands), operands) for operands in pairs]

    by_both([first, second], steps, [number for number, _ in steps], values)


@pytest.mark.parametrize(("function", "negative"), [(np.minimum, True), (np.maximum, False)])
def test_where_numpy_knows_the_lesser_of_two_zeros_so_does_the_loop(
    function, negative, processor, monkeypatch
):
    monkeypatch.setattr(writing, "_SECOND_OF_ZEROS", False)
    drivers, values = numbers(*PAIRS)
    number = Varying(drivers[0].known, function, tuple(drivers))

    made = Compiled(drivers, [(number, drivers)], [number]).run(values)[number]

    zeros = (
        (values[0] == 0.0) & (values[1] == 0.0) & (np.signbit(values[0]) ^ np.signbit(values[1]))
    )
    np.testing.assert_array_equal(made, function(*values))
    assert np.signbit(made[zeros]).tolist() == [negative] * 2


@pytest.mark.parametrize("function", OF_ONE, ids=lambda each: each.__name__)
def test_an_operation_on_one_number_has_numpys_bits_at_every_extreme(function, processor):
    (number,), values = numbers(EXTREMES)
    step = (Varying(number.known, function, (number,)), (number,))

    by_both([number], [step], [step[0]], values)


@pytest.mark.parametrize("exponent", [2.0, 2, 1.0, 0.5, 0.0, -1.0, 3, 1 / 7, -2.0, np.nan])
def test_a_power_has_the_bits_of_numpys_own_rules_for_its_exponent(exponent, processor):
    (number,), values = numbers(EXTREMES)
    operands = (number, exponent)
    step = (Varying(number.known, operator.pow, operands), operands)

    by_both([number], [step], [step[0]], values)


def test_a_product_is_rounded_before_it_is_added_to(processor):
    random = np.random.default_rng(1)
    (first, second, third), values = numbers(*random.standard_normal((3, 1_000)))
    known = first.known
    product = Varying(known, np.multiply, (first, second))
    total = Varying(known, np.add, (product, third))
    steps = [(product, [first, second]), (total, [product, third])]

    by_both([first, second, third], steps, [total], values)


def test_what_ieee_754_leaves_open_is_not_compiled():
    (number,), _ = numbers([1.0])
    open_to = {np.exp: (), np.log: (), np.power: (3.0,), operator.pow: (3.0,), np.signbit: ()}

    for function, more in open_to.items():
        operands = (number, *more)
        assert not compiles((Varying(number.known, function, operands), operands))


ARITHMETIC = (np.add, np.subtract, np.multiply, np.divide, np.minimum, np.maximum)
ORDER = (np.less, np.greater_equal, np.equal, np.not_equal)
LOGIC = (np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.logical_or)


@st.composite
def lists_of_operations(draw):
    """Drivers, operations each on what came before, and some of the numbers as wanted."""
    known: dict = {}
    drivers = [Varying(known) for _ in range(draw(st.integers(1, 4)))]
    values, truths, steps = list(drivers), [], []
    constants = st.sampled_from(EXTREMES)
    for _ in range(draw(st.integers(1, 25))):
        value = st.sampled_from(values) | constants
        one = draw(st.sampled_from(values))
        choices = [
            (draw(st.sampled_from(ARITHMETIC)), draw(st.permutations([one, draw(value)]))),
            (draw(st.sampled_from(ORDER)), draw(st.permutations([one, draw(value)]))),
            (draw(st.sampled_from([np.exp, np.negative, np.sqrt, np.isfinite])), [one]),
            (operator.pow, [one, draw(st.sampled_from([2.0, 0.5, 3.0]))]),
        ]
        if truths:
            truth = draw(st.sampled_from(truths))
            choices += [
                (np.where, [truth, draw(value), draw(value)]),
                (np.where, [truth, truth, one]),
                (np.multiply, [truth, one]),
                (draw(st.sampled_from(LOGIC)), [truth, draw(st.sampled_from([*truths, True]))]),
                (np.invert, [truth]),
            ]
        function, operands = draw(st.sampled_from(choices))
        number = Varying(known, function, tuple(operands))
        (truths if number.condition else values).append(number)
        steps.append((number, operands))
    made = [number for number, _ in steps]
    wanted = draw(st.lists(st.sampled_from([*drivers, *made]), min_size=1, unique_by=id))
    return drivers, steps, wanted


@settings(max_examples=60, deadline=None)
@given(lists_of_operations(), st.integers(1, 3 * LANES + 1), st.integers(0, 99))
def test_any_list_of_operations_has_numpys_bits_over_any_number_of_scenarios(listed, count, seed):
    drivers, steps, wanted = listed
    random = np.random.default_rng(seed)
    values = [
        np.where(
            random.random(count) < 0.5,
            random.choice(EXTREMES, count),
            random.standard_normal(count),
        )
        for _ in drivers
    ]

    by_both(drivers, steps, wanted, values)


def traced(model, seed):
    """A program of all lines of a model over those of its inputs that it traces, and values."""
    inputs = RANDOM_CASES[model.name](seed)
    lines = tuple(name for name, hint in hints(model.result).items() if is_number(hint))
    single = [path for path, value in leaves(inputs).items() if isinstance(value, float)]
    paths = [path for path in single if _traces(inputs, path, lines)]
    random = np.random.default_rng(seed)
    draws = {
        path: leaves(inputs)[path] * (1.0 + 0.5 * random.standard_normal(3 * LANES + 5))
        for path in paths
    }
    return (Program(inputs, paths, lines), draws) if paths else None


def _traces(inputs, path, lines) -> bool:
    try:
        Program(inputs, (path,), lines)
    except NotTraceable:
        return False
    return True


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_model_that_is_traced_has_numpys_bits(model):
    if (found := traced(model, 1)) is None:
        assert model.name == "flexible_project"  # a lattice decides step by step
        return
    program, draws = found
    values = list(draws.values())

    by_loops = program.by(program.by_loops, values)

    for name, column in program.by(program.by_numpy, values).items():
        assert bits(by_loops[name]) == bits(column), name


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(["dcf", "dcf_direct", "merger", "credit"]), st.integers(2, 10_000))
@example("lbo", 3)
def test_random_companies_have_numpys_bits(name, seed):
    (model,) = [each for each in MODELS if each.name == name]
    found = traced(model, seed)
    assert found is not None
    program, draws = found
    values = list(draws.values())

    by_loops = program.by(program.by_loops, values)

    for line, column in program.by(program.by_numpy, values).items():
        assert bits(by_loops[line]) == bits(column), line


def test_columns_of_any_layout_are_read():
    program = Program(a_dcf(), ("terminal_growth", "wacc.start"), ("value_per_share", "fcff"))
    table = np.random.default_rng(1).uniform([0.01, 0.07], [0.03, 0.09], (100, 2))
    draws = dict(zip(("terminal_growth", "wacc.start"), table.T, strict=True))

    made = program.by(program.by_loops, list(draws.values()))

    for name, column in program.by(program.by_numpy, list(draws.values())).items():
        np.testing.assert_array_equal(made[name], column)


def values_of(plan, count) -> dict[str, np.ndarray]:
    random, known = np.random.default_rng(3), leaves(a_dcf())
    return {p: known[p] * (1.0 + 0.05 * random.standard_normal(count)) for p in plan.paths}


def test_a_program_goes_over_to_machine_code_once_numpy_took_as_long_and_no_bit_changes():
    plan, line = a_plan(), ("value_per_share",)
    loops.machine_code.cache_clear()
    program = Program(a_dcf(), plan.paths, line)
    draws = values_of(plan, 2 * BLOCK + 3)
    first = program.run(draws)["value_per_share"]
    assert not any(loop.code.compiled for loop in program.by_loops.loops)

    for _ in range(compiled.COMPILING // (2 * BLOCK)):
        assert np.array_equal(program.run(draws)["value_per_share"], first)

    assert all(loop.code.compiled for loop in program.by_loops.loops)


@pytest.mark.parametrize("sampler", list(Sampler))
def test_a_simulation_has_the_same_bytes_either_way(sampler, monkeypatch):
    plan = a_plan(scenarios=40_000, sampler=sampler, columns=("value_per_share", "fcff"))
    by_numpy = simulate(a_dcf(), plan)

    made, compile_it = [], MachineCode._compile
    monkeypatch.setattr(MachineCode, "_compile", lambda code: made.append(compile_it(code)))
    monkeypatch.setattr(compiled, "COMPILING", 0)
    kept_evaluator.cache_clear()
    loops.machine_code.cache_clear()
    by_loops = simulate(a_dcf(), plan)

    assert made
    for name, column in by_numpy.columns.items():
        assert by_loops.columns[name].tobytes() == column.tobytes()


def test_the_code_of_one_company_serves_another_of_the_same_structure():
    plan = a_plan()
    one = Program(a_dcf(), plan.paths, ("value_per_share",))
    other = Program(a_dcf(revenue=777.0), plan.paths, ("value_per_share",))
    values = list(values_of(plan, 50).values())

    assert one.by_loops.loops[0].code is other.by_loops.loops[0].code
    for program in (one, other):
        made, meant = (program.by(way, values) for way in (program.by_loops, program.by_numpy))
        assert np.array_equal(made["value_per_share"], meant["value_per_share"])


def test_threads_share_a_loop_and_mix_up_nothing():
    plan = a_plan()
    program = Program(a_dcf(), plan.paths, ("value_per_share",))
    parts = [[each + 1e-4 * n for each in values_of(plan, 5_000).values()] for n in range(8)]
    meant = [program.by(program.by_numpy, values)["value_per_share"] for values in parts]

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda values: program.by(program.by_loops, values), parts * 5))

    for found, column in zip(made, meant * 5, strict=True):
        assert np.array_equal(found["value_per_share"], column)


def test_a_small_simulation_loads_no_compiler():
    program = (
        "import sys; from tests.models.sound import a_dcf; "
        "from tests.models.simulation.sound import a_plan; "
        "from valor_core.models.simulation.running import simulate; "
        "simulate(a_dcf(), a_plan(scenarios=2**17)); print('llvmlite' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )

    assert done.stdout == "False\n"


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux to deny it")
def test_a_process_that_may_not_run_what_it_wrote_stays_with_numpy():
    program = (
        "import ctypes; from valor_core.models.simulation.loops import can_compile; "
        "PR_SET_MDWE, REFUSE_EXEC_GAIN = 65, 1; "
        "denied = ctypes.CDLL(None).prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0) == 0; "
        "print(denied, can_compile())"
    )

    told = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()

    if told[0] == "False":
        pytest.skip("a kernel before 6.3")
    assert told == ["True", "False"]


def test_a_process_may_run_what_it_wrote_where_nobody_denies_it():
    assert can_compile()
