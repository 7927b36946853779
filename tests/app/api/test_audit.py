"""The audit log as a client reads, checks and proves it."""

import base64
import io
import json
import zipfile

from prometheus_client import REGISTRY

from tests.app.api.asking import bring, pages, refusal
from tests.audit.attacker import attack
from tests.books import ACME_2023, ACME_2024, table
from tests.conftest import ONLY_SQLITE
from valor_core.audit import offline
from valor_core.workbench.sealing import seal_log

pytestmark = ONLY_SQLITE
FINDINGS = "valor_audit_findings_total"


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
    """S44: and the metric tells it."""
    bring(client(acme.analyst), table(ACME_2023))
    admin = client(acme.admin)
    before = admin.get("/audit/verify").json()
    attack(store, acme.id, lambda attacker: attacker.set(2, actor="user:nobody"))
    counted = REGISTRY.get_sample_value(FINDINGS, {"kind": "entry_edited"}) or 0
    after = admin.get("/audit/verify").json()

    assert REGISTRY.get_sample_value(FINDINGS, {"kind": "entry_edited"}) == counted + 1
    assert (before["holds"], before["findings"]) == (True, [])
    assert before["size"] == admin.get("/audit?limit=1").json()["entries"][0]["seq"]
    assert after["holds"] is False
    assert after["findings"][0]["seq"] == 2
    assert after["findings"][0]["meaning"]
    assert client(rival.admin).get("/audit/verify").json()["holds"] is True


def test_an_outsider_proves_an_entry_and_the_growth_of_the_log_by_what_the_api_tells(
    store, acme, rival, client
):
    admin = client(acme.admin)
    assert refusal(admin.get("/audit/entries/1/proof")) == (409, "not_sealed_yet")
    seal_log(store, acme.id)
    told, proof = admin.get("/audit/checkpoint").json(), admin.get("/audit/entries/2/proof").json()
    public = base64.b64decode(told["keys"][0].split("+", 2)[2])[1:]
    origin = told["note"].split("\n", 1)[0]
    size, root = offline.checkpoint(told["note"], origin, [public])
    hashes = [bytes.fromhex(step) for step in proof["hashes"]]

    assert (told["size"], proof["size"], proof["checkpoint"]) == (size, size, told["note"])
    leaf = offline.leaf_of(proof["entry"])
    assert offline.is_included(leaf, proof["index"], size, hashes, root)
    first = offline.leaf_of(admin.get("/audit/entries/1/proof").json()["entry"])
    growth = admin.get(f"/audit/growth?old=1&new={size}").json()
    steps = [bytes.fromhex(step) for step in growth["hashes"]]
    assert offline.is_consistent(1, size, steps, first, root)
    assert admin.get("/audit/growth").json() == growth
    for path in ("/audit/growth?old=0", "/audit/growth?old=3&new=2", "/audit/growth?new=999"):
        assert refusal(admin.get(path)) == (422, "bad_input")
    for seq in (0, -1, 999, 10**30):
        assert admin.get(f"/audit/entries/{seq}/proof").status_code in (404, 422)
    assert client(rival.admin).get("/audit/checkpoint").json()["size"] == 0


def test_the_export_is_a_bundle_that_holds_and_stands_in_the_log_itself(store, acme, client):
    answer = client(acme.admin).post("/audit/export")

    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert offline.check(files) == []
    assert json.loads(files["entries.jsonl"].splitlines()[-1])["action"] == "audit.export"
    assert refusal(client(acme.analyst).post("/audit/export")) == (403, "access_denied")


def test_the_log_is_its_admins_to_read_and_a_refusal_stands_in_it(acme, rival, client):
    for path in ("/audit", "/audit/verify"):
        assert refusal(client(acme.analyst).get(path)) == (403, "access_denied")

    denied = client(acme.admin).get("/audit?limit=2").json()
    assert [entry["action"] for entry in denied["entries"]] == ["access.denied"] * 2
    stolen = client(rival.admin).get("/audit", params={"cursor": denied["next"]})
    assert refusal(stolen) == (400, "bad_cursor")
