"""Sign-in by the identity provider: the way there and back, and its word that somebody left."""

import base64
import binascii
import hmac
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from app.web.cookies import Cookies
from app.web.devices import device_of
from app.web.login_page import choice_page, refused_page
from app.web.oidc_attempt import (
    ATTEMPT_LASTS_S,
    Attempt,
    BadIdToken,
    NotBegunHere,
    ProviderRefused,
)
from app.web.oidc_settings import CALLBACK
from app.web.sign_in import safe_next
from valor_core.errors import NotFound, ValorError
from valor_core.store.engines import Store
from valor_core.workbench.provider_sign_in import end_by_provider, tell_refused, ways_in
from valor_core.workbench.signing_in import redeem_token

if TYPE_CHECKING:
    from app.web.oidc import IdentityProvider

BEGIN, ENDED, OUT = "/login/provider", "/login/provider/ended", "/login/provider/out"
CODE_MAX = 4096


class SingleSignOn:
    """The routes of one provider; where there is none they say that nothing is here."""

    def __init__(
        self, store: Store, provider: "IdentityProvider | None", *, cookies: Cookies, origin: str
    ) -> None:
        self.store, self._provider, self.cookies, self.origin = store, provider, cookies, origin

    def routes(self) -> list[Route]:
        """Where browsers and the provider knock."""
        return [
            Route(BEGIN, self.begin),
            Route(CALLBACK, self.come_back),
            Route(OUT, self.leave),
            Route(ENDED, self.ended, methods=["POST"]),
        ]

    @property
    def provider(self) -> "IdentityProvider":
        """The provider; NotFound where single sign-on is off."""
        if self._provider is None:
            raise NotFound("identity provider", "", hint="An operator sets OIDC_ISSUER.")
        return self._provider

    async def begin(self, request: Request) -> Response:
        """To the provider, with a cookie by which this browser shows afterwards that it began."""
        attempt, then = Attempt(), safe_next(request.query_params.get("next"))
        try:
            answer: Response = RedirectResponse(await self.provider.way_in(attempt), 303)
        except ValorError as error:
            return self._refused(error)
        packed = base64.urlsafe_b64encode(then.encode()).decode()
        self.cookies.set_attempt(answer, f"{attempt.secret}.{packed}", lasts_s=ATTEMPT_LASTS_S)
        return answer

    async def come_back(self, request: Request) -> Response:
        """Signed in, a choice of tenants, or what went wrong; the attempt is over in any case."""
        try:
            answer = await self._signed_in(request)
        except ValorError as error:
            if isinstance(error, BadIdToken | ProviderRefused):
                await run_sync(tell_refused, self.store)
            answer = self._refused(error)
        self.cookies.drop(answer, self.cookies.attempt)
        return answer

    async def _signed_in(self, request: Request) -> Response:
        attempt, then = _begun(request.cookies.get(self.cookies.attempt, ""))
        told = request.query_params
        if not hmac.compare_digest(told.get("state", "").encode(), attempt.state.encode()):
            raise NotBegunHere
        provider = self.provider
        if told.get("iss", provider.settings.issuer) != provider.settings.issuer:
            raise BadIdToken
        code = told.get("code", "")
        if "error" in told or not 0 < len(code) <= CODE_MAX:
            raise ProviderRefused
        person = await provider.person(attempt, code)
        ways = await run_sync(ways_in, self.store, person)
        if len(ways) > 1:
            return choice_page(ways, then=then)
        cookie = await run_sync(redeem_token, self.store, ways[0].token, device_of(request))
        answer = RedirectResponse(then, 303, headers={"Cache-Control": "no-store"})
        self.cookies.set_session(answer, cookie)
        return answer

    async def leave(self, _: Request) -> Response:
        """Out of the provider too, and back to the sign-in page."""
        try:
            return RedirectResponse(await self.provider.way_out(f"{self.origin}/login"), 303)
        except ValorError as error:
            return self._refused(error)

    async def ended(self, request: Request) -> Response:
        """The provider says that somebody is signed out: so it is here, everywhere."""
        try:
            form = parse_qs((await request.body()).decode("ascii"))
            [given] = form["logout_token"]
            told = await self.provider.logged_out(given)
        except (KeyError, ValueError, BadIdToken):
            return JSONResponse({"error": "invalid_request"}, 400)
        except ValorError as error:
            return JSONResponse({"error": error.code}, error.status)
        await run_sync(end_by_provider, self.store, told)
        return Response(status_code=200, headers={"Cache-Control": "no-store"})

    def _refused(self, error: ValorError) -> Response:
        return refused_page(self._provider.settings.name if self._provider else "", error)


def _begun(cookie: str) -> tuple[Attempt, str]:
    """What the browser has begun, and where it wanted to go; NotBegunHere without."""
    secret, _, packed = cookie.partition(".")
    try:
        then = base64.urlsafe_b64decode(packed).decode()
    except (binascii.Error, ValueError) as garbled:
        raise NotBegunHere from garbled
    if len(secret) < 43:
        raise NotBegunHere
    return Attempt(secret), safe_next(then)
