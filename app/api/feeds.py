"""Feeds: streams of prices that are taken in, and what stands on their tapes."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.callers import CallersWork, MakesOnce
from app.api.paging import Limit
from app.api.requests import StrictRoute
from valor_core.sla.hours import Service
from valor_core.values import from_micros
from valor_core.workbench import feeds
from valor_core.workbench.feeds import SYMBOLS_MOST, Feed, FeedGapRow

router = APIRouter(prefix="/feeds", tags=["market data"], route_class=StrictRoute)


class HoursView(BaseModel):
    """The hours of the week in which a feed is expected to say something."""

    zone: str
    weekdays: list[int] = Field(description="Monday is 0.")
    opens: str
    closes: str

    @classmethod
    def of(cls, service: Service) -> "HoursView":
        """The hours as clients see them."""
        return cls(
            zone=service.zone, weekdays=list(service.weekdays), opens=service.opens,
            closes=service.closes,
        )  # fmt: skip


class GapView(BaseModel):
    """A time of which the feed has nothing, and why."""

    began_at: datetime
    ended_at: datetime
    why: str

    @classmethod
    def of(cls, row: FeedGapRow) -> "GapView":
        """The gap as clients see it."""
        return cls(
            began_at=from_micros(row.began_at), ended_at=from_micros(row.ended_at), why=row.why
        )


class FeedView(BaseModel):
    """A feed as it stands."""

    id: str
    provider: str
    symbols: list[str]
    state: str = Field(description="live, silent, waiting or stopped.")
    why: str
    hours: HoursView
    led_since: datetime | None
    last_tick_at: datetime | None
    ticks: int
    gaps: list[GapView] = Field(description="The newest first, twenty at most.")

    @classmethod
    def of(cls, told: Feed) -> "FeedView":
        """The feed as clients see it."""
        return cls(
            id=told.row.id,
            provider=told.row.provider,
            symbols=told.row.symbols,
            state=told.state,
            why=told.why,
            hours=HoursView.of(told.hours),
            led_since=from_micros(told.row.led_at) if told.row.led_at else None,
            last_tick_at=told.last_at,
            ticks=told.row.ticks,
            gaps=[GapView.of(row) for row in told.gaps],
        )


class FeedsView(BaseModel):
    """The feeds, those that run first."""

    feeds: list[FeedView]


class HoursBody(BaseModel):
    """The hours of the week in which the feed is expected to say something."""

    model_config = ConfigDict(extra="forbid")

    zone: str = "America/New_York"
    weekdays: list[int] = Field([0, 1, 2, 3, 4], description="Monday is 0.")
    opens: str = "09:30"
    closes: str = "16:00"

    def service(self) -> Service:
        """The hours as they are kept."""
        return Service(
            zone=self.zone, weekdays=tuple(self.weekdays), opens=self.opens, closes=self.closes
        )


class FeedBody(BaseModel):
    """Whose stream, of which symbols, and in which hours."""

    model_config = ConfigDict(extra="forbid")

    provider: str = Field(description="replay or alpaca.")
    symbols: list[str] = Field(min_length=1, max_length=SYMBOLS_MOST)
    hours: HoursBody | None = Field(None, description="None: the usual ones of what is streamed.")


class MadeFeedView(BaseModel):
    """The id of a feed that was started."""

    id: str


class TickView(BaseModel):
    """A price as it was taken in."""

    symbol: str
    price: float
    size: float
    at: datetime
    seq: int = Field(description="The provider's own number of it.")
    synthetic: bool

    @classmethod
    def of(cls, told: dict[str, Any]) -> "TickView":
        """The tick as clients see it."""
        return cls.model_validate({**told, "at": from_micros(told["at"])})


class TicksView(BaseModel):
    """The newest ticks, the newest first."""

    ticks: list[TickView]


@router.get("")
def list_feeds(work: CallersWork, limit: Limit = 50) -> FeedsView:
    """The feeds, each with its leader's state, its gaps and whether it is silent."""
    return FeedsView(feeds=[FeedView.of(each) for each in feeds.read_feeds(work, limit=limit)])


@router.post("", status_code=201, response_model=MadeFeedView)
def start_feed(once: MakesOnce, body: FeedBody) -> Response:
    """Have a provider's stream taken in from now on."""
    hours = body.hours.service() if body.hours else None

    def made() -> MadeFeedView:
        row = feeds.start_feed(once.work, body.provider, body.symbols, hours=hours)
        return MadeFeedView(id=row.id)

    return once.do(made)


@router.delete("/{feed_id}", status_code=204)
def stop_feed(work: CallersWork, feed_id: str) -> None:
    """Take a feed in no more."""
    feeds.stop_feed(work, feed_id)


@router.get("/{feed_id}/ticks")
def read_ticks(work: CallersWork, feed_id: str, limit: Limit = 50) -> TicksView:
    """The newest ticks of a feed, the newest first."""
    return TicksView(ticks=[TickView.of(e) for e in feeds.read_ticks(work, feed_id, limit=limit)])
