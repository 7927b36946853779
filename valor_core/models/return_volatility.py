"""What daily returns tell of a share's volatility: EWMA, and GARCH(1,1) with Student's t."""

from dataclasses import dataclass
from math import expm1, lgamma, log, log1p, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from valor_core.errors import BadInput

Returns = NDArray[np.float64]

DAYS_A_YEAR = 252
DECAY = 0.94
"""Of RiskMetrics for daily returns (J. P. Morgan and Reuters, 1996)."""

LEAST, LEAST_FOR_GARCH = 20, 250
BACKCAST_DAYS = 75
PERCENT = 100.0  # returns are fitted in percent, where the parameters have one scale
ALPHA_LEAST, PERSISTENCE_MOST = 0.005, 0.9995
NU_LEAST, NU_MOST = 2.05, 500.0
STARTS = ((0.97, 0.08), (0.80, 0.20))  # persistence, and what of it is a shock's


class NoVolatility(BadInput):
    """Returns that tell no volatility."""

    code = "no_volatility"

    def __init__(self, *, count: int, least: int) -> None:
        super().__init__(
            f"{count} returns of a price that moves are too few for this volatility.",
            hint=f"Fetch more days: at least {least} returns of a price that moves.",
        )


def sample_volatility(returns: Returns) -> float:
    """Volatility a year with every day counted alike.

    >>> print(f"{sample_volatility(np.tile([0.01, -0.01], 126)):.4f}")
    0.1591
    """
    _checked(returns, LEAST)
    return float(np.std(returns, ddof=1)) * sqrt(DAYS_A_YEAR)


def next_ewma_variance(variance: float, shock: float, *, decay: float = DECAY) -> float:
    """Tomorrow's variance: of today's, with the square of today's return mixed in.

    >>> print(f"{next_ewma_variance(0.01**2, 0.02, decay=0.90):.5f}")
    0.00013
    """
    return decay * variance + (1.0 - decay) * shock * shock


def ewma_volatility(returns: Returns, *, decay: float = DECAY) -> float:
    """Volatility a year in which each day back counts `decay` as much as the one after it."""
    _checked(returns, LEAST)
    weights = decay ** np.arange(len(returns) - 1, -1, -1)
    return sqrt(float(weights @ returns**2 / weights.sum()) * DAYS_A_YEAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class GarchFit:
    """GARCH(1,1) with Student's t, by maximum likelihood, of returns a day."""

    mean: float
    omega: float
    alpha: float  # what of yesterday's shock lives on
    beta: float  # what of yesterday's variance lives on
    nu: float  # degrees of freedom
    next_variance: float  # of the day after the last return
    log_likelihood: float
    count: int

    @property
    def persistence(self) -> float:
        """What of a variance above the usual is left a day later."""
        return self.alpha + self.beta

    @property
    def clusters(self) -> bool:
        """Whether calm and storm were found at all: where not, β is any number, and so the rest."""
        return self.alpha > ALPHA_LEAST and self.persistence < PERSISTENCE_MOST

    @property
    def usual_variance(self) -> float:
        """To which the variance of a day returns."""
        return self.omega / (1.0 - self.persistence)

    @property
    def volatility_tomorrow(self) -> float:
        """Of the next day, a year."""
        return sqrt(self.next_variance * DAYS_A_YEAR)

    def volatility_over(self, years: float) -> float:
        """The volatility a year that is expected on average over so many years."""
        days = max(years * DAYS_A_YEAR, 1.0)
        left = -expm1(days * log(self.persistence)) / (days * (1.0 - self.persistence))
        usual = self.usual_variance
        return sqrt((usual + (self.next_variance - usual) * left) * DAYS_A_YEAR)


def garch_t(returns: Returns) -> GarchFit:
    """Fit r = μ + ε, σ² = ω + α·ε²₋₁ + β·σ²₋₁, ε / σ Student's t of variance 1 (Bollerslev, 1987).

    The first variance is the backcast of the first 75 shocks, each weighed 0.94 of the one before.
    """
    from scipy.optimize import minimize  # a quarter of a second that most starts need not pay

    _checked(returns, LEAST_FOR_GARCH)
    scaled = PERCENT * returns
    mean, spread = float(scaled.mean()), float(scaled.var())
    found = min(
        (
            minimize(_cost, _free(mean, spread, *start), args=(scaled,), method="BFGS")
            for start in STARTS
        ),
        key=lambda each: each.fun,
    )
    mu, omega, alpha, beta, nu = _terms(found.x)
    variances = _variances(scaled - mu, omega, alpha, beta)
    return GarchFit(
        mean=mu / PERCENT,
        omega=omega / PERCENT**2,
        alpha=alpha,
        beta=beta,
        nu=nu,
        next_variance=variances[-1] / PERCENT**2,
        log_likelihood=-float(found.fun) * len(returns) + len(returns) * log(PERCENT),
        count=len(returns),
    )


def _checked(returns: Returns, least: int) -> None:
    if len(returns) < least or not np.ptp(returns) > 0.0:
        raise NoVolatility(count=len(returns), least=least)


def _free(mean: float, spread: float, persistence: float, share: float) -> NDArray[np.float64]:
    """Parameters that may be any number, as the search wants them."""
    return np.array([mean, log(spread), _logit(persistence), _logit(share), log(6.0)])


def _terms(free: NDArray[np.float64]) -> tuple[float, float, float, float, float]:
    """Mean, ω, α, β and degrees of freedom: 0 < α, β and α + β < 1 whatever the search tries."""
    mean, usual, persistence, share, freedom = (float(each) for each in free)
    persistence, share = _logistic(persistence), _logistic(share)
    omega = float(np.exp(np.clip(usual, -50.0, 50.0))) * (1.0 - persistence)
    nu = min(NU_LEAST + float(np.exp(min(freedom, 50.0))), NU_MOST)
    return mean, omega, persistence * share, persistence * (1.0 - share), nu


def _variances(shocks: Returns, omega: float, alpha: float, beta: float) -> list[float]:
    """The variance of each day and of the one after the last."""
    early = shocks[:BACKCAST_DAYS] ** 2
    weights = DECAY ** np.arange(len(early))
    backcast = float(weights @ early / weights.sum())
    variance = omega + (alpha + beta) * backcast
    variances = [variance]
    for squared in (shocks**2).tolist():
        variance = omega + alpha * squared + beta * variance
        variances.append(variance)
    return variances


def _cost(free: NDArray[np.float64], returns: Returns) -> float:
    """What is made as small as it can be: minus the log-likelihood of a return."""
    mean, omega, alpha, beta, nu = _terms(free)
    shocks = returns - mean
    variances = np.array(_variances(shocks, omega, alpha, beta)[:-1])
    level = lgamma((nu + 1.0) / 2.0) - lgamma(nu / 2.0) - 0.5 * log(pi * (nu - 2.0))
    tails = np.log1p(shocks**2 / (variances * (nu - 2.0)))
    return float((0.5 * np.log(variances) + 0.5 * (nu + 1.0) * tails).mean()) - level


def _logit(share: float) -> float:
    return log(share) - log1p(-share)


def _logistic(free: float) -> float:
    return float(np.clip(1.0 / (1.0 + np.exp(-np.clip(free, -50.0, 50.0))), 1e-8, 1.0 - 1e-8))
