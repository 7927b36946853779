"""What analysts add to filed figures in named layers, over the filing and never in its place.

An adjustment is the amount added, not the number that results: several of one figure add up, each
with its reason, and a restatement of the figure underneath is not lost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from valor_core.coverage import companies
from valor_core.coverage.asof import known
from valor_core.coverage.companies import Company
from valor_core.coverage.items import ITEM
from valor_core.coverage.layers import Layer, through
from valor_core.coverage.records import number_problem, text_problem
from valor_core.errors import BadInput, BadInputs, Flaw, NotFound
from valor_core.store.tables import AdjustmentRow
from valor_core.store.work import Work
from valor_core.values import (
    Adjustment,
    CompanyId,
    FiledFact,
    from_micros,
    new_id,
)

AS_FILED = "as filed"
LAYER_MAX, RATIONALE_MAX = 60, 2_000
ADJUSTMENTS_MAX = 500  # that stand, of one company
LAYERS_MAX = 100


class NothingToAdjust(BadInput):
    """A figure that was never filed has nothing that an amount could be added to."""

    code = "nothing_to_adjust"

    def __init__(self, name: str, figure: str) -> None:
        super().__init__(
            f"{name} has filed no {figure}, so there is nothing to adjust.",
            hint="Adjust a figure that was filed, or state the amount as an input of the "
            "valuation.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An adjustment beside the figure that it was made to, as known on a day."""

    row: AdjustmentRow
    filed: FiledFact | None  # None: not known on that day
    adjusted: float | None  # with all that the layer adds to the figure


def facts_through(
    work: Work, company_id: CompanyId, layer: str, as_of: date | None
) -> list[FiledFact]:
    """Every vintage of a company's figures, those known on the day read through a layer."""
    added = added_by_company(work, [company_id], layer).get(company_id, {})
    return through(companies.facts(work, company_id), added, as_of)


def added_by_company(
    work: Work, among: Sequence[CompanyId], layer: str
) -> Mapping[CompanyId, Layer]:
    """What stands in a layer, of each company that it adjusts; nothing as filed."""
    found: dict[CompanyId, dict[tuple[str, int], list[Adjustment]]] = {}
    row = AdjustmentRow
    query = (
        select(row)
        .where(row.company_id.in_(among), row.layer == layer, row.dropped_at.is_(None))
        .order_by(row.company_id, row.created_at, row.id)
        .limit(ADJUSTMENTS_MAX * len(among))
    )
    for each in work.session.scalars(query) if layer else ():
        of_company = found.setdefault(CompanyId(each.company_id), {})
        of_company.setdefault((each.item, each.fiscal_year), []).append(_value(each))
    return found


def _value(row: AdjustmentRow) -> Adjustment:
    return Adjustment(
        id=row.id,
        layer=row.layer,
        amount=row.amount,
        rationale=row.rationale,
        author=row.created_by,
        stated_on=from_micros(row.created_at).date(),
    )


def adjustments(
    work: Work, company_id: CompanyId, *, dropped: bool = False
) -> Sequence[AdjustmentRow]:
    """The adjustments that stand, the newest year first; then those dropped, where asked for."""
    gone = AdjustmentRow.dropped_at.is_not(None)
    query = select(AdjustmentRow).where(AdjustmentRow.company_id == company_id)
    if not dropped:
        query = query.where(~gone)
    query = query.order_by(
        gone,
        AdjustmentRow.fiscal_year.desc(),
        AdjustmentRow.item,
        AdjustmentRow.layer,
        AdjustmentRow.created_at,
        AdjustmentRow.id,
    )
    return work.session.scalars(query.limit(ADJUSTMENTS_MAX)).all()


def standing(
    work: Work, company_id: CompanyId, *, as_of: date | None = None, dropped: bool = False
) -> list[Standing]:
    """The adjustments of a company, each beside what was filed and what the layer makes of it."""
    rows = adjustments(work, company_id, dropped=dropped)
    filed = known(companies.facts(work, company_id), as_of) if rows else {}
    added: dict[tuple[str, str, int], float] = {}
    for row in rows:
        figure = row.layer, row.item, row.fiscal_year
        added[figure] = added.get(figure, 0.0) + (row.amount if row.dropped_at is None else 0.0)
    return [
        Standing(
            row=row,
            filed=(fact := filed.get((row.item, row.fiscal_year))),
            adjusted=fact.value + added[row.layer, row.item, row.fiscal_year] if fact else None,
        )
        for row in rows
    ]


def layers(work: Work) -> list[str]:
    """The names of the tenant's layers, those without a standing adjustment too."""
    names = select(AdjustmentRow.layer).distinct().order_by(AdjustmentRow.layer)
    return list(work.session.scalars(names.limit(LAYERS_MAX)))


def check_layer(work: Work, name: str) -> None:
    """NotFound unless the tenant has such a layer; no name means as filed."""
    if name and name not in layers(work):
        raise NotFound("layer", name[:80])


def add(
    work: Work,
    company: Company,
    *,
    layer: str,
    item: str,
    fiscal_year: int,
    amount: float,
    rationale: str,
) -> AdjustmentRow:
    """One more adjustment of a figure of the company, by the caller, now."""
    layer, rationale = layer.strip(), rationale.strip()
    _refuse_flaws(layer, item, amount, rationale)
    fact = known(companies.facts(work, company.id)).get((item, fiscal_year))
    if fact is None:
        raise NothingToAdjust(company.name, f"{ITEM[item].label} of FY{fiscal_year}")
    if len(adjustments(work, company.id)) >= ADJUSTMENTS_MAX:
        raise BadInput(
            f"{company.name} has {ADJUSTMENTS_MAX:,} adjustments already.",
            hint="Drop one that no longer holds.",
        )
    row = AdjustmentRow(
        id=new_id(),
        company_id=company.id,
        layer=layer,
        item=item,
        fiscal_year=fiscal_year,
        amount=amount,
        unit=fact.unit,
        rationale=rationale,
        created_at=work.now_micros,
        created_by=work.caller.actor,
        dropped_at=None,
        dropped_by=None,
    )
    work.add_all([row])
    work.session.flush()
    return row


def _refuse_flaws(layer: str, item: str, amount: float, rationale: str) -> None:
    words = any(map(str.isalnum, rationale)) and len(rationale) <= RATIONALE_MAX
    problems = {
        "layer": text_problem(layer, most=LAYER_MAX)
        or ("is what was filed" if layer.casefold() == AS_FILED else None),
        "item": None if item in ITEM else "is no item that a filing is read for",
        "amount": number_problem(amount)
        or (None if amount else "is 0 and so adjusts nothing; give what is to be added"),
        "rationale": None
        if words
        else f"must say why, in words of at most {RATIONALE_MAX:,} characters",
    }
    flaws = [Flaw(place, problem) for place, problem in problems.items() if problem]
    if flaws:
        raise BadInputs(flaws)


def drop(work: Work, company_id: CompanyId, adjustment_id: str) -> AdjustmentRow:
    """The adjustment counts no more; it stays to be seen. NotFound where it does not stand."""
    row = work.session.get(AdjustmentRow, (work.caller.tenant_id, adjustment_id))
    if row is None or row.company_id != company_id or row.dropped_at is not None:
        raise NotFound("adjustment", adjustment_id[:80])
    row.dropped_at, row.dropped_by = work.now_micros, work.caller.actor
    return row
