"""American options by simulation: waiting is worth what a regression over the paths expects.

Longstaff and Schwartz (2001). A quarter as many paths teach the rule, the others follow it, so that
nobody profits by foresight. Paths are drawn backwards by a Brownian bridge, hence no more than one
date of them is ever kept, and in antithetic pairs. A call is simulated as the put that mirrors it,
whose gains are bounded; only paths in the money enter the regression.

The European option at the moment of exercise is known in closed form, and so is its mean: what is
regressed, on powers of the gain up to the third, is only how much more the paths bring, and the
same difference is the control variate of the value (Rasmussen, 2005). Each cuts its error tenfold.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from valor_core.models.fields import Unit, says
from valor_core.models.guarded import guarded
from valor_core.models.numbers import Numbers
from valor_core.models.options.black_scholes import european_value
from valor_core.models.options.early_exercise import exercised_now
from valor_core.models.options.refusals import DatesOutOfRange, PathsOutOfRange
from valor_core.models.options.terms import Option, OptionType, sound

LEAST_PATHS, MOST_PATHS = 1_000, 10_000_000
MOST_DATES = 10_000
LEAST_IN_THE_MONEY = 16
"""Paths below which a regression of four coefficients tells nothing; then nobody exercises."""

GRID = 512
"""Prices at which exercise is compared with waiting."""


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
    put = option.as_type(OptionType.PUT)
    rng = np.random.Generator(np.random.SFC64(simulated.seed))
    boundary = _taught(put, dates, max(paths // 8, LEAST_IN_THE_MONEY), rng)
    received, known = _followed(put, dates, paths // 2, rng, boundary)
    european = european_value(option)
    off = known - known.mean()
    spread = off @ off
    weight = off @ received / spread if spread > 0.0 else 0.0
    pairs = received - weight * (known - european)
    waited = pairs.mean()
    return SimulatedValue(
        european_value=european,
        standard_error=pairs.std() / np.sqrt(pairs.size),
        value=np.maximum(waited, exercised_now(option)),
    )


def _prices(
    put: Option, dates: int, pairs: int, rng: np.random.Generator
) -> Iterator[tuple[int, np.ndarray]]:
    """Prices over the strike of paths and their mirror images, the last date first.

    The array is the same each time.
    """
    step = put.maturity / dates
    drift = put.rate - put.dividend_yield - 0.5 * put.volatility * put.volatility
    start = np.log(put.spot / put.strike)
    motion = np.sqrt(put.maturity) * rng.standard_normal(pairs)
    prices = np.empty((2, pairs))
    for date in range(dates, 0, -1):
        if date < dates:  # a bridge from the date after to the start
            motion *= date / (date + 1)
            motion += np.sqrt(step * date / (date + 1)) * rng.standard_normal(pairs)
        middle = np.exp(start + drift * step * date)
        np.exp(put.volatility * motion, out=prices[0])
        np.divide(middle, prices[0], out=prices[1])
        prices[0] *= middle
        yield date, prices.ravel()


def _taught(put: Option, dates: int, pairs: int, rng: np.random.Generator) -> dict[int, float]:
    """By date, the price over the strike below which exercise brings more than waiting."""
    boundary, received, known = {}, np.zeros(2 * pairs), np.zeros(2 * pairs)
    for date, prices in _prices(put, dates, pairs, rng):
        years = put.maturity * date / dates
        inside = np.flatnonzero(prices < 1.0)
        if date == dates:
            known[inside] = received[inside] = np.exp(-put.rate * years) * (1.0 - prices[inside])
        elif inside.size >= LEAST_IN_THE_MONEY:
            premium = _regressed(1.0 - prices[inside], (received - known)[inside])
            boundary[date] = _crossing(put, years, prices[inside].min(), premium)
            pays = inside[prices[inside] < boundary[date]]
            received[pays] = np.exp(-put.rate * years) * (1.0 - prices[pays])
            known[pays] = _held(put, years, prices[pays])
    return boundary


def _crossing(put: Option, years: float, lowest: float, premium: np.ndarray) -> float:
    """The highest price over the strike at which exercise leads; 0 where it does nowhere."""
    prices = np.linspace(1.0, lowest, GRID)
    waited = _held(put, years, prices) + np.polyval(premium[::-1], 1.0 - prices)
    lead = np.exp(-put.rate * years) * (1.0 - prices) - waited
    ahead = np.flatnonzero(lead > 0.0)
    if not ahead.size:
        return 0.0
    first = max(ahead[0], 1)
    part = lead[first] / (lead[first] - lead[first - 1])
    return prices[first] + part * (prices[first - 1] - prices[first])


def _held(put: Option, years: float, prices: np.ndarray) -> np.ndarray:
    """Today's worth of the European option then, in strikes."""
    then = replace(put, spot=prices, strike=1.0, maturity=put.maturity - years)
    return np.exp(-put.rate * years) * european_value(then)


def _followed(
    put: Option,
    dates: int,
    pairs: int,
    rng: np.random.Generator,
    boundary: dict[int, float],
) -> tuple[np.ndarray, np.ndarray]:
    """What each pair of paths brings today, and what the European option is worth then."""
    stopped, last = np.full(2 * pairs, put.maturity), np.empty(2 * pairs)
    for date, prices in _prices(put, dates, pairs, rng):
        if date == dates:
            last[:] = prices
        elif date in boundary:
            pays = np.flatnonzero(prices < boundary[date])
            last[pays], stopped[pays] = prices[pays], put.maturity * date / dates
    discount = np.exp(-put.rate * stopped)
    then = replace(put, spot=put.strike * last, maturity=put.maturity - stopped)
    received = discount * put.strike * np.maximum(1.0 - last, 0.0)
    known = discount * european_value(then)
    return received.reshape(2, -1).mean(axis=0), known.reshape(2, -1).mean(axis=0)


def _regressed(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The coefficients of the cubic in x that fits y best, by its normal equations."""
    square = x * x
    cube = square * x
    sums = [x.size, x.sum(), square.sum(), cube.sum()]
    sums += [square @ square, square @ cube, cube @ cube]
    moments = np.array([[sums[i + j] for j in range(4)] for i in range(4)])
    return np.linalg.lstsq(moments, np.array([y.sum(), x @ y, square @ y, cube @ y]))[0]
