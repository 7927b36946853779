"""What providers answer, in the shape that each documents, from figures of our own."""

import json
from collections.abc import Mapping

from tests.coverage.filings import apple, as_bytes

CIK = 320193
TICKERS = {
    "0": {"cik_str": 1045810, "ticker": "NVDA", "title": "NVIDIA CORP"},
    "1": {"cik_str": CIK, "ticker": "AAPL", "title": "Apple Inc."},
}
SUBMISSIONS = {
    "cik": f"{CIK:010d}", "entityType": "operating", "sic": "3571",
    "sicDescription": "Electronic Computers", "name": "Apple Inc.", "tickers": ["AAPL"],
    "exchanges": ["Nasdaq"], "filings": {"recent": {}, "files": []},
}  # fmt: skip


def edgar(path: str, _params: Mapping[str, str]) -> bytes | None:
    """https://www.sec.gov/search-filings/edgar-application-programming-interfaces (2026-11;
    companyfacts as it was recorded, ticker map and submissions unverified): Apple alone.
    """
    return {
        "/files/company_tickers.json": json.dumps(TICKERS).encode(),
        f"/submissions/CIK{CIK:010d}.json": json.dumps(SUBMISSIONS).encode(),
        f"/api/xbrl/companyfacts/CIK{CIK:010d}.json": as_bytes(apple()),
    }.get(path)


def edgar_of_another(path: str, params: Mapping[str, str]) -> bytes | None:
    """The SEC as it would be if it mixed up its companies."""
    found = edgar(path, params)
    return found and found.replace(b'"cik": 320193', b'"cik": 1045810')


# --- dated rows: days and prices are invented, the shapes are those of the vendors' documents ----


def fred(path: str, params: Mapping[str, str]) -> bytes | None:
    """https://fred.stlouisfed.org/docs/api/fred/series_observations.html (2026-11; unverified)."""
    if params.get("series_id") != "DGS10":
        return None
    about = {
        "id": "DGS10", "realtime_start": "2024-01-10", "realtime_end": "2024-01-10",
        "title": "Market Yield on U.S. Treasury Securities at 10-Year Constant Maturity",
        "observation_start": "1962-01-02", "observation_end": "2024-01-05",
        "frequency": "Daily", "frequency_short": "D", "units": "Percent", "units_short": "%",
        "seasonal_adjustment": "Not Seasonally Adjusted", "last_updated": "2024-01-08 15:18:06-06",
    }  # fmt: skip
    days = {"2024-01-01": ".", "2024-01-02": "3.95", "2024-01-03": "3.91", "2024-01-04": "3.99"}
    observed = [
        {"realtime_start": "2024-01-10", "realtime_end": "2024-01-10", "date": day, "value": value}
        for day, value in days.items()
    ]
    return {
        "/fred/series": json.dumps({"seriess": [about]}).encode(),
        "/fred/series/observations": json.dumps(
            {"units": "lin", "count": len(observed), "observations": observed}
        ).encode(),
    }.get(path)


PRICES = (  # day, open, high, low, close, volume
    ("2024-01-02", 100.0, 103.0, 99.0, 102.0, 1000),
    ("2024-01-03", 102.0, 102.5, 98.0, 99.5, 1200),
    ("2024-01-04", 99.5, 101.0, 99.0, 100.5, 900),
)


def tiingo(path: str, _params: Mapping[str, str]) -> bytes | None:
    """https://www.tiingo.com/documentation/end-of-day, 2.1.2 (2026-11; unverified)."""
    if path not in ("/tiingo/daily/AAPL/prices", "/tiingo/daily/SPY/prices"):
        return None
    rows = []
    for day, first, high, low, last, volume in PRICES:
        raw = {"open": first, "high": high, "low": low, "close": last, "volume": volume}
        halved = {f"adj{name.title()}": value / 2 for name, value in raw.items()}
        rows.append(
            {"date": f"{day}T00:00:00.000Z", **raw, **halved, "divCash": 0.0, "splitFactor": 1.0}
        )
    return json.dumps(rows).encode()


def alpaca(path: str, params: Mapping[str, str]) -> bytes | None:
    """https://docs.alpaca.markets/reference/stockbarsingle-1 (2026-11; unverified)."""
    symbol = path.removeprefix("/v2/stocks/").removesuffix("/bars")
    if symbol not in ("AAPL", "SPY"):
        return None
    bars = [
        {"t": f"{day}T05:00:00Z", "o": first, "h": high, "l": low, "c": last, "v": volume,
         "n": 9, "vw": last}
        for day, first, high, low, last, volume in PRICES
    ]  # fmt: skip
    page, token = (bars[:2], "next") if "page_token" not in params else (bars[2:], None)
    return json.dumps({"bars": page, "symbol": symbol, "next_page_token": token}).encode()


