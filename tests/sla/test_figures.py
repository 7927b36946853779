from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import composite, integers, lists, sampled_from
from sqlalchemy import Select
from sqlalchemy.dialects import postgresql

from tests.sla import reference
from tests.sla.reference import STEP, History
from valor_core.sla.buckets import bucket_of, seconds_of
from valor_core.sla.figures import (
    QUANTILES,
    Asked,
    Figures,
    figures,
    incidents,
    latency_buckets,
    requests_by_outcome,
    time_by_state,
)
from valor_core.sla.hours import joined
from valor_core.sla.states import State
from valor_core.store.tables import ProviderCallRow, ProviderIntervalRow
from valor_core.store.work import Work, unit_of_work

STATES = [str(state) for state in State]
WHOSE = {"provider": "fred", "capability": "macro"}


@composite
def histories(draw: Any) -> History:
    steps = sorted(draw(lists(integers(0, 40), unique=True, max_size=12)))
    states = [(step, draw(sampled_from(STATES))) for step in steps]
    calls = draw(lists(sampled_from(["good", "bad", "neutral"]), max_size=12))
    spans = joined(draw(lists(integers(0, 40).map(lambda n: (n, n + 7)), min_size=1, max_size=3)))
    return History(
        states=states,
        calls=[(draw(integers(0, 40)), outcome, draw(integers(0, 9))) for outcome in calls],
        spans=spans,
        known_until=draw(integers(steps[-1] if steps else 0, 50)),
    )


def kept(work: Work, history: History) -> None:
    counts: dict[tuple[int, str, int], int] = {}
    for call in history.calls:
        counts[call] = counts.get(call, 0) + 1
    work.add_all(
        [
            ProviderIntervalRow(**WHOSE, started_at=step * STEP, state=state, cause="")
            for step, state in history.states
        ]
    )
    work.add_all(
        [
            ProviderCallRow(**WHOSE, minute=step * STEP, outcome=outcome, bucket=bucket, n=n)
            for (step, outcome, bucket), n in counts.items()
        ]
    )
    work.session.flush()


def asked(history: History) -> Asked:
    return Asked(
        **WHOSE,
        spans=[(start * STEP, end * STEP) for start, end in history.spans],
        known_until=history.known_until * STEP,
        objective=0.99,
    )


def check(read: Any, history: History) -> None:
    """What a database says, against a walk over every step."""
    about = asked(history)
    seconds = {state: int(n) for state, n in read(time_by_state(about))}
    assert seconds == {s: n * STEP for s, n in reference.steps_by_state(history).items()}
    assert read(incidents(about))[0][0] == reference.outages(history)
    assert {o: int(n) for o, n in read(requests_by_outcome(about))} == reference.outcomes(history)
    found = {q: reference.quantile(history, q) for q in QUANTILES}
    told = {int(share) / 100_000: int(bucket) for share, bucket in read(latency_buckets(about))}
    assert told == {q: bucket for q, bucket in found.items() if bucket is not None}


several = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@several
@given(history=histories())
def test_the_sql_says_what_a_walk_over_every_step_says(store, acme, history):
    work = Work(acme.analyst, store)
    work.begin_writing()
    try:
        kept(work, history)
        check(lambda statement: work.session.execute(statement).all(), history)
    finally:
        work.end()  # nothing is kept: the next history begins anew


@pytest.fixture(scope="module")
def duck():
    with duckdb.connect(config={"threads": 1}) as db:
        db.execute(
            "CREATE TABLE provider_intervals (provider TEXT, capability TEXT, started_at BIGINT,"
            " state TEXT); CREATE TABLE provider_calls (provider TEXT, capability TEXT,"
            " minute BIGINT, outcome TEXT, bucket BIGINT, n BIGINT)"
        )
        yield db


@given(history=histories())
def test_duckdb_reads_the_same_sql_alike(duck, history):
    duck.execute("DELETE FROM provider_intervals; DELETE FROM provider_calls")
    for step, state in history.states:
        row = ["fred", "macro", step * STEP, state]
        duck.execute("INSERT INTO provider_intervals VALUES (?, ?, ?, ?)", row)
    for step, outcome, bucket in history.calls:
        row = ["fred", "macro", step * STEP, outcome, bucket]
        duck.execute("INSERT INTO provider_calls VALUES (?, ?, ?, ?, ?, 1)", row)

    def read(statement: Select) -> list[Any]:
        text = statement.compile(
            dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}
        )
        return duck.execute(str(text)).fetchall()

    check(read, history)


def test_another_tenants_rows_are_in_no_figure(store, acme, rival):
    history = History(states=[(0, "down")], calls=[(0, "bad", 3)], spans=[(0, 10)], known_until=10)
    with unit_of_work(rival.analyst, store) as work:
        work.begin_writing()
        kept(work, history)
    with unit_of_work(acme.analyst, store) as work:
        told = figures(work, asked(history))

    assert (told.seconds, told.requests, told.incidents, told.coverage) == ({}, 0, 0, 0.0)
    assert told.availability is None, "of what nobody watched nobody says that it worked"


def test_a_worked_month():
    """30 days: 43 min down in 2 outages, a day unknown; 12 of 10,000 requests failed; 99.9 %."""
    day = 86_400.0
    month = Figures(
        promised_s=30 * day,
        seconds={State.UP: 29 * day - 2580.0, State.DOWN: 2580.0, State.UNKNOWN: day},
        requests=10_000, bad_requests=12, incidents=2, latency_s={}, objective=0.999,
    )  # fmt: skip

    assert month.coverage == pytest.approx(29 / 30)
    assert month.availability == pytest.approx(1 - 2580 / (29 * 86_400))
    assert month.request_availability == pytest.approx(0.9988)
    assert month.burn_rate == pytest.approx(1.2)
    assert month.budget_left == pytest.approx(-0.2)
    assert month.mttr_s == pytest.approx(1290.0)
    assert month.mtbf_s == pytest.approx((29 * day - 2580) / 2)


@given(micros=integers(1, 10**12))
def test_a_bucket_tells_a_latency_to_one_percent(micros):
    assert seconds_of(bucket_of(micros / 1e6)) == pytest.approx(micros / 1e6, rel=0.0101)
