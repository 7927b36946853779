import io
from dataclasses import replace
from zipfile import ZipFile

from sqlalchemy import text

from app.prepared import PREPARED
from tests.conftest import ONLY_SQLITE
from tests.pages.opening import opened, pressed, run, saved, texts
from valor_core.values import Scope
from valor_core.workbench import people
from valor_core.workbench.logbook import read_log
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE


def test_entries_read_as_sentences(book, acme, monkeypatch):
    saved(acme.analyst, "KO")
    with open_work(acme.admin) as work:
        people.add_key(work, "nightly", acme.analyst.role)

    shown = texts(opened(monkeypatch, acme.admin, "audit"))

    assert "<b>anna</b> saved a valuation of Coca-Cola Co" in shown
    assert "<b>adam</b> made an API key nightly" in shown
    assert "value per share" in shown


def test_a_deed_by_a_key_is_told_with_the_person_whose_key_it_is(book, acme, monkeypatch):
    with open_work(acme.analyst) as work:
        key = people.add_own_key(work, "nightly", [Scope.VALUE])[0]
    saved(replace(acme.analyst, kind="key", user_id=key.id, owner=acme.analyst.user_id), "KO")

    shown = texts(opened(monkeypatch, acme.admin, "audit"))

    assert "<b>anna by the key nightly</b> saved a valuation" in shown
    assert "<b>anna</b> made an API key of their own nightly" in shown


def test_entries_of_one_deed_can_be_read_alone(book, acme, monkeypatch):
    saved(acme.analyst, "KO")
    page = opened(monkeypatch, acme.admin, "audit")
    page.selectbox(key="audit_action").set_value("valuation.run")
    shown = texts(run(page))

    assert shown.count("<details") == 1
    assert "saved a valuation" in shown


def test_older_entries_come_page_by_page(acme, monkeypatch):
    for number in range(60):
        with open_work(acme.admin) as work:
            people.add_key(work, f"key {number}", acme.analyst.role)
    page = opened(monkeypatch, acme.admin, "audit")
    assert "key 59" in texts(page)
    assert "key 3<" not in texts(page)

    pressed(page, "Older")

    assert "key 3<" in texts(page)
    assert "key 59" not in texts(page)


def test_a_log_that_holds_is_said_to_hold(acme, monkeypatch):
    page = opened(monkeypatch, acme.admin, "audit")
    pressed(page, "Verify the audit log")

    assert "The log holds" in texts(page)


def test_an_edited_entry_is_named(store, acme, monkeypatch):
    with open_work(acme.admin) as work:
        people.add_key(work, "nightly", acme.analyst.role)
        work.commit()
        seq = read_log(work)[0].seq
    with store.engine.begin() as connection:
        for name in connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_logs'"
        ).scalars():
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        connection.execute(
            text("UPDATE audit_logs SET actor = 'user:x' WHERE tenant_id = :t AND seq = :s"),
            {"t": acme.id, "s": seq},
        )
    page = opened(monkeypatch, acme.admin, "audit")
    pressed(page, "Verify the audit log")

    assert f"The first bad place is entry {seq}: entry_edited" in texts(page)


def test_another_role_is_told_so_kindly_and_not_logged_for_looking(acme, monkeypatch):
    shown = texts(opened(monkeypatch, acme.viewer, "audit"))

    assert "This page is for the role admin or compliance; yours is viewer" in shown
    with open_work(acme.admin) as work:
        assert "access.denied" not in [entry.action for entry in read_log(work)]


def test_an_admin_exports_the_log_and_states_how_long_details_are_kept(acme, monkeypatch):
    page = opened(monkeypatch, acme.admin, "audit")
    pressed(page, "Export for an auditor")
    assert "It holds a verifier that needs nothing but Python" in texts(page)
    [offered] = page.get("link_button")
    with open_work(acme.admin) as work:
        file = PREPARED.found(work, offered.proto.url.rpartition("/")[2])
    assert "verify.py" in ZipFile(io.BytesIO(file.raw)).namelist()
    page.selectbox(key="kept_category").set_value("security")
    page = run(page)
    page.number_input(key="kept_days:security").set_value(90)
    assert "The next purge would take the details of no entry." in texts(run(page))
    pressed(page, "Keep them so long")
    assert "This needs a reason." in texts(page)
    page.text_input(key="kept_why").set_value("our policy")
    pressed(page, "Keep them so long")

    assert "90 days" in texts(page)
    assert "Set a hold" not in [button.label for button in page.button]


def test_a_hold_is_set_and_asked_back_by_one_officer_and_released_by_another(acme, monkeypatch):
    page = opened(monkeypatch, acme.compliance, "audit")
    page.text_input(key="hold_reason").set_value("an inquiry")
    pressed(page, "Set a hold")
    assert "everything" in texts(page)
    assert "an inquiry" in texts(page)
    page.text_input(key="release_reason").set_value("it is settled")
    pressed(page, "Ask for its release")
    pressed(page, "Release it")
    assert "needs another person" in texts(page)

    another = opened(monkeypatch, replace(acme.compliance, user_id="carl"), "audit")
    assert ": it is settled" in texts(another)
    another.text_input(key="release_reason").set_value("it is settled")
    pressed(another, "Release it")
    assert "Release it" not in [button.label for button in another.button]
    assert "Keep them so long" not in [button.label for button in another.button]
