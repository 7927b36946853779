from tests.conftest import ONLY_SQLITE
from tests.pages.opening import opened, pressed, run, texts
from tests.workbench.test_sessions import FIREFOX, lasts, signed_in
from valor_core.values import PLATFORM, Caller, Role

pytestmark = ONLY_SQLITE


def test_who_is_signed_in_twice_sees_both_and_ends_the_other(store, acme, monkeypatch):
    here, lost = signed_in(store, acme), signed_in(store, acme)

    page = opened(monkeypatch, here, "sessions")
    assert texts(page).count(FIREFOX.browser) == 2
    assert "(this one)" in texts(page)
    assert not page.segmented_control
    pressed(page, "End all others (1)")

    assert (lasts(store, here), lasts(store, lost)) == (True, False)
    assert "You are signed in here only." in texts(page)


def test_an_administrator_ends_the_sign_in_of_a_member(store, acme, monkeypatch):
    anna, adam = signed_in(store, acme), signed_in(store, acme, "adam")
    page = opened(monkeypatch, adam, "sessions")
    page.segmented_control(key="sessions:section").set_value("Everybody's")

    assert "2 people signed in" in texts(run(page))
    assert page.selectbox[0].options[0].startswith("anna, Firefox on Linux")
    assert "This needs a reason." in texts(pressed(page, "End it"))
    assert lasts(store, anna)
    page.text_input(key="sessions:why").set_value("a lost laptop")
    pressed(page, "End it")

    assert (lasts(store, anna), lasts(store, adam)) == (False, True)
    assert "1 person signed in" in texts(page)


def test_an_operator_sees_what_a_group_would_open_and_says_why(store, acme, monkeypatch):
    olga = Caller(tenant_id=PLATFORM, user_id="olga", role=Role.OPERATOR)
    page = opened(monkeypatch, olga, "sessions")
    page.segmented_control(key="sessions:section").set_value("Groups")
    field(run(page), "Group").set_value("desk")
    field(page, "Opens").set_value("acme")
    told = texts(run(page))
    assert "<th scope=row>desk in acme</th><td>opens nothing</td><td>viewer</td>" in told
    assert "This needs a reason." in texts(pressed(page, "Open it"))
    page.text_input(key="groups:why").set_value("they work here")
    told = texts(pressed(page, "Open it"))
    assert "<th scope=row>desk in acme</th><td>viewer</td><td>opens nothing</td>" in told
    page.text_input(key="groups:end_why").set_value("they left")
    assert "No group opens anything yet." in texts(pressed(page, "Close it out"))


def field(page, label: str):
    """The field of that label."""
    return next(each for each in (*page.text_input, *page.selectbox) if each.label == label)
