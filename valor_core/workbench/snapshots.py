"""Publishing a cut of the tenant, and asking questions over one of them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from valor_core.audit import log as audit
from valor_core.billing.metering import Meter
from valor_core.coverage import companies, imports, valuations
from valor_core.coverage.asof import known
from valor_core.coverage.bridge_facts import cash, debt
from valor_core.coverage.companies import Company
from valor_core.coverage.figures import Figures
from valor_core.coverage.prefill import FINANCIALS
from valor_core.settings import home
from valor_core.snapshots import catalogue
from valor_core.snapshots.files import sweep, write_dataset
from valor_core.snapshots.manifest import Manifest, SnapshotDamaged
from valor_core.snapshots.screen import Bounds, Screened
from valor_core.snapshots.screen import screen as screened
from valor_core.store.tables import AuditHeadRow, SnapshotRow
from valor_core.store.work import Work
from valor_core.telemetry import log
from valor_core.values import FiledFact, SnapshotId, micros
from valor_core.workbench.paging import check_page
from valor_core.workbench.verb import verb, view

NEVER_SHOWN = "access", "audit", "hold", "job", "report", "retention", "session", "snapshot"
"""Acts on these change nothing of what a snapshot holds."""


def _root() -> Path:
    return home() / "snapshots"


@verb("snapshot.publish", meter=Meter.SNAPSHOTS)
def publish_snapshot(work: Work) -> Manifest:
    """Write all that the tenant sees to Parquet, and make the snapshot exist by one row.

    A crash before the commit leaves files that nothing names; the next one sweeps them away.
    """
    import pyarrow as pa

    _hold_the_log(work)
    _sweep(work)
    newest = catalogue.snapshots(work, limit=1)
    seen = sorted(companies.companies(work), key=lambda company: company.id)
    datasets = {
        "companies": (_company_row(company) for company in seen),
        "facts": (row for each, facts in _filed(work, seen) for row in _fact_rows(each, facts)),
        "figures": (_figures_row(each, facts) for each, facts in _filed(work, seen)),
        "valuations": sorted(
            valuations.snapshot_rows(work), key=lambda row: (row["saved_at"], row["valuation_id"])
        ),
    }
    size, mac = audit.head(work)
    manifest = Manifest(
        tenant=work.caller.tenant_id,
        cut=work.now.isoformat(timespec="microseconds"),
        parent=newest[0].id if newest else None,
        audit_size=size,
        audit_mac=mac,
        engine=f"pyarrow {pa.__version__}",
        files=tuple(
            write_dataset(_root(), work.caller.tenant_id, name, rows)
            for name, rows in datasets.items()
        ),
    )
    catalogue.keep(work, manifest)
    work.note(f"snapshot:{manifest.id}", facts=manifest.rows_of("facts"))
    return manifest


def snapshot_of_now(work: Work) -> Manifest:
    """The newest snapshot while nothing that it shows has changed since, else one published now.

    For an act that stands on a snapshot: until its commit nothing that is shown can change.
    """
    _hold_the_log(work)
    if catalogue.snapshots(work, limit=1):
        newest = catalogue.latest(work)
        acted = audit.acted_since(work, newest.audit_size, besides=NEVER_SHOWN)
        cut = micros(datetime.fromisoformat(newest.cut))
        if not acted and not imports.book_changed_since(work, cut):
            return newest
    return publish_snapshot(work)


def _hold_the_log(work: Work) -> None:
    """No audited act of the tenant commits until this one has: all datasets show one moment."""
    work.session.execute(select(AuditHeadRow.size).with_for_update())


def _sweep(work: Work) -> None:
    """Takes away what a crash has left; a damaged manifest may no longer name what is its own."""
    try:
        named = catalogue.named_files(work)
    except SnapshotDamaged as error:
        log.warning("files of snapshots were not swept", reason=str(error))
    else:
        sweep(_root(), work.caller.tenant_id, named)


def _company_row(company: Company) -> dict[str, Any]:
    return {
        "company_id": company.id,
        "name": company.name,
        "ticker": company.ticker,
        "cik": company.cik,
        "sic": company.sic,
        "financial": _is_financial(company),
    }


def _is_financial(company: Company) -> bool:
    return company.sic is not None and company.sic in FINANCIALS


def _filed(work: Work, seen: Sequence[Company]) -> Iterator[tuple[Company, Sequence[FiledFact]]]:
    """Each company with its figures; both come in the order of ids."""
    filed = companies.facts_by_company(work)
    told = next(filed, None)
    for company in seen:
        while told and told[0] < company.id:
            told = next(filed, None)
        yield company, told[1] if told and told[0] == company.id else ()


def _fact_rows(company: Company, facts: Sequence[FiledFact]) -> list[dict[str, Any]]:
    stands = set(known(facts).values())
    return [
        {
            "company_id": company.id,
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
            "known": fact in stands,
        }
        for fact in sorted(set(facts), key=_place)  # both books may hold the same fact
    ]


def _place(fact: FiledFact) -> tuple[Any, ...]:
    """A total order: the same facts give the same bytes."""
    return (
        fact.filed_on, fact.accession, fact.item, fact.period_end, fact.tag,
        str(fact.period_start), fact.value, fact.unit, fact.form, fact.fiscal_year,
    )  # fmt: skip


def _figures_row(company: Company, facts: Sequence[FiledFact]) -> dict[str, Any]:
    """The newest fiscal year with the definitions that a valuation of the company starts from."""
    figures = Figures(facts)
    years = [year for item, year in figures.known if item == "revenue"]
    year = figures.year or max(years, default=None)

    def filed(item: str, back: int = 0) -> float | None:
        fact = None if year is None else figures.known.get((item, year - back))
        return fact.value if fact else None

    # A year without EBIT, or a bank's: what its debt is nobody can tell from these items.
    operating = None if _is_financial(company) else figures.ebit(figures.year)
    pretax = None if year is None else figures.pretax(year)
    gross, cost, revenue = filed("gross_profit"), filed("cost_of_revenue"), filed("revenue")
    if gross is None and cost is not None and revenue is not None:
        gross = revenue - cost
    whole = filed("equity_incl_nci")
    return {
        "company_id": company.id,
        "fiscal_year": year,
        "revenue": revenue,
        "revenue_year_before": filed("revenue", back=1),
        "revenue_3_years_before": filed("revenue", back=3),
        "gross_profit": gross,
        "ebit": operating.value if operating else None,
        "depreciation": filed("dna") if operating else None,
        "pretax_income": pretax.value if pretax else None,
        "income_tax": filed("income_tax"),
        "net_income": filed("net_income"),
        "equity": filed("stockholders_equity") if whole is None else whole,
        "debt": debt(figures).value if operating else None,
        "cash": cash(figures).value if operating else None,
        "operating_cash_flow": filed("cfo"),
        "capex": filed("capex"),
    }


@view("snapshot.read")
def list_snapshots(
    work: Work, *, limit: int = 50, before: tuple[int, str] | None = None
) -> Sequence[SnapshotRow]:
    """The snapshots of the tenant, newest first; `before` is (created_at, id)."""
    check_page(limit)
    return catalogue.snapshots(work, limit=limit, before=before)


@view("snapshot.read")
def latest_snapshot(work: Work) -> Manifest:
    """The newest snapshot; NoSnapshot before the first."""
    return catalogue.latest(work)


@view("snapshot.read")
def screen(
    work: Work,
    bounds: Mapping[str, Bounds],
    *,
    order: str = "revenue",
    descending: bool = True,
    limit: int = 100,
    snapshot_id: SnapshotId | None = None,
) -> Screened:
    """The companies of the latest snapshot, or of that one, that lie within the bounds, ranked."""
    manifest = catalogue.snapshot(work, snapshot_id) if snapshot_id else catalogue.latest(work)
    return screened(_root(), manifest, bounds, order=order, descending=descending, limit=limit)
