"""Whatever differs between what was metered and what was billed is named, to the minor unit."""

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valor_core.billing.events import TYPES
from valor_core.billing.inbox import State
from valor_core.billing.ledger import DAYS_MAX
from valor_core.billing.metering import Meter, first_moment
from valor_core.billing.reconciliation import (
    MEANING,
    Billed,
    Books,
    ClosedDay,
    Line,
    Noted,
    Price,
    Reconciliation,
    Used,
    _left_over,
    of_nobody,
    reconcile,
)
from valor_core.billing.signatures import MESSAGE_ID, SETTING, STANDARD, TIMESTAMP, TOLERANCE_S
from valor_core.settings import ROOT
from valor_core.store.secrets import LEAST_BYTES

FIRST = date(2026, 11, 1)
PRICE = Price(
    meter="valuations", valid_from="2026-01-01", price_minor=25, per_quantity=10, currency="USD",
    plan_version="team-1",
)  # fmt: skip
SEVERAL = [
    replace(PRICE, meter=meter, price_minor=minor, per_quantity=per)
    for meter, minor, per in (("valuations", 25, 10), ("imports", 3, 7), ("reports", 100, 1))
]


def day(n: int) -> str:
    return (FIRST + timedelta(days=n)).isoformat()


def use(n: int, **changes) -> Used:
    return replace(Used(usage_id=f"u{n}", meter="valuations", day=day(5), quantity=7), **changes)


def bill(used: Used, **changes) -> Billed:
    """As the provider bills it when all is well: on the evening of its day."""
    price = {p.meter: p for p in SEVERAL}[used.meter]
    price = replace(price, **{k: changes.pop(k) for k in list(changes) if hasattr(price, k)})
    right = Billed(
        event_id=f"evt_{used.usage_id}", usage_id=used.usage_id, day=used.day,
        quantity=used.quantity, price=price, amount_minor=0,
        created_at=first_moment(date.fromisoformat(used.day)) + 1,
    )  # fmt: skip
    right = replace(right, **{k: v for k, v in changes.items() if k == "quantity"})
    right = replace(right, amount_minor=price.of(right.quantity))
    return replace(right, **changes)


def books(used: list[Used], billed: list[Billed], **changes) -> Books:
    made = Books(
        first=FIRST, last=FIRST + timedelta(days=29), used=used, billed=billed, prices=SEVERAL,
        closed=[], noted=[], acts={each.usage_id: each for each in used},
    )  # fmt: skip
    return replace(made, **changes)


def told(found: Reconciliation) -> dict[Line, tuple[int, int]]:
    """Quantity and money of each cause."""
    sums: dict[Line, tuple[int, int]] = {}
    for row in found.causes:
        quantity, amount = sums.get(row.line, (0, 0))
        sums[row.line] = (quantity + row.quantity, amount + row.amount_minor)
    return sums


def holds(found: Reconciliation) -> bool:
    return all(
        t.unexplained_minor == 0 and t.billed_minor - t.metered_minor == t.explained_minor
        for t in found.totals
    )


uses = st.builds(
    Used,
    usage_id=st.sampled_from("abcdefgh"),
    meter=st.sampled_from(["valuations", "imports", "reports", "unpriced"]),
    day=st.integers(-40, 40).map(day),
    quantity=st.integers(0, 50),
)
bills = st.builds(
    Billed,
    event_id=st.uuids().map(str),
    usage_id=st.sampled_from("abcdefgh"),
    day=st.integers(-40, 40).map(day),
    quantity=st.integers(0, 50),
    price=st.builds(
        Price,
        meter=st.sampled_from(["valuations", "imports", "reports", "unpriced"]),
        valid_from=st.just(""),
        price_minor=st.integers(0, 30),
        per_quantity=st.integers(1, 10),
        currency=st.sampled_from(["USD", "EUR"]),
        plan_version=st.sampled_from(["team-1", "team-2"]),
    ),
    amount_minor=st.integers(-100, 1000),
    created_at=st.integers(-40, 40).map(lambda n: first_moment(FIRST + timedelta(days=n))),
)


@given(
    used=st.lists(uses, max_size=12, unique_by=lambda each: (each.usage_id, each.meter)),
    billed=st.lists(bills, max_size=12),
    known=st.one_of(st.none(), st.lists(uses, max_size=8)),
)
def test_whatever_stands_on_either_side_the_causes_add_up_and_leave_nothing(used, billed, known):
    closed = [
        ClosedDay(meter=each.meter, day=each.day, quantity=each.quantity, closed_at=0)
        for each in {(each.day, each.meter): each for each in used}.values()
    ]
    acts = None if known is None else {each.usage_id: each for each in known}
    found = reconcile(books(used, billed, closed=closed, acts=acts))
    days = (day(0), day(29))

    assert holds(found)
    assert Line.UNEXPLAINED not in {row.line for row in found.rows}
    within = [each for each in billed if days[0] <= each.day <= days[1]]
    assert sum(t.billed_minor for t in found.totals) == sum(each.amount_minor for each in within)


