"""Monte Carlo, Sobol points and batches of companies, each proven equal before it is timed.

    .venv/bin/python benchmarks/simulation.py

The limit of a Monte Carlo run is the drawing of its normals; the peer is the same DCF as textbooks
write it, in matrices of scenarios × years. What is timed is a process that has simulated before, as
a server has: its loops are compiled. What a run costs by numpy alone stands beside it.
"""

import io
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from valor_core.coverage.demo_book import read_demo_book
from valor_core.coverage.prefill import prefill_dcf
from valor_core.errors import ValorError
from valor_core.models.bridge import Bridge
from valor_core.models.dcf import DcfInputs, discounted_cash_flow
from valor_core.models.dilution import Shares
from valor_core.models.fields import leaves
from valor_core.models.paths import constant
from valor_core.models.reinvestment import SalesToCapital
from valor_core.models.simulation.batch import batch
from valor_core.models.simulation.distributions import Normal
from valor_core.models.simulation.draws import Generator, Sampler, normals
from valor_core.models.simulation.loops import machine_code
from valor_core.models.simulation.plan import (
    CHUNK,
    Driver,
    RankCorrelation,
    SimulationPlan,
    rounds,
)
from valor_core.models.simulation.program import Program, directly, kept_evaluator
from valor_core.models.simulation.running import drawn, simulate
from valor_core.models.simulation.summary import summary

PATHS = 1_000_000
DRIVERS = {
    "growth.start": (0.05, 0.01),
    "margin.start": (0.26, 0.02),
    "wacc.start": (0.085, 0.004),
    "terminal_growth": (0.03, 0.003),
    "sales_to_capital.ratio.start": (1.2, 0.1),
}
YEARS, TAX, BRIDGE, SHARES = 10, 0.24, -3_193.0, 2_303.0


def company() -> DcfInputs:
    """Ten years at one growth, margin and WACC each, all of which vary."""
    return DcfInputs(
        years=YEARS,
        revenue=30_990.0,
        growth=constant(0.05),
        margin=constant(0.26),
        tax=constant(TAX),
        sales_to_capital=SalesToCapital(ratio=constant(1.2)),
        wacc=constant(0.085),
        terminal_growth=0.03,
        terminal_roic=0.12,
        bridge=Bridge.of(debt=-BRIDGE),
        shares=Shares(basic=SHARES),
    )


def plan(scenarios: int, **changes: Any) -> SimulationPlan:
    """Five normal drivers, of which growth moves with margin, and WACC with the growth after."""
    known = SimulationPlan(
        drivers=tuple(
            Driver(path=path, distribution=Normal(mean=mean, sd=sd))
            for path, (mean, sd) in DRIVERS.items()
        ),
        correlations=(
            RankCorrelation(first="growth.start", second="margin.start", spearman=0.4),
            RankCorrelation(first="wacc.start", second="terminal_growth", spearman=0.3),
        ),
        sampler=Sampler.PLAIN,
        generator=Generator.SFC64,
        scenarios=scenarios,
    )
    return replace(known, **changes)


def textbook(draws: dict[str, np.ndarray]) -> np.ndarray:
    """The same DCF in matrices of scenarios × years, with losses carried forward."""
    growth, margin, wacc, after, ratio = (column[:, None] for column in draws.values())
    years = np.arange(1, YEARS + 1)
    levels = 30_990.0 * (1.0 + growth) ** np.arange(YEARS + 1)
    ebit = levels[:, 1:] * margin
    loss, taxable = np.zeros(len(ebit)), np.empty_like(ebit)
    for year in range(YEARS):
        gain = np.maximum(ebit[:, year], 0.0)
        used = np.minimum(loss, gain)
        taxable[:, year] = gain - used
        loss = loss - used + np.maximum(-ebit[:, year], 0.0)
    fcff = ebit - TAX * taxable - np.diff(levels, axis=1) / ratio
    factors = (1.0 + wacc) ** -years
    nopat = levels[:, -1:] * (1.0 + after) * margin * (1.0 - TAX)
    terminal = nopat * (1.0 - np.maximum(after, 0.0) / 0.12) / (wacc - after)
    value = (fcff * factors).sum(axis=1) + terminal[:, 0] * factors[:, -1]
    sound = (after < wacc)[:, 0] & (nopat[:, 0] >= 0.0) & (ratio[:, 0] > 0.0)
    return np.where(sound, (value + BRIDGE) / SHARES, np.nan)


def ratios() -> dict[str, float]:
    """All of it."""
    return monte_carlo() | sobol() | companies()


