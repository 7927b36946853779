"""A multiple explained by fundamentals over peers, and what they make of the company's own."""

from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil
from typing import Any

import numpy as np

from valor_core.models.checks import Check, Severity
from valor_core.models.comparables.refusals import (
    FundamentalsAlike,
    MultipleNotPositive,
    OneFundamentalOnly,
    PredictionLevelOutOfRange,
    TooFewPeers,
)
from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.numbers import Numbers, Row
from valor_core.models.refusals import LengthDoesNotFit

HUBER = 1.345  # of a standard deviation: 95 % as good as least squares where errors are normal
NORMAL_MAD = 0.674_489_750_196_081_7  # median distance from the mean of a normal variable
MOST_STEPS = 200
FEWEST_PEERS_A_COEFFICIENT = 5
WIDEST = 3.0  # the upper end of an interval over the lower


class Fit(StrEnum):
    """How a line is laid through peers."""

    OLS = "ols"  # least squares: every peer pulls by its distance
    HUBER = "huber"  # far peers pull no more than near ones
    THEIL_SEN = "theil_sen"  # the median of all slopes between two peers


@dataclass(frozen=True, slots=True, kw_only=True)
class Fundamental:
    """What a multiple depends on, such as growth or margin."""

    name: str = field(metadata=says("name"))
    peers: Row = field(metadata=says("of each peer"))
    company: Numbers = field(metadata=says("of the company"))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionInputs:
    """The multiples of peers and what may explain them."""

    multiples: Row = field(metadata=says("of each peer", Unit.RATIO))
    fundamentals: tuple[Fundamental, ...] = field(metadata=says("what explains them"))
    logarithmic: bool = field(
        default=True, metadata=says("the logarithm of the multiple is explained")
    )
    fit: Fit = field(default=Fit.OLS, metadata=says("how the line is laid"))
    level: Numbers = field(default=0.8, metadata=says("part of cases in the interval", Unit.RATE))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionResult:
    """A fitted line with its errors, and the multiple that it makes of the company."""

    coefficients: Row = field(metadata=says("intercept, then one a fundamental"))
    standard_errors: Row | None = field(metadata=says("of the coefficients; by OLS alone"))
    fitted: Row = field(metadata=says("multiple of each peer by the line", Unit.RATIO))
    residuals: Row = field(metadata=says("of what is explained, the logarithm where asked"))
    leverage: Row = field(metadata=says("how far a peer alone can turn the line, 0 to 1"))
    left_out_residuals: Row = field(
        metadata=says("of each peer by a line through the others alone")
    )
    r_squared: Numbers = field(metadata=says("part of the variance explained", Unit.RATE))
    left_out_r_squared: Numbers = field(
        metadata=says("part of it explained for peers left out; below 0: the mean is better")
    )
    low: Numbers | None = field(
        metadata=says("lower end of the interval; none: too few peers", Unit.RATIO)
    )
    high: Numbers | None = field(metadata=says("its upper end", Unit.RATIO))
    multiple: Numbers = field(metadata=says("of the company by the line", Unit.RATIO))


@guarded
def multiple_regression(inputs: RegressionInputs) -> RegressionResult:
    """Lay a line through peers; the interval is of one more company, not of the line.

    By OLS it is Student's, else by the residuals of peers left out (jackknife).

    >>> growth = Fundamental(name="growth", peers=[0.0, 0.1, 0.2, 0.3], company=0.15)
    >>> line = RegressionInputs(multiples=[8.0, 10.0, 12.0, 14.0], fundamentals=(growth,),
    ...                         logarithmic=False)
    >>> print(f"{multiple_regression(line).multiple:.6f}")
    11.000000
    """
    drivers, explained = _matrix(inputs), _explained(inputs)
    coefficients = _fitted(inputs.fit, drivers, explained)
    residuals = explained - drivers @ coefficients
    left_out = np.array(
        [_left_out(inputs.fit, drivers, explained, peer) for peer in range(len(explained))]
    )
    company = np.array([1.0, *(each.company for each in inputs.fundamentals)])
    middle = company @ coefficients
    inverse = np.linalg.inv(drivers.T @ drivers)
    errors, reach = None, _reach(left_out, inputs.level)
    if inputs.fit is Fit.OLS:
        errors, reach = _student(residuals, inverse, company, inputs.level)
    scale = np.exp if inputs.logarithmic else np.asarray
    spread = np.sum((explained - explained.mean()) ** 2)
    varies = spread if spread > 0.0 else 1.0
    return RegressionResult(
        coefficients=coefficients,
        standard_errors=errors,
        fitted=scale(explained - residuals),
        residuals=residuals,
        leverage=np.sum(drivers @ inverse * drivers, axis=-1),
        left_out_residuals=left_out,
        r_squared=1.0 - np.sum(residuals**2) / varies,
        left_out_r_squared=1.0 - np.sum(left_out**2) / varies,
        low=None if reach is None else scale(middle - reach)[()],
        high=None if reach is None else scale(middle + reach)[()],
        multiple=scale(middle)[()],
    )


