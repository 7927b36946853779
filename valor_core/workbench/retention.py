"""How long details of the log are kept, what is under a legal hold, and the purge between both."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from valor_core.audit import retention
from valor_core.audit.purges import HOLD_RELEASED, HOLD_SET, PURGED
from valor_core.audit.retention import CATEGORIES, Due
from valor_core.errors import BadInput, Conflict, NotFound
from valor_core.store.engines import Store
from valor_core.store.tables import LegalHoldRow
from valor_core.store.work import Work
from valor_core.tenancy.reasons import stated
from valor_core.values import Caller, new_id
from valor_core.workbench.verb import open_work, verb, view

LEAST_DAYS, MOST_DAYS = 30, 36_500
SUBJECT_MAX = 500
MOST_HOLDS = 200


class AnotherPersonNeeded(Conflict):
    """A hold is released by somebody who neither set it nor asked for its release."""

    code = "another_person_needed"

    def __init__(self, hold_id: str, *, asked: bool) -> None:
        said = "you set it or asked for it" if asked else "nobody has asked for it yet"
        super().__init__(
            f"The release of hold {hold_id} needs another person: {said}.",
            hint="A compliance officer asks for the release; another one, who did not set the hold "
            "either, releases it.",
        )


@view("retention.read")
def read_policies(work: Work) -> Mapping[str, int]:
    """After how many days the details of each category go; others are kept for ever."""
    return retention.policies(work)


@view("retention.read")
def foresee_purge(work: Work) -> Due:
    """What the next purge would take."""
    return retention.due(work, retention.policies(work))


@view("retention.foresee")
def foresee_policy(work: Work, category: str, days: int | None) -> Due:
    """What the next purge would take, were the category kept so many days."""
    _check(category, days)
    kept = {name: each for name, each in retention.policies(work).items() if name != category}
    return retention.due(work, kept if days is None else kept | {category: days})


@verb("retention.change")
def change_policy(work: Work, category: str, days: int | None, *, reason: str) -> None:
    """Have the details of a category's entries purged after so many days, or kept for ever."""
    _check(category, days)
    why = stated(reason)
    before = retention.change_policy(work, category, days)
    work.note(f"category:{category}", days=days, days_before=before, reason=why)


def _check(category: str, days: int | None) -> None:
    if category not in CATEGORIES:
        raise BadInput(
            f"{category[:40]!r} is no category of entries.",
            hint=f"Choose one of {', '.join(CATEGORIES)}.",
        )
    if days is not None and not LEAST_DAYS <= days <= MOST_DAYS:
        raise BadInput(
            f"Details cannot be kept {days} days.",
            hint=f"Choose {LEAST_DAYS} to {MOST_DAYS:,} days, or none to keep them for ever.",
        )


@verb(PURGED, audited=False)
def purge(work: Work) -> int:
    """Drop what is due, a limited number at once; how many. It writes its own entry, if any."""
    return retention.purge(work)


def run_retention(store: Store, caller: Caller) -> int:
    """Purges all that is due, and has the bytes gone from the files where that is ours to do."""
    purged = 0
    while True:
        with open_work(caller, store) as work:
            count = purge(work)
        if not count:
            break
        purged += count
    if purged:
        store.forget_what_was_freed()
    return purged


@view("hold.read")
def list_holds(work: Work) -> Sequence[LegalHoldRow]:
    """The legal holds, the newest first."""
    query = select(LegalHoldRow).order_by(LegalHoldRow.set_at.desc(), LegalHoldRow.id)
    return work.session.scalars(query.limit(MOST_HOLDS)).all()


@verb(HOLD_SET)
def set_hold(work: Work, subject: str, reason: str) -> LegalHoldRow:
    """Keep entries by this actor or about this thing from any purge; no subject holds all."""
    subject, reason = subject.strip(), stated(reason)
    if (subject and ":" not in subject) or len(subject) > SUBJECT_MAX:
        raise BadInput(
            f"{subject[:80]!r} is no subject of a hold.",
            hint="Write an actor or a target as the log names it, such as user:01hx…, or nothing "
            "to hold all.",
        )
    row = LegalHoldRow(id=new_id(), subject=subject, reason=reason, set_at=work.now_micros,
                       set_by=work.caller.person)  # fmt: skip
    work.add_all([row])
    work.note(f"hold:{row.id}", subject=subject, set_by=row.set_by, reason=reason)
    return row


@view("hold.read")
def foresee_release(work: Work, hold_id: str) -> Due:
    """What the next purge would take, were that hold released."""
    row = _standing(work, hold_id)
    return retention.due(work, retention.policies(work), without_hold=f"hold:{row.id}")


@verb("hold.ask_release")
def ask_release(work: Work, hold_id: str, *, reason: str) -> LegalHoldRow:
    """Ask that a hold be released; another person must do it."""
    row, why = _standing(work, hold_id), stated(reason)
    row.release_asked_by = work.caller.person
    asked = {"subject": row.subject, "asked_by": row.release_asked_by}
    work.note(f"hold:{row.id}", **asked, reason=why)
    return row


@verb(HOLD_RELEASED)
def release_hold(work: Work, hold_id: str, *, reason: str) -> LegalHoldRow:
    """Release a hold whose release another person has asked for, and which another has set."""
    row, why = _standing(work, hold_id), stated(reason)
    if row.release_asked_by is None or work.caller.person in (row.release_asked_by, row.set_by):
        raise AnotherPersonNeeded(row.id, asked=row.release_asked_by is not None)
    row.released_at, row.released_by = work.now_micros, work.caller.person
    work.note(
        f"hold:{row.id}",
        subject=row.subject,
        asked_by=row.release_asked_by,
        set_by=row.set_by,
        released_by=row.released_by,
        reason=why,
    )
    return row


def _standing(work: Work, hold_id: str) -> LegalHoldRow:
    row = work.session.get(LegalHoldRow, (work.caller.tenant_id, hold_id))
    if row is None or row.released_at is not None:
        raise NotFound("hold", hold_id[:80])
    return row
