"""Single companies of the demo book as a tenant's own, and the CSV rows of a small one."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from valor_core.coverage.demo_book import DEMO, read_demo_book
from valor_core.coverage.facts_csv import template
from valor_core.coverage.imports import Imported
from valor_core.coverage.records import ParsedFacts
from valor_core.models.dcf import DcfInputs
from valor_core.models.sensitivity import replace_at
from valor_core.values import Caller, CompanyId
from valor_core.workbench import companies, demo, valuations
from valor_core.workbench.valuations import ValuationRow
from valor_core.workbench.verb import open_work

KO = CompanyId("cik0000021344")
HEADER = template().splitlines()[0]
ACME_2023 = "7,Acme,ACME,,2023,,2023-12-31,revenue,100,USD,us-gaap:Revenues,a-23,10-K,2024-02-01"
ACME_2024 = "7,Acme,ACME,,2024,,2024-12-31,revenue,120,USD,us-gaap:Revenues,a-24,10-K,2025-02-01"


def table(*rows: str) -> bytes:
    return "\n".join([HEADER, *rows]).encode()


@cache
def demo_book() -> Mapping[str, ParsedFacts]:
    """What each company of the demo book filed, by its ticker."""
    return MappingProxyType({parsed.company.ticker: parsed for parsed in read_demo_book()})


def of_the_demo_book(ticker: str) -> bytes:
    return (DEMO / f"{ticker.lower()}.csv").read_bytes()


def imported(caller: Caller, raw: bytes, file_name: str = "facts.csv") -> Imported:
    document = companies.read_document(raw, file_name=file_name)
    with open_work(caller) as work:
        return companies.import_document(work, document)


def stated(caller: Caller, **changes: Any) -> tuple[DcfInputs, dict[str, str]]:
    """Coca-Cola's inputs as its facts suggest them, all stated, then changed; with the reasons."""
    with open_work(caller) as work:
        start = valuations.prefilled(work, KO)
    inputs, reasons = demo.nothing_beside(start.inputs)
    for path, value in changes.items():
        inputs = replace_at(inputs, path.replace("__", "."), value)
    return inputs, reasons


def valued(caller: Caller, *, why: str = "a first look", **changes: Any) -> ValuationRow:
    """Coca-Cola's value, saved."""
    inputs, reasons = stated(caller, **changes)
    with open_work(caller) as work:
        return valuations.run_valuation(work, KO, inputs, rationale=why, rationales=reasons)
