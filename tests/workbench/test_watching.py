from datetime import UTC, datetime, timedelta

import pytest

from tests.market.played import QUESTION, Played, begin_anew
from valor_core.errors import BadInput, NotFound
from valor_core.market.failures import Failure
from valor_core.market.provider import Capability
from valor_core.sla.states import State
from valor_core.store.work import unit_of_work
from valor_core.workbench import providers, routing
from valor_core.workbench.watching import watch

MACRO = Capability.MACRO
NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _a_new_process(acme):
    begin_anew(acme)


@pytest.fixture
def fred() -> Played:
    return Played(name="fred", clock=lambda: datetime.now(UTC).timestamp())


@pytest.fixture
def after(store, acme, fred):
    """What happens so many minutes after noon to a tenant that asks FRED alone."""
    offer = {"fred": fred}

    class After:
        def ask(self, minute: float) -> None:
            now = NOON + timedelta(minutes=minute)
            routing.ask(acme.analyst, QUESTION, among=offer, now=now)

        def watch(self, minute: float) -> list[tuple[str, str]]:
            now = NOON + timedelta(minutes=minute)
            rows = watch(store, acme.analyst, among=offer, now=now)
            return [(row.state, row.cause) for row in rows]

        def read(self, minute: float):
            with unit_of_work(acme.viewer, store, NOON + timedelta(minutes=minute)) as work:
                (told,) = providers.read_providers(work)
                return told, providers.read_course(work)

    return After()


def test_nothing_is_watched_that_nobody_has_asked(after, fred):
    assert after.watch(0) == []
    assert fred.asked == []


def test_a_state_is_appended_when_it_changes_and_not_before(after, fred):
    after.ask(0)
    assert after.watch(1) == [("up", "it answers")]
    after.ask(2)
    assert after.watch(2) == []
    fred.how = Failure.CONNECTION
    for _ in range(2):
        after.ask(3)

    assert after.watch(4) == [("down", "3 of its last 5 calls failed: could not be reached")]

    told, course = after.read(4.5)
    assert (told.state, told.since) == (State.DOWN, NOON + timedelta(minutes=4))
    assert [each.state for each in course] == [State.UP, State.DOWN]
    assert told.figures.availability == pytest.approx(3 / 3.5)
    assert told.figures.coverage == 1.0
    assert told.figures.request_availability == pytest.approx(1 / 4)
    assert told.figures.latency_s[0.5] < 1.0


def test_who_is_idle_is_probed_and_so_an_outage_ends_without_anybody_asking(after, fred):
    after.ask(0)
    fred.how = Failure.SERVER
    assert after.watch(10) == [("down", "its last call failed")]
    fred.how = "well"

    states = [state for minute in range(11, 18) for state, _ in after.watch(minute)]

    assert states[-1] == "up"
    told, _ = after.read(17.5)
    assert told.figures.incidents == 1


def test_a_minute_is_watched_once_however_many_processes_there_are(after, fred):
    after.ask(0)
    fred.asked.clear()
    first = after.watch(10)
    again = after.watch(10.2)

    assert first
    assert again == []
    assert len(fred.asked) == 1


def test_what_nobody_watched_is_unknown_and_counts_neither_way(after):
    after.ask(0)
    after.watch(0)
    after.watch(1)

    assert after.watch(61) == [("unknown", "nobody was watching"), ("up", "it answers")]

    told, course = after.read(62)
    assert [each.state for each in course] == [State.UP, State.UNKNOWN, State.UP]
    assert told.figures.availability == 1.0
    assert told.figures.coverage == pytest.approx(3 / 62)


def test_who_looks_while_nobody_watches_is_told_that_nothing_is_known(after):
    after.ask(0)
    after.watch(0)

    told, course = after.read(90)

    assert (told.state, told.cause) == (State.UNKNOWN, "nobody was watching")
    assert course[-1].end == NOON + timedelta(minutes=1)


def test_announced_work_counts_neither_way_and_is_no_outage(store, acme, fred, after):
    after.ask(0)
    after.watch(0)
    with unit_of_work(acme.admin, store, NOON) as work:
        providers.announce(work, "fred", NOON + timedelta(minutes=2), NOON + timedelta(minutes=9),
                           reason="they move house")  # fmt: skip
    fred.how = Failure.CONNECTION
    after.ask(3)

    assert after.watch(3) == [("maintenance", "they move house")]
    told, _ = after.read(4)
    assert told.figures.availability == 1.0
    assert told.figures.promised_s == 120.0


def test_work_is_announced_before_it_begins_and_can_be_withdrawn(store, acme, rival):
    with (
        pytest.raises(BadInput, match="before it begins"),
        unit_of_work(acme.admin, store, NOON) as work,
    ):
        providers.announce(work, "fred", NOON - timedelta(hours=1), NOON, reason="was down")
    with unit_of_work(acme.admin, store, NOON) as work:
        row = providers.announce(work, "fred", NOON, NOON + timedelta(hours=1), reason="they move")
    with pytest.raises(NotFound), unit_of_work(rival.admin, store, NOON) as work:
        providers.withdraw(work, row.id)
    with unit_of_work(acme.admin, store, NOON + timedelta(minutes=5)) as work:
        providers.withdraw(work, row.id)
    with unit_of_work(acme.viewer, store, NOON + timedelta(minutes=6)) as work:
        (told,) = providers.list_announced(work)

    assert told.withdrawn_at is not None


def test_what_calls_have_shown_since_the_last_watch_is_told_at_once(after, fred):
    after.ask(0)
    after.watch(0)
    fred.how = Failure.SERVER
    after.ask(2.1)

    told, _ = after.read(2.5)

    assert (told.state, told.cause) == (State.DOWN, "3 of its last 3 calls failed")


def test_who_fails_is_probed_each_minute_until_it_is_well(after, fred):
    after.ask(0)
    fred.how = Failure.SERVER
    after.ask(0)
    fred.asked.clear()

    after.watch(1)

    assert len(fred.asked) == 1
