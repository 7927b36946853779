"""How much a request may bring: enforced while it arrives, whatever its headers claim."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.refusals import refuse
from valor_core.errors import ValorError

SMALL = 1 << 20  # bytes: any form of ours has room in it
LARGE = 30 << 20  # bytes: an upload of 25 MB and its multipart wrapping
UPLOADS = "/_stcore/upload_file/"
IMPORT_PATHS = (
    "/api/v1/imports",
    "/api/v1/workbooks",
    "/api/v1/reports/notebooks",
    UPLOADS,
)


class BodyTooLarge(ValorError):
    """The request brings more than may be sent to this address."""

    code, status = "body_too_large", 413

    def __init__(self, *, limit: int) -> None:
        super().__init__(
            f"The body is larger than the {limit / 2**20:g} MiB that this address takes.",
            hint="Send less at once: split the file, or leave out what is not needed.",
        )


class EncodedBody(ValorError):
    """The body is compressed: a few bytes could unpack to gigabytes, so none are taken."""

    code, status = "encoded_body", 415

    def __init__(self, encoding: str) -> None:
        super().__init__(
            f"A body with Content-Encoding {encoding!r} is not taken.",
            hint="Send it uncompressed.",
        )


class BodyLimits:
    """30 MiB for files, 1 MiB elsewhere; counted also when no length is declared."""

    def __init__(self, app: ASGIApp, *, import_paths: tuple[str, ...] = IMPORT_PATHS) -> None:
        self.app, self.import_paths = app, import_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let pass and count, or refuse with 413 or 415."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = LARGE if scope["path"].startswith(self.import_paths) else SMALL
        headers = Headers(scope=scope)
        encoding = headers.get("content-encoding", "identity")
        declared = headers.get("content-length", "0")  # the server lets digits alone pass
        if encoding.lower() != "identity":
            await refuse(EncodedBody(encoding), scope, receive, send)
        elif int(declared) > limit:
            await refuse(BodyTooLarge(limit=limit), scope, receive, send)
        else:
            await self._counted(scope, receive, send, limit)

    async def _counted(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        """Run the app; from the byte too many on, the answer is ours unless its own has begun.

        The app may turn the exception into an answer of its own (FastAPI makes it a 400), so it is
        not enough to catch it.
        """
        too_large = BodyTooLarge(limit=limit)
        taken, began = 0, False

        async def count() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise too_large
            return message

        async def send_unless_too_large(message: Message) -> None:
            nonlocal began
            began = began or taken <= limit
            if began:
                await send(message)

        try:
            await self.app(scope, count, send_unless_too_large)
        except BodyTooLarge as error:
            if error is not too_large:
                raise
        if taken > limit and not began:
            await refuse(too_large, scope, receive, send)
