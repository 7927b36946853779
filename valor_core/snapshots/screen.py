"""Filtering and ranking all companies of a snapshot by what they filed and what they are worth."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from valor_core.errors import BadInput
from valor_core.snapshots.manifest import Manifest
from valor_core.snapshots.measures import MEASURE, PARTS
from valor_core.snapshots.reader import cursor
from valor_core.values import CompanyId, ValuationId

ROWS_MAX = 500

_QUERY = """
SELECT *, count(*) OVER () AS passed FROM coverage
WHERE {where} ORDER BY {order} LIMIT {limit}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a measure must lie between, both ends included; None is open."""

    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenedCompany:
    """A company that passes; a measure that it lacks is None, and `missing` says why."""

    company_id: CompanyId
    name: str
    ticker: str
    fiscal_year: int | None
    valuation_id: ValuationId | None
    currency: str | None  # of the saved value
    saved_at: int | None  # µs since 1970, UTC
    measures: Mapping[str, float | None]
    missing: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """The companies that pass, in order, and the snapshot that says so."""

    snapshot_id: str
    cut: str
    passed: int  # also those beyond the limit
    companies: int  # of the snapshot
    rows: tuple[ScreenedCompany, ...]
    instead_of: str = ""  # what is wrong with the newest one, where an earlier one had to answer


def screen(
    root: Path,
    manifest: Manifest,
    bounds: Mapping[str, Bounds],
    *,
    order: str = "revenue",
    descending: bool = True,
    limit: int = 100,
) -> Screened:
    """One row a company. What was not filed is None, passes no bound and comes last."""
    conditions, values = _conditions(bounds)
    if order not in MEASURE:
        raise _unknown(order)
    if not 1 <= limit <= ROWS_MAX:
        raise BadInput(f"A screen cannot have {limit} rows.", hint=f"Ask for 1 to {ROWS_MAX}.")
    query = _QUERY.format(
        where=" AND ".join(conditions) or "true",
        order=f"{order} {'DESC' if descending else 'ASC'} NULLS LAST, name, company_id",
        limit=limit,
    )
    with cursor(root, manifest) as asked:
        asked.execute(query, values)
        names = [column[0] for column in asked.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in asked.fetchall()]
    return Screened(
        snapshot_id=manifest.id,
        cut=manifest.cut,
        passed=rows[0]["passed"] if rows else 0,
        companies=manifest.rows_of("companies"),
        rows=tuple(_company(row) for row in rows),
    )


def _conditions(bounds: Mapping[str, Bounds]) -> tuple[list[str], list[float]]:
    """The names are our own by then; the values travel as parameters."""
    conditions: list[str] = []
    values: list[float] = []
    for name, bound in bounds.items():
        if name not in MEASURE:
            raise _unknown(name)
        for sign, value in ((">=", bound.least), ("<=", bound.most)):
            if value is None:
                continue
            if not isfinite(value):
                raise BadInput(
                    f"{MEASURE[name].label} cannot be bounded by {value}.",
                    hint="Give a number, or leave the end open.",
                )
            conditions.append(f"{name} {sign} ?")
            values.append(float(value))
    return conditions, values


def _unknown(name: str) -> BadInput:
    return BadInput(
        f"There is no measure {name[:40]!r}.", hint=f"Choose among {', '.join(MEASURE)}."
    )


def _company(row: Mapping[str, Any]) -> ScreenedCompany:
    parts = {name: row[f"part_{name}"] for name in PARTS}
    told = {**parts, "fiscal_year": row["fiscal_year"], "financial": row["financial"]}
    measures = {name: row[name] for name in MEASURE}
    return ScreenedCompany(
        company_id=CompanyId(row["company_id"]),
        name=row["name"],
        ticker=row["ticker"],
        fiscal_year=row["fiscal_year"],
        valuation_id=row["valuation_id"],
        currency=row["currency"],
        saved_at=row["saved_at"],
        measures=measures,
        missing={
            name: MEASURE[name].why_missing(told)
            for name, value in measures.items()
            if value is None
        },
    )
