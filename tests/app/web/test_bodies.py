import gzip
import json

import httpx2
import pytest
from fastapi import FastAPI, Request
from hypothesis import given, settings
from hypothesis.strategies import integers

from app.web.bodies import LARGE, SMALL, BodyLimits
from tests.app.web.serving import served

api = FastAPI()


@api.post("/api/v1/valuations")
@api.post("/api/v1/imports")
async def count(request: Request) -> int:
    return len(await request.body())


@api.post("/api/v1/notes")
async def note(body: dict[str, str]) -> int:
    return len(body)


@pytest.fixture(scope="module")
def origin():
    with served(BodyLimits(api)) as running:
        yield running.origin


def in_chunks(size: int, *, chunk: int = 65_536):
    while size > 0:
        yield b" " * min(size, chunk)
        size -= chunk


@settings(max_examples=12)
@given(distance=integers(-2_000, 2_000))
def test_a_body_is_taken_exactly_up_to_the_limit_declared_or_not(origin, distance):
    size = SMALL + distance
    status = 200 if size <= SMALL else 413

    declared = httpx2.post(f"{origin}/api/v1/valuations", content=b" " * size)
    chunked = httpx2.post(f"{origin}/api/v1/valuations", content=in_chunks(size))

    assert declared.status_code == chunked.status_code == status
    assert (declared.json() == size) is (status == 200)


def test_an_import_may_bring_a_file_of_25_megabytes_but_not_any_size(origin):
    taken = httpx2.post(f"{origin}/api/v1/imports", content=in_chunks(25_000_000))
    refused = httpx2.post(f"{origin}/api/v1/imports", content=in_chunks(LARGE + 1))

    assert taken.json() == 25_000_000
    assert refused.status_code == 413
    assert refused.json()["code"] == "body_too_large"
    assert "30 MiB" in refused.json()["detail"]


def test_a_framework_that_hides_the_reason_does_not_change_the_answer(origin):
    """FastAPI turns whatever goes wrong while it reads a JSON body into a 400."""
    body = (chunk for chunk in [b'{"text": "', *in_chunks(SMALL), b'"}'])

    answer = httpx2.post(
        f"{origin}/api/v1/notes", content=body, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 413


def test_a_compressed_body_is_refused_with_the_way_out(origin):
    answer = httpx2.post(
        f"{origin}/api/v1/notes",
        content=gzip.compress(json.dumps({"a": "b"}).encode()),
        headers={"Content-Encoding": "gzip", "Content-Type": "application/json"},
    )

    assert answer.status_code == 415
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["hint"] == "Send it uncompressed."
