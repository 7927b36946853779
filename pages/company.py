"""One company: its statements by year, each number with its filing, and what was restated."""

from collections.abc import Sequence
from datetime import date

import streamlit as st

from app.ui import ask, show
from app.ui.adjusting import adjustments
from app.ui.filed import Filed, figures, filed
from app.ui.frame import caller, link, only_for_its_readers
from app.ui.importing import import_facts
from app.ui.lineage import lineage, restated
from app.ui.share_terms import share_terms
from app.ui.statement_table import Restated, ratio_table, statement_table
from app.ui.words import NOTHING, counted
from valor_core.amounts import in_money, shown
from valor_core.coverage.companies import Company
from valor_core.coverage.currency import currencies_of
from valor_core.coverage.items import Statement
from valor_core.coverage.splits import SplitFact
from valor_core.coverage.statements import Line, Statements
from valor_core.values import FiledFact
from valor_core.workbench import people
from valor_core.workbench.adjustments import list_adjustments, list_layers
from valor_core.workbench.verb import open_work

TITLES = {
    Statement.INCOME: "Income statement",
    Statement.BALANCE: "Balance sheet",
    Statement.CASH_FLOW: "Cash flow",
    Statement.SHARES: "Shares",
}
RATIOS = "Ratios"
DOUBTS_SHOWN = 40


def day_of_facts() -> date | None:
    """The day whose facts count, kept in the address; none means all that was filed."""
    return st.date_input(
        "Facts as known on",
        value=None,
        key="as_of",
        bind="query-params",
        min_value=date(2000, 1, 1),
        max_value=date.today(),  # noqa: DTZ011, the reader's calendar, not a moment
        format="YYYY-MM-DD",
        help="Empty: all that was filed. What was filed after the day is not seen.",
    )


def header(company: Company, statements: Statements, facts: Sequence[FiledFact]) -> None:
    """Who it is, and how far its filings reach."""
    newest = max((fact.filed_on for fact in facts), default=None)
    show.facts(
        {
            "Ticker": company.ticker or NOTHING,
            "Currency": _currency(facts) or NOTHING,
            "CIK": f"{company.cik:010d}",
            "SIC": str(company.sic or NOTHING),
            "Fiscal years": f"{statements.years[0]}–{statements.years[-1]}"
            if statements.years
            else NOTHING,
            "Year ends": f"{statements.period_ends[-1]:%-d %b}" if statements.years else NOTHING,
            "Last filing": newest.isoformat() if newest else NOTHING,
            "Book": "demo" if company.shared else "own",
        }
    )


def _currency(facts: Sequence[FiledFact]) -> str:
    return " and ".join(currencies_of(fact.unit for fact in facts))


def charts(of: Filed) -> None:
    """Revenue and incomes beside the margins, by fiscal year."""
    amounts, margins = figures(of.key, show.theme(), shown(), of.statements)
    left, right = st.columns(2, gap="medium")
    with left:
        st.caption(f"Revenue, operating income and net income, {in_money(_currency(of.facts))}")
        show.chart(amounts, key="amounts", alt="Revenue and incomes by fiscal year")
    with right:
        st.caption("Margins on revenue")
        show.chart(margins, key="margins", alt="Gross, operating and net margin by fiscal year")


@st.fragment
def by_year(
    company: Company,
    statements: Statements,
    facts: Sequence[FiledFact],
    changed: Restated,
    as_of: date | None,
) -> None:
    """One statement at a time, and the filing of the cell that was chosen."""
    choices = [*(kind for kind in TITLES if statements.tables[kind]), RATIOS]
    kind = st.segmented_control(
        "Statement",
        choices,
        default=choices[0],
        required=True,
        format_func=lambda each: TITLES.get(each, RATIOS),
        label_visibility="collapsed",
        key="company_statement",
    )
    if not isinstance(kind, Statement):
        ratio_table(statements.ratios, statements)
        st.caption("Left out where a part is not filed, or it were a rate of nothing or of a loss.")
        return
    fact = statement_table(
        statements.tables[kind],
        statements,
        changed,
        name=TITLES[kind],
        key=f"{company.id}_{as_of}_{kind}",
    )
    st.caption(
        f"Money in {shown()}, shares in millions, earnings a share in the currency. Filings "
        "disagree about "
        f"a shaded number. – was not filed.{in_which_shares(statements.tables[kind])}"
    )
    with st.container(border=True):
        if fact:
            lineage(company, fact, facts, as_of)
        else:
            st.write("Choose a number to see its filing, its tag, and what other filings said.")


def in_which_shares(lines: Sequence[Line]) -> str:
    """Which splits stand between a filing and what is shown; nothing where none does."""
    shown = (fact for line in lines for fact in line.cells if isinstance(fact, SplitFact))
    splits = sorted({split.named for fact in shown for split in fact.splits})
    if not splits:
        return ""
    return f" Shares, and earnings a share, are those after the splits: {', '.join(splits)}."


def doubts(statements: Statements) -> None:
    """What an attentive reader would question, newest year first."""
    for finding in statements.findings[:DOUBTS_SHOWN]:
        st.markdown(f"**FY{finding.fiscal_year}** {show.plain(finding.message)}")
    more = len(statements.findings) - DOUBTS_SHOWN
    if more > 0:
        st.caption(f"{more} more of earlier years are not listed.")
    if not statements.findings:
        st.caption("Totals add up, signs are as usual, and share counts do not jump.")


def adjusted(company: Company, statements: Statements, as_of: date | None) -> None:
    """What analysts add to the filed figures, in layers."""
    with open_work(who) as work:
        standing = list_adjustments(work, company.id, as_of=as_of)
        layers, names = list_layers(work), people.names(work)
    with st.expander(counted(len(standing), "adjustment"), key="adjustments"):
        adjustments(who, company, statements, standing=standing, layers=layers, names=names)


def page(company: Company, as_of: date | None) -> None:
    """All about one company, as known on a day."""
    of = filed(who, company, as_of)
    facts, statements, changed = of.facts, of.statements, of.changed
    header(company, statements, [f for f in facts if not as_of or f.filed_on <= as_of])
    name = company.ticker or company.id
    link("dcf", f"Value {show.plain(company.name)}", icon=":material/calculate:", company=name)
    if not statements.years:
        st.info("Nothing was filed by that day. Choose a later one, or leave the day empty.")
        return
    charts(of)
    by_year(company, statements, facts, changed, as_of)
    with st.expander(f"{counted(len(changed), 'figure')} told otherwise later", key="restated"):
        restated(changed.values(), as_of)
    adjusted(company, statements, as_of)
    share_terms(who, company)
    findings = counted(len(statements.findings), "doubt")
    with st.expander(f"{findings} about the filed figures", key="doubts"):
        doubts(statements)


only_for_its_readers("company")
who = caller()
st.title("Company", anchor=False)
which, when = st.columns([2, 1])
with which:
    company = ask.company()
if company is None:
    st.info("There is no company yet. Import what one has filed.", icon=":material/upload_file:")
else:
    with when, show.asked():
        day = day_of_facts()
    page(company, day)
with st.expander("Import filed facts", expanded=company is None, icon=":material/upload_file:"):
    import_facts(who, suggested=f"{company.cik}" if company else "")
