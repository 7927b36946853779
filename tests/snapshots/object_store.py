"""As much of S3 as copies files there and back: a real server, on a port of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase, BytesIO
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET = "/valor/"
MODIFIED = "<LastModified>2026-01-01T00:00:00.000Z</LastModified>"


class ObjectStore(ThreadingHTTPServer):
    """The objects by key. Parts of an upload wait until it is completed."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.objects: dict[str, bytes] = {}
        self.parts: dict[str, list[bytes]] = {}
        self.refuses = False

    @property
    def url(self) -> str:
        return (
            f"s3://key:secret@valor/snaps?endpoint_override=127.0.0.1:{self.server_port}"
            "&scheme=http&region=us-east-1"
        )


class _Asked(BaseHTTPRequestHandler):
    server: Any  # the ObjectStore
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        key, asked = self._place()
        if "list-type" in asked:
            self._answer(200, _listed(self.server.objects, asked.get("prefix", [""])[0]))
        elif key in self.server.objects:
            wanted = self.headers.get("Range", "bytes=0-").removeprefix("bytes=")
            first, _, last = wanted.partition("-")
            raw = self.server.objects[key][int(first) : int(last) + 1 if last else None]
            self._answer(206 if "Range" in self.headers else 200, raw)
        else:
            self._answer(404, b"")

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        key, asked = self._place()
        raw = self._body()
        if self.server.refuses:
            self._answer(403, b"")
        elif "partNumber" in asked:
            self.server.parts[key].append(raw)
            self._answer(200, b"")
        else:
            self.server.objects[key] = raw
            self._answer(200, b"")

    def do_POST(self) -> None:
        key, asked = self._place()
        self._body()
        if "uploads" in asked:
            self.server.parts[key] = []
            self._answer(200, _told("InitiateMultipartUpload", "<UploadId>1</UploadId>"))
        else:
            self.server.objects[key] = b"".join(self.server.parts.pop(key))
            self._answer(200, _told("CompleteMultipartUpload", "<ETag>1</ETag>"))

    def do_DELETE(self) -> None:
        self.server.objects.pop(self._place()[0], None)
        self._answer(204, b"")

    def _place(self) -> tuple[str, dict[str, list[str]]]:
        parts = urlsplit(self.path)
        return (
            unquote(parts.path).removeprefix(BUCKET),
            parse_qs(parts.query, keep_blank_values=True),
        )

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        raw = _joined(self.rfile)
        self.rfile.readline()
        signed = "aws-chunked" in self.headers.get("Content-Encoding", "")
        return _joined(BytesIO(raw)) if signed else raw

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", md5(body, usedforsecurity=False).hexdigest())
        self.end_headers()
        if self.command != "HEAD" and body:
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing to say."""


def _joined(stream: BufferedIOBase) -> bytes:
    """Chunks, each behind its size in hexadecimal, to the last one of none."""
    whole = b""
    while size := int(stream.readline().partition(b";")[0], 16):
        whole += stream.read(size)
        stream.readline()
    return whole


def _listed(objects: dict[str, bytes], prefix: str) -> bytes:
    found = "".join(
        f"<Contents><Key>{escape(key)}</Key><Size>{len(raw)}</Size>{MODIFIED}</Contents>"
        for key, raw in objects.items()
        if key.startswith(prefix)
    )
    return _told("ListBucket", f"<IsTruncated>false</IsTruncated>{found}")


def _told(what: str, inner: str) -> bytes:
    return f"<{what}Result>{inner}</{what}Result>".encode()


@contextmanager
def object_store() -> Iterator[ObjectStore]:
    with ObjectStore() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
