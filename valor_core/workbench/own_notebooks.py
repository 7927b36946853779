"""A tenant's own notebooks: registered by one person, approved by another, withdrawn by any."""

from dataclasses import dataclass

from valor_core.coverage import own_notebooks, schedules
from valor_core.coverage.notebook_source import CellChange, NotebookSource, changes
from valor_core.coverage.own_notebooks import (
    NobodysKey,
    NotWaiting,
    OtherSource,
    SecondPersonNeeded,
    State,
    Version,
)
from valor_core.store.work import Work
from valor_core.tenancy.reasons import stated
from valor_core.tenancy.tenants import one_at_a_time
from valor_core.workbench.verb import verb, view


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A version as its reviewer reads it: what it is, and what it changes."""

    version: Version
    source: NotebookSource
    against: Version | None  # the version approved last before it
    changes: tuple[CellChange, ...]  # of all its cells; where nothing was approved, they come


@view("notebook.read")
def list_notebooks(work: Work) -> list[Version]:
    """All versions of the tenant's notebooks, by name and the newest first."""
    return own_notebooks.versions(work)


@view("notebook.read")
def read_notebook(work: Work, version_id: str) -> Reviewed:
    """One version with its source, and cell by cell what it changes of the one approved before."""
    version = own_notebooks.version_of(work, version_id)
    source = own_notebooks.source_of(work, version)
    earlier = own_notebooks.versions(work, name=version.name)
    against = next(
        (each for each in earlier if each.version < version.version and each.approval), None
    )
    before = own_notebooks.source_of(work, against).cells if against else ()
    return Reviewed(
        version=version,
        source=source,
        against=against,
        changes=tuple(changes(before, source.cells)),
    )


@verb("notebook.register")
def register_notebook(
    work: Work, source: NotebookSource, *, name: str, title: str, file_name: str
) -> Version:
    """The next version of a notebook; it does not run before somebody else approves it."""
    title, name = own_notebooks.title_of(title), own_notebooks.name_of(name)
    if work.caller.kind == "key" and not work.caller.owner:
        raise NobodysKey
    one_at_a_time(work)
    made = own_notebooks.add_version(
        work, name=name, title=title, file_name=file_name, source=source, by=work.caller.person
    )
    work.note(f"notebook:{made.id}", report=made.report, version=made.version, sha256=made.sha256)
    return made


@verb("notebook.approve")
def approve_notebook(work: Work, version_id: str, *, sha256: str) -> Version:
    """The version of that hash runs from now on, in place of the one approved before."""
    version = _waiting(work, version_id)
    if version.sha256 != sha256:
        raise OtherSource
    own_notebooks.source_of(work, version)  # what is stored is what was read
    person = work.caller.person
    if version.registered_by == person:
        raise SecondPersonNeeded
    return _decided(work, version, State.APPROVED)


@verb("notebook.reject")
def reject_notebook(work: Work, version_id: str, *, reason: str) -> Version:
    """The version shall not run, and why; the one approved before goes on running."""
    return _decided(work, _waiting(work, version_id), State.REJECTED, reason=stated(reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """What stops with a version that is withdrawn; what it made stays."""

    version: Version
    schedules: int  # of its report, which then find no version to run


@view("notebook.read")
def foresee_withdrawal(work: Work, version_id: str) -> Withdrawal:
    """What would stop, were the version withdrawn."""
    version = _withdrawable(work, version_id)
    own = [row for row in schedules.schedules(work) if row.job == version.report]
    return Withdrawal(version=version, schedules=len(own) if version.state is State.APPROVED else 0)


@verb("notebook.withdraw")
def withdraw_notebook(work: Work, version_id: str, *, reason: str) -> Version:
    """The version runs no more, or is not to be approved; no earlier one takes its place."""
    why = stated(reason)
    one_at_a_time(work)
    return _decided(work, _withdrawable(work, version_id), State.WITHDRAWN, reason=why)


def _withdrawable(work: Work, version_id: str) -> Version:
    version = own_notebooks.version_of(work, version_id)
    if version.state not in (State.WAITING, State.APPROVED):
        raise NotWaiting(version.title, version.version, version.state)
    return version


def _waiting(work: Work, version_id: str) -> Version:
    one_at_a_time(work)
    version = own_notebooks.version_of(work, version_id)
    if version.state is not State.WAITING:
        raise NotWaiting(version.title, version.version, version.state)
    return version


def _decided(work: Work, version: Version, what: State, *, reason: str = "") -> Version:
    told = own_notebooks.decide(work, version, what, by=work.caller.person, reason=reason)
    work.note(
        f"notebook:{version.id}",
        report=version.report,
        version=version.version,
        sha256=version.sha256,
        **({"reason": reason} if reason else {}),
    )
    return told
