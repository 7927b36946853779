"""A batch of companies from the database, against the reading of their rows alone, and its growth.

    .venv/bin/python benchmarks/batch.py

Companies of the demo book under further numbers: those that filed three years, some hundred figures
each, as most do, and the whole book, of which some have filed for decades. All are in a database of
their own; garbage is collected as the server does it.
"""

import csv
import gc
import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.demo import a_demo  # noqa: E402
from benchmarks.scaling import tenant_of  # noqa: E402
from benchmarks.simulation import in_turn  # noqa: E402
from valor_core.coverage.batches import BatchPolicy, Valued, refused, valued  # noqa: E402
from valor_core.coverage.demo_book import DEMO  # noqa: E402
from valor_core.errors import ValorError  # noqa: E402
from valor_core.store.engines import Store  # noqa: E402
from valor_core.store.tables import FactRow  # noqa: E402
from valor_core.store.work import Work  # noqa: E402
from valor_core.values import Caller  # noqa: E402
from valor_core.workbench import batches, companies, valuations  # noqa: E402
from valor_core.workbench.verb import open_work  # noqa: E402

SIZES = 100, 400, 1_600
FEW = 200  # rows of a company that has filed for three years
POLICY = BatchPolicy(unfiled_is_nothing=True)


def tables() -> list[list[list[str]]]:
    """The rows of each company of the demo book."""
    found = []
    for path in sorted(DEMO.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found.append(list(csv.reader(file))[1:])
    return found


def book(store: Store, name: str, books: list[list[list[str]]], count: int) -> Caller:
    """A tenant with so many companies, each a copy of one of these under its own number."""
    head = (DEMO / "ko.csv").read_text(encoding="utf-8").partition("\n")[0]
    who = tenant_of(store, f"{name}-{count}")
    for first in range(0, count, 100):
        lines = [
            ",".join([str(9_000_000 + n), f"Company {n}", f"C{n}", *row[3:]])
            for n in range(first, min(first + 100, count))
            for row in books[n % len(books)]
        ]
        raw = "\n".join([head, *lines]).encode()
        document = companies.read_document(raw, file_name=f"{first}.csv")
        with open_work(who, store) as work:
            companies.import_document(work, document)
    return who


def at_once(store: Store, who: Caller) -> tuple[Valued, ...]:
    """All companies of the tenant."""
    with open_work(who, store) as work:
        return batches.value_all(work, POLICY)


def one_by_one(store: Store, who: Caller) -> tuple[Valued, ...]:
    """The same by the way of the pages: each company's figures, its start, its value."""
    with open_work(who, store) as work:
        listed = sorted(companies.list_companies(work), key=lambda each: each.name.casefold())
        return tuple(_alone(work, each) for each in listed)


def _alone(work: Work, company: Any) -> Valued:
    try:
        start = valuations.prefilled(work, company.id)
        return valued(company, start, POLICY, None)
    except ValorError as why:
        return refused(company, why, None)


def rows_alone(store: Store, who: Caller) -> None:
    """Every row of the tenant's figures, as the driver gives it, and nothing else."""
    with open_work(who, store) as work:
        for _ in work.stored(FactRow, list(FactRow.__table__.columns)):
            pass


def ratios() -> dict[str, float]:
    """All of it."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["VALOR_HOME"] = home
        store, _ = a_demo()
        every = tables()
        short = [rows for rows in every if len(rows) < FEW]
        by_size = {count: book(store, "short", short, count) for count in SIZES}
        whole = book(store, "whole", every, 400)
        for who in (by_size[SIZES[0]], whole):
            assert at_once(store, who) == one_by_one(store, who)
        gc.collect()
        gc.freeze()
        acts = [partial(at_once, store, who) for who in (*by_size.values(), whole)]
        small, some, many, long = in_turn(*acts)
        reading, alone, reading_long = in_turn(
            partial(rows_alone, store, by_size[400]),
            partial(one_by_one, store, by_size[400]),
            partial(rows_alone, store, whole),
        )
        store.close()
    return {
        "batch of 400 from the database, ms": some,
        "batch of 400: ÷ reading their rows alone": some / reading,
        "batch of 400: one by one ÷ at once": alone / some,
        "batch of 400: growth from 100 to 400, exponent": float(np.log(some / small) / np.log(4)),
        "batch of 400: growth from 400 to 1,600, exponent": float(np.log(many / some) / np.log(4)),
        "batch of 400 of 338 figures each, ms": long,
        "batch of 400 of 338 figures each: ÷ reading their rows alone": long / reading_long,
    }


if __name__ == "__main__":
    for name, value in ratios().items():
        print(f"{value:14,.3f}  {name}")
