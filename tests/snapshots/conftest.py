"""A folder of snapshots of its own for each test, and companies whose figures are known by hand."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import World
from valor_core.coverage.items import ITEM, Kind, Measure
from valor_core.snapshots import reader
from valor_core.snapshots.manifest import Manifest
from valor_core.values import Caller, CompanyId
from valor_core.workbench import companies, snapshots, valuations
from valor_core.workbench.verb import open_work

HEAD = ("cik,name,ticker,sic,fiscal_year,period_start,period_end,item,value,unit,tag,accession,"
        "form,filed_on")  # fmt: skip
UNIT = {Measure.MONEY: "USD", Measure.SHARES: "shares", Measure.PER_SHARE: "USD/shares"}

# Apple's 10-K of 2024-11-01 (0000320193-24-000123), millions of USD.
APPLE = {
    "revenue": 391_035, "gross_profit": 180_683, "operating_income": 123_216,
    "pretax_income": 123_485, "income_tax": 29_749, "net_income": 93_736, "dna": 11_445,
    "cfo": 118_254, "capex": 9_447, "cash": 29_943, "short_term_investments": 35_228,
    "long_term_investments": 91_479, "commercial_paper": 9_967,
    "us-gaap:LongTermDebtCurrent": 10_912, "us-gaap:LongTermDebtNoncurrent": 85_750,
    "stockholders_equity": 56_950, "diluted_shares": 15_408.095,
}  # fmt: skip
APPLE_BEFORE = {2023: {"revenue": 383_285}, 2021: {"revenue": 365_817}}
ITEM_OF_TAG = {
    "us-gaap:LongTermDebtCurrent": "short_term_debt",
    "us-gaap:LongTermDebtNoncurrent": "long_term_debt",
}
APPLE_ID = CompanyId("cik0000320193")


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "snapshots"
    monkeypatch.setattr(snapshots, "_root", lambda: folder)
    yield folder
    reader.close_idle()


def filing(
    years: Mapping[int, Mapping[str, float]],
    *,
    cik: int = 320193,
    name: str = "Apple Inc.",
    ticker: str = "AAPL",
    sic: int = 3571,
    accession: str = "0000320193-24-000123",
    filed_on: str = "2024-11-01",
) -> str:
    """Lines of a CSV of facts, given in millions, by the item or by the tag it was filed under."""
    lines = []
    for year, figures in years.items():
        for key, value in figures.items():
            item = ITEM[ITEM_OF_TAG.get(key, key)]
            tag = key if key in ITEM_OF_TAG else item.tags[0]
            start = f"{year - 1}-10-01" if item.kind is Kind.FLOW else ""
            lines.append(
                f"{cik},{name},{ticker},{sic},{year},{start},{year}-09-28,{item.name},"
                f"{value * 1_000_000:.0f},{UNIT[item.measure]},{tag},{accession},10-K,{filed_on}"
            )
    return "\n".join(lines)


def import_filings(world: World, caller: Caller, *filings: str) -> None:
    raw = "\n".join([HEAD, *filings, ""]).encode()
    with open_work(caller, world.store) as work:
        document = companies.read_document(raw, file_name="facts.csv")
        companies.import_document(work, document)


def publish(world: World, caller: Caller) -> Manifest:
    with open_work(caller, world.store) as work:
        return snapshots.publish_snapshot(work)


def value_apple(world: World) -> float:
    """Saves a DCF from the facts, its missing bridge items stated as none; the enterprise value."""
    with open_work(world.acme.analyst, world.store) as work:
        inputs = valuations.prefilled(work, APPLE_ID).inputs
        missing = inputs.bridge.missing
        bridge = replace(inputs.bridge, **dict.fromkeys(missing, 0.0))
        row = valuations.run_valuation(
            work,
            APPLE_ID,
            replace(inputs, bridge=bridge),
            rationale="as filed",
            rationales={f"bridge.{item}": "none known" for item in missing},
        )
    return row.result["enterprise_value"]


@pytest.fixture
def apple(world: World) -> World:
    """Acme has imported Apple's figures."""
    import_filings(world, world.acme.analyst, filing({2024: APPLE, **APPLE_BEFORE}))
    return world


Published = Callable[[], Manifest]


@pytest.fixture
def published(apple: World) -> Published:
    return lambda: publish(apple, apple.acme.analyst)
