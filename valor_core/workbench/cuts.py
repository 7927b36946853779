"""Where the rows of a snapshot come from: each dataset in parts, and what each part was made of.

A part whose state is that of the snapshot before is the same rows, and is not even read. Of what is
only ever added to (figures, uses, entries of the log) the number of rows is such a state.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from zlib import crc32

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from valor_core.coverage import companies, imports, valuations
from valor_core.coverage.asof import known
from valor_core.coverage.bridge_facts import cash, debt
from valor_core.coverage.companies import Company
from valor_core.coverage.figures import Figures
from valor_core.coverage.prefill import FINANCIALS
from valor_core.coverage.sourcing import load_sources
from valor_core.store.tables import (
    AdjustmentRow,
    AuditLogRow,
    BillingEventRow,
    BillingObjectRow,
    ProviderCallRow,
    ProviderIntervalRow,
    UsageEventRow,
    ValuationRow,
)
from valor_core.store.work import Work
from valor_core.values import DAY_US, FiledFact
from valor_core.workbench.licences import KINDS_HELD_BACK, may_be_given_on

COMPANIES_A_PART = 40
BEFORE_ALL = datetime(1970, 1, 1)  # noqa: DTZ001  a moment in Parquet is UTC and does not say so

Rows = Iterable[Sequence[Any]]
ROWS_AT_ONCE = {"yield_per": 5_000}


@dataclass(frozen=True)
class Cut:
    """All that the tenant sees at one moment: every read of the work sees the same."""

    work: Work
    _filed: dict[str, list[tuple[Company, list[FiledFact]]]] = field(default_factory=dict)

    @cached_property
    def companies(self) -> list[Company]:
        """In the order of their ids."""
        return sorted(companies.companies(self.work), key=lambda company: company.id)

    @cached_property
    def shares(self) -> dict[str, list[Company]]:
        """The companies in parts of a like size; a company stays in its part."""
        n = 1 << max(0, len(self.companies) // COMPANIES_A_PART).bit_length()
        parts: dict[str, list[Company]] = defaultdict(list)
        for company in self.companies:
            parts[f"{crc32(company.id.encode()) % n + 1} of {n}"].append(company)
        return parts

    def filed(self, part: str) -> list[tuple[Company, list[FiledFact]]]:
        """A part's companies with the figures that may be given on; the last one is remembered."""
        if part not in self._filed:
            share = self.shares[part]
            found = dict(companies.facts_by_company(self.work, [each.id for each in share]))
            self._filed.clear()
            self._filed[part] = [
                (each, list(filter(may_be_given_on, found.get(each.id, [])))) for each in share
            ]
        return self._filed[part]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Datasets that are divided alike: their parts with the state of each, and a part's rows."""

    parts: Callable[[Cut], Mapping[str, str]]  # an empty state: made anew each time
    rows: Mapping[str, Callable[[Cut, str], Rows]]  # of a dataset


def _whole(_: Cut) -> Mapping[str, str]:
    return {"": ""}


# --- companies and what they filed ---------------------------------------------------------------


def _company_rows(cut: Cut, _: str) -> Rows:
    for each in cut.companies:
        yield each.id, each.name, each.ticker, each.cik, each.sic, _is_financial(each)


def _is_financial(company: Company) -> bool:
    return company.sic is not None and company.sic in FINANCIALS


def _shares(cut: Cut) -> Mapping[str, str]:
    """Figures are only ever added by an import, and go with it; some may not be given on."""
    held_back = imports.ids_of_kinds(cut.work, KINDS_HELD_BACK)
    imported = {
        company: [(of, n) for of, n in found if of not in held_back]
        for company, found in companies.facts_by_import(cut.work).items()
    }
    return {
        part: _digest([(each.id, _is_financial(each), imported.get(each.id)) for each in share])
        for part, share in cut.shares.items()
    }


def _digest(told: object) -> str:
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


def _fact_rows(cut: Cut, part: str) -> Rows:
    for company, facts in cut.filed(part):
        stands = set(known(facts).values())
        for fact in sorted(set(facts), key=_place):  # both books may hold the same fact
            yield (
                company.id,
                fact.item,
                fact.fiscal_year,
                fact.period_start.isoformat() if fact.period_start else None,
                fact.period_end.isoformat(),
                fact.value,
                fact.unit,
                fact.tag,
                fact.accession,
                fact.form,
                fact.filed_on.isoformat(),
                fact in stands,
            )


