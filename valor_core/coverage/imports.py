"""Keeping what an importer read: all of it or nothing, and never the same document twice."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, tuple_

from valor_core.coverage.companies import add_companies, batched
from valor_core.coverage.currency import refuse_mixed
from valor_core.coverage.records import ParsedFacts
from valor_core.errors import BadInputs, Flaw
from valor_core.store.tables import FactRow, ImportRow
from valor_core.store.work import Work
from valor_core.values import SHARED, CompanyId, FiledFact, new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import brought."""

    import_id: str
    kind: str
    file_name: str
    sha256: str
    companies: tuple[CompanyId, ...]
    facts_n: int  # new figures; what was known already is not counted
    known_before: bool  # the same document was imported before: nothing changed


def keep(
    work: Work, raw: bytes, read: Sequence[ParsedFacts], *, kind: str, file_name: str
) -> Imported:
    """Adds the figures that are new.

    BadInputs where a filing's known figure would change, MixedCurrencies where a company's
    figures would come to stand in two.
    """
    file_name, sha256 = work.clean(file_name), hashlib.sha256(raw).hexdigest()
    before = _import_of(work, sha256)
    import_id = before.id if before else new_id()
    ids = add_companies(work, [parsed.company for parsed in read])
    if before is None:
        row = ImportRow(
            id=import_id,
            kind=kind,
            file_name=file_name,
            sha256=sha256,
            companies_n=len(read),
            facts_n=0,
            created_at=work.now_micros,
            created_by=work.caller.actor,
        )
        work.add_all([row])
        work.session.flush()
        row.facts_n = _add_facts(work, dict(zip(ids, read, strict=True)), import_id)
        facts_n = row.facts_n
    else:
        facts_n = 0
    return Imported(
        import_id=import_id,
        kind=kind,
        file_name=file_name,
        sha256=sha256,
        companies=tuple(ids),
        facts_n=facts_n,
        known_before=before is not None,
    )


def drop_all(work: Work) -> None:
    """Takes back all imports of the tenant with their figures: a book is replaced as a whole."""
    tenant = work.caller.tenant_id
    for kind in (FactRow, ImportRow):
        work.session.execute(delete(kind).where(kind.tenant_id == tenant))


def is_known(work: Work, sha256: str) -> bool:
    """Whether the tenant has imported the document of that digest."""
    return _import_of(work, sha256) is not None


def ids_of_kinds(work: Work, kinds: Collection[str]) -> set[str]:
    """The imports of these kinds, by their ids."""
    return set(work.session.scalars(select(ImportRow.id).where(ImportRow.kind.in_(kinds))))


def book_changed_since(work: Work, moment: int) -> bool:
    """Whether the shared book has grown since, in microseconds since 1970."""
    newer = select(ImportRow.id).where(
        ImportRow.tenant_id == SHARED, ImportRow.created_at >= moment
    )
    return work.session.scalar(newer.limit(1)) is not None


def _import_of(work: Work, sha256: str) -> ImportRow | None:
    return work.session.scalars(
        select(ImportRow).where(
            ImportRow.sha256 == sha256, ImportRow.tenant_id == work.caller.tenant_id
        )
    ).one_or_none()


def _add_facts(work: Work, read: Mapping[CompanyId, ParsedFacts], import_id: str) -> int:
    flaws: list[Flaw] = []
    rows = []
    known, units = _known(work, list(read)), _units(work, list(read))
    for company, parsed in read.items():
        refuse_mixed(
            parsed.company.name,
            {*units.get(company, ()), *(fact.unit for fact in parsed.facts)},
        )
        for fact in parsed.facts:
            key = company, *_key(fact)
            if key not in known:
                known[key] = fact.value
                rows.append(_row(fact, company, import_id))
            elif known[key] != fact.value:
                flaws.append(
                    Flaw(
                        f"{parsed.company.name}, {fact.item} {fact.period_end}",
                        f"filing {fact.accession} is known to say {known[key]:,.6g}, "
                        f"not {fact.value:,.6g}",
                    )
                )
    if flaws:
        raise BadInputs(
            flaws,
            hint="A filing does not change. Give a correction the accession of its own filing.",
        )
    work.insert_many(FactRow, rows)
    return len(rows)


def _units(work: Work, companies: Sequence[CompanyId]) -> dict[str, set[str]]:
    """The units of all figures that the caller sees of each company, the shared book's too."""
    found: dict[str, set[str]] = {}
    for some in batched(companies):
        query = select(FactRow.company_id, FactRow.unit).where(FactRow.company_id.in_(some))
        for row in work.session.execute(query.distinct()):
            found.setdefault(row.company_id, set()).add(row.unit)
    return found


def _known(work: Work, companies: Sequence[CompanyId]) -> dict[tuple[str, ...], float]:
    """The tenant's own figures of companies; the shared book's do not count as imported."""
    key = FactRow.company_id, FactRow.item, FactRow.period_end, FactRow.accession, FactRow.tag
    mine = FactRow.tenant_id == work.caller.tenant_id
    return {
        (row.company_id, row.item, row.period_end, row.accession, row.tag): row.value
        for some in batched(companies)
        for row in work.session.execute(
            select(*key, FactRow.value).where(FactRow.company_id.in_(some), mine)
        )
    }


def _key(fact: FiledFact) -> tuple[str, str, str, str]:
    return fact.item, fact.period_end.isoformat(), fact.accession, fact.tag


def _row(fact: FiledFact, company: CompanyId, import_id: str) -> dict[str, object]:
    return {
        "company_id": company,
        "import_id": import_id,
        "item": fact.item,
        "fiscal_year": fact.fiscal_year,
        "period_start": fact.period_start.isoformat() if fact.period_start else None,
        "period_end": fact.period_end.isoformat(),
        "value": fact.value,
        "unit": fact.unit,
        "tag": fact.tag,
        "accession": fact.accession,
        "form": fact.form,
        "filed_on": fact.filed_on.isoformat(),
    }


def imports(
    work: Work, *, limit: int = 50, before: tuple[int, str] | None = None
) -> Sequence[ImportRow]:
    """The tenant's own imports, newest first; `before` is (created_at, id)."""
    query = (
        select(ImportRow)
        .where(ImportRow.tenant_id == work.caller.tenant_id)
        .order_by(ImportRow.created_at.desc(), ImportRow.id.desc())
    )
    if before:
        query = query.where(tuple_(ImportRow.created_at, ImportRow.id) < before)
    return work.session.scalars(query.limit(limit)).all()
