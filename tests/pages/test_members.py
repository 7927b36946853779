from dataclasses import replace

from tests.conftest import ONLY_SQLITE
from tests.pages.opening import opened, pressed, run, texts
from valor_core.values import Role
from valor_core.workbench import people
from valor_core.workbench.signing_in import redeem_token
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE


def section(page, name):
    page.segmented_control(key="members:section").set_value(name)
    return run(page)


def test_an_administrator_takes_somebody_in_and_hands_over_a_link(acme, store, monkeypatch):
    page = section(opened(monkeypatch, acme.admin, "members"), "Take in")
    pressed(page, "Take in")
    assert "cannot be a member's name" in texts(page)

    page.text_input(key="members:name").set_value("nora")
    pressed(page, "Take in")

    link = page.code[0].value
    assert redeem_token(store, link.partition("#token=")[2])
    assert not pressed(page, "Done").code
    assert "nora" in texts(section(page, "Members"))


def test_a_change_is_shown_before_it_is_made_and_needs_its_reason(acme, monkeypatch):
    page = section(opened(monkeypatch, acme.admin, "members"), "Change")
    page.selectbox(key="members:member").set_value(acme.analyst.user_id)
    page.selectbox(key="members:change").set_value("Suspend")
    assert "may not come in" in texts(run(page))
    assert "also imports, values and reports" in texts(page)

    pressed(page, "Do it")
    assert "This needs a reason." in texts(page)
    page.text_input(key="members:why").set_value("on leave")
    pressed(page, "Do it")
    assert "Let in again" in page.selectbox(key="members:change").options
    assert "suspended since" in texts(section(page, "Members"))


def test_an_officer_agrees_to_another_one_and_can_change_nothing_else(acme, monkeypatch):
    with open_work(acme.operator) as work:
        cleo = people.add_member(work, "cleo", Role.COMPLIANCE).user_id
    page = section(opened(monkeypatch, acme.admin, "members"), "Change")
    page.selectbox(key="members:member").set_value(acme.viewer.user_id)
    page.selectbox(key="members:change").set_value(Role.COMPLIANCE)
    assert "makes no compliance officer" in texts(run(page))
    page.text_input(key="members:why").set_value("a second one")
    pressed(page, "Do it")

    page = opened(monkeypatch, replace(acme.compliance, user_id=cleo), "members")
    assert page.segmented_control(key="members:section").options == ["Members"]
    assert "proposed as compliance officer" in texts(page)
    pressed(page, "Agree")
    with open_work(acme.admin) as work:
        assert {row.name: row.role for row in people.list_members(work)}["vera"] == "compliance"
