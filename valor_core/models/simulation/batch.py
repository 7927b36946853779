"""One policy over many companies: columns of figures in, a table of values and reasons out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from valor_core.errors import ValorError
from valor_core.models.numbers import Refusal
from valor_core.models.simulation.plan import lines_of_result
from valor_core.models.simulation.program import Columns, evaluator
from valor_core.models.simulation.refusals import FigureMissing, FiguresUnusable
from valor_core.models.simulation.refused import reasons_of_lost

MOST_COMPANIES = 1_000_000


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Batch:
    """The asked-for lines, one entry a company; each company without a value has its reason."""

    columns: Columns
    reasons: Mapping[int, ValorError]  # by the place of the company

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
    missing = [  # of several the first is told
        Refusal(np.isnan(column), partial(FigureMissing, figure=path), {})
        for path, column in figures.items()
    ]
    return Batch(columns=made, reasons=reasons_of_lost(policy, figures, made, missing))


def _refuse_figures(figures: Mapping[str, np.ndarray]) -> None:
    shapes = {column.shape for column in figures.values()}
    if not shapes:
        raise FiguresUnusable(problem="are none")
    if len(shapes) > 1 or any(len(shape) != 1 for shape in shapes):
        raise FiguresUnusable(problem="have columns of different lengths")
    ((companies,),) = shapes
    if not 1 <= companies <= MOST_COMPANIES:
        raise FiguresUnusable(problem=f"hold {companies:,} companies, not 1 to {MOST_COMPANIES:,}")
