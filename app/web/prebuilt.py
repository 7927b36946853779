"""An answer whose bytes are known at start: compressed once, revalidated by its digest."""

import hashlib
import re
from dataclasses import dataclass
from typing import Self

import brotli
from starlette.requests import Request
from starlette.responses import Response

IMMUTABLE = "public, max-age=31536000, immutable"


def takes_brotli(accept_encoding: str) -> bool:
    """Whether a client that sends this Accept-Encoding reads brotli.

    >>> takes_brotli("gzip, br;q=0.9"), takes_brotli("gzip"), takes_brotli("br;q=0")
    (True, False, False)
    """
    for offer in accept_encoding.lower().split(","):
        name, _, quality = offer.partition(";")
        if name.strip() == "br":
            return not re.fullmatch(r"\s*q=0(\.0*)?\s*", quality)
    return False


@dataclass(frozen=True, slots=True)
class Prebuilt:
    """The bytes of one file or page, plain and brotli, and the ETag of each form."""

    plain: bytes
    small: bytes  # brotli; the plain bytes where brotli saves nothing
    digest: str
    media_type: str

    @classmethod
    def of(cls, content: bytes, media_type: str, *, quality: int = 9) -> Self:
        """Compress the content once."""
        small = brotli.compress(content, quality=quality)
        return cls(
            plain=content,
            small=small if len(small) < len(content) else content,
            digest=hashlib.sha256(content).hexdigest()[:16],
            media_type=media_type,
        )

    def answer(self, request: Request, *, cache: str = "no-cache", vary: str = "") -> Response:
        """Answer with the content, or with 304 when the client has it already."""
        compressed = self.small is not self.plain and takes_brotli(
            request.headers.get("accept-encoding", "")
        )
        etag = f'"{self.digest}{"-br" * compressed}"'
        headers = {
            "Cache-Control": cache,
            "ETag": etag,
            "Vary": ", ".join(filter(None, ["Accept-Encoding", vary])),
        }
        known = request.headers.get("if-none-match", "").split(",")
        if etag in (tag.strip().removeprefix("W/") for tag in known):
            return Response(status_code=304, headers=headers)
        if compressed:
            headers["Content-Encoding"] = "br"
        content = self.small if compressed else self.plain
        return Response(content, media_type=self.media_type, headers=headers)
