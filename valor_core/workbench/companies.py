"""Companies, their filed facts, and bringing in more of them."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from valor_core.billing.metering import Meter
from valor_core.coverage import adjustments, companies, imports
from valor_core.coverage.companies import COMPANIES_MAX, Company
from valor_core.coverage.companyfacts import read_companyfacts
from valor_core.coverage.facts_csv import DAYS, read_facts_csv, read_facts_sheet, template
from valor_core.coverage.imports import Imported
from valor_core.coverage.records import ParsedFacts
from valor_core.coverage.valuations import LatestValue, latest_values
from valor_core.errors import BadInput
from valor_core.store.tables import ImportRow
from valor_core.store.work import Work
from valor_core.values import CompanyId, FiledFact
from valor_core.workbench.paging import check_page
from valor_core.workbench.verb import verb, view
from valor_core.workbooks.reading import read_workbook
from valor_core.workbooks.tables import rows_of, write_table

FACTS_SHEET = "Facts"
SERIES = ("revenue", "operating_income", "net_income")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document that was read whole and found sound, ready to be kept."""

    raw: bytes
    file_name: str
    kind: str  # companyfacts, csv or xlsx
    read: Sequence[ParsedFacts]
    source: str = ""  # the address that it was fetched from, where it was


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """A company in the coverage table: its key figures by fiscal year, and where it stands."""

    company: Company
    series: dict[str, dict[int, float]]  # item → fiscal year → value
    fiscal_year: int | None
    filed_on: date | None
    value: LatestValue | None


@view("company.read")
def list_companies(
    work: Work, *, limit: int = COMPANIES_MAX, after: tuple[str, str] | None = None
) -> list[Company]:
    """The companies that the caller may value, by name; `after` is (name, id)."""
    check_page(limit, most=COMPANIES_MAX)
    return companies.companies(work, limit=limit, after=after)


@view("company.read")
def read_company(work: Work, name: str) -> Company:
    """The company of that id, ticker or CIK."""
    return companies.company(work, name)


@view("company.read")
def coverage(work: Work) -> list[Covered]:
    """All companies with their key figures and newest value, by name as people sort it."""
    series = companies.yearly_values(work, SERIES)
    filings, values = companies.latest_filings(work), latest_values(work)
    table = []
    for company in companies.companies(work):
        filed_on, fiscal_year = filings.get(company.id, (None, None))
        table.append(
            Covered(
                company=company,
                series=series.get(company.id, {item: {} for item in SERIES}),
                fiscal_year=fiscal_year,
                filed_on=filed_on,
                value=values.get(company.id),
            )
        )
    return sorted(table, key=lambda each: each.company.name.casefold())


@view("fact.read")
def read_facts(
    work: Work, company_id: CompanyId, *, layer: str = "", as_of: date | None = None
) -> list[FiledFact]:
    """Every vintage of every figure of a company; `coverage.asof.known` picks those of a day.

    Those known on the day are read through the layer, where one is named.
    """
    company = companies.company(work, company_id)
    adjustments.check_layer(work, layer)
    return adjustments.facts_through(work, company.id, layer, as_of)


def read_document(raw: bytes, *, file_name: str) -> Document:
    """Reads an SEC companyfacts document or a table of facts; BadInputs with all that is wrong.

    It takes no database and no lock, since a large document takes its time.
    """
    name = file_name.rsplit("/", 1)[-1].rsplit("\\", 1)[-1][:200]
    if name.lower().endswith((".json", ".json.gz")):
        return Document(raw=raw, file_name=name, kind="companyfacts", read=[read_companyfacts(raw)])
    if name.lower().endswith(".csv"):
        return Document(raw=raw, file_name=name, kind="csv", read=read_facts_csv(raw))
    if name.lower().endswith(".xlsx"):
        rows = rows_of(read_workbook(raw), sheet=FACTS_SHEET, days=DAYS)
        return Document(raw=raw, file_name=name, kind="xlsx", read=read_facts_sheet(rows))
    raise BadInput(
        f"{name[:80]!r} is neither a .json, a .json.gz, a .csv nor an .xlsx file.",
        hint="Import an SEC companyfacts document, or a CSV or XLSX made from the template.",
    )


def template_workbook() -> bytes:
    """The table of facts to fill in, as a workbook."""
    return write_table(FACTS_SHEET, list(csv.reader(template().splitlines())))


@verb("fact.import", meter=Meter.IMPORTS)
def import_document(work: Work, document: Document) -> Imported:
    """Keep all figures of a document, or none; the same document again changes nothing."""
    done = imports.keep(
        work, document.raw, document.read, kind=document.kind, file_name=document.file_name
    )
    work.note(
        f"import:{done.import_id}",
        sha256=done.sha256,
        companies=list(done.companies),
        facts=done.facts_n,
        known_before=done.known_before,
        **({"source": document.source} if document.source else {}),
    )
    return done


@view("import.read")
def list_imports(
    work: Work, *, limit: int = 50, before: tuple[int, str] | None = None
) -> Sequence[ImportRow]:
    """The tenant's own imports, newest first; `before` is (created_at, id)."""
    check_page(limit)
    return imports.imports(work, limit=limit, before=before)
