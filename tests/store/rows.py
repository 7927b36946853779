"""Rows with as little in them as the schema allows."""

from tests.moulds import Tenant
from valor_core.store.engines import Store
from valor_core.store.tables import CompanyRow, FactRow, ImportRow, SnapshotRow
from valor_core.store.work import unit_of_work
from valor_core.values import SHARED
from valor_core.workbench.setup import operator


def a_snapshot(name: str) -> SnapshotRow:
    return SnapshotRow(
        id=name, manifest="{}", facts_n=0, valuations_n=0, created_at=1, created_by="x"
    )


def a_company(name: str) -> CompanyRow:
    return CompanyRow(id=name, cik=None, name=name, ticker="", sic="", created_at=1)


def a_fact(tag: str, company: str) -> FactRow:
    return FactRow(
        company_id=company, item="revenue", period_end="2024-12-31", accession="a", tag=tag,
        period_start=None, fiscal_year=2024, value=1.0, unit="USD", form="10-K",
        filed_on="2025-02-01", import_id="i",
    )  # fmt: skip


def planted(store: Store, acme: Tenant, rival: Tenant) -> None:
    """Two snapshots each, one of them of the same id; a company and a fact, the shared book too."""
    for caller in (acme.admin, rival.admin, operator(SHARED)):
        mark = caller.tenant_id[:4]
        with unit_of_work(caller, store) as work:
            work.begin_writing()
            work.add_all([a_snapshot("same"), a_snapshot(f"{mark}-only"), a_company(mark)])
            work.add_all([
                ImportRow(id="i", kind="csv", file_name="", sha256="", companies_n=1, facts_n=1,
                          created_at=1, created_by="x")
            ])  # fmt: skip
            work.session.flush()
            work.add_all([a_fact(f"{mark}-fact", mark)])
