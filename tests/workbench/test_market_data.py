"""Series are kept as they came, used where nobody doubts them, and keys are never seen again."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import SQLAlchemyError

from app.fault_server import Fault, FaultServer, serving
from tests.conftest import ONLY_SQLITE
from tests.market import answers
from tests.market.played import begin_anew
from valor_core.errors import AccessDenied, BadInput, NotFound
from valor_core.market.checks import SeriesQuery
from valor_core.market.kept import Kept, SeriesInDoubt
from valor_core.market.keys import KeyUnreadable, opened_keys
from valor_core.market.provider import Answer, BarsQuery, FxQuery
from valor_core.market.series import Bar, Series
from valor_core.store.tables import ProviderKeyRow, SeriesRow
from valor_core.values import Caller, utc_now
from valor_core.workbench import logbook, market_data
from valor_core.workbench.verb import open_work

DAYS = {"start": date(2024, 1, 1), "end": date(2024, 1, 4)}
BARS = BarsQuery(symbol="AAPL", **DAYS)
RATES = FxQuery(base="EUR", quote="USD", **DAYS)
KEY = "s3cret-key-0123456789"


@pytest.fixture
def tiingo(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    with serving(answers.tiingo) as server:
        monkeypatch.setenv("VALOR_TIINGO_URL", server.url)
        monkeypatch.setenv("VALOR_DATA_LOOPBACK", "1")
        yield server


def replayed(caller: Caller, query: BarsQuery = BARS) -> Answer:
    return market_data.fetch_series(caller, query, provider="replay").given()


def kept(caller: Caller, answer: Answer, query: SeriesQuery = BARS) -> Kept:
    with open_work(caller) as work:
        return market_data.keep_series(work, answer, query)


def read(caller: Caller, sha256: str) -> Kept:
    with open_work(caller) as work:
        return market_data.read_series(work, sha256)


def spoilt(answer: Answer, **changes: Any) -> Answer:
    """The answer with its second bar changed."""
    assert isinstance(answer.value, Series)
    first, second, *rest = answer.value.rows
    assert isinstance(second, Bar)
    rows = (first, replace(second, **changes), *rest)
    return replace(answer, value=replace(answer.value, rows=rows))


def times(factor: float, row: Any) -> Bar:
    prices = {each: factor * getattr(row, each) for each in ("open", "high", "low", "close")}
    return replace(row, **prices)


def of_key(caller: Caller, key: str, provider: str = "tiingo") -> None:
    with open_work(caller) as work:
        market_data.set_key(work, provider, key)


def test_what_was_kept_is_read_as_it_came_and_the_same_again_changes_nothing(store, acme):
    answer = replayed(acme.analyst)
    first, again = kept(acme.analyst, answer), kept(acme.analyst, replayed(acme.analyst))

    found = read(acme.viewer, first.row.sha256[:12])
    assert found.series == found.usable == answer.value
    assert (first.known_before, again.known_before) == (False, True)
    assert found.row.synthetic == 1
    assert found.row.licence["name"] == "invented"
    with open_work(acme.viewer) as work:
        assert [row.sha256 for row, _ in market_data.list_series(work)] == [first.row.sha256]


def test_a_series_belongs_to_its_tenant_and_has_the_same_name_in_every_one(store, acme, rival):
    mine, theirs = (kept(each.analyst, replayed(each.analyst)) for each in (acme, rival))
    other = kept(acme.analyst, replayed(acme.analyst, replace(BARS, symbol="KO")))

    assert mine.row.sha256 == theirs.row.sha256
    with pytest.raises(NotFound):
        read(rival.analyst, other.row.sha256)


def test_a_doubtful_row_is_left_out_until_somebody_accepts_it_with_a_reason(store, acme):
    done = kept(acme.analyst, spoilt(replayed(acme.analyst), low=1.0, high=1.1))
    day = "2024-01-02"

    assert [(doubt.day, doubt.kind) for doubt in done.open_doubts] == [(day, "crossed")]
    assert len(done.usable.rows) == len(done.series.rows) - 1
    with open_work(acme.analyst) as work:
        market_data.accept_doubts(work, done.row.sha256, [day], reason="the exchange erred")
    accepted = read(acme.viewer, done.row.sha256)
    assert accepted.usable == accepted.series
    assert accepted.doubts[0].reason == "the exchange erred"
    with open_work(acme.admin) as work:
        told = json.loads(logbook.read_log(work, action="series.accept")[0].payload or b"")
    assert (told["days"], told["reason"]) == ([day], "the exchange erred")


def test_a_series_in_doubt_as_a_whole_is_not_used_at_all(store, acme):
    answer = replayed(acme.analyst)
    assert isinstance(answer.value, Series)
    renamed = replace(answer, value=replace(answer.value, symbol="AAPD"))
    done = kept(acme.analyst, renamed)

    with pytest.raises(SeriesInDoubt, match="AAPL was asked for, AAPD came"):
        _ = done.usable


@ONLY_SQLITE
def test_nothing_is_accepted_without_a_reason_or_without_a_doubt(store, acme):
    done = kept(acme.analyst, spoilt(replayed(acme.analyst), close=-1.0))

    for days, reason, refusal in (
        (["2024-01-02"], "  ", BadInput),
        (["2024-01-03"], "it is right", NotFound),
        ([], "it is right", NotFound),
    ):
        with pytest.raises(refusal), open_work(acme.analyst) as work:
            market_data.accept_doubts(work, done.row.sha256, days, reason=reason)
    with pytest.raises(AccessDenied), open_work(acme.viewer) as work:
        market_data.accept_doubts(work, done.row.sha256, ["2024-01-02"], reason="it is right")


@ONLY_SQLITE
def test_a_series_is_held_against_the_one_before_and_against_other_providers(store, acme, tiingo):
    of_key(acme.admin, KEY)
    answer = market_data.fetch_series(acme.analyst, BARS, provider="tiingo").given()
    kept(acme.analyst, answer)
    assert isinstance(answer.value, Series)
    rows = tuple(times(100, row) for row in answer.value.rows)
    hundredfold = replace(answer, value=replace(answer.value, rows=rows))
    apart = replace(spoilt(answer, close=51.2), provider="alpaca")

    jumped, deviating = kept(acme.analyst, hundredfold), kept(acme.analyst, apart)

    assert {doubt.kind for doubt in jumped.doubts} == {"jump"}
    assert len(jumped.usable.rows) == 0
    assert [doubt.told for doubt in deviating.doubts] == ["51.2 here, 49.75 at Tiingo"]


def test_a_kept_series_cannot_be_changed_even_past_the_verbs(store, acme):
    done = kept(acme.analyst, replayed(acme.analyst))

    with pytest.raises(SQLAlchemyError, match=r"never changed|permission denied"):
        emptied(acme.admin, done.row.sha256)
    assert read(acme.viewer, done.row.sha256).series.rows


def lent(answer: Answer, *, days: int, ago: int) -> Answer:
    """The answer under terms that let it be kept for some days, fetched so many days ago."""
    licence = replace(answer.licence, name="lent", retention_days=days)
    return replace(answer, licence=licence, fetched_at=utc_now() - timedelta(days=ago))


def test_a_series_goes_with_its_doubts_once_its_licence_has_run_out_and_the_log_says_so(
    store, acme, rival
):
    answer = spoilt(replayed(acme.analyst), low=1.0, high=1.1)
    other = replace(BARS, symbol="KO")
    over = kept(acme.analyst, lent(answer, days=30, ago=31))
    stays = kept(acme.analyst, lent(replayed(acme.analyst, other), days=30, ago=29), other)
    theirs = kept(rival.analyst, lent(answer, days=30, ago=31))

    assert [market_data.run_purge(store, acme.admin) for _ in range(2)] == [1, 0]

    with pytest.raises(NotFound):
        read(acme.viewer, over.row.sha256)
    assert read(acme.viewer, stays.row.sha256).series == stays.series
    assert read(rival.viewer, theirs.row.sha256).doubts, "another tenant's purge is its own"
    with open_work(acme.admin) as work:
        (entry,) = logbook.read_log(work, action="series.purge")
    assert json.loads(entry.payload or b"")["series"] == [over.row.sha256[:16]]


def test_a_series_whose_licence_sets_no_end_cannot_be_dropped_even_past_the_verbs(store, acme):
    done = kept(acme.analyst, replayed(acme.analyst))

    with pytest.raises(SQLAlchemyError, match="never changed"):
        dropped(acme.admin, done.row.sha256)
    assert read(acme.viewer, done.row.sha256).series.rows


def dropped(caller: Caller, sha256: str) -> None:
    with open_work(caller) as work:
        work.begin_writing()
        work.session.execute(delete(SeriesRow).where(SeriesRow.sha256 == sha256))


def emptied(caller: Caller, sha256: str) -> None:
    with open_work(caller) as work:
        work.begin_writing()
        market_data.read_series(work, sha256).row.content = b""
        work.session.flush()


@ONLY_SQLITE
def test_where_nobody_answers_the_last_good_series_comes_with_its_age_and_why(store, acme, tiingo):
    of_key(acme.admin, KEY)
    first = market_data.fetch_series(acme.analyst, BARS, provider="tiingo")
    tiingo.fault = Fault.ERROR
    begin_anew(acme)

    again = market_data.fetch_series(acme.analyst, BARS, provider="tiingo")

    at, newest = first.given().fetched_at, first.given().as_of
    assert again.given() == first.given()
    assert market_data.told_of_age(first.decision) == ""
    assert market_data.told_of_age(again.decision) == (
        "The last good answer of Tiingo, because Tiingo answered that it is out of order: "
        f"HTTP 500. It was fetched on {at:%Y-%m-%d at %H:%M} UTC and reaches to "
        f"{newest:%Y-%m-%d}."
    )


# --- keys -----------------------------------------------------------------------------------------


def test_a_key_is_kept_sealed_and_sent_to_its_provider_alone(store, acme, tiingo):
    of_key(acme.admin, KEY)

    answer = market_data.fetch_series(acme.analyst, BARS, provider="tiingo").given()

    assert tiingo.heads[-1]["authorization"] == f"Token {KEY}"
    assert KEY not in f"{answer}"
    with open_work(acme.admin) as work:
        row = work.session.scalars(select(ProviderKeyRow)).one()
        entries = logbook.read_log(work, action="provider.key_set")
        assert KEY.encode() not in row.sealed + row.nonce
        assert all(KEY.encode() not in (entry.payload or b"") for entry in entries)
        assert entries[0].target == "provider:tiingo"


def test_the_key_of_one_tenant_opens_for_no_other_and_for_no_other_provider(store, acme, rival):
    of_key(acme.admin, KEY)
    of_key(rival.admin, "another-key")
    of_key(acme.admin, "a-third-key", provider="fred")

    with open_work(acme.admin) as work:
        assert opened_keys(work) == {"tiingo": KEY, "fred": "a-third-key"}
        rows = {row.provider: row for row in work.session.scalars(select(ProviderKeyRow))}
        moved = rows["fred"].nonce, rows["fred"].sealed
        work.begin_writing()
        change = update(ProviderKeyRow).where(ProviderKeyRow.provider == "tiingo")
        work.session.execute(change.values(nonce=moved[0], sealed=moved[1]))
    with pytest.raises(KeyUnreadable, match="Tiingo"), open_work(acme.admin) as work:
        opened_keys(work)


@ONLY_SQLITE
def test_a_key_that_was_sealed_under_another_secret_says_so(store, acme, monkeypatch):
    monkeypatch.setenv("VALOR_PROVIDER_SECRET", "a" * 64)
    of_key(acme.admin, KEY)
    monkeypatch.setenv("VALOR_PROVIDER_SECRET", "b" * 64)

    with pytest.raises(KeyUnreadable, match="cannot be opened any more"):
        market_data.fetch_series(acme.analyst, BARS, provider="tiingo")


@ONLY_SQLITE
def test_a_key_is_replaced_and_dropped_and_a_provider_without_one_says_what_it_lacks(
    store, acme, tiingo
):
    of_key(acme.admin, "the-first-one")
    of_key(acme.admin, KEY)
    with open_work(acme.viewer) as work:
        ready = {each.offer.name: each.provider for each in market_data.list_providers(work)}
        assert (bool(ready["tiingo"]), ready["fred"]) == (True, None)
    with open_work(acme.admin) as work:
        market_data.drop_key(work, "tiingo", reason="it leaked")

    with pytest.raises(BadInput, match="Tiingo cannot be asked without a key"):
        market_data.fetch_series(acme.analyst, BARS, provider="tiingo")
    with pytest.raises(NotFound), open_work(acme.admin) as work:
        market_data.drop_key(work, "tiingo", reason="it leaked")


@ONLY_SQLITE
@pytest.mark.parametrize("key", ["", "abc", "two words", "line\nbreak", "ключ-ключ", "k" * 513])
def test_what_can_be_no_key_is_refused_without_being_told(store, acme, key):
    with pytest.raises(BadInput) as refused:
        of_key(acme.admin, key)
    assert not key or key not in str(refused.value)


@ONLY_SQLITE
def test_only_who_manages_a_tenant_sets_keys_and_only_what_takes_one_gets_one(store, acme):
    with pytest.raises(AccessDenied):
        of_key(acme.analyst, KEY)
    with pytest.raises(BadInput, match="takes no key"):
        of_key(acme.admin, KEY, provider="ecb")
    with pytest.raises(NotFound, match="nobody"):
        of_key(acme.admin, KEY, provider="nobody")


@ONLY_SQLITE
def test_a_provider_is_asked_for_what_it_has_alone(store, acme):
    with pytest.raises(BadInput, match="Replay has no fx"):
        market_data.fetch_series(acme.analyst, RATES, provider="replay")
    with pytest.raises(AccessDenied):
        replayed(acme.viewer)