def _place(fact: FiledFact) -> tuple[Any, ...]:
    """A total order: the same facts give the same bytes."""
    return (
        fact.filed_on, fact.accession, fact.item, fact.period_end, fact.tag,
        str(fact.period_start), fact.value, fact.unit, fact.form, fact.fiscal_year,
    )  # fmt: skip


def _figure_rows(cut: Cut, part: str) -> Rows:
    return (_figures(company, facts) for company, facts in cut.filed(part))


def _figures(company: Company, facts: Sequence[FiledFact]) -> Sequence[Any]:
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
    return (
        company.id,
        year,
        revenue,
        filed("revenue", back=1),
        filed("revenue", back=3),
        gross,
        operating.value if operating else None,
        filed("dna") if operating else None,
        pretax.value if pretax else None,
        filed("income_tax"),
        filed("net_income"),
        filed("stockholders_equity") if whole is None else whole,
        debt(figures).value if operating else None,
        cash(figures).value if operating else None,
        filed("cfo"),
        filed("capex"),
    )


# --- what analysts made of them ------------------------------------------------------------------


def _months_of_valuations(cut: Cut) -> Mapping[str, str]:
    return _counted(valuations.saved_by_day(cut.work), month=True)


def _valuation_rows(cut: Cut, month: str) -> Rows:
    return valuations.snapshot_rows(cut.work, *_bounds(month))


def _record_rows(cut: Cut, month: str) -> Rows:
    """Without those that rest on figures which may not be given on."""
    for row in valuations.saved_between(cut.work, *_bounds(month)):
        facts = (fact for source in load_sources(row.sources).values() for fact in source.facts)
        if all(map(may_be_given_on, facts)):
            yield (
                row.id, row.company_id, row.company_name, row.model, row.model_version, row.run_id,
                row.facts_as_of, _json(row.inputs), _json(row.sources), _json(row.result),
                row.headline, row.currency, row.rationale, row.created_at, row.created_by,
                None if row.scenarios is None else _json(row.scenarios),
            )  # fmt: skip


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _adjustment_rows(cut: Cut, _: str) -> Rows:
    """Few, and one that is dropped changes: read whole each time."""
    rows = cut.work.session.execute(
        select(
            AdjustmentRow.id, AdjustmentRow.company_id, AdjustmentRow.layer, AdjustmentRow.item,
            AdjustmentRow.fiscal_year, AdjustmentRow.amount, AdjustmentRow.unit,
            AdjustmentRow.rationale, AdjustmentRow.created_at, AdjustmentRow.created_by,
            AdjustmentRow.dropped_at, AdjustmentRow.dropped_by,
        ).order_by(AdjustmentRow.created_at, AdjustmentRow.id)
    )  # fmt: skip
    for row in rows:
        yield (
            *row[:8], moment(row.created_at), row.created_by,
            row.dropped_at and moment(row.dropped_at), row.dropped_by,
        )  # fmt: skip


# --- use and billing -----------------------------------------------------------------------------


def _days(column: InstrumentedAttribute[int]) -> Callable[[Cut], Mapping[str, str]]:
    """The days of rows that are only ever added."""
    return lambda cut: _counted(_by_day(cut.work, column), month=False)


def _months(column: InstrumentedAttribute[int]) -> Callable[[Cut], Mapping[str, str]]:
    return lambda cut: _counted(_by_day(cut.work, column), month=True)


