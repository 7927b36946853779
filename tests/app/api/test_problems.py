"""What goes wrong in a route is told in one shape: our own faults without their details."""

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.api.problems import add_problems
from valor_core.errors import Conflict
from valor_core.store.work import StoreUnavailable
from valor_core.store.writer import WriterBusy
from valor_core.workbench.retries import RequestInProgress


def answer_where(error: Exception):
    api = FastAPI()
    add_problems(api)

    @api.get("/fails")
    def fails() -> None:
        raise error

    return TestClient(api, raise_server_exceptions=False).get("/fails")


def test_a_bug_is_told_as_ours_and_not_what_it_was():
    answer = answer_where(ZeroDivisionError("of the peer's password"))

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert answer.json()["instance"] == "/fails"
    assert "ZeroDivision" not in answer.text
    assert "password" not in answer.text


@pytest.mark.parametrize("error", [WriterBusy(30.0), StoreUnavailable(), RequestInProgress()])
def test_what_passes_by_itself_says_when_to_try_again(error):
    answer = answer_where(error)

    assert (answer.status_code, answer.json()["code"]) == (error.status, error.code)
    assert answer.headers["Retry-After"] == "1"


def test_a_conflict_that_stays_does_not():
    assert "Retry-After" not in answer_where(Conflict("It has changed.", hint="Look.")).headers
