"""Series as they are kept: named by the digest of what they say, never changed, doubts beside."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta

from sqlalchemy import delete, select, tuple_

from valor_core.errors import BadInput, Conflict, NotFound
from valor_core.market.checks import Doubt, SeriesQuery, doubts
from valor_core.market.offered import title_of
from valor_core.market.provider import Answer, Capability
from valor_core.market.series import Adjusted, Bar, Observation, Series
from valor_core.market.written import document, packed, unpacked
from valor_core.store.tables import DoubtRow, SeriesRow
from valor_core.store.work import Work
from valor_core.values import micros

WHOLE = ""
"""The day of a doubt about the whole series."""

REASON_MAX = 1_000
PURGED_AT_ONCE = 500
DOUBTS_MAX = 2_000
"""A series with more doubtful rows is not kept: it is another one than was asked for."""


class SeriesInDoubt(Conflict):
    """A series of which nothing may be used until somebody accepts it with a reason."""

    code = "series_in_doubt"

    def __init__(self, *, symbol: str, told: str) -> None:
        super().__init__(
            f"{symbol} is not used yet: {told}.",
            hint="Look at it on the page Market data, and accept it with a reason if it is right.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A kept series with what is doubted about it."""

    row: SeriesRow
    series: Series
    doubts: Sequence[DoubtRow]
    known_before: bool = False

    @property
    def open_doubts(self) -> list[DoubtRow]:
        """Those that nobody has accepted."""
        return [doubt for doubt in self.doubts if doubt.accepted_at is None]

    @property
    def usable_rows(self) -> tuple[Bar | Observation, ...]:
        """The rows that are not in doubt; none while all of the series is."""
        open_days = {doubt.day for doubt in self.open_doubts}
        if WHOLE in open_days:
            return ()
        return tuple(row for row in self.series.rows if row.day.isoformat() not in open_days)

    @property
    def usable(self) -> Series:
        """The series without the rows that are in doubt; SeriesInDoubt where all of it is."""
        told = next((doubt.told for doubt in self.open_doubts if doubt.day == WHOLE), None)
        if told is not None:
            raise SeriesInDoubt(symbol=self.series.symbol, told=told)
        return replace(self.series, rows=self.usable_rows)


def keep(work: Work, answer: Answer, query: SeriesQuery) -> Kept:
    """Keeps what a provider answered with every doubt about it; the same content stays as it is."""
    series = answer.value
    assert isinstance(series, Series)
    written = document(answer)
    sha256 = hashlib.sha256(written).hexdigest()
    if work.session.get(SeriesRow, (work.caller.tenant_id, sha256)):
        return replace(read(work, sha256), known_before=True)
    found = doubts(
        series,
        query,
        today=work.now.date(),
        before=_before(work, answer, series),
        others=_others(work, answer, series),
    )
    if len(found) > DOUBTS_MAX:
        raise BadInput(
            f"{len(found):,} rows of {series.symbol} are in doubt, first: {found[0].told}.",
            hint="Nothing was kept. Ask another provider, or for fewer days.",
        )
    days = [row.day.isoformat() for row in series.rows]
    work.add_all(
        [
            SeriesRow(
                sha256=sha256,
                provider=answer.provider,
                capability=answer.capability,
                symbol=series.symbol,
                unit=series.unit,
                currency=series.currency,
                adjusted=series.adjusted,
                zone=series.zone,
                first_day=min(days),
                last_day=max(days),
                rows_n=len(days),
                synthetic=int(answer.synthetic),
                licence=asdict(answer.licence),
                source=answer.source,
                as_of=micros(answer.as_of),
                fetched_at=micros(answer.fetched_at),
                content=packed(written),
                created_by=work.caller.actor,
                keep_until=_keep_until(answer),
            )
        ]
    )
    work.session.flush()
    work.add_all([_doubt_row(sha256, doubt) for doubt in found])
    work.session.flush()
    return read(work, sha256)


def _keep_until(answer: Answer) -> int | None:
    """When its licence wants it gone; None where it may stay."""
    days = answer.licence.retention_days
    return None if days is None else micros(answer.fetched_at + timedelta(days=days))


def is_any_over(work: Work) -> bool:
    """Whether there is a series that its licence wants gone."""
    return bool(_over(work, limit=1))


def purge(work: Work) -> list[SeriesRow]:
    """Drops the series that their licences want gone, with what was doubted about them."""
    gone = _over(work, limit=PURGED_AT_ONCE)
    named = [row.sha256 for row in gone]
    for kind in (DoubtRow, SeriesRow):
        dropped = delete(kind).where(kind.sha256.in_(named))
        work.session.execute(dropped.execution_options(synchronize_session=False))
    return gone


def _over(work: Work, *, limit: int) -> list[SeriesRow]:
    row = SeriesRow
    over = select(row).where(row.keep_until <= work.now_micros).order_by(row.keep_until, row.sha256)
    return list(work.session.scalars(over.limit(limit)))


def _doubt_row(sha256: str, doubt: Doubt) -> DoubtRow:
    return DoubtRow(
        sha256=sha256,
        day=doubt.day.isoformat() if doubt.day else WHOLE,
        kind=doubt.kind,
        told=doubt.told,
    )


