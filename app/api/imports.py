"""Bringing in filed facts: a companyfacts document, a CSV or an XLSX, sent as the body itself."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.bodies import CSV, XLSX, a_file
from app.api.callers import CallersWork, MakesOnce, signed_in
from app.api.paging import Cursor, Limit, seal, unseal
from app.api.requests import StrictRoute
from valor_core.coverage.facts_csv import template
from valor_core.coverage.imports import Imported
from valor_core.values import Caller, from_micros
from valor_core.workbench import companies
from valor_core.workbench.fetching import facts_asked_for, fetch_facts
from valor_core.workbench.verb import allowed

router = APIRouter(prefix="/imports", tags=["imports"], route_class=StrictRoute)


class ImportView(BaseModel):
    """What an import brought."""

    id: str
    kind: str
    file_name: str
    sha256: str
    facts: int
    companies: list[str]
    known_before: bool

    @classmethod
    def of(cls, done: Imported) -> "ImportView":
        """The import as clients see it."""
        return cls(
            id=done.import_id,
            kind=done.kind,
            file_name=done.file_name,
            sha256=done.sha256,
            facts=done.facts_n,
            companies=list(done.companies),
            known_before=done.known_before,
        )


class FetchBody(BaseModel):
    """Whose filings are wanted."""

    model_config = ConfigDict(extra="forbid")

    company: str = Field(min_length=1, max_length=20, description="Its ticker or its CIK.")
    provider: str = Field("", description="edgar or fmp; else whom the routing policy asks.")


class PastImportView(BaseModel):
    """An import that was made."""

    id: str
    kind: str
    file_name: str
    sha256: str
    facts: int
    companies: int
    at: datetime
    by: str


class ImportsPage(BaseModel):
    """The tenant's own imports, newest first."""

    imports: list[PastImportView]
    next: str


@router.post("", status_code=201, response_model=ImportView)
def create_import(
    work: CallersWork,
    once: MakesOnce,
    file_name: Annotated[str, Query(min_length=1, max_length=200)],
) -> Response:
    """Import the document in the body; named .json, .json.gz, .csv or .xlsx. All or nothing."""
    allowed(work, "fact.import")
    document = companies.read_document(once.body, file_name=file_name)

    return once.do(lambda: ImportView.of(companies.import_document(work, document)))


@router.post("/fetch", status_code=201, response_model=ImportView)
def fetch_import(
    caller: Annotated[Caller, Depends(signed_in)], once: MakesOnce, body: FetchBody
) -> Response:
    """Bring in what a company filed, by its ticker or CIK. All or nothing."""
    document = fetch_facts(caller, facts_asked_for(body.company), provider=body.provider)
    return once.do(lambda: ImportView.of(companies.import_document(once.work, document)))


@router.get("")
def list_imports(work: CallersWork, limit: Limit = 50, cursor: Cursor = "") -> ImportsPage:
    """The tenant's own imports, newest first."""
    place = unseal(work.caller, "imports", cursor)
    rows = companies.list_imports(work, limit=limit, before=(place[0], place[1]) if place else None)
    last = rows[-1] if len(rows) == limit else None
    return ImportsPage(
        imports=[
            PastImportView(
                id=row.id,
                kind=row.kind,
                file_name=row.file_name,
                sha256=row.sha256,
                facts=row.facts_n,
                companies=row.companies_n,
                at=from_micros(row.created_at),
                by=row.created_by,
            )
            for row in rows
        ],
        next=seal(work.caller, "imports", [last.created_at, last.id]) if last else "",
    )


@router.get("/template.csv", response_class=Response, responses=a_file(CSV))
def read_template(work: CallersWork) -> Response:
    """The CSV to fill in: its header and one example row."""
    allowed(work, "import.read")
    return Response(
        template(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="valor-facts-template.csv"'},
    )


@router.get("/template.xlsx", response_class=Response, responses=a_file(XLSX))
def read_template_workbook(work: CallersWork) -> Response:
    """The same table as a workbook."""
    allowed(work, "import.read")
    return Response(
        companies.template_workbook(),
        media_type=XLSX,
        headers={"Content-Disposition": 'attachment; filename="valor-facts-template.xlsx"'},
    )
