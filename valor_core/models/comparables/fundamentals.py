"""What may explain a multiple, from the same figures that it is of, and the line through peers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from valor_core.models.comparables.comparables import ComparablesInputs, multiples_of
from valor_core.models.comparables.figures import Figures
from valor_core.models.comparables.peers import common_figures
from valor_core.models.comparables.regression import (
    Fundamental,
    RegressionInputs,
    RegressionResult,
    multiple_regression,
)

FEWEST_PEERS = 5
STEPS = 40


def _over(above: float | None, below: float | None) -> float | None:
    return None if above is None or below is None or below <= 0.0 else above / below


FUNDAMENTALS: dict[str, Callable[[Figures], float | None]] = {
    "EBITDA margin": lambda of: _over(of.ebitda, of.revenue),
    "EBIT margin": lambda of: _over(of.ebit, of.revenue),
    "Net margin": lambda of: _over(of.net_income, of.revenue),
    "Return on equity": lambda of: _over(of.net_income, of.book_equity),
}
"""By their names, as rates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedMultiple:
    """A line through peers: who they are, what it gives for the company, and its course."""

    peers: tuple[str, ...]
    fundamentals: tuple[float, ...]
    multiples: tuple[float, ...]
    company: float
    line: RegressionResult
    course: tuple[tuple[float, RegressionResult], ...]


def explained_multiple(
    inputs: ComparablesInputs, multiple: str, fundamental: str
) -> ExplainedMultiple | None:
    """A multiple explained by one fundamental; None below five peers that have both."""
    of = FUNDAMENTALS[fundamental]
    company = of(common_figures(inputs.company, inputs.common_year_end))
    there = [
        (peer.name, float(x), float(y))
        for peer, y in zip(inputs.peers, multiples_of(inputs)[multiple], strict=True)
        if y is not None and (x := of(common_figures(peer, inputs.common_year_end))) is not None
    ]
    if company is None or len(there) < FEWEST_PEERS:
        return None
    names, across, up = zip(*there, strict=True)

    def at(place: float) -> RegressionResult:
        explains = Fundamental(name=fundamental, peers=across, company=place)
        return multiple_regression(RegressionInputs(multiples=up, fundamentals=(explains,)))

    places = np.linspace(min(*across, company), max(*across, company), STEPS)
    return ExplainedMultiple(
        peers=names,
        fundamentals=across,
        multiples=up,
        company=float(company),
        line=at(company),
        course=tuple((float(place), at(place)) for place in places),
    )
