from tests.conftest import ONLY_SQLITE
from tests.pages.opening import opened, pressed, run, texts
from tests.workbench.test_sessions import FIREFOX, lasts, signed_in

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
    pressed(page, "End it")

    assert (lasts(store, anna), lasts(store, adam)) == (False, True)
    assert "1 person signed in" in texts(page)
