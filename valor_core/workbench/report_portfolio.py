"""The review of all saved values: what moved and why, how far methods are apart, what is old."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from valor_core.coverage import valuations
from valor_core.coverage.figures_report import Listing, Told
from valor_core.coverage.valuations import OF_SHARES, Followed
from valor_core.errors import BadInput, ValorError
from valor_core.models.catalogue import model_named
from valor_core.models.codec import load
from valor_core.models.comparison import moves
from valor_core.models.lines import spoken
from valor_core.store.tables import ValuationRow
from valor_core.store.work import Work
from valor_core.values import from_micros
from valor_core.workbench import people
from valor_core.workbench.report_parts import DAYS_MOST, percent, person, spreadsheet, worth

SINCE = timedelta(days=30)
VALUES_MOST = 1_000
CAUSES_SHOWN = 4
SHEET = (
    "company", "model", "value", "currency", "saved_at", "saved_by", "why", "value_before",
    "saved_at_before", "value_on_the_day", "saved_at_on_the_day", "days_old", "valuation_id",
    "run_id",
)  # fmt: skip
FIRST_ONE = "first one"
NONE_YET = (
    "No value is saved yet. Value a company on the page DCF, say why, and save it: from then on "
    "it is reviewed here."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How far the newest values of one share by several methods are apart."""

    company: str
    currency: str
    values: Mapping[str, float]  # by method

    @property
    def apart(self) -> float | None:
        """The highest over the lowest; None where that has no meaning."""
        low, high = min(self.values.values()), max(self.values.values())
        return high / low - 1.0 if low > 0.0 else None


def tell(work: Work, given: Mapping[str, Any]) -> Told:
    """Every newest value of the tenant by company and method."""
    if not 1 <= given["older_than"] <= 10 * DAYS_MOST:
        raise BadInput(
            f"Nothing is told of an age of {given['older_than']} days.",
            hint=f"Ask for 1 to {10 * DAYS_MOST} days.",
        )
    since = date.fromisoformat(given["since"]) if given["since"] else (work.now - SINCE).date()
    found = valuations.followed(work, datetime.combine(since, time(), UTC), most=VALUES_MOST + 1)
    kept, names = found[:VALUES_MOST], people.names(work)
    old = [each for each in kept if _age(work, each.newest) > given["older_than"]]
    spreads = _spreads(kept)
    rows = [_sheet_row(work, each, names) for each in kept]
    more = [f"Only {VALUES_MOST:,} values are told; there are more."] if found[VALUES_MOST:] else []
    return Told(
        title="Portfolio review",
        about=f"All saved values on {work.now:%Y-%m-%d}, and what moved since {since}.",
        key_figures={
            "Values": f"{len(kept):,}",
            "Companies": f"{len({each.newest.company_id for each in kept}):,}",
            "Saved since": f"{sum(_moved(each) for each in kept):,}",
            "Old": f"{len(old):,}",
        }
        if kept
        else {},
        notices=more,
        lists={
            "values": _values(kept, since, names),
            "changes": _changes([each for each in kept if _moved(each)], since),
            "spreads": _spread_list(spreads),
            "old": _old(work, old, given["older_than"]),
        },
        figures={
            "since": f"{since}",
            "values": [dict(zip(SHEET, row, strict=True)) for row in rows],
            "spreads": [
                {"company": s.company, "currency": s.currency, "values": dict(s.values)}
                for s in spreads
            ],
        },
        spreadsheets={"portfolio.csv": spreadsheet(SHEET, rows)},
    )


def _moved(each: Followed) -> bool:
    """Whether a value was saved since the day asked for."""
    return each.before is None or each.before.id != each.newest.id


def _age(work: Work, row: ValuationRow) -> int:
    return (work.now - from_micros(row.created_at)).days


def _day(row: ValuationRow) -> str:
    return f"{from_micros(row.created_at):%Y-%m-%d}"


def _change(row: ValuationRow, other: ValuationRow | None) -> str:
    if other is None:
        return FIRST_ONE
    if other.id == row.id:
        return "none"
    if other.currency != row.currency:
        return f"was in {other.currency}"
    by = row.headline - other.headline
    share = f" ({percent(by / abs(other.headline))})" if other.headline else ""
    return f"{worth(model_named(row.model), by, row.currency)}{share}"


