"""Where a value by multiples begins: figures of the company and its peers from filed facts.

No market price is shipped: each peer's stays open until somebody states it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from valor_core.coverage.bridge_facts import bridge_of
from valor_core.coverage.figures import Figures, Told, assumed, derived, filed, missing
from valor_core.coverage.peers import Candidate
from valor_core.coverage.prefill import (
    FINANCIALS,
    MARGINAL_TAX,
    FactsMissing,
    Named,
    Prefilled,
    Sources,
    currency_of,
)
from valor_core.coverage.splits import splits_for
from valor_core.models.bridge import Bridge
from valor_core.models.comparables.comparables import ComparablesInputs, Weights
from valor_core.models.comparables.figures import Figures as Earned
from valor_core.models.comparables.peers import Company, Peer
from valor_core.models.dilution import Shares
from valor_core.values import FiledFact

COUNTED = ("ev_ebitda", "ev_ebit", "price_earnings")
COUNTED_OF_FINANCIALS = ("price_earnings", "price_book")
HIGHEST = 100.0
TAKEN_AS_NONE = (
    "Leases, minorities, preferred stock, pensions and holdings that no filing shows are taken as "
    "0, for peers too: each is named under Sources."
)


def prefill_comparables(
    company: Named, facts: Iterable[FiledFact], *, as_of: date | None = None
) -> Prefilled:
    """The company's own figures as known on a day; peers are joined to them."""
    told, figures = Sources(), _known(company, facts, as_of)
    financial = _is_financial(company)
    ours = Company(
        shares=_shares(told, "company.", company, figures, as_of),
        bridge=_bridge(told, "company.", figures),
        figures=_earned(told, "company.", figures, financial=financial),
        year_end=_year_end(figures),
    )
    inputs = ComparablesInputs(
        company=ours,
        peers=(),
        common_year_end=0,
        highest=told.default("highest", HIGHEST, "above it a metric is tiny, not the price high"),
        weights=_weights(told, COUNTED_OF_FINANCIALS if financial else COUNTED),
        control_premium=told.default("control_premium", 0.0, "none: the value of a stake"),
    )
    return Prefilled(
        inputs=inputs,
        sources=told.sources,
        warnings=(TAKEN_AS_NONE, *_lacking(company, told, "company.")),
        currency=currency_of(company, figures.facts),
    )


def prefill_peer(
    peer: Candidate, facts: Iterable[FiledFact], *, as_of: date | None = None
) -> Prefilled:
    """A peer's figures as known on a day, without a price; FactsMissing where there are none."""
    told, figures = Sources(), _known(peer.company, facts, as_of)
    financial = _is_financial(peer.company)
    inputs = Peer(
        name=peer.company.name,
        reason=peer.reason,
        shares=_shares(told, "", peer.company, figures, as_of),
        bridge=_bridge(told, "", figures),
        figures=_earned(told, "", figures, financial=financial),
        year_end=_year_end(figures),
    )
    return Prefilled(
        inputs=inputs,
        sources=told.sources,
        warnings=tuple(_lacking(peer.company, told, "")),
        currency=currency_of(peer.company, figures.facts),
    )


def joined(start: Prefilled, peers: Sequence[Prefilled]) -> Prefilled:
    """The company's start with its peers, each number with its source."""
    sources = {
        f"peers[{place}].{path}": source
        for place, peer in enumerate(peers)
        for path, source in peer.sources.items()
    }
    warnings = [warning for peer in peers for warning in peer.warnings]
    warnings += _of_other_years(start, peers)
    warnings += [
        f"{peer.inputs.name} reports in {peer.currency}: state its price in it."
        for peer in peers
        if peer.currency != start.currency
    ]
    return replace(
        start,
        inputs=replace(start.inputs, peers=tuple(peer.inputs for peer in peers)),
        sources={**start.sources, **sources},
        warnings=(*start.warnings, *warnings),
    )


