"""A simulated buyout with interest on average balances: exact, without circularity, iterated.

As a simulation runs it: in a process that has simulated before, so with its loops compiled.

OPENBLAS_NUM_THREADS=1 .venv/bin/python -m benchmarks.lbo
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count as count_from
from typing import Any

import numpy as np

from valor_core.models.lbo.buyout import LboInputs, lbo_returns
from valor_core.models.lbo.debt import InterestOn
from valor_core.models.lbo.funding import Purchase
from valor_core.models.lbo.operations import Operations
from valor_core.models.lbo.tranches import Tranche
from valor_core.models.paths import constant
from valor_core.models.simulation.program import evaluator
from valor_core.models.taxes import Taxes

YEARS, CHUNK, ROUNDS = 7, 16_384, 9
SIZES = 25_000, 100_000, 400_000
CLOSE_ENOUGH = 1e-10
MINIMUM, TAX, FACES = 20.0, 0.25, (150.0, 200.0, 100.0, 80.0)


def a_deal() -> LboInputs:
    """Two swept loans, a bullet and PIK notes on a company of EBITDA 100."""
    first, second, third, last = FACES
    return LboInputs(
        years=YEARS,
        exit_year=YEARS,
        purchase=Purchase(ebitda=100.0, multiple=10.0, cash=MINIMUM, fees=20.0),
        operations=Operations(
            revenue=500.0,
            growth=constant(0.05),
            margin=constant(0.2),
            depreciation=constant(0.03),
            capital_expenditure=constant(0.03),
            working_capital=constant(0.1),
        ),
        taxes=Taxes(rate=constant(TAX)),
        tranches=(
            Tranche(face=first, cash_rate=0.06, amortisation=constant(0.1), sweeps=True),
            Tranche(face=second, cash_rate=0.07, amortisation=constant(0.01), sweeps=True),
            Tranche(face=third, cash_rate=0.08),
            Tranche(face=last, cash_rate=0.05, pik_rate=0.06),
        ),
        minimum_cash=MINIMUM,
        exit_multiple=10.0,
    )


def drivers(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Growth and margin of each year and scenario, a row a year."""
    rng = np.random.default_rng(7)
    growth = 0.04 + 0.05 * rng.standard_normal((YEARS, count))
    return growth, 0.2 + 0.03 * rng.standard_normal((YEARS, count))


def by_chunks(of_chunk: Callable[..., np.ndarray], *rows: np.ndarray) -> np.ndarray:
    """The same function on some thousand scenarios after the other, whose numbers stay cached."""
    starts = range(0, rows[0].shape[1], CHUNK)
    return np.concatenate([of_chunk(*(row[:, s : s + CHUNK] for row in rows)) for s in starts])


def by_the_model(deal: LboInputs) -> Callable[..., np.ndarray]:
    """The sponsor's IRR by the model that everybody uses."""

    def of_chunk(growth: np.ndarray, margin: np.ndarray) -> np.ndarray:
        case = replace(deal.operations, growth=growth.T, margin=margin.T)
        return lbo_returns(replace(deal, operations=case)).irr

    return of_chunk


def by_simulation(deal: LboInputs) -> Callable[..., np.ndarray]:
    """The same as simulations and batches run it: the model's own operations, traced once."""
    case = replace(deal.operations, growth=np.full(YEARS, 0.05), margin=np.full(YEARS, 0.2))
    paths = [f"operations.{row}[{year}]" for row in ("growth", "margin") for year in range(YEARS)]
    evaluate = evaluator(replace(deal, operations=case), paths, ("irr",))

    def of_all(growth: np.ndarray, margin: np.ndarray) -> np.ndarray:
        return evaluate(dict(zip(paths, (*growth, *margin), strict=True)))["irr"]

    return of_all


def by_hand(*, iterated: bool, passes: list[int] | None = None) -> Callable[..., np.ndarray]:
    """The same deal in plain numpy; on averages a fixed point for all scenarios at once.

    Of each year the number of passes that the fixed point takes is added to `passes`.
    """
    equity = 1000.0 + MINIMUM + 20.0 - sum(FACES)

    def of_chunk(growth: np.ndarray, margin: np.ndarray) -> np.ndarray:
        count = growth.shape[1]
        balances = [np.full(count, face) for face in FACES]
        cash, revenue, losses = np.full(count, MINIMUM), np.full(count, 500.0), np.zeros(count)
        ebitda = revenue
        for rate, share in zip(growth, margin, strict=True):
            before, revenue = revenue, revenue * (1.0 + rate)
            ebitda = revenue * share
            flow = ebitda - 0.03 * revenue - 0.1 * (revenue - before)
            guess = balances
            for number in count_from(1):
                closing, free, after = _year(
                    balances, guess, cash, flow, ebitda - 0.03 * revenue, losses
                )
                if not iterated:
                    break
                off = max(np.abs(new - old).max() for new, old in zip(closing, guess, strict=True))
                guess = closing
                if off < CLOSE_ENOUGH:
                    if passes is not None:
                        passes.append(number)
                    break
            balances, cash, losses = closing, free, after
        left = np.maximum(10.0 * ebitda - sum(balances) + cash, 0.0)
        return (left / equity) ** (1.0 / YEARS) - 1.0

    return of_chunk


