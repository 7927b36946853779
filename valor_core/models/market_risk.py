"""What returns tell of a share's risk: its beta against a market, adjusted, or of its peers."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from valor_core.errors import BadInput

LEAST = 20
"""Fewer returns tell no beta."""

Returns = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class BetaFit:
    """The line of a share's returns on the market's, by least squares."""

    beta: float
    alpha: float  # a period
    standard_error: float  # of beta
    r_squared: float
    count: int


class NoBeta(BadInput):
    """Returns that tell no beta."""

    code = "no_beta"

    def __init__(self, *, count: int) -> None:
        super().__init__(
            f"{count} returns in which the market moves are too few for a beta.",
            hint=f"Fetch more days of both: at least {LEAST} returns of a market that moves.",
        )


class NoPeerBeta(BadInput):
    """Peers that tell no beta of their industry."""

    code = "no_peer_beta"

    def __init__(self) -> None:
        super().__init__(
            "No peer tells a beta without debt.",
            hint="Name peers with a measured beta and a debt that is not below 0.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerBeta:
    """A peer's measured beta, and the debt that it carries."""

    name: str
    beta: float
    debt_to_equity: float  # both at market value, or debt as filed
    tax: float

    @property
    def unlevered(self) -> float:
        """Its beta without debt, by Hamada."""
        return self.beta / (1.0 + (1.0 - self.tax) * self.debt_to_equity)


def industry_beta(peers: Sequence[PeerBeta]) -> float:
    """The beta of an industry without debt: the median of the peers', each at its own debt.

    >>> soft = PeerBeta(name="Soft", beta=0.9, debt_to_equity=0.2, tax=0.25)
    >>> print(f"{industry_beta([soft]):.4f}")
    0.7826
    """
    if any(peer.debt_to_equity < 0.0 for peer in peers) or not peers:
        raise NoPeerBeta
    return median(peer.unlevered for peer in peers)


def ols_beta(share: Returns, market: Returns) -> BetaFit:
    """The beta of a share by ordinary least squares of its returns on the market's.

    >>> market = np.linspace(-0.02, 0.03, 30)
    >>> print(f"{ols_beta(1.2 * market + 0.001, market).beta:.6f}")
    1.200000
    """
    count = len(market)
    if count < LEAST:
        raise NoBeta(count=count)
    swing, off = market - market.mean(), share - share.mean()
    spread = float(swing @ swing)
    if not spread > 0.0:
        raise NoBeta(count=count)
    beta = float(swing @ off) / spread
    left = off - beta * swing
    unexplained, total = float(left @ left), float(off @ off)
    return BetaFit(
        beta=beta,
        alpha=float(share.mean() - beta * market.mean()),
        standard_error=float(np.sqrt(unexplained / (count - 2) / spread)),
        r_squared=1.0 - unexplained / total if total else 1.0,
        count=count,
    )


def blume(beta: float) -> float:
    """Beta drawn by a third towards the market's own, as betas were found to move.

    >>> print(f"{blume(1.6):.2f}")
    1.40
    """
    return (2.0 * beta + 1.0) / 3.0


def vasicek(fit: BetaFit, *, mean: float = 1.0, spread: float = 0.5) -> float:
    """Beta drawn towards the mean of all betas, the more the less surely it was measured.

    `spread` is the standard deviation of betas across companies.
    """
    trust = spread**2 / (spread**2 + fit.standard_error**2)
    return trust * fit.beta + (1.0 - trust) * mean
