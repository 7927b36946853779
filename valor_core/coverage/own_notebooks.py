"""A tenant's own notebooks: versions that never change, and what persons decided of each.

How a version stands follows from the decisions alone. The newest version that was approved is the
one that runs; it goes on running until a later one is approved or it is withdrawn itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import select

from valor_core.coverage.job_runs import TooMany
from valor_core.coverage.notebook_source import NotebookSource, kept_notebook
from valor_core.coverage.report_parameters import OWN
from valor_core.errors import BadInput, Conflict, NotFound
from valor_core.store.tables import OwnNotebookDecisionRow, OwnNotebookRow
from valor_core.store.work import Work
from valor_core.values import from_micros, new_id

NAMES_MOST, VERSIONS_MOST = 50, 200
NAME_MAX, TITLE_MAX = 40, 100


class State(StrEnum):
    """How a version stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"


class NotWaiting(Conflict):
    """A version of which something was decided already, or a later version has come."""

    code = "not_waiting"

    def __init__(self, title: str, version: int, state: State) -> None:
        super().__init__(
            f"Version {version} of {title} is {state} already.",
            hint="Look at its newest version: that one may wait for approval.",
        )


class SecondPersonNeeded(Conflict):
    """Who registered a version is not who says that it may run."""

    code = "second_person_needed"

    def __init__(self) -> None:
        super().__init__(
            "You registered this version, so somebody else approves it.",
            hint="Ask another administrator, or a compliance officer, of your tenant.",
        )


class NobodysKey(Conflict):
    """A key of the tenant's own is no person, of whom another one could be told."""

    code = "nobodys_key"

    def __init__(self) -> None:
        super().__init__(
            "A key of the tenant cannot register a notebook: whoever made the key could then "
            "approve it alone.",
            hint="Register it yourself, or by a key of your own (page API keys).",
        )


class OtherSource(Conflict):
    """The approval names another hash than the version has."""

    code = "other_source"

    def __init__(self) -> None:
        super().__init__(
            "This is not the version that you looked at: its SHA-256 is another.",
            hint="Open it again, read what it changes, and approve that.",
        )


class NotebookAltered(Conflict):
    """What is stored is not what was registered and approved."""

    code = "notebook_altered"

    def __init__(self, title: str, version: int) -> None:
        super().__init__(
            f"Version {version} of {title} is not what was approved: its SHA-256 is another.",
            hint="It is not run. Register it anew, and tell your operator.",
        )


class NothingNew(Conflict):
    """The file is the one that waits or runs already."""

    code = "nothing_new"

    def __init__(self, title: str, version: int) -> None:
        super().__init__(
            f"This is version {version} of {title}, to the byte.",
            hint="Change the notebook before you register it as a new version.",
        )


