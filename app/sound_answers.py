"""What providers answer in a demonstration: in the shape of each, with invented figures."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from urllib.parse import unquote

from valor_core.market.providers.replay import invented_bars
from valor_core.market.series import Bar
from valor_core.values import utc_now

CIK, TICKER, NAME = 320193, "AAPL", "Apple Inc. (invented figures)"


def sound(path: str, params: Mapping[str, str]) -> bytes | None:
    """The answer of whichever provider has such a path; None where none has."""
    path = unquote(path).strip("/")
    found = next((answer for begin, answer in _ANSWERS.items() if path.startswith(begin)), None)
    return found(path, params) if found else None


def _tiingo(path: str, params: Mapping[str, str]) -> bytes | None:
    _, _, symbol, *_ = path.split("/")
    rows = []
    for bar in _bars(symbol, *_days(params, "startDate", "endDate")):
        raw = {"open": bar.open, "high": bar.high, "low": bar.low, "close": bar.close,
               "volume": bar.volume}  # fmt: skip
        adjusted = {f"adj{name.title()}": value for name, value in raw.items()}
        rows.append({"date": f"{bar.day}T00:00:00.000Z", **raw, **adjusted})
    return json.dumps(rows).encode()


def _alpaca(path: str, params: Mapping[str, str]) -> bytes | None:
    symbol = path.split("/")[2]
    bars = [
        {"t": f"{bar.day}T05:00:00Z", "o": bar.open, "h": bar.high, "l": bar.low, "c": bar.close,
         "v": bar.volume}
        for bar in _bars(symbol, *_days(params, "start", "end"))
    ]  # fmt: skip
    return json.dumps({"bars": bars, "symbol": symbol, "next_page_token": None}).encode()


def _fred(path: str, params: Mapping[str, str]) -> bytes | None:
    series = params["series_id"]
    if path == "fred/series":
        return json.dumps({"seriess": [{"id": series, "units": "Percent"}]}).encode()
    observed = [
        {"date": f"{bar.day}", "value": f"{bar.close % 5:.2f}"}
        for bar in _bars(series, *_days(params, "observation_start", "observation_end"))
    ]
    return json.dumps({"observations": observed}).encode()


def _ecb(path: str, params: Mapping[str, str]) -> bytes | None:
    currencies = path.split("/D.")[1].split(".", maxsplit=1)[0].split("+")
    lines = ["CURRENCY,CURRENCY_DENOM,TIME_PERIOD,OBS_VALUE"]
    lines += [
        f"{each},EUR,{bar.day},{1.0 + bar.close / 1_000.0:.4f}"
        for each in currencies
        for bar in _bars(each, *_days(params, "startPeriod", "endPeriod"))
    ]
    return "\n".join(lines).encode()


def _sec(path: str, _params: Mapping[str, str]) -> bytes | None:
    if path == "files/company_tickers.json":
        told = {"0": {"cik_str": CIK, "ticker": TICKER, "title": NAME}}
    elif path == f"submissions/CIK{CIK:010d}.json":
        told = {"name": NAME, "sic": "3571", "tickers": [TICKER]}
    else:
        filed = {"val": 1_000_000, "fy": 2024, "fp": "FY", "form": "10-K", "filed": "2024-11-01",
                 "end": "2024-09-28", "accn": "0000320193-24-000123"}  # fmt: skip
        facts = {"us-gaap": {"Assets": {"units": {"USD": [filed]}}}}
        told = {"cik": CIK, "entityName": NAME, "facts": facts}
    return json.dumps(told).encode()


def _fmp(_path: str, params: Mapping[str, str]) -> bytes | None:
    row = {"symbol": params["symbol"], "date": "2024-09-28", "filingDate": "2024-11-01",
           "fiscalYear": "2024", "period": "FY", "reportedCurrency": "USD",
           "revenue": 1_000_000}  # fmt: skip
    return json.dumps([row]).encode()


_ANSWERS: Mapping[str, Callable[[str, Mapping[str, str]], bytes | None]] = {
    "tiingo/daily/": _tiingo,
    "v2/stocks/": _alpaca,
    "fred/series": _fred,
    "service/data/EXR/D.": _ecb,
    "files/": _sec,
    "submissions/": _sec,
    "api/xbrl/": _sec,
    "stable/": _fmp,
}


def _days(params: Mapping[str, str], first: str, last: str) -> tuple[date, date]:
    """The days that were asked for; of the last week where none were."""
    end = date.fromisoformat(params.get(last, f"{utc_now().date()}"))
    return date.fromisoformat(params.get(first, f"{end - timedelta(days=7)}")), end


def _bars(symbol: str, start: date, end: date) -> Sequence[Bar]:
    return [bar for bar in _until(symbol, end) if bar.day >= start]


@lru_cache(maxsize=8)
def _until(symbol: str, end: date) -> Sequence[Bar]:
    return invented_bars(symbol, end, seed=0)
