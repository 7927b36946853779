"""Where a filed number comes from: tag, filing and day, and what other filings said."""

from collections.abc import Iterable, Sequence
from datetime import date

import streamlit as st

from app.ui import show
from app.ui.words import NOTHING, in_filed_unit, percent
from valor_core.coverage.asof import vintages
from valor_core.coverage.companies import Company, filing_url
from valor_core.coverage.items import ITEM
from valor_core.coverage.restatements import Restatement
from valor_core.coverage.splits import Split, SplitFact, after_splits, splits_for
from valor_core.values import FiledFact

RESTATED_SHOWN = 60


def lineage(
    company: Company, fact: FiledFact, facts: Sequence[FiledFact], as_of: date | None
) -> None:
    """One number with its filing, and every filing that shows the same figure."""
    shown, fact = fact, fact.as_filed
    span = f"on {fact.period_end.isoformat()}"
    if fact.period_start:
        span = f"{fact.period_start.isoformat()} to {fact.period_end.isoformat()}"
    st.markdown(
        f"**{show.plain(ITEM[fact.item].label)}, FY{fact.fiscal_year}: "
        f"{show.plain(in_filed_unit(fact))}**, {span}"
    )
    st.markdown(
        f"{show.plain(fact.tag or 'No XBRL tag')}, in form {show.plain(fact.form)} filed on "
        f"{fact.filed_on.isoformat()}, {_document(company, fact)}"
    )
    if isinstance(shown, SplitFact):
        st.markdown(_after_splits(shown))
    others = vintages(facts, fact.item, fact.period_end)
    if len(others) == 1:
        st.caption("No other filing shows this figure.")
        return
    show.listing(
        "All filings that show this figure, the first one first",
        ["Filed on", "Form", "Value", "Against the first", "XBRL tag", "Accession", "Known"],
        [
            [
                each.filed_on.isoformat(),
                each.form,
                in_filed_unit(each),
                _against(others[0], each, splits_for(company)),
                each.tag or NOTHING,
                each.accession,
                _known(each, fact, as_of),
            ]
            for each in others
        ],
        text=frozenset({"Filed on", "Form", "XBRL tag", "Accession", "Known"}),
        filer=company.id,
    )


def _after_splits(shown: SplitFact) -> str:
    filings = ", ".join(split.accession for split in shown.splits if split.accession)
    told = [f"Shown as **{show.plain(in_filed_unit(shown))}**, {shown.named_splits}."]
    if filings:
        told.append(f"Earlier counts are restated so in {filings}.")
    told += [f"Stated: {show.plain(s.rationale)}." for s in shown.splits if s.rationale]
    return " ".join(told)


def _against(first: FiledFact, each: FiledFact, splits: Sequence[Split]) -> str:
    """By how much it differs from the first, in the same shares."""
    if each is first or not first.value:
        return NOTHING
    was, now = (after_splits(fact, splits).value for fact in (first, each))
    change = (now - was) / abs(was)
    return "same" if change == 0 else percent(change, 1)


def _known(each: FiledFact, chosen: FiledFact, as_of: date | None) -> str:
    if each == chosen:
        return "shown above"
    return "filed later" if as_of and each.filed_on > as_of else "filed too"


def _document(company: Company, fact: FiledFact) -> str:
    """The filing of a figure with the way to it; what was not filed with the SEC has its name."""
    if not show.ACCESSION.fullmatch(fact.accession):
        return f"document {show.plain(fact.accession)}."
    url = filing_url(company.id, fact.accession)
    return f"accession {fact.accession}: [{url.removeprefix('https://www.')}]({url})"


def restated(rows: Iterable[Restatement], as_of: date | None) -> None:
    """What was told otherwise later, newest year first."""
    rows = list(rows)
    if not rows:
        told = f"No later filing changed what was known on {as_of}." if as_of else ""
        st.caption(told or "No filing told another number than an earlier one.")
        return
    was = f"Known on {as_of.isoformat()}" if as_of else "First filed"
    show.listing(
        "Money and shares in whole units, as filed",
        ["Item", "FY", was, "Stands now", "Change", "By form", "Filed on"],
        [
            [
                ITEM[row.now.item].label,
                str(row.now.fiscal_year),
                in_filed_unit(row.before.as_filed),
                in_filed_unit(row.now.as_filed),
                NOTHING if row.change is None else percent(row.change),
                row.now.form,
                row.now.filed_on.isoformat(),
            ]
            for row in rows[:RESTATED_SHOWN]
        ],
        text=frozenset({"Item", "By form", "Filed on"}),
    )
    if len(rows) > RESTATED_SHOWN:
        st.caption(f"{len(rows) - RESTATED_SHOWN} more of earlier years are not listed.")
