"""What a route gets: the caller, the caller's open unit of work, and safety from repetition."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Annotated

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from valor_core.errors import SignInNeeded
from valor_core.store.work import Work
from valor_core.values import Caller
from valor_core.workbench import retries
from valor_core.workbench.verb import open_work


def signed_in(request: Request) -> Caller:
    """Who calls; the middleware has refused everybody else already."""
    caller: Caller | None = request.scope.get("state", {}).get("caller")
    if caller is None:
        raise SignInNeeded
    return caller


def work_of_caller(
    caller: Annotated[Caller, Depends(signed_in)], request: Request
) -> Iterator[Work]:
    """The caller's unit of work, committed or rolled back before the answer leaves."""
    with open_work(caller) as work:
        try:
            yield work
        finally:
            request.state.charged = work.charged  # for the headers of the answer


CallersWork = Annotated[Work, Depends(work_of_caller, scope="function")]


async def raw_body(request: Request) -> bytes:
    """The bytes that were sent."""
    return await request.body()


RawBody = Annotated[bytes, Depends(raw_body)]


class Once:
    """A creating request takes effect once, however often it is sent with its Idempotency-Key."""

    def __init__(
        self,
        work: CallersWork,
        request: Request,
        body: RawBody,
        idempotency_key: Annotated[str, Header(max_length=retries.KEY_LENGTH_MAX)] = "",
    ) -> None:
        self.work, self.body, self.key = work, body, idempotency_key
        asked = hashlib.sha256(request.url.query.encode()).hexdigest()  # it may name somebody
        self.route = f"{request.method} {request.url.path}?{asked}"

    @property
    def is_repeated(self) -> bool:
        """Whether this request came before."""
        return retries.is_known(self.work, route=self.route, key=self.key)

    def do(self, act: Callable[[], BaseModel], *, status: int = 201) -> Response:
        """Does it and keeps the answer, or replays the answer of the first time."""
        known = retries.claim(self.work, route=self.route, key=self.key, body=self.body)
        if known:
            return _answer(known.response, known.status, {"Idempotent-Replayed": "true"})
        response = act().model_dump_json()
        retries.keep_answer(
            self.work, route=self.route, key=self.key, status=status, response=response
        )
        return _answer(response, status, {})


def _answer(text: str, status: int, headers: dict[str, str]) -> Response:
    return Response(text, status, headers=headers, media_type="application/json")


MakesOnce = Annotated[Once, Depends(Once, scope="function")]
