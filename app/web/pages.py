"""The HTML of every page: Streamlit's index with our title, splash and tags, built once at start.

Rewriting Streamlit's answers instead would fail silently, as it compresses deep links but not `/`.
"""

import re
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from app.directory import GROUPS
from app.web.assets import asset_url
from app.web.prebuilt import Prebuilt
from app.web.preloads import DRAWN, preload_tags
from app.web.static import streamlit_static

TITLE = "Valor IVX"

# Who is signed in, and the way out, stay at the foot of the list where there is room for both.
# The edge of a table at which more of it can be scrolled to fades out, also that of a canvas, which
# its scroller lies upon; a browser without scroll-driven animations shows it cut as it is.
# Seven rules keep a page from jumping while it is drawn: the place of the sidebar (18.75rem of the
# theme's 15px), which appears late (layout shift 0.23); the width of the page, narrow until its
# script asks for all of it; what stands below the list of pages, before that list is there; in
# columns, where labelled fields stand, their height; that of a line with a large first value, of a
# choice of sections or models, of one of peers.
# What takes all values out of a field is as large as a finger needs it.
# Figures of equal width let columns of numbers be compared. Captions are fainter than text, yet at
# least 4.5:1 on the page, which Streamlit's own are not, nor its hints at shortcuts.
STYLE = """<style>
body{font-variant-numeric:tabular-nums}
[data-testid=stMainBlockContainer]{padding:3.5rem clamp(1rem,3vw,3rem) 4rem!important;
max-width:none!important}
[data-testid=stSidebarContent]:not(:has([data-testid=stSidebarNav]))
[data-testid=stSidebarUserContent]{visibility:hidden}
[data-testid=stColumn] [data-testid=stSkeleton]{min-height:63.75px}
[class*=st-key-places] [data-testid=stSkeleton]{min-height:0;height:21px}
[class*=st-key-headline]{min-height:57.4375px}
[class*=st-key-]:is([class*=-section],[class*=-model]) [data-testid=stSkeleton]{height:30px}
[class*=st-key-][class*=-peers] [data-testid=stSkeleton]{min-height:94.625px}
[data-testid=stMultiSelect] [aria-label="Clear all"]{min-width:24px;min-height:24px}
[data-testid=stSidebarNavItems] li::before{display:block;margin:.75rem 0 .25rem .5rem;
font-size:.8rem;font-weight:600;opacity:.78}
.st-key-signed_in_alone{visibility:visible}
@media(min-height:600px){[data-testid=stSidebarContent]{scroll-padding-bottom:12rem}
[data-testid=stSidebarNavSeparator]{display:none}
[data-testid=stSidebarUserContent]{position:sticky;bottom:0;padding:1rem 0!important;
background:light-dark(#f3f5f8,#121b25);border-top:1px solid light-dark(#d3dbe3,#2d3a47)}}
[data-testid=stApp]{--vx-page:light-dark(#ffffff,#0e151d);--vx-link:light-dark(#0b57a4,#7fb8f0)}
:is([data-testid=stSidebarNavLink],[data-testid=stPageLink-NavLink]):focus-visible{
outline:2px solid var(--vx-link)!important;outline-offset:-2px}
@media(max-width:640px){.st-key-places [data-testid=stHorizontalBlock]{gap:0}}
.st-key-frame-theme{display:none}
@property --vx-more{syntax:"<length>";inherits:true;initial-value:0px}
@keyframes vx-more{0%,95%{--vx-more:2rem}to{--vx-more:0px}}
:is(.vx-scroll,.vx-grid,.dvn-underlay>*){animation:vx-more linear both;
animation-timeline:scroll(self inline);
mask-image:linear-gradient(to right,#000 calc(100% - var(--vx-more)),transparent)}
[data-testid=stDataFrame]{timeline-scope:--vx-cells}
.dvn-scroller{scroll-timeline:--vx-cells inline}
.dvn-underlay>*{animation-timeline:--vx-cells}
[data-testid=stCaptionContainer]{opacity:.78!important}
kbd{color:light-dark(#000,#fff)!important}
[data-testid=stButtonGroup] [aria-checked=true] p{color:light-dark(#0b4f8a,#a5cdf6)!important}
@media(min-width:768px){[data-testid=stAppViewContainer]:not(:has([data-testid=stSidebar])){padding-left:281.25px}}
#boot{position:fixed;inset:0;display:grid;place-content:center;justify-items:center;gap:1rem;
font:600 1.125rem system-ui,sans-serif;color:#1b2733;background:#fff}
#boot img{width:3rem;height:3rem}
@media(prefers-color-scheme:dark){#boot{color:#e6edf3;background:#0e151d}}
</style>"""
NOSCRIPT = "<noscript><p>Valor IVX needs JavaScript in this browser.</p></noscript>"

