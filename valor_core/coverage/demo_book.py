"""The demo book: companies with their filed figures, shipped as text that a reviewer can check.

One CSV a company in the importer's own shape under demo/, so the book is read by the same parser as
anybody's table; demo/README.md says where the figures come from.
"""

from pathlib import Path

from valor_core.coverage.facts_csv import read_facts_csv
from valor_core.coverage.records import ParsedFacts

DEMO = Path(__file__).with_name("demo")


def read_demo_book(folder: Path = DEMO) -> list[ParsedFacts]:
    """All companies of the demo book, by their tickers."""
    return [
        company
        for table in sorted(folder.glob("*.csv"))
        for company in read_facts_csv(table.read_bytes())
    ]
