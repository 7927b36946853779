"""Exploring snapshots: what can be asked, and the answer to a view."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from app.api.callers import CallersWork, MakesOnce
from app.api.requests import StrictRoute
from valor_core.snapshots.explore import Explored
from valor_core.snapshots.exported import EXPORTS
from valor_core.snapshots.fields import Field as SubjectField
from valor_core.snapshots.fields import Subject
from valor_core.snapshots.named import ROWS_MAX
from valor_core.snapshots.saved_views import NAME_MAX
from valor_core.snapshots.view import (
    COLUMNS_MAX,
    FIGURES_MAX,
    FILTERS,
    FILTERS_MAX,
    KEYS_MAX,
    TEXT_MAX,
    VALUES_MAX,
    Filter,
    View,
    figures_of,
    keys_of,
)
from valor_core.values import from_micros
from valor_core.workbench import saved_views, snapshots
from valor_core.workbench.saved_views import SavedViewRow
from valor_core.workbench.verb import allowed

router = APIRouter(prefix="/analytics", tags=["analytics"], route_class=StrictRoute)

Name = Annotated[str, StringConstraints(max_length=80)]
Value = Annotated[str, StringConstraints(max_length=TEXT_MAX)] | bool | int | float


class FilterBody(BaseModel):
    """What a row must fulfil; which ways a field has, `GET /analytics/subjects` tells."""

    model_config = ConfigDict(extra="forbid")

    field: Name
    how: Name
    values: list[Value] = Field([], max_length=VALUES_MAX, description="Days as 2026-11-26.")


class ViewBody(BaseModel):
    """Single rows in `columns`, or figures by `rows` and perhaps one field laid across."""

    model_config = ConfigDict(extra="forbid")

    dataset: Name
    filters: list[FilterBody] = Field([], max_length=FILTERS_MAX)
    columns: list[Name] = Field([], max_length=COLUMNS_MAX, description="All, if none is named.")
    rows: list[Name] = Field([], max_length=KEYS_MAX, description="Such as `used_at:month`.")
    across: Name = ""
    figures: list[Name] = Field(
        [], max_length=FIGURES_MAX, description="`count`, or such as `sum:quantity`."
    )
    order: Name = Field("", description="A column; with a minus before it the largest first.")
    limit: int = Field(1_000, ge=1, le=ROWS_MAX)

    def view(self) -> View:
        """The view that is meant."""
        return View(
            dataset=self.dataset,
            filters=tuple(
                Filter(field=each.field, how=each.how, values=tuple(each.values))
                for each in self.filters
            ),
            columns=tuple(self.columns),
            rows=tuple(self.rows),
            across=self.across,
            figures=tuple(self.figures),
            order=self.order,
            limit=self.limit,
        )


class ExploreBody(ViewBody):
    """A view, and which snapshot it is asked of."""

    snapshot: str = Field(
        "latest", max_length=64, description="An id, its first 8 or more characters, or `latest`."
    )
    as_of: AwareDatetime | None = Field(None, description="The newest one cut by that moment.")


class FieldView(BaseModel):
    """A field: the filters it takes, the groups and the figures that it makes."""

    name: str
    label: str
    kind: str
    filters: list[str]
    groups: list[str]
    figures: list[str]

    @classmethod
    def of(cls, field: SubjectField) -> "FieldView":
        """The field as clients see it."""
        return cls(
            name=field.name,
            label=field.label,
            kind=field.kind,
            filters=list(FILTERS[field.kind]),
            groups=list(keys_of(field)),
            figures=list(figures_of(field)),
        )


class SubjectView(BaseModel):
    """What can be explored, with its fields."""

    name: str
    label: str
    row: str
    fields: list[FieldView]

    @classmethod
    def of(cls, subject: Subject) -> "SubjectView":
        """The subject as clients see it."""
        fields = [FieldView.of(each) for each in subject.fields.values()]
        return cls(name=subject.name, label=subject.label, row=subject.row, fields=fields)


class SavedViewBody(BaseModel):
    """A view and the name by which the tenant keeps it."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=NAME_MAX)
    view: ViewBody


