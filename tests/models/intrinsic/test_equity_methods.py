"""Dividends, residual income and the sum of the parts."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.models.sound import paths, rates, rows
from valor_core.errors import ValorError
from valor_core.models.bridge import Bridge
from valor_core.models.dilution import Shares
from valor_core.models.intrinsic.dividends import DividendDiscountInputs, dividend_discount
from valor_core.models.intrinsic.parts import PartsInputs, Segment, sum_of_parts
from valor_core.models.intrinsic.refusals import (
    CostOfEquityTooLow,
    DiscountOutOfRange,
    DividendBasisUnclear,
    DividendNegative,
    GrowthNotBelowCostOfEquity,
    HalfLifeNegative,
    InputMissing,
    OwnershipOutOfRange,
    PersistenceOutOfRange,
    RoeNotPositive,
    SegmentsMissing,
)
from valor_core.models.intrinsic.residual_income import ResidualIncomeInputs, residual_income
from valor_core.models.paths import Fade, constant
from valor_core.models.refusals import (
    ChooseOne,
    ExitMultipleNotPositive,
    GrowthNotBelowWacc,
    YearsOutOfRange,
)


def a_share(**changes) -> DividendDiscountInputs:
    """A share whose dividend of 2 grows by 3 % for ever."""
    known = DividendDiscountInputs(
        last_dividend=2.0, terminal_growth=0.03, cost_of_equity=constant(0.09)
    )
    return replace(known, **changes)


@given(
    years=st.integers(0, 30), growth=rates(-0.1, 0.05), rate=rates(0.06, 0.2), last=rates(0.1, 9.0)
)
def test_a_dividend_that_always_grows_alike_is_worth_gordon_however_it_is_told(
    years, growth, rate, last
):
    share = a_share(
        last_dividend=last,
        years=years,
        growth=constant(growth) if years else None,
        terminal_growth=growth,
        cost_of_equity=constant(rate),
    )
    next_one = replace(share, last_dividend=None, next_dividend=last * (1 + growth))
    faded = replace(share, fading_growth=growth, half_life=7.0)

    gordon = last * (1 + growth) / (rate - growth)
    for each in (share, next_one, faded):
        assert dividend_discount(each).value_per_share == pytest.approx(gordon)


@given(growth=rows(-0.2, 0.3, 5), terminal=rates(0.0, 0.04), rate=rates(0.06, 0.2))
def test_several_stages_equal_the_dividends_summed_one_by_one_for_centuries(growth, terminal, rate):
    share = a_share(years=5, growth=growth, terminal_growth=terminal, cost_of_equity=constant(rate))

    steps = np.concatenate([1 + np.array(growth), np.full(4_000, 1 + terminal)])
    paid = 2.0 * np.cumprod(steps)
    summed = (paid * (1 + rate) ** -np.arange(1.0, paid.size + 1)).sum()
    assert dividend_discount(share).value_per_share == pytest.approx(summed, rel=1e-9)


def test_the_h_model_is_near_a_fade_in_a_line_over_twice_its_half_life():
    by_half = a_share(fading_growth=0.08, half_life=5.0)
    in_a_line = a_share(years=10, growth=Fade(start=0.08, from_year=0, to_year=10))

    found = dividend_discount(by_half).value_per_share

    assert found == pytest.approx(2 * 1.03 / 0.06 + 2 * 5 * 0.05 / 0.06)
    assert found == pytest.approx(dividend_discount(in_a_line).value_per_share, rel=0.05)


@given(roe=rates(0.05, 0.4), payout=rates(0.1, 0.9), rate=rates(0.06, 0.2))
def test_growth_follows_from_what_is_kept_and_its_return(roe, payout, rate):
    growth = roe * (1 - payout)
    assume(growth < rate - 0.005)
    by_return = DividendDiscountInputs(
        years=6,
        earnings=3.0,
        payout=constant(payout),
        roe=constant(roe),
        cost_of_equity=constant(rate),
        terminal_growth=growth,
        terminal_roe=roe,
    )

    result = dividend_discount(by_return)

    assert result.value_per_share == pytest.approx(3.0 * (1 + growth) * payout / (rate - growth))
    assert result.terminal_payout == pytest.approx(payout)


def test_stated_dividends_count_as_they_stand():
    share = a_share(last_dividend=None, dividends=[1.0, 0.0, 2.0], years=3, terminal_growth=0.0)

    expected = 1 / 1.09 + 2 / 1.09**3 + 2 / 0.09 / 1.09**3
    assert dividend_discount(share).value_per_share == pytest.approx(expected)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"terminal_growth": 0.09}, GrowthNotBelowCostOfEquity),
        ({"terminal_growth": 0.2}, GrowthNotBelowCostOfEquity),
        ({"cost_of_equity": constant(-1.0), "terminal_growth": -2.0}, CostOfEquityTooLow),
        ({"last_dividend": None}, DividendBasisUnclear),
        ({"next_dividend": 2.0}, DividendBasisUnclear),
        ({"last_dividend": -2.0}, DividendNegative),
        ({"fading_growth": 0.1}, InputMissing),
        ({"fading_growth": 0.1, "half_life": -1.0}, HalfLifeNegative),
        ({"last_dividend": None, "next_dividend": 2.0, "fading_growth": 0.1, "half_life": 1.0},
         InputMissing),
        ({"last_dividend": None, "earnings": 2.0}, InputMissing),
        ({"last_dividend": None, "earnings": 2.0, "years": 1, "growth": [0.1]}, InputMissing),
        ({"last_dividend": None, "earnings": 2.0, "terminal_roe": 0.0}, RoeNotPositive),
        ({"last_dividend": None, "earnings": 2.0, "terminal_roe": 0.02}, DividendNegative),
        ({"last_dividend": None, "earnings": 2.0, "terminal_roe": 0.1, "terminal_payout": 0.5},
         ChooseOne),
        ({"years": 2}, ChooseOne),
        ({"years": 2, "roe": constant(0.1)}, InputMissing),
        ({"years": 101, "growth": constant(0.1)}, YearsOutOfRange),
        ({"last_dividend": None, "dividends": [1.0]}, YearsOutOfRange),
    ],
)  # fmt: skip
def test_dividends_that_tell_no_value_are_refused(changes, error):
    with pytest.raises(error):
        dividend_discount(a_share(**changes))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "last_dividend": st.floats(),
            "terminal_growth": st.floats(),
            "terminal_cost_of_equity": st.floats(),
            "fading_growth": st.floats(),
            "half_life": st.floats(),
        },
    )
)
def test_whatever_is_stated_a_share_is_valued_or_refused(changes):
    try:
        value = dividend_discount(a_share(**changes)).value_per_share
    except ValorError:
        return
    assert np.isfinite(value)


def an_equity(**changes) -> ResidualIncomeInputs:
    """Three years of a company that earns more than its equity costs."""
    known = ResidualIncomeInputs(
        years=3,
        book_value=100.0,
        roe=[0.15, 0.14, 0.13],
        payout=[0.4, 0.4, 0.4],
        cost_of_equity=[0.1, 0.1, 0.1],
        terminal_growth=0.02,
    )
    return replace(known, **changes)


@given(
    book=rates(10.0, 900.0),
    income=rows(-50.0, 200.0, 4),
    paid=rows(-50.0, 150.0, 4),
    costs=rows(0.05, 0.2, 4),
    premium=rates(0.5, 3.0),
)
def test_residual_income_values_the_same_dividends_and_end_price(
    book, income, paid, costs, premium
):
    equity = an_equity(
        years=4,
        book_value=book,
        roe=None,
        net_income=income,
        payout=None,
        dividends=paid,
        cost_of_equity=costs,
        terminal_growth=None,
        persistence=0.0,
    )
    result = residual_income(equity)

    factors = 1 / np.cumprod(1 + np.array(costs))
    worth = (np.array(paid) * factors).sum() + result.closing_book[-1] * factors[-1]
    assert result.equity_value == pytest.approx(worth, abs=1e-9 * (book + 1_000))


@given(
    roe=rates(0.02, 0.4), payout=rates(0.3, 0.95), rate=rates(0.05, 0.2), years=st.integers(1, 9)
)
def test_a_steady_company_is_worth_the_same_by_residual_income_and_by_dividends(
    roe, payout, rate, years
):
    growth = roe * (1 - payout)
    assume(growth < rate - 0.005)
    by_book = an_equity(
        years=years,
        roe=constant(roe),
        payout=constant(payout),
        cost_of_equity=constant(rate),
        terminal_growth=growth,
    )

    dividends = 100.0 * roe * payout / (rate - growth)
    assert residual_income(by_book).equity_value == pytest.approx(dividends)


def test_persistence_is_growth_of_what_is_lost_and_a_stated_return_starts_anew():
    left = an_equity(terminal_growth=None, persistence=0.6)
    shrinking = an_equity(terminal_growth=-0.4)
    fair = an_equity(terminal_roe=0.1)

    assert residual_income(left).equity_value == residual_income(shrinking).equity_value
    assert residual_income(fair).terminal_value == 0.0
    per_share = residual_income(an_equity(shares=Shares(basic=4.0)))
    assert per_share.value_per_share == per_share.equity_value / 4.0


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"terminal_growth": 0.1}, GrowthNotBelowCostOfEquity),
        ({"cost_of_equity": [0.1, -1.0, 0.1]}, CostOfEquityTooLow),
        ({"terminal_growth": None, "persistence": 1.1}, PersistenceOutOfRange),
        ({"persistence": 0.5}, ChooseOne),
        ({"roe": None}, ChooseOne),
        ({"dividends": [1.0, 1.0, 1.0]}, ChooseOne),
        ({"years": 0}, YearsOutOfRange),
    ],
)
def test_an_equity_that_residual_income_cannot_value_is_refused(changes, error):
    with pytest.raises(error):
        residual_income(an_equity(**changes))


def some_parts(**changes) -> PartsInputs:
    """Two businesses, one of them owned in part, under a head office."""
    known = PartsInputs(
        segments=(
            Segment(metric=50.0, multiple=8.0, net_debt=100.0, owned=0.6),
            Segment(flow=20.0, wacc=0.09, growth=0.01),
            Segment(value=300.0),
        ),
        corporate_costs=5.0,
        corporate_multiple=8.0,
        bridge=Bridge.of(debt=150.0, cash=30.0),
        holding_discount=0.1,
        shares=Shares(basic=20.0),
    )
    return replace(known, **changes)


def test_the_parts_add_up_line_by_line():
    result = sum_of_parts(some_parts())

    assert result.segment_values.tolist() == pytest.approx([400.0, 250.0, 300.0])
    assert result.minorities == pytest.approx(0.4 * 300.0)
    assert result.enterprise_value == pytest.approx(950.0 - 40.0)
    assert result.net_asset_value == pytest.approx(910.0 - 100.0 - 120.0 - 150.0 + 30.0)
    assert result.value_per_share == pytest.approx(570.0 * 0.9 / 20.0)
    assert result.segment_shares.sum() == pytest.approx(1.0)


@given(
    values=st.lists(rates(0.0, 900.0), min_size=1, max_size=6),
    debts=rows(0.0, 300.0, 6),
    owned=rows(0.0, 1.0, 6),
    discount=rates(0.0, 1.0),
)
def test_what_the_owners_lose_others_have(values, debts, owned, discount):
    segments = tuple(
        Segment(value=value, net_debt=debt, owned=part)
        for value, debt, part in zip(values, debts, owned, strict=False)
    )
    whole = some_parts(
        segments=segments, corporate_costs=None, corporate_multiple=None, holding_discount=discount
    )
    result = sum_of_parts(whole)

    told = result.equity_value + result.discount + result.minorities + result.segment_debt
    assert told + 150.0 - 30.0 == pytest.approx(sum(values), abs=1e-9)
    assert result.discount >= 0.0


def test_a_discount_raises_no_value_that_is_below_nothing():
    result = sum_of_parts(some_parts(bridge=Bridge.of(debt=5_000.0)))

    assert result.discount == 0.0
    assert result.equity_value == result.net_asset_value < 0.0


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"segments": ()}, SegmentsMissing),
        ({"segments": (Segment(),)}, ChooseOne),
        ({"segments": (Segment(value=1.0, flow=1.0),)}, ChooseOne),
        ({"segments": (Segment(metric=1.0),)}, InputMissing),
        ({"segments": (Segment(metric=1.0, multiple=0.0),)}, ExitMultipleNotPositive),
        ({"segments": (Segment(flow=1.0),)}, InputMissing),
        ({"segments": (Segment(flow=1.0, wacc=0.05, growth=0.05),)}, GrowthNotBelowWacc),
        ({"segments": (Segment(value=1.0, owned=1.2),)}, OwnershipOutOfRange),
        ({"holding_discount": -0.1}, DiscountOutOfRange),
        ({"corporate_multiple": None}, ChooseOne),
        ({"corporate_wacc": 0.08}, ChooseOne),
        ({"corporate_costs": None}, InputMissing),
    ],
)
def test_parts_that_make_no_whole_are_refused(changes, error):
    with pytest.raises(error):
        sum_of_parts(some_parts(**changes))


@given(st.data())
def test_a_batch_values_each_scenario_as_alone(data):
    growth = np.array(data.draw(rows(0.0, 0.2, 3)))
    share = a_share(years=4, growth=Fade(start=growth, end=0.03, from_year=1, to_year=4))

    batch = dividend_discount(share).value_per_share

    for place, each in enumerate(growth):
        alone = replace(share, growth=Fade(start=float(each), end=0.03, from_year=1, to_year=4))
        assert batch[place] == dividend_discount(alone).value_per_share


@given(path=paths(0.02, 0.3, 4), rate=paths(0.06, 0.2, 4))
def test_any_path_of_dividends_and_rates_is_valued(path, rate):
    share = a_share(years=4, growth=path, cost_of_equity=rate, terminal_cost_of_equity=0.1)

    assert dividend_discount(share).value_per_share > 0.0
