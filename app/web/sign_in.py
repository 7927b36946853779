"""POST /login takes the token of a link and sets the session's cookie; POST /logout ends it."""

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.web.cookies import Cookies
from app.web.devices import device_of, is_here
from app.web.login_page import login_page
from app.web.refusals import problem_response
from app.web.strict_json import read_json
from valor_core.errors import SignInNeeded, ValorError
from valor_core.store.engines import Store
from valor_core.tenancy.sign_in import BadToken
from valor_core.values import Caller
from valor_core.workbench import people
from valor_core.workbench.signing_in import redeem_token
from valor_core.workbench.verb import open_work


def safe_next(target: object) -> str:
    """Where to go after signing in: a path of ours, never another site.

    >>> safe_next("/dcf"), safe_next("//evil.example"), safe_next("https://evil.example")
    ('/dcf', '/', '/')
    """
    path = target if isinstance(target, str) else "/"
    sound = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if sound else "/"


def sign_in_routes(
    store: Store, *, cookies: Cookies, provider: str = "", links_from_afar: bool = True
) -> list[Route]:
    """The sign-in page and the two routes that change who is signed in.

    Where a provider vouches for people, links are for who sits at the server itself.
    """

    async def page(request: Request) -> Response:
        return login_page(provider).answer(request)

    async def sign_in(request: Request) -> Response:
        try:
            body = read_json(await request.body())
            token = body.get("token") if isinstance(body, dict) else None
            if not isinstance(token, str) or not 0 < len(token) <= 200:
                raise BadToken
            links = links_from_afar or is_here(request)
            value = await run_sync(redeem_token, store, token, device_of(request), links)
        except ValorError as error:
            return problem_response(error, instance="/login")
        answer = JSONResponse(
            {"next": safe_next(body.get("next"))}, headers={"Cache-Control": "no-store"}
        )
        cookies.set_session(answer, value)
        return answer

    async def sign_out(request: Request) -> Response:
        caller: Caller | None = request.scope["state"]["caller"]
        if caller is None or not caller.is_person:
            return problem_response(SignInNeeded(), instance="/logout")
        await run_sync(_end, store, caller)
        answer = JSONResponse({}, headers={"Clear-Site-Data": '"cache", "storage"'})
        cookies.drop(answer, cookies.session)
        return answer

    return [
        Route("/login", page),
        Route("/login", sign_in, methods=["POST"]),
        Route("/logout", sign_out, methods=["POST"]),
    ]


def _end(store: Store, caller: Caller) -> None:
    with open_work(caller, store) as work:
        people.sign_out(work)
