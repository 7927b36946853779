"""Snapshots, and the screen over the latest one."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import AwareDatetime, BaseModel, StringConstraints

from app.api.analytics import plain
from app.api.bodies import CSV, XLSX, a_file
from app.api.callers import CallersWork, MakesOnce
from app.api.paging import Cursor, Limit, seal, unseal
from app.api.requests import OwnParameters, StrictRoute
from valor_core.errors import BadInput
from valor_core.snapshots.exported import EXPORTS, answer_as_workbook
from valor_core.snapshots.manifest import Manifest
from valor_core.snapshots.measures import MEASURE
from valor_core.snapshots.named import Answer
from valor_core.snapshots.named import Query as NamedQuery
from valor_core.snapshots.screen import ROWS_MAX, Bounds, ScreenedCompany
from valor_core.snapshots.sql import LENGTH_MAX
from valor_core.values import from_micros
from valor_core.workbench import snapshots

router = APIRouter(prefix="/snapshots", tags=["snapshots"], route_class=StrictRoute)

MeasureName = Annotated[
    str, Query(max_length=40, json_schema_extra={"enum": list(MEASURE)}, description="Ranks by it.")
]
BoundText = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+:[^:]*:[^:]*$", max_length=100)]


class FileView(BaseModel):
    """A part of a dataset of a snapshot: a day, a month, some of the companies, or all of it."""

    dataset: str
    version: int
    part: str
    sha256: str
    size: int
    rows: int


class SnapshotView(BaseModel):
    """A snapshot by its manifest."""

    id: str
    cut: datetime
    parent: str | None
    audit_size: int
    audit_mac: str
    engine: str
    files: list[FileView]

    @classmethod
    def of(cls, manifest: Manifest) -> "SnapshotView":
        """The snapshot as clients see it."""
        return cls(
            id=manifest.id,
            cut=datetime.fromisoformat(manifest.cut),
            parent=manifest.parent,
            audit_size=manifest.audit_size,
            audit_mac=manifest.audit_mac,
            engine=manifest.engine,
            files=[
                FileView(
                    dataset=f.dataset,
                    version=f.version,
                    part=f.part,
                    sha256=f.sha256,
                    size=f.size,
                    rows=f.rows,
                )
                for f in manifest.files
            ],
        )


class SnapshotLine(BaseModel):
    """A snapshot in a list."""

    id: str
    facts: int
    valuations: int
    at: datetime
    by: str


class SnapshotsPage(BaseModel):
    """Snapshots, newest first."""

    snapshots: list[SnapshotLine]
    next: str


class ScreenedView(BaseModel):
    """A company that passes; a measure that is null has its reason in `missing`."""

    company_id: str
    name: str
    ticker: str
    fiscal_year: int | None
    valuation_id: str | None
    currency: str | None
    saved_at: datetime | None
    measures: dict[str, float | None]
    missing: dict[str, str]

    @classmethod
    def of(cls, row: ScreenedCompany) -> "ScreenedView":
        """The company as clients see it."""
        return cls(
            company_id=row.company_id,
            name=row.name,
            ticker=row.ticker,
            fiscal_year=row.fiscal_year,
            valuation_id=row.valuation_id,
            currency=row.currency,
            saved_at=None if row.saved_at is None else from_micros(row.saved_at),
            measures=dict(row.measures),
            missing=dict(row.missing),
        )


class DatasetChangeView(BaseModel):
    """A dataset of a snapshot beside the snapshot before."""

    dataset: str
    label: str
    row: str
    rows: int
    rows_before: int
    parts: int
    parts_made: int


class SnapshotVerdictView(BaseModel):
    """Whether a snapshot is what was published, and what is wrong where it is not."""

    snapshot_id: str
    holds: bool
    files: int
    size: int
    flaws: list[str]


class ParameterView(BaseModel):
    """What a query is asked with; without a default it must be given."""

    name: str
    kind: str
    label: str
    default: str | None


class ColumnView(BaseModel):
    """What a query tells of each row."""

    name: str
    kind: str
    label: str


class QueryView(BaseModel):
    """A named query; one that compares answers about two snapshots."""

    name: str
    label: str
    meaning: str
    compares: bool
    parameters: list[ParameterView]
    columns: list[ColumnView]

    @classmethod
    def of(cls, query: NamedQuery) -> "QueryView":
        """The query as clients see it."""
        return cls(
            name=query.name,
            label=query.label,
            meaning=query.meaning,
            compares=query.compares,
            parameters=[
                ParameterView.model_validate(each, from_attributes=True)
                for each in query.parameters
            ],
            columns=[
                ColumnView.model_validate(each, from_attributes=True) for each in query.columns
            ],
        )


class AnswerView(BaseModel):
    """The rows of a query, each as its columns are; `more` where there are more than 10,000.

    `instead_of` says what is wrong with the newest snapshot where an earlier one had to answer.
    """

    query: str
    snapshot_id: str
    cut: datetime
    compared_with: str | None
    instead_of: str
    columns: list[ColumnView]
    rows: list[list[str | int | float | None]]
    more: bool

    @classmethod
    def of(cls, answer: Answer) -> "AnswerView":
        """The answer as clients see it."""
        return cls(
            query=answer.query.name,
            snapshot_id=answer.snapshot_id,
            cut=datetime.fromisoformat(answer.cut),
            compared_with=answer.compared_with,
            instead_of=answer.instead_of,
            columns=[
                ColumnView.model_validate(each, from_attributes=True)
                for each in answer.query.columns
            ],
            rows=[[plain(cell) for cell in row] for row in answer.rows],
            more=answer.more,
        )


class SqlView(BaseModel):
    """The rows of a statement, each as its columns are; `more` where there are more than 10,000."""

    snapshot_id: str
    cut: datetime
    instead_of: str
    columns: list[str]
    rows: list[list[str | int | float | bool | None]]
    more: bool


class ClearedView(BaseModel):
    """What was cleared away."""

    snapshots: int
    files: int


class ScreenView(BaseModel):
    """Companies within the bounds, ranked; `passed` counts those beyond the limit too.

    `instead_of` says what is wrong with the newest snapshot where an earlier one had to answer.
    """

    snapshot_id: str
    cut: datetime
    instead_of: str
    passed: int
    companies: int
    rows: list[ScreenedView]


@router.post("", status_code=201, response_model=SnapshotView)
def publish_snapshot(work: CallersWork, once: MakesOnce) -> Response:
    """Publish a cut of all that the tenant sees."""
    made = snapshots.cut_snapshot(work)  # before the key is claimed, which takes the writer
    return once.do(lambda: SnapshotView.of(snapshots.keep_snapshot(work, made)))


@router.get("")
def list_snapshots(work: CallersWork, limit: Limit = 50, cursor: Cursor = "") -> SnapshotsPage:
    """The tenant's snapshots, newest first."""
    place = unseal(work.caller, "snapshots", cursor)
    rows = snapshots.list_snapshots(
        work, limit=limit, before=(place[0], place[1]) if place else None
    )
    last = rows[-1] if len(rows) == limit else None
    return SnapshotsPage(
        snapshots=[
            SnapshotLine(
                id=row.id,
                facts=row.facts_n,
                valuations=row.valuations_n,
                at=from_micros(row.created_at),
                by=row.created_by,
            )
            for row in rows
        ],
        next=seal(work.caller, "snapshots", [last.created_at, last.id]) if last else "",
    )


