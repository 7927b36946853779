"""The door of the billing provider: open under both of its paths to who signs, and to nobody."""

import json
import time

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select

from tests.app.asking import Client, by_session, whole_application
from tests.billing.telling import usage
from tests.conftest import ONLY_SQLITE
from tests.moulds import Tenant
from valor_core.billing.signatures import SETTING, signed
from valor_core.store.engines import Store
from valor_core.store.tables import WebhookRow
from valor_core.values import Role
from valor_core.workbench.setup import PLATFORM, operator
from valor_core.workbench.verb import open_work

PATHS = ("/api/v1/billing/webhook", "/api/billing/webhook")
OLD, NEW = "o" * 40, "whsec_" + "n" * 40


def refusals(code: str) -> float:
    return REGISTRY.get_sample_value("valor_webhooks_total", {"outcome": code}) or 0.0


def inboxed(store: Store) -> int:
    with open_work(operator(PLATFORM), store) as work:
        return len(work.session.scalars(select(WebhookRow)).all())


@ONLY_SQLITE
def test_only_what_is_signed_now_by_a_known_secret_is_taken_under_both_paths(
    store: Store, acme: Tenant, monkeypatch: pytest.MonkeyPatch
):
    """S36, G41, G42."""
    monkeypatch.setenv(SETTING, f"{OLD},{NEW}")
    now, body = time.time(), json.dumps(usage("evt_0")).encode()
    with whole_application(store) as whole:
        nobody = Client(whole)

        def post(path: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
            answer = nobody.ask("POST", path, body, **headers)
            return answer.status, answer.code

        before = refusals("webhook_refused")
        for path in PATHS:
            for headers in [
                {}, signed(body, "x" * 40, now_s=now), signed(body + b" ", NEW, now_s=now),
                signed(body, NEW, now_s=now - 302), signed(body, NEW, now_s=now + 305),
                signed(b"\xef\xbb\xbf" + body, NEW, now_s=now),
            ]:  # fmt: skip
                assert post(path, body, headers) == (400, "webhook_refused"), headers
            huge = body + b" " * (10 << 20)
            assert post(path, huge, signed(huge, NEW, now_s=now)) == (413, "body_too_large")
            for bad in (b"\xef\xbb\xbf" + body, body[:-1], b"[]", b'{"id": 1, "id": 2}', b"NaN"):
                _, code = post(path, bad, signed(bad, NEW, now_s=now))
                assert code in ("bad_json", "bad_event"), bad
        assert refusals("webhook_refused") - before == 12
        assert inboxed(store) == 0

        for n, (by, path) in enumerate([(OLD, PATHS[0]), (NEW, PATHS[1])]):
            body = json.dumps(usage(f"evt_{n}")).encode()
            first = nobody.ask("POST", path, body, **signed(body, by, now_s=now))
            again = nobody.ask(
                "POST", path, body, **signed(body, by, now_s=now, message_id=f"evt_{n}")
            )
            assert json.loads(first.body) == {
                "event_id": f"evt_{n}", "state": "applied", "repeated": False,
            }  # fmt: skip
            assert json.loads(again.body)["repeated"]
        other = json.dumps(usage("evt_1", amount_minor=1)).encode()
        conflicts = refusals("webhook_conflict")
        assert post(PATHS[0], other, signed(other, NEW, now_s=now)) == (409, "webhook_conflict")
        assert refusals("webhook_conflict") == conflicts + 1
        unnamed = json.dumps({"type": "customer.created"}).encode()
        signed_id = signed(unnamed, NEW, now_s=now, message_id="msg_1")
        assert post(PATHS[0], unnamed, signed_id) == (200, "")

        # A sign-in is no signature, and the door has one method.
        admin = by_session(whole, store, acme, Role.ADMIN)
        assert admin.ask("POST", PATHS[0], body).code == "webhook_refused"
        assert nobody.ask("GET", PATHS[0]).status == 405
