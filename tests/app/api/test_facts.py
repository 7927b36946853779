import pytest

from tests.app.api.asking import bring, pages, refusal
from tests.books import of_the_demo_book
from tests.conftest import ONLY_SQLITE
from tests.coverage.filings import apple, as_bytes

pytestmark = ONLY_SQLITE


@pytest.fixture
def viewer(acme, client):
    answer = bring(client(acme.analyst), as_bytes(apple()), file_name="CIK0000320193.json")
    assert answer.status_code == 201
    return client(acme.viewer)


def revenue(viewer, **params) -> list[tuple[int, float, str]]:
    facts = viewer.get("/companies/320193/facts", params={"item": "revenue", **params}).json()
    return [(f["fiscal_year"], f["value"], f["accession"]) for f in facts["facts"]]


def test_a_restatement_counts_from_the_day_of_its_filing_and_hides_nothing(viewer):
    first, restated, later = (
        "0001193125-09-214859",
        "0001193125-10-012091",
        "0001193125-10-238044",
    )
    y2008, y2009 = (2008, 32_479e6, first), (2009, 36_537e6, first)

    assert revenue(viewer, as_of="2009-12-31") == [y2008, y2009]
    assert revenue(viewer, as_of="2010-02-01") == [
        (2008, 37_491e6, restated),
        (2009, 42_905e6, restated),
    ]
    assert revenue(viewer) == [(2008, 37_491e6, restated), (2009, 42_905e6, later)]
    assert revenue(viewer, vintages=True, fiscal_year=2009) == [
        y2009,
        (2009, 42_905e6, restated),
        (2009, 42_905e6, later),
    ]
    assert revenue(viewer, vintages=True, as_of="2009-12-31") == [y2008, y2009]


def test_a_fact_tells_where_it_was_filed(viewer):
    (fact,) = viewer.get(
        "/companies/320193/facts",
        params={"item": "revenue", "fiscal_year": 2009, "as_of": "2009-12-31"},
    ).json()["facts"]

    assert fact == {
        "item": "revenue", "fiscal_year": 2009, "period_start": "2008-09-28",
        "period_end": "2009-09-26", "value": 36_537_000_000.0, "unit": "USD",
        "tag": "us-gaap:SalesRevenueNet", "accession": "0001193125-09-214859", "form": "10-K",
        "filed_on": "2009-10-27", "filed_value": 36_537_000_000.0, "adjustments": [],
    }  # fmt: skip


def test_pages_of_facts_make_the_whole_without_gap_or_repeat(store, acme, client):
    bring(client(acme.analyst), of_the_demo_book("ko"))
    viewer = client(acme.viewer)
    for vintages in (False, True):
        (whole,) = pages(viewer, "/companies/KO/facts", vintages=vintages)
        by_seven = pages(viewer, "/companies/KO/facts", vintages=vintages, limit=7)

        assert [fact for page in by_seven for fact in page] == whole
        assert {len(page) for page in by_seven[:-1]} == {7}
        assert len(whole) > 50


def test_a_figure_of_both_books_is_told_once(book, acme, rival, client):
    bring(client(acme.analyst), of_the_demo_book("ko"))
    mine, theirs = (
        pages(client(who.viewer), "/companies/KO/facts", vintages=True) for who in (acme, rival)
    )

    assert mine == theirs


def test_a_cursor_serves_the_filters_that_it_was_given_for(viewer):
    cursor = viewer.get("/companies/320193/facts?limit=1").json()["next"]

    for changed in ({"vintages": True}, {"as_of": "2010-01-01"}, {"fiscal_year": 2009}):
        answer = viewer.get("/companies/320193/facts", params={**changed, "cursor": cursor})
        assert refusal(answer) == (400, "bad_cursor")


def test_an_item_that_was_never_filed_is_refused_by_its_name(viewer):
    answer = viewer.get("/companies/320193/facts?item=revenues")

    assert refusal(answer) == (422, "bad_input")
    assert "Apple Inc. has filed nothing called 'revenues'" in answer.json()["detail"]
    assert revenue(viewer, fiscal_year=1999) == []
    assert refusal(viewer.get("/companies/320193/facts?as_of=soon")) == (422, "bad_inputs")
    assert refusal(viewer.get("/companies/320193/facts?limit=1001")) == (422, "bad_inputs")
