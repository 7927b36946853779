"""Beta, rates, premium and volatility by each method; and the premium that a tenant states."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.callers import CallersWork, MakesOnce
from app.api.paging import Limit
from app.api.requests import StrictRoute
from valor_core.coverage.prefill import Alternative
from valor_core.values import from_micros
from valor_core.workbench import companies, market_methods, premiums
from valor_core.workbench.premiums import MarketPremiumRow

router = APIRouter(tags=["market data"], route_class=StrictRoute)


class MethodView(BaseModel):
    """What an input may be by one method, and when to choose that one."""

    input: str = Field(description="The path in the inputs of a DCF, or equity_volatility.")
    method: str
    value: float
    beta_kind: str | None = Field(description="Of a beta: what debt it carries.")
    choose_it: str
    source: str
    series: list[str] = Field(description="That it rests on, as /series names them.")

    @classmethod
    def of(cls, told: Alternative) -> "MethodView":
        """The method as clients see it."""
        return cls(
            input=told.path,
            method=told.method,
            value=told.value,
            beta_kind=told.beta_kind,
            choose_it=told.reason,
            source=told.source.text,
            series=list(told.series),
        )


class MethodsView(BaseModel):
    """By each method; the first one of an input is what a valuation begins with."""

    methods: list[MethodView]


class PremiumBody(BaseModel):
    """An equity risk premium as a fraction, the day of which it speaks, and who says so."""

    model_config = ConfigDict(extra="forbid")

    value: float = Field(description="A fraction: 0.045 is 4.5 %.")
    day: date
    source: str = Field(max_length=500)


class PremiumView(BaseModel):
    """A premium that the tenant states."""

    currency: str
    version: int
    value: float
    day: date
    source: str
    stated_at: datetime
    stated_by: str

    @classmethod
    def of(cls, row: MarketPremiumRow) -> "PremiumView":
        """The premium as clients see it."""
        return cls(
            currency=row.currency,
            version=row.version,
            value=row.value,
            day=date.fromisoformat(row.day),
            source=row.source,
            stated_at=from_micros(row.created_at),
            stated_by=row.created_by,
        )


class PremiumsView(BaseModel):
    """What the tenant stated, the newest first."""

    premiums: list[PremiumView]


@router.get("/companies/{company_id}/market-methods")
def read_methods(
    work: CallersWork,
    company_id: str,
    as_of: date | None = None,
    years: Annotated[float, Query(gt=0.0, le=50.0, description="Of the volatility.")] = 1.0,
) -> MethodsView:
    """What kept series say of a company's cost of capital and of its share's volatility."""
    company = companies.read_company(work, company_id)
    told = market_methods.read_methods(work, company.id, as_of=as_of, years=years)
    return MethodsView(methods=[MethodView.of(each) for each in told])


@router.get("/premiums/{currency}")
def list_premiums(work: CallersWork, currency: str, limit: Limit = 50) -> PremiumsView:
    """The premium that the tenant states for a currency, and those before it."""
    rows = premiums.list_premiums(work, currency, limit=limit)
    return PremiumsView(premiums=[PremiumView.of(row) for row in rows])


@router.post("/premiums/{currency}", status_code=201, response_model=PremiumView)
def state_premium(once: MakesOnce, currency: str, body: PremiumBody) -> Response:
    """State the premium by which valuations in a currency begin from now on."""
    return once.do(
        lambda: PremiumView.of(
            premiums.state_premium(
                once.work, currency, body.value, day=body.day, source=body.source
            )
        )
    )
