import copy
import gzip
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis.strategies import binary, integers

from tests.coverage.filings import FIRST, FY2009, NEXT, apple, as_bytes, units
from valor_core.coverage.companyfacts import read_companyfacts
from valor_core.coverage.records import MAX_BYTES, ParsedFacts
from valor_core.errors import BadInputs


def read(document):
    return read_companyfacts(as_bytes(document))


def read_or_flaws(document):
    try:
        return read(document), ()
    except BadInputs as refused:
        return None, refused.flaws


def flaws_of(document) -> dict[str, str]:
    with pytest.raises(BadInputs) as refused:
        read_companyfacts(document if isinstance(document, bytes) else as_bytes(document))
    return {flaw.place: flaw.problem for flaw in refused.value.flaws}


def of(parsed: ParsedFacts, item: str):
    return [fact for fact in parsed.facts if fact.item == item]


JUNK = [None, True, "x", "1e400", -1, 10**40, [], {}, [[]], {"val": {}}, "\ud800", "2009-13-01"]


@given(seed=integers(0, 2**32))
def test_a_document_with_anything_anywhere_is_read_or_refused_with_places(seed):
    document, dice = apple(), random.Random(seed)
    key: Any = ""
    node: Any = {"": document}
    while dice.random() < 0.9 and isinstance(node[key], dict | list) and node[key]:
        node = node[key]
        key = dice.choice(list(node) if isinstance(node, dict) else range(len(node)))
    node[key] = dice.choice(JUNK)
    if "" in node:
        document = node[""]

    parsed, flaws = read_or_flaws(document)

    assert all(flaw.place and flaw.problem for flaw in flaws)
    assert bool(flaws) == (parsed is None)
    assert parsed is None or (parsed.company.name and parsed.facts)


@given(raw=binary(max_size=200))
def test_no_bytes_break_the_reader(raw):
    with pytest.raises(BadInputs):
        read_companyfacts(raw)


def test_every_vintage_of_a_restated_year_is_kept():
    revenue = [fact for fact in of(read(apple()), "revenue") if fact.fiscal_year == 2009]

    assert [(fact.value / 1e6, fact.accession) for fact in revenue] == [
        (36_537, "0001193125-09-214859"),
        (42_905, "0001193125-10-012091"),
        (42_905, "0001193125-10-238044"),
    ]


def test_the_period_comes_from_start_and_end_and_never_from_the_filings_year():
    parsed = read(apple())

    assert {fact.fiscal_year for fact in of(parsed, "payables")} == {2008, 2009}
    assert {fact.fiscal_year for fact in of(parsed, "revenue")} == {2008, 2009}


def test_a_quarter_enters_no_annual_series():
    assert 11_880_000_000 not in {fact.value for fact in read(apple()).facts}


def test_a_balance_between_two_year_ends_is_left_out_and_an_opening_balance_is_not():
    document = apple()
    balance = document["facts"]["us-gaap"]["AccountsPayableCurrent"]["units"]["USD"]
    balance += [
        {"end": "2008-12-27", "val": 1} | NEXT,
        {"end": "2006-09-30", "val": 2} | FIRST,
    ]

    assert {fact.value for fact in of(read(document), "payables")} == {
        5_520_000_000,
        5_601_000_000,
        2,
    }


def test_the_count_on_the_cover_belongs_to_the_year_of_its_filing():
    (cover,) = of(read(apple()), "shares_cover")

    assert (cover.fiscal_year, str(cover.period_end)) == (2009, "2009-10-16")


def test_the_numbers_of_a_quarterly_report_are_left_out():
    document = apple()
    for rows in document["facts"]["us-gaap"]["NetIncomeLoss"]["units"].values():
        for row in rows:
            row["form"] = "10-Q"

    assert not of(read(document), "net_income")


def test_two_numbers_for_one_thing_in_one_filing_leave_neither_and_say_so():
    document = apple()
    document["facts"]["us-gaap"]["NetIncomeLoss"]["units"]["USD"].append(
        FY2009 | FIRST | {"val": 1}
    )

    parsed = read(document)

    assert (2009, FIRST["accn"]) not in {
        (fact.fiscal_year, fact.accession) for fact in of(parsed, "net_income")
    }
    assert any("0001193125-09-214859" in note for note in parsed.notes)


