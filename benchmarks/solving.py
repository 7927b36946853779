"""Reverse DCF of many companies against Brent's method a company, each proven equal first.

.venv/bin/python benchmarks/solving.py            # prints ratios beside the committed baselines
.venv/bin/python benchmarks/solving.py --write    # makes them the new baselines
"""

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scipy.optimize import brentq  # noqa: E402

from benchmarks.run import BASELINES, cpu_ms  # noqa: E402
from valor_core.models.bridge import Bridge  # noqa: E402
from valor_core.models.dcf import DcfInputs, discounted_cash_flow  # noqa: E402
from valor_core.models.dilution import Shares  # noqa: E402
from valor_core.models.paths import Fade, constant  # noqa: E402
from valor_core.models.reinvestment import SalesToCapital  # noqa: E402
from valor_core.models.sensitivity import grid, replace_at  # noqa: E402
from valor_core.models.solving import solve_each  # noqa: E402

YEARS = 10
BETWEEN = -0.2, 0.5
SIZES = 1_000, 10_000, 100_000


class Companies:
    """Companies that differ in every driver, as the DCF takes them and as plain columns."""

    def __init__(self, count: int) -> None:
        rng = np.random.default_rng(11)
        self.revenue, self.margin = rng.uniform(100, 900, count), rng.uniform(0.12, 0.3, count)
        self.wacc, self.debt = rng.uniform(0.07, 0.12, count), rng.uniform(0.0, 200.0, count)
        self.growth = rng.uniform(-0.02, 0.2, count)
        self.prices = discounted_cash_flow(
            replace_at(self.inputs(), "growth.start", self.growth)
        ).value_per_share

    def inputs(self, place: slice | int = slice(None)) -> DcfInputs:
        """The DCF of these companies, or of some of them."""
        return DcfInputs(
            years=YEARS,
            revenue=self.revenue[place],
            growth=Fade(start=0.05, from_year=5, to_year=YEARS),
            margin=constant(self.margin[place]),
            tax=constant(0.25),
            sales_to_capital=SalesToCapital(ratio=constant(1.5), lag=0),
            wacc=constant(self.wacc[place]),
            terminal_growth=0.02,
            terminal_roic=0.12,
            bridge=Bridge.of(debt=self.debt[place]),
            shares=Shares(basic=10.0),
        )

    def scalar(self, i: int, growth: float) -> float:
        """The same DCF in plain Python: the leanest loop that anybody would write."""
        wacc, margin, revenue = float(self.wacc[i]), float(self.margin[i]), float(self.revenue[i])
        factor, value, rate = 1.0, 0.0, growth
        for year in range(1, YEARS + 1):
            if year > YEARS // 2:
                rate = 0.02 - (0.02 - growth) * (YEARS - year) / (YEARS - YEARS // 2)
            before, revenue = revenue, revenue * (1.0 + rate)
            profit = revenue * margin
            factor /= 1.0 + wacc
            value += (profit - 0.25 * max(profit, 0.0) - (revenue - before) / 1.5) * factor
        profit = revenue * 1.02 * margin * 0.75
        value += profit * (1.0 - 0.02 / 0.12) / (wacc - 0.02) * factor
        return (value - float(self.debt[i])) / 10.0


def reverse_dcf() -> dict[str, float]:
    """Implied growth of 100,000 companies, of samples of them by Brent, and how it grows."""
    companies = {count: Companies(count) for count in SIZES}
    taken = {}
    for count, each in companies.items():
        inputs = each.inputs()
        found = solve_each(inputs, "growth.start", each.prices, between=BETWEEN)
        np.testing.assert_allclose(found.roots, each.growth, rtol=0, atol=1e-9)
        taken[count] = cpu_ms(
            lambda inputs=inputs, each=each: solve_each(
                inputs, "growth.start", each.prices, between=BETWEEN
            ),
            3,
        )
    many = companies[SIZES[-1]]
    ours = taken[SIZES[-1]] / SIZES[-1]

    def lean(i: int) -> float:
        gap = lambda x: many.scalar(i, x) - many.prices[i]  # noqa: E731
        return _root(gap)

    def same_model(i: int) -> float:
        one = many.inputs(i)

        def gap(x: float) -> float:
            valued = discounted_cash_flow(replace_at(one, "growth.start", x))
            return float(valued.value_per_share) - many.prices[i]

        return _root(gap)

    for way in (lean, same_model):
        np.testing.assert_allclose([way(i) for i in range(20)], many.growth[:20], atol=1e-9)
    first, last = SIZES[0], SIZES[-1]
    return {
        "reverse DCF: Brent on the same model ÷ ours, a company": cpu_ms(
            lambda: [same_model(i) for i in range(20)], 3
        )
        / 20
        / ours,
        "reverse DCF: Brent on bare Python ÷ ours, a company": cpu_ms(
            lambda: [lean(i) for i in range(500)], 3
        )
        / 500
        / ours,
        "reverse DCF: growth of its time, 1,000 to 100,000": math.log(taken[last] / taken[first])
        / math.log(last / first),
        "reverse DCF: 100,000 companies, ms": taken[last],
    }


def _root(gap: Callable[[float], float]) -> Any:
    return brentq(gap, *BETWEEN, xtol=1e-12)


def grids() -> dict[str, float]:
    """101 × 101 of the full DCF, and how it grows from 51 and to 201."""
    inputs = Companies(1).inputs(0)
    taken = {}
    for steps in (51, 101, 201):
        axes = (
            ("terminal_growth", np.linspace(0.0, 0.03, steps)),
            ("wacc.start", np.linspace(0.07, 0.12, steps)),
        )
        made = grid(inputs, *axes).values[steps // 2, steps // 3]
        cell = replace_at(inputs, "terminal_growth", axes[0][1][steps // 2])
        cell = replace_at(cell, "wacc.start", axes[1][1][steps // 3])
        assert made == discounted_cash_flow(cell).value_per_share
        taken[steps] = cpu_ms(lambda axes=axes: grid(inputs, *axes), 9)
    single = cpu_ms(lambda: [discounted_cash_flow(inputs) for _ in range(50)]) / 50
    return {
        "grid 101×101 of WACC and growth: a call a cell ÷ one call": single * 101**2 / taken[101],
        "grid 101×101 of WACC and growth, ms": taken[101],
        "grid: growth of its time a cell, 51² to 201²": math.log(taken[201] / taken[51])
        / math.log(201**2 / 51**2),
    }


def main() -> None:
    """Runs both and prints a table; with --write their lines replace those of the baselines."""
    found = reverse_dcf() | grids()
    before = json.loads(BASELINES.read_text())
    for name, value in found.items():
        known = f"{before[name]:12,.2f}" if name in before else "           –"
        print(f"{value:12,.2f}  baseline {known}  {name}")
    if "--write" in sys.argv:
        before |= {name: round(value, 3) for name, value in found.items()}
        BASELINES.write_text(json.dumps(before, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
