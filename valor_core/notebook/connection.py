"""Requests to a server with an API key, and its refusals as the errors that they are here."""

import importlib
import pkgutil
from collections.abc import Generator, Iterator, Mapping
from functools import cache
from ipaddress import ip_address
from typing import Any
from weakref import finalize

import httpx2

from valor_core.errors import (
    AccessDenied,
    BadInput,
    BadInputs,
    Conflict,
    Exhausted,
    Flaw,
    NotFound,
    SignInNeeded,
    Unavailable,
    ValorError,
)
from valor_core.values import new_id

API = "/api/v1"
LONGEST_S = 120.0
ATTEMPTS = 3
BY_STATUS: dict[int, type[ValorError]] = {
    401: SignInNeeded, 403: AccessDenied, 404: NotFound, 409: Conflict, 422: BadInput,
    429: Exhausted, 503: Unavailable,
}  # fmt: skip
"""For a code that this version does not know."""


class ServerNotReached(Unavailable):
    """Nobody answers under the address."""

    code = "server_not_reached"

    def __init__(self, host: str, *, why: str) -> None:
        super().__init__(
            f"{host} does not answer: {why}.",
            hint="Compare VALOR_URL with the address that your browser opens, and try again.",
        )


class KeyInTheClear(BadInput):
    """Without HTTPS whoever is on the way reads the key."""

    code = "key_in_the_clear"

    def __init__(self, host: str) -> None:
        super().__init__(
            f"An API key is not sent to {host} by http.",
            hint="Write https://; http is for the own machine alone, such as http://127.0.0.1:8501.",
        )


class ChangedOnTheWay(Unavailable):
    """Other bytes arrived than were published."""

    code = "changed_on_the_way"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"What arrived as {what} is not what the server has: its SHA-256 is another.",
            hint="Ask again; if it happens once more, something between you and the server "
            "changes what it sends.",
        )


class Key(httpx2.Auth):
    """An API key: requests carry it, and nothing shows it."""

    def __init__(self, text: str) -> None:
        self._text = text

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        """The request with the key."""
        request.headers["Authorization"] = f"Bearer {self._text}"
        yield request

    def __repr__(self) -> str:
        return "<API key>"

    def __reduce__(self) -> str:
        raise TypeError("An API key is not written down: open the workspace anew.")


class Connection:
    """A server, asked with a key."""

    def __init__(self, url: str, key: Key) -> None:
        try:
            address = httpx2.URL(url)
        except httpx2.InvalidURL:
            address = httpx2.URL("")
        if address.scheme not in ("http", "https") or not address.host or address.userinfo:
            raise BadInput(
                f"{address.host or url[:80]!r} is no address of a server.",
                hint="Write it as your browser shows it, such as https://valor.example.com.",
            )
        if address.scheme == "http" and not _is_this_machine(address.host):
            raise KeyInTheClear(address.host)
        self.host = f"{address.scheme}://{address.netloc.decode()}"
        self._client = httpx2.Client(
            base_url=self.host + API, auth=key, timeout=LONGEST_S, trust_env=False
        )
        finalize(self, self._client.close)

    def __repr__(self) -> str:
        return f"<{self.host}>"

    def get(self, path: str, **asked: Any) -> Any:
        """What is told at a path, as JSON."""
        return told_by(self.raw(path, **asked))

    def raw(self, path: str, **asked: Any) -> httpx2.Response:
        """What is told at a path."""
        known = {name: each for name, each in asked.items() if each is not None}
        return self._answer(httpx2.Request("GET", self.host + API + path, params=known))

    def pages(self, path: str, name: str, **asked: Any) -> Iterator[Any]:
        """A list, page after page."""
        cursor = None
        while cursor != "":
            page = self.get(path, cursor=cursor, **asked)
            yield from page[name]
            cursor = page["next"]

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """What came of an act; sent again it takes effect once."""
        request = httpx2.Request(
            "POST", self.host + API + path, json=body, headers={"Idempotency-Key": new_id()}
        )
        return told_by(self._answer(request))

    def delete(self, path: str) -> None:
        """The thing at a path is given up."""
        self._answer(httpx2.Request("DELETE", self.host + API + path))

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        answer = self._sent(request, attempts=ATTEMPTS)
        if answer.is_success:
            return answer
        raise refusal_of(answer)

    def _sent(self, request: httpx2.Request, *, attempts: int) -> httpx2.Response:
        try:
            return self._client.send(request)
        except httpx2.TransportError as silent:
            if attempts > 1:
                return self._sent(request, attempts=attempts - 1)
            why = str(silent)[:200] or type(silent).__name__
            raise ServerNotReached(self.host, why=why) from None


def refusal_of(answer: httpx2.Response) -> ValorError:
    """A problem document as the error that it was."""
    try:
        problem = answer.json()
        error = refusal(problem, otherwise=BY_STATUS.get(answer.status_code, ValorError))
    except (ValueError, TypeError, KeyError):
        return _of_another_product(answer)
    error.status = answer.status_code
    if isinstance(error, BadInputs):
        error.flaws = tuple(Flaw(f["place"], f["problem"]) for f in problem["flaws"])
    if isinstance(error, Exhausted):
        error.retry_after_s, error.reset_at = problem["retry_after_s"], problem["reset_at"]
        error.policies = tuple(problem["violated-policies"])
    return error


def told_by(answer: httpx2.Response) -> Any:
    """What an answer holds as JSON; a page, such as a proxy's sign-in, is none of ours."""
    try:
        return answer.json()
    except ValueError:
        raise _of_another_product(answer) from None


def _of_another_product(answer: httpx2.Response) -> ServerNotReached:
    told = f"it answers {answer.status_code}, and not as this product does"
    return ServerNotReached(answer.url.host, why=told)


def refusal(told: Mapping[str, Any], *, otherwise: type[ValorError] = ValorError) -> ValorError:
    """The error of a code, with the message and the hint that the server gave it."""
    kind = _errors().get(told["code"], otherwise)
    error = kind.__new__(kind, told["detail"])
    error.code, error.hint = told["code"], told["hint"]
    return error


@cache
def _errors() -> Mapping[str, type[ValorError]]:
    """Every error of the core by its code; reading all rooms is worth it once something failed."""
    import valor_core

    for module in pkgutil.walk_packages(valor_core.__path__, "valor_core."):
        if module.name.rpartition(".")[2] not in ("offline", "sql_child"):
            importlib.import_module(module.name)
    found: dict[str, type[ValorError]] = {}
    waiting = [ValorError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        found.setdefault(kind.code, kind)
    return found


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
