"""What a company filed, digested once: the same until the tenant imports something."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import streamlit as st

from valor_core.amounts import Scale
from valor_core.charts.history import yearly_bars, yearly_rates
from valor_core.charts.style import Theme
from valor_core.coverage.companies import Company
from valor_core.coverage.figures import Figures
from valor_core.coverage.prefill_credit import credit_by_year
from valor_core.coverage.reported import History, history
from valor_core.coverage.restatements import Restatement, restatements
from valor_core.coverage.splits import Split, splits_for
from valor_core.coverage.statements import Statements, statements_of
from valor_core.models.credit.model import CreditResult
from valor_core.store.work import Work
from valor_core.values import Caller, FiledFact
from valor_core.workbench.companies import list_imports, read_facts
from valor_core.workbench.verb import open_work

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

CHARTED = {"Revenue": "revenue", "Operating income": "operating_income", "Net income": "net_income"}
RATES = {"gross_margin": "Gross", "operating_margin": "Operating", "net_margin": "Net"}
Key = tuple[str, str, date | None, str, tuple[Split, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A company's figures as known on a day, and what was told otherwise."""

    key: Key  # tenant, company, day and the tenant's newest import: what it all depends on
    facts: Sequence[FiledFact]
    statements: Statements
    changed: Mapping[tuple[str, int], Restatement]


def filed(who: Caller, company: Company, as_of: date | None) -> Filed:
    """What the company filed; the shared book changes with a start of the process only."""
    with open_work(who) as work:
        newest = list_imports(work, limit=1)
        key = (
            who.tenant_id,
            company.id,
            as_of,
            newest[0].id if newest else "",
            company.stated_splits,
        )
        return _digested(key, work, company, as_of)


@st.cache_resource(max_entries=100, show_spinner=False)
def _digested(key: Key, _work: Work, _company: Company, _as_of: date | None) -> Filed:
    facts = read_facts(_work, _company.id)
    return Filed(
        key=key,
        facts=facts,
        statements=statements_of(facts, _as_of, splits_for(_company, _as_of)),
        changed=restatements(facts, _as_of, splits_for(_company)),
    )


@st.cache_resource(max_entries=100, show_spinner=False)
def years_as_filed(key: Key, _facts: Sequence[FiledFact]) -> History:
    """The newest filed years in the lines of the linked statements."""
    _, _, as_of, *_ = key
    return history(Figures(_facts, as_of))


@st.cache_resource(max_entries=100, show_spinner=False)
def credit_as_filed(
    key: Key, _company: Company, _facts: Sequence[FiledFact]
) -> Mapping[int, CreditResult]:
    """What filed facts alone say of the credit in each filed year."""
    _, _, as_of, *_ = key
    return credit_by_year(_company, _facts, as_of=as_of)


@st.cache_resource(max_entries=100, show_spinner=False)
def figures(
    key: Key,  # noqa: ARG001, the cache's key
    theme: Theme,
    scale: Scale,  # noqa: ARG001, the cache's key
    _statements: Statements,
) -> tuple["Figure", "Figure"]:
    """Revenue and incomes by fiscal year, and the margins."""
    years = _statements.years
    cells = {line.item: line.cells for lines in _statements.tables.values() for line in lines}
    amounts = {
        name: {year: fact.value for year, fact in zip(years, cells[item], strict=True) if fact}
        for name, item in CHARTED.items()
        if item in cells
    }
    margins = {
        RATES[ratio.name]: {y: v for y, v in zip(years, ratio.values, strict=True) if v is not None}
        for ratio in _statements.ratios
        if ratio.name in RATES and any(value is not None for value in ratio.values)
    }
    return yearly_bars(amounts, theme=theme), yearly_rates(margins, theme=theme)