# Streamlit's own addresses, which it has to answer itself whatever a browser accepts.
STREAMLITS = ("/_stcore/", "/static/", "/media/", "/component/", "/app/static/", "/auth/")


class IndexChanged(RuntimeError):
    """Streamlit's index page no longer has a place we build on: an upgrade needs a look."""


def _replaced_once(html: str, pattern: str, text: str) -> str:
    changed, count = re.subn(pattern, lambda _: text, html, flags=re.DOTALL)
    if count != 1:
        raise IndexChanged(f"{pattern!r} was found {count} times in Streamlit's index.html")
    return changed


def build_index(html: str) -> str:
    """Streamlit's index page as ours."""
    icon, shell = asset_url("favicon.svg"), asset_url("shell.js")
    splash = f'<div id="boot" role="status"><img src="{icon}" alt="">{TITLE} is loading …</div>'
    style = STYLE.replace("</style>", f"{_group_names()}</style>")
    head = (
        f'<meta name="description" content="{TITLE}, corporate valuation workbench">'
        '<meta name="color-scheme" content="light dark">'
        '<meta name="theme-color" content="#ffffff" media="(prefers-color-scheme: light)">'
        '<meta name="theme-color" content="#0e151d" media="(prefers-color-scheme: dark)">'
        f"{style}</head>"
    )
    icons = (
        f'<link rel="icon" type="image/svg+xml" href="{icon}">'
        '<link rel="alternate icon" type="image/png" href="/favicon.png">'
    )
    html = _replaced_once(html, r"<!--\s+Copyright.*?-->\s*", "")
    # Before Streamlit's own script, which reads what ours says.
    title = f'<title>{TITLE}</title><script src="{shell}" defer></script>'
    html = _replaced_once(html, r"<title>Streamlit</title>", title)
    html = _replaced_once(html, r'<link rel="shortcut icon"[^>]*>', icons)
    # The agent interface is switched off, so the page does not invite anybody to it.
    html = _replaced_once(html, r'<!--\s+Machine-readable.*?<link rel="service-desc"[^>]*>', "")
    html = _replaced_once(html, r"<noscript>.*</noscript>", NOSCRIPT)
    html = _replaced_once(html, r"</head>", head)
    html = _replaced_once(html, r'<div id="root"></div>', f'<div id="root">{splash}</div>')
    return re.sub(r'="\./', '="/', html)  # so that the address of a page may have any depth


def _group_names() -> str:
    """The name of each group above the first of its pages that is in the list."""
    rules = []
    for group, places in GROUPS.items():
        addresses = ",".join(f'[href$="/{place.name}"]' for place in places)
        of_group = f"[data-testid=stSidebarNavItems] li:has(a:is({addresses}))"
        first = f"{of_group}:not({of_group} ~ *)::before"
        rules += [f'{first}{{content:"{group}"}}'] if group else []
    return "\n".join(rules)


def index_html() -> str:
    """The page as it is served."""
    return build_index((streamlit_static() / "index.html").read_text(encoding="utf-8"))


class PageRoute(Route):
    """Any address that a browser navigates to and no earlier route has taken: stands last."""

    def __init__(self, html: str) -> None:
        self.html = html
        self.built: dict[str, Prebuilt] = {}  # when first asked for: the start must be quick
        preload_tags("")  # a manifest that has changed stops the start
        super().__init__("/{page:path}", self._answer, methods=["GET"], name="page")

    async def _answer(self, request: Request) -> Response:
        page = request.path_params["page"]
        return self._of(page if page in DRAWN else "").answer(request, vary="Cookie")

    def _of(self, page: str) -> Prebuilt:
        if page not in self.built:
            html = _replaced_once(self.html, "</head>", f"{preload_tags(page)}</head>")
            self.built[page] = Prebuilt.of(html.encode(), "text/html")
        return self.built[page]

    def matches(self, scope: Scope) -> tuple[Match, Any]:
        """Only what asks for HTML, is no file, and is not Streamlit's own."""
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            path = scope["path"]
            streamlits = path.startswith(("//", *STREAMLITS)) or "/_stcore/" in path
            last = path.rsplit("/", 1)[-1]
            is_page = path == "/" or (last and "." not in last)
            if is_page and not streamlits and "text/html" in Headers(scope=scope).get("accept", ""):
                return super().matches(scope)
        return Match.NONE, {}
