"""OpenID Connect with one identity provider: the way there, what it vouches for, and its log-outs.

Authlib speaks the protocol (code flow with PKCE) and checks the claims. What is ours: every call
has one deadline and one cap, nothing is redirected, and whatever the provider answers is either a
person or a refusal in plain words that tells no token.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.claims import JWTClaims
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from app.web.oidc_attempt import (
    Attempt,
    BadIdToken,
    ProviderRefused,
    ProviderUnavailable,
)
from app.web.oidc_settings import ProviderSettings, is_loopback
from valor_core.telemetry import log
from valor_core.workbench.provider_sign_in import LoggedOut, ProvidersPerson

DEADLINE_S = 10.0  # of a whole exchange with the provider
ANSWER_MAX = 1 << 20  # bytes
AT_ONCE = 16  # exchanges
KNOWN_S = 3600.0  # how long what the provider says of itself is believed
KEYS_AGAIN_S = 5.0  # its keys are not asked for more often, whatever key a token names
SKEW_S = 60  # what its clock and ours may differ
OLD_S = 600  # a token that was made longer ago is no answer to this sign-in
SUB_MAX, SID_MAX, NAME_MAX, GROUPS_MAX = 255, 200, 100, 5_000
Client = Any  # Authlib does not tell the type that its client has from httpx2
CLIENT: Client = AsyncOAuth2Client
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class IdentityProvider:
    """The provider of the settings, as far as it is known."""

    def __init__(
        self,
        settings: ProviderSettings,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings, self.clock, self.monotonic = settings, clock, monotonic
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._said: tuple[float, dict[str, str]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def way_in(self, attempt: Attempt) -> str:
        """Where the browser goes to sign in."""
        async with self._talking() as client:
            said = await self._said_of_itself(client)
            address, _ = client.create_authorization_url(
                said["authorization_endpoint"],
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier,
            )
            return address

    async def person(self, attempt: Attempt, code: str) -> ProvidersPerson:
        """Whom the provider vouches for, in exchange for the code that the browser brought."""
        async with self._talking() as client:
            said = await self._said_of_itself(client)
            told = await client.fetch_token(
                said["token_endpoint"], code=code, code_verifier=attempt.verifier
            )
            given = told.get("id_token")
            if not isinstance(given, str):
                raise ProviderUnavailable
            claims = await self._verified(
                client, given, CodeIDToken,
                nonce=attempt.nonce, client_id=self.settings.client_id,
                access_token=told.get("access_token"),
            )  # fmt: skip
        return self._person(claims)

    async def logged_out(self, given: str) -> LoggedOut:
        """Whose sign-ins the provider says are over, if it really was the provider."""
        async with self._talking() as client:
            claims = await self._verified(client, given, LogoutToken)
        return LoggedOut(
            issuer=self.settings.issuer,
            subject=claims.get("sub", ""),
            sid=str(claims.get("sid", ""))[:SID_MAX],
            at=int(claims["iat"]),
        )

    async def way_out(self, back: str) -> str:
        """Where the browser goes to sign out of the provider too; straight back if it cannot."""
        async with self._talking() as client:
            said = await self._said_of_itself(client)
        end = said.get("end_session_endpoint")
        if not end:
            return back
        asked = {"client_id": self.settings.client_id, "post_logout_redirect_uri": back}
        return str(httpx2.URL(end).copy_merge_params(asked))

    @asynccontextmanager
    async def _talking(self) -> AsyncIterator[Client]:
        settings = self.settings
        try:
            async with (
                asyncio.timeout(DEADLINE_S),
                self._slots,
                CLIENT(
                    settings.client_id,
                    settings.client_secret or None,
                    scope=settings.scopes,
                    redirect_uri=settings.redirect_uri,
                    code_challenge_method="S256",
                    transport=Capped(verify=_trusted_authorities()),
                    trust_env=False,
                    follow_redirects=False,
                ) as client,
            ):
                yield client
        except AuthlibBaseError as refused:
            log.warning("sign-in", refused=str(refused.error)[:60])
            raise ProviderRefused from refused
        except (TimeoutError, httpx2.HTTPError, httpx2.InvalidURL, TooMuch, ValueError) as silent:
            log.warning("sign-in", unavailable=type(silent).__name__)
            raise ProviderUnavailable from silent

    async def _said_of_itself(self, client: Client) -> dict[str, str]:
        if self._said is None or self.monotonic() - self._said[0] > KNOWN_S:
            issuer = self.settings.issuer
            address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
            said = await _document(client, address)
            needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if said.get("issuer") != issuer or not all(
                is_safe(said.get(name), issuer) for name in needed
            ):
                raise ProviderUnavailable
            if not is_safe(said.get("end_session_endpoint"), issuer):
                said.pop("end_session_endpoint", None)
            self._said = self.monotonic(), said
        return self._said[1]

    async def _key_set(self, client: Client, *, anew: bool) -> KeySet:
        old = self._keys
        age = self.monotonic() - old[0] if old else KNOWN_S + 1
        if old and age <= (KEYS_AGAIN_S if anew else KNOWN_S):
            return old[1]
        said = await self._said_of_itself(client)
        document = await _document(client, said["jwks_uri"])
        try:
            keys = [key for key in document["keys"] if key.get("kty") != "oct"]
            found = KeySet.import_key_set({"keys": keys})
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as garbage:
            raise ProviderUnavailable from garbage
        self._keys = self.monotonic(), found
        return found

    async def _verified(
        self, client: Client, given: str, kind: Callable[..., Any], **expected: Any
    ) -> JWTClaims:
        """The claims of a token that the provider has signed, for us, just now."""
        try:
            try:
                keys = await self._key_set(client, anew=False)
                token = jwt.decode(given, keys, algorithms=ALGORITHMS)
            except InvalidKeyIdError:  # it may have changed its keys
                keys = await self._key_set(client, anew=True)
                token = jwt.decode(given, keys, algorithms=ALGORITHMS)
            must_be: Any = {
                "iss": {"essential": True, "value": self.settings.issuer},
                "aud": {"essential": True, "value": self.settings.client_id},
                "exp": {"essential": True},
                "iat": {"essential": True},
            }
            claims = kind(token.claims, token.header, options=must_be, params=expected)
            claims.validate(now=int(self.clock()), leeway=SKEW_S)
            _refuse_old_or_endless(claims, now=self.clock())
        except (JoseError, ValueError, TypeError, KeyError) as flaw:
            raise _untrusted(getattr(flaw, "error", type(flaw).__name__)) from None
        return claims

    def _person(self, claims: JWTClaims) -> ProvidersPerson:
        named = (claims.get(name) for name in ("name", "preferred_username", "email"))
        name = next((each for each in named if isinstance(each, str) and each.strip()), "")
        groups = claims.get(self.settings.groups_claim, [])
        groups = [groups] if isinstance(groups, str) else groups
        if not isinstance(groups, list):
            groups = []
        return ProvidersPerson(
            issuer=self.settings.issuer,
            subject=claims["sub"],
            name=name[:NAME_MAX],
            groups=frozenset(each for each in groups[:GROUPS_MAX] if isinstance(each, str)),
            sid=str(claims.get("sid", ""))[:SID_MAX],
        )


class LogoutToken(JWTClaims):
    """The claims by which a provider ends sign-ins (OpenID Connect Back-Channel Logout 1.0)."""

    def validate(self, now: int | None = None, leeway: int = 0) -> None:
        """ValueError unless it is one."""
        super().validate(now, leeway)
        events = self.get("events")
        if not isinstance(events, dict) or LOGOUT_EVENT not in events or "nonce" in self:
            raise ValueError("no log-out")
        if not (self.get("sub") or self.get("sid")):
            raise ValueError("nobody")


class TooMuch(Exception):
    """The provider answers more than it can have to say."""


class Capped(httpx2.AsyncHTTPTransport):
    """Reads no more of an answer than it may hold, and nothing that is packed."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer, read whole."""
        request.headers["accept-encoding"] = "identity"
        answer = await super().handle_async_request(request)
        if answer.headers.get("content-encoding", "identity") != "identity":
            await answer.aclose()
            raise TooMuch
        body = b""
        try:
            async for part in answer.aiter_raw():
                body += part
                if len(body) > ANSWER_MAX:
                    raise TooMuch
        finally:
            await answer.aclose()
        return httpx2.Response(answer.status_code, headers=answer.headers, content=body)