class SavedViewView(BaseModel):
    """A view that the tenant keeps."""

    id: str
    name: str
    view: ViewBody
    at: datetime
    by: str
    changed_at: datetime
    changed_by: str

    @classmethod
    def of(cls, row: SavedViewRow) -> "SavedViewView":
        """The view as clients see it."""
        return cls(
            id=row.id,
            name=row.name,
            view=ViewBody(**row.content),
            at=from_micros(row.created_at),
            by=row.created_by,
            changed_at=from_micros(row.changed_at),
            changed_by=row.changed_by,
        )


class HeadingView(BaseModel):
    """A column of an answer: a group, a field of single rows, or a figure."""

    name: str
    label: str
    kind: str
    figure: str


Cell = str | int | float | bool | None


class ExploredView(BaseModel):
    """The rows of a view; `totals` are those of all rows, also of those without room.

    `instead_of` says what is wrong with the newest snapshot where an earlier one had to answer.
    """

    snapshot_id: str
    cut: datetime
    instead_of: str
    columns: list[HeadingView]
    rows: list[list[Cell]]
    totals: list[Cell] | None
    rows_in_all: int
    series: int
    series_in_all: int

    @classmethod
    def of(cls, found: Explored) -> "ExploredView":
        """The answer as clients see it."""
        return cls(
            snapshot_id=found.snapshot_id,
            cut=datetime.fromisoformat(found.cut),
            instead_of=found.instead_of,
            columns=[HeadingView.model_validate(c, from_attributes=True) for c in found.columns],
            rows=[[plain(cell) for cell in row] for row in found.rows],
            totals=None if found.totals is None else [plain(cell) for cell in found.totals],
            rows_in_all=found.rows_in_all,
            series=found.series,
            series_in_all=found.series_in_all,
        )


def plain(cell: Any) -> Cell:
    """A cell as JSON has it: moments are UTC."""
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=UTC).isoformat()
    return cell.isoformat() if isinstance(cell, date) else cell


@router.get("/subjects")
def list_subjects(work: CallersWork) -> list[SubjectView]:
    """What the caller may explore, and the fields that a view can name."""
    return [SubjectView.of(each) for each in snapshots.list_subjects(work)]


@router.post("/explore", response_model=ExploredView)
def explore(
    work: CallersWork,
    body: ExploreBody,
    as_: Annotated[Literal["json", "csv", "xlsx", "parquet"], Query(alias="format")] = "json",
) -> Response:
    """What a view shows of a snapshot, as JSON or as a file."""
    which = None if body.snapshot == "latest" else body.snapshot
    found = snapshots.explore(work, body.view(), snapshot_id=which, as_of=body.as_of)
    if as_ == "json":
        told = ExploredView.of(found).model_dump_json()
        return Response(told, media_type="application/json")
    name = f"valor-{body.dataset}-{found.cut[:10]}.{as_}"
    return Response(
        EXPORTS[as_].write(found),
        media_type=EXPORTS[as_].media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.get("/views")
def list_views(work: CallersWork) -> list[SavedViewView]:
    """The views that the tenant keeps, by name."""
    return [SavedViewView.of(row) for row in saved_views.list_views(work)]


@router.post("/views", status_code=201, response_model=SavedViewView)
def keep_view(work: CallersWork, once: MakesOnce, body: SavedViewBody) -> Response:
    """Keep a view by a name, for everybody in the tenant."""
    allowed(work, "view.keep")
    return once.do(
        lambda: SavedViewView.of(saved_views.keep_view(work, body.name, body.view.view()))
    )


@router.get("/views/{view_id}")
def read_view(work: CallersWork, view_id: str) -> SavedViewView:
    """A view that the tenant keeps."""
    return SavedViewView.of(saved_views.read_view(work, view_id))


@router.put("/views/{view_id}")
def change_view(work: CallersWork, view_id: str, body: SavedViewBody) -> SavedViewView:
    """Give a view another name, or let it show something else."""
    return SavedViewView.of(
        saved_views.change_view(work, view_id, name=body.name, shown=body.view.view())
    )


@router.delete("/views/{view_id}", status_code=204)
def drop_view(work: CallersWork, view_id: str) -> None:
    """Delete a view for everybody in the tenant."""
    saved_views.drop_view(work, view_id)
