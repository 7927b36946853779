"""Policies and legal holds as clients meet them."""

import pytest

from tests.app.api.asking import once, refusal
from tests.conftest import ONLY_SQLITE
from valor_core.values import Caller, Role
from valor_core.workbench import people
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE
WHY = {"reason": "it is settled"}


@pytest.fixture
def officers(store, acme, client):
    """Two compliance officers, each with a client."""
    made = []
    for name in ("cleo", "carl"):
        with open_work(acme.operator) as work:
            row = people.add_member(work, name, Role.COMPLIANCE)
        made.append(client(Caller(tenant_id=acme.id, user_id=row.user_id, role=Role.COMPLIANCE)))
    return made


def test_a_policy_is_told_with_what_it_is_about(acme, client):
    admin = client(acme.admin)
    body = {"days": 365, "reason": "as agreed"}
    nothing_due = {"made": True, "purged": 0, "held": 0}
    assert admin.put("/retention/act", json=body).json() == nothing_due
    told = {row["category"]: row for row in admin.get("/retention").json()["policies"]}

    assert (told["act"]["days"], told["security"]["days"]) == (365, None)
    assert all(row["meaning"] for row in told.values())
    assert refusal(admin.put("/retention/act", json=body | {"days": 5})) == (422, "bad_input")
    assert refusal(admin.put("/retention/audit", json=body)) == (422, "bad_input")


def test_a_hold_is_set_by_one_and_released_by_another(acme, rival, client, officers):
    cleo, carl = officers
    body = {"subject": acme.analyst.actor, "reason": "an inquiry"}
    hold = cleo.post("/holds", json=body, headers=once()).json()
    path = f"/holds/{hold['id']}"

    assert refusal(carl.post(f"{path}/release", json=WHY)) == (409, "another_person_needed")
    assert carl.get(f"{path}/release").json() == {"made": False, "purged": 0, "held": 0}
    assert cleo.post(f"{path}/ask-release", json=WHY).json()["release_asked_by"] == hold["set_by"]
    assert refusal(cleo.post(f"{path}/release", json=WHY)) == (409, "another_person_needed")
    released = carl.post(f"{path}/release", json=WHY).json()
    assert released["released_by"] not in (None, released["set_by"])
    assert client(acme.admin).get("/holds").json() == {"holds": [released]}
    assert client(rival.admin).get("/holds").json() == {"holds": []}
    assert refusal(carl.post(f"{path}/release", json=WHY)) == (404, "not_found")


def test_another_tenants_hold_is_one_that_is_not_there(rival, client, officers):
    cleo, _ = officers
    hold = cleo.post("/holds", json={"reason": "an inquiry"}, headers=once()).json()["id"]
    with open_work(rival.operator) as work:
        row = people.add_member(work, "cora", Role.COMPLIANCE)
    theirs = client(Caller(tenant_id=rival.id, user_id=row.user_id, role=Role.COMPLIANCE))

    for act in ("release", "ask-release"):
        answers = [
            theirs.post(f"/holds/{each}/{act}", json=WHY)
            for each in (hold, hold[:-1] + "0", "nobodys")
        ]
        assert {refusal(answer) for answer in answers} == {(404, "not_found")}
    assert refusal(theirs.get(f"/holds/{hold}/release")) == (404, "not_found")
