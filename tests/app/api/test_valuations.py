from io import BytesIO

import pytest
from openpyxl import load_workbook

from tests.app.api.asking import bring, once, pages, refusal
from tests.books import KO, of_the_demo_book
from tests.conftest import ONLY_SQLITE
from tests.models.sound import a_direct_dcf
from tests.pages.opening import made_by_an_earlier_model
from valor_core.models.codec import dump

pytestmark = ONLY_SQLITE
DCF, DIRECT = f"/companies/{KO}/valuations/dcf", "/companies/KO/valuations/dcf-direct"
AS_JSON = {"Content-Type": "application/json"}


@pytest.fixture
def analyst(acme, client):
    bring(client(acme.analyst), of_the_demo_book("ko"))
    return client(acme.analyst)


def a_dcf(analyst) -> dict:
    """The body of a sound request: as the facts suggest, what the filing lacks stated as none."""
    start = analyst.get(f"{DCF}/start").json()
    open_items = [item for item, amount in start["inputs"]["bridge"].items() if amount is None]
    start["inputs"]["bridge"] |= dict.fromkeys(open_items, 0.0)
    return {
        "inputs": start["inputs"],
        "rationale": "Steady.",
        "rationales": {f"bridge.{item}": "none known" for item in open_items},
    }


def given_flows() -> dict:
    return {"inputs": dump(a_direct_dcf()), "rationale": "The board's plan."}


def axis(path: str, *values: float) -> dict:
    return {"path": path, "values": list(values)}


def test_a_value_is_made_from_the_facts_and_read_again_whole(acme, client, analyst):
    body = a_dcf(analyst)
    made = analyst.post(DCF, json=body, headers=once())
    value = made.json()
    read = client(acme.viewer).get(f"/valuations/{value['id']}")

    assert made.status_code == 201
    assert read.json() == value
    assert value["inputs"] == body["inputs"]
    assert value["result"]["value_per_share"] == value["value_per_share"]
    assert (value["model"], value["by"], value["as_of"]) == ("dcf", acme.analyst.actor, None)
    assert value["sources"]["revenue"]["facts"][0]["accession"] == "0001047469-10-001476"
    assert {check["passed"] for check in value["checks"]} <= {True, False}


def test_what_the_model_of_today_makes_of_a_saved_value_stands_beside_it(acme, analyst):
    made = analyst.post(DCF, json=a_dcf(analyst), headers=once()).json()
    now = made["value_per_share"]
    assert made["today"] == {"model_version": "1", "departures": [], "refusal": ""}

    made_by_an_earlier_model(acme.analyst, made["id"], share=0.5)
    read = analyst.get(f"/valuations/{made['id']}").json()

    assert (read["model_version"], read["value_per_share"]) == ("0", 0.5 * now)
    assert read["today"]["departures"] == [
        {"path": "value_per_share", "saved": 0.5 * now, "today": now}
    ]


def test_a_repeated_request_makes_one_value(analyst):
    body = a_dcf(analyst)
    first, again = (analyst.post(DCF, json=body, headers=once()) for _ in range(2))
    other = analyst.post(DCF, json={**body, "rationale": "Another."}, headers=once())

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert refusal(other) == (422, "idempotency_key_reused")
    assert refusal(analyst.post(DCF, json=body)) == (400, "idempotency_key_missing")
    assert [len(page) for page in pages(analyst, "/valuations")] == [1]


@pytest.mark.parametrize("model", ["dcf", "dcf_direct"])
def test_a_value_is_explained_varied_and_exported_whichever_model_made_it(
    acme, client, analyst, model
):
    path, body = (DCF, a_dcf(analyst)) if model == "dcf" else (DIRECT, given_flows())
    value = analyst.post(path, json=body, headers=once()).json()
    assert value["model"] == model
    of = f"/valuations/{value['id']}"
    viewer = client(acme.viewer)

    tree = viewer.get(f"{of}/explain").json()
    growth = value["inputs"]["terminal_growth"]
    over = {
        "rows": axis("terminal_growth", growth, 0.99),
        "columns": axis("bridge.debt", value["inputs"]["bridge"]["debt"], 0.0),
    }
    grid = viewer.post(f"{of}/sensitivity", json=over).json()
    export = viewer.get(f"{of}/workbook.xlsx")

    assert tree["value"] == pytest.approx(value["value_per_share"], rel=1e-12)
    assert grid["values"][0][0] == pytest.approx(value["value_per_share"], rel=1e-12)
    assert grid["values"][1] == [None, None]
    assert {(r["row"], r["code"]) for r in grid["reasons"]} == {(1, "growth_not_below_wacc")}
    assert 'filename="valor-' in export.headers["content-disposition"]
    sheets = load_workbook(BytesIO(export.content))
    cells = [cell.value for sheet in sheets for row in sheet.iter_rows() for cell in row]
    assert sum(str(cell).startswith("=") for cell in cells) > 10


def test_given_flows_are_all_somebodys_judgement(acme, analyst):
    value = analyst.post(DIRECT, json=given_flows(), headers=once()).json()

    assert value["company_id"] == KO
    assert {source["kind"] for source in value["sources"].values()} == {"assumed"}
    assert {source["author"] for source in value["sources"].values()} == {acme.analyst.actor}


def test_each_model_refuses_the_inputs_of_the_other(analyst):
    for path, body in ((DCF, given_flows()), (DIRECT, a_dcf(analyst))):
        assert refusal(analyst.post(path, json=body, headers=once())) == (422, "bad_inputs")
    assert pages(analyst, "/valuations") == [[]]


