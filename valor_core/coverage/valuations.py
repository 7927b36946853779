"""Saved valuations: kept whole, found again by company or by run id, never changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Subquery, func, literal, or_, select, tuple_

from valor_core.coverage.companies import Company
from valor_core.coverage.prefill_options import ProjectDcf, facts_behind
from valor_core.coverage.sourcing import load_sources
from valor_core.errors import NotFound
from valor_core.models.catalogue import MODELS
from valor_core.models.codec import load
from valor_core.models.dcf import DcfInputs
from valor_core.store.tables import ValuationRow
from valor_core.store.work import Work
from valor_core.values import DAY_US, CompanyId, ValuationId, from_micros, micros, new_id

AT_ONCE = 500  # ids in one query
OF_SHARES = [model.name for model in MODELS if model.headline == "value_per_share"]


def keep(work: Work, company: Company, **columns: Any) -> ValuationRow:
    """One more valuation of the company, by the caller, now."""
    row = ValuationRow(
        id=new_id(),
        company_id=company.id,
        company_name=company.name,
        created_at=work.now_micros,
        created_by=work.caller.actor,
        **columns,
    )
    work.add_all([row])
    work.session.flush()
    return row


def valuation(work: Work, valuation_id: ValuationId) -> ValuationRow:
    """The saved valuation; NotFound otherwise."""
    row = work.session.get(ValuationRow, (work.caller.tenant_id, valuation_id))
    if row is None:
        raise NotFound("valuation", valuation_id[:80])
    return row


def newest_valuations(
    work: Work,
    company_id: CompanyId | None = None,
    *,
    limit: int = 50,
    before: tuple[int, str] | None = None,
) -> Sequence[ValuationRow]:
    """The newest valuations first, of one company or all; `before` is (created_at, id)."""
    query = select(ValuationRow).order_by(ValuationRow.created_at.desc(), ValuationRow.id.desc())
    if company_id:
        query = query.where(ValuationRow.company_id == company_id)
    if before:
        query = query.where(tuple_(ValuationRow.created_at, ValuationRow.id) < before)
    return work.session.scalars(query.limit(limit)).all()


def newest_of(
    work: Work, company_id: CompanyId, model: str, *, as_of: date | None
) -> ValuationRow | None:
    """The company's newest by a model; of a day, the newest saved by its end or on its facts."""
    query = select(ValuationRow).where(
        ValuationRow.company_id == company_id, ValuationRow.model == model
    )
    if as_of:
        morrow = datetime.combine(as_of + timedelta(days=1), time(), UTC)
        saved_by_then = ValuationRow.created_at < micros(morrow)
        query = query.where(or_(saved_by_then, ValuationRow.facts_as_of == as_of.isoformat()))
    newest_first = ValuationRow.created_at.desc(), ValuationRow.id.desc()
    return work.session.scalars(query.order_by(*newest_first).limit(1)).one_or_none()


