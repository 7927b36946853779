"""Distributions, copulas and low-discrepancy points as textbooks and libraries print them."""

from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
import scipy

from valor_core.models.fields import says, settle
from valor_core.models.numbers import Numbers, Row
from valor_core.models.published.method import Method
from valor_core.models.refusals import ChooseOne
from valor_core.models.simulation.dependence import (
    kendall_of,
    latent_correlation,
    nearest_correlation,
    spearman_of,
)
from valor_core.models.simulation.distributions import (
    Beta,
    Bootstrap,
    Discrete,
    Lognormal,
    Normal,
    OneDistribution,
    Pert,
    StudentT,
    Triangular,
    Truncated,
    Uniform,
)
from valor_core.models.simulation.draws import sobol_points
from valor_core.models.simulation.refusals import (
    CorrelationUnusable,
    ParameterOutOfRange,
    SizeOutOfRange,
)

LEVELS = {"01": 0.01, "025": 0.025, "05": 0.05, "10": 0.10, "25": 0.25, "50": 0.50} | {
    "75": 0.75, "90": 0.90, "95": 0.95, "975": 0.975, "99": 0.99
}  # fmt: skip
MOST_DIMENSIONS = 1_000
MOST_NUMBERS = 1_000_000


def figures(distribution: OneDistribution) -> dict[str, Any]:
    """Mean, percentiles, and the mean of the tail at each: the lower one below the median."""
    mean = distribution.expected()
    told = {"mean": mean, "median": float(distribution.quantile(0.5))}
    for name, level in LEVELS.items():
        below = distribution.shortfall(level)
        told[f"p{name}"] = told[f"var{name}"] = float(distribution.quantile(level))
        told[f"cvar{name}"] = below if level < 0.5 else (mean - below * level) / (1.0 - level)
    return told


@dataclass(frozen=True, slots=True, kw_only=True)
class LognormalCase:
    """A lognormal by its logarithm, or by its own mean and standard deviation."""

    mu: Numbers | None = field(default=None, metadata=says("mean of the logarithm"))
    sigma: Numbers | None = field(default=None, metadata=says("standard deviation of the log"))
    mean: Numbers | None = field(default=None, metadata=says("mean of the value itself"))
    sd: Numbers | None = field(default=None, metadata=says("standard deviation of the value"))

    def __post_init__(self) -> None:
        settle(self)


def lognormal(case: LognormalCase) -> dict[str, Any]:
    """The figures of a lognormal, its moments among them."""
    shape = _lognormal(case)
    told, growth = figures(shape), np.expm1(shape.sigma**2)
    return told | {
        "mu": shape.mu,
        "sigma": shape.sigma,
        "mode": float(np.exp(shape.mu - shape.sigma**2)),
        "variance": float(growth * told["mean"] ** 2),
        "sd": float(np.sqrt(growth) * told["mean"]),
        "skewness": float((growth + 3.0) * np.sqrt(growth)),
    }


def _lognormal(case: LognormalCase) -> Lognormal:
    """σ² = ln(1 + (sd / mean)²), μ = ln(mean) − σ²/2 where the value's own moments are stated."""
    if (case.mu is None) != (case.sigma is None) or (case.mean is None) != (case.sd is None):
        raise ChooseOne("mu and sigma", "mean and sd", given=False)
    if (case.mu is None) == (case.mean is None):
        raise ChooseOne("mu and sigma", "mean and sd", given=case.mu is not None)
    if case.mean is None:
        return Lognormal(mu=case.mu, sigma=case.sigma)
    for name in ("mean", "sd"):
        if not getattr(case, name) > 0.0:
            raise ParameterOutOfRange(
                distribution="lognormal",
                parameter=name,
                stated=getattr(case, name),
                meant="above 0",
            )
    variance = np.log1p((case.sd / case.mean) ** 2)
    return Lognormal(mu=np.log(case.mean) - 0.5 * variance, sigma=np.sqrt(variance))


@dataclass(frozen=True, slots=True, kw_only=True)
class CopulaCase:
    """A correlation of two, in one of its three measures."""

    rho: Numbers | None = field(default=None, metadata=says("correlation of the normals"))
    spearman: Numbers | None = field(default=None, metadata=says("Spearman's rank correlation"))
    kendall: Numbers | None = field(default=None, metadata=says("Kendall's rank correlation"))
    degrees: Numbers | None = field(
        default=None, metadata=says("degrees of freedom of a t copula with this correlation")
    )

    def __post_init__(self) -> None:
        settle(self)