def _of_other_years(start: Prefilled, peers: Sequence[Prefilled]) -> list[str]:
    ours = year_of(start, "company.")
    years = ((peer.inputs.name, year_of(peer, "")) for peer in peers)
    apart = [f"{name} FY{year}" for name, year in years if year and abs(year - ours) > 1]
    if not apart:
        return []
    return [f"Figures of other years than the company's FY{ours}: {', '.join(apart)}."]


def year_of(start: Prefilled, under: str) -> int:
    """The fiscal year of the figures; 0 where none was filed."""
    figures = (s for path, s in start.sources.items() if path.startswith(f"{under}figures."))
    return max((fact.fiscal_year for source in figures for fact in source.facts), default=0)


def _known(company: Named, facts: Iterable[FiledFact], as_of: date | None) -> Figures:
    figures = Figures(facts, as_of)
    if not figures.year:
        raise FactsMissing(company.name, "both revenue and operating income of one year", as_of)
    return figures


def _is_financial(company: Named) -> bool:
    """Whether debt is its raw material: EV and what is earned before interest mean nothing."""
    return company.sic is not None and company.sic in FINANCIALS


def _year_end(figures: Figures) -> int:
    revenue = figures.at("revenue")
    return revenue.period_end.month if revenue else 12


def _shares(
    told: Sources, under: str, company: Named, figures: Figures, as_of: date | None
) -> Shares:
    count = figures.shares(splits_for(company, as_of))
    if count is None:
        raise FactsMissing(company.name, f"a number of shares for FY{figures.year}", None)
    return Shares(basic=told.number(f"{under}shares.basic", count))


def _earned(told: Sources, under: str, figures: Figures, *, financial: bool) -> Earned:
    """The newest year's figures; those before interest are not stated of a financial company."""
    of_owners = {
        "net_income": _filed(figures, "net_income", "net income"),
        "book_equity": _filed(figures, "stockholders_equity", "shareholders' equity"),
    }
    of_operations = {
        "revenue": _filed(figures, "revenue", "revenue"),
        "ebitda": _ebitda(figures),
        "ebit": figures.ebit(figures.year) or missing("EBIT is not filed"),
    }
    figures_of = of_owners if financial else {**of_operations, **of_owners}
    return Earned(
        **{name: told.open(f"{under}figures.{name}", each) for name, each in figures_of.items()}
    )


def _filed(figures: Figures, item: str, what: str) -> Told:
    fact = figures.at(item)
    return filed(fact) if fact else missing(f"{what} of FY{figures.year} is not filed")


def _ebitda(figures: Figures) -> Told:
    ebit, worn = figures.ebit(figures.year), figures.at("dna")
    if ebit is None or worn is None:
        return missing(f"depreciation and amortisation of FY{figures.year}: not filed")
    rule = f"EBIT + D&A of FY{figures.year}"
    return derived(ebit.amount + worn.value, rule, *ebit.facts, worn)


def _bridge(told: Sources, under: str, figures: Figures) -> Bridge:
    """Each item as filed; what is not filed is taken as none, and says so."""
    items = {
        name: item if item.value is not None else assumed(0.0, f"taken as none: {item.source.text}")
        for name, item in bridge_of(figures, tax=MARGINAL_TAX).items()
    }
    return Bridge(
        **{name: told.number(f"{under}bridge.{name}", item) for name, item in items.items()}
    )


def _lacking(company: Named, told: Sources, under: str) -> list[str]:
    """What weighs most when it is not filed: debt and cash."""
    lacking = [
        name
        for name in ("debt", "cash")
        if told.sources[f"{under}bridge.{name}"].text.startswith("taken as none")
    ]
    if not lacking:
        return []
    return [f"{company.name}: no {' and no '.join(lacking)} is filed: taken as 0."]


def _weights(told: Sources, counted: Sequence[str]) -> Weights:
    def weight(name: str) -> float:
        counts = name in counted
        why = "counts as much as the others" if counts else "shown without being counted"
        return told.default(f"weights.{name}", float(counts), why)

    return Weights(**{name: weight(name) for name in Weights.__dataclass_fields__})
