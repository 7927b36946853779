import gzip

import pytest

from tests.app.api.asking import bring, once, pages, refusal
from tests.books import ACME_2023, ACME_2024, table
from tests.conftest import ONLY_SQLITE
from tests.coverage.filings import apple, as_bytes

pytestmark = ONLY_SQLITE


def imports(client) -> list[str]:
    return [row["file_name"] for page in pages(client, "/imports") for row in page]


def test_the_template_is_a_document_that_can_be_imported(acme, client):
    analyst = client(acme.analyst)
    template = client(acme.viewer).get("/imports/template.csv")

    done = bring(analyst, template.content)

    assert template.headers["content-disposition"].endswith('"valor-facts-template.csv"')
    assert done.status_code == 201
    assert (done.json()["facts"], done.json()["companies"]) == (2, ["cik0000320193"])


def test_the_template_as_a_workbook_brings_the_same_figures(acme, client):
    analyst = client(acme.analyst)
    workbook = client(acme.viewer).get("/imports/template.xlsx")
    done = bring(analyst, workbook.content, file_name="facts.xlsx")
    again = bring(analyst, analyst.get("/imports/template.csv").content, key="2")

    assert workbook.headers["content-disposition"].endswith('"valor-facts-template.xlsx"')
    assert (done.status_code, done.json()["kind"], done.json()["facts"]) == (201, "xlsx", 2)
    assert again.json()["facts"] == 0


def test_a_hostile_workbook_is_refused_and_nothing_comes_in(acme, client):
    answer = bring(client(acme.analyst), b"PK\x03\x04", file_name="facts.xlsx")

    assert refusal(answer) == (422, "workbook_unreadable")
    assert imports(client(acme.analyst)) == []


def test_a_companyfacts_document_comes_in_plain_and_gzipped(acme, client):
    raw = as_bytes(apple())
    plain = bring(client(acme.analyst), raw, file_name="CIK0000320193.json")
    packed = bring(client(acme.analyst), gzip.compress(raw), key="2", file_name="a.json.gz")

    assert [answer.json()["kind"] for answer in (plain, packed)] == ["companyfacts"] * 2
    assert plain.json()["facts"] > 8
    assert packed.json()["facts"] == 0


def test_a_repeated_request_gets_the_first_answer_and_says_so(acme, client):
    """S39."""
    analyst = client(acme.analyst)
    first, again = (bring(analyst, table(ACME_2023)) for _ in range(2))
    another_key = bring(analyst, table(ACME_2023), key="other")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in another_key.headers
    assert another_key.json()["known_before"] is True
    assert imports(analyst) == ["facts.csv"]


def test_a_key_is_one_requests_of_one_caller_alone(acme, rival, client):
    """S39."""
    analyst = client(acme.analyst)
    bring(analyst, table(ACME_2023))

    assert refusal(bring(analyst, table(ACME_2024))) == (422, "idempotency_key_reused")
    assert bring(client(acme.admin), table(ACME_2024)).json()["facts"] == 1
    assert bring(client(rival.analyst), table(ACME_2024)).json()["facts"] == 1


@pytest.mark.parametrize("headers", [{}, once(""), once("a\tb")])
def test_without_a_key_nothing_is_made(acme, client, headers):
    analyst = client(acme.analyst)
    answer = analyst.post("/imports?file_name=a.csv", content=table(ACME_2023), headers=headers)

    assert refusal(answer) == (400, "idempotency_key_missing")
    assert imports(analyst) == []


def test_everything_wrong_is_told_at_once_and_the_key_is_free_again(acme, client):
    analyst = client(acme.analyst)
    wrong = ACME_2023.replace(",100,", ",a lot,")
    answer = bring(analyst, table(ACME_2024, wrong, wrong.replace("2023-12-31", "yesterday")))

    assert refusal(answer) == (422, "bad_inputs")
    assert "row 3, value: " in answer.json()["detail"]
    assert "row 4, period_end: " in answer.json()["detail"]
    assert imports(analyst) == []
    assert refusal(analyst.get("/companies/7")) == (404, "not_found")
    assert bring(analyst, table(ACME_2024)).status_code == 201


def test_a_file_of_another_kind_and_a_reader_are_refused(acme, client):
    assert refusal(bring(client(acme.analyst), b"x", file_name="a.xls")) == (422, "bad_input")
    assert refusal(bring(client(acme.viewer), table(ACME_2023))) == (403, "access_denied")


def test_imports_come_in_pages_newest_first_to_their_tenant_alone(acme, rival, client):
    analyst = client(acme.analyst)
    for year in range(5):
        row = ACME_2023.replace("2023", str(2010 + year)).replace("a-23", f"a-{year}")
        bring(analyst, table(row), key=str(year), file_name=f"{year}.csv")

    listed = pages(client(acme.viewer), "/imports", limit=2)

    assert [[row["file_name"] for row in page] for page in listed] == [
        ["4.csv", "3.csv"], ["2.csv", "1.csv"], ["0.csv"],
    ]  # fmt: skip
    assert {row["by"] for page in listed for row in page} == {acme.analyst.actor}
    assert pages(client(rival.admin), "/imports") == [[]]


def test_what_a_company_filed_is_fetched_by_its_ticker_once_for_a_key(acme, client, sec):
    analyst = client(acme.analyst)
    first, again = (
        analyst.post("/imports/fetch", json={"company": "AAPL"}, headers=once()) for _ in range(2)
    )
    unknown = analyst.post("/imports/fetch", json={"company": "ZZZZ"}, headers=once("2"))

    assert first.status_code == 201
    assert first.json()["companies"] == ["cik0000320193"]
    assert again.content == first.content
    assert refusal(unknown) == (422, "provider_failed")
    assert imports(analyst) == ["SEC EDGAR, CIK0000320193.json"]
