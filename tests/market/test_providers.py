"""One suite for every provider: what it answers, and what it says when it is answered badly."""

import asyncio
import hashlib
import json
import re
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis.strategies import composite, floats, integers, sampled_from

from app.fault_server import Answers, Fault, FaultServer
from tests.market import answers
from tests.market.played import Counting
from valor_core.errors import BadInput
from valor_core.market.failures import Failure, ProviderFailure
from valor_core.market.offered import OFFERS, usable
from valor_core.market.provider import (
    Answer,
    BarsQuery,
    Capability,
    FundamentalsQuery,
    FxQuery,
    MacroQuery,
    Provider,
    Query,
)
from valor_core.market.providers.alpaca import Alpaca
from valor_core.market.providers.ecb import Ecb
from valor_core.market.providers.edgar import PACE, Edgar
from valor_core.market.providers.fmp import Fmp
from valor_core.market.providers.folder import Folder
from valor_core.market.providers.fred import Fred
from valor_core.market.providers.replay import Replay, bridge, invented_bars
from valor_core.market.providers.tiingo import Tiingo
from valor_core.market.series import Adjusted, Bar, Series
from valor_core.market.transport import Fetched, Request, SafeHttp

KEY = "id0key:s3cretkey"
DAYS = {"start": date(2024, 1, 1), "end": date(2024, 1, 4)}
BARS = BarsQuery(symbol="AAPL", **DAYS)
RATES = FxQuery(base="EUR", quote="USD", **DAYS)


@dataclass(frozen=True)
class Case:
    """A provider, a question to it, the server that plays it, and the same server mixed up."""

    made: Callable[[str], Provider]
    query: Query
    answers: Answers
    wrong: Answers | None = None


CASES = {
    "edgar": Case(
        lambda url: Edgar(base_url=url, data_url=url, contact="us"), FundamentalsQuery(cik=320193),
        answers.edgar, answers.edgar_of_another,
    ),
    "fred": Case(
        lambda url: Fred(base_url=url, key=KEY), MacroQuery(series="DGS10", **DAYS),
        answers.fred, answers.fred_of_another,
    ),
    "fmp": Case(
        lambda url: Fmp(base_url=url, key=KEY), FundamentalsQuery(ticker="AAPL"),
        answers.fmp, answers.fmp_of_another,
    ),
    "tiingo": Case(lambda url: Tiingo(base_url=url, key=KEY), BARS, answers.tiingo),
    "alpaca": Case(
        lambda url: Alpaca(base_url=url, key=KEY), BARS, answers.alpaca, answers.alpaca_of_another
    ),
    "ecb": Case(lambda url: Ecb(base_url=url), RATES, answers.ecb, answers.ecb_of_another),
}  # fmt: skip
NAMES = list(CASES)
_CODE = {name: f"valor_core.market.providers.{name}" for name in NAMES}


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, FaultServer]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VALOR_DATA_CONTACT", "Acme data@acme.example")
        patch.setattr(PACE, "_apart_s", 0.0)
        started = {
            name: FaultServer(case.answers, wrong=case.wrong) for name, case in CASES.items()
        }
        for server in started.values():
            server.start()
        yield started
        for server in started.values():
            server.stop()


def run(act: Callable[[SafeHttp, float], Awaitable[Any]], *, within_s: float = 5.0) -> Any:
    async def once() -> Any:
        async with SafeHttp(loopback=True) as http:
            return await act(http, asyncio.get_running_loop().time() + within_s)

    with asyncio.Runner(loop_factory=Counting) as runner:
        return runner.run(once())


def ask(provider: Provider, query: Query, *, within_s: float = 5.0) -> Answer:
    return run(lambda http, until: provider.fetch(query, http, until), within_s=within_s)


def rows_of(answer: Answer) -> list[tuple[Any, ...]]:
    assert isinstance(answer.value, Series)
    return [tuple(asdict(row).values()) for row in answer.value.rows]