def test_figures_in_a_second_currency_are_left_out_and_said():
    document = apple()
    document["facts"]["us-gaap"]["Assets"] = units(
        {"end": "2009-09-26", "val": 1} | FIRST, unit="EUR"
    )

    parsed = read(document)

    assert not of(parsed, "total_assets")
    assert "EUR" in parsed.notes[0]


def test_gzip_reads_like_the_document_in_it():
    assert read_companyfacts(gzip.compress(as_bytes(apple()))) == read(apple())


def test_every_flaw_is_told_at_once_with_its_place():
    document = apple()
    del document["entityName"]
    revenue = document["facts"]["us-gaap"]["SalesRevenueNet"]["units"]["USD"]
    revenue[0]["val"] = "32,479"
    revenue[1] |= {"end": "2009-02-30", "accn": "x"}
    revenue[3]["val"] = float("nan")

    flaws = flaws_of(document)

    place = "facts.us-gaap.SalesRevenueNet.units.USD"
    assert set(flaws) == {
        "entityName", f"{place}[0].val", f"{place}[1].end", f"{place}[1].accn", f"{place}[3].val",
    }  # fmt: skip


def test_a_period_that_ends_before_it_starts_is_refused():
    document = apple()
    document["facts"]["us-gaap"]["NetIncomeLoss"]["units"]["USD"][0]["start"] = "2010-01-01"

    (problem,) = flaws_of(document).values()
    assert problem == "2010-01-01 lies after the end, 2008-09-27"


NO_DOCUMENTS = {
    "nothing": (lambda: b"", "is not JSON"),
    "NULs": (lambda: b"\0" * 10, "is not JSON"),
    "a list": (lambda: b"[1]", "is not a JSON object"),
    "UTF-16": (lambda: "é".encode("utf-16"), "is not UTF-8"),
    "deep": (lambda: b'{"cik":' + b"[" * 200_000, "nested too deeply"),
    "deeper": (lambda: b'{"cik":' + b"[" * 2_000_000, "more parts than any company"),
    "a key twice": (lambda: b'{"a":1,"a":2}', "'a' stands twice"),
    "a long number": (lambda: b'{"cik":' + b"9" * 5_000 + b"}", "is missing or not a number"),
    "broken gzip": (lambda: b"\x1f\x8b\x08\x00broken", "is damaged gzip"),
    "large": (lambda: b" " * (MAX_BYTES + 1), "25,000,001 bytes"),
    "a bomb": (lambda: gzip.compress(b" " * 100_000_001, 1), "inflates to more than 100,000,000"),
}


@pytest.mark.parametrize("kind", NO_DOCUMENTS)
def test_what_is_no_such_document_is_refused_in_plain_words(kind):
    made, problem = NO_DOCUMENTS[kind]

    assert any(problem in told for told in flaws_of(made()).values())


def test_a_document_without_a_full_year_is_refused():
    document = apple()
    for rows in document["facts"]["us-gaap"].values():
        for row in rows["units"]["USD"]:
            row |= {"start": "2009-01-01", "end": "2009-03-31"}

    assert "no figure of a full fiscal year" in flaws_of(document)["facts"]


def test_more_figures_than_a_company_ever_filed_are_refused():
    document = apple()
    rows = [FY2009 | FIRST | {"val": 1}] * 100_001
    document["facts"]["us-gaap"]["NetIncomeLoss"] = units(*rows)

    assert flaws_of(document)["facts"] == "more than 100,000 figures of one company"


def test_a_thousand_flaws_end_the_reading():
    document = apple()
    row = {"val": "x", "end": "", "filed": "", "accn": "", "form": ""}
    document["facts"]["us-gaap"]["Assets"] = units(*[copy.copy(row) for _ in range(5_000)])

    with pytest.raises(BadInputs) as refused:
        read_companyfacts(json.dumps(document).encode())

    assert len(refused.value.flaws) == 1_000
