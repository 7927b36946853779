"""Options as ratios to QuantLib at the same error, each proven equal before it is timed.

    OPENBLAS_NUM_THREADS=1 .venv/bin/python benchmarks/options.py

Part of benchmarks/run.py, which keeps the baselines. QuantLib is timed on one option ready to be
priced; its errors are those that it tells, or the distance to its own exact engine.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import QuantLib

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.run import cpu_ms
from tests.models.options.sound import an_option, by_quantlib
from valor_core.models.options.lattice import (
    LatticeOption,
    Tree,
    american_value,
    lattice_option,
)
from valor_core.models.options.least_squares import (
    SimulatedOption,
    least_squares_monte_carlo,
)
from valor_core.models.options.terms import Option

PUT = an_option(dividend_yield=0.0, volatility=0.2)
STEPS, SMOOTH_STEPS = 10_000, 2_000
PATHS, DATES = 100_000, 50


def ratios() -> dict[str, float]:
    """Lattice, batch of lattices and simulation."""
    return lattice() | batch() | simulation()


def lattice() -> dict[str, float]:
    """10,000 steps of CRR, and how both grow over three sizes."""
    exact = by_quantlib(PUT, QuantLib.QdFpAmericanEngine).NPV()
    found, ours, theirs = {}, [], []
    for steps in (STEPS // 4, STEPS // 2, STEPS):
        mine, other = american_value(PUT, steps, Tree.CRR), _binomial(steps)().NPV()
        np.testing.assert_allclose(abs(mine - exact), abs(other - exact), rtol=0.05)
        ours.append(cpu_ms(lambda steps=steps: american_value(PUT, steps, Tree.CRR)))
        theirs.append(cpu_ms(_asked(_binomial(steps)), 3))
        found[f"lattice {steps:,} steps: QuantLib's binomial ÷ ours"] = theirs[-1] / ours[-1]
    found["lattice: growth of ours, of four times the steps"] = ours[-1] / ours[0]
    found["lattice: growth of QuantLib's"] = theirs[-1] / theirs[0]

    smooth = LatticeOption(option=PUT, steps=SMOOTH_STEPS)
    off = abs(lattice_option(smooth).value - exact)
    assert off <= abs(american_value(PUT, STEPS, Tree.CRR) - exact) * 1.2
    found["lattice at that error, smoothed: QuantLib's binomial ÷ ours"] = theirs[-1] / cpu_ms(
        lambda: american_value(PUT, SMOOTH_STEPS, Tree.BBSR)
    )
    return found


def batch() -> dict[str, float]:
    """200 options on one batched lattice against a call for each."""
    spots = np.linspace(80.0, 120.0, 200)
    many = replace(PUT, spot=spots)
    alone = [replace(PUT, spot=spot) for spot in spots]
    together = american_value(many, 500, Tree.CRR)
    np.testing.assert_allclose(
        together, [american_value(each, 500, Tree.CRR) for each in alone], rtol=1e-12
    )
    return {
        "lattice of 500 steps, 200 options: one by one ÷ in one batch": cpu_ms(
            lambda: [american_value(each, 500, Tree.CRR) for each in alone], 3
        )
        / cpu_ms(lambda: american_value(many, 500, Tree.CRR), 3)
    }


def simulation() -> dict[str, float]:
    """100,000 paths of 50 dates, antithetic on both sides, and what an equal error costs."""
    put = replace(PUT, spot=36.0, strike=40.0, rate=0.06)
    found, ours = {}, []
    for paths in (PATHS // 4, PATHS // 2, PATHS):
        inputs = SimulatedOption(option=put, dates=DATES, paths=paths)
        ours.append(cpu_ms(lambda inputs=inputs: least_squares_monte_carlo(inputs)))
    mine = least_squares_monte_carlo(SimulatedOption(option=put, dates=DATES, paths=PATHS))
    option = _simulated(put)()
    assert abs(mine.value - option.NPV()) < 4.0 * np.hypot(
        option.errorEstimate(), mine.standard_error
    )
    theirs = cpu_ms(_asked(_simulated(put)), 3)
    rng = np.random.Generator(np.random.SFC64(0))
    limit = cpu_ms(lambda: [np.exp(rng.standard_normal(PATHS)) for _ in range(DATES)], 3)
    found["LSM 100k × 50: QuantLib ÷ ours, equal paths"] = theirs / ours[-1]
    found["LSM 100k × 50: QuantLib's standard error ÷ ours"] = (
        option.errorEstimate() / mine.standard_error
    )
    found["LSM 100k × 50: ours ÷ drawing as many normals and one exp"] = ours[-1] / limit
    found["LSM: growth of ours, of four times the paths"] = ours[-1] / ours[0]

    few = SimulatedOption(option=put, dates=DATES, paths=4_000)
    assert least_squares_monte_carlo(few).standard_error < option.errorEstimate()
    found["LSM at QuantLib's error: QuantLib ÷ ours"] = theirs / cpu_ms(
        lambda: least_squares_monte_carlo(few)
    )
    return found


def _binomial(steps: int) -> Callable[[], QuantLib.VanillaOption]:
    return lambda: by_quantlib(
        PUT, lambda process: QuantLib.BinomialVanillaEngine(process, "crr", steps)
    )


def _simulated(put: Option) -> Callable[[], QuantLib.VanillaOption]:
    def engine(
        process: QuantLib.BlackScholesMertonProcess,
    ) -> QuantLib.PricingEngine:
        return QuantLib.MCAmericanEngine(
            process,
            "PseudoRandom",
            timeSteps=DATES,
            antitheticVariate=True,
            requiredSamples=PATHS // 2,
            seed=42,
            polynomOrder=3,
            nCalibrationSamples=4_096,
        )

    return lambda: by_quantlib(put, engine)


def _asked(option: Callable[[], QuantLib.VanillaOption]) -> Callable[[], float]:
    """QuantLib keeps what it found, so each time asks an option of its own."""
    return lambda: option().NPV()


if __name__ == "__main__":
    for name, value in ratios().items():
        print(f"{value:12,.2f}  {name}")
