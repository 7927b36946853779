"""GET /metrics in Prometheus' text format: off unless asked for, to loopback or by token."""

import hmac
import os

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.web.devices import is_here
from valor_core.settings import setting


def _registry() -> CollectorRegistry:
    """Of this process, or of all that share PROMETHEUS_MULTIPROC_DIR."""
    if not setting("PROMETHEUS_MULTIPROC_DIR"):
        return REGISTRY
    shared = CollectorRegistry()
    MultiProcessCollector(shared)
    return shared


def _may_read(request: Request) -> bool:
    token = setting("VALOR_METRICS_TOKEN")
    if token:
        shown = request.headers.get("authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(shown.encode(), token.encode())
    return is_here(request)


def _metrics(request: Request) -> Response:
    if setting("VALOR_METRICS", os.environ) != "1" or not _may_read(request):
        return PlainTextResponse("not found\n", 404)
    return Response(generate_latest(_registry()), media_type=CONTENT_TYPE_LATEST)


metrics_route = Route("/metrics", _metrics)
