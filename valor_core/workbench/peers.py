"""Peers of a company among the covered ones, and a value by multiples that begins with them."""

from collections.abc import Sequence
from datetime import date

from valor_core.coverage import adjustments, companies
from valor_core.coverage.peers import PROPOSED_MOST, Candidate, ranked
from valor_core.coverage.prefill import Prefilled
from valor_core.coverage.prefill_comparables import joined, prefill_peer
from valor_core.errors import ValorError
from valor_core.models.comparables.peers import Peer
from valor_core.store.work import Work
from valor_core.values import CompanyId
from valor_core.workbench.verb import view


@view("company.read")
def list_peers(work: Work, company_id: CompanyId, *, as_of: date | None = None) -> list[Candidate]:
    """All other companies, the likest first, each with why it is a peer."""
    series = companies.yearly_values(work, ["revenue"], as_of=as_of)
    revenue = {
        company: years[max(years)]
        for company, items in series.items()
        if (years := items["revenue"])
    }
    ours = companies.company(work, company_id)
    return ranked(ours, companies.companies(work), revenue)


@view("fact.read")
def read_peer(
    work: Work, peer: Candidate, *, as_of: date | None = None, layer: str = ""
) -> Prefilled:
    """A peer's figures from its filed facts; FactsMissing where they carry none."""
    facts = adjustments.facts_through(work, peer.company.id, layer, as_of)
    return prefill_peer(peer, facts, as_of=as_of)


def with_peers(
    work: Work,
    company_id: CompanyId,
    start: Prefilled,
    *,
    chosen: Sequence[Peer] | None,
    as_of: date | None,
    layer: str = "",
) -> Prefilled:
    """The start with the peers chosen, or else with those that are proposed.

    A chosen one that no filing stands behind stays as it was stated.
    """
    candidates = list_peers(work, company_id, as_of=as_of)
    if chosen is None:
        likest = [each for each in candidates if each.is_like][:PROPOSED_MOST]
        read = [_or_none(work, each, as_of, layer) for each in likest]
        return joined(start, [peer for peer in read if peer is not None])
    by_name = {each.company.name: each for each in reversed(candidates)}
    peers = []
    for each in chosen:
        known = by_name.get(each.name)
        found = _or_none(work, known, as_of, layer) if known else None
        peers.append(found or _as_stated(each, start.currency))
    return joined(start, peers)


def _or_none(work: Work, peer: Candidate, as_of: date | None, layer: str) -> Prefilled | None:
    try:
        return read_peer(work, peer, as_of=as_of, layer=layer)
    except ValorError:
        return None


def _as_stated(peer: Peer, currency: str) -> Prefilled:
    return Prefilled(inputs=peer, sources={}, warnings=(), currency=currency)
