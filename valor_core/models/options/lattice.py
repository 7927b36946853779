"""Binomial lattices: any right that may be exercised early, on an underlying that moves in steps.

Cox, Ross and Rubinstein (CRR): u = e^(σ√Δt), d = 1/u. Broadie and Detemple (BBSR) value the last
step by Black and Scholes, which takes the oscillation away, and extrapolate from half the steps.

The prices of all steps are those of two rows, one for the even and one for the odd steps, so
exercise needs no power anew. Rows end where the underlying comes with a probability below 1e-16.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import ceil, sqrt
from typing import Any

import numpy as np

from valor_core.models.fields import Unit, says
from valor_core.models.guarded import guarded
from valor_core.models.numbers import Numbers, valid_where
from valor_core.models.options.black_scholes import european_value
from valor_core.models.options.early_exercise import certain_value, moves
from valor_core.models.options.refusals import StepsOutOfRange, StepsTooFew
from valor_core.models.options.terms import Option, sound
from valor_core.models.recorder import whole

LEAST_STEPS, MOST_STEPS = 4, 100_000
FARTHEST = 8.5
"""Standard deviations from today's price where the rows end."""

CELLS = 1 << 16
"""Numbers that a block of options may keep in the processor's cache."""

BOUNDARY_DATES = 50


class Tree(StrEnum):
    """How a lattice is built."""

    CRR = "crr"
    BBSR = "bbsr"


