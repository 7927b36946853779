from tests.app.api.asking import refusal
from tests.conftest import ONLY_SQLITE
from valor_core.tenancy.access import MAY
from valor_core.values import Role

pytestmark = ONLY_SQLITE


def test_everybody_is_told_who_they_are_and_what_they_may(acme, client):
    for caller, name, role in (
        (acme.viewer, "vera", Role.VIEWER),
        (acme.analyst, "anna", Role.ANALYST),
        (acme.admin, "adam", Role.ADMIN),
    ):
        me = client(caller).get("/me").json()

        assert (me["name"], me["role"], me["tenant_id"]) == (name, role, acme.id)
        assert set(me["may"]) == {act for act, roles in MAY.items() if role in roles}
        assert client(caller).get("/session").json() == me


def test_a_path_that_is_none_of_ours_is_told_as_such(acme, client):
    assert refusal(client(acme.admin).get("/you")) == (404, "no_such_route")
    assert refusal(client(acme.admin).delete("/me")) == (405, "no_such_route")
