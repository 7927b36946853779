import pytest

from tests.app.api.asking import bring, pages, refusal
from tests.books import ACME_2023, table
from tests.conftest import ONLY_SQLITE


@ONLY_SQLITE
def test_companies_come_in_pages_by_name_the_own_ones_among_the_shared(book, acme, rival, client):
    bring(client(acme.analyst), table(ACME_2023))

    mine = pages(client(acme.viewer), "/companies", limit=5)
    theirs = pages(client(rival.viewer), "/companies")

    names = [company["name"] for page in mine for company in page]
    assert [len(page) for page in mine] == [5, 5, 5, 4]
    assert names == sorted(names, key=str.lower)
    assert names != sorted(names), "no name of the book tells the two orders apart"
    assert [company["name"] for page in theirs for company in page] == [
        name for name in names if name != "Acme"
    ]
    assert {company["name"] for page in mine for company in page if not company["shared"]} == {
        "Acme"
    }


@ONLY_SQLITE
def test_a_cursor_serves_one_list_of_one_tenant(book, acme, rival, client):
    """S17, G17."""
    mine = client(acme.viewer)
    cursor = mine.get("/companies?limit=1").json()["next"]
    other = client(rival.viewer).get("/companies", params={"cursor": cursor})

    assert refusal(other) == (400, "bad_cursor")
    for path in ("/imports", "/valuations", "/companies/KO/facts"):
        assert refusal(mine.get(path, params={"cursor": cursor})) == (400, "bad_cursor")
    changed = ("B" if cursor[0] == "A" else "A") + cursor[1:]
    for forged in (cursor[:-4], cursor[::-1], changed, "é", "[]", "0"):
        assert refusal(mine.get("/companies", params={"cursor": forged})) == (400, "bad_cursor")


@ONLY_SQLITE
def test_a_company_is_read_by_any_of_its_names(acme, rival, client):
    bring(client(acme.analyst), table(ACME_2023))
    told = {client(acme.viewer).get(f"/companies/{name}").text for name in ("acme", "7", "00007")}

    assert len(told) == 1
    assert '"id":"cik0000000007"' in told.pop()
    assert refusal(client(rival.viewer).get("/companies/7")) == (404, "not_found")


@pytest.mark.parametrize("name", ["9" * 4_400, "9" * 11, "-1", "%C2%B2", "nobody", "é" * 300])
def test_what_names_no_company_is_not_found_on_either_database(store, acme, client, name):
    for path in (f"/companies/{name}", f"/companies/{name}/facts"):
        assert refusal(client(acme.viewer).get(path)) == (404, "not_found")


@pytest.mark.parametrize(
    "path",
    ["/companies/KO%00", "/companies/KO/facts?item=%00", "/valuations/%00", "/imports?a=%00"],
)
def test_an_address_with_a_nul_is_refused_on_either_database(store, acme, client, path):
    assert refusal(client(acme.viewer).get(path)) == (422, "bad_input")