def _year(balances: list, guess: list, cash: Any, flow: Any, ebit: Any, losses: Any) -> Any:
    """A year with interest on the averages of the balances and a guess of the closing ones."""
    first, second, third, last = (
        0.5 * (start + end) for start, end in zip(balances, guess, strict=True)
    )
    pik = 0.06 * last
    interest = 0.06 * first + 0.07 * second + 0.08 * third + 0.05 * last
    taxable = ebit - interest - pik
    earned = np.maximum(taxable, 0.0)
    used = np.minimum(losses, earned)
    losses = losses - used + (earned - taxable)
    due = np.minimum(15.0, balances[0]), np.minimum(2.0, balances[1])
    free = cash + flow - interest - TAX * (earned - used) - due[0] - due[1]
    pot = np.maximum(free - MINIMUM - np.maximum(cash - MINIMUM, 0.0), 0.0)
    closing = []
    for balance, amount in zip(balances[:2], due, strict=True):
        swept = np.minimum(pot, balance - amount)
        pot, free = pot - swept, free - swept
        closing.append(balance - amount - swept)
    return [*closing, balances[2], balances[3] + pik], np.maximum(free, 0.0), losses


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _sized(exact: Callable[..., np.ndarray], size: int) -> float:
    """The CPU seconds of so many scenarios."""
    rows = drivers(size)
    return _cpu(lambda: by_chunks(exact, *rows))


def _interleaved(first: Callable[[], object], second: Callable[[], object]) -> float:
    """The CPU of the first by that of the second: the median of turns side by side."""
    first(), second()
    return statistics.median(_cpu(first) / _cpu(second) for _ in range(ROUNDS))


def ratios() -> dict[str, float]:
    """Proven equal first, then timed; how it grows, as the slope over three sizes."""
    average, rows = a_deal(), drivers(SIZES[1])
    opening = replace(average, interest_on=InterestOn.OPENING)
    exact, simulated = by_the_model(average), by_simulation(average)
    simulated_on_opening = by_simulation(opening)
    iterated, plain = by_hand(iterated=True), by_hand(iterated=False)
    passes = list[int]()
    by_chunks(by_hand(iterated=True, passes=passes), *rows)
    often = int(statistics.mean(passes))
    found, fixed = by_chunks(exact, *rows), by_chunks(iterated, *rows)
    np.testing.assert_allclose(found, fixed, rtol=0.0, atol=1e-10)
    np.testing.assert_array_equal(simulated(*rows), found)
    np.testing.assert_allclose(
        by_chunks(by_the_model(opening), *rows)[:CHUNK],
        plain(*(row[:, :CHUNK] for row in rows)),
        rtol=0.0,
        atol=1e-12,
    )
    for _ in range(8):
        simulated(*rows), simulated_on_opening(*rows)
    seconds = [min(_sized(exact, size) for _ in range(3)) for size in SIZES]
    slope = np.polyfit(np.log(SIZES), np.log(seconds), 1)[0]
    return {
        "lbo: exact average interest ÷ interest on opening balances": _interleaved(
            lambda: by_chunks(exact, *rows), lambda: by_chunks(by_the_model(opening), *rows)
        ),
        "lbo: fixed point to 1e-10 ÷ exact average interest": _interleaved(
            lambda: by_chunks(iterated, *rows), lambda: by_chunks(exact, *rows)
        ),
        "lbo: passes of a year that the fixed point takes": statistics.mean(passes),
        "lbo: as many passes of the same waterfall ÷ exact average interest": _interleaved(
            lambda: [by_chunks(by_the_model(opening), *rows) for _ in range(often)],
            lambda: by_chunks(exact, *rows),
        ),
        "lbo: fixed point to 1e-10 ÷ exact in a simulation": _interleaved(
            lambda: by_chunks(iterated, *rows), lambda: simulated(*rows)
        ),
        "lbo: exact average interest ÷ interest on opening balances in a simulation": _interleaved(
            lambda: simulated(*rows), lambda: simulated_on_opening(*rows)
        ),
        "lbo: fixed point over all scenarios at once ÷ exact": _interleaved(
            lambda: iterated(*rows), lambda: by_chunks(exact, *rows)
        ),
        "lbo: exact ÷ opening balances written by hand": _interleaved(
            lambda: by_chunks(exact, *rows), lambda: by_chunks(plain, *rows)
        ),
        "lbo: growth over scenarios, slope": float(slope),
        "lbo: 100,000 scenarios, ms": 1000.0 * seconds[1],
    }


if __name__ == "__main__":
    for name, value in ratios().items():
        print(f"{value:12,.3f}  {name}")
