"""A synthetic rating from interest cover, and what debt of that rating costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from valor_core.models.numbers import Numbers, plain

SOURCE = (
    "Aswath Damodaran, Ratings, Interest Coverage Ratios and Default Spread, January 2024: "
    "pages.stern.nyu.edu/~adamodar/New_Home_Page/datafile/ratings.html"
)
AS_OF = "2024-01"


class FirmSize(StrEnum):
    """Whose ratings the cover is compared with."""

    LARGE = "large"  # a market value above 5 billion dollars
    SMALL = "small"  # smaller, or riskier


SPREADS: tuple[tuple[str, float], ...] = (
    ("D", 0.2000), ("C", 0.1700), ("CC", 0.1178), ("CCC", 0.0851), ("B-", 0.0524),
    ("B", 0.0361), ("B+", 0.0314), ("BB", 0.0221), ("BB+", 0.0174), ("BBB", 0.0147),
    ("A-", 0.0121), ("A", 0.0107), ("A+", 0.0092), ("AA", 0.0070), ("AAA", 0.0059),
)  # fmt: skip
"""Each rating's spread over the risk-free rate, the worst first."""

COVERS: Mapping[FirmSize, tuple[float, ...]] = {
    FirmSize.LARGE: (0.2, 0.65, 0.8, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5, 3.0, 4.25, 5.5, 6.5, 8.5),
    FirmSize.SMALL: (0.5, 0.8, 1.25, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 6.0, 7.5, 9.5, 12.5),
}
"""The interest cover from which each rating but the worst begins."""


def least_cover(rating: str, size: FirmSize) -> float:
    """The interest cover from which a firm has that rating, or a better one.

    >>> least_cover("BBB", FirmSize.LARGE)
    2.5
    """
    return COVERS[size][[name for name, _ in SPREADS].index(rating) - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedDebt:
    """What lenders ask of a company with that interest cover."""

    grade: Numbers  # 0 for D to 14 for AAA
    spread: Numbers
    cost_of_debt: Numbers  # before tax
    failure_probability: Numbers  # until the horizon

    @property
    def rating(self) -> str:
        """The rating of one company, in letters."""
        return SPREADS[round(plain(self.grade).item())][0]


def rated_debt(
    interest_cover: Numbers,
    *,
    size: FirmSize,
    risk_free: Numbers,
    years: Numbers = 10.0,
    recovery: Numbers = 0.4,
) -> RatedDebt:
    """The cost of debt and the odds of failure for a DCF, by a synthetic rating.

    The odds are those that the spread pays for, 1 − e^(−spread × years / (1 − recovery)) (Hull):
    risk-neutral, so above those of the past.

    >>> debt = rated_debt(3.3, size=FirmSize.LARGE, risk_free=0.04)
    >>> print(debt.rating, f"{debt.cost_of_debt:.4f}")
    A- 0.0521
    """
    grade, spread = np.where(interest_cover >= -np.inf, 0.0, np.nan), SPREADS[0][1]
    for place, begins in enumerate(COVERS[size], start=1):
        reached = interest_cover >= begins
        grade = np.where(reached, float(place), grade)
        spread = np.where(reached, SPREADS[place][1], spread)
    return RatedDebt(
        grade=grade,
        spread=spread,
        cost_of_debt=risk_free + spread,
        failure_probability=1.0 - np.exp(-spread * years / (1.0 - recovery)),
    )
