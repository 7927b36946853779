"""A book made of a snapshot alone, in which a report is told once more by the same functions.

What a snapshot does not hold (market data, prices, objectives) is missing in it, so only reports
of companies, filed figures, saved values and entries of the log can be told in it.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from valor_core.store.scratch import scratch_store
from valor_core.store.tables import (
    ApiKeyRow,
    AuditLogRow,
    CompanyRow,
    FactRow,
    ImportRow,
    MembershipRow,
    TenantRow,
    UserRow,
    ValuationRow,
)
from valor_core.store.work import Work, unit_of_work
from valor_core.workbench.snapshots import snapshot_cursor

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

IMPORT = "snapshot"
BEFORE_ALL = {"created_at": 0}
COMPANIES = "SELECT company_id AS id, cik, name, ticker, sic FROM companies"
VALUES = (
    "SELECT * EXCLUDE (valuation_id, saved_at, saved_by), valuation_id AS id, "
    "saved_at AS created_at, saved_by AS created_by FROM valuation_records"
)
FIGURES = "SELECT * EXCLUDE known FROM facts"
ENTRIES = (
    "SELECT seq, epoch_us(acted_at) AS ts, category, action, actor, target, request_id, "
    "payload_digest, leaf, mac, key_id FROM audit WHERE action = 'valuation.run'"
)
Rows = list[dict[str, Any]]


@contextmanager
def book_of(
    work: Work, snapshot_id: str, *, names: Mapping[str, str], company_id: str | None, now: datetime
) -> Iterator[Work]:
    """The caller's work in a book of what a snapshot holds: of one company, or all that is saved.

    SnapshotDamaged for a wrong byte. People are called as they were called then.
    """
    with scratch_store() as store:
        with (
            snapshot_cursor(work, snapshot_id) as own,
            unit_of_work(work.caller, store, now) as filled,
        ):
            filled.begin_writing()
            _name_people(filled, names)
            _keep_companies_and_values(filled, own, company_id)
            if company_id:
                _keep_figures(filled, own, company_id)
            _keep_log(filled, own)
        with unit_of_work(work.caller, store, now) as then:
            yield then


def _name_people(work: Work, names: Mapping[str, str]) -> None:
    tenant = work.caller.tenant_id
    users = [name.removeprefix("user:") for name in names if name.startswith("user:")]
    keys = [name.removeprefix("key:") for name in names if name.startswith("key:")]
    work.session.add(TenantRow(id=tenant, slug=tenant, label="", status="active", **BEFORE_ALL))
    work.session.add_all([UserRow(id=user, **BEFORE_ALL) for user in users])
    work.session.flush()
    member = {"role": "viewer", "version": 1, **BEFORE_ALL}
    called = [{"user_id": user, "name": names[f"user:{user}"], **member} for user in users]
    work.insert_many(MembershipRow, called)
    key = {"role": "viewer", "hmac": b"", "expires_at": 0, "scopes": [], **BEFORE_ALL}
    work.insert_many(ApiKeyRow, [{"id": k, "label": names[f"key:{k}"], **key} for k in keys])


def _read(own: "DuckDBPyConnection", sql: str, company_id: str | None = None) -> Rows:
    one = " WHERE company_id = $company" if company_id else ""
    found = own.execute(sql + one, {"company": company_id} if one else None)
    columns = [column[0] for column in found.description]
    return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


def _keep_companies_and_values(
    work: Work, own: "DuckDBPyConnection", company_id: str | None
) -> None:
    companies = _read(own, COMPANIES, company_id)
    for row in companies:
        row |= {"sic": "" if row["sic"] is None else str(row["sic"]), **BEFORE_ALL}
    work.insert_many(CompanyRow, companies)
    values = _read(own, VALUES, company_id)
    for row in values:
        for name in ("inputs", "sources", "result", "scenarios"):
            row[name] = row[name] and json.loads(row[name])
    work.insert_many(ValuationRow, values)


def _keep_figures(work: Work, own: "DuckDBPyConnection", company_id: str) -> None:
    told = {"kind": IMPORT, "file_name": IMPORT, "sha256": IMPORT, "created_by": IMPORT}
    work.insert_many(
        ImportRow, [{"id": IMPORT, "companies_n": 1, "facts_n": 0, **told, **BEFORE_ALL}]
    )
    figures = _read(own, FIGURES, company_id)
    work.insert_many(FactRow, [{**row, "import_id": IMPORT} for row in figures])


def _keep_log(work: Work, own: "DuckDBPyConnection") -> None:
    """Each entry with its digests and without its details, as if they had been purged."""
    entries = _read(own, ENTRIES)
    for row in entries:
        digests = {name: bytes.fromhex(row[name]) for name in ("payload_digest", "leaf", "mac")}
        row |= {"purge_seq": 0, **digests}
    work.insert_many(AuditLogRow, entries)
