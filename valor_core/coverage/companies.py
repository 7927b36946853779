"""Companies and their filed facts, as they are kept: the shared book's and the tenant's own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import aliased

from valor_core.coverage.asof import known
from valor_core.coverage.records import CompanyRecord
from valor_core.coverage.share_terms import AdrRatio, Terms, terms_of
from valor_core.coverage.splits import Split
from valor_core.errors import BadInput, NotFound
from valor_core.store.tables import CompanyRow, FactRow
from valor_core.store.work import Work
from valor_core.values import SHARED, CompanyId, FiledFact

COMPANIES_MAX = 5_000
ROWS_AT_ONCE, IDS_AT_ONCE = 10_000, 1_000
CIK_DIGITS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A company that the caller may value."""

    id: CompanyId
    name: str
    ticker: str
    cik: int
    sic: int | None
    shared: bool  # of the demo book, read-only
    stated_splits: tuple[Split, ...] = ()
    adr: AdrRatio | None = None  # none: its own shares are traded, as far as anybody has stated


def company_id(cik: int) -> CompanyId:
    """The id of a company in every book.

    >>> company_id(320193)
    'cik0000320193'
    """
    return CompanyId(f"cik{cik:010d}")


def filing_url(company: CompanyId, accession: str) -> str:
    """Where the SEC keeps a filing of a company.

    >>> filing_url(company_id(320193), "0001193125-10-012091")
    'https://www.sec.gov/Archives/edgar/data/320193/000119312510012091/'
    """
    cik, folder = int(company.removeprefix("cik")), accession.replace("-", "")
    return f"https://www.sec.gov/Archives/edgar/data/{cik}/{folder}/"


def companies(
    work: Work, *, limit: int = COMPANIES_MAX, after: tuple[str, str] | None = None
) -> list[Company]:
    """The companies that the caller sees, by name; an own row stands in for the shared one.

    `after` is (name, id) of the last company of the page before.
    """
    mine, own = work.caller.tenant_id, aliased(CompanyRow)
    as_read = func.lower(CompanyRow.name)  # eBay among the companies with an E
    query = (
        select(CompanyRow)
        .where(
            (CompanyRow.tenant_id == mine)
            | CompanyRow.id.not_in(select(own.id).where(own.tenant_id == mine))
        )
        .order_by(as_read, CompanyRow.id)
    )
    if after:
        query = query.where(tuple_(as_read, CompanyRow.id) > tuple_(func.lower(after[0]), after[1]))
    stated = terms_of(work)
    return [_company(row, stated.get(row.id)) for row in work.session.scalars(query.limit(limit))]


def company(work: Work, name: str) -> Company:
    """The company of that id, ticker or CIK; NotFound otherwise."""
    wanted = name.strip()
    if not wanted.isprintable():  # Postgres takes no NUL, not even to look for it
        raise NotFound("company", name[:80])
    is_cik = wanted.isascii() and wanted.isdigit() and len(wanted) <= CIK_DIGITS
    by_cik = company_id(int(wanted)) if is_cik else None
    rows = work.session.scalars(
        select(CompanyRow).where(
            (CompanyRow.id.in_([wanted.lower(), by_cik or wanted.lower()]))
            | ((CompanyRow.ticker == wanted.upper()) & (CompanyRow.ticker != ""))
        )
    ).all()
    if not rows:
        raise NotFound("company", name[:80])
    # A ticker stays with the company that had it first: an import cannot take it away.
    first = min(rows, key=lambda row: (row.ticker == wanted.upper(), row.created_at, row.id)).id
    of_first = (row for row in rows if row.id == first)
    chosen = min(of_first, key=lambda row: row.tenant_id == SHARED)
    return _company(chosen, terms_of(work, first).get(first))


def among(work: Work, ids: Sequence[CompanyId]) -> dict[CompanyId, Company]:
    """The companies of these ids that the caller sees; an own row stands in for the shared one."""
    stated, found = terms_of(work), dict[CompanyId, Company]()
    for row in sorted(_rows_of(work, ids), key=lambda row: row.tenant_id != SHARED):
        found[CompanyId(row.id)] = _company(row, stated.get(row.id))
    return found


COLUMNS = (
    FactRow.company_id, FactRow.item, FactRow.value, FactRow.unit, FactRow.tag,
    FactRow.accession, FactRow.form, FactRow.filed_on, FactRow.fiscal_year,
    FactRow.period_start, FactRow.period_end,
)  # fmt: skip


def facts(work: Work, company_id: CompanyId) -> list[FiledFact]:
    """Every vintage of every figure that the caller sees of a company, oldest filing first."""
    rows = work.session.execute(
        select(*COLUMNS)
        .where(FactRow.company_id == company_id)
        .order_by(FactRow.filed_on, FactRow.accession, FactRow.item, FactRow.period_end)
    )
    return [_fact(row) for row in rows]


def facts_by_company(
    work: Work, among: Sequence[CompanyId], *those: ColumnElement[bool]
) -> Iterator[tuple[CompanyId, list[FiledFact]]]:
    """The figures of those companies in the order of ids, or some of them, by one query for all."""
    if not among:
        return
    rows = work.session.execute(
        select(*COLUMNS)
        .where(FactRow.company_id.in_(among), *those)
        .order_by(
            FactRow.company_id,
            FactRow.filed_on, FactRow.accession, FactRow.item, FactRow.period_end,
        ),
        execution_options={"yield_per": ROWS_AT_ONCE},
    )  # fmt: skip
    for company, filed in groupby(rows, key=itemgetter(0)):
        yield CompanyId(company), [_fact(row) for row in filed]