def is_safe(address: object, issuer: str) -> bool:
    """Whether an endpoint may be called: by TLS, or on this machine where the issuer is there too.

    >>> is_safe("https://id.example/token", "https://id.example")
    True
    >>> is_safe("http://169.254.169.254/", "https://id.example"), is_safe(7, "https://id.example")
    (False, False)
    """
    if not isinstance(address, str):
        return False
    try:
        url, home = httpx2.URL(address), httpx2.URL(issuer)
    except httpx2.InvalidURL:
        return False
    local = url.scheme == home.scheme == "http" and is_loopback(url.host)
    return bool(url.host) and (url.scheme == "https" or local)


@cache
def _trusted_authorities() -> ssl.SSLContext:
    """Those that the machine trusts, a company's own among them."""
    return ssl.create_default_context()


async def _document(client: Client, address: str) -> dict[str, Any]:
    answer = await client.request("GET", address, withhold_token=True)
    told = answer.raise_for_status().json()
    if not isinstance(told, dict):
        raise ProviderUnavailable
    return told


def _refuse_old_or_endless(claims: JWTClaims, *, now: float) -> None:
    if claims["iat"] < now - OLD_S - SKEW_S or len(claims.get("sub", "")) > SUB_MAX:
        raise ValueError("old or endless")


def _untrusted(why: str) -> BadIdToken:
    log.warning("sign-in", untrusted=why)
    return BadIdToken()