def test_each_answer_names_the_page_that_documents_it_with_its_date_and_whether_it_was_verified():
    for name, case in CASES.items():
        for told in (case.answers.__doc__ or "", sys.modules[_CODE[name]].__doc__ or ""):
            assert re.search(r"https://\S+", told), name
            assert re.search(r"\b20\d\d-\d\d\b", told), name
            assert re.search(r"\b(unverified|recorded)\b", told), name


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_says_who_gave_it_of_when_it_speaks_and_on_which_terms(servers, name):
    case, server = CASES[name], servers[name]
    provider = case.made(server.url)

    answer = ask(provider, case.query)

    assert (answer.provider, answer.query) == (name, case.query)
    assert case.query.capability is answer.capability
    assert case.query.capability in provider.capabilities
    assert answer.as_of < answer.fetched_at
    assert answer.licence == provider.licence
    assert answer.source.startswith(server.url)
    assert not answer.synthetic
    assert "s3cret" not in f"{answer}{provider}"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.HANG, Failure.TIMEOUT),
        (Fault.DRIP, Failure.TIMEOUT),
        (Fault.ERROR, Failure.SERVER),
        (Fault.THROTTLE, Failure.THROTTLED),
        (Fault.QUOTA, Failure.QUOTA),
        (Fault.GARBAGE, Failure.MALFORMED),
        (Fault.RESET, Failure.CONNECTION),
        (Fault.REDIRECT, Failure.REDIRECTED),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_every_fault_ends_in_time_in_a_failure_of_its_kind_that_tells_no_key(
    servers, name, fault, kind
):
    case, server = CASES[name], servers[name]
    provider, server.fault = case.made(server.url), fault
    try:
        with pytest.raises(ProviderFailure) as failed:
            ask(provider, case.query, within_s=0.3)
    finally:
        server.fault = Fault.NONE

    assert failed.value.kind is kind
    assert failed.value.provider == provider.title
    assert "s3cret" not in f"{failed.value!r}{vars(failed.value)}{failed.value.__cause__}"


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.wrong])
def test_an_answer_to_another_question_is_none(servers, name):
    case, server = CASES[name], servers[name]
    server.fault = Fault.WRONG
    try:
        with pytest.raises(ProviderFailure) as failed:
            ask(case.made(server.url), case.query)
    finally:
        server.fault = Fault.NONE

    assert failed.value.kind is Failure.MALFORMED


@pytest.mark.parametrize("name", ["fred", "fmp", "tiingo", "alpaca", "ecb"])
def test_the_cheapest_question_shows_whether_a_provider_answers(servers, name):
    case, server = CASES[name], servers[name]
    provider = case.made(server.url)

    run(provider.health)
    server.fault = Fault.ERROR
    try:
        with pytest.raises(ProviderFailure):
            run(provider.health)
    finally:
        server.fault = Fault.NONE


@pytest.mark.parametrize("name", ["fred", "tiingo", "alpaca"])
@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", '"NaN"', "true", "null", "[1]", "1" + "0" * 400]
)
def test_what_is_no_number_is_never_read_as_one(servers, name, number):
    case, server = CASES[name], servers[name]
    before = server._answers
    good = {"fred": '"3.91"', "tiingo": "102.0", "alpaca": "102.0"}[name]
    spoil = {"tiingo": b'"adjClose": 51.0'}.get(name, good.encode())
    spoilt = {"tiingo": b'"adjClose": ' + number.encode()}.get(name, number.encode())
    server._answers = lambda path, params: (before(path, params) or b"").replace(spoil, spoilt)
    try:
        with pytest.raises(ProviderFailure) as failed:
            ask(case.made(server.url), case.query)
    finally:
        server._answers = before

    assert failed.value.kind is Failure.MALFORMED


NO_ANSWERS = [b"9" * 5000, b'"9999-99-99"', b"[" * 100_000, b"\r", b"\x00",
              b"\xff", b"0", b"0.0", b"x" * 200_000, b"null", b"{}"]  # fmt: skip


class Told(SafeHttp):
    """Answers in the process itself, each body with something else in one place."""

    def __init__(self, answers: Answers, spoilt: Callable[[bytes], bytes]) -> None:
        super().__init__(loopback=True)
        self.answers, self.spoilt = answers, spoilt

    async def get(self, request: Request, deadline: float) -> Fetched:
        body = self.answers(f"/{request.path}", request.params)
        assert body is not None
        return Fetched(body=self.spoilt(body), headers={}, source=request.source)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "edgar"])
@given(where=floats(0.0, 1.0, exclude_max=True), instead=sampled_from(NO_ANSWERS))
def test_whatever_stands_in_one_place_of_an_answer_it_is_read_or_told_as_unreadable(
    name, where, instead
):
    case = CASES[name]
    value = re.compile(rb"[^,\n]+" if name == "ecb" else rb'"[^"]*"|[-\d.]+')

    def spoilt(body: bytes) -> bytes:
        places = list(value.finditer(body))
        at = places[int(where * len(places))]
        return body[: at.start()] + instead + body[at.end() :]

    with suppress(ProviderFailure):
        asyncio.run(case.made("http://told").fetch(case.query, Told(case.answers, spoilt), 0.0))


