"""Security headers on every answer: pages, errors, 304s and refused websockets."""

import base64
import hashlib
import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

STARTS = frozenset({"http.response.start", "websocket.http.response.start"})


def inline_script_hashes(html: str) -> list[str]:
    """The CSP sources that allow exactly the inline scripts of this page.

    >>> inline_script_hashes("<script>1</script><script src='/x.js'></script>")
    ["'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='"]
    """
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


def content_security_policy(index: str) -> str:
    """The policy under which the index page and all that Streamlit loads from it work.

    `blob:` scripts stay allowed, because Streamlit imports a component's inline module from a blob.
    Nothing may come from, or go to, another host.
    """
    scripts = " ".join(["'self'", "blob:", *inline_script_hashes(index)])
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src {scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        )
    )


class SecurityHeaders:
    """Adds each header that an answer does not set itself, so a route may keep a policy of its own.

    An answer that does not speak of caching is nobody's to keep: most of ours belong to one tenant.
    It goes around the whole application, whose own middleware does not see the answer to a crash.
    """

    def __init__(self, app: ASGIApp, *, policy: str, https: bool = False) -> None:
        self.app = app
        self.headers = [
            (b"content-security-policy", policy.encode("ascii")),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"cross-origin-resource-policy", b"same-origin"),
            (
                b"permissions-policy",
                b"camera=(), microphone=(), geolocation=(), payment=(), usb=()",
            ),
            (b"cache-control", b"private, no-store"),
        ]
        if https:
            self.headers.append((b"strict-transport-security", b"max-age=63072000"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and complete the head of each answer."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] in STARTS:
                given = list(message.get("headers", ()))
                present = {name.lower() for name, _ in given}
                missing = [header for header in self.headers if header[0] not in present]
                message = {**message, "headers": [*given, *missing]}
            await send(message)

        await self.app(scope, receive, send_with_headers)
