"""Present values, multiples and rates of an investment."""

import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import numpy_financial
import pytest
import pyxirr
from hypothesis import given
from hypothesis import strategies as st

from tests.models.returns.sound import DAYS, an_investment, investments
from tests.models.sound import rates, rows
from valor_core.errors import BadInputs
from valor_core.models.catalogue import model_of
from valor_core.models.codec import dump, load, schema
from valor_core.models.fields import choices, leaves
from valor_core.models.refusals import LengthDoesNotFit
from valor_core.models.returns.day_count import COUNTED, DayCount, thirty_360
from valor_core.models.returns.irr import all_xirrs, irr, rate_at, xirr
from valor_core.models.returns.model import ReturnsInputs, returns, the_rate
from valor_core.models.returns.multiples import public_market_equivalent
from valor_core.models.returns.present import mirr, npv, npv_one_period_on, xnpv
from valor_core.models.returns.refusals import (
    AmbiguousIrr,
    DatesDoNotFit,
    IndexNotPositive,
    NoIrr,
    RateTooLow,
)
from valor_core.models.run_id import run_id
from valor_core.models.workings import record


@given(investments())
def test_every_investment_has_its_lines_and_they_agree(investment):
    result = returns(investment)

    for name, line in leaves(result).items():
        assert np.isfinite(line).all(), name
    assert result.npv == pytest.approx(np.sum(result.present_values), rel=1e-12, abs=1e-9)
    if result.dpi is not None and result.rvpi is not None:
        assert result.moic == pytest.approx(result.dpi + result.rvpi, rel=1e-12)
    if result.irr is not None:
        values = result.net_flows * (1.0 + result.irr) ** -result.times
        assert abs(values.sum()) <= 1e-9 * np.abs(values).sum()
        assert result.irrs is None


@given(investments())
def test_the_rate_is_that_of_the_result_or_the_refusal_says_why_there_is_not_just_one(investment):
    result = returns(investment)

    if result.irr is not None:
        assert the_rate(investment) == result.irr
        return
    with pytest.raises((AmbiguousIrr, NoIrr)) as refused:
        the_rate(investment)
    told = refused.value.rates if isinstance(refused.value, AmbiguousIrr) else None
    assert told == (None if result.irrs is None else tuple(result.irrs))


@pytest.mark.parametrize(
    ("flows", "years"),
    [((-1.0, 0.0), (2000, 2005)), ((-1.0, 0.0, 0.0, 0.0), (2019, 2000, 2000, 2024))],
)
def test_a_rate_that_numbers_cannot_prove_is_none(flows, years):
    lost = ReturnsInputs(
        flows=np.array(flows),
        dates=tuple(date(year, 1, 1) for year in years),
        day_count=DayCount.ACT_360,
        residual_value=6.097354755084877e-75,
        rate=0.0,
    )

    assert returns(lost).irr is None
    with pytest.raises(NoIrr, match="proven"):
        the_rate(lost)


@given(rows(-100.0, 100.0, 6), rates(-0.5, 1.0))
def test_npv_is_that_of_numpy_financial_and_a_spreadsheet_discounts_once_more(flows, rate):
    value = npv(rate, flows)

    assert value == pytest.approx(numpy_financial.npv(rate, flows), rel=1e-12, abs=1e-9)
    assert npv_one_period_on(rate, flows) * (1.0 + rate) == pytest.approx(value, abs=1e-9)


@given(st.lists(rates(1.0, 100.0), min_size=1, max_size=8), rates(-0.3, 0.6), rates(-0.3, 0.6))
def test_mirr_is_that_of_numpy_financial_and_the_irr_where_both_rates_are_the_irr(
    received, finance, reinvest
):
    flows = np.array([-100.0, *received])

    rate = mirr(flows, finance_rate=finance, reinvestment_rate=reinvest)

    assert rate == pytest.approx(numpy_financial.mirr(flows, finance, reinvest), rel=1e-9, abs=1e-9)
    own = irr(flows)
    assert mirr(flows, finance_rate=own, reinvestment_rate=own) == pytest.approx(own, abs=1e-9)


