from tests.app.api.asking import bring, pages, refusal
from tests.audit.attacker import attack
from tests.books import ACME_2023, ACME_2024, table
from tests.conftest import ONLY_SQLITE

pytestmark = ONLY_SQLITE


def test_every_act_stands_in_the_log_newest_first_page_by_page(acme, client):
    bring(client(acme.analyst), table(ACME_2023))
    done = bring(client(acme.analyst), table(ACME_2024), key="2").json()
    admin = client(acme.admin)

    (whole,) = pages(admin, "/audit")
    by_two = pages(admin, "/audit", limit=2)

    assert [entry for page in by_two for entry in page] == whole
    assert [entry["seq"] for entry in whole] == list(range(len(whole), 0, -1))
    newest = whole[0]
    assert (newest["action"], newest["actor"]) == ("fact.import", acme.analyst.actor)
    assert newest["target"] == f"import:{done['id']}"
    assert newest["details"]["sha256"] == done["sha256"]


def test_the_log_holds_until_somebody_edits_it_and_then_names_the_first_bad_entry(
    store, acme, rival, client
):
    bring(client(acme.analyst), table(ACME_2023))
    admin = client(acme.admin)
    before = admin.get("/audit/verify").json()
    attack(store, acme.id, lambda attacker: attacker.set(2, actor="user:nobody"))
    after = admin.get("/audit/verify").json()

    assert (before["holds"], before["findings"]) == (True, [])
    assert before["size"] == admin.get("/audit?limit=1").json()["entries"][0]["seq"]
    assert after["holds"] is False
    assert after["findings"][0]["seq"] == 2
    assert after["findings"][0]["meaning"]
    assert client(rival.admin).get("/audit/verify").json()["holds"] is True


def test_the_log_is_its_admins_to_read_and_a_refusal_stands_in_it(acme, rival, client):
    for path in ("/audit", "/audit/verify"):
        assert refusal(client(acme.analyst).get(path)) == (403, "access_denied")

    denied = client(acme.admin).get("/audit?limit=2").json()
    assert [entry["action"] for entry in denied["entries"]] == ["access.denied"] * 2
    stolen = client(rival.admin).get("/audit", params={"cursor": denied["next"]})
    assert refusal(stolen) == (400, "bad_cursor")
