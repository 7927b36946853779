"""One ASGI process: pages, API, metrics and sign-in, with identity in front. Wiring only."""

import asyncio
import contextlib
import gc
import importlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Mount

from app.answering import answering
from app.api.application import create_api
from app.compute import RUNS
from app.monitoring.metrics import metrics_route
from app.process import EVERYWHERE, HOST, origin
from app.state import PROCESS
from app.ui.boundary import OfStreamlit, end_of_a_page
from app.web.assets import asset_routes
from app.web.bodies import BodyLimits
from app.web.callers import Callers
from app.web.components import none_of_other_packages
from app.web.cookies import cookies_of
from app.web.headers import SecurityHeaders, content_security_policy
from app.web.health import health_route
from app.web.hosts import OwnHosts
from app.web.identity import Identity
from app.web.limits import RateLimits
from app.web.oidc_settings import PublicAddress, is_loopback
from app.web.own_pages import OwnPages
from app.web.pages import PageRoute, build_index
from app.web.proxies import TrustedProxies
from app.web.route_calls import CountsRoutes, RouteCalls
from app.web.short_paths import short_paths
from app.web.sign_in import sign_in_routes
from app.web.single_sign_on import SingleSignOn
from app.web.static import (
    PrecompressedStatic,
    compress_static,
    compressed_folder,
    streamlit_static,
)
from app.web.strangers import strangers
from app.web.uploads import Uploads
from jobs.lending import use_api
from valor_core.settings import ROOT, home
from valor_core.store.engines import Store
from valor_core.tenancy.call_limits import call_limits
from valor_core.workbench.verb import use_store

if TYPE_CHECKING:
    from app.web.oidc import IdentityProvider

COLLECT_EVERY_S = 60
LOCALHOST = ("127.0.0.1", "::1")  # where the name `localhost` leads


def create_app(
    store: Store,
    *,
    port: int,
    background: Callable[[], contextlib.AbstractContextManager[Any]],
    host: str = HOST,
    public: PublicAddress | None = None,
) -> SecurityHeaders:
    """The whole application on this database; `background` runs beside it (the scheduler).

    With a public address its people come by the identity provider, and from elsewhere.
    """
    use_store(store)
    use_api(answering)
    none_of_other_packages()
    logging.getLogger("streamlit.error_util").addFilter(OfStreamlit())
    callers = Callers(store)
    PROCESS.callers = callers
    PROCESS.provider = public.provider.name if public else ""
    cookies = cookies_of(port, https=public is not None and public.is_https)
    provider = _identity_provider(public) if public else None
    origins = own_origins(port, host=host) + ((public.origin,) if public else ())
    api, calls = create_api(), RouteCalls()
    static = compressed_folder(home())

    @contextlib.asynccontextmanager
    async def lifespan(_: st.App) -> AsyncIterator[dict[str, Any]]:
        tasks = [
            asyncio.create_task(_import_and_freeze()),
            asyncio.create_task(compress_static(static)),
            asyncio.create_task(calls.keep_always(store)),
        ]
        async with contextlib.AsyncExitStack() as stack:
            # A mounted application's own lifespan is not run otherwise.
            await stack.enter_async_context(api.router.lifespan_context(api))
            stack.enter_context(background())
            stack.callback(RUNS.close)
            yield {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    index = (streamlit_static() / "index.html").read_text(encoding="utf-8")
    pages = st.App(
        ROOT / "app" / "main.py",  # absolute: a relative path depends on who started the process
        lifespan=lifespan,
        on_script_error=end_of_a_page,
        routes=[
            *sign_in_routes(
                store,
                cookies=cookies,
                provider=PROCESS.provider,
                links_from_afar=public is None,
            ),
            *SingleSignOn(store, provider, cookies=cookies, origin=origins[-1]).routes(),
            Mount("/api/v1", app=api),
            *short_paths(api),
            *asset_routes(),
            health_route,
            metrics_route,
            PageRoute(build_index(index)),
        ],
        middleware=[
            Middleware(TrustedProxies, proxies=public.proxies if public else ()),
            Middleware(OwnHosts, origins=origins),
            Middleware(Identity, callers=callers, cookie=cookies.session, strangers=strangers()),
            Middleware(RateLimits, limits=call_limits(store)),
            Middleware(OwnPages, pages=PROCESS.pages, store=store),
            Middleware(CountsRoutes, calls=calls),
            Middleware(Uploads),
            Middleware(BodyLimits),
            Middleware(PrecompressedStatic, folder=static),
        ],
    )
    # Around the whole: Starlette answers a crash outside its own middleware.
    https = public is not None and public.is_https
    return SecurityHeaders(pages, policy=content_security_policy(index), https=https)


def _identity_provider(public: PublicAddress) -> "IdentityProvider":
    """The provider of the settings; its libraries are loaded where there is one."""
    from app.web.oidc import IdentityProvider

    return IdentityProvider(public.provider)


def own_origins(port: int, *, host: str = HOST) -> tuple[str, ...]:
    """The names by which it is opened on its own machine: its address, and localhost.

    >>> own_origins(8501, host="127.0.0.2"), own_origins(8501, host="192.0.2.1")
    (('http://127.0.0.2:8501',), ())
    """
    if host in EVERYWHERE:
        host = HOST
    if not is_loopback(host):
        return ()
    names = (host, "localhost") if host in LOCALHOST else (host,)
    return tuple(origin(name, port) for name in names)


async def _import_and_freeze() -> None:
    """What pages import is imported before anybody waits for it, then kept out of collections.

    Streamlit's own collection after each rerun is off; frozen objects make ours cheap.
    """
    await asyncio.to_thread(_import_what_pages_use)
    try:
        while True:
            await asyncio.to_thread(gc.collect)
            gc.freeze()
            gc.enable()  # off since the start
            await asyncio.sleep(COLLECT_EVERY_S)
    finally:
        gc.unfreeze()  # else DuckDB is never taken down and prints all that it calls leaked


def _import_what_pages_use() -> None:
    for name in ("pandas", "pyarrow", "plotly.graph_objects"):
        importlib.import_module(name)
