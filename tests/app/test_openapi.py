"""Whatever the API's document lets anybody send, and whoever sends it: the answer is one of those
that the document names, and never a fault of ours.

Each run tries every operation once, with what fits the document, with what breaks it, or with a
body that is sound but for one part; with `--hypothesis-profile=thorough` twenty times, on both
databases.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from random import Random
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks
from starlette.testclient import TestClient

from app.api.application import create_api
from app.compute import RUNS
from app.fault_server import FaultServer
from tests.app.asking import (
    PORT,
    Client,
    Whole,
    by_key,
    by_session,
    newly_signed_in,
    whole_application,
)
from tests.app.test_permissions import NAMED, ROLES, body_of, laid_out
from tests.app.things import Things, things_of
from tests.conftest import BOTH
from tests.moulds import Tenant
from valor_core.errors import ValorError
from valor_core.snapshots import reader
from valor_core.store.engines import Store
from valor_core.values import PLATFORM, Role, Scope, new_id
from valor_core.workbench import people
from valor_core.workbench.setup import operator
from valor_core.workbench.verb import open_work

AT = f"http://127.0.0.1:{PORT}"
TIMES = max(1, settings().max_examples // 25)
STRANGE: tuple[Any, ...] = (
    None, True, 0, -1, 2**63, 2**70, 1e308, -1e-320, "", "x" * 10_000, "\0", "\ud800", "2026-02-30",
    [], [[]], {}, {"": None},
)  # fmt: skip
HELD_TO = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


@contextmanager
def things_there(store: Store, tenant: Tenant) -> Iterator[Things]:
    yield things_of(store, tenant, cik=9_999_901)
    reader.close_idle()
    RUNS.close()


def everybody(whole: Whole, store: Store, acme: Tenant) -> list[Client]:
    """One of each kind who may ask, and a program that may only read."""
    with open_work(operator(PLATFORM), store) as work:
        people.add_member(work, "olga", Role.OPERATOR)
    with open_work(acme.operator, store) as work:
        people.add_member(work, "cleo", Role.COMPLIANCE)
    return [
        Client(whole),
        *(by_session(whole, store, acme, role) for role in ROLES),
        Client(whole, shows=newly_signed_in(store, acme.operator, "cleo")),
        Client(whole, shows=newly_signed_in(store, operator(PLATFORM), "olga")),
        by_key(whole, store, acme, Role.ADMIN, [Scope.READ]),
    ]


def a_mode(operation: APIOperation, chance: Random) -> GenerationMode:
    """What fits the document or, where anything can, what breaks it."""
    breakable = operation.body or operation.query
    return chance.choice(list(GenerationMode)) if breakable else GenerationMode.POSITIVE


def address(case: Case, things: Things, chance: Random) -> None:
    """As a program does that has read the docs; every other case asks for things that are there."""
    match = "*" if case.method.upper() == "PATCH" else f'"v{things.draft_version}"'
    case.headers.update({"Idempotency-Key": new_id(), "If-Match": match})
    if chance.random() < 0.5:
        for name, each in case.path_parameters.items():
            case.path_parameters[name] = getattr(things, name, NAMED.get(name, each))


def route_of(case: Case) -> str:
    return f"{case.method.upper()} {case.path}"


def nearly_sound(case: Case, things: Things, chance: Random) -> bytes | None:
    """Instead of every other body one that is sound, or is but for one part."""
    sound = body_of(route_of(case), things)
    if not isinstance(sound, dict) or chance.random() < 0.5:
        return None
    return json.dumps(sound if chance.random() < 0.4 else altered(sound, chance)).encode()


def altered(sound: Any, chance: Random) -> Any:
    """The body with one part, however deep, made something that nobody would send."""
    whole = part = json.loads(json.dumps(sound))
    while True:
        key = chance.choice(list(part) if isinstance(part, dict) else range(len(part)))
        inner = part[key]
        if not inner or not isinstance(inner, dict | list) or chance.random() < 0.2:
            part[key] = chance.choice(STRANGE)
            return whole
        part = inner


def sent(case: Case, client: Client, body: bytes | None) -> requests.PreparedRequest:
    shows = {name.decode(): value.decode() for name, value in client.shows}
    told = case.as_transport_kwargs(f"{AT}/api/v1", shows)
    if body is not None:
        told |= {"json": None, "data": body}
        told["headers"]["Content-Type"] = "application/json"
    return requests.Request(**told).prepare()


@pytest.mark.parametrize("mould", BOTH if TIMES > 1 else BOTH[:1], indirect=True)
def test_no_role_gets_an_answer_that_the_document_does_not_name(
    store: Store, acme: Tenant, sec: FaultServer
):
    with whole_application(store) as whole, things_there(store, acme) as things:
        callers = everybody(whole, store, acme)
        chance = Random(1 if settings().derandomize else None)
        program = TestClient(
            whole.app, AT, client=("127.0.0.1", 1), raise_server_exceptions=False,
            follow_redirects=False,
        )  # fmt: skip
        program.portal = whole.portal  # the loop on which the application lives
        for found in schemathesis.openapi.from_dict(create_api().openapi()).get_all_operations():
            assert isinstance(found, Ok), found
            operation = found.ok()

            @seed(chance.randrange(1 << 32))
            @settings(
                max_examples=TIMES, phases=[Phase.generate], database=None,
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            @given(operation.as_strategy(generation_mode=a_mode(operation, chance)))
            def answers_as_it_says(case: Case) -> None:
                who, there = chance.choice((acme.viewer, acme.analyst, acme.admin)), things
                with suppress(ValorError):  # a case before may have switched it off, or used it up
                    there = laid_out(store, acme, who, route_of(case), things)
                address(case, there, chance)
                body = nearly_sound(case, there, chance)
                for client in callers:
                    it = sent(case, client, body)
                    answer = program.request(
                        it.method or "", it.url or "", content=it.body, headers=dict(it.headers)
                    )
                    case.validate_response(answer, checks=HELD_TO)

            answers_as_it_says()