def read(work: Work, sha256: str) -> Kept:
    """The series of that digest, or of its beginning; NotFound otherwise."""
    found: Sequence[SeriesRow] = ()
    if 8 <= len(sha256) <= 64 and sha256.isascii() and sha256.isalnum():
        named = select(SeriesRow).where(SeriesRow.sha256.startswith(sha256))
        found = work.session.scalars(named.order_by(SeriesRow.sha256).limit(2)).all()
    if len(found) != 1:
        raise NotFound("series", sha256[:64])
    row = found[0]
    beside = select(DoubtRow).where(DoubtRow.sha256 == row.sha256)
    told = work.session.scalars(beside.order_by(DoubtRow.day, DoubtRow.kind)).all()
    return Kept(row=row, series=unpacked(row.content), doubts=told)


def listed(
    work: Work, *, limit: int, before: tuple[int, str] | None = None
) -> list[tuple[SeriesRow, int]]:
    """The tenant's series, the newest fetch first, each with how many doubts are open."""
    query = select(SeriesRow).order_by(SeriesRow.fetched_at.desc(), SeriesRow.sha256.desc())
    if before:
        query = query.where(tuple_(SeriesRow.fetched_at, SeriesRow.sha256) < before)
    rows = work.session.scalars(query.limit(limit)).all()
    counted = dict.fromkeys((row.sha256 for row in rows), 0)
    of_these = select(DoubtRow.sha256).where(
        DoubtRow.sha256.in_(list(counted)), DoubtRow.accepted_at.is_(None)
    )
    for sha256 in work.session.scalars(of_these):
        counted[sha256] += 1
    return [(row, counted[row.sha256]) for row in rows]


def newest_usable(
    work: Work,
    capability: Capability,
    symbol: str,
    *,
    adjusted: Collection[Adjusted] = frozenset(Adjusted),
    until: date | None = None,
    begins_by: date | None = None,
) -> Kept | None:
    """The newest fetch of a real series of which rows up to a day may be used; else None.

    `begins_by` leaves out those that do not reach back so far.
    """
    begins_by = begins_by or until or work.now.date()
    rows = work.session.scalars(
        select(SeriesRow.sha256)
        .where(
            SeriesRow.capability == capability,
            SeriesRow.symbol == symbol,
            SeriesRow.synthetic == 0,
            SeriesRow.adjusted.in_(adjusted),
            SeriesRow.first_day <= begins_by.isoformat(),
        )
        .order_by(SeriesRow.fetched_at.desc(), SeriesRow.sha256)
        .limit(20)
    )
    for sha256 in rows:
        found = read(work, sha256)
        if any(until is None or row.day <= until for row in found.usable_rows):
            return found
    return None


def symbols(work: Work, capability: Capability) -> set[str]:
    """Of which symbols real series are kept."""
    row = SeriesRow
    query = select(row.symbol).where(row.capability == capability, row.synthetic == 0).distinct()
    return set(work.session.scalars(query))


def accept(work: Work, sha256: str, days: Iterable[str], reason: str) -> list[DoubtRow]:
    """Accepts what is doubted about these days, or about the whole series, for a reason."""
    reason = work.clean(reason.strip())
    if not 0 < len(reason) <= REASON_MAX:
        raise BadInput(
            f"A reason has 1 to {REASON_MAX:,} characters.", hint="Say why the figures are right."
        )
    wanted = set(days)
    accepted = [doubt for doubt in read(work, sha256).open_doubts if doubt.day in wanted]
    if not accepted:
        raise NotFound("open doubt", ", ".join(sorted(wanted))[:40] or "of no day")
    for doubt in accepted:
        doubt.accepted_at, doubt.accepted_by = work.now_micros, work.caller.actor
        doubt.reason = reason
    work.session.flush()
    return accepted


def _before(work: Work, answer: Answer, series: Series) -> Series | None:
    """What the provider said of it last, without the rows that are in doubt."""
    return next(iter(_newest(work, answer, series, same_provider=True).values()), None)


def _others(work: Work, answer: Answer, series: Series) -> Mapping[str, Series]:
    """What other providers said last, in the same unit and adjustment; invented beside invented."""
    found = _newest(work, answer, series, same_provider=False)
    return {title: other for title, other in found.items() if other.unit == series.unit}


def _newest(
    work: Work, answer: Answer, series: Series, *, same_provider: bool
) -> dict[str, Series]:
    same = SeriesRow.provider == answer.provider
    rows = work.session.scalars(
        select(SeriesRow)
        .where(
            SeriesRow.capability == answer.capability,
            SeriesRow.symbol == series.symbol,
            SeriesRow.adjusted == series.adjusted,
            SeriesRow.synthetic == int(answer.synthetic),
            same if same_provider else ~same,
        )
        .order_by(SeriesRow.fetched_at.desc(), SeriesRow.sha256)
        .limit(20)
    )
    found: dict[str, Series] = {}
    for row in rows:
        title = title_of(row.provider)
        if title in found:
            continue
        with suppress(SeriesInDoubt):
            usable = read(work, row.sha256).usable
            if usable.rows:
                found[title] = usable
    return found