def monte_carlo() -> dict[str, float]:
    """A whole run with its draws against the draws alone, the textbook's form and the model."""
    inputs, asked = company(), plan(PATHS)
    first = drawn(asked, rounds(asked)[0][0], asked.dependence().root)
    simulate(inputs, plan(PATHS // 100))  # what a process loads for its first run at all
    by_numpy, made = once(lambda: simulate(inputs, asked).columns["value_per_share"])
    while not all(loop.code.compiled for loop in usual(inputs, asked).by_loops.loops):
        simulate(inputs, asked)
    by_model = directly(inputs, first, ("value_per_share",))["value_per_share"]
    assert np.array_equal(made[:CHUNK], by_model, equal_nan=True)
    np.testing.assert_allclose(made[:CHUNK], textbook(first), rtol=1e-9)

    def draw_alone() -> None:
        for chunk in rounds(asked)[0]:
            normals(chunk, 5, sampler=Sampler.PLAIN, generator=Generator.SFC64, seed=1)

    def in_matrices() -> None:
        everything = normals(
            replace(rounds(asked)[0][0], count=PATHS),
            5,
            sampler=Sampler.PLAIN,
            generator=Generator.SFC64,
            seed=1,
        )
        latent = asked.dependence().root @ everything
        textbook(
            {
                driver.path: driver.distribution.of_normal(normal)
                for driver, normal in zip(asked.drivers, latent, strict=True)
            }
        )

    ours, limit, matrices = in_turn(lambda: simulate(inputs, asked), draw_alone, in_matrices)
    model, on_a_chunk = in_turn(
        lambda: discounted_cash_flow(inputs),
        lambda: directly(inputs, first, ("value_per_share",)),
    )
    sizes = [plan(PATHS // 100), plan(PATHS // 10), asked]
    by_size = in_turn(*(lambda each=each: simulate(inputs, each) for each in sizes))
    beyond = [_beyond_the_result(inputs, each) for each in sizes[1:]]
    return {
        "monte carlo: 1M paths ÷ drawing their normals": ours / limit,
        "monte carlo: the first 1M paths of a process ÷ drawing their normals": by_numpy / limit,
        "monte carlo: compiling the loop, ms": compiling(inputs, asked),
        "monte carlo: textbook matrices ÷ ours": matrices / ours,
        "monte carlo: the model on each chunk ÷ ours": on_a_chunk * PATHS / CHUNK / ours,
        "monte carlo: called once a path ÷ ours": model * PATHS / ours,
        "monte carlo: growth from 100k to 1M, exponent": float(np.log10(by_size[2] / by_size[1])),
        "monte carlo: growth from 10k to 100k, exponent": float(np.log10(by_size[1] / by_size[0])),
        "monte carlo: memory beyond the result, 1M ÷ 100k": beyond[1] / beyond[0],
        "monte carlo: 1M paths, ms": ours,
    }


def usual(inputs: DcfInputs, asked: SimulationPlan) -> Program:
    """The program of a run whose drivers keep within their usual ends."""
    return Program(inputs, asked.paths, ("value_per_share",), asked.usual_ends())


def compiling(inputs: DcfInputs, asked: SimulationPlan) -> float:
    """The milliseconds of making the run's loop, without those of loading the compiler."""
    draws = list(drawn(asked, rounds(asked)[0][0], asked.dependence().root).values())

    def anew() -> None:
        machine_code.cache_clear()
        program = usual(inputs, asked)
        program.by(program.by_loops, draws)

    return in_turn(anew)[0] - in_turn(lambda: usual(inputs, asked))[0]


def _beyond_the_result(inputs: DcfInputs, asked: SimulationPlan) -> float:
    """The most memory in use at a time, less two copies of the result: its chunks and the whole."""
    tracemalloc.start()
    made = simulate(inputs, asked)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak - 2.0 * made.columns["value_per_share"].nbytes


def sobol(scenarios: int = 2**14, seeds: int = 24) -> dict[str, float]:
    """The error of Sobol points against that of plain ones at as many scenarios."""
    inputs = company()
    exact = simulate(inputs, plan(2**21, sampler=Sampler.SOBOL, replicates=16, seed=99))
    truth, errors = summary(exact), {}
    for sampler in (Sampler.PLAIN, Sampler.SOBOL):
        found = [
            summary(simulate(inputs, plan(scenarios, sampler=sampler, seed=seed)))
            for seed in range(seeds)
        ]
        errors[sampler] = [
            np.sqrt(np.mean([(pick(each) - pick(truth)) ** 2 for each in found]))
            for pick in (
                lambda each: each.mean.value,
                lambda each: each.sd.value,
                lambda each: each.percentiles[0.05].value,
            )
        ]
    names = ("mean", "sd", "5 % percentile")
    return {
        f"sobol: error of the {name}, plain ÷ Sobol at 2^14": float(plain / spread)
        for name, plain, spread in zip(
            names, errors[Sampler.PLAIN], errors[Sampler.SOBOL], strict=True
        )
    }


def companies() -> dict[str, float]:
    """Figures of real companies, and many synthetic ones that come from a Parquet file."""
    policy, figures = company(), _real_figures(400)
    made = batch(policy, figures)
    assert len(made.reasons) < made.companies
    (real,) = in_turn(lambda: batch(policy, figures))
    random, table = np.random.default_rng(1), {}
    for path, column in figures.items():
        drawn_from = column[random.integers(0, 400, 100_000)]
        table[path] = drawn_from * random.uniform(0.9, 1.1, 100_000)
    bare, labelled = pq_file(table), pq_file(table | _labels(100_000))

    def read(file: bytes = bare) -> dict[str, np.ndarray]:
        read_back = pq.read_table(pa.BufferReader(file), use_threads=False)
        return {name: read_back[name].to_numpy() for name in table}

    def anew() -> None:
        kept_evaluator.cache_clear()
        batch(policy, read())

    def with_reasons() -> None:
        reasons = batch(policy, read()).reasons
        assert reasons[next(iter(reasons))]  # finds those of all

    def with_all_reasons() -> None:
        assert all(batch(policy, read()).reasons.values())

    for _ in range(5):  # until its loop is compiled
        batch(policy, read())
    reading, whole, traced, found, told = in_turn(
        read, lambda: batch(policy, read()), anew, with_reasons, with_all_reasons
    )
    all_columns, with_labels = in_turn(
        lambda: read(labelled), lambda: batch(policy, read(labelled))
    )
    return {
        "batch: 400 companies, ms": real,
        "batch: 100k from Parquet ÷ reading alone": whole / reading,
        "batch: 100k from Parquet, the first by its policy ÷ reading alone": traced / reading,
        "batch: 100k from Parquet, why each is lost ÷ reading alone": found / reading,
        "batch: 100k from Parquet, every reason in words ÷ reading alone": told / reading,
        "batch: 100k with id, name and currency ÷ reading alone": with_labels / all_columns,
        "batch: 100k from Parquet, ms": whole,
    }


def pq_file(table: dict[str, Any]) -> bytes:
    """Columns as a Parquet file in memory."""
    file = io.BytesIO()
    pq.write_table(pa.table(table), file)
    return file.getvalue()


def _labels(count: int) -> dict[str, list[str]]:
    """What a snapshot says of a company beside its figures."""
    return {
        "company_id": [f"{n:032x}" for n in range(count)],
        "name": [f"Company {n:,} Holdings Inc." for n in range(count)],
        "currency": [("USD", "EUR", "JPY")[n % 3] for n in range(count)],
    }


def _real_figures(count: int) -> dict[str, np.ndarray]:
    """The figures of the demo book's companies as filed, repeated up to the count."""
    wanted = ("revenue", "margin.start", "bridge.debt", "bridge.cash", "shares.basic")
    rows = []
    for book in read_demo_book():
        try:
            known = leaves(prefill_dcf(book.company, book.facts).inputs)
        except ValorError:
            continue
        rows.append([float(known.get(path, np.nan)) for path in wanted])
    repeated = np.resize(np.array(rows), (count, len(wanted)))
    return dict(zip(wanted, repeated.T, strict=True))


def once(act: Callable[[], Any]) -> tuple[float, Any]:
    """The CPU milliseconds of an act, and what came of it."""
    began = time.process_time()
    made = act()
    return 1000 * (time.process_time() - began), made


def in_turn(*acts: Callable[[], object], times: int = 5) -> list[float]:
    """The median CPU milliseconds of each act, all taken in turn, so that a busy hour hits all."""
    taken: list[list[float]] = [[] for _ in acts]
    for act in acts:
        act()
    for _ in range(times):
        for act, list_of in zip(acts, taken, strict=True):
            list_of.append(once(act)[0])
    return [statistics.median(each) for each in taken]


if __name__ == "__main__":
    for name, value in ratios().items():
        print(f"{value:14,.3f}  {name}")
