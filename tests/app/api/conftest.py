"""The API as its clients meet it, behind the identity of a caller of choice."""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from app.api.application import create_api
from valor_core.values import Caller

Client = Callable[[Caller], TestClient]


@pytest.fixture(scope="session")
def client() -> Client:
    api = create_api()

    def as_caller(caller: Caller) -> TestClient:
        async def signed_in(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("state", {})["caller"] = caller
            await api(scope, receive, send)

        return TestClient(signed_in, raise_server_exceptions=False)

    return as_caller
