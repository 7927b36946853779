"""How much a person may have uploaded at once: Streamlit keeps it in memory while a page is open.

By itself it takes as many files as anybody with an open page sends, asked for or not.
"""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.runtime import get_instance

from app.web.bodies import LARGE, UPLOADS
from app.web.refusals import refuse
from valor_core.errors import ValorError
from valor_core.telemetry import HTTP_REFUSED
from valor_core.values import Caller

FILES_MAX = 10
BYTES_MAX = 100 << 20  # four files of the largest size


class UploadsFull(ValorError):
    """The person's uploads that were not imported yet take all the room there is for them."""

    code, status = "uploads_full", 429

    def __init__(self, *, files: int, most: int, limit: int) -> None:
        super().__init__(
            f"With {files} uploaded files that wait there is no room for this one: {most} files or "
            f"{limit / 2**20:g} MiB are the most.",
            hint="Import or take away what waits, or close the pages it was uploaded on.",
        )


@dataclass(slots=True, eq=False)
class Upload:
    """A file that arrives, or that was there when it was last looked for."""

    path: str
    size: int
    arrives: bool = True


def is_kept(path: str) -> bool:
    """Whether Streamlit still holds the file of that address."""
    session, _, file = path.removeprefix(UPLOADS).partition("/")
    return bool(get_instance().uploaded_file_mgr.get_files(session, [file]))


class Uploads:
    """Counts what each person has uploaded and Streamlit still holds, over all pages and sign-ins.

    A file is counted by the length its request declares, or by the most that it could bring.
    """

    def __init__(self, app: ASGIApp, *, kept: Callable[[str], bool] = is_kept) -> None:
        self.app, self.kept = app, kept
        self.of_person: dict[tuple[str, str], list[Upload]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let pass and count, or refuse with 429."""
        brings = scope["type"] == "http" and scope["method"] == "PUT"
        if not brings or not scope["path"].startswith(UPLOADS):
            await self.app(scope, receive, send)
            return
        caller: Caller = scope["state"]["caller"]
        person = (caller.tenant_id, caller.user_id)
        mine = self._held(person)
        size = int(Headers(scope=scope).get("content-length", LARGE))
        if len(mine) >= FILES_MAX or sum(each.size for each in mine) + size > BYTES_MAX:
            error = UploadsFull(files=len(mine), most=FILES_MAX, limit=BYTES_MAX)
            HTTP_REFUSED.labels(error.code).inc()
            await refuse(error, scope, receive, send)
            return
        upload = Upload(scope["path"], size)
        self.of_person.setdefault(person, []).append(upload)
        try:
            await self.app(scope, receive, send)
        finally:
            upload.arrives = False
            self._held(person)

    def _held(self, person: tuple[str, str]) -> list[Upload]:
        """What still counts; the last file of an address stands for those it has replaced."""
        there = self.of_person.get(person, [])
        last = {each.path: each for each in there if not each.arrives and self.kept(each.path)}
        held = [each for each in there if each.arrives or last.get(each.path) is each]
        if held:
            self.of_person[person] = held
        else:
            self.of_person.pop(person, None)
        return held
