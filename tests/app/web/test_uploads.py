import asyncio

import pytest

from app.web.bodies import LARGE
from app.web.uploads import BYTES_MAX, FILES_MAX, Uploads
from valor_core.values import Caller, Role, TenantId

MIB = 1 << 20


class Pages:
    """Takes every file, as Streamlit does, and holds it until the page has no more use for it."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def __call__(self, scope, receive, send) -> None:
        await self.may_end.wait()
        self.files.add(scope["path"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})


@pytest.fixture
def pages() -> Pages:
    return Pages()


@pytest.fixture
def uploads(pages) -> Uploads:
    return Uploads(pages, kept=pages.files.__contains__)


async def put(uploads: Uploads, file: str, *, size: int | None = 1, user: str = "anna") -> int:
    """The status of the answer; no size is one that is not declared."""
    told = []

    async def send(message) -> None:
        told.append(message)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    caller = Caller(tenant_id=TenantId("acme"), user_id=user, role=Role.ANALYST)
    headers = [] if size is None else [(b"content-length", str(size).encode())]
    scope = {"type": "http", "method": "PUT", "path": f"/_stcore/upload_file/page/{file}",
             "headers": headers, "state": {"caller": caller}}  # fmt: skip
    await uploads(scope, receive, send)
    return told[0]["status"]


async def in_turn(uploads: Uploads, count: int, **told) -> list[int]:
    return [await put(uploads, f"file-{n}", **told) for n in range(count)]


def test_a_person_has_so_many_files_waiting_and_no_more(uploads):
    statuses = asyncio.run(in_turn(uploads, FILES_MAX + 2))

    assert statuses == [204] * FILES_MAX + [429] * 2
    assert asyncio.run(put(uploads, "hers", user="adam")) == 204


def test_a_person_has_so_many_bytes_waiting_declared_or_not(uploads):
    most = BYTES_MAX // (24 * MIB)
    assert asyncio.run(in_turn(uploads, most + 1, size=24 * MIB)) == [204] * most + [429]

    most = BYTES_MAX // LARGE
    told = asyncio.run(in_turn(uploads, most + 1, size=None, user="adam"))
    assert told == [204] * most + [429]


def test_what_was_imported_or_taken_away_makes_room(uploads, pages):
    asyncio.run(in_turn(uploads, FILES_MAX))
    pages.files.remove("/_stcore/upload_file/page/file-3")

    assert asyncio.run(put(uploads, "next")) == 204
    assert asyncio.run(put(uploads, "one too many")) == 429
    pages.files.clear()
    assert uploads._held(("acme", "anna")) == []
    assert uploads.of_person == {}


def test_a_file_that_takes_anothers_place_counts_once(uploads):
    async def again() -> list[int]:
        return [await put(uploads, "the same") for _ in range(FILES_MAX + 2)]

    assert asyncio.run(again()) == [204] * (FILES_MAX + 2)


def test_files_that_arrive_at_once_count_before_they_are_there(uploads, pages):
    async def at_once() -> list[int]:
        pages.may_end = asyncio.Event()
        sent = [asyncio.create_task(put(uploads, "the same")) for _ in range(FILES_MAX + 3)]
        await asyncio.sleep(0)
        pages.may_end.set()
        return await asyncio.gather(*sent)

    assert sorted(asyncio.run(at_once())) == [204] * FILES_MAX + [429] * 3
