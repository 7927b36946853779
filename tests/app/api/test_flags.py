"""Feature flags over the API: each with the layers that spoke, overridden for a time."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.app.api.asking import bring, refusal
from tests.conftest import ONLY_SQLITE
from valor_core.coverage.facts_csv import template
from valor_core.tenancy.flags import FLAGS, Layer

UNTIL = (datetime.now(UTC) + timedelta(days=3)).isoformat()


def override(api, flag: str = "fact_import", **change: object):
    body = {"value": False, "reason": "a breach", "expires_at": UNTIL} | change
    return api.put(f"/flags/{flag}/override", json=body)


def test_a_flag_is_overridden_explained_and_ended_and_its_act_refused_meanwhile(client, acme):
    api = client(acme.admin)
    made = override(api).json()

    assert (made["value"], made["decided_by"]) == (False, "tenant override")
    assert [each["layer"] for each in made["layers"]] == list(Layer)
    assert (made.pop("made"), made.pop("before")) == (True, True)
    assert api.get("/flags/fact_import").json() == made
    assert {each["flag"] for each in api.get("/flags").json()["flags"]} == set(FLAGS)
    assert refusal(bring(client(acme.analyst), template().encode())) == (404, "switched_off")

    assert api.delete("/flags/fact_import/override?reason=done").json()["value"] is True
    assert refusal(api.delete("/flags/fact_import/override?reason=done")) == (404, "not_found")
    assert bring(client(acme.analyst), template().encode()).status_code == 201


@ONLY_SQLITE
@pytest.mark.parametrize(
    "wrong",
    [
        {"value": 1}, {"value": "off"}, {"value": None}, {"value": {}}, {"reason": ""},
        {"expires_at": "2020-01-01T00:00:00Z"}, {"expires_at": "2027-01-01T00:00:00"},
        {"tenant_id": "rival"},
    ],
)  # fmt: skip
def test_an_override_that_cannot_be_is_refused(client, acme, wrong):
    assert refusal(override(client(acme.admin), **wrong))[0] == 422


def test_a_flag_that_is_not_declared_is_told_those_that_are(client, acme):
    answer = override(client(acme.admin), "nowhere")

    assert refusal(answer) == (404, "not_found")
    assert "workbook_audit" in answer.json()["hint"]
