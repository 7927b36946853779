"""The volatility of a project from the simulated values of its own DCF (Copeland and Antikarov)."""

from dataclasses import dataclass, field

import numpy as np

from valor_core.models.fields import Unit, says
from valor_core.models.numbers import Numbers, Row
from valor_core.models.options.refusals import (
    ExpiryNegative,
    TooFewValues,
    UnderlyingNotPositive,
    ValueNotPositive,
)

LEAST_VALUES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectVolatility:
    """The volatility that a project's simulated values show, and how lognormal they are."""

    expected_return: Numbers = field(metadata=says("mean log return a year", Unit.RATE))
    skewness: Numbers = field(metadata=says("of the log returns; 0 for a lognormal", Unit.RATIO))
    excess_kurtosis: Numbers = field(
        metadata=says("of the log returns; 0 for a lognormal", Unit.RATIO)
    )
    standard_error: Numbers = field(metadata=says("standard error of the volatility"))
    volatility: Numbers = field(metadata=says("standard deviation of a year's log return"))


def project_volatility(values: Row, *, base_value: float, years: float = 1.0) -> ProjectVolatility:
    """The volatility of a project whose value after some years, cash until then included, is this.

    The marketed-asset disclaimer takes the DCF itself for the asset that the rights are on. Its
    value today is one number, the base value: a simulated one would count its spread twice.

    >>> grown = 100.0 * np.exp(0.05 + 0.3 * np.linspace(-1.7, 1.7, 1_000))
    >>> print(f"{project_volatility(grown, base_value=100.0).volatility:.3f}")
    0.295
    """
    values = np.ravel(np.asarray(values, dtype=np.float64))
    if values.size < LEAST_VALUES:
        raise TooFewValues(count=values.size)
    if not values.min() > 0.0:
        raise ValueNotPositive(least=float(values.min()))
    if not base_value > 0.0:
        raise UnderlyingNotPositive(underlying=base_value)
    if not years > 0.0:
        raise ExpiryNegative(years=years)
    returns = np.log(values / base_value)
    deviation = returns.std(ddof=1)
    standard = (returns - returns.mean()) / deviation if deviation > 0.0 else 0.0 * returns
    fourth = (standard**4).mean()
    volatility = deviation / np.sqrt(years)
    return ProjectVolatility(
        expected_return=returns.mean() / years,
        skewness=(standard**3).mean(),
        excess_kurtosis=fourth - 3.0 if deviation > 0.0 else 0.0,
        standard_error=0.5 * volatility * np.sqrt(max(fourth - 1.0, 0.0) / values.size),
        volatility=volatility,
    )
