from tests.conftest import ONLY_SQLITE
from tests.pages.opening import opened, pressed, run, texts
from valor_core.tenancy.api_keys import caller_of_key
from valor_core.values import Scope, utc_now
from valor_core.workbench import people
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE


def test_a_member_makes_a_key_sees_it_once_rotates_and_revokes_it(acme, store, monkeypatch):
    page = opened(monkeypatch, acme.viewer, "keys")
    assert "There is no key yet" in texts(page)
    assert [each.label for each in page.checkbox] == ["Read companies, filings, values and reports"]

    page.text_input(key="keys:name").set_value("nightly notebook")
    pressed(page, "Make the key")
    key = page.code[0].value
    caller = caller_of_key(store, key)
    assert caller is not None
    assert caller.scopes == {Scope.READ}
    assert "vera" in texts(page)
    pressed(page, "I have copied it")
    assert not page.code
    assert key.rpartition(".")[2] not in texts(page)

    pressed(page, "Rotate it")
    assert caller_of_key(store, page.code[0].value)
    pressed(pressed(page, "I have copied it"), "Rotate it")
    assert "2 keys named 'nightly notebook' work already" in texts(page)
    assert "<th scope=row>Keys that work beside it</th><td>1 of its name</td>" in texts(page)
    assert "This needs a reason." in texts(pressed(page, "Revoke it"))
    page.text_input(key="keys:why").set_value("it leaked")
    pressed(page, "Revoke it")
    assert f"revoked on {utc_now():%Y-%m-%d}: it leaked" in texts(page)


def test_an_administrator_makes_keys_of_the_tenant_and_may_end_but_not_rotate_another_members(
    acme, monkeypatch
):
    with open_work(acme.viewer) as work:
        people.add_own_key(work, "hers", [Scope.READ])
    page = opened(monkeypatch, acme.admin, "keys")
    assert next(each for each in page.button if each.label == "Rotate it").disabled

    page.text_input(key="keys:name").set_value("warehouse")
    page.selectbox(key="keys:whose").set_value("analyst")
    pressed(page, "Make the key")
    assert "the tenant, as analyst" in texts(page)
    with open_work(acme.admin) as work:
        assert {row.label: row.role for row in people.list_keys(work)} == {
            "hers": None, "warehouse": "analyst",
        }  # fmt: skip
    run(page)
