"""Each split that is shipped shows in filings; it changes counts of shares and nothing else."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.books import demo_book
from tests.coverage.filings import fact
from valor_core.coverage.asof import known
from valor_core.coverage.items import ITEM, Measure
from valor_core.coverage.prefill import prefill_dcf
from valor_core.coverage.splits import SPLITS, Split, after_splits, all_after_splits, splits_of
from valor_core.coverage.statements import statements_of
from valor_core.models.bridge import Bridge
from valor_core.models.dcf import discounted_cash_flow
from valor_core.values import SourceKind

BOOK = {parsed.company.cik: parsed for parsed in demo_book().values()}
SPLIT = sorted({split.cik for split in SPLITS})
JPMORGAN = 19617
HALF_A_MILLION = 0.5e6  # counts are filed in millions at the coarsest


@pytest.mark.parametrize("split", SPLITS, ids=lambda split: split.named)
def test_each_split_shows_in_one_count_that_two_filings_state_on_either_side_of_it(split):
    counts = [each for each in BOOK[split.cik].facts if each.item == "shares_outstanding"]
    pairs = [
        (before, after)
        for before in counts
        for after in counts
        if before.period_end == after.period_end
        and before.filed_on < split.on <= after.filed_on
        and after.accession == split.accession
    ]

    assert pairs
    for before, after in pairs:
        rounding = HALF_A_MILLION * split.ratio + HALF_A_MILLION
        assert after.value == pytest.approx(before.value * split.ratio, abs=rounding)


@pytest.mark.parametrize("cik", SPLIT)
def test_after_its_splits_no_count_of_shares_jumps(cik):
    statements = statements_of(BOOK[cik].facts, splits=splits_of(cik))

    jumps = {f.fiscal_year for f in statements.findings if f.name == "share_jump"}
    assert jumps <= {2009}  # NVIDIA filed in thousands until then


@given(cik=st.sampled_from(sorted(BOOK)), day=st.dates(date(2009, 1, 1), date(2026, 1, 1)))
def test_money_never_changes_a_count_says_what_was_filed_and_a_later_split_is_not_known(cik, day):
    figures = known(BOOK[cik].facts, day)
    told = all_after_splits(figures, splits_of(cik, day))

    assert {key: each.as_filed for key, each in told.items()} == figures
    for key, each in told.items():
        if ITEM[each.item].measure is Measure.MONEY:
            assert each is figures[key]
        assert all(each.filed_on < split.on <= day for split in getattr(each, "splits", ()))


@given(cik=st.sampled_from(SPLIT), shares=st.floats(1e6, 1e10), income=st.floats(1e6, 1e11))
def test_earnings_a_share_times_shares_is_what_was_earned_before_and_after_a_split(
    cik, shares, income
):
    count, per_share = fact("diluted_shares", shares), fact("eps_diluted", income / shares)

    after = [after_splits(each, SPLITS[:1]).value for each in (count, per_share)]

    assert after[0] * after[1] == pytest.approx(income)
    assert after[0] == shares * SPLITS[0].ratio


def test_a_count_filed_on_the_day_of_the_split_or_since_is_in_the_new_shares():
    split = SPLITS[0]
    for days, ratio in ((-1, split.ratio), (0, 1.0), (1, 1.0)):
        count = replace(fact("shares_outstanding", 100.0), filed_on=split.on + timedelta(days=days))
        assert after_splits(count, [split]).value == 100.0 * ratio


@given(ratio=st.floats(0.05, 50.0), cik=st.sampled_from(sorted(set(BOOK) - {JPMORGAN})))
def test_a_split_changes_the_value_of_a_share_and_never_that_of_the_equity(ratio, cik):
    parsed = BOOK[cik]
    split = Split(cik=cik, on=date(2030, 1, 1), ratio=ratio, accession="")
    before, after = (
        discounted_cash_flow(replace(start.inputs, bridge=Bridge.of()))
        for start in (
            prefill_dcf(parsed.company, facts)
            for facts in (parsed.facts, [after_splits(each, [split]) for each in parsed.facts])
        )
    )

    assert after.equity_value == before.equity_value
    assert after.value_per_share == pytest.approx(before.value_per_share / ratio)


def test_between_a_split_and_the_next_filing_a_value_is_that_of_a_new_share():
    google = BOOK[1652044]
    before, after = (
        prefill_dcf(google.company, google.facts, as_of=date(2022, month, 1)) for month in (7, 8)
    )

    assert after.inputs.shares.basic == 20.0 * before.inputs.shares.basic
    source = after.sources["shares.basic"]
    assert source.text.endswith("in the shares after the split, 20 for 1 on 2022-07-18")
    assert source.facts == before.sources["shares.basic"].facts
    assert before.sources["shares.basic"].kind is SourceKind.FILED