AsOf = Annotated[
    AwareDatetime | None,
    Query(description="The newest snapshot cut by that moment, with its zone; now if left out."),
]
Which = Annotated[
    str, Path(max_length=64, description="An id, its first 8 or more characters, or `latest`.")
]


@router.post("/gc")
def clear_snapshots(work: CallersWork) -> ClearedView:
    """Clear away snapshots that are old enough, and files that no snapshot names."""
    cleared = snapshots.clear_snapshots(work)
    return ClearedView(snapshots=cleared.snapshots, files=cleared.files)


@router.get("/{snapshot_id}")
def read_snapshot(work: CallersWork, snapshot_id: Which, as_of: AsOf = None) -> SnapshotView:
    """A snapshot by its manifest."""
    return SnapshotView.of(snapshots.find_snapshot(work, snapshot_id, as_of=as_of))


@router.get("/{snapshot_id}/manifest", response_class=Response)
def read_manifest(work: CallersWork, snapshot_id: Which) -> Response:
    """The manifest to the byte: the SHA-256 of it is the snapshot's id."""
    manifest = snapshots.find_snapshot(work, snapshot_id)
    return Response(manifest.text, media_type="application/json")


@router.get("/{snapshot_id}/parts/{part_id}", response_class=FileResponse)
def read_part(
    work: CallersWork,
    snapshot_id: Which,
    part_id: Annotated[str, Path(max_length=64, description="Its SHA-256, by the manifest.")],
) -> FileResponse:
    """A part of a dataset as Parquet, for whoever may read what the dataset was made of."""
    path = snapshots.read_part(work, snapshot_id, part_id)
    return FileResponse(path, media_type="application/vnd.apache.parquet", filename=path.name)


@router.get("/{snapshot_id}/changes")
def read_changes(work: CallersWork, snapshot_id: Which) -> list[DatasetChangeView]:
    """What each dataset holds, beside the snapshot before."""
    manifest = snapshots.find_snapshot(work, snapshot_id)
    return [
        DatasetChangeView.model_validate(each, from_attributes=True)
        for each in snapshots.compare_with_before(work, manifest.id)
    ]