def in_both_books(work: Work, among: Sequence[CompanyId]) -> list[CompanyId]:
    """Those of which the shared book has figures and the tenant its own."""
    found = work.session.scalars(
        select(CompanyRow.id)
        .where(CompanyRow.id.in_(among))
        .group_by(CompanyRow.id)
        .having(func.count() > 1)
    )
    return [CompanyId(each) for each in found]


def facts_by_import(work: Work) -> dict[CompanyId, list[tuple[str, int]]]:
    """How many figures of each company came with each import, in the order of imports."""
    rows = work.session.execute(
        select(FactRow.company_id, FactRow.import_id, func.count())
        .group_by(FactRow.company_id, FactRow.import_id)
        .order_by(FactRow.company_id, FactRow.import_id)
    )
    found: dict[CompanyId, list[tuple[str, int]]] = {}
    for company, import_id, count in rows:
        found.setdefault(CompanyId(company), []).append((import_id, count))
    return found


def _fact(columns: Sequence[Any]) -> FiledFact:
    """A row of COLUMNS as a value; taken apart by place: by name it would cost thrice."""
    _, item, value, unit, tag, accession, form, filed_on, fiscal_year, begins, ends = columns
    return FiledFact(
        item=item,
        value=value,
        unit=unit,
        tag=tag,
        accession=accession,
        form=form,
        filed_on=_day(filed_on),
        fiscal_year=fiscal_year,
        period_start=_day(begins) if begins else None,
        period_end=_day(ends),
    )


_day = lru_cache(maxsize=4096)(date.fromisoformat)
"""Filings share their days."""


def yearly_values(
    work: Work, items: Sequence[str], *, as_of: date | None = None
) -> dict[CompanyId, dict[str, dict[int, float]]]:
    """Some items of all companies by fiscal year, as known on a day or now: one query for all."""
    rows = work.session.execute(select(*COLUMNS).where(FactRow.item.in_(items)))
    by_company: dict[CompanyId, list[FiledFact]] = {}
    for row in rows:
        by_company.setdefault(CompanyId(row[0]), []).append(_fact(row))
    values: dict[CompanyId, dict[str, dict[int, float]]] = {}
    for company, filed in by_company.items():
        series = values.setdefault(company, {item: {} for item in items})
        for (item, year), fact in known(filed, as_of).items():
            series[item][year] = fact.value
    return values


def latest_filings(work: Work) -> dict[CompanyId, tuple[date, int]]:
    """Of each company the day of its newest filing and the newest fiscal year in it."""
    rows = work.session.execute(
        select(
            FactRow.company_id,
            func.max(FactRow.filed_on).label("filed_on"),
            func.max(FactRow.fiscal_year).label("fiscal_year"),
        ).group_by(FactRow.company_id)
    )
    return {
        CompanyId(row.company_id): (date.fromisoformat(row.filed_on), row.fiscal_year)
        for row in rows
    }


def add_companies(work: Work, records: Sequence[CompanyRecord]) -> list[CompanyId]:
    """The tenant's own rows of these companies, made where there are none yet."""
    ids = [company_id(record.cik) for record in records]
    known = {(row.tenant_id, row.id): row for row in _rows_of(work, ids)}
    made: dict[CompanyId, CompanyRow] = {}
    for wanted, record in zip(ids, records, strict=True):
        if (work.caller.tenant_id, wanted) not in known and wanted not in made:
            shared = known.get((SHARED, wanted))
            sic = "" if record.sic is None else str(record.sic)
            made[wanted] = CompanyRow(
                id=wanted,
                cik=record.cik,
                name=record.name,
                ticker=record.ticker or (shared.ticker if shared else ""),
                sic=sic or (shared.sic if shared else ""),
                created_at=work.now_micros,
            )
    mine = CompanyRow.tenant_id == work.caller.tenant_id
    count = work.session.scalar(select(func.count()).select_from(CompanyRow).where(mine)) or 0
    if count + len(made) > COMPANIES_MAX:
        raise BadInput(
            f"With {len(made):,} new companies there would be {count + len(made):,}.",
            hint=f"A tenant may have {COMPANIES_MAX:,} companies of its own.",
        )
    work.add_all(list(made.values()))
    work.session.flush()
    return ids


def _rows_of(work: Work, ids: Sequence[CompanyId]) -> Iterator[CompanyRow]:
    for some in batched(ids):
        yield from work.session.scalars(select(CompanyRow).where(CompanyRow.id.in_(some)))


def batched(ids: Sequence[CompanyId]) -> Iterator[Sequence[CompanyId]]:
    """The ids in portions that one statement takes."""
    for start in range(0, len(ids), IDS_AT_ONCE):
        yield ids[start : start + IDS_AT_ONCE]


def _company(row: CompanyRow, stated: Terms | None) -> Company:
    return Company(
        stated_splits=stated.splits if stated else (),
        adr=stated.adr if stated else None,
        id=CompanyId(row.id),
        name=row.name,
        ticker=row.ticker,
        cik=row.cik or 0,
        sic=int(row.sic) if row.sic else None,
        shared=row.tenant_id == SHARED,
    )
