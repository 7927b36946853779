"""Series of data providers: fetched, kept as they came, used where nobody doubts them."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.callers import CallersWork, MakesOnce, signed_in
from app.api.paging import Cursor, Limit, seal, unseal
from app.api.requests import StrictRoute
from valor_core.market.kept import WHOLE, Kept
from valor_core.market.series import Adjusted
from valor_core.values import Caller, from_micros
from valor_core.workbench import market_data
from valor_core.workbench.market_data import DoubtRow, SeriesRow

router = APIRouter(prefix="/series", tags=["market data"], route_class=StrictRoute)


class SeriesBody(BaseModel):
    """Which series is wanted, for which days, from whom."""

    model_config = ConfigDict(extra="forbid")

    provider: str = Field("", description="As /providers names it; empty: whom the policy asks.")
    capability: str = Field(description="bars, macro or fx.")
    symbol: str = Field(max_length=60, description="Such as AAPL, DGS10 or EURUSD.")
    start: date
    end: date
    adjusted: Adjusted = Field(Adjusted.ALL, description="Of bars alone.")


class DoubtView(BaseModel):
    """What is doubted about a day, or about the whole series where there is no day."""

    day: date | None
    kind: str
    told: str
    accepted_at: datetime | None
    accepted_by: str | None
    reason: str | None

    @classmethod
    def of(cls, row: DoubtRow) -> "DoubtView":
        """The doubt as clients see it."""
        return cls(
            day=None if row.day == WHOLE else date.fromisoformat(row.day),
            kind=row.kind,
            told=row.told,
            accepted_at=None if row.accepted_at is None else from_micros(row.accepted_at),
            accepted_by=row.accepted_by,
            reason=row.reason,
        )


class SeriesLine(BaseModel):
    """A series that is kept; its id is the SHA-256 of what it says."""

    id: str
    provider: str
    capability: str
    symbol: str
    unit: str
    currency: str
    adjusted: str
    zone: str
    first_day: date
    last_day: date
    rows: int
    synthetic: bool
    as_of: datetime
    fetched_at: datetime
    fetched_by: str
    source: str
    licence: dict[str, Any]
    keep_until: datetime | None = Field(description="When its licence wants it gone, if at all.")
    open_doubts: int

    @classmethod
    def of(cls, row: SeriesRow, open_doubts: int) -> "SeriesLine":
        """The series as clients see it in a list."""
        return cls(
            id=row.sha256,
            provider=row.provider,
            capability=row.capability,
            symbol=row.symbol,
            unit=row.unit,
            currency=row.currency,
            adjusted=row.adjusted,
            zone=row.zone,
            first_day=date.fromisoformat(row.first_day),
            last_day=date.fromisoformat(row.last_day),
            rows=row.rows_n,
            synthetic=bool(row.synthetic),
            as_of=from_micros(row.as_of),
            fetched_at=from_micros(row.fetched_at),
            fetched_by=row.created_by,
            source=row.source,
            licence=row.licence,
            keep_until=None if row.keep_until is None else from_micros(row.keep_until),
            open_doubts=open_doubts,
        )


class SeriesView(SeriesLine):
    """A series with its doubts, and the rows that may be used: none while all of it is in doubt."""

    doubts: list[DoubtView]
    usable: list[dict[str, Any]]
    stands_in: str = Field("", description="That nobody answers now, since when and why.")

    @classmethod
    def whole(cls, told: Kept, *, stands_in: str = "") -> "SeriesView":
        """The series as clients see it by itself."""
        return cls(
            stands_in=stands_in,
            **SeriesLine.of(told.row, len(told.open_doubts)).model_dump(),
            doubts=[DoubtView.of(doubt) for doubt in told.doubts],
            usable=[market_data.figures_of(row) for row in told.usable_rows],
        )


class SeriesPage(BaseModel):
    """The tenant's series, the newest fetch first."""

    series: list[SeriesLine]
    next: str


class AcceptanceBody(BaseModel):
    """Which days are right after all, and why."""

    model_config = ConfigDict(extra="forbid")

    days: list[date] = Field([], max_length=2_000)
    whole: bool = Field(default=False, description="What is doubted about the whole series, too.")
    reason: str


class AcceptedView(BaseModel):
    """What is not doubted any more."""

    accepted: list[DoubtView]


@router.post("", status_code=201, response_model=SeriesView)
def fetch_series(
    caller: Annotated[Caller, Depends(signed_in)], once: MakesOnce, body: SeriesBody
) -> Response:
    """Fetch a series and keep it with every doubt about it; the last good one if nobody answers."""
    query = market_data.series_query(
        body.capability, body.symbol, body.start, body.end, adjusted=body.adjusted
    )
    routed = market_data.fetch_series(caller, query, provider=body.provider)
    told = market_data.told_of_age(routed.decision)
    return once.do(
        lambda: SeriesView.whole(
            market_data.keep_series(once.work, routed.given(), query), stands_in=told
        ),
    )


@router.get("")
def list_series(work: CallersWork, limit: Limit = 50, cursor: Cursor = "") -> SeriesPage:
    """The tenant's series, the newest fetch first."""
    place = unseal(work.caller, "series", cursor)
    found = market_data.list_series(
        work, limit=limit, before=(place[0], place[1]) if place else None
    )
    last = found[-1][0] if len(found) == limit else None
    return SeriesPage(
        series=[SeriesLine.of(row, open_doubts) for row, open_doubts in found],
        next=seal(work.caller, "series", [last.fetched_at, last.sha256]) if last else "",
    )


@router.get("/{series_id}")
def read_series(work: CallersWork, series_id: str) -> SeriesView:
    """A series with its doubts and the rows that may be used."""
    return SeriesView.whole(market_data.read_series(work, series_id))


@router.post("/{series_id}/acceptances", status_code=201, response_model=AcceptedView)
def accept(once: MakesOnce, series_id: str, body: AcceptanceBody) -> Response:
    """Accept what is doubted about these days, for a reason, so that they are used."""
    days = [day.isoformat() for day in body.days] + [WHOLE] * body.whole

    def accepted() -> AcceptedView:
        rows = market_data.accept_doubts(once.work, series_id, days, reason=body.reason)
        return AcceptedView(accepted=[DoubtView.of(row) for row in rows])

    return once.do(accepted)