def test_a_currency_that_is_worth_nothing_has_no_rate_to_tell():
    told = Told(answers.ecb, lambda body: body.replace(b"1.0956", b"0.0"))
    back = FxQuery(base="USD", quote="EUR", **DAYS)

    with pytest.raises(ProviderFailure, match="cannot be read"):
        asyncio.run(Ecb(base_url="http://told").fetch(back, told, 0.0))


def test_fred_leaves_out_the_days_without_an_observation_and_tells_the_unit(servers):
    answer = ask(CASES["fred"].made(servers["fred"].url), CASES["fred"].query)

    assert isinstance(answer.value, Series)
    assert answer.value.unit == "Percent"
    assert rows_of(answer)[0] == (date(2024, 1, 2), 3.95)
    assert answer.as_of == datetime(2024, 1, 4, tzinfo=UTC)


def test_a_key_that_fred_does_not_know_is_told_from_a_series_that_it_does_not_know():
    said = {"error_code": 400, "error_message": "The value for variable api_key is not registered."}

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = json.dumps(said).encode()
        writer.write(b"HTTP/1.1 400 \r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def once() -> None:
        server = await asyncio.start_server(refuse, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server, SafeHttp(loopback=True) as http:
            until = asyncio.get_running_loop().time() + 5.0
            await Fred(base_url=url, key=KEY).fetch(CASES["fred"].query, http, until)

    with pytest.raises(ProviderFailure) as failed:
        asyncio.run(once())
    assert failed.value.kind is Failure.UNAUTHORISED


def test_prices_are_told_as_traded_or_adjusted_as_was_asked(servers):
    tiingo = CASES["tiingo"].made(servers["tiingo"].url)
    adjusted = ask(tiingo, BARS)
    traded = ask(tiingo, BarsQuery(symbol="AAPL", adjustment=Adjusted.NONE, **DAYS))

    assert rows_of(traded)[0] == (date(2024, 1, 2), 100.0, 103.0, 99.0, 102.0, 1000.0)
    assert rows_of(adjusted)[0] == (date(2024, 1, 2), 50.0, 51.5, 49.5, 51.0, 500.0)
    with pytest.raises(ProviderFailure, match="splits and dividends, or for nothing"):
        ask(tiingo, BarsQuery(symbol="AAPL", adjustment=Adjusted.SPLITS, **DAYS))


def test_all_pages_of_alpaca_make_one_series_on_the_days_of_new_york(servers):
    answer = ask(CASES["alpaca"].made(servers["alpaca"].url), BARS)

    assert [row[0] for row in rows_of(answer)] == [date(2024, 1, day) for day in (2, 3, 4)]


def test_a_rate_and_its_inverse_multiply_to_one_and_cross_rates_follow_from_the_euro(servers):
    ecb = CASES["ecb"].made(servers["ecb"].url)
    there = ask(ecb, RATES)
    back = ask(ecb, FxQuery(base="USD", quote="EUR", **DAYS))
    across = ask(ecb, FxQuery(base="GBP", quote="USD", **DAYS))

    assert isinstance(across.value, Series)
    assert across.value.unit == "USD for 1 GBP"
    assert [row[1] for row in rows_of(there)] == [1.0956, 1.0919]
    for (_, rate), (_, inverse) in zip(rows_of(there), rows_of(back), strict=True):
        assert rate * inverse == pytest.approx(1.0)
    assert rows_of(across) == [  # on the third day the dollar has no rate
        (date(2024, 1, 2), pytest.approx(1.0956 / 0.86645)),
        (date(2024, 1, 3), pytest.approx(1.0919 / 0.8638)),
    ]


@pytest.fixture
def own_files(tmp_path: Path) -> Folder:
    (tmp_path / "bars").mkdir()
    (tmp_path / "fx").mkdir()
    header = "day,open,high,low,close,volume,currency,adjusted\n"
    lines = (f"{','.join(map(str, row))},USD,splits and dividends\n" for row in answers.PRICES)
    (tmp_path / "bars" / "AAPL.csv").write_text(header + "".join(lines))
    table = {"day": [date(2024, 1, 2)], "value": [1.0956], "unit": ["USD for 1 EUR"]}
    pq.write_table(pa.table(table), tmp_path / "fx" / "EURUSD.parquet")
    return Folder(folder=tmp_path)


def test_own_files_answer_as_a_provider_does_from_csv_and_from_parquet(own_files):
    bars, rates = ask(own_files, BARS), ask(own_files, RATES)

    assert isinstance(bars.value, Series)
    assert (bars.value.currency, bars.value.adjusted) == ("USD", Adjusted.ALL)
    assert rows_of(bars)[0] == (date(2024, 1, 2), 100.0, 103.0, 99.0, 102.0, 1000.0)
    assert rows_of(rates) == [(date(2024, 1, 2), 1.0956)]


def test_own_files_that_are_missing_adjusted_otherwise_or_no_tables_are_told_apart(own_files):
    with pytest.raises(ProviderFailure, match=r"there is no bars/KO\.csv"):
        ask(own_files, BarsQuery(symbol="KO", **DAYS))
    with pytest.raises(ProviderFailure, match="adjusted for splits and dividends"):
        ask(own_files, BarsQuery(symbol="AAPL", adjustment=Adjusted.NONE, **DAYS))
    (own_files.folder / "fx" / "EURUSD.parquet").write_bytes(b"PAR1")
    with pytest.raises(ProviderFailure, match="cannot be read"):
        ask(own_files, RATES)


@pytest.mark.parametrize("symbol", ["../AAPL", "aapl", "", "A" * 21, "A/B", ".", "A\0", "A B"])
def test_a_symbol_that_could_lead_elsewhere_is_none(symbol):
    with pytest.raises(BadInput):
        BarsQuery(symbol=symbol, **DAYS)


def test_days_that_run_backwards_and_a_currency_against_itself_are_refused():
    with pytest.raises(BadInput, match="is after"):
        MacroQuery(series="DGS10", start=DAYS["end"], end=DAYS["start"])
    with pytest.raises(BadInput, match="both currencies"):
        FxQuery(base="EUR", quote="EUR", **DAYS)


# --- replay ---------------------------------------------------------------------------------------


@composite
def bars(draw) -> Bar:
    low, high = sorted((draw(floats(1.0, 900.0)), draw(floats(1.0, 900.0))))
    inside = floats(low, high)
    prices = {"open": draw(inside), "close": draw(inside), "low": low, "high": high}
    return Bar(day=date(2024, 1, 2), volume=1.0, **prices)


@given(bars(), integers(0, 10**6), integers(4, 60))
def test_an_invented_day_begins_ends_peaks_and_bottoms_as_its_bar_says(bar, seed, ticks):
    path = bridge(bar, "AAPL", seed=seed, ticks=ticks)

    assert (path[0], path[-1]) == (bar.open, bar.close)
    assert (max(path), min(path)) == (bar.high, bar.low)
    assert len(path) == ticks


def streamed(seed: int) -> list[Any]:
    made = invented_bars("AAPL", date(2000, 1, 5), seed=seed)
    replay = Replay(seed=seed, ticks_a_day=50, bars={"AAPL": made})

    async def all_of_it() -> list[Any]:
        return [tick async for tick in replay.stream(["AAPL", "KO"])]

    return asyncio.run(all_of_it())


def test_the_same_seed_makes_the_same_ticks_and_each_says_that_it_is_invented():
    first, again, other = streamed(7), streamed(7), streamed(8)

    assert len(first) == 150
    assert [tick.seq for tick in first] == list(range(1, 151))
    assert all(tick.synthetic for tick in first)
    assert first == again != other
    told = "".join(f"{tick.symbol}|{tick.price}|{tick.at}\n" for tick in first)
    # Worked out once: whoever changes it changes every replay that was shown.
    assert hashlib.sha256(told.encode()).hexdigest()[:16] == "479959d121af1680"


def test_invented_bars_are_sound_and_do_not_depend_on_the_days_asked_for():
    long = ask(Replay(), BarsQuery(symbol="AAPL", start=date(2023, 1, 1), end=date(2024, 1, 4)))
    short = ask(Replay(), BARS)

    assert rows_of(long)[-4:] == rows_of(short)
    assert short.synthetic
    assert isinstance(long.value, Series)
    for bar in long.value.rows:
        assert isinstance(bar, Bar)
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high


def test_only_who_has_a_key_is_offered_what_takes_one(monkeypatch, tmp_path):
    free = {"edgar", "ecb", "replay"}
    monkeypatch.setenv("VALOR_TIINGO_KEY", "of-the-installation")
    monkeypatch.setenv("VALOR_DATA_FOLDER", str(tmp_path))

    found = {provider.name: provider for provider in usable({"fred": "mine"})}

    assert found.keys() == free | {"fred", "tiingo", "folder"}
    assert {offer.name for offer in OFFERS if not offer.takes_key} == free | {"folder"}
    for provider in found.values():
        assert provider.capabilities <= set(Capability)
