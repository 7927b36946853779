"""All companies valued by one policy; what comes of it is shown, not kept."""

from collections.abc import Callable

from valor_core.billing.metering import Meter
from valor_core.coverage import companies
from valor_core.coverage.adjustments import check_layer
from valor_core.coverage.batches import BatchPolicy, Valued, prices_of, refused, valued
from valor_core.errors import BadInput, ValorError
from valor_core.models.codec import dump
from valor_core.models.run_id import digest
from valor_core.store.work import Work
from valor_core.workbench.valuations import prefilled
from valor_core.workbench.verb import verb, view


class NoCompany(BadInput):
    """A batch needs companies."""

    code = "no_company"

    def __init__(self) -> None:
        super().__init__(
            "There is no company to value yet.", hint="Import what one has filed, then try again."
        )


@verb("batch.run", meter=Meter.BATCHES)
def note_batch(work: Work, policy: BatchPolicy) -> None:
    """Count a batch that begins now, once it is sure that its policy can be read."""
    listed = companies.companies(work)
    if not listed:
        raise NoCompany
    prices_of(policy, listed)
    check_layer(work, policy.layer)
    work.note(f"batch:{digest(dump(policy))[:16]}", model=policy.model, companies=len(listed))


@view("valuation.read")
def value_all(
    work: Work, policy: BatchPolicy, tell: Callable[[float], None] = lambda _: None
) -> tuple[Valued, ...]:
    """Every company by the policy, by name; `tell` hears the part that is done."""
    listed = sorted(companies.companies(work), key=lambda each: each.name.casefold())
    prices, rows = prices_of(policy, listed), list[Valued]()
    for place, company in enumerate(listed, start=1):
        price = prices.get(company.id)
        try:
            start = prefilled(
                work, company.id, model=policy.model, as_of=policy.as_of, layer=policy.layer
            )
            rows.append(valued(company, start, policy, price))
        except ValorError as why:
            rows.append(refused(company, why, price))
        tell(place / len(listed))
    return tuple(rows)
