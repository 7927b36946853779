"""The report of usage against billing: totals, causes in words, and the difference day by day."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from valor_core.billing.money import in_major, written
from valor_core.billing.reconciliation import MEANING, NO_CURRENCY, Line, Reconciliation, Row
from valor_core.coverage.figures_report import Listing, Told
from valor_core.store.work import Work
from valor_core.workbench import billing
from valor_core.workbench.report_parts import days_until

ROWS_SHOWN = 200
ENDS = (Line.METERED, Line.BILLED)


def tell(work: Work, given: Mapping[str, Any]) -> Told:
    """What was metered against what was billed on the days that were asked for."""
    first, last = days_until(work, given["days"], given["last"])
    found = billing.reconciled(work, first, last)
    totals = [total for total in found.totals if total.currency != NO_CURRENCY]
    unexplained = [total for total in totals if total.unexplained_minor]
    return Told(
        title="Usage against billing",
        about=f"{found.tenant}, {first} to {last}, days of UTC. Only administrators read this.",
        key_figures={
            f"{name}, {total.currency}": written(minor, total.currency)
            for total in totals
            for name, minor in (
                ("Difference", total.billed_minor - total.metered_minor),
                ("Metered", total.metered_minor),
                ("Billed", total.billed_minor),
            )
        },
        notices=[
            f"{written(total.unexplained_minor, total.currency)} of the difference has no cause "
            "that we know." for total in unexplained
        ],
        lists={"causes": _causes(found), "days": _days(found.causes)},
        figures={
            "tenant": found.tenant,
            "first": f"{first}",
            "last": f"{last}",
            "totals": [asdict(total) for total in found.totals],
            "rows": [asdict(row) for row in found.rows],
            "drift": _drift(found),
            "csv_sha256": found.csv_sha256,
        },
        spreadsheets={"reconciliation.csv": found.as_csv()},
    )  # fmt: skip


def _causes(found: Reconciliation) -> Listing:
    sums: dict[tuple[Line, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in found.causes:
        cell = sums[row.line, row.currency]
        cell[0] += row.events
        cell[1] += row.amount_minor
    order = list(Line)
    return Listing(
        caption="Why what was billed is not what was metered, over all days",
        columns=("Cause", "Findings", "Amount", "What it means"),
        numbers=("Findings", "Amount"),
        rows=[
            (_words(line), f"{events:,}", _amount(minor, currency), MEANING[line])
            for (line, currency), (events, minor) in sorted(
                sums.items(), key=lambda item: (order.index(item[0][0]), item[0][1])
            )
        ],
        empty="What was billed is what was used."
        if found.rows
        else "Nothing was used and nothing was billed on these days.",
    )


def _days(causes: Iterable[Row]) -> Listing:
    rows = [
        (row.day, _words(row.meter), _words(row.line), f"{row.events:,}", f"{row.quantity:,}",
         _amount(row.amount_minor, row.currency))
        for row in causes
    ]  # fmt: skip
    more = len(rows) - ROWS_SHOWN
    return Listing(
        caption="Each difference by its day"
        + (f"; the spreadsheet has {more:,} more" if more > 0 else ""),
        columns=("Day", "Meter", "Cause", "Findings", "Quantity", "Amount"),
        numbers=("Findings", "Quantity", "Amount"),
        rows=rows[:ROWS_SHOWN],
        empty="No day has a difference.",
    )


def _drift(found: Reconciliation) -> dict[str, dict[str, float]]:
    """By currency, what was billed beyond the metered on every day of the time."""
    days = [
        f"{found.first + timedelta(days=n)}" for n in range((found.last - found.first).days + 1)
    ]
    drift = {
        total.currency: dict.fromkeys(days, 0)
        for total in found.totals
        if total.currency != NO_CURRENCY
    }
    for row in found.rows:
        if row.currency in drift and row.line in ENDS:
            sign = 1 if row.line is Line.BILLED else -1
            drift[row.currency][row.day] += sign * row.amount_minor
    return {
        currency: {day: in_major(minor, currency) for day, minor in by_day.items()}
        for currency, by_day in drift.items()
    }


def _amount(minor: int, currency: str) -> str:
    return "no price" if currency == NO_CURRENCY else written(minor, currency)


def _words(name: str) -> str:
    return name.lower().replace("_", " ").capitalize()
