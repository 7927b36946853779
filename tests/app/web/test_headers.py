import asyncio

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from app.web.headers import SecurityHeaders, content_security_policy, inline_script_hashes
from app.web.hosts import OwnHosts
from app.web.pages import index_html
from tests.app.web.serving import served

HEADERS = {
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "cache-control",
}


async def refused(_):
    raise HTTPException(403)


async def broken(_):
    raise ZeroDivisionError


async def unchanged(_):
    return Response(status_code=304)


async def of_its_own(_):
    return PlainTextResponse(
        "notebook", headers={"Content-Security-Policy": "sandbox", "Cache-Control": "max-age=60"}
    )


ROUTES = [
    Route("/refused", refused),
    Route("/broken", broken),
    Route("/unchanged", unchanged),
    Route("/own", of_its_own),
]


def guarded(*, https: bool = False) -> SecurityHeaders:
    """Around the application, not in its middleware: Starlette answers a crash outside of that."""
    app = Starlette(routes=ROUTES, middleware=[Middleware(OwnHosts, origins=["http://valor.test"])])
    return SecurityHeaders(app, policy=content_security_policy("<script>1</script>"), https=https)


def get(path: str, *, host: str = "valor.test", https: bool = False) -> httpx2.Response:
    async def ask() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=guarded(https=https), raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url=f"http://{host}") as caller:
            return await caller.get(path)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("path", "status"),
    [("/refused", 403), ("/unchanged", 304), ("/nowhere", 404), ("/broken", 500)],
)
def test_every_answer_carries_the_headers_also_errors_and_304(path, status):
    """S14."""
    answer = get(path)

    assert answer.status_code == status
    assert set(answer.headers) >= HEADERS
    assert answer.headers["cache-control"] == "private, no-store"


def test_a_request_refused_by_an_inner_wall_carries_the_headers():
    answer = get("/own", host="evil.example")

    assert answer.status_code == 421
    assert answer.json()["code"] == "unknown_host"
    assert set(answer.headers) >= HEADERS


def test_a_route_keeps_the_policy_and_the_caching_that_it_sets_itself():
    answer = get("/own")

    assert answer.headers.get_list("content-security-policy") == ["sandbox"]
    assert answer.headers.get_list("cache-control") == ["max-age=60"]


def test_only_under_https_the_browser_is_told_to_stay_there():
    assert "strict-transport-security" not in get("/own").headers
    assert get("/own", https=True).headers["strict-transport-security"] == "max-age=63072000"


def test_a_refused_websocket_carries_the_headers_and_its_true_status():
    """S14."""

    async def knock(origin: str) -> InvalidStatus:
        with pytest.raises(InvalidStatus) as refusal:
            await connect(origin + "/_stcore/stream", origin=Origin("https://evil.example"))
        return refusal.value

    with served(guarded()) as running:
        response = asyncio.run(knock(running.websocket_origin)).response

    assert response.status_code == 421
    assert {name.lower() for name in response.headers} >= HEADERS
    assert "server" not in {name.lower() for name in response.headers}
    assert b"unknown_host" in response.body


def test_the_policy_allows_the_inline_script_of_the_index_and_no_other():
    hashes = inline_script_hashes(index_html())
    policy = content_security_policy(index_html())

    assert len(hashes) == 1
    assert f"script-src 'self' blob: {hashes[0]};" in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    assert "http" not in policy  # no other host