def _values(kept: Sequence[Followed], since: date, names: Mapping[str, str]) -> Listing:
    columns = ("Company", "Method", "Value", "Saved", "By", "Change on the one before",
               f"Change since {since}")  # fmt: skip
    return Listing(
        caption="The newest value of each company by each method",
        columns=columns,
        numbers=("Value", *columns[-2:]),
        rows=[
            (row.company_name, spoken(row.model),
             worth(model_named(row.model), row.headline, row.currency), _day(row),
             person(row.created_by, names), _change(row, each.previous), _change(row, each.before))
            for each in kept
            for row in [each.newest]
        ],
        empty=NONE_YET,
    )  # fmt: skip


def _changes(moved: Sequence[Followed], since: date) -> Listing:
    return Listing(
        caption="Inputs in the order of the model, each with its effect on the value",
        columns=("Company", "Method", "What changed", "Why, as it was saved"),
        rows=[
            (each.newest.company_name, spoken(each.newest.model), _causes(each),
             each.newest.rationale)
            for each in moved
        ],
        empty=f"No value was saved since {since}.",
    )  # fmt: skip


def _causes(each: Followed) -> str:
    """What led from the value of the day, else from the one before, to the newest."""
    row, other = each.newest, each.before or each.previous
    if other is None:
        return "The first value by this method."
    model = model_named(row.model)
    if other.currency != row.currency:
        return f"The value is in {row.currency} now and was in {other.currency}."
    try:
        steps = moves(load(model.inputs, other.inputs), load(model.inputs, row.inputs))
    except ValorError as error:
        return f"The model as it is now does not take one of the two: {error}"
    if not steps:
        same = other.headline == row.headline
        return (
            "No input." if same else f"No input; the model did, from version {other.model_version}."
        )
    told = [
        f"{' and '.join(map(spoken, step.changed))} "
        f"{worth(model, step.after - step.before, row.currency)}"
        for step in sorted(steps, key=lambda step: -abs(step.after - step.before))
    ]
    more = len(told) - CAUSES_SHOWN
    return "; ".join(told[:CAUSES_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _spreads(kept: Sequence[Followed]) -> list[Spread]:
    by_share: dict[tuple[str, str], dict[str, ValuationRow]] = defaultdict(dict)
    for each in kept:
        if each.newest.model in OF_SHARES:
            by_share[each.newest.company_id, each.newest.currency][each.newest.model] = each.newest
    return [
        Spread(
            company=next(iter(rows.values())).company_name,
            currency=currency,
            values={spoken(model): row.headline for model, row in rows.items()},
        )
        for (_, currency), rows in by_share.items()
        if len(rows) > 1
    ]


def _spread_list(spreads: Sequence[Spread]) -> Listing:
    def end(spread: Spread, method: str) -> str:
        return f"{spread.values[method]:,.2f} {spread.currency} by {method}"

    return Listing(
        caption="The newest value of a share by each method",
        columns=("Company", "Methods", "Lowest", "Highest", "Apart"),
        numbers=("Methods", "Apart"),
        rows=[
            (each.company, f"{len(each.values)}",
             end(each, min(each.values, key=each.values.__getitem__)),
             end(each, max(each.values, key=each.values.__getitem__)), percent(each.apart))
            for each in spreads
        ],
        empty="No company has values of its share by two methods, so nothing can be held against "
        "each other.",
    )  # fmt: skip


def _old(work: Work, old: Sequence[Followed], days: int) -> Listing:
    oldest = sorted((each.newest for each in old), key=lambda row: row.created_at)
    return Listing(
        caption=f"Saved more than {days:,} days ago; value them again, or say why they still hold",
        columns=("Company", "Method", "Value", "Saved", "Days old"),
        numbers=("Value", "Days old"),
        rows=[
            (row.company_name, spoken(row.model),
             worth(model_named(row.model), row.headline, row.currency), _day(row),
             f"{_age(work, row):,}")
            for row in oldest
        ],
        empty=f"No value is older than {days:,} days.",
    )  # fmt: skip


def _sheet_row(work: Work, each: Followed, names: Mapping[str, str]) -> tuple[Any, ...]:
    row = each.newest
    then = [
        cell
        for other in (each.previous, each.before)
        for cell in ((other.headline, _day(other)) if other else (None, None))
    ]
    return (
        row.company_name, row.model, row.headline, row.currency, _day(row),
        person(row.created_by, names), row.rationale, *then, _age(work, row), row.id, row.run_id,
    )  # fmt: skip
