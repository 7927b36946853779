"""An analyst's unsaved assumptions: the first resource that changes, so it has versions."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Response
from pydantic import BaseModel, ConfigDict

from app.api.callers import CallersWork
from app.api.requests import StrictRoute
from app.api.versions import IfMatch, numbered
from valor_core.errors import NotFound
from valor_core.models.catalogue import model_named
from valor_core.values import CompanyId, from_micros
from valor_core.workbench import drafts
from valor_core.workbench.drafts import DraftRow

router = APIRouter(
    prefix="/companies/{company_id}/drafts/{model}", tags=["drafts"], route_class=StrictRoute
)


def _named(model: str) -> str:
    """The model's name, of the path as its valuations have it."""
    return model_named(model.replace("-", "_")).name


ModelName = Annotated[str, Depends(_named)]


class DraftView(BaseModel):
    """The caller's draft of a model for a company."""

    company_id: str
    model: str
    version: int
    content: dict[str, Any]
    undo_steps: int
    redo_steps: int
    at: datetime


class DraftBody(BaseModel):
    """New content of the draft."""

    model_config = ConfigDict(extra="forbid")

    content: dict[str, Any]


@router.get("", response_model=DraftView, responses={304: {"description": "As it was."}})
def read_draft(
    work: CallersWork,
    company_id: str,
    model: ModelName,
    response: Response,
    if_none_match: Annotated[str, Header(max_length=400)] = "",
) -> DraftView | Response:
    """The caller's own draft, with its ETag; nothing where If-None-Match names that version."""
    view = _view(drafts.read_draft(work, CompanyId(company_id), model=model), company_id, response)
    held = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    etag = response.headers["ETag"]
    return Response(status_code=304, headers={"ETag": etag}) if held & {etag, "*"} else view


@router.put("")
def keep_draft(
    work: CallersWork,
    company_id: str,
    model: ModelName,
    body: DraftBody,
    response: Response,
    if_match: IfMatch = "",
) -> DraftView:
    """Keep new content on the version that If-Match names."""
    row = drafts.keep_draft(
        work, CompanyId(company_id), body.content, model=model, expected=numbered(if_match)
    )
    return _view(row, company_id, response)


@router.delete("", status_code=204)
def drop_draft(
    work: CallersWork, company_id: str, model: ModelName, if_match: IfMatch = ""
) -> None:
    """Throw the draft away."""
    drafts.drop_draft(work, CompanyId(company_id), model=model, expected=numbered(if_match))


@router.post("/undo")
def undo(
    work: CallersWork, company_id: str, model: ModelName, response: Response, if_match: IfMatch = ""
) -> DraftView:
    """Bring back the content before the last change, of the version that If-Match names."""
    row = drafts.undo_draft(work, CompanyId(company_id), model=model, expected=numbered(if_match))
    return _view(row, company_id, response)


@router.post("/redo")
def redo(
    work: CallersWork, company_id: str, model: ModelName, response: Response, if_match: IfMatch = ""
) -> DraftView:
    """Bring back what was undone last, of the version that If-Match names."""
    row = drafts.redo_draft(work, CompanyId(company_id), model=model, expected=numbered(if_match))
    return _view(row, company_id, response)


def _view(row: DraftRow | None, company_id: str, response: Response) -> DraftView:
    if row is None:
        raise NotFound("draft for company", company_id[:80])
    response.headers["ETag"] = f'"v{row.version}"'
    return DraftView(
        company_id=row.company_id,
        model=row.model,
        version=row.version,
        content=row.content,
        undo_steps=len(row.undo),
        redo_steps=len(row.redo),
        at=from_micros(row.updated_at),
    )
