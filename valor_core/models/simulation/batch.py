"""One policy over many companies: columns of figures in, a table of values and reasons out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from valor_core.errors import ValorError
from valor_core.models.simulation.plan import lines_of_result
from valor_core.models.simulation.program import Columns, evaluator
from valor_core.models.simulation.refusals import FigureMissing, FiguresUnusable
from valor_core.models.simulation.refused import reasons_of_lost

MOST_COMPANIES = 1_000_000


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Batch:
    """The asked-for lines, one entry a company; each company without a value has its reason."""

    columns: Columns
    reasons: dict[int, ValorError]  # by the place of the company

    @property
    def companies(self) -> int:
        """How many were to be valued."""
        return len(next(iter(self.columns.values())))


def batch(policy: Any, figures: Mapping[str, np.ndarray], columns: Sequence[str] = ()) -> Batch:
    """Value all companies in one run: the policy holds what they share, figures what they do not.

    The policy is the inputs of a model; a column of figures replaces the input at its path, with
    nan where a company has no such figure. Each company has the value it would have alone.
    """
    lines = lines_of_result(policy, columns)
    figures = {path: np.asarray(column, dtype=np.float64) for path, column in figures.items()}
    _refuse_figures(figures)
    made = evaluator(policy, tuple(figures), lines)(figures)
    missing = np.logical_or.reduce([np.isnan(column) for column in figures.values()])
    reasons = reasons_of_lost(policy, figures, made, but_for=missing)
    for path, column in reversed(figures.items()):  # of several missing the first is told
        told = FigureMissing(figure=path)
        reasons |= dict.fromkeys(np.flatnonzero(np.isnan(column)).tolist(), told)
    return Batch(columns=made, reasons=dict(sorted(reasons.items())))


def _refuse_figures(figures: Mapping[str, np.ndarray]) -> None:
    shapes = {column.shape for column in figures.values()}
    if not shapes:
        raise FiguresUnusable(problem="are none")
    if len(shapes) > 1 or any(len(shape) != 1 for shape in shapes):
        raise FiguresUnusable(problem="have columns of different lengths")
    ((companies,),) = shapes
    if not 1 <= companies <= MOST_COMPANIES:
        raise FiguresUnusable(problem=f"hold {companies:,} companies, not 1 to {MOST_COMPANIES:,}")