def _matrix(inputs: RegressionInputs) -> Any:
    """A column of ones and one a fundamental; each column must say something of its own."""
    peers = len(inputs.multiples)
    for each in inputs.fundamentals:
        if np.shape(each.peers) != (peers,):
            raise LengthDoesNotFit(field=each.name, given=len(each.peers), years=peers)
    columns = [np.ones(peers), *(each.peers for each in inputs.fundamentals)]
    if peers < len(columns) + 2:
        raise TooFewPeers(peers=peers, least=len(columns) + 2)
    matrix = np.stack(columns, axis=-1)
    size = np.abs(matrix).max(axis=0)
    if not np.all(size > 0.0) or np.linalg.matrix_rank(matrix / size) < len(columns):
        raise FundamentalsAlike
    if inputs.fit is Fit.THEIL_SEN and len(columns) != 2:
        raise OneFundamentalOnly(given=len(columns) - 1)
    if not 0.0 < inputs.level < 1.0:
        raise PredictionLevelOutOfRange(level=inputs.level)
    return matrix


def _explained(inputs: RegressionInputs) -> Any:
    least = np.min(inputs.multiples)
    if not inputs.logarithmic:
        return inputs.multiples
    if least <= 0.0:
        raise MultipleNotPositive(multiple=least)
    return np.log(inputs.multiples)


def _fitted(fit: Fit, drivers: Any, explained: Any) -> Any:
    """The coefficients of the line."""
    if fit is Fit.THEIL_SEN:
        return _theil_sen(drivers[:, 1], explained)
    start = np.linalg.lstsq(drivers, explained, rcond=None)[0]
    return start if fit is Fit.OLS else _huber(drivers, explained, start)


def _theil_sen(x: Any, y: Any) -> Any:
    """The median slope between two peers, through the medians of both (Theil; Sen)."""
    first, second = np.triu_indices(len(x), k=1)
    run = x[second] - x[first]
    apart = run != 0.0
    slope = np.median((y[second] - y[first])[apart] / run[apart])
    return np.array([np.median(y) - slope * np.median(x), slope])


def _huber(drivers: Any, explained: Any, coefficients: Any) -> Any:
    """Least squares with far residuals weighed down, until the line rests (Huber)."""
    for _ in range(MOST_STEPS):
        residuals = explained - drivers @ coefficients
        distance = np.abs(residuals)
        near = HUBER * np.median(distance) / NORMAL_MAD
        root = np.sqrt(np.where(distance > near, near / np.maximum(distance, near), 1.0))
        root = np.where(near > 0.0, root, 1.0)
        before = coefficients
        coefficients = np.linalg.lstsq(drivers * root[:, None], explained * root, rcond=None)[0]
        if np.allclose(coefficients, before, rtol=1e-12, atol=1e-14):
            break
    return coefficients


def _left_out(fit: Fit, drivers: Any, explained: Any, peer: int) -> Any:
    """The residual of a peer by a line through the others."""
    others = np.arange(len(explained)) != peer
    line = _fitted(fit, drivers[others], explained[others])
    return explained[peer] - drivers[peer] @ line


def _student(residuals: Any, inverse: Any, company: Any, level: Any) -> tuple[Any, Any]:
    """Standard errors of the coefficients, and how far one more company may lie from the line."""
    from scipy.special import stdtrit

    freedom = len(residuals) - len(company)
    variance = np.sum(residuals**2) / freedom
    reach = np.sqrt(variance * (1.0 + company @ inverse @ company))
    return np.sqrt(variance * np.diag(inverse)), stdtrit(freedom, (1.0 + level) / 2.0) * reach


def _reach(left_out: Any, level: Any) -> Any:
    """The distance that enough of the peers left out keep; none where there are too few."""
    place = ceil(level * (len(left_out) + 1)) - 1
    return np.sort(np.abs(left_out))[place] if place < len(left_out) else None


def regression_checks(inputs: RegressionInputs, result: RegressionResult) -> tuple[Check, ...]:
    """What to question in a regression, what failed first."""
    checks = [_few(inputs), _useless(result), _alone(inputs, result), _worse(result)]
    return tuple(sorted(checks, key=lambda check: check.passed))


def _few(inputs: RegressionInputs) -> Check:
    peers, coefficients = len(inputs.multiples), len(inputs.fundamentals) + 1
    least = FEWEST_PEERS_A_COEFFICIENT * coefficients
    return Check(
        name="peers",
        passed=peers >= least,
        severity=Severity.WARNING,
        message=f"{coefficients} coefficients rest on {peers} peers; below {least} a line can be "
        "laid through chance.",
        numbers={"peers": float(peers), "least": float(least)},
    )


def _useless(result: RegressionResult) -> Check:
    low, high = result.low, result.high
    narrow = low is not None and high is not None and low > 0.0 and high <= WIDEST * low
    told = "has no end" if low is None else f"runs from {low:.1f}× to {high:.1f}×"
    return Check(
        name="interval",
        passed=bool(narrow),
        severity=Severity.WARNING,
        message=f"The interval {told}; more than {WIDEST:.0f}× wide it tells nothing.",
        numbers={} if low is None or high is None else {"low": float(low), "high": float(high)},
    )


def _alone(inputs: RegressionInputs, result: RegressionResult) -> Check:
    most = 2.0 * (len(inputs.fundamentals) + 1) / len(inputs.multiples)
    found = float(np.max(result.leverage))
    return Check(
        name="leverage",
        passed=found <= most or most >= 1.0,
        severity=Severity.NOTE,
        message=f"One peer has a leverage of {found:.2f}; above {most:.2f} it turns the line by "
        "itself.",
        numbers={"leverage": found, "most": most},
    )


def _worse(result: RegressionResult) -> Check:
    kept = float(result.left_out_r_squared)
    return Check(
        name="left_out",
        passed=kept > 0.0,
        severity=Severity.WARNING,
        message=f"For peers left out the line explains {kept:.0%} of the variance; at 0 or below "
        "the peers' mean does as well.",
        numbers={"left_out_r_squared": kept},
    )
