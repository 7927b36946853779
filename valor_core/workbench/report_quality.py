"""The report of data quality: what is missing, doubted, restated and stale, by company and item."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from valor_core.coverage import companies
from valor_core.coverage.asof import known
from valor_core.coverage.companies import COMPANIES_MAX, Company
from valor_core.coverage.figures_report import Listing, Told
from valor_core.coverage.findings import findings_of
from valor_core.coverage.items import ITEM
from valor_core.coverage.restatements import restatements
from valor_core.coverage.splits import splits_for
from valor_core.errors import BadInput
from valor_core.market import kept
from valor_core.market.offered import title_of
from valor_core.store.work import Work
from valor_core.values import FiledFact
from valor_core.workbench.licences import held_back, told_of_held_back
from valor_core.workbench.report_parts import DAYS_MOST, percent, spreadsheet

EXPECTED = (
    "revenue", "operating_income", "pretax_income", "income_tax", "net_income", "diluted_shares",
    "cash", "total_assets", "total_liabilities", "stockholders_equity", "long_term_debt", "cfo",
    "capex", "dna",
)  # fmt: skip
"""What every valuation begins with; other items are not expected of every company."""

KINDS = {
    "stale": "Stale",
    "missing": "Missing",
    "out_of_range": "Out of range",
    "doubted": "Doubted",
    "restated": "Restated",
}
OUT_OF_RANGE = ("sign", "share_jump")
SHOWN = 200
NOT_GIVEN_ON = "What is known of it may not be given on; look at it in Valor."
SHEET = ("company", "ticker", "kind", "item", "fiscal_year", "told", "accession")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """One thing that is not as it should be."""

    company: str
    ticker: str
    kind: str
    item: str
    fiscal_year: int | None
    told: str
    accession: str
    held_back: tuple[str, ...] = ()  # whose terms forbid to give on what is known of it


def tell(work: Work, given: Mapping[str, Any]) -> Told:
    """The flaws of all companies that the caller may value, and of the kept market data."""
    stale_after = given["stale_after"]
    if not 1 <= stale_after <= 10 * DAYS_MOST:
        raise BadInput(
            f"Nothing is told of an age of {stale_after} days.",
            hint=f"Ask for 1 to {10 * DAYS_MOST} days.",
        )
    known_ones = {each.id: each for each in companies.companies(work, limit=COMPANIES_MAX)}
    flaws = [
        flaw
        for company_id, facts in companies.facts_by_company(work, list(known_ones))
        for flaw in _flaws(work, known_ones[company_id], facts, stale_after)
    ]
    flaws = [*sorted(flaws, key=_order), *_of_series(work)]
    counts = Counter(flaw.kind for flaw in flaws)
    names = {company.name for company in known_ones.values()}
    sound = len(names - {flaw.company for flaw in flaws})
    rows = [
        (f.company, f.ticker, f.kind, f.item, f.fiscal_year, f.told, f.accession) for f in flaws
    ]
    return Told(
        title="Data quality",
        about=f"{len(known_ones):,} companies and the kept market data on {work.now:%Y-%m-%d}; "
        f"figures of a year that ended more than {stale_after:,} days ago are stale.",
        key_figures={
            "Companies without a flaw": f"{sound:,} of {len(known_ones):,}",
            **{label: f"{counts[kind]:,}" for kind, label in KINDS.items()},
        },
        notices=_notices(counts, len(known_ones), flaws),
        lists={
            "companies": _by_company(known_ones.values(), flaws),
            **{kind: _listing(kind, [f for f in flaws if f.kind == kind]) for kind in KINDS},
        },
        figures={
            "counts": {kind: counts[kind] for kind in KINDS},
            "flaws": [dict(zip(SHEET, row, strict=True)) for row in rows],
        },
        spreadsheets={"data_quality.csv": spreadsheet(SHEET, rows)},
    )


def _order(flaw: Flaw) -> tuple[str, str, int, str]:
    return flaw.company, flaw.kind, -(flaw.fiscal_year or 0), flaw.item


def _flaws(
    work: Work, company: Company, facts: Sequence[FiledFact], stale_after: int
) -> Iterator[Flaw]:
    def flaw(
        kind: str, item: str, year: int | None, told: str, facts: Sequence[FiledFact] = ()
    ) -> Flaw:
        titles = held_back(facts)
        label = ITEM[item].label if item in ITEM else item.replace("_", " ").capitalize()
        return Flaw(
            company=company.name,
            ticker=company.ticker,
            kind=kind,
            item=label,
            fiscal_year=year,
            told=NOT_GIVEN_ON if titles else told,
            accession=facts[0].accession if facts else "",
            held_back=tuple(titles),
        )

    figures = known(facts)
    newest = max(year for _, year in figures)
    ended = max(fact.period_end for (_, year), fact in figures.items() if year == newest)
    if (age := (work.now.date() - ended).days) > stale_after:
        yield flaw("stale", "newest year", newest, f"It ended on {ended}, {age:,} days ago.")
    for item in EXPECTED:
        if (item, newest) not in figures:
            years = [year for name, year in figures if name == item]
            last = f"Last filed for {max(years)}." if years else "Never filed under a known tag."
            yield flaw("missing", item, newest, last)
    for finding in findings_of(figures):
        kind = "out_of_range" if finding.name in OUT_OF_RANGE else "doubted"
        item = finding.facts[0].item if finding.name == "sign" else finding.name
        yield flaw(kind, item, finding.fiscal_year, finding.message, finding.facts)
    for (item, year), each in restatements(facts, splits=splits_for(company)).items():
        by = f" ({percent(each.change)})" if each.change is not None else ""
        told = (
            f"{each.before.value:,.0f} as filed {each.before.filed_on}, {each.now.value:,.0f} "
            f"as filed {each.now.filed_on}{by}."
        )
        yield flaw("restated", item, year, told, (each.now, each.before))


def _of_series(work: Work) -> Iterator[Flaw]:
    """Days of kept market data that nobody has looked at since they were doubted."""
    doubted = [row for row, open_n in kept.listed(work, limit=SHOWN) if open_n]
    for row in doubted:
        titles = () if row.licence["redistribution"] else (title_of(row.provider),)
        for doubt in kept.read(work, row.sha256).open_doubts:
            yield Flaw(
                company=f"{row.symbol} ({row.provider})",
                ticker=row.symbol,
                kind="doubted",
                item=f"Market data of {doubt.day}" if doubt.day else "Market data as a whole",
                fiscal_year=None,
                told=NOT_GIVEN_ON if titles else doubt.told,
                accession="",
                held_back=titles,
            )


def _notices(counts: Counter[str], companies_n: int, flaws: Iterable[Flaw]) -> list[str]:
    told = []
    if titles := sorted({title for flaw in flaws for title in flaw.held_back}):
        told.append(told_of_held_back(titles, "Figures are"))
    if companies_n >= COMPANIES_MAX:
        told.append(f"Only the first {COMPANIES_MAX:,} companies are told; there may be more.")
    if counts["stale"]:
        told.append(f"{counts['stale']:,} companies have no year that is recent enough.")
    return told


def _by_company(found: Iterable[Company], flaws: Sequence[Flaw]) -> Listing:
    cells = Counter((flaw.company, flaw.kind) for flaw in flaws)
    return Listing(
        caption="How many flaws each company has; a dash for none",
        columns=("Company", *KINDS.values()),
        numbers=tuple(KINDS.values()),
        rows=[
            (company.name, *(f"{cells[company.name, kind]:,}" if cells[company.name, kind] else "–"
                             for kind in KINDS))
            for company in found
        ],
        empty="There is no company yet. Import filings on the page Coverage.",
    )  # fmt: skip


def _listing(kind: str, flaws: Sequence[Flaw]) -> Listing:
    more = len(flaws) - SHOWN
    return Listing(
        caption="Each with its year and what is known of it"
        + (f"; the spreadsheet has {more:,} more" if more > 0 else ""),
        columns=("Company", "Item", "Year", "What is known"),
        numbers=("Year",),
        rows=[
            (flaw.company, flaw.item, f"{flaw.fiscal_year or '–'}", flaw.told)
            for flaw in flaws[:SHOWN]
        ],
        empty=f"Nothing is {KINDS[kind].lower()}.",
    )
