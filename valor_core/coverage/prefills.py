"""Where the valuation of a company begins, by model: each input from its facts, or a default."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from valor_core.coverage.companies import Company
from valor_core.coverage.prefill import Prefilled, prefill_dcf
from valor_core.coverage.prefill_comparables import prefill_comparables
from valor_core.coverage.prefill_credit import prefill_credit
from valor_core.coverage.prefill_direct import prefill_direct
from valor_core.coverage.prefill_equity import (
    prefill_dividend_discount,
    prefill_residual_income,
)
from valor_core.coverage.prefill_lbo import prefill_lbo
from valor_core.coverage.prefill_merger import Target, prefill_merger
from valor_core.coverage.prefill_options import (
    ProjectDcf,
    prefill_flexible_project,
    prefill_real_option,
)
from valor_core.coverage.prefill_reconciliation import prefill_reconciliation
from valor_core.coverage.prefill_returns import prefill_returns
from valor_core.coverage.prefill_statements import prefill_statements
from valor_core.coverage.prefill_trading import prefill_trading_value
from valor_core.errors import NotFound
from valor_core.values import FiledFact

PREFILLS: dict[str, Callable[..., Prefilled]] = {
    "dcf": prefill_dcf,
    "dcf_direct": prefill_direct,
    "lbo": prefill_lbo,
    "merger": prefill_merger,
    "comparables": prefill_comparables,
    "statements": prefill_statements,
    "credit": prefill_credit,
    "dividend_discount": prefill_dividend_discount,
    "residual_income": prefill_residual_income,
    "returns": prefill_returns,
}
"""By the name of a model; a model that is not here begins with what its user states."""

ON_A_DCF: dict[str, Callable[..., Prefilled]] = {
    "real_option": prefill_real_option,
    "flexible_project": prefill_flexible_project,
    "trading_value": prefill_trading_value,
    "reconciliation": prefill_reconciliation,
}
"""Those that begin from the company's newest saved DCF."""
PREFILLS.update(ON_A_DCF)


def prefill(
    model: str,
    company: Company,
    facts: Iterable[FiledFact],
    *,
    as_of: date | None = None,
    target: Target | None = None,
    saved: ProjectDcf | None = None,
) -> Prefilled:
    """The start of a valuation as known on a day; what the facts cannot carry is refused.

    A merger begins with two companies: the target is the second one.
    """
    if model not in PREFILLS:
        raise NotFound("start from the facts for the model", model)
    beside: dict[str, Any] = {}
    if model == "merger" and target is not None:
        beside = {"target": target}
    elif model in ON_A_DCF:
        beside = {"saved": saved}
    return PREFILLS[model](company, facts, as_of=as_of, **beside)
