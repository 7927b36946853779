"""The figures of a provider over a time: from its rows by SQL that every database reads alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    case,
    column,
    distinct,
    func,
    literal,
    or_,
    select,
    union_all,
    values,
)
from sqlalchemy.sql.selectable import CTE

from valor_core.sla.buckets import SHARE, seconds_of
from valor_core.sla.hours import Span, length_s
from valor_core.sla.states import State
from valor_core.store.tables import ProviderCallRow, ProviderIntervalRow
from valor_core.store.work import Work

QUANTILES = (0.5, 0.95, 0.99, 0.999)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whose figures, over which promised spans; nothing is known of it after `known_until`."""

    provider: str
    capability: str
    spans: Sequence[Span]
    known_until: int
    objective: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How good a provider was in its promised time. None is what nobody can say."""

    promised_s: float
    seconds: Mapping[State, float]  # of the promised time
    requests: int
    bad_requests: int
    incidents: int
    latency_s: Mapping[float, float]  # by quantile, of calls that were answered
    objective: float

    @property
    def coverage(self) -> float | None:
        """The share of the promised time of which one knows whether it worked."""
        return _share(self.known_s, self.promised_s)

    @property
    def known_s(self) -> float:
        """Up, degraded or down."""
        return self.up_s + self.seconds.get(State.DOWN, 0.0)

    @property
    def up_s(self) -> float:
        """It answered, if poorly at times."""
        return self.seconds.get(State.UP, 0.0) + self.seconds.get(State.DEGRADED, 0.0)

    @property
    def availability(self) -> float | None:
        """By time: up of what is known."""
        return _share(self.up_s, self.known_s)

    @property
    def request_availability(self) -> float | None:
        """By requests: those that did not fail."""
        return _share(self.requests - self.bad_requests, self.requests)

    @property
    def budget_left(self) -> float | None:
        """What is left of the failures that the objective allows; below 0 it is overspent."""
        rate = self.burn_rate
        return None if rate is None else 1.0 - rate

    @property
    def burn_rate(self) -> float | None:
        """How fast the budget goes: at 1 it is spent exactly at the end of the time."""
        failed = _share(self.bad_requests, self.requests)
        return None if failed is None else failed / (1.0 - self.objective)

    @property
    def mttr_s(self) -> float | None:
        """The mean time until it was up again."""
        return _share(self.seconds.get(State.DOWN, 0.0), self.incidents)

    @property
    def mtbf_s(self) -> float | None:
        """The mean time that it was up between two outages."""
        return _share(self.up_s, self.incidents)


def figures(work: Work, asked: Asked) -> Figures:
    """The figures of a provider in its promised time."""
    if not asked.spans:
        return Figures(promised_s=0.0, seconds={}, requests=0, bad_requests=0, incidents=0,
                       latency_s={}, objective=asked.objective)  # fmt: skip
    session = work.session
    seconds = {State(s): float(n) / 1e6 for s, n in session.execute(time_by_state(asked))}
    outcomes = {outcome: int(n) for outcome, n in session.execute(requests_by_outcome(asked))}
    latencies = session.execute(latency_buckets(asked))
    bad = outcomes.get("bad", 0)
    return Figures(
        promised_s=length_s(asked.spans),
        seconds=seconds,
        requests=outcomes.get("good", 0) + bad,
        bad_requests=bad,
        incidents=int(session.scalar(incidents(asked)) or 0),
        latency_s={int(share) / SHARE: seconds_of(int(bucket)) for share, bucket in latencies},
        objective=asked.objective,
    )


def time_by_state(asked: Asked) -> Select:
    """The microseconds in each state that fall into promised time."""
    spent, spans = _intervals(asked), _spans(asked)
    start = case((spent.c.started_at > spans.c.from_at, spent.c.started_at), else_=spans.c.from_at)
    end = case((spent.c.ended_at < spans.c.to_at, spent.c.ended_at), else_=spans.c.to_at)
    return (
        select(spent.c.state, func.sum(end - start))
        .join_from(spent, spans, _overlap(spent, spans))
        .group_by(spent.c.state)
        .order_by(spent.c.state)
    )


def incidents(asked: Asked) -> Select:
    """How many outages touched promised time; maintenance amid one does not make it two."""
    spent, spans = _intervals(asked), _spans(asked)
    before = func.lag(spent.c.state).over(order_by=spent.c.started_at)
    told = select(spent, before.label("before")).where(spent.c.state != State.MAINTENANCE.value)
    seen = told.cte("seen")
    down = seen.c.state == State.DOWN.value
    began = case(
        (and_(down, or_(seen.c.before.is_(None), seen.c.before != State.DOWN.value)), 1), else_=0
    )
    number = func.sum(began).over(order_by=seen.c.started_at)
    counted = select(seen.c.started_at, seen.c.ended_at, number.label("number")).where(down)
    outages = counted.cte("outages")
    return select(func.count(distinct(outages.c.number))).join_from(
        outages, spans, _overlap(outages, spans)
    )


def requests_by_outcome(asked: Asked) -> Select:
    """The calls of promised minutes by how they went."""
    spans = _spans(asked)
    return (
        select(ProviderCallRow.outcome, func.sum(ProviderCallRow.n))
        .join_from(ProviderCallRow, spans, _minute_in(spans))
        .where(*_of(ProviderCallRow, asked))
        .group_by(ProviderCallRow.outcome)
        .order_by(ProviderCallRow.outcome)
    )


def latency_buckets(asked: Asked, at: Sequence[float] = QUANTILES) -> Select:
    """The bucket at each quantile by nearest rank, of calls that were answered."""
    spans = _spans(asked)
    counted = (
        select(ProviderCallRow.bucket, func.sum(ProviderCallRow.n).label("n"))
        .join_from(ProviderCallRow, spans, _minute_in(spans))
        .where(*_of(ProviderCallRow, asked), ProviderCallRow.outcome == "good")
        .group_by(ProviderCallRow.bucket)
        .cte("counted")
    )
    running = select(
        counted.c.bucket,
        func.sum(counted.c.n).over(order_by=counted.c.bucket).label("upto"),
        func.sum(counted.c.n).over().label("total"),
    ).cte("running")
    shares = [select(literal(round(q * SHARE), BigInteger).label("share")) for q in at]
    wanted = union_all(*shares).cte("wanted")
    return (
        select(wanted.c.share, func.min(running.c.bucket))
        .join_from(running, wanted, running.c.upto * SHARE >= wanted.c.share * running.c.total)
        .group_by(wanted.c.share)
        .order_by(wanted.c.share)
    )


def _intervals(asked: Asked) -> CTE:
    """Each state with its end: the next one's beginning, else as long as anything is known."""
    row = ProviderIntervalRow
    following = func.lead(row.started_at).over(order_by=row.started_at)
    ended_at = func.coalesce(following, literal(asked.known_until, BigInteger)).label("ended_at")
    return select(row.started_at, row.state, ended_at).where(*_of(row, asked)).cte("spent")


def _spans(asked: Asked) -> CTE:
    named = values(column("from_at", BigInteger), column("to_at", BigInteger), name="promised")
    return named.data(list(asked.spans)).cte("spans")


def _of(
    row: type[ProviderIntervalRow] | type[ProviderCallRow], asked: Asked
) -> tuple[ColumnElement[bool], ...]:
    return row.provider == asked.provider, row.capability == asked.capability


def _overlap(spent: CTE, spans: CTE) -> ColumnElement[bool]:
    return and_(
        spent.c.started_at < spent.c.ended_at,
        spent.c.started_at < spans.c.to_at,
        spent.c.ended_at > spans.c.from_at,
    )


def _minute_in(spans: CTE) -> ColumnElement[bool]:
    return and_(ProviderCallRow.minute >= spans.c.from_at, ProviderCallRow.minute < spans.c.to_at)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