@given(st.lists(uses.filter(lambda u: u.meter != "unpriced"), unique_by=lambda u: u.usage_id))
def test_what_is_billed_as_it_was_metered_has_no_difference(used):
    found = reconcile(books(used, [bill(each) for each in used]))

    assert found.causes == []
    assert holds(found)


def closing(used: Used, quantity: int) -> ClosedDay:
    over = first_moment(date.fromisoformat(used.day) + timedelta(days=1))
    return ClosedDay(meter=used.meter, day=used.day, quantity=quantity, closed_at=over)


A = use(1)
LATE = first_moment(FIRST + timedelta(days=9))
FAULTS: dict[Line, Callable[[], Books]] = {
    Line.MISSING_AT_PROVIDER: lambda: books([A], []),
    Line.EXTRA_AT_PROVIDER: lambda: books([A], [bill(A), bill(A, event_id="evt_z")]),
    Line.QUANTITY_MISMATCH: lambda: books([A], [bill(A, quantity=17)]),
    Line.PLAN_VERSION_MISMATCH: lambda: books([A], [bill(A, plan_version="team-0", price_minor=9)]),
    Line.PRICE_MISMATCH: lambda: books([A], [bill(A, price_minor=30)]),
    Line.ROUNDING: lambda: books([A], [bill(A, amount_minor=17)]),
    Line.DAY_BOUNDARY: lambda: books([A], [bill(A, day=day(6))]),
    Line.LATE_AFTER_CLOSE: lambda: books(
        [A], [bill(A, day=day(9), created_at=LATE)], closed=[closing(A, 7)]
    ),
    Line.MISSING_USAGE: lambda: books([], [bill(A)], acts={A.usage_id: A}),
    Line.ORPHAN_USAGE: lambda: books([A], [], acts={}),
    Line.ROLLUP_DRIFT: lambda: books([A], [bill(A)], closed=[closing(A, 8)]),
    Line.DUPLICATE_DELIVERY: lambda: books([A], [bill(A)], noted=[noted(Line.DUPLICATE_DELIVERY)]),
}
MONEY = {  # 7 of 2.5 are 17.5, to the even one 18
    Line.MISSING_AT_PROVIDER: (-7, -18),
    Line.EXTRA_AT_PROVIDER: (7, 18),
    Line.QUANTITY_MISMATCH: (10, 24),
    Line.PLAN_VERSION_MISMATCH: (0, -12),
    Line.PRICE_MISMATCH: (0, 3),
    Line.ROUNDING: (0, -1),
    Line.MISSING_USAGE: (7, 18),
    Line.ORPHAN_USAGE: (-7, -18),
}


def noted(line: Line) -> Noted:
    return Noted(line=line, day=A.day, meter=A.meter, currency="USD", events=2)


@pytest.mark.parametrize("line", FAULTS)
def test_each_fault_is_named_and_nothing_else_is(line):
    found = reconcile(FAULTS[line]())

    assert told(found) == {line: MONEY.get(line, (0, 0))}
    assert holds(found)


def test_a_use_that_the_closed_day_never_knew_is_a_drift_and_one_of_a_later_day_none():
    later = use(2, day=day(6))
    of_another_meter = use(3, meter="imports", quantity=1)
    used = [A, of_another_meter, later]

    found = reconcile(books(used, [bill(each) for each in used], closed=[closing(A, 7)]))

    assert [(row.line, row.day, row.meter) for row in found.causes] == [
        (Line.ROLLUP_DRIFT, A.day, "imports")
    ]


def test_all_that_was_billed_to_nobody_is_a_difference_of_an_unknown_tenant():
    found = of_nobody(FIRST, FIRST + timedelta(days=29), [bill(A)])

    assert told(found) == {Line.UNKNOWN_TENANT: (7, 18)}
    assert holds(found)