def test_the_rates_of_a_few_thousand_random_investments_are_those_of_pyxirr():
    random = np.random.default_rng(5)
    flows = random.uniform(5.0, 40.0, (2_000, 10))
    flows[:, 0] = -random.uniform(80.0, 150.0, 2_000)
    days = np.cumsum(random.integers(1, 400, (2_000, 10)), axis=-1)
    day_zero = date(2000, 1, 1)

    np.testing.assert_allclose(
        irr(flows), np.array([pyxirr.irr(row) for row in flows], dtype=float), atol=1e-9
    )
    theirs = [
        pyxirr.xirr([day_zero + timedelta(days=int(day)) for day in row], amounts)
        for row, amounts in zip(days, flows, strict=True)
    ]
    np.testing.assert_allclose(
        xirr(flows, days), np.array(theirs, dtype=float), rtol=1e-8, atol=1e-9
    )


@given(st.lists(st.tuples(DAYS, rates(1.0, 100.0)), min_size=1, max_size=8), st.randoms())
def test_neither_order_nor_splitting_a_flow_within_its_day_changes_a_rate(later, random):
    flows = [(date(1989, 1, 1), -200.0), *later]
    halves = [(day, amount / 2.0) for day, amount in flows for _ in range(2)]
    random.shuffle(halves)

    def rate(pairs):
        return xirr([amount for _, amount in pairs], [day.toordinal() for day, _ in pairs])

    assert rate(halves) == pytest.approx(rate(flows), rel=1e-9, abs=1e-12)


def test_whole_years_of_365_days_are_periods():
    flows = [-5.0, 10.5, 1.0, -8.0, 1.0]
    days = [365.0 * year for year in range(5)]

    assert all_xirrs(flows, days) == pytest.approx(
        [-0.870201247485, 0.088598338528, 0.709559527686]
    )
    assert xnpv(0.1, flows, days) == pytest.approx(npv(0.1, flows))


def test_a_batch_of_dated_flows_has_the_bits_of_single_runs():
    random = np.random.default_rng(2)
    flows, days = random.normal(size=(50, 7)), np.cumsum(random.integers(0, 300, 7))
    result = returns(an_investment(flows=flows, dates=_dates(days)))
    found = np.asarray(result.irr)

    for place in range(50):
        alone = returns(an_investment(flows=flows[place], dates=_dates(days)))
        assert result.npv[place] == alone.npv
        assert (alone.irr is None) == np.isnan(found[place])
        assert alone.irr is None or alone.irr == found[place]


def _dates(days):
    return tuple(date(2020, 1, 1) + timedelta(days=int(day)) for day in days)


def test_several_rates_are_told_and_none_of_them_is_the_return():
    result = returns(an_investment(flows=[-1_000.0, 2_500.0, -1_560.0]))

    assert result.irr is None
    assert result.irrs == pytest.approx([0.2, 0.3])
    assert result.npv_profile[4] == pytest.approx(0.0, abs=1e-9)  # at 20 %


def test_what_is_still_held_counts_as_sold_at_the_last_flow():
    fund = an_investment(flows=[-100.0, -50.0, 90.0], residual_value=120.0)

    result = returns(fund)

    assert (result.dpi, result.rvpi, result.moic) == (0.6, 0.8, 1.4)
    assert result.irr == returns(an_investment(flows=[-100.0, -50.0, 210.0])).irr


@given(rates(0.5, 3.0), st.lists(rates(50.0, 200.0), min_size=6, max_size=6))
def test_money_that_followed_the_market_has_a_market_equivalent_of_one(share, index):
    paid = np.array([-100.0, -50.0, 0.0, 0.0, 0.0, 0.0])
    units = -paid / index
    received = share / 4.0 * units.sum() * index[3]
    flows = paid + np.array([0.0, 0.0, 0.0, received, 0.0, 0.0])
    held = (1.0 - share / 4.0) * units.sum() * index[5]

    pme = public_market_equivalent(flows, np.array(index), last_index=index[5], residual_value=held)

    assert pme == pytest.approx(1.0)