def test_the_openapi_of_each_model_tells_its_own_inputs(analyst):
    paths = analyst.get("/openapi.json").json()["paths"]

    def inputs(path: str) -> set[str]:
        body = paths[f"/companies/{{company_id}}/valuations/{path}"]["post"]["requestBody"]
        schema = body["content"]["application/json"]["schema"]
        return set(schema["properties"]["inputs"]["properties"])

    assert "free_cash_flow" in inputs("dcf-direct") - inputs("dcf")
    assert "sales_to_capital" in inputs("dcf") - inputs("dcf-direct")


def test_what_cannot_be_valued_is_refused_and_nothing_is_kept(acme, client, analyst):
    body = a_dcf(analyst)
    without_debt = {**body["inputs"], "bridge": {**body["inputs"]["bridge"], "debt": None}}
    refused = [
        ({**body, "inputs": {**body["inputs"], "terminal_growth": 0.5}}, "growth_not_below_wacc"),
        ({**body, "inputs": {**body["inputs"], "growht": 0.5}}, "bad_inputs"),
        ({**body, "inputs": without_debt}, "bridge_item_missing"),
        ({**body, "rationales": {}}, "bad_inputs"),
        ({**body, "rationale": " "}, "bad_input"),
        ({**body, "company": "KO"}, "bad_inputs"),
    ]

    for given, code in refused:
        assert refusal(analyst.post(DCF, json=given, headers=once())) == (422, code)
    for text in ('{"inputs": {}, "inputs": {}}', '{"inputs": NaN}', "{", '"\\u0000"'):
        answer = analyst.post(DCF, content=text, headers={**once(), **AS_JSON})
        assert refusal(answer) == (400, "bad_json")
    assert refusal(client(acme.viewer).post(DCF, json=body, headers=once()))[0] == 403
    assert pages(analyst, "/valuations") == [[]]


def test_a_grid_is_refused_by_the_path_that_cannot_vary(analyst):
    value = analyst.post(DIRECT, json=given_flows(), headers=once()).json()
    of = f"/valuations/{value['id']}/sensitivity"
    debt = axis("bridge.debt", 0.0)

    unknown = analyst.post(of, json={"rows": debt, "columns": axis("nosuch", 1.0)})
    assert refusal(unknown) == (404, "not_found")
    assert "'nosuch'" in unknown.json()["detail"]
    too_fine = {"rows": debt, "columns": axis("terminal_growth", *[0.01] * 102)}
    assert refusal(analyst.post(of, json=too_fine)) == (422, "bad_inputs")
    for field in ("nosuch", "bridge."):
        answer = analyst.get(f"/valuations/{value['id']}/explain", params={"field": field})
        assert refusal(answer)[0] in (404, 422)


def test_values_come_in_pages_newest_first_of_one_company_or_all(acme, rival, client, analyst):
    bring(analyst, of_the_demo_book("hd"), key="hd")
    made = [
        analyst.post(
            DIRECT.replace("KO", ticker), json=given_flows(), headers=once(f"{ticker}{n}")
        ).json()["id"]
        for n in range(2)
        for ticker in ("KO", "HD")
    ]
    listed = pages(client(acme.viewer), "/valuations", limit=3)
    of_ko = pages(client(acme.viewer), "/valuations", company_id="KO", limit=1)

    assert [[line["id"] for line in page] for page in listed] == [made[:0:-1], made[:1]]
    assert [line["id"] for page in of_ko for line in page] == [made[2], made[0]]
    assert pages(client(rival.admin), "/valuations") == [[]]
    assert refusal(client(rival.admin).get(f"/valuations/{made[0]}")) == (404, "not_found")


def test_scenarios_are_weighed_over_a_saved_value_and_kept_with_one(acme, client, analyst):
    changes = [{"path": "terminal_growth", "value": 0.01}]
    stated = [
        {"name": "slow", "probability": 0.25, "changes": changes},
        {"name": "as planned", "probability": 0.75},
    ]
    made = analyst.post(DCF, json=a_dcf(analyst) | {"scenarios": stated}, headers=once()).json()

    kept, of = made["scenarios"], f"/valuations/{made['id']}/scenarios"
    weighed = client(acme.viewer).post(of, json={"scenarios": stated}).json()

    assert weighed == kept
    slow, planned = kept["scenarios"]
    assert planned["value"] == kept["base"] == made["value_per_share"]
    assert kept["expected"] == pytest.approx(0.25 * slow["value"] + 0.75 * planned["value"])
    assert slow["to_base"] == slow["value"] - kept["base"] < 0.0
    assert slow["changes"] == changes
    alone = analyst.post(of, json={"scenarios": stated, "field": "equity_value"}).json()
    assert alone["base"] == made["result"]["equity_value"]


def test_a_set_of_scenarios_that_cannot_be_weighed_is_refused_and_nothing_is_kept(analyst):
    body = a_dcf(analyst)
    sure = {"name": "x", "probability": 1.0}
    for stated, code in (
        ([], "scenarios_unusable"),
        ([sure | {"probability": 0.4}], "scenarios_unusable"),
        ([sure, sure], "scenarios_unusable"),
        ([sure | {"changes": [{"path": "nosuch", "value": 1.0}]}], "scenarios_unusable"),
        ([sure | {"name": "x\u202e"}], "bad_inputs"),
        ([5], "bad_inputs"),
    ):
        refused = analyst.post(DCF, json=body | {"scenarios": stated}, headers=once())
        assert refusal(refused) == (422, code), stated
    assert pages(analyst, "/valuations") == [[]]