def test_faults_in_one_stream_are_each_named_as_often_as_they_happened():
    used = [use(n, day=day(n % 20), quantity=1 + n % 9) for n in range(60)]
    billed = {each.usage_id: bill(each) for each in used}
    for n in (1, 2, 3):
        del billed[f"u{n}"]
    for n in (11, 12):
        billed[f"u{n}"] = bill(used[n], price_minor=40)
    billed["u21"] = bill(used[21], quantity=99)
    billed["u31"] = bill(used[31], day=(FIRST + timedelta(days=12)).isoformat())
    billed["twice"] = bill(used[41], event_id="evt_z")

    found = reconcile(books(used, list(billed.values())))

    events = Counter()
    for row in found.causes:
        events[row.line] += row.events
    assert events == {
        Line.MISSING_AT_PROVIDER: 3, Line.PRICE_MISMATCH: 2, Line.QUANTITY_MISMATCH: 1,
        Line.DAY_BOUNDARY: 2, Line.EXTRA_AT_PROVIDER: 1,
    }  # fmt: skip
    assert holds(found)


def test_a_bill_in_another_currency_is_a_difference_in_both():
    found = reconcile(books([A], [bill(A, currency="EUR")]))

    assert {t.currency: t.explained_minor for t in found.totals} == {"USD": -18, "EUR": 18}
    assert {row.line for row in found.causes} == {Line.PRICE_MISMATCH}


def test_what_no_cause_explains_is_told_as_such():
    billed = [row for row in reconcile(books([], [bill(A)])).rows if row.line is Line.BILLED]
    left = tuple(_left_over(billed))
    found = Reconciliation(tenant="", first=FIRST, last=FIRST, rows=(*billed, *left))

    assert [(row.line, row.quantity, row.events) for row in left] == [(Line.UNEXPLAINED, 7, 0)]
    assert [t.unexplained_minor for t in found.totals] == [18]


@pytest.mark.parametrize(("quantity", "amount"), [(7, 0), (0, 18), (0, 0)])
def test_what_no_cause_explains_is_told_in_quantity_or_in_money_alone(quantity, amount):
    [billed] = [row for row in reconcile(books([], [bill(A)])).rows if row.line is Line.BILLED]
    left = list(_left_over([replace(billed, quantity=quantity, amount_minor=amount)]))

    assert [(row.quantity, row.amount_minor) for row in left] == [(quantity, amount)] * bool(
        quantity or amount
    )


def test_a_day_that_was_added_up_to_a_use_that_nobody_made_is_a_drift():
    found = reconcile(books([], [], closed=[closing(A, 1)]))

    assert [(row.line, row.day, row.quantity) for row in found.causes] == [
        (Line.ROLLUP_DRIFT, A.day, 0)
    ]


def test_a_log_that_was_purged_accuses_nobody():
    assert reconcile(books([A], [bill(A)], acts=None)).causes == []


def test_the_first_and_the_last_day_count_and_none_beside_them():
    found = reconcile(books([use(n, day=day(n)) for n in (-1, 0, 29, 30)], []))

    assert {row.day for row in found.rows} == {day(0), day(29)}


def test_what_has_no_price_costs_nothing():
    found = reconcile(books([use(1, meter="unpriced")], []))

    assert {row.amount_minor for row in found.rows} == {0}


def test_the_price_is_that_of_the_day():
    dearer = replace(PRICE, valid_from=day(6), price_minor=100)
    found = reconcile(books([A, use(2, day=day(6))], [], prices=[PRICE, dearer]))

    metered = [row.amount_minor for row in found.rows if row.line is Line.METERED]
    assert metered == [18, 70]


def test_the_csv_has_the_same_totals_and_no_formula():
    """G43."""
    found = reconcile(FAULTS[Line.PRICE_MISMATCH](), tenant='=HYPERLINK("x")')
    rows = list(csv.DictReader(io.StringIO(found.as_csv())))

    assert {row["tenant"] for row in rows} == {'\'=HYPERLINK("x")'}
    assert found.csv_sha256 == hashlib.sha256(found.as_csv().encode()).hexdigest()
    sums = Counter()
    for row in rows:
        sums[row["line"]] += int(row["amount_minor"])
    [total] = found.totals
    assert sums["BILLED"] - sums["METERED"] == sums["PRICE_MISMATCH"] == total.explained_minor


def test_every_cause_is_told_in_words():
    assert set(MEANING) == set(Line)


def test_the_document_names_every_cause_state_header_and_setting_as_they_are():
    document = (ROOT / "docs" / "governance" / "billing.md").read_text()
    causes = set(re.findall(r"^\| `([A-Z_]+)` \|", document, flags=re.MULTILINE))

    assert causes == set(Line) - {Line.METERED, Line.BILLED, Line.UNEXPLAINED}
    named = {*State, *TYPES, *Meter, SETTING, MESSAGE_ID, TIMESTAMP, STANDARD}
    assert {name for name in named if f"`{name}" not in document} == set()
    for number, unit in ((TOLERANCE_S, "seconds"), (LEAST_BYTES, "characters")):
        assert f"{number} {unit}" in document
    assert f"at most {DAYS_MAX}" in document
