"""Splits and ADR ratios that a tenant states of a company, beside those that its book knows.

Each is stated with its day and a reason; what is dropped stays to be seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from sqlalchemy import select

from valor_core.coverage.records import number_problem
from valor_core.coverage.splits import Split, splits_of
from valor_core.errors import BadInput, BadInputs, Flaw, NotFound
from valor_core.store.tables import ShareTermRow
from valor_core.store.work import Work
from valor_core.values import CompanyId, new_id

RATIONALE_MAX = 2_000
TERMS_MAX = 5_000
OF_A_COMPANY_MAX = 100
RATIO_MOST = 10_000.0


class Kind(StrEnum):
    """What is stated of a company's shares."""

    SPLIT = "split"
    ADR = "adr"


class SplitKnown(BadInput):
    """A split that is stated twice would be counted twice."""

    code = "split_known"

    def __init__(self, split: str) -> None:
        super().__init__(
            f"The split of that day is known already: {split}.",
            hint="Drop the one that you stated before, or state another day.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AdrRatio:
    """The shares behind one ADR, since a day, and why they are taken to be so many."""

    shares: float
    since: date
    rationale: str
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a tenant states of a company's shares."""

    splits: tuple[Split, ...] = ()
    adr: AdrRatio | None = None


def terms_of(work: Work, company_id: str = "") -> dict[str, Terms]:
    """What stands, of one company or of all that somebody has stated something of."""
    found: dict[str, Terms] = {}
    for row in _standing(work, company_id):
        found[row.company_id] = _with(found.get(row.company_id, Terms()), row)
    return found


def _with(terms: Terms, row: ShareTermRow) -> Terms:
    on = date.fromisoformat(row.effective_on)
    if row.kind == Kind.SPLIT:
        cik = int(row.company_id.removeprefix("cik"))
        split = Split(cik=cik, on=on, ratio=row.ratio, accession="", rationale=row.rationale)
        return replace(terms, splits=(*terms.splits, split))
    adr = AdrRatio(shares=row.ratio, since=on, rationale=row.rationale, author=row.created_by)
    return replace(terms, adr=adr)


def _standing(work: Work, company_id: str) -> Sequence[ShareTermRow]:
    query = select(ShareTermRow).where(ShareTermRow.dropped_at.is_(None))
    if company_id:
        query = query.where(ShareTermRow.company_id == company_id)
    query = query.order_by(ShareTermRow.effective_on, ShareTermRow.created_at, ShareTermRow.id)
    return work.session.scalars(query.limit(TERMS_MAX)).all()


def terms(work: Work, company_id: CompanyId) -> Sequence[ShareTermRow]:
    """All that was ever stated of a company, what was dropped too, the newest day first."""
    query = (
        select(ShareTermRow)
        .where(ShareTermRow.company_id == company_id)
        .order_by(ShareTermRow.effective_on.desc(), ShareTermRow.created_at.desc(), ShareTermRow.id)
    )
    return work.session.scalars(query.limit(2 * OF_A_COMPANY_MAX)).all()


def add(
    work: Work, company_id: CompanyId, *, kind: Kind, ratio: float, on: date, rationale: str
) -> ShareTermRow:
    """State a split, or the shares behind an ADR, of a company from a day on."""
    rationale = rationale.strip()
    _refuse_flaws(ratio, rationale)
    standing = _standing(work, company_id)
    if len(standing) >= OF_A_COMPANY_MAX:
        raise BadInput(
            f"{OF_A_COMPANY_MAX} splits and ratios of this company stand already.",
            hint="Drop one that no longer holds.",
        )
    if kind is Kind.SPLIT:
        stated = _with_all(standing).splits
        for each in (*splits_of(int(company_id.removeprefix("cik"))), *stated):
            if each.on == on:
                raise SplitKnown(each.named)
    row = ShareTermRow(
        id=new_id(),
        company_id=company_id,
        kind=kind,
        ratio=ratio,
        effective_on=on.isoformat(),
        rationale=rationale,
        created_at=work.now_micros,
        created_by=work.caller.actor,
        dropped_at=None,
        dropped_by=None,
    )
    work.add_all([row])
    work.session.flush()
    return row


def _with_all(rows: Sequence[ShareTermRow]) -> Terms:
    found = Terms()
    for row in rows:
        found = _with(found, row)
    return found


def _refuse_flaws(ratio: float, rationale: str) -> None:
    inside = 1.0 / RATIO_MOST <= ratio <= RATIO_MOST
    told = any(map(str.isalnum, rationale)) and len(rationale) <= RATIONALE_MAX
    problems = {
        "ratio": number_problem(ratio)
        or (None if inside else f"must lie between {1.0 / RATIO_MOST:g} and {RATIO_MOST:,.0f}"),
        "rationale": None
        if told
        else f"must say why, in words of at most {RATIONALE_MAX:,} characters",
    }
    if flaws := [Flaw(place, problem) for place, problem in problems.items() if problem]:
        raise BadInputs(flaws)


def drop(work: Work, company_id: CompanyId, term_id: str) -> ShareTermRow:
    """It counts no more; it stays to be seen. NotFound where it does not stand."""
    row = work.session.get(ShareTermRow, (work.caller.tenant_id, term_id))
    if row is None or row.company_id != company_id or row.dropped_at is not None:
        raise NotFound("split or ratio", term_id[:80])
    row.dropped_at, row.dropped_by = work.now_micros, work.caller.actor
    return row
