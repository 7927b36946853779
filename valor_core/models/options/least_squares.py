"""American options by simulation: waiting is worth what a regression over the paths expects.

Longstaff and Schwartz (2001). Paths are drawn backwards by a Brownian bridge, so that no more than
one date of them is ever kept, and in antithetic pairs. Powers of the distance to the strike up to
the third are the regressors; only paths in the money enter. The European option at the moment of
exercise, whose mean is known, is the control variate (Rasmussen, 2005): it cuts the standard error
to a tenth. What is left is the loss by a rule that a cubic expresses, some ten-thousandths of the
strike, which no standard error shows.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from valor_core.models.fields import Unit, says
from valor_core.models.guarded import guarded
from valor_core.models.numbers import Numbers
from valor_core.models.options.black_scholes import european_value
from valor_core.models.options.early_exercise import exercised_now
from valor_core.models.options.refusals import DatesOutOfRange, PathsOutOfRange
from valor_core.models.options.terms import Option, sound

LEAST_PATHS, MOST_PATHS = 1_000, 10_000_000
MOST_DATES = 10_000
LEAST_IN_THE_MONEY = 16
"""Paths below which a regression of four coefficients tells nothing; then nobody exercises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedOption:
    """An option with equally spaced dates of exercise, and how it is simulated."""

    option: Option = field(metadata=says("the option"))
    dates: int = field(default=50, metadata=says("dates of exercise, the last at the end"))
    paths: int = field(default=100_000, metadata=says("simulated paths, half of them mirrored"))
    seed: int = field(default=0, metadata=says("the same seed gives the same value"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedValue:
    """A simulated option with its standard error."""

    european_value: Numbers = field(metadata=says("value if exercised at the end", Unit.MONEY))
    standard_error: Numbers = field(
        metadata=says("standard error of the value, over the pairs of paths", Unit.MONEY)
    )
    value: Numbers = field(metadata=says("value of the option", Unit.MONEY))


@guarded
def least_squares_monte_carlo(simulated: SimulatedOption) -> SimulatedValue:
    """An option that may be exercised at any of its dates, by least-squares Monte Carlo."""
    option = sound(simulated.option)
    dates, paths = simulated.dates, simulated.paths
    if not 1 <= dates <= MOST_DATES:
        raise DatesOutOfRange(dates=dates, most=MOST_DATES)
    if not LEAST_PATHS <= paths <= MOST_PATHS:
        raise PathsOutOfRange(paths=paths, least=LEAST_PATHS, most=MOST_PATHS)
    received, known = _received(option, dates, paths // 2, simulated.seed)
    european = european_value(option)
    off = known - european  # 0 in the mean, and it goes with what is received
    spread = off @ off
    pairs = received - (off @ (received - received.mean()) / spread if spread > 0.0 else 0.0) * off
    waited = pairs.mean()
    return SimulatedValue(
        european_value=european,
        standard_error=pairs.std() / np.sqrt(pairs.size),
        value=np.maximum(waited, exercised_now(option)),
    )


def _received(option: Option, dates: int, pairs: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """What each pair of mirrored paths brings today, and what the European option would then."""
    rng, sign = np.random.Generator(np.random.SFC64(seed)), option.type.sign
    step = option.maturity / dates
    drift = option.rate - option.dividend_yield - 0.5 * option.volatility**2
    start = np.log(option.spot / option.strike)
    motion = np.sqrt(option.maturity) * rng.standard_normal(pairs)
    received, stopped = np.zeros(2 * pairs), np.full(2 * pairs, option.maturity)
    prices, last = np.empty((2, pairs)), np.empty(2 * pairs)
    for date in range(dates, 0, -1):
        if date < dates:  # a bridge from the date after to the start
            motion *= date / (date + 1)
            motion += np.sqrt(step * date / (date + 1)) * rng.standard_normal(pairs)
        middle = np.exp(start + drift * step * date)
        np.exp(option.volatility * motion, out=prices[0])
        np.divide(middle, prices[0], out=prices[1])
        prices[0] *= middle
        gain = sign * (prices.ravel() - 1.0)
        inside = np.flatnonzero(gain > 0.0)
        now, discount = gain[inside], np.exp(-option.rate * step * date)
        if date == dates:
            last[:], received[inside] = prices.ravel(), discount * now
        elif inside.size >= LEAST_IN_THE_MONEY:
            pays = discount * now > _regressed(now, received[inside])
            exercised, brings = inside[pays], now[pays]
            received[exercised] = discount * brings
            last[exercised], stopped[exercised] = 1.0 + sign * brings, step * date
    then = replace(option, spot=option.strike * last, maturity=option.maturity - stopped)
    known = np.exp(-option.rate * stopped) * european_value(then)
    received = option.strike * received
    return received.reshape(2, -1).mean(axis=0), known.reshape(2, -1).mean(axis=0)


def _regressed(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The cubic in x that fits y best, by its normal equations."""
    square = x * x
    cube = square * x
    sums = [x.size, x.sum(), square.sum(), cube.sum()]
    sums += [square @ square, square @ cube, cube @ cube]
    moments = np.array([[sums[i + j] for j in range(4)] for i in range(4)])
    a, b, c, d = np.linalg.lstsq(moments, np.array([y.sum(), x @ y, square @ y, cube @ y]))[0]
    fitted = d * x  # by Horner's rule in one array: half of the time was spent here
    for coefficient in (c, b):
        fitted += coefficient
        fitted *= x
    fitted += a
    return fitted
