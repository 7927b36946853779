"""Companies and their filed facts."""

from dataclasses import asdict, fields
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.api.callers import CallersWork
from app.api.paging import Cursor, Limit, seal, unseal
from app.api.requests import StrictRoute
from valor_core.coverage.asof import known
from valor_core.coverage.companies import Company
from valor_core.errors import BadInput
from valor_core.values import AdjustedFact, CompanyId, FiledFact
from valor_core.workbench import companies

router = APIRouter(prefix="/companies", tags=["companies"], route_class=StrictRoute)
FACTS_MAX = 1_000


class SplitView(BaseModel):
    """A split that somebody has stated."""

    cik: int
    on: date
    ratio: float = Field(description="New shares for each old one.")
    accession: str
    rationale: str


class AdrView(BaseModel):
    """The shares behind one ADR, as somebody has stated them."""

    shares: float
    since: date
    rationale: str
    author: str


class CompanyView(BaseModel):
    """A company that can be valued."""

    id: str
    name: str
    ticker: str
    cik: int
    sic: int | None
    shared: bool
    stated_splits: list[SplitView] = Field(description="Those that your tenant has stated.")
    adr: AdrView | None = Field(description="None: nobody has stated that ADRs are traded.")

    @classmethod
    def of(cls, company: Company) -> "CompanyView":
        """The company as clients see it."""
        return cls(
            id=company.id,
            name=company.name,
            ticker=company.ticker,
            cik=company.cik,
            sic=company.sic,
            shared=company.shared,
            stated_splits=[SplitView.model_validate(asdict(s)) for s in company.stated_splits],
            adr=AdrView.model_validate(asdict(company.adr)) if company.adr else None,
        )


class CompaniesPage(BaseModel):
    """Companies by name."""

    companies: list[CompanyView]
    next: str


class AdjustmentOfFact(BaseModel):
    """What an analyst adds to a filed figure in the layer that it is read through."""

    id: str
    layer: str
    amount: float
    rationale: str
    author: str
    stated_on: date


class FactView(BaseModel):
    """One filed figure with its lineage; through a layer `value` holds what was added to it."""

    item: str
    fiscal_year: int
    period_start: date | None
    period_end: date
    value: float
    unit: str
    tag: str
    accession: str
    form: str
    filed_on: date
    filed_value: float
    adjustments: list[AdjustmentOfFact]

    @classmethod
    def of(cls, fact: FiledFact) -> "FactView":
        """The fact as clients see it."""
        filed = {each.name: getattr(fact, each.name) for each in fields(FiledFact)}
        added = fact.adjustments if isinstance(fact, AdjustedFact) else ()
        return cls(
            **filed,
            filed_value=fact.as_filed.value,
            adjustments=[AdjustmentOfFact(**asdict(each)) for each in added],
        )


class FactsPage(BaseModel):
    """Filed figures, oldest fiscal year first."""

    company: CompanyView
    as_of: date | None
    facts: list[FactView]
    next: str


AsOf = Annotated[date | None, Query(description="As known at the end of that day; now if empty.")]
Layer = Annotated[
    str,
    Query(max_length=60, description="Through which filed figures are read; as filed if empty."),
]


@router.get("")
def list_companies(work: CallersWork, limit: Limit = 50, cursor: Cursor = "") -> CompaniesPage:
    """The companies of the shared book and the tenant's own, by name."""
    place = unseal(work.caller, "companies", cursor)
    page = companies.list_companies(
        work, limit=limit, after=(place[0], place[1]) if place else None
    )
    last = page[-1] if len(page) == limit else None
    return CompaniesPage(
        companies=[CompanyView.of(company) for company in page],
        next=seal(work.caller, "companies", [last.name, last.id]) if last else "",
    )


@router.get("/{company_id}")
def read_company(work: CallersWork, company_id: str) -> CompanyView:
    """A company by its id, ticker or CIK."""
    return CompanyView.of(companies.read_company(work, company_id))


@router.get("/{company_id}/facts")
def list_facts(
    work: CallersWork,
    company_id: str,
    as_of: AsOf = None,
    item: Annotated[str, Query(max_length=60)] = "",
    fiscal_year: int | None = None,
    vintages: Annotated[bool, Query(description="Also what was restated later.")] = False,
    layer: Layer = "",
    limit: Annotated[int, Query(ge=1, le=FACTS_MAX, description="Rows a page.")] = FACTS_MAX,
    cursor: Cursor = "",
) -> FactsPage:
    """The filed figures of a company as known on a day; with `vintages` every filing's."""
    company = companies.read_company(work, company_id)
    facts = companies.read_facts(work, CompanyId(company.id), layer=layer, as_of=as_of)
    if vintages:
        chosen = [f for f in facts if as_of is None or f.filed_on <= as_of]
    else:
        chosen = list(known(facts, as_of).values())
    if item:
        chosen = [f for f in chosen if f.item == item]
        if not chosen and item not in {f.item for f in facts}:
            raise BadInput(
                f"{company.name} has filed nothing called {item!r}.",
                hint="Leave `item` out to see what there is.",
            )
    if fiscal_year is not None:
        chosen = [f for f in chosen if f.fiscal_year == fiscal_year]
    listed = f"facts {company.id} {as_of} {item} {fiscal_year} {vintages} {layer}"
    place = unseal(work.caller, listed, cursor)
    ordered = sorted({_place(fact): fact for fact in chosen}.items())
    rest = [(at, fact) for at, fact in ordered if place is None or at > tuple(place)]
    page = rest[:limit]
    return FactsPage(
        company=CompanyView.of(company),
        as_of=as_of,
        facts=[FactView.of(fact) for _, fact in page],
        next=seal(work.caller, listed, list(page[-1][0])) if len(rest) > limit else "",
    )


def _place(fact: FiledFact) -> tuple[int | float | str, ...]:
    """Where a figure stands in the list: the same figure of two books has one place."""
    return (
        fact.fiscal_year,
        fact.item,
        fact.filed_on.isoformat(),
        fact.accession,
        fact.tag,
        fact.period_end.isoformat(),
        fact.value,
    )
