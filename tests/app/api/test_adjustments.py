import pytest

from tests.app.api.asking import once, refusal
from tests.books import KO, imported, of_the_demo_book, stated
from tests.conftest import ONLY_SQLITE

pytestmark = ONLY_SQLITE
PATH = f"/companies/{KO}/adjustments"
FINE = {
    "layer": "Adjusted",
    "item": "operating_income",
    "fiscal_year": 2009,
    "amount": 310e6,
    "rationale": "A fine that will not come again.",
}


@pytest.fixture(autouse=True)
def _cola(store, acme):
    imported(acme.analyst, of_the_demo_book("ko"))


def test_an_adjustment_is_made_once_listed_beside_the_filing_and_dropped(acme, client):
    analyst = client(acme.analyst)
    made, again = (analyst.post(PATH, json=FINE, headers=once()) for _ in range(2))
    (told,) = analyst.get(PATH).json()["adjustments"]

    assert (made.status_code, made.json()["unit"]) == (201, "USD")
    assert again.content == made.content
    assert (told["filed"], told["adjusted"]) == (8_231e6, 8_541e6)
    assert told["accession"] == "0001047469-10-001476"
    assert analyst.delete(f"{PATH}/{told['id']}").status_code == 204
    assert refusal(analyst.delete(f"{PATH}/{told['id']}")) == (404, "not_found")
    assert analyst.get(PATH).json()["adjustments"] == []
    (gone,) = analyst.get(PATH, params={"dropped": True}).json()["adjustments"]
    assert (gone["dropped_by"], gone["adjusted"]) == (acme.analyst.actor, 8_231e6)


def test_a_value_says_through_which_layer_its_figures_were_read(acme, client):
    analyst = client(acme.analyst)
    analyst.post(PATH, json=FINE, headers=once())
    start = analyst.get(f"/companies/{KO}/valuations/dcf/start", params={"layer": "Adjusted"})
    _, reasons = stated(acme.analyst)
    inputs = start.json()["inputs"]
    inputs["bridge"] |= {path.removeprefix("bridge."): 0.0 for path in reasons}
    body = {"inputs": inputs, "rationale": "normalised", "rationales": reasons}
    adjusted, as_filed = (
        analyst.post(
            f"/companies/{KO}/valuations/dcf", json=body | layer, headers=once(str(layer))
        ).json()
        for layer in ({"layer": "Adjusted"}, {})
    )

    (margin,) = adjusted["sources"]["margin.start"]["facts"][0]["adjustments"]
    assert (margin["amount"], margin["rationale"]) == (310e6, FINE["rationale"])
    assert adjusted["conventions"]["Figures"] == "with the adjustments of Adjusted"
    assert "Figures" not in as_filed["conventions"]
    assert as_filed["sources"]["margin.start"]["kind"] == "assumed"


def test_what_cannot_be_added_is_refused_with_the_way_out(acme, client):
    analyst = client(acme.analyst)

    def asked(**changes):
        return refusal(analyst.post(PATH, json=FINE | changes, headers=once(str(changes))))

    assert asked(item="ebitda", layer=" ") == (422, "bad_inputs")
    assert asked(fiscal_year=1990) == (422, "nothing_to_adjust")
    start = f"/companies/{KO}/valuations/dcf/start"
    assert refusal(analyst.get(start, params={"layer": "Ajusted"})) == (404, "not_found")