def newest_dcf(work: Work, company_id: CompanyId, *, as_of: date | None) -> ProjectDcf | None:
    """The company's newest saved DCF, as what other models begin with."""
    row = newest_of(work, company_id, "dcf", as_of=as_of)
    if row is None:
        return None
    capital = row.inputs.get("cost_of_capital")
    return ProjectDcf(
        named=f"the DCF saved on {from_micros(row.created_at):%d %b %Y} (run {row.run_id[:8]})",
        value_per_share=row.headline,
        enterprise_value=row.result["enterprise_value"],
        first_cash_flow=row.result["fcff"][0],
        risk_free=capital["risk_free"] if capital else None,
        facts=facts_behind(load_sources(row.sources)),
        inputs=load(DcfInputs, row.inputs),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """How the value of a company by a model went on: the newest and what stood before."""

    newest: ValuationRow
    previous: ValuationRow | None
    before: ValuationRow | None  # the newest that was saved before the day asked for


def followed(work: Work, before: datetime, *, most: int) -> list[Followed]:
    """Of each company and model the newest value, the one before, and that of a moment before."""
    newest, earlier = _places(None), _places(micros(before))
    query = (
        select(newest.c.company_id, newest.c.model, newest.c.id, newest.c.place)
        .where(newest.c.place <= 2)
        .union_all(
            select(earlier.c.company_id, earlier.c.model, earlier.c.id, literal(0)).where(
                earlier.c.place == 1
            )
        )
    )
    found: dict[tuple[str, str], dict[int, str]] = {}
    for company, model, row_id, place in work.session.execute(query):
        found.setdefault((company, model), {})[place] = row_id
    kept = [found[pair] for pair in sorted(found)][:most]
    ids = sorted({row_id for each in kept for row_id in each.values()})
    rows: dict[str, ValuationRow] = {}
    for few in (ids[n : n + AT_ONCE] for n in range(0, len(ids), AT_ONCE)):
        of_those = select(ValuationRow).where(ValuationRow.id.in_(few))
        rows |= {row.id: row for row in work.session.scalars(of_those)}
    return [
        Followed(
            newest=rows[each[1]],
            previous=rows.get(each.get(2, "")),
            before=rows.get(each.get(0, "")),
        )
        for each in kept
    ]


def _places(before: int | None) -> Subquery:
    """The saved values by company and model, numbered from the newest saved by then."""
    place = func.row_number().over(
        partition_by=(ValuationRow.company_id, ValuationRow.model),
        order_by=(ValuationRow.created_at.desc(), ValuationRow.id.desc()),
    )
    query = select(
        ValuationRow.company_id, ValuationRow.model, ValuationRow.id, place.label("place")
    )
    return (query if before is None else query.where(ValuationRow.created_at < before)).subquery()


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestValue:
    """The newest saved value of a company."""

    valuation_id: ValuationId
    value_per_share: float
    currency: str
    saved_at: int


def latest_values(work: Work) -> dict[CompanyId, LatestValue]:
    """Of each company of which the tenant has valued a share, the newest value."""
    newest_first = func.row_number().over(
        partition_by=ValuationRow.company_id,
        order_by=(ValuationRow.created_at.desc(), ValuationRow.id.desc()),
    )
    ranked = select(
        ValuationRow.id,
        ValuationRow.company_id,
        ValuationRow.headline,
        ValuationRow.currency,
        ValuationRow.created_at,
        newest_first.label("place"),
    )
    ranked = ranked.where(ValuationRow.model.in_(OF_SHARES)).subquery()
    return {
        CompanyId(row.company_id): LatestValue(
            valuation_id=ValuationId(row.id),
            value_per_share=row.headline,
            currency=row.currency,
            saved_at=row.created_at,
        )
        for row in work.session.execute(select(ranked).where(ranked.c.place == 1))
    }


def saved_by_day(work: Work) -> dict[int, int]:
    """How many valuations of shares were saved on each day since 1970."""
    day = (ValuationRow.created_at // DAY_US).label("day")
    counted = select(day, func.count()).where(ValuationRow.model.in_(OF_SHARES)).group_by(day)
    return dict(work.session.execute(counted).all())


def snapshot_rows(work: Work, first: int, end: int) -> Iterator[tuple[Any, ...]]:
    """The valuations of shares saved between two moments, each in one line, for a snapshot."""
    rows = work.session.execute(
        select(
            ValuationRow.id, ValuationRow.company_id, ValuationRow.model, ValuationRow.run_id,
            ValuationRow.headline, ValuationRow.result, ValuationRow.currency,
            ValuationRow.created_at,
        )
        .where(
            ValuationRow.model.in_(OF_SHARES),
            ValuationRow.created_at >= first, ValuationRow.created_at < end,
        )
        .order_by(ValuationRow.created_at, ValuationRow.id),
        execution_options={"yield_per": 1_000},
    )  # fmt: skip
    parts = "equity_value", "enterprise_value", "diluted_shares"
    for row in rows:
        yield *row[:5], *(row.result.get(part) for part in parts), row.currency, row.created_at


def saved_between(work: Work, first: int, end: int) -> Iterator[ValuationRow]:
    """The valuations saved between two moments, by any model, the oldest first."""
    query = (
        select(ValuationRow)
        .where(ValuationRow.created_at >= first, ValuationRow.created_at < end)
        .order_by(ValuationRow.created_at, ValuationRow.id)
    )
    yield from work.session.scalars(query, execution_options={"yield_per": 1_000})
