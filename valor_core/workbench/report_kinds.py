"""Which reports there are: what each is about, and who may have it told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from valor_core.coverage.figures_report import Told
from valor_core.store.work import Work
from valor_core.workbench import (
    report_committee,
    report_portfolio,
    report_quality,
    report_reconciliation,
    report_sla,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a report is about, and what one must be allowed to read before it is told."""

    title: str
    about: str
    needs: str
    tell: Callable[[Work, Mapping[str, Any]], Told] | None  # None: a company's valuation
    of_snapshot: bool = False  # its snapshot holds all that it tells; others are about the present


KINDS = {
    "valuation": Kind(
        title="Valuation",
        about="One company's value with every input and its source.",
        needs="valuation.read",
        tell=None,
        of_snapshot=True,
    ),
    "reconciliation": Kind(
        title="Usage against billing",
        about="Whether what was billed is what was used: totals, each difference and its cause.",
        needs="billing.read",
        tell=report_reconciliation.tell,
    ),
    "sla": Kind(
        title="Service levels of providers",
        about="How good the data providers were: availability, error budgets, outages, latencies.",
        needs="routing.read",
        tell=report_sla.tell,
    ),
    "portfolio_review": Kind(
        title="Portfolio review",
        about="All saved values: what moved and why, how far methods are apart, what is old.",
        needs="valuation.read",
        tell=report_portfolio.tell,
        of_snapshot=True,
    ),
    "committee_book": Kind(
        title="Valuation committee book",
        about="One company for those who decide: figures, all methods, why, and what proves it.",
        needs="valuation.read",
        tell=report_committee.tell,
        of_snapshot=True,
    ),
    "data_quality": Kind(
        title="Data quality",
        about="What is missing, doubted, stale, restated or out of range, by company and item.",
        needs="fact.read",
        tell=report_quality.tell,
    ),
}
