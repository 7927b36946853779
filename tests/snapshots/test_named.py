"""Named queries: what each declares is what it gives, to whom it says, from one snapshot alone."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.conftest import ONLY_SQLITE, World
from tests.snapshots.conftest import Published, filing, import_filings, publish, value_apple
from valor_core.errors import AccessDenied, BadInput
from valor_core.notebook import Workspace
from valor_core.notebook.local import LocalDesk
from valor_core.sla.buckets import ACCURACY
from valor_core.sla.records import Call, count_calls
from valor_core.snapshots import named
from valor_core.snapshots.exported import answer_as_workbook
from valor_core.snapshots.named import NoQuery, Query, QueryTooCostly, named_queries, named_query
from valor_core.snapshots.reader import opened
from valor_core.tenancy.access import MAY
from valor_core.values import Caller
from valor_core.workbench import snapshots
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE
NEEDED = {"company": "AAPL"}
KOKE = {"cik": 21344, "name": "Coca-Cola Co", "ticker": "KO", "sic": 2086}


def told(query: Query) -> dict[str, str]:
    return {each.name: NEEDED[each.name] for each in query.parameters if each.default is None}


def asked(world: World, name: str, who: Caller | None = None, **told: str) -> list[dict[str, Any]]:
    with open_work(who or world.acme.admin, world.store) as work:
        answer = snapshots.ask_snapshot(work, name, told)
    return rows(answer)


def rows(answer: named.Answer) -> list[dict[str, Any]]:
    names = [column.name for column in answer.query.columns]
    return [dict(zip(names, row, strict=True)) for row in answer.rows]


def test_every_query_gives_the_columns_that_it_declares(apple: World, published: Published, root):
    """Each kind of column holds values of that kind."""
    kinds: Mapping[str, tuple[type, ...]] = {
        "text": (str,), "whole": (int,), "money": (float,), "number": (float,), "rate": (float,),
        "ratio": (float,), "day": (date,), "moment": (datetime,),
    }  # fmt: skip
    before = published()
    value_apple(apple)
    import_filings(apple, apple.acme.analyst, filing({2024: {"revenue": 47_061}}, **KOKE))
    made = published()

    for query in named_queries().values():
        assert query.act in MAY
        other = before if query.compares else None
        with opened(root, made, other) as snapshot, snapshot.cursor() as own:
            own.execute(query.sql, query.values(told(query)))
            found = [each[0] for each in own.description or ()]
            assert found == [column.name for column in query.columns], query.name
            for row in own.fetchall():
                for cell, column in zip(row, query.columns, strict=True):
                    assert cell is None or isinstance(cell, kinds[column.kind])


def test_what_changed_is_told_by_company(apple: World, published: Published):
    published()
    worth = value_apple(apple)
    import_filings(
        apple, apple.acme.analyst, filing({2024: {"revenue": 47_061}}, **KOKE),
        filing({2022: {"revenue": 394_328}}),
    )  # fmt: skip
    published()

    apple_inc, coke = asked(apple, "changes")

    assert (apple_inc["change"], apple_inc["figures_added"]) == ("figures, saved value", 1)
    assert (apple_inc["revenue_before"], apple_inc["revenue_now"]) == (391_035e6, 391_035e6)
    assert apple_inc["value_before"] is None
    assert 0 < apple_inc["value_now"] < worth
    assert (coke["change"], coke["figures_added"]) == ("new company", 1)
    published()
    assert asked(apple, "changes") == []


def test_every_query_has_a_chart_of_a_number_and_its_answer_is_a_sheet(
    apple: World, published: Published
):
    value_apple(apple)
    published()
    numbers = {"money", "number", "rate", "ratio", "whole"}
    for query in named_queries().values():
        assert query.chart, query.name
        assert query.columns[query.chart.value].kind in numbers
    with open_work(apple.acme.viewer, apple.store) as work:
        answer = snapshots.ask_snapshot(work, "valuation_history", {})

    book = load_workbook(BytesIO(answer_as_workbook(answer)))
    head, line = book["Answer"].values

    assert head == tuple(column.label for column in answer.query.columns)
    assert line[0] == "Apple Inc."
    assert line[3] == pytest.approx(answer.rows[0][3])


def test_a_query_that_compares_needs_another_snapshot(apple: World, published: Published):
    first = published()
    with pytest.raises(BadInput, match="no snapshot before"):
        asked(apple, "changes")

    import_filings(apple, apple.acme.analyst, filing({2022: {"revenue": 394_328}}))
    second = published()
    with open_work(apple.acme.viewer, apple.store) as work:
        back = snapshots.ask_snapshot(
            work, "changes", {}, snapshot_id=first.id, compared_with=second.id
        )
    assert (back.snapshot_id, back.compared_with) == (first.id, second.id)
    assert [row["figures_added"] for row in rows(back)] == [-1]


def test_the_history_of_values_and_the_use_of_days(apple: World, published: Published):
    value_apple(apple)
    value_apple(apple)
    published()

    history = asked(apple, "valuation_history", company="aapl")
    assert [row["change"] for row in history] == [None, 0.0]
    assert [row["name"] for row in history] == ["Apple Inc."] * 2
    assert asked(apple, "valuation_history", company="KO") == []
    used = {row["meter"]: row["quantity"] for row in asked(apple, "usage_by_day")}
    assert used == {"imports": 1, "valuations": 2}
    today = datetime.now(UTC).date()
    assert asked(apple, "usage_by_day", last=str(date(today.year - 1, 1, 1))) == []
    assert {row["difference"] for row in asked(apple, "usage_and_billing")} == {1, 2}


def test_how_providers_stood_is_told_by_day(apple: World, published: Published, root):
    def called(*, good: int, bad: int) -> None:
        calls = [
            Call(provider="fred", capability="macro", outcome=outcome, seconds=seconds)
            for outcome, seconds, n in (("good", 0.1, good), ("bad", 2.0, bad))
            for _ in range(n)
        ]
        with open_work(apple.acme.analyst, apple.store) as work:
            work.begin_writing()
            count_calls(work, calls)

    called(good=18, bad=1)
    before = published()
    called(good=1, bad=0)
    made = published()

    assert before.files_of("provider_calls") != made.files_of("provider_calls")
    (day,) = asked(apple, "provider_days", apple.acme.viewer)
    assert (day["provider"], day["calls"], day["good"]) == ("fred", 20, 0.95)
    assert day["p95_ms"] == pytest.approx(100.0, rel=ACCURACY)


def test_peers_are_the_likest_first(apple: World, published: Published):
    others = {"Far": (2086, 9e3), "Near": (3571, 9e4), "Nearer": (3571, 3e5), "Kin": (3500, 1.0)}
    import_filings(
        apple, apple.acme.analyst,
        *(filing({2024: {"revenue": size}}, cik=cik, name=name, ticker=name.upper(), sic=sic)
          for cik, (name, (sic, size)) in enumerate(others.items(), start=1)),
    )  # fmt: skip
    published()

    found = asked(apple, "peer_set", company="AAPL")

    assert [(row["name"], row["digits_alike"]) for row in found] == [
        ("Nearer", 4), ("Near", 4), ("Kin", 2),
    ]  # fmt: skip


def test_who_may_not_read_what_a_query_reads_may_not_ask_it(apple: World, published: Published):
    published()
    with open_work(apple.acme.viewer, apple.store) as work:
        offered = {query.name for query in snapshots.list_queries(work)}

    assert offered == {
        "changes", "coverage", "peer_set", "provider_days", "valuation_history",
    }  # fmt: skip
    for name in named_queries().keys() - offered:
        with pytest.raises(AccessDenied):
            asked(apple, name, apple.acme.viewer)
    for name in offered - {"changes"}:
        asked(apple, name, apple.acme.viewer, **told(named_query(name)))


@pytest.mark.parametrize(
    ("name", "given", "problem"),
    [
        ("nosuch", {}, "nosuch"),
        ("../x", {}, "x"),
        ("peer_set", {}, "needs company"),
        ("coverage", {"company": "AAPL"}, "no parameter 'company'"),
        ("usage_by_day", {"first": "yesterday"}, "no day"),
    ],
)
def test_a_bad_question_is_refused_with_what_is_wrong(
    apple: World, published: Published, name, given, problem
):
    published()
    with pytest.raises((BadInput, NoQuery), match=problem):
        asked(apple, name, **given)


def test_a_parameter_is_never_sql(apple: World, published: Published):
    published()

    assert asked(apple, "valuation_history", company="' OR 1=1 --") == []
    assert asked(apple, "peer_set", company="AAPL'; DROP VIEW coverage; --") == []
    assert len(asked(apple, "coverage")) == 1


def test_a_notebook_asks_the_same(apple: World):
    book = Workspace("acme", LocalDesk(apple.store, apple.acme.analyst)).snapshots

    first = book.publish()
    table = first.query("coverage")

    assert list(table["name"]) == ["Apple Inc."]
    assert table.attrs["snapshot_id"] == first.id
    assert first.query("valuation_history", company="AAPL").empty
    assert set(first.queries["query"]) >= {"coverage", "changes"}
    assert book[first.id[:8]] == book.latest() == first
    assert list(book.list()["id"]) == [first.id]
    assert first.verify()
    assert repr(first).startswith(f"<snapshot {first.id[:12]} of ")


def test_no_text_becomes_a_formula_in_a_csv(apple: World, published: Published):
    import_filings(
        apple, apple.acme.analyst, filing({2024: {"revenue": 1}}, **{**KOKE, "name": "=1+1 Co"})
    )
    published()
    with open_work(apple.acme.viewer, apple.store) as work:
        lines = snapshots.ask_snapshot(work, "coverage", {}).as_csv().splitlines()

    assert lines[0].startswith("name,ticker,fiscal_year,revenue,growth")
    assert [line.partition(",")[0] for line in lines[1:]] == ["Apple Inc.", "'=1+1 Co"]


def test_an_answer_is_remembered_and_a_bounded_number_of_them(
    apple: World, published: Published, root, monkeypatch
):
    made = published()
    monkeypatch.setattr(named, "ANSWERS_KEPT", 3)
    for company in "ABCD":
        asked(apple, "peer_set", company=company)
    with opened(root, made) as snapshot:
        assert len(snapshot.answers) == 3
        snapshot.instance.execute("DROP VIEW coverage")  # so that none can be asked anew
        assert asked(apple, "peer_set", company="D") == []


def test_what_takes_too_long_is_stopped(apple: World, published: Published, monkeypatch):
    published()
    endless = named_query("coverage")
    slow = "SELECT count(*) FROM range(100000000) a, range(100000000) b"
    monkeypatch.setattr(named, "SECONDS_MAX", 0.1)
    monkeypatch.setattr(snapshots, "named_query", lambda _: replace(endless, sql=slow))

    with pytest.raises(QueryTooCostly, match=r"took longer than 0\.1 s"):
        asked(apple, "coverage")


def test_threads_of_two_tenants_never_receive_each_others_rows(apple: World, published: Published):
    """200 interleaved queries on 8 threads, none remembered."""
    import_filings(apple, apple.rival.analyst, filing({2024: {"revenue": 47_061}}, **KOKE))
    published()
    publish(apple, apple.rival.analyst)

    def names(turn: int) -> list[str]:
        who = (apple.acme.viewer, apple.rival.viewer)[turn % 2]
        query = ("coverage", "peer_set")[turn % 4 // 2]
        given = {"company": f"NONE{turn}"} if query == "peer_set" else {}
        return [row["name"] for row in asked(apple, query, who, **given)]

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(names, range(200)))

    for turn, found in enumerate(seen):
        own = [["Apple Inc."], ["Coca-Cola Co"]][turn % 2]
        assert found == (own if turn % 4 < 2 else [])
