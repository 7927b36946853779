"""All companies valued by one policy; what comes of it is shown, not kept."""

import os
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cache, partial

from valor_core.billing.metering import Meter
from valor_core.compute.executors import is_elsewhere
from valor_core.coverage import companies
from valor_core.coverage.adjustments import added_by_company, check_layer
from valor_core.coverage.batch_facts import facts_to_begin
from valor_core.coverage.batches import (
    BatchPolicy,
    Valued,
    beside_priced_peers,
    prices_of,
    refused,
)
from valor_core.coverage.layers import through
from valor_core.coverage.together import Started, all_valued
from valor_core.errors import BadInput, ValorError
from valor_core.models.codec import dump
from valor_core.models.comparables.comparables import ComparablesInputs
from valor_core.models.run_id import digest
from valor_core.store.engines import Store, store_from
from valor_core.store.work import Work, unit_of_work
from valor_core.values import Caller, CompanyId
from valor_core.workbench.computations import begun
from valor_core.workbench.market_inputs import InCommon
from valor_core.workbench.valuations import prefilled_on
from valor_core.workbench.verb import verb, view

AT_ONCE = 200  # companies in a piece
WORTH_IT = 10  # pieces: fewer are done before a process has begun
Priced = tuple[CompanyId, float | None]
"""A company, and what its share costs where that was stated."""
Pool = Callable[[Callable[[Sequence[Priced]], list[Valued]], Iterable[Sequence[Priced]]],
                Generator[list[Valued]]]  # fmt: skip
"""The map of an executor; closed early, it ends what is still at work."""


SUBJECT = "all companies"


class NoCompany(BadInput):
    """A batch needs companies."""

    code = "no_company"

    def __init__(self) -> None:
        super().__init__(
            "There is no company to value yet.", hint="Import what one has filed, then try again."
        )


@verb("batch.run", meter=Meter.BATCHES, holds_quota=True)
def note_batch(work: Work, policy: BatchPolicy) -> str:
    """A batch that begins now, once it is sure that its policy holds; its computation's id."""
    listed = companies.companies(work)
    if not listed:
        raise NoCompany
    prices_of(policy, listed)
    check_layer(work, policy.layer)
    work.note(f"batch:{digest(dump(policy))[:16]}", model=policy.model, companies=len(listed))
    return begun(work, "batch.run", SUBJECT, {"policy": dump(policy)})


@view("valuation.read")
def value_all(
    work: Work,
    policy: BatchPolicy,
    tell: Callable[[float], None] = lambda _: None,
    *,
    pool: Pool | None = None,
) -> tuple[Valued, ...]:
    """Every company by the policy, by name; `tell` hears the part that is done.

    A pool is told which companies, and reads them by itself: here all is read at one moment, there
    each piece at its own.
    """
    listed = sorted(companies.companies(work), key=lambda each: each.name.casefold())
    prices, rows = prices_of(policy, listed), list[Valued]()
    peers = {each.name: prices[each.id] for each in listed if each.id in prices}
    pieces = [
        tuple((each.id, prices.get(each.id)) for each in listed[start : start + AT_ONCE])
        for start in range(0, len(listed), AT_ONCE)
    ]
    if pool is None or len(pieces) < WORTH_IT:
        made = (value_some(work, policy, peers, piece) for piece in pieces)
    else:
        url = "" if is_elsewhere() else work.store.url
        made = pool(partial(value_elsewhere, url, work.caller, policy, peers), pieces)
    with closing(made):  # whoever gives up leaves no work behind
        for some in made:
            rows += some
            tell(len(rows) / len(listed))
    return tuple(rows)


@view("valuation.read")
def value_some(
    work: Work, policy: BatchPolicy, peers: Mapping[str, float], some: Sequence[Priced]
) -> list[Valued]:
    """Some companies by the policy, in their order, beside the peers whose prices were stated."""
    check_layer(work, policy.layer)
    known = companies.among(work, [company_id for company_id, _ in some])
    filed = facts_to_begin(work, list(known), model=policy.model, as_of=policy.as_of)
    added = added_by_company(work, list(known), policy.layer)
    in_common = InCommon(work, policy.as_of)
    started, lost = list[Started](), dict[CompanyId, Valued]()
    for company_id, price in some:
        company, facts = known[company_id], filed.get(company_id, [])
        try:
            start = prefilled_on(
                work,
                company,
                through(facts, added.get(company_id, {}), policy.as_of),
                model=policy.model,
                as_of=policy.as_of,
                layer=policy.layer,
                in_common=in_common,
            )
            if isinstance(start.inputs, ComparablesInputs):
                beside = beside_priced_peers(company, start.inputs, peers)
                start = replace(start, inputs=beside)
            started.append(Started(company=company, start=start, price=price))
        except ValorError as why:
            lost[company_id] = refused(company, why, price)
    rows = lost | {each.company_id: each for each in all_valued(started, policy)}
    return [rows[company_id] for company_id, _ in some]


def value_elsewhere(
    url: str, who: Caller, policy: BatchPolicy, peers: Mapping[str, float], some: Sequence[Priced]
) -> list[Valued]:
    """The same in another process: of that database, or of the one that its own settings name."""
    with unit_of_work(who, _database(url)) as work:
        return value_some(work, policy, peers, some)


@cache
def _database(url: str) -> Store:
    """Opened once a process: a worker is given many pieces."""
    return Store(url) if url else store_from(os.environ)