@router.get("/{snapshot_id}/verify")
def verify_snapshot(work: CallersWork, snapshot_id: Which) -> SnapshotVerdictView:
    """Read every byte of a snapshot again, and say what is wrong with it."""
    manifest = snapshots.find_snapshot(work, snapshot_id)
    verdict = snapshots.verify_snapshot(work, manifest.id)
    return SnapshotVerdictView(
        snapshot_id=verdict.snapshot_id,
        holds=verdict.holds,
        files=verdict.files,
        size=verdict.size,
        flaws=list(verdict.flaws),
    )


@router.get("/{snapshot_id}/queries")
def list_queries(work: CallersWork, snapshot_id: Which) -> list[QueryView]:
    """The named queries that can be asked of a snapshot by the caller."""
    snapshots.find_snapshot(work, snapshot_id)
    return [QueryView.of(each) for each in snapshots.list_queries(work)]


def ask_snapshot(
    work: CallersWork,
    request: Request,
    snapshot_id: Which,
    query: Annotated[str, Path(max_length=80)],
    as_of: AsOf = None,
    compared_with: Annotated[
        str | None, Query(max_length=64, description="Another snapshot, else the one before.")
    ] = None,
    as_: Annotated[Literal["json", "csv", "xlsx"], Query(alias="format")] = "json",
) -> Response:
    """Ask a named query of a snapshot; its parameters stand in the address by their names."""
    own = "as_of", "compared_with", "format"
    told = {name: each for name, each in request.query_params.items() if name not in own}
    answer = snapshots.ask_snapshot(
        work,
        query,
        told,
        snapshot_id=None if snapshot_id == "latest" else snapshot_id,
        as_of=as_of,
        compared_with=compared_with,
    )
    if as_ == "json":
        return Response(AnswerView.of(answer).model_dump_json(), media_type="application/json")
    name = f"valor-{answer.query.name}-{answer.cut[:10]}.{as_}"
    return Response(
        answer.as_csv() if as_ == "csv" else answer_as_workbook(answer),
        media_type=EXPORTS[as_].media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


router.add_api_route(
    "/{snapshot_id}/queries/{query}",
    ask_snapshot,
    response_model=AnswerView,
    responses=a_file(CSV, XLSX),
    route_class_override=OwnParameters,
)


@router.get("/{snapshot_id}/sql", response_model=SqlView, responses=a_file(CSV))
def ask_in_sql(
    work: CallersWork,
    snapshot_id: Which,
    sql: Annotated[
        str,
        Query(max_length=LENGTH_MAX, description="One SELECT over the datasets and `coverage`."),
    ],
    as_of: AsOf = None,
    as_: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
) -> Response:
    """Ask a snapshot in SQL; it reads the datasets that the caller may read, and nothing else."""
    answer = snapshots.ask_in_sql(
        work, sql, snapshot_id=None if snapshot_id == "latest" else snapshot_id, as_of=as_of
    )
    if as_ == "json":
        told = SqlView.model_validate(answer, from_attributes=True)
        return Response(told.model_dump_json(), media_type="application/json")
    return Response(
        answer.as_csv(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="valor-sql.csv"'},
    )


@router.get("/{snapshot_id}/screen")
def screen(
    work: CallersWork,
    snapshot_id: Which,
    bound: Annotated[
        list[BoundText] | None,
        Query(
            description="measure:least:most, either end may be empty; rates are fractions",
            max_length=2 * len(MEASURE),
        ),
    ] = None,
    order: MeasureName = "revenue",
    descending: bool = True,
    limit: Annotated[int, Query(ge=1, le=ROWS_MAX)] = 100,
    as_of: AsOf = None,
) -> ScreenView:
    """Filter and rank all companies over a snapshot; what is missing comes last."""
    found = snapshots.screen(
        work,
        _bounds(bound or []),
        order=order,
        descending=descending,
        limit=limit,
        snapshot_id=None if snapshot_id == "latest" else snapshot_id,
        as_of=as_of,
    )
    return ScreenView(
        snapshot_id=found.snapshot_id,
        cut=datetime.fromisoformat(found.cut),
        instead_of=found.instead_of,
        passed=found.passed,
        companies=found.companies,
        rows=[ScreenedView.of(row) for row in found.rows],
    )


def _bounds(texts: list[str]) -> dict[str, Bounds]:
    bounds: dict[str, Bounds] = {}
    for text in texts:
        name, least, most = text.split(":")
        if name in bounds:
            raise BadInput(
                f"{name} is bounded twice.", hint="Write both ends in one: growth:0.05:0.2."
            )
        try:
            bounds[name] = Bounds(
                least=float(least) if least else None, most=float(most) if most else None
            )
        except ValueError as error:
            raise BadInput(
                f"{text!r} is no bound.", hint="Write measure:least:most, as in growth:0.05:."
            ) from error
    return bounds
