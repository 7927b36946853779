"""Streamlit behind the walls of the shell, but for identity: what the browser tests open."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from app.process import check_hardening, listen, serve
from app.web.assets import asset_routes
from app.web.bodies import BodyLimits
from app.web.headers import SecurityHeaders, content_security_policy
from app.web.health import health_route
from app.web.hosts import OwnHosts
from app.web.pages import PageRoute, index_html
from app.web.static import PrecompressedStatic, compress_static
from valor_core.settings import ROOT

# What Streamlit draws with inline styles, workers, blobs and lazy chunks: the policy must bear it.
SCRIPT = """
import pandas as pd, plotly.graph_objects as go, streamlit as st
from app.ui.show import plain
from tests.app.ui.test_show import HOSTILE

def home():
    st.title("Home", anchor=False)
    st.metric("Value per share", "182.31", "1.2 %")
    st.button("Save valuation", type="primary")
    first, second = st.tabs(["Forecast", "Bridge"])
    first.dataframe(pd.DataFrame({"Revenue": [1.5, 2.5]}), alt="Revenue by year")
    first.plotly_chart(go.Figure(go.Bar(x=[1, 2], y=[3, 4])), alt="Bars")
    st.caption("Rates are fractions.")
    st.markdown("A [link](/deep), :green[up], :red[down], :orange[held], `code`.")
    st.success("Kept."); st.warning("Look at it."); st.error("Refused."); st.info("Filed.")
    st.slider("Growth", 0.0, 0.1, 0.02)

def deep():
    st.title("Deep", anchor=False)
    st.write("A page of its own.")

def hostile():
    st.title("Hostile", anchor=False)
    for text in HOSTILE:
        st.markdown(f"**{plain(text)}**: {plain(text)}")
        st.header(plain(text), anchor=False)

st.set_page_config(layout="wide")
st.navigation([st.Page(home, default=True), st.Page(deep), st.Page(hostile)]).run()
"""


def main(folder: Path) -> None:
    """Serve the script until the end, with brotli twins kept in the folder."""
    import streamlit as st
    from starlette.middleware import Middleware
    from starlette.responses import Response
    from starlette.routing import Route

    os.chdir(ROOT)
    (folder / "main.py").write_text(SCRIPT)
    listener = listen(port=0)
    port = listener.getsockname()[1]

    @contextlib.asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        compressing = asyncio.create_task(compress_static(folder / "static"))
        yield
        compressing.cancel()

    async def signed_in(_: Any) -> Response:
        return Response(status_code=401 if (folder / "signed-out").exists() else 204)

    index = index_html()
    app = st.App(
        folder / "main.py",
        lifespan=lifespan,
        routes=[
            *asset_routes(),
            health_route,
            Route("/api/v1/session", signed_in),
            PageRoute(index),
        ],
        middleware=[
            Middleware(OwnHosts, origins=[f"http://127.0.0.1:{port}"]),
            Middleware(BodyLimits),
            Middleware(PrecompressedStatic, folder=folder / "static"),
        ],
    )
    check_hardening()
    serve(
        SecurityHeaders(app, policy=content_security_policy(index)),
        listener=listener,
        on_ready=lambda: print(port, flush=True),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
