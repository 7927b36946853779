import pytest

from tests.conftest import ONLY_SQLITE
from tests.pages.opening import opened, pressed, run, texts
from valor_core.audit import log
from valor_core.values import PLATFORM, Caller, Role
from valor_core.workbench import billing, people, plans
from valor_core.workbench.logbook import read_log, verify_log
from valor_core.workbench.signing_in import redeem_token
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE
OLGA = Caller(tenant_id=PLATFORM, user_id="olga", role=Role.OPERATOR)


@pytest.fixture
def page(store, acme, monkeypatch):
    return opened(monkeypatch, OLGA, "installation")


def section(page, name):
    page.segmented_control(key="installation:section").set_value(name)
    return run(page)


def test_a_tenant_is_made_with_its_first_administrator_suspended_and_opened_again(
    page, store, acme
):
    page.text_input(key="installation:label").set_value("New Co")
    page.text_input(key="installation:slug").set_value("newco")
    page.text_input(key="installation:admin").set_value("nora")
    pressed(page, "Make the tenant")
    assert redeem_token(store, page.code[0].value.partition("#token=")[2])
    pressed(page, "Done")

    page.selectbox(key="installation:tenant").set_value("acme")
    assert "3 may come in" in texts(run(page))
    pressed(page, "Suspend")
    assert "This needs a reason." in texts(page)
    page.text_input(key="installation:why").set_value("unpaid")
    assert "nobody can come in" in texts(pressed(page, "Suspend"))
    page.text_input(key="installation:why").set_value("paid")
    assert "3 may come in" in texts(pressed(page, "Open it again"))


def test_an_officer_whom_an_administrator_proposed_is_agreed_to(page, acme):
    with open_work(acme.admin) as work:
        people.add_member(work, "carl", Role.COMPLIANCE)
    page.selectbox(key="installation:tenant").set_value("acme")
    assert "carl" in texts(run(page))
    pressed(page, "Agree")

    with open_work(acme.admin) as work:
        assert {row.name: row.role for row in people.list_members(work)}["carl"] == "compliance"


def test_a_plan_is_defined_and_assigned_and_features_are_explained_and_switched(page, acme):
    section(page, "Plans")
    given = {"Short name": "team", "Name": "Team", "Reports a month": "7"}
    for each in page.text_input:
        if each.label in given:
            each.set_value(given[each.label])
    told = texts(pressed(page, "Show what would change"))
    assert "<th scope=row>Reports a month</th><td>10,000</td><td>7</td>" in told
    assert "This needs a reason." in texts(pressed(page, "Define it"))
    page.text_input(key="installation:define_why").set_value("as sold")
    pressed(page, "Define it")
    page.selectbox(key="installation:tenant").set_value("acme")
    assert "What would change" in texts(run(page))
    page.text_input(key="limits:why").set_value("as signed")
    pressed(page, "Change the plan")
    with open_work(acme.viewer) as work:
        assert plans.plan_now(work).effective.value("reports_per_month") == 7

    price = "<th scope=row>Saved valuations, on "
    assert price in texts(page)
    next(e for e in page.number_input if e.label == "Price, in the smallest unit").set_value(250)
    assert "<td>–</td><td>2.50 USD for 1</td>" in texts(run(page))
    assert "This needs a reason." in texts(pressed(page, "State it"))
    page.text_input(key="installation:price_why").set_value("their contract")
    assert "A price is never rewritten" in texts(pressed(page, "State it"))
    with open_work(acme.admin) as work:
        assert [each.price_minor for each in billing.list_prices(work)] == [250]

    assert "It is not switched off for all." in texts(section(page, "Features"))
    of_all = "<th scope=row>Tenants that have it, of 2 tenants</th><td>2</td><td>0</td>"
    assert of_all in texts(page)
    page.text_input(key="installation:switch_why").set_value("a breach")
    pressed(page, "Do it for all")
    assert "Switched off for all: a breach." in texts(page)
    assert "Nothing of the billing provider waits" in texts(section(page, "Webhooks"))


def test_an_operator_asks_the_administrator_sees_it_on_home_and_lets_in_for_some_hours(
    page, store, acme, monkeypatch
):
    section(page, "Access")
    page.selectbox(key="installation:tenant").set_value("acme")
    assert "Nobody has asked to read this tenant." in texts(run(page))
    page.text_input(key="grants:why").set_value("the import fails")
    assert "asked for" in texts(pressed(page, "Ask"))

    home = opened(monkeypatch, acme.viewer, "home")
    assert "asks to read this tenant for 4 hours" in texts(home)
    assert "Refuse" not in [button.label for button in home.button]
    home = opened(monkeypatch, acme.admin, "home")
    assert "A yes lets the operator read all that a viewer reads, until" in texts(home)
    assert "This needs a reason." in texts(pressed(home, "Let the operator read"))
    why(home).set_value("as agreed by telephone")
    pressed(home, "Let the operator read")
    assert "may read this tenant by your leave until" in texts(home)

    page = opened(monkeypatch, OLGA, "installation")
    section(page, "Access")
    page.selectbox(key="installation:tenant").set_value("acme")
    pressed(run(page), "Open acme")
    link = page.get("link_button")[0].proto.url
    assert redeem_token(store, link.partition("#token=")[2])
    home = opened(monkeypatch, acme.admin, "home")
    assert "If you end it, 1 visit ends within five seconds" in texts(home)
    why(home).set_value("it is mended")
    pressed(home, "End it now")
    assert "The operator's access" not in texts(opened(monkeypatch, acme.admin, "home"))


def why(page):
    """The field that asks for the reason of an answer."""
    return next(each for each in page.text_input if each.label == "Why")


def test_another_key_signs_the_log_once_it_is_said_why(page, acme, monkeypatch):
    monkeypatch.setenv("AUDIT_HMAC_SECRET", f"{log.keys()[1].decode()}\n{'b' * 32}")
    shown = texts(section(page, "Log key"))
    assert "number 2, which waits already" in shown
    assert "This needs a reason." in texts(pressed(page, "Change the key"))
    page.text_input(key="installation:rotate_why").set_value("a year has passed")
    assert "Key 2 signs" in texts(pressed(page, "Change the key"))
    with open_work(acme.admin) as work:
        [entry] = read_log(work, action=log.ROTATED)
        assert verify_log(work).holds
        assert (entry.actor, b"a year has passed" in (entry.payload or b"")) == (
            "operator:olga",
            True,
        )
