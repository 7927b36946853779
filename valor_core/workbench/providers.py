"""How the providers of a tenant stand, how good they were, and what was announced of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from valor_core.errors import BadInput
from valor_core.market import memory
from valor_core.market.memory import Known
from valor_core.market.provider import Capability
from valor_core.market.router import Place
from valor_core.sla import hours, records
from valor_core.sla.figures import Asked, Figures, figures
from valor_core.sla.records import MINUTE
from valor_core.sla.states import State, judged
from valor_core.store.tables import ProviderIntervalRow, ProviderMaintenanceRow
from valor_core.store.work import Work
from valor_core.values import from_micros, micros
from valor_core.workbench.routing import TITLES, service_now
from valor_core.workbench.verb import verb, view
from valor_core.workbench.watching import GAP, KNOWN_FOR, evidence_now

DAYS_MOST = 366
STATES_MOST = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A provider that the tenant uses: its state now and why, and its figures."""

    provider: str
    title: str
    capability: Capability
    state: State
    cause: str
    since: datetime | None
    seen_at: datetime | None  # when its health was last judged
    left_alone_until: datetime | None
    why_left_alone: str
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A state of a provider from when to when."""

    title: str
    capability: Capability
    state: State
    cause: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLevel:
    """How good a provider was between two moments."""

    provider: str
    title: str
    capability: Capability
    watched_since: datetime | None  # None: nobody has watched it yet
    figures: Figures


@view("routing.read")
def read_providers(work: Work, *, days: int = 30) -> list[Standing]:
    """Every provider that the tenant uses, with its figures over so many days."""
    _check_days(days)
    states, since = records.newest_states(work), records.watched_since(work)
    all_known = memory.known(work)
    evidence = evidence_now(work, all_known)
    earliest = work.now_micros - micros_of(days)
    return [
        _standing(
            place,
            known,
            states.get((place[0], place[1].value)),
            _figures(
                work,
                place,
                known,
                _begin(earliest, since.get((place[0], place[1].value))),
                work.now,
            ),
            judged(evidence[place]),
            now=work.now_micros,
        )
        for place, known in sorted(all_known.items())
    ]


@view("routing.read")
def read_service_levels(work: Work, start: datetime, end: datetime) -> list[ServiceLevel]:
    """Every provider's figures of a time; before it was watched nothing was promised."""
    since, levels = records.watched_since(work), []
    end = min(end, work.now)
    for place, known in sorted(memory.known(work).items()):
        watched = since.get((place[0], place[1].value))
        begin = max(start, _begin(watched, watched)) if watched else end
        levels.append(
            ServiceLevel(
                provider=place[0],
                title=_title(place[0]),
                capability=place[1],
                watched_since=from_micros(watched) if watched else None,
                figures=_figures(work, place, known, min(begin, end), end),
            )
        )
    return levels


@view("routing.read")
def read_course(work: Work, *, days: int = 1) -> list[Course]:
    """The states of the last days, the oldest first; nothing where nothing is known."""
    _check_days(days)
    return read_course_between(work, from_micros(work.now_micros - micros_of(days)), work.now)


@view("routing.read")
def read_course_between(work: Work, start_at: datetime, end_at: datetime) -> list[Course]:
    """The states of a time, the oldest first; nothing where nothing is known."""
    known = memory.known(work)
    start, last = micros(start_at), min(micros(end_at), work.now_micros)
    rows = records.states_between(work, start, last + 1, most=STATES_MOST)
    by_place: dict[Place, list[ProviderIntervalRow]] = {}
    for row in rows:
        by_place.setdefault((row.provider, Capability(row.capability)), []).append(row)
    return [
        Course(
            title=_title(place[0]),
            capability=place[1],
            state=State(row.state),
            cause=row.cause,
            start=from_micros(max(row.started_at, start)),
            end=from_micros(end),
        )
        for place, told in sorted(by_place.items())
        for row, end in zip(told, _ends(told, known.get(place), last), strict=True)
        if end > max(row.started_at, start)
    ]