def _by_day(work: Work, column: InstrumentedAttribute[int]) -> Mapping[int, int]:
    day = (column // DAY_US).label("day")
    return dict(work.session.execute(select(day, func.count()).group_by(day)).all())


def _counted(days: Mapping[int, int], *, month: bool) -> Mapping[str, str]:
    """The parts of rows by day since 1970; how many rows a part has is its state."""
    counts: Counter[str] = Counter()
    for day, n in days.items():
        counts[_day(day).isoformat()[: 7 if month else 10]] += n
    return {part: f"{n} rows" for part, n in counts.items()}


def _usage_rows(cut: Cut, day: str) -> Rows:
    first, end = _bounds(day)
    rows = cut.work.session.execute(
        select(
            UsageEventRow.occurred_at, UsageEventRow.meter, UsageEventRow.quantity,
            UsageEventRow.act, UsageEventRow.actor,
        )
        .where(UsageEventRow.occurred_at >= first, UsageEventRow.occurred_at < end)
        .order_by(UsageEventRow.occurred_at, UsageEventRow.idem_key),
        execution_options=ROWS_AT_ONCE,
    )  # fmt: skip
    return ((moment(row[0]), *row[1:]) for row in rows)


def _usage_day_rows(cut: Cut, month: str) -> Rows:
    first, end = _bounds(month)
    day = (UsageEventRow.occurred_at // DAY_US).label("day")
    total, count = func.sum(UsageEventRow.quantity), func.count()
    rows = cut.work.session.execute(
        select(day, UsageEventRow.meter, total, count)
        .where(UsageEventRow.occurred_at >= first, UsageEventRow.occurred_at < end)
        .group_by(day, UsageEventRow.meter)
        .order_by(day, UsageEventRow.meter)
    )
    return ((_day(row[0]), row[1], int(row[2]), row[3]) for row in rows)


def _billing_rows(cut: Cut, day: str) -> Rows:
    told = BillingEventRow
    first, end = _bounds(day)
    rows = cut.work.session.execute(
        select(
            told.received_at, told.created_at, told.event_id, told.type, told.object_id,
            told.object_version, told.meter, told.day, told.quantity, told.price_minor,
            told.per_quantity, told.plan_version, told.amount_minor, told.currency, told.outcome,
        )
        .where(told.received_at >= first, told.received_at < end)
        .order_by(told.received_at, told.event_id),
        execution_options=ROWS_AT_ONCE,
    )  # fmt: skip
    return ((moment(row[0]), moment(row[1]), *row[2:]) for row in rows)


def _billed_months(cut: Cut) -> Mapping[str, str]:
    """By the day of the use, which may be long before it is billed."""
    rows = cut.work.session.execute(
        select(BillingEventRow.day, func.count())
        .where(BillingEventRow.day != "", BillingEventRow.outcome == "applied")
        .group_by(BillingEventRow.day)
    )
    counts: Counter[str] = Counter()
    for day, n in rows:
        counts[day[:7]] += n
    return {month: f"{n} rows" for month, n in counts.items()}


def _billed_day_rows(cut: Cut, month: str) -> Rows:
    told = BillingEventRow
    key = told.day, told.meter, told.currency
    rows = cut.work.session.execute(
        select(*key, func.sum(told.quantity), func.sum(told.amount_minor), func.count())
        .where(told.day.startswith(month), told.outcome == "applied")
        .group_by(*key)
        .order_by(*key)
    )
    return ((date.fromisoformat(r[0]), *r[1:3], int(r[3]), int(r[4]), r[5]) for r in rows)


def _invoice_rows(cut: Cut, _: str) -> Rows:
    rows = cut.work.session.execute(
        select(
            BillingObjectRow.object_id, BillingObjectRow.version, BillingObjectRow.status,
            BillingObjectRow.amount_minor, BillingObjectRow.currency, BillingObjectRow.updated_at,
        ).order_by(BillingObjectRow.object_id)
    )  # fmt: skip
    return ((*row[:5], moment(row[5])) for row in rows)


# --- how providers stand -------------------------------------------------------------------------


def _state_rows(cut: Cut, month: str) -> Rows:
    row = ProviderIntervalRow
    first, end = _bounds(month)
    found = cut.work.session.execute(
        select(row.started_at, row.provider, row.capability, row.state, row.cause)
        .where(row.started_at >= first, row.started_at < end)
        .order_by(row.started_at, row.provider, row.capability)
    )
    return ((moment(each[0]), *each[1:]) for each in found)


def _called(*, month: bool) -> Callable[[Cut], Mapping[str, str]]:
    """Of a minute that is not over the rows stay and their calls become more: both are counted."""

    def parts(cut: Cut) -> Mapping[str, str]:
        day = (ProviderCallRow.minute // DAY_US).label("day")
        counted = select(day, func.count(), func.sum(ProviderCallRow.n)).group_by(day)
        days = {each[0]: (each[1], int(each[2])) for each in cut.work.session.execute(counted)}
        rows = _counted({day: n for day, (n, _) in days.items()}, month=month)
        calls = _counted({day: n for day, (_, n) in days.items()}, month=month)
        return {part: f"{told}, calls {calls[part]}" for part, told in rows.items()}

    return parts


def _call_rows(cut: Cut, day: str) -> Rows:
    row = ProviderCallRow
    first, end = _bounds(day)
    key = row.minute, row.provider, row.capability, row.outcome, row.bucket
    found = cut.work.session.execute(
        select(*key, row.n).where(row.minute >= first, row.minute < end).order_by(*key),
        execution_options=ROWS_AT_ONCE,
    )
    return ((moment(each[0]), *each[1:]) for each in found)


def _call_day_rows(cut: Cut, month: str) -> Rows:
    row = ProviderCallRow
    first, end = _bounds(month)
    day = (row.minute // DAY_US).label("day")
    key = day, row.provider, row.capability, row.outcome, row.bucket
    found = cut.work.session.execute(
        select(*key, func.sum(row.n))
        .where(row.minute >= first, row.minute < end)
        .group_by(*key)
        .order_by(*key)
    )
    return ((_day(each[0]), *each[1:5], int(each[5])) for each in found)


# --- the log -------------------------------------------------------------------------------------


def _audit_rows(cut: Cut, day: str) -> Rows:
    """Without what a purge may take away: no purge would reach it here."""
    entry = AuditLogRow
    first, end = _bounds(day)
    rows = cut.work.session.execute(
        select(
            entry.seq, entry.ts, entry.category, entry.action, entry.actor, entry.target,
            entry.request_id, entry.payload_digest, entry.leaf, entry.mac, entry.key_id,
        )
        .where(entry.ts >= first, entry.ts < end)
        .order_by(entry.seq),
        execution_options=ROWS_AT_ONCE,
    )  # fmt: skip
    for row in rows:
        digests = (each.hex() for each in row[7:10])
        yield row[0], moment(row[1]), *row[2:7], *digests, row[10]


# --- days, months, moments -----------------------------------------------------------------------


def moment(micros: int) -> datetime:
    """Microseconds since 1970 as Parquet has a moment: UTC, without saying so."""
    return BEFORE_ALL + timedelta(microseconds=micros)


def _day(days: int) -> date:
    return BEFORE_ALL.date() + timedelta(days=days)


def _bounds(part: str) -> tuple[int, int]:
    """The first moment of a day or a month, and the first one after it.

    >>> _bounds("1970-01-02"), _bounds("1970-01")[1] // DAY_US
    ((86400000000, 172800000000), 31)
    """
    month = len(part) == 7
    first = date.fromisoformat(f"{part}-01" if month else part)
    end = (first + timedelta(days=31)).replace(day=1) if month else first + timedelta(days=1)
    begin = BEFORE_ALL.date()
    return (first - begin).days * DAY_US, (end - begin).days * DAY_US


SOURCES = (
    Source(parts=_whole, rows={"companies": _company_rows}),
    Source(parts=_shares, rows={"facts": _fact_rows, "figures": _figure_rows}),
    Source(parts=_months_of_valuations, rows={"valuations": _valuation_rows}),
    Source(parts=_months(ValuationRow.created_at), rows={"valuation_records": _record_rows}),
    Source(parts=_whole, rows={"adjustments": _adjustment_rows}),
    Source(parts=_days(UsageEventRow.occurred_at), rows={"usage": _usage_rows}),
    Source(parts=_months(UsageEventRow.occurred_at), rows={"usage_daily": _usage_day_rows}),
    Source(parts=_days(BillingEventRow.received_at), rows={"billing": _billing_rows}),
    Source(parts=_billed_months, rows={"billing_daily": _billed_day_rows}),
    Source(parts=_whole, rows={"invoices": _invoice_rows}),
    Source(parts=_months(ProviderIntervalRow.started_at), rows={"provider_states": _state_rows}),
    Source(parts=_called(month=False), rows={"provider_calls": _call_rows}),
    Source(parts=_called(month=True), rows={"provider_calls_daily": _call_day_rows}),
    Source(parts=_days(AuditLogRow.ts), rows={"audit": _audit_rows}),
)
"""Where every dataset comes from."""


def parts_of(cut: Cut) -> Iterator[tuple[str, str, str, Callable[[], Rows]]]:
    """Every part of every dataset with its state, and the way to its rows."""
    for source in SOURCES:
        for part, state in sorted(source.parts(cut).items()):
            for dataset, rows in source.rows.items():
                yield dataset, part, state, lambda part=part, rows=rows: rows(cut, part)
