"""Notebooks of a tenant's own: sent as the body itself, reviewed, approved and withdrawn."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.bodies import a_file
from app.api.callers import CallersWork, MakesOnce
from app.api.members import DryRun, ReasonBody
from app.api.reports import ParameterView
from app.api.requests import StrictRoute
from valor_core.coverage.notebook_source import CellChange, read_notebook
from valor_core.coverage.own_notebooks import Decision, Version
from valor_core.workbench import own_notebooks
from valor_core.workbench.own_notebooks import Reviewed
from valor_core.workbench.verb import allowed

router = APIRouter(prefix="/reports/notebooks", tags=["reports"], route_class=StrictRoute)

NOTEBOOK = "application/x-ipynb+json"
Id = Annotated[str, Path(max_length=100)]


class DecisionView(BaseModel):
    """What was decided of a version, of which hash, by whom and why."""

    decision: str
    sha256: str
    reason: str
    at: datetime
    by: str

    @classmethod
    def of(cls, decision: Decision) -> "DecisionView":
        """The decision as clients see it."""
        return cls(
            decision=decision.what.value,
            sha256=decision.sha256,
            reason=decision.reason,
            at=decision.at,
            by=decision.by,
        )


class VersionView(BaseModel):
    """A version of a notebook: `waiting`, `approved`, `rejected`, `withdrawn` or `replaced`."""

    id: str
    name: str
    report: str
    version: int
    title: str
    file_name: str
    sha256: str
    state: str
    registered_at: datetime
    registered_by: str
    decisions: list[DecisionView]

    @classmethod
    def of(cls, version: Version) -> "VersionView":
        """The version as clients see it."""
        return cls(
            id=version.id,
            name=version.name,
            report=version.report,
            version=version.version,
            title=version.title,
            file_name=version.file_name,
            sha256=version.sha256,
            state=version.state.value,
            registered_at=version.registered_at,
            registered_by=version.registered_by,
            decisions=[DecisionView.of(each) for each in version.decisions],
        )


class VersionsList(BaseModel):
    """All versions of the tenant's notebooks, by name and the newest first."""

    notebooks: list[VersionView]


class CellChangeView(BaseModel):
    """A cell and how it differs: each line begins with a blank, + or -."""

    number: int
    kind: str
    how: str
    lines: list[str]

    @classmethod
    def of(cls, change: CellChange) -> "CellChangeView":
        """The change as clients see it."""
        return cls(
            number=change.number, kind=change.kind, how=change.how.value, lines=list(change.lines)
        )


class ReviewView(BaseModel):
    """A version as its reviewer reads it; `against` is the version approved before it, or 0."""

    notebook: VersionView
    parameters: list[ParameterView]
    imports: list[str]
    commands: list[str]
    against: int
    cells: list[CellChangeView]

    @classmethod
    def of(cls, reviewed: Reviewed) -> "ReviewView":
        """The review as clients see it."""
        return cls(
            notebook=VersionView.of(reviewed.version),
            parameters=[ParameterView.of(each) for each in reviewed.source.parameters.values()],
            imports=list(reviewed.source.imports),
            commands=list(reviewed.source.commands),
            against=reviewed.against.version if reviewed.against else 0,
            cells=[CellChangeView.of(each) for each in reviewed.changes],
        )


class ApprovalBody(BaseModel):
    """Which version was read: its SHA-256."""

    model_config = ConfigDict(extra="forbid")

    sha256: str = Field(max_length=64)


@router.get("")
def list_notebooks(work: CallersWork) -> VersionsList:
    """All versions of the tenant's notebooks, by name and the newest first."""
    told = own_notebooks.list_notebooks(work)
    return VersionsList(notebooks=[VersionView.of(each) for each in told])


@router.post("", status_code=201, response_model=VersionView)
def register_notebook(
    work: CallersWork,
    once: MakesOnce,
    name: Annotated[str, Query(max_length=100)],
    title: Annotated[str, Query(max_length=200)],
    file_name: Annotated[str, Query(max_length=200)] = "notebook.ipynb",
) -> Response:
    """Register the .ipynb in the body as the next version; somebody else approves it."""
    allowed(work, "notebook.register")
    source = read_notebook(once.body)

    return once.do(
        lambda: VersionView.of(
            own_notebooks.register_notebook(
                work, source, name=name, title=title, file_name=file_name
            )
        )
    )


@router.get("/{version_id}")
def read_notebook_version(work: CallersWork, version_id: Id) -> ReviewView:
    """A version: what it asks for, and cell by cell what it changes of the one approved before."""
    return ReviewView.of(own_notebooks.read_notebook(work, version_id))


@router.get("/{version_id}/source.ipynb", response_class=Response, responses=a_file(NOTEBOOK))
def read_source(work: CallersWork, version_id: Id) -> Response:
    """The notebook itself, as it is kept and run: without outputs."""
    reviewed = own_notebooks.read_notebook(work, version_id)
    name = f"{reviewed.version.name}-{reviewed.version.version}.ipynb"
    return Response(
        reviewed.source.raw,
        media_type=NOTEBOOK,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.post("/{version_id}/approval", status_code=201)
def approve_notebook(work: CallersWork, version_id: Id, body: ApprovalBody) -> VersionView:
    """Let the version of that hash run, as somebody else than who registered it."""
    return VersionView.of(own_notebooks.approve_notebook(work, version_id, sha256=body.sha256))


@router.post("/{version_id}/rejection", status_code=201)
def reject_notebook(work: CallersWork, version_id: Id, body: ReasonBody) -> VersionView:
    """Say that the version shall not run, and why."""
    return VersionView.of(own_notebooks.reject_notebook(work, version_id, reason=body.reason))


class WithdrawalView(BaseModel):
    """What a withdrawal would stop; nothing was stopped."""

    made: bool
    state: str = Field(description="How the version stands now.")
    schedules: int = Field(description="Schedules that would find no version to run.")


@router.post(
    "/{version_id}/withdrawal",
    status_code=201,
    response_model=VersionView,
    responses={200: {"model": WithdrawalView, "description": "With dry_run: what would stop."}},
)
def withdraw_notebook(
    work: CallersWork, version_id: Id, body: ReasonBody, dry_run: DryRun = False
) -> Response | VersionView:
    """Have the version run no more; no earlier one takes its place."""
    allowed(work, "notebook.withdraw")
    if dry_run:
        told = own_notebooks.foresee_withdrawal(work, version_id)
        view = WithdrawalView(made=False, state=told.version.state, schedules=told.schedules)
        return Response(view.model_dump_json(), media_type="application/json")
    return VersionView.of(own_notebooks.withdraw_notebook(work, version_id, reason=body.reason))
