"""The figures that companies of a batch begin with: those that their inputs rest on, and no others.

A few items tell which year a company begins with, and how it came there; they are read of all
years. All else is read of that year alone. Warnings rest on more, and a batch shows none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from valor_core.coverage.companies import facts_by_company, in_both_books
from valor_core.coverage.figures import Figures
from valor_core.coverage.items import ITEM
from valor_core.store.tables import FactRow
from valor_core.store.work import Work
from valor_core.values import CompanyId, FiledFact


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """The items that the inputs of a model rest on."""

    of_all_years: tuple[str, ...]
    of_newest: tuple[str, ...]

    @property
    def tags(self) -> tuple[str, ...]:
        """Of the latter: debt is read by its tags, whatever item they were imported for."""
        return tuple(tag for item in self.of_newest for tag in ITEM[item].tags)

    def needed(self, facts: Sequence[FiledFact], as_of: date | None) -> list[FiledFact]:
        """Those of a company's figures that its inputs rest on."""
        year = Figures(facts, as_of).year
        return [
            fact
            for fact in facts
            if fact.item in self.of_all_years
            or (fact.fiscal_year == year and (fact.item in self.of_newest or fact.tag in self.tags))
        ]


_OF_DCF = Reads(
    of_all_years=(
        *("revenue", "operating_income", "pretax_income", "interest_expense"),
        *("net_income", "net_income_incl_nci", "income_tax"),
    ),
    of_newest=(
        *("dna", "shares_cover", "shares_outstanding", "diluted_shares", "basic_shares"),
        *("eps_diluted", "long_term_debt", "short_term_debt", "commercial_paper"),
        *("operating_lease_liability", "operating_lease_liability_noncurrent"),
        *("finance_lease_liability", "minority_interest", "preferred_equity", "pension_liability"),
        *("cash", "short_term_investments", "long_term_investments"),
        *("stockholders_equity", "equity_incl_nci", "total_assets", "total_liabilities"),
    ),
)
READS = {"dcf": _OF_DCF, "dcf_direct": _OF_DCF}
"""By model; of a model that is not here all is read."""


def facts_to_begin(
    work: Work, among: Sequence[CompanyId], *, model: str, as_of: date | None
) -> dict[CompanyId, list[FiledFact]]:
    """What the inputs of these companies rest on.

    A company of both books is read whole: they may tell it in two currencies, which an import into
    one of them refuses.
    """
    reads = READS.get(model)
    if reads is None:
        return dict(facts_by_company(work, among))
    whole = in_both_books(work, among)
    found = dict(facts_by_company(work, [each for each in among if each not in whole],
                                  FactRow.item.in_(reads.of_all_years)))  # fmt: skip
    by_year: dict[int, list[CompanyId]] = {}
    for company, facts in found.items():
        by_year.setdefault(Figures(facts, as_of).year, []).append(company)
    others = FactRow.item.not_in(reads.of_all_years)
    of_newest = FactRow.item.in_(reads.of_newest) | FactRow.tag.in_(reads.tags)
    for year, some in by_year.items():
        in_year = FactRow.fiscal_year == year
        for company, facts in facts_by_company(work, some, others, of_newest, in_year):
            found[company] += facts
    return found | dict(facts_by_company(work, whole))
