"""The sign-in page as it is served: the provider's button, the link's form, what went wrong."""

from collections.abc import Sequence
from functools import cache
from html import escape

from starlette.responses import HTMLResponse

from app.web.assets import APP, asset_url
from app.web.prebuilt import Prebuilt
from valor_core.errors import ValorError
from valor_core.workbench.provider_sign_in import WayIn

HERE = """<p class="quiet">Open the sign-in link that <code>valor serve</code> has printed.
It works once and for ten minutes. <code>valor token</code> prints another.</p>"""
FOLDED = """<details><summary>Sign in with a link or a key file</summary>
<p class="quiet">A link of <code>valor token</code> works on the server itself, an operator's key
file from everywhere, once.</p>"""
CHOICE = (
    """<p class="quiet">Your groups open more than one tenant. Where do you want to work?</p>"""
)


@cache
def _template() -> str:
    html = (APP / "assets" / "login.html").read_text(encoding="utf-8")
    for name in ("login.js", "favicon.svg"):
        assert f"/assets/{name}" in html
        html = html.replace(f"/assets/{name}", asset_url(name))
    return html


@cache
def login_page(provider: str) -> Prebuilt:
    """As it is opened; `provider` is what the button says, empty where there is none."""
    return Prebuilt.of(_page(provider).encode(), "text/html")


def refused_page(provider: str, error: ValorError) -> HTMLResponse:
    """The same with what went wrong, for who comes back from the provider."""
    said = escape(f"{error} {error.hint}")
    page = _page(provider).replace(
        '<p id="say" role="status"></p>', f'<p id="say" class="bad" role="status">{said}</p>'
    )
    return _never_kept(page, error.status)


def choice_page(ways: Sequence[WayIn], *, then: str) -> HTMLResponse:
    """Which of several tenants; each button signs in to one, once."""
    buttons = "".join(
        f'<button type="button" data-token="{escape(way.token)}" data-next="{escape(then)}">'
        f"{escape(way.label)} <small>as {way.role}</small></button>"
        for way in ways
    )
    head, _, rest = _template().partition("<!--form-->")
    _, _, tail = rest.partition("<!--/form-->")
    return _never_kept(f"{head}{CHOICE}{buttons}{tail}", 200)


def _page(provider: str) -> str:
    if not provider:
        return _template().replace("<!--before-->", HERE).replace("<!--after-->", "")
    said = f"Sign in with {escape(provider)}"
    button = f'<a class="button" id="provider" href="/login/provider">{said}</a>'
    return (
        _template()
        .replace("<!--before-->", f"{button}{FOLDED}")
        .replace("<!--after-->", "</details>")
    )


def _never_kept(page: str, status: int) -> HTMLResponse:
    return HTMLResponse(
        page, status, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    )