@given(DAYS, DAYS, st.sampled_from(DayCount))
def test_a_day_count_is_odd_in_its_days_and_near_the_calendar(start, end, count):
    years = COUNTED[count](start, end)

    assert years == pytest.approx((end - start).days / 365.25, rel=0.02, abs=0.02)
    if count is not DayCount.THIRTY_360:
        assert COUNTED[count](end, start) == pytest.approx(-years)


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (date(2006, 8, 31), date(2007, 2, 28), 178),
        (date(2007, 2, 28), date(2007, 8, 31), 183),
        (date(2007, 2, 26), date(2008, 2, 29), 363),
        (date(2006, 8, 30), date(2006, 8, 31), 0),
    ],
)
def test_thirty_day_months_follow_the_bond_basis(start, end, days):
    assert thirty_360(start, end) == pytest.approx(days / 360.0)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"rate": -1.0}, RateTooLow),
        ({"finance_rate": -1.5}, RateTooLow),
        ({"dates": (date(2020, 1, 1),)}, DatesDoNotFit),
        ({"index": [1.0, 2.0]}, LengthDoesNotFit),
        ({"index": [1.0, 2.0, 0.0, 1.0, 1.0, 1.0]}, IndexNotPositive),
    ],
)
def test_what_cannot_be_discounted_is_refused(changes, error):
    with pytest.raises(error):
        returns(an_investment(**changes))


def test_flows_of_one_day_have_no_rate():
    with pytest.raises(NoIrr):
        rate_at([-100.0, 120.0], [1.0, 1.0])


@given(investments())
def test_days_survive_json_and_keep_the_run_id(investment):
    text = json.dumps(dump(investment), allow_nan=False)

    again = load(ReturnsInputs, json.loads(text))

    assert again.dates == investment.dates
    assert run_id(model_of(again), again) == run_id(model_of(investment), investment)


@pytest.mark.parametrize(
    ("dates", "problem"),
    [
        (["2020-1-1"], "a day such as 2026-06-30 is meant"),
        (["20200101"], "a day such as"),
        (["2021-02-29"], "a day such as"),
        ([20200101], "a day such as"),
        ("2020-01-01", "a list is meant"),
        (["2020-01-01"] * 1_001, "1001 members are more than 1000"),
    ],
)
def test_a_day_is_written_as_the_calendar_has_it(dates, problem):
    with pytest.raises(BadInputs, match=problem):
        load(ReturnsInputs, {"flows": [1.0], "rate": 0.1, "dates": dates})


def test_flows_may_be_longer_than_years_are_and_the_schema_says_so():
    described = schema(ReturnsInputs)["properties"]

    assert described["flows"]["maxItems"] == 1_000
    assert described["dates"]["anyOf"][0]["items"] == {"type": "string", "format": "date"}
    assert load(ReturnsInputs, {"flows": [-1.0] * 400, "rate": 0.1}).flows.shape == (400,)
    with pytest.raises(BadInputs, match="1001 numbers"):
        load(ReturnsInputs, {"flows": [-1.0] * 1_001, "rate": 0.1})


def test_days_are_choices_that_a_comparison_tells():
    dated = an_investment(flows=[-1.0, 2.0], dates=(date(2020, 1, 1), date(2021, 1, 1)))

    assert choices(dated)["dates[1]"] == date(2021, 1, 1)


def test_where_no_spreadsheet_function_finds_the_rate_the_workings_say_when_it_is_stale():
    dated = an_investment(
        flows=[-100.0, 120.0],
        dates=(date(2020, 1, 1), date(2021, 1, 1)),
        day_count=DayCount.ACT_360,
    )

    workings = record(returns, dated)

    told = [guard.words for guard in workings.guards if "1e−07" in guard.words]
    assert len(told) == 1
    assert (
        workings.evaluate({"flows": [-100.0, 130.0]})["irr"]
        == returns(replace(dated, flows=[-100.0, 130.0])).irr
    )