def alpaca_of_another(path: str, params: Mapping[str, str]) -> bytes | None:
    """Alpaca as it would be if it mixed up its shares."""
    found = alpaca(path, params)
    return found and found.replace(b'"symbol": "AAPL"', b'"symbol": "MSFT"')


def fred_of_another(path: str, params: Mapping[str, str]) -> bytes | None:
    """FRED as it would be if it mixed up its series."""
    found = fred(path, params)
    return found and found.replace(b'"id": "DGS10"', b'"id": "DGS2"')


ECB_HEADER = (
    "KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE,OBS_STATUS,"
    "OBS_CONF,OBS_PRE_BREAK,OBS_COM,TIME_FORMAT,BREAKS,COLLECTION,COMPILING_ORG,DISS_ORG,"
    "DOM_SER_IDS,PUBL_ECB,PUBL_MU,PUBL_PUBLIC,UNIT_INDEX_BASE,COMPILATION,COVERAGE,DECIMALS,"
    "NAT_TITLE,SOURCE_AGENCY,SOURCE_PUB,TITLE,TITLE_COMPL,UNIT,UNIT_MULT"
)
EURO_RATES = {
    "USD": {"2024-01-02": 1.0956, "2024-01-03": 1.0919},
    "GBP": {"2024-01-02": 0.86645, "2024-01-03": 0.8638, "2024-01-04": 0.86278},
}


def ecb(path: str, _params: Mapping[str, str]) -> bytes | None:
    """https://data.ecb.europa.eu/help/api/data, csvdata of the flow EXR (2026-11; unverified)."""
    asked = path.removeprefix("/service/data/EXR/D.").removesuffix(".EUR.SP00.A").split("+")
    if not set(asked) <= set(EURO_RATES):
        return None
    lines = [
        f"EXR.D.{each}.EUR.SP00.A,D,{each},EUR,SP00,A,{day},{rate},A,F,,,P1D,,A,,,,,,,,,,4,,4F0,,"
        f'"{each}/Euro, reference",,{each},0'
        for each in asked
        for day, rate in EURO_RATES[each].items()
    ]
    return "\n".join([ECB_HEADER, *lines, ""]).encode()


def ecb_of_another(path: str, params: Mapping[str, str]) -> bytes | None:
    """The ECB as it would be if its rates were against the dollar."""
    found = ecb(path, params)
    return found and found.replace(b",EUR,SP00", b",USD,SP00")


# Apple Inc., 10-K for 2024 (0000320193-24-000123), as FMP lays it out; the lines are some of many.
_OF_2024 = {
    "date": "2024-09-28", "symbol": "AAPL", "reportedCurrency": "USD", "cik": "0000320193",
    "filingDate": "2024-11-01", "acceptedDate": "2024-11-01 06:01:36", "fiscalYear": "2024",
    "period": "FY",
}  # fmt: skip
FMP = {
    "income-statement": {
        "revenue": 391_035_000_000, "netIncome": 93_736_000_000, "epsDiluted": 6.08,
        "weightedAverageShsOutDil": 15_408_095_000, "interestExpense": 0,
    },
    "balance-sheet-statement": {
        "cashAndCashEquivalents": 29_943_000_000, "goodwill": 0, "totalAssets": 364_980_000_000,
    },
    "cash-flow-statement": {
        "netCashProvidedByOperatingActivities": 118_254_000_000,
        "capitalExpenditure": -9_447_000_000,
    },
}  # fmt: skip


def fmp(path: str, params: Mapping[str, str]) -> bytes | None:
    """https://site.financialmodelingprep.com/developer/docs/stable (2026-11; unverified)."""
    statement = FMP.get(path.removeprefix("/stable/"))
    if statement is None:
        return None
    return json.dumps([_OF_2024 | statement] if params["symbol"] == "AAPL" else []).encode()


def fmp_of_another(path: str, params: Mapping[str, str]) -> bytes | None:
    """FMP as it would be if it mixed up its companies."""
    found = fmp(path, params)
    return found and found.replace(b'"symbol": "AAPL"', b'"symbol": "AAPD"')
