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
    """The SEC, which knows Apple alone."""
    return {
        "/files/company_tickers.json": json.dumps(TICKERS).encode(),
        f"/submissions/CIK{CIK:010d}.json": json.dumps(SUBMISSIONS).encode(),
        f"/api/xbrl/companyfacts/CIK{CIK:010d}.json": as_bytes(apple()),
    }.get(path)


def edgar_of_another(path: str, params: Mapping[str, str]) -> bytes | None:
    """The SEC as it would be if it mixed up its companies."""
    found = edgar(path, params)
    return found and found.replace(b'"cik": 320193', b'"cik": 1045810')