class NotApproved(Conflict):
    """No version of the notebook may run."""

    code = "not_approved"

    def __init__(self, title: str) -> None:
        super().__init__(
            f"No version of {title} is approved, so it is not run.",
            hint="An administrator or a compliance officer who did not register it approves one "
            "on the page Reports.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided of a version."""

    what: State
    sha256: str
    reason: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a notebook, and how it stands."""

    id: str
    name: str
    version: int
    title: str
    file_name: str
    sha256: str
    registered_at: datetime
    registered_by: str
    state: State
    decisions: tuple[Decision, ...]

    @property
    def report(self) -> str:
        """By which it is named among reports."""
        return OWN + self.name

    @property
    def approval(self) -> Decision | None:
        """That it was approved, were it withdrawn since."""
        return next((each for each in self.decisions if each.what is State.APPROVED), None)


def name_of(text: str) -> str:
    """The name as it is kept; BadInput unless it is a short one of plain letters."""
    name = text.strip().lower().replace(" ", "_").replace("-", "_")
    if not (0 < len(name) <= NAME_MAX and name.isascii() and name.isidentifier()):
        raise BadInput(
            f"{text[:60]!r} is no name for a report.",
            hint=f"Choose up to {NAME_MAX} of a to z, 0 to 9 and _, such as covenant_check.",
        )
    return name


def title_of(text: str) -> str:
    """The title as it is kept; BadInput where there is none, or a line of something else."""
    title = " ".join(text.split())
    if not (0 < len(title) <= TITLE_MAX and title.isprintable()):
        raise BadInput(
            "A report needs a title.", hint=f"Say what it tells, in up to {TITLE_MAX} characters."
        )
    return title


def versions(work: Work, *, name: str | None = None) -> list[Version]:
    """All versions, by name and the newest first; or those of one name."""
    query = select(OwnNotebookRow).order_by(OwnNotebookRow.name, OwnNotebookRow.version.desc())
    if name is not None:
        query = query.where(OwnNotebookRow.name == name)
    rows = work.session.scalars(query.limit(NAMES_MOST * VERSIONS_MOST)).all()
    decided = _decisions(work, [row.id for row in rows] if name is not None else None)
    return _told(rows, decided)


def titles(work: Work) -> dict[str, str]:
    """What the newest version of each is called, by the name of its report."""
    return {each.report: each.title for each in reversed(versions(work))}


def _decisions(work: Work, ids: Sequence[str] | None) -> dict[str, list[Decision]]:
    query = select(OwnNotebookDecisionRow).order_by(OwnNotebookDecisionRow.created_at)
    if ids is not None:
        query = query.where(OwnNotebookDecisionRow.notebook_id.in_(ids))
    found: dict[str, list[Decision]] = {}
    for row in work.session.scalars(query):
        made = Decision(
            what=State(row.decision),
            sha256=row.sha256,
            reason=row.reason,
            at=from_micros(row.created_at),
            by=row.created_by,
        )
        found.setdefault(row.notebook_id, []).append(made)
    return found


def _told(
    rows: Sequence[OwnNotebookRow], decided: Mapping[str, Sequence[Decision]]
) -> list[Version]:
    told, newer, ruled = [], set[str](), set[str]()
    for row in rows:
        decisions = tuple(decided.get(row.id, ()))
        whats = {each.what for each in decisions}
        state = _state(whats, is_newest=row.name not in newer, is_ruling=row.name not in ruled)
        newer.add(row.name)
        if State.APPROVED in whats:
            ruled.add(row.name)
        told.append(
            Version(
                id=row.id,
                name=row.name,
                version=row.version,
                title=row.title,
                file_name=row.file_name,
                sha256=row.sha256,
                registered_at=from_micros(row.created_at),
                registered_by=row.created_by,
                state=state,
                decisions=decisions,
            )
        )
    return told


def _state(decided: set[State], *, is_newest: bool, is_ruling: bool) -> State:
    for final in (State.WITHDRAWN, State.REJECTED):
        if final in decided:
            return final
    if State.APPROVED in decided:
        return State.APPROVED if is_ruling else State.REPLACED
    return State.WAITING if is_newest else State.REPLACED


def version_of(work: Work, version_id: str) -> Version:
    """That version; NotFound otherwise."""
    row = work.session.get(OwnNotebookRow, (work.caller.tenant_id, version_id))
    if row is None:
        raise NotFound("notebook", version_id[:80])
    return next(each for each in versions(work, name=row.name) if each.id == version_id)


def source_of(work: Work, version: Version) -> NotebookSource:
    """What it is; NotebookAltered where that is not what was registered."""
    row = work.session.get_one(OwnNotebookRow, (work.caller.tenant_id, version.id))
    if sha256(row.source).hexdigest() != version.sha256:
        raise NotebookAltered(version.title, version.version)
    return kept_notebook(row.source)


def named(work: Work, report: str) -> list[Version]:
    """The versions behind the name of a report, the newest first; NotFound where there is none."""
    known = versions(work, name=report.removeprefix(OWN))
    if not known:
        raise NotFound("report", report[:80])
    return known


def approved(work: Work, report: str) -> Version:
    """The version that runs under the name of a report; NotFound, or NotApproved."""
    known = named(work, report)
    for each in known:
        if each.state is State.APPROVED and each.approval:
            if each.approval.sha256 != each.sha256:
                raise NotebookAltered(each.title, each.version)
            return each
    raise NotApproved(known[0].title)


def add_version(
    work: Work, *, name: str, title: str, file_name: str, source: NotebookSource, by: str
) -> Version:
    """The next version of that name, which waits for somebody else's approval."""
    before = versions(work, name=name)
    stands = [each for each in before[:1] if each.state in (State.WAITING, State.APPROVED)]
    if stands and stands[0].sha256 == source.sha256:
        raise NothingNew(stands[0].title, stands[0].version)
    if not before and len({each.name for each in versions(work)}) >= NAMES_MOST:
        raise TooMany("notebooks", NAMES_MOST)
    if len(before) >= VERSIONS_MOST:
        raise TooMany(f"versions of {name}", VERSIONS_MOST)
    row = OwnNotebookRow(
        id=new_id(),
        name=name,
        version=before[0].version + 1 if before else 1,
        title=title,
        file_name=file_name[:200],
        sha256=source.sha256,
        source=source.raw,
        created_at=work.now_micros,
        created_by=by,
    )
    work.add_all([row])
    work.session.flush()
    return version_of(work, row.id)


def decide(work: Work, version: Version, what: State, *, by: str, reason: str = "") -> Version:
    """Keeps what was decided of it."""
    row = OwnNotebookDecisionRow(
        notebook_id=version.id,
        decision=what,
        sha256=version.sha256,
        reason=reason,
        created_at=work.now_micros,
        created_by=by,
    )
    work.add_all([row])
    work.session.flush()
    return version_of(work, version.id)