@view("routing.read")
def list_announced(work: Work) -> Sequence[ProviderMaintenanceRow]:
    """Announced work of the last 30 days and to come, the latest first."""
    return records.announced(work, since=work.now_micros - micros_of(30))


@verb("maintenance.announce")
def announce(
    work: Work,
    provider: str,
    starts_at: datetime,
    ends_at: datetime,
    *,
    reason: str,
) -> ProviderMaintenanceRow:
    """Say that a provider will be worked on: that time counts neither for nor against it."""
    if provider not in TITLES:
        raise BadInput(
            f"There is no provider {provider[:40]!r}.", hint=f"Choose among {', '.join(TITLES)}."
        )
    row = records.announce(work, provider, (micros(starts_at), micros(ends_at)), reason)
    work.note(f"provider:{provider}", reason=row.reason, starts_at=starts_at.isoformat(),
              ends_at=ends_at.isoformat())  # fmt: skip
    return row


@verb("maintenance.withdraw")
def withdraw(work: Work, work_id: str) -> ProviderMaintenanceRow:
    """Announced work is not done after all, or is over."""
    row = records.withdraw(work, work_id)
    work.note(f"provider:{row.provider}", reason=row.reason)
    return row


def micros_of(days: int) -> int:
    """So many days."""
    return days * 86_400_000_000


def _standing(
    place: Place,
    known: Known,
    row: ProviderIntervalRow | None,
    told: Figures,
    live: tuple[State, str],
    *,
    now: int,
) -> Standing:
    until, why = _left_alone(known, now)
    state, cause, since = _state(known, row, live, now)
    return Standing(
        provider=place[0],
        title=_title(place[0]),
        capability=place[1],
        state=state,
        cause=cause,
        since=since,
        seen_at=from_micros(known.seen_at) if known.seen_at else None,
        left_alone_until=until,
        why_left_alone=why,
        figures=told,
    )


def _figures(work: Work, place: Place, known: Known, start: datetime, end: datetime) -> Figures:
    provider, capability = place
    service = service_now(work, capability)
    planned = [
        records.span_of(row)
        for row in records.announced(work, since=micros(start))
        if row.provider == provider
    ]
    asked = Asked(
        provider=provider,
        capability=capability.value,
        spans=hours.promised(service, start, end, planned),
        known_until=_known_until(known, work.now_micros),
        objective=service.objective,
    )
    return figures(work, asked)


def _state(
    known: Known, row: ProviderIntervalRow | None, live: tuple[State, str], now: int
) -> tuple[State, str, datetime | None]:
    """As it was judged last; what its calls have shown since is told at once."""
    watched = row is not None and now <= known.seen_at + GAP
    state, cause = live
    if row and watched and state in (row.state, State.UNKNOWN):
        return State(row.state), row.cause, from_micros(row.started_at)
    if state is State.UNKNOWN and not watched:
        return State.UNKNOWN, "nobody was watching", None
    return state, cause, None


def _begin(earliest: int, first: int | None) -> datetime:
    """Nothing was promised before the minute in which it was first watched."""
    return from_micros(max(earliest, earliest if first is None else first - first % MINUTE))


def _left_alone(known: Known, now: int) -> tuple[datetime | None, str]:
    standing, moment = known.standing, now / 1e6
    until, why = max((standing.open_until, standing.why), (standing.hold_until, standing.hold_why))
    return (from_micros(round(until * 1e6)), why) if until > moment else (None, "")


def _known_until(known: Known | None, now: int) -> int:
    return min(now, known.seen_at + KNOWN_FOR) if known else 0


def _ends(rows: Sequence[ProviderIntervalRow], known: Known | None, now: int) -> list[int]:
    return [*(row.started_at for row in rows[1:]), _known_until(known, now)]


def _title(provider: str) -> str:
    return TITLES.get(provider, provider)


def _check_days(days: int) -> None:
    if not 1 <= days <= DAYS_MOST:
        raise BadInput(f"Nothing is told of {days} days.", hint=f"Ask for 1 to {DAYS_MOST} days.")