@dataclass(frozen=True, slots=True, kw_only=True)
class LatticeOption:
    """An American option and the lattice that values it."""

    option: Option = field(metadata=says("the option"))
    steps: int = field(default=500, metadata=says("steps until the end"))
    tree: Tree = field(default=Tree.BBSR, metadata=says("how the lattice is built"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LatticeValue:
    """An American option by a lattice, with the European one on the same terms."""

    european_value: Numbers = field(metadata=says("value if exercised at the end", Unit.MONEY))
    error: Numbers = field(
        metadata=says("how far the value moved from that of half the steps", Unit.MONEY)
    )
    value: Numbers = field(metadata=says("value of the option", Unit.MONEY))


@guarded
def lattice_option(lattice: LatticeOption) -> LatticeValue:
    """An American option, or a batch of them, by a binomial lattice.

    >>> call = Option(spot=90.0, strike=100.0, rate=0.1, dividend_yield=0.1, volatility=0.35,
    ...               maturity=0.1)
    >>> print(f"{lattice_option(LatticeOption(option=call)).value:.3f}")
    0.948
    """
    option = sound(lattice.option)
    value = american_value(option, lattice.steps, lattice.tree)
    coarse = american_value(option, lattice.steps // 2, lattice.tree)
    return LatticeValue(
        european_value=european_value(option), error=np.abs(value - coarse), value=value
    )


def american_value(option: Option, steps: int, tree: Tree) -> Numbers:
    """The value by the lattice, one step of the workings; of any shape of scenarios."""
    option = enough_steps(option, steps // 2 if tree is Tree.BBSR else steps)

    def lattice(
        spot: Numbers,
        strike: Numbers,
        rate: Numbers,
        dividend_yield: Numbers,
        volatility: Numbers,
        maturity: Numbers,
    ) -> Numbers:
        terms = np.broadcast_arrays(spot, strike, rate, dividend_yield, volatility, maturity)
        shape = terms[0].shape
        columns = [each.reshape(-1, 1) for each in terms]
        many = max(1, CELLS // (2 * ceil(FARTHEST * sqrt(steps))))
        with np.errstate(all="ignore"):
            blocks = [
                _block(_option(option, [each[i : i + many] for each in columns]), steps, tree)
                for i in range(0, len(columns[0]), many)
            ]
        return np.concatenate(blocks).reshape(shape)[()]

    return whole(lattice, *_terms(option))


def enough_steps(option: Option, steps: int) -> Option:
    """The option, where each step spreads further than it drifts."""
    if not 1 <= steps <= MOST_STEPS:
        raise StepsOutOfRange(steps=steps, least=LEAST_STEPS, most=MOST_STEPS)
    variance, drift = option.volatility * option.volatility, option.rate - option.dividend_yield
    drift = drift * drift * option.maturity
    spot = valid_where(
        (drift < variance * steps) | np.logical_not(moves(option)),
        option.spot,
        StepsTooFew,
        steps=float(steps),
        needed=drift / np.where(variance > 0.0, variance, 1.0),
    )
    return replace(option, spot=spot)


def _terms(option: Option) -> tuple[Numbers, ...]:
    return (
        option.spot,
        option.strike,
        option.rate,
        option.dividend_yield,
        option.volatility,
        option.maturity,
    )


def _option(like: Option, terms: Any) -> Option:
    spot, strike, rate, dividend_yield, volatility, maturity = terms
    return Option(
        type=like.type,
        spot=spot,
        strike=strike,
        rate=rate,
        dividend_yield=dividend_yield,
        volatility=volatility,
        maturity=maturity,
    )


def _block(option: Option, steps: int, tree: Tree) -> np.ndarray:
    """The values of a column of options."""
    certain = certain_value(option)
    moving = moves(option)
    option = replace(
        option,
        volatility=np.where(moving, option.volatility, 0.3),
        maturity=np.where(moving, option.maturity, 1.0),
    )
    if tree is Tree.CRR:
        value = _crr(option, steps)
    else:
        fine, coarse = _smoothed(option, steps), _smoothed(option, steps // 2)
        value = 2.0 * fine - coarse
    return np.where(moving, value, certain)[:, 0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The prices of a lattice: those of today's parity, those of the other, and the way back."""

    wide: np.ndarray  # the even powers of u, today's price in the middle
    narrow: np.ndarray  # the odd powers between them
    up: Numbers  # discounted probability of a step up
    down: Numbers
    step: Numbers  # years

    def at(self, steps_left: int) -> np.ndarray:
        """The prices so many steps from today."""
        return self.narrow if steps_left % 2 else self.wide


def rows_of(option: Option, steps: int) -> Rows:
    """The prices of a column of options on one underlying each."""
    step = option.maturity / steps
    jump = option.volatility * np.sqrt(step)
    growth = np.exp((option.rate - option.dividend_yield) * step)
    probability = (growth - np.exp(-jump)) / (np.exp(jump) - np.exp(-jump))
    discount = np.exp(-option.rate * step)
    drift, root = option.rate - option.dividend_yield, np.sqrt(option.maturity)
    off = np.abs(drift) * root / option.volatility + 2.0 * option.volatility * root
    reach = ceil(min(steps, (FARTHEST + np.max(np.nan_to_num(off))) * sqrt(steps)))
    reach += reach % 2 + 2
    powers = np.arange(-reach, reach + 1)
    prices = option.spot * np.exp(jump * powers)
    return Rows(
        wide=np.ascontiguousarray(prices[:, ::2]),
        narrow=np.ascontiguousarray(prices[:, 1::2]),
        up=discount * probability,
        down=discount * (1.0 - probability),
        step=step,
    )


def _crr(option: Option, steps: int) -> np.ndarray:
    rows, sign = rows_of(option, steps), option.type.sign
    payoffs = [np.maximum(sign * (each - option.strike), 0.0) for each in (rows.wide, rows.narrow)]
    return rolled_back(payoffs[steps % 2].copy(), payoffs, rows, steps)


def _smoothed(option: Option, steps: int) -> np.ndarray:
    """BBSR before its extrapolation: the last step by Black and Scholes."""
    rows, sign = rows_of(option, steps), option.type.sign
    payoffs = [np.maximum(sign * (each - option.strike), 0.0) for each in (rows.wide, rows.narrow)]
    left = steps - 1
    waited = european_value(replace(option, spot=rows.at(left), maturity=rows.step))
    return rolled_back(np.maximum(waited, payoffs[left % 2]), payoffs, rows, left)


def rolled_back(
    values: np.ndarray, payoffs: list[np.ndarray], rows: Rows, steps: int
) -> np.ndarray:
    """The values of today, from those so many steps ahead, exercised wherever it pays more.

    Two steps a turn: from the wide row to the narrow one and back to the wide, whose ends keep what
    exercise brings. All four passes of a step write into rows that stay in the cache.
    """
    wide, narrow = payoffs
    up, down = rows.up, rows.down
    if steps % 2:
        first = wide.copy()
        first[:, 1:-1] = np.maximum(up * values[:, 1:] + down * values[:, :-1], wide[:, 1:-1])
        values = first
    between, spare = np.empty_like(narrow), np.empty_like(narrow)
    low, high, inner = values[:, :-1], values[:, 1:], values[:, 1:-1]
    below, above, spare_inner = between[:, :-1], between[:, 1:], spare[:, 1:]
    wide_inner = wide[:, 1:-1]
    for _ in range(steps // 2):
        np.multiply(high, up, out=between)
        np.multiply(low, down, out=spare)
        np.add(between, spare, out=between)
        np.maximum(between, narrow, out=between)
        np.multiply(above, up, out=inner)
        np.multiply(below, down, out=spare_inner)
        np.add(inner, spare_inner, out=inner)
        np.maximum(inner, wide_inner, out=inner)
    middle = values.shape[1] // 2
    return values[:, middle : middle + 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """From which price of the underlying on exercise pays, by date; nan where it does not yet."""

    years: np.ndarray
    prices: np.ndarray


def exercise_boundary(option: Option, steps: int = 1_000) -> Boundary:
    """The exercise boundary of one American option, today's first, by a lattice."""
    option = enough_steps(sound(option), steps)
    terms = [np.asarray(each, dtype=np.float64).reshape(1, 1) for each in _terms(option)]
    rows, sign = rows_of(_option(option, terms), steps), option.type.sign
    gains = [sign * (each - option.strike) for each in (rows.wide, rows.narrow)]
    payoffs = [np.maximum(each, 0.0) for each in gains]
    every = max(1, steps // BOUNDARY_DATES)
    values, years, prices = payoffs[steps % 2].copy(), [option.maturity], [option.strike]
    for left in range(steps - 1, -1, -1):
        waited = payoffs[left % 2].copy()
        inner = slice(None) if left % 2 else slice(1, -1)
        waited[:, inner] = rows.up * values[:, 1:] + rows.down * values[:, :-1]
        values = np.maximum(waited, payoffs[left % 2])
        if left % every == 0:
            years.append(left * rows.step.item())
            lead = (gains[left % 2] - waited)[0, inner]
            prices.append(_crossing(rows.at(left)[0, inner], lead, sign))
    return Boundary(years=np.array(years[::-1]), prices=np.array(prices[::-1]))


def _crossing(prices: np.ndarray, lead: np.ndarray, sign: float) -> float:
    """The price at which exercise overtakes waiting.

    Waiting leads by the square of the distance to it (smooth pasting), so the roots of two prices
    point there; it lies between the last price that waits and the first that does not.
    """
    if sign < 0.0:
        prices, lead = prices[::-1], lead[::-1]
    ahead = np.flatnonzero(lead > 0.0)
    if not ahead.size or ahead[0] < 2:
        return np.nan
    first = ahead[0]
    far, near = np.sqrt(np.maximum(-lead[first - 2 : first], 0.0))
    part = np.clip(near / (far - near), 0.0, 1.0) if far > near else 1.0
    return prices[first - 1] * (prices[first] / prices[first - 1]) ** part