def gaussian_copula(case: CopulaCase) -> dict[str, Any]:
    """All three measures; with degrees of freedom how often extremes come together, too."""
    stated = {n: getattr(case, n) for n in ("rho", "spearman", "kendall")}
    known = {name: value for name, value in stated.items() if value is not None}
    if len(known) != 1:
        raise ChooseOne("rho", "spearman", given=len(known) > 1)
    ((name, value),) = known.items()
    if not -1.0 <= value <= 1.0:
        problem = f"is {value:.6g}, not between -1 and 1"
        raise CorrelationUnusable(first="first", second="second", problem=problem)
    rho = value
    if name == "spearman":
        rho = float(latent_correlation(value))
    elif name == "kendall":
        rho = float(np.sin(0.5 * np.pi * value))
    measures = {"rho": rho, "spearman": float(spearman_of(rho)), "kendall": float(kendall_of(rho))}
    return measures | {"tail_dependence": _tail_dependence(rho, case.degrees)}


def _tail_dependence(rho: float, degrees: float | None) -> float:
    """2 · t_{ν+1}(−√((ν + 1)(1 − ρ)/(1 + ρ))), none under a Gaussian copula (Embrechts et al.)."""
    if rho == 1.0:
        return 1.0
    if degrees is None or rho == -1.0:
        return 0.0
    if not degrees > 0.0:
        raise ParameterOutOfRange(
            distribution="t copula", parameter="degrees", stated=degrees, meant="above 0"
        )
    at = -np.sqrt((degrees + 1.0) * (1.0 - rho) / (1.0 + rho))
    return float(2.0 * scipy.special.stdtr(degrees + 1.0, at))


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixCase:
    """A matrix of correlations that may be impossible together."""

    matrix: tuple[Row, ...] = field(metadata=says("its rows"))


def repaired(case: MatrixCase) -> dict[str, Any]:
    """The nearest correlation matrix, and how far away it is (Frobenius)."""
    size = len(case.matrix)
    widths = {len(row) for row in case.matrix}
    matrix = np.array(case.matrix) if widths == {size} else np.zeros((size, 0))
    if matrix.shape != (size, size) or not np.array_equal(matrix, matrix.T):
        raise CorrelationUnusable(
            first="rows", second="columns", problem="is no square, symmetric matrix"
        )
    nearest = nearest_correlation(matrix)
    return {"nearest": nearest, "distance": float(np.linalg.norm(nearest - matrix))}


@dataclass(frozen=True, slots=True, kw_only=True)
class SobolCase:
    """Some points of the Sobol sequence, unscrambled."""

    dimensions: int = field(metadata=says("dimensions of a point"))
    n: Annotated[int, MOST_NUMBERS] = field(metadata=says("how many points"))
    skip: Annotated[int, MOST_NUMBERS] = field(
        default=0, metadata=says("points that are left out at the start")
    )


def sobol(case: SobolCase) -> dict[str, Any]:
    """The points, one row each."""
    for what, asked, most in (
        ("dimensions", case.dimensions, MOST_DIMENSIONS),
        ("numbers", case.n * case.dimensions, MOST_NUMBERS),
    ):
        if not 1 <= asked <= most:
            raise SizeOutOfRange(what=what, asked=asked, least=1, most=most)
    return {"points": sobol_points(case.dimensions, case.n, start=case.skip)}


METHODS = {
    f"{shape.kind}_distribution": Method(inputs=shape, compute=figures, main="mean")
    for shape in (Normal, Uniform, Triangular, Beta, Pert, StudentT, Discrete, Bootstrap, Truncated)
} | {
    "lognormal_distribution": Method(inputs=LognormalCase, compute=lognormal, main="mean"),
    "gaussian_copula_rank_correlation": Method(
        inputs=CopulaCase, compute=gaussian_copula, main="spearman"
    ),
    "nearest_correlation_matrix": Method(inputs=MatrixCase, compute=repaired, main="nearest"),
    "sobol_sequence": Method(inputs=SobolCase, compute=sobol, main="points"),
}
