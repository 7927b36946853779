"""Files that a page has made ready: each is fetched once or often, until newer ones push it out."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Response

from app.api.callers import CallersWork
from app.api.requests import StrictRoute
from app.prepared import PREPARED

router = APIRouter(prefix="/files", tags=["files"], route_class=StrictRoute)


@router.get("/{file_id}", response_class=Response)
def read_file(work: CallersWork, file_id: Annotated[str, Path(max_length=100)]) -> Response:
    """The file, to be saved under its own name; its id is the SHA-256 of what it holds."""
    file = PREPARED.found(work, file_id)
    return Response(
        file.raw,
        media_type=file.media_type,
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
        },
    )
