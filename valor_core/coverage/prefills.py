"""Where the valuation of a company begins, by model: each input from its facts, or a default."""

from collections.abc import Callable, Iterable
from datetime import date

from valor_core.coverage.companies import Company
from valor_core.coverage.prefill import Prefilled, prefill_dcf
from valor_core.coverage.prefill_lbo import prefill_lbo
from valor_core.coverage.prefill_merger import Target, prefill_merger
from valor_core.errors import NotFound
from valor_core.values import FiledFact

PREFILLS: dict[str, Callable[..., Prefilled]] = {
    "dcf": prefill_dcf,
    "lbo": prefill_lbo,
    "merger": prefill_merger,
}
"""By the name of a model; a model that is not here begins with what its user states."""


def prefill(
    model: str,
    company: Company,
    facts: Iterable[FiledFact],
    *,
    as_of: date | None = None,
    target: Target | None = None,
) -> Prefilled:
    """The start of a valuation as known on a day; what the facts cannot carry is refused.

    A merger begins with two companies: the target is the second one.
    """
    if model not in PREFILLS:
        raise NotFound("start from the facts for the model", model)
    if target is not None and model == "merger":
        return prefill_merger(company, facts, as_of=as_of, target=target)
    return PREFILLS[model](company, facts, as_of=as_of)
