"""An identity provider on this machine: Authlib's authorization server with a signing key.

It asks for no password and signs in whoever `person` says. What an attacker or a broken provider
would do is switched on by its attributes.
"""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from authlib.oauth2.rfc6749 import (
    AuthorizationCodeMixin,
    AuthorizationServer,
    ClientMixin,
    OAuth2Request,
)
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core.grants import OpenIDCode
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from app.process import listen
from tests.app.web.serving import served

CLIENT_ID, CLIENT_SECRET = "valor", "agreed-with-the-provider"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
ANNA = {"sub": "248289", "name": "Anna Analyst", "email": "anna@acme.test", "groups": ["acme-desk"]}


def new_key() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": secrets.token_hex(4), "use": "sig"})


@dataclass
class Client(ClientMixin):
    redirect_uri: str

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.redirect_uri

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"

    def get_allowed_scope(self, scope: Any) -> Any:
        return scope


@dataclass
class Code(AuthorizationCodeMixin):
    code: str
    asked: dict[str, str]
    person: dict[str, Any]

    def get_redirect_uri(self) -> str:
        return self.asked["redirect_uri"]

    def get_scope(self) -> str:
        return self.asked["scope"]


@dataclass
class Provider:
    """The provider, and what it does wrong."""

    issuer: str
    redirect_uri: str
    key: ECKey = field(default_factory=new_key)
    person: dict[str, Any] = field(default_factory=lambda: dict(ANNA))
    sid: str = "at-the-provider-1"
    codes: dict[str, Code] = field(default_factory=dict)
    key_sets_given: int = 0
    published: ECKey | None = None  # where another key is told than the one that signs
    twist: Callable[[dict[str, Any]], object] = lambda claims: None
    signed: Callable[[dict[str, Any]], str] | None = None  # instead of the proper signature
    answer: str = ""  # "hang", "garbage", "flood" or "elsewhere" instead of a token

    def claims(self, person: dict[str, Any], nonce: str) -> dict[str, Any]:
        now = int(time.time())
        made = {
            **person, "iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300,
            "nonce": nonce, "sid": self.sid,
        }  # fmt: skip
        self.twist(made)
        return made

    def sign(self, claims: dict[str, Any]) -> str:
        if self.signed:
            return self.signed(claims)
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key)

    def logout_token(self, **changed: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 120, "jti": "1",
            "sub": self.person["sub"], "events": {LOGOUT_EVENT: {}},
        } | changed  # fmt: skip
        return self.sign({name: each for name, each in claims.items() if each is not None})


class Server(AuthorizationServer):
    """Authlib's server on Starlette."""

    def __init__(self, provider: Provider) -> None:
        super().__init__()
        self.provider = provider

        class Grant(AuthorizationCodeGrant):
            TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

            def save_authorization_code(self, code: str, request: Any) -> None:
                asked = dict(request.payload.data)
                provider.codes[code] = Code(code, asked, dict(provider.person))

            def query_authorization_code(self, code: str, client: Any) -> Code | None:
                return provider.codes.get(code)

            def delete_authorization_code(self, authorization_code: Code) -> None:
                del provider.codes[authorization_code.code]

            def authenticate_user(self, authorization_code: Code) -> dict[str, Any]:
                return authorization_code.person

        class Challenge(CodeChallenge):
            def get_authorization_code_challenge(self, authorization_code: Code) -> Any:
                return authorization_code.asked.get("code_challenge")

            def get_authorization_code_challenge_method(self, authorization_code: Code) -> Any:
                return authorization_code.asked.get("code_challenge_method")

        class IdToken(OpenIDCode):
            def exists_nonce(self, nonce: str, request: OAuth2Request) -> bool:
                return False

            def encode_id_token(self, token: Any, request: OAuth2Request) -> str:
                code: Any = request.authorization_code
                return provider.sign(provider.claims(code.person, code.asked["nonce"]))

        self.register_grant(Grant, [IdToken(require_nonce=True), Challenge(required=True)])
        made = BearerTokenGenerator(lambda **_: secrets.token_urlsafe(16))
        self.register_token_generator("default", made)

    def query_client(self, client_id: str) -> Any:
        return Client(self.provider.redirect_uri) if client_id == CLIENT_ID else None

    def save_token(self, token: Any, request: Any = None) -> None:
        pass

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        pass

    def create_oauth2_request(self, request: Any) -> OAuth2Request:
        return Asked(*request)

    def handle_response(self, status: int, body: Any, headers: Any) -> Response:
        kept = {k: v for k, v in dict(headers).items() if k.lower() != "content-type"}
        return JSONResponse(body, status, headers=kept)


class Asked(OAuth2Request):
    """What the client asks for, in the address or in the body."""

    def __init__(self, method: str, asked: dict[str, str], headers: dict[str, str]) -> None:
        super().__init__(method, "https://provider.test/", headers=headers)
        self.asked, self.payload = asked, BasicOAuth2Payload(asked)

    @property
    def args(self) -> Any:
        return self.asked

    @property
    def form(self) -> Any:
        return self.asked


def application(provider: Provider) -> Starlette:
    server: Any = Server(provider)

    async def discovery(_: Request) -> Response:
        at = provider.issuer
        return JSONResponse(
            {
                "issuer": at,
                "authorization_endpoint": f"{at}/authorize",
                "token_endpoint": f"{at}/token",
                "jwks_uri": f"{at}/jwks",
                "end_session_endpoint": f"{at}/logout",
            }
        )

    async def authorize(request: Request) -> Response:
        asked = ("GET", dict(request.query_params), dict(request.headers))
        grant = server.get_consent_grant(asked)
        return server.create_authorization_response(
            grant.request, grant_user=provider.person, grant=grant
        )

    async def token(request: Request) -> Response:
        if provider.answer == "hang":
            await request.body()
            await request.receive()  # until the client has gone
            return PlainTextResponse("")
        if provider.answer == "garbage":
            return PlainTextResponse("<html>not now</html>")
        if provider.answer == "flood":
            return PlainTextResponse("x" * (2 << 20))
        if provider.answer == "elsewhere":
            return RedirectResponse("http://127.0.0.1:1/", 307)
        form = {name: str(each) for name, each in (await request.form()).items()}
        headers = {"Authorization": request.headers.get("authorization", "")}
        return server.create_token_response(("POST", form, headers))

    async def jwks(_: Request) -> Response:
        provider.key_sets_given += 1
        keys = KeySet([provider.published or provider.key])
        return JSONResponse(keys.as_dict(private=False))

    async def logout(request: Request) -> Response:
        return RedirectResponse(request.query_params["post_logout_redirect_uri"])

    return Starlette(
        routes=[
            Route("/.well-known/openid-configuration", discovery),
            Route("/authorize", authorize),
            Route("/token", token, methods=["POST"]),
            Route("/jwks", jwks),
            Route("/logout", logout),
        ]
    )


@contextmanager
def provided(redirect_uri: str) -> Iterator[Provider]:
    """A provider that runs."""
    listener = listen(port=0)
    provider = Provider(f"http://127.0.0.1:{listener.getsockname()[1]}", redirect_uri)
    with served(application(provider), listener=listener):
        yield provider
