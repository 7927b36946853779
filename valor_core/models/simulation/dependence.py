"""How drivers move together: rank correlations become a copula, impossible ones are repaired."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

LEAST_EIGENVALUE = 1e-10
"""A correlation matrix must keep some variance in each direction, so that it has a root."""


class Copula(StrEnum):
    """The dependence of which only the ranks count."""

    GAUSSIAN = "gaussian"
    STUDENT_T = "student_t"  # extremes come together more often


def latent_correlation(spearman: Any) -> Any:
    """The correlation of the normals behind a rank correlation: ρ = 2 sin(π ρ_S / 6) (Kruskal).

    >>> print(f"{latent_correlation(spearman_of(0.6)):.6f}")
    0.600000
    """
    return 2.0 * np.sin(np.pi * np.asarray(spearman) / 6.0)


def spearman_of(correlation: Any) -> Any:
    """Spearman's rank correlation under a Gaussian copula: 6/π · asin(ρ/2) (Kruskal)."""
    return 6.0 / np.pi * np.arcsin(0.5 * np.asarray(correlation))


def kendall_of(correlation: Any) -> Any:
    """Kendall's rank correlation under any elliptical copula: 2/π · asin(ρ)."""
    return 2.0 / np.pi * np.arcsin(np.asarray(correlation))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependence:
    """The rank correlations that were asked for, and those that are possible."""

    asked: np.ndarray  # Spearman, one row and column a driver
    used: np.ndarray  # the nearest that can be
    latent: np.ndarray  # of the normals behind them
    root: np.ndarray  # lower triangle, by which independent normals become dependent

    @property
    def repaired(self) -> bool:
        """Whether they had to be changed."""
        return bool(np.any(self.asked != self.used))

    @property
    def change(self) -> float:
        """The largest change of a rank correlation."""
        return float(np.max(np.abs(self.used - self.asked), initial=0.0))


def dependence(asked: np.ndarray) -> Dependence:
    """Rank correlations as a copula's, moved to the nearest possible ones where they are not.

    >>> kept = dependence(np.array([[1.0, 0.6], [0.6, 1.0]]))
    >>> kept.repaired, round(float(kept.latent[0, 1]), 6)
    (False, 0.618034)
    """
    latent = latent_correlation(asked)
    np.fill_diagonal(latent, 1.0)
    used = asked
    if np.linalg.eigvalsh(latent)[0] < LEAST_EIGENVALUE:
        latent = nearest_correlation(latent)
        used = np.clip(spearman_of(latent), -1.0, 1.0)
        np.fill_diagonal(used, 1.0)
    return Dependence(asked=asked, used=used, latent=latent, root=np.linalg.cholesky(latent))


def nearest_correlation(matrix: np.ndarray, *, passes: int = 1_000) -> np.ndarray:
    """The nearest correlation matrix in the Frobenius norm (Higham 2002).

    Projections in turn on matrices without negative eigenvalues, corrected as Dykstra does, and on
    those with a diagonal of 1; at the end each eigenvalue is lifted above 0.

    >>> nearest_correlation(np.array([[1.0, 1, 0], [1, 1, 1], [0, 1, 1]]))[0].round(4).tolist()
    [1.0, 0.7607, 0.1573]
    """
    nearest, correction = matrix, np.zeros_like(matrix)
    for _ in range(passes):
        before, corrected = nearest, nearest - correction
        lifted = _lifted(corrected, 0.0)
        correction = lifted - corrected
        nearest = lifted - np.diag(np.diag(lifted) - 1.0)
        if np.max(np.abs(nearest - before)) < 1e-12:
            break
    lifted = _lifted(nearest, 2.0 * LEAST_EIGENVALUE)
    scale = 1.0 / np.sqrt(np.diag(lifted))
    scaled = lifted * np.outer(scale, scale)
    return scaled - np.diag(np.diag(scaled) - 1.0)


def _lifted(matrix: np.ndarray, least: float) -> np.ndarray:
    """The matrix with no eigenvalue below the least."""
    values, vectors = np.linalg.eigh(matrix)
    lifted = (vectors * np.maximum(values, least)) @ vectors.T
    return 0.5 * (lifted + lifted.T)
