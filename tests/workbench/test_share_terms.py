"""A tenant's own splits and ADR ratios: they count from their day on, for that tenant alone."""

from datetime import date

import pytest
from sqlalchemy import select

from tests.conftest import World
from valor_core.coverage.share_terms import Kind, SplitKnown
from valor_core.errors import BadInputs, NotFound
from valor_core.store.tables import AuditLogRow
from valor_core.values import Caller
from valor_core.workbench import companies, share_terms, valuations
from valor_core.workbench.verb import open_work

KO = "KO"


def shares(who: Caller, *, as_of: date | None = None) -> float:
    with open_work(who) as work:
        company = companies.read_company(work, KO)
        start = valuations.prefilled(work, company.id, model="dcf", as_of=as_of)
    return start.inputs.shares.basic


def stated(who: Caller, kind: Kind, ratio: float, on: date, why: str = "as announced") -> str:
    with open_work(who) as work:
        company = companies.read_company(work, KO)
        made = share_terms.add_term(work, company.id, kind=kind, ratio=ratio, on=on, rationale=why)
        return made.id


def dropped(who: Caller, term: str) -> None:
    with open_work(who) as work:
        share_terms.drop_term(work, companies.read_company(work, KO).id, term)


def test_a_stated_split_counts_for_later_starts_of_that_tenant_until_it_is_dropped(book: World):
    ours, theirs = book.acme.analyst, book.rival.analyst
    before, day = shares(ours), date(2026, 6, 1)

    term = stated(ours, Kind.SPLIT, 2.0, day)

    assert shares(ours) == 2.0 * before
    assert shares(ours, as_of=date(2026, 5, 31)) == before
    assert shares(theirs) == before
    dropped(ours, term)
    assert shares(ours) == before
    with pytest.raises(NotFound):
        dropped(ours, term)
    with open_work(ours) as work:
        acts = work.session.scalars(select(AuditLogRow.action)).all()
    assert {"share_term.add", "share_term.drop"} <= set(acts)


def test_a_split_of_one_day_is_counted_once_and_none_is_stated_without_a_reason(book: World):
    ours, day = book.acme.analyst, date(2026, 6, 1)
    stated(ours, Kind.SPLIT, 2.0, day)

    with pytest.raises(SplitKnown):
        stated(ours, Kind.SPLIT, 2.0, day)
    for ratio, why in ((0.0, "as announced"), (float("inf"), "as announced"), (2.0, " . ")):
        with pytest.raises(BadInputs):
            stated(ours, Kind.SPLIT, ratio, date(2026, 7, 1), why)


def test_an_adr_ratio_begins_the_trading_value_with_its_reason_and_author(book: World):
    ours = book.acme.analyst
    stated(ours, Kind.ADR, 0.5, date(2026, 1, 2), "depositary agreement")
    stated(ours, Kind.ADR, 0.25, date(2026, 3, 2), "changed in March")

    with open_work(ours) as work:
        company = companies.read_company(work, KO)
        start = valuations.prefilled(work, company.id, model="trading_value")
    source = start.sources["shares_per_adr"]

    assert start.inputs.shares_per_adr == 0.25
    assert source.text == "stated since 2026-03-02: changed in March"
    assert source.author == ours.actor
