"""Where three linked statements begin, on the demo book and on filings with gaps."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis.strategies import floats

from tests.coverage.filings import fact
from tests.coverage.test_prefill import ACME, BOOK, FOR_FCFF, filings
from valor_core.coverage.figures import DEFAULT, Figures
from valor_core.coverage.prefill import FactsMissing, NotForFcff
from valor_core.coverage.prefill_statements import prefill_statements
from valor_core.coverage.reported import drivers_as_filed, history, reported
from valor_core.models.fields import leaves
from valor_core.models.paths import Fade
from valor_core.models.statements.forecast import BOUNDS, forecast_statements
from valor_core.values import SourceKind

ASSETS = (
    "cash", "receivables", "inventory", "other_current_assets", "fixed_assets", "intangibles",
    "other_assets",
)  # fmt: skip
SHEET = {
    "cash": 5.0, "receivables": 10.0, "inventory": 8.0, "current_assets": 30.0, "ppe_net": 40.0,
    "goodwill": 12.0, "total_assets": 90.0, "payables": 9.0, "current_liabilities": 20.0,
    "long_term_debt": 25.0, "stockholders_equity": 35.0, "retained_earnings": 20.0,
}  # fmt: skip


def prefilled(ticker: str):
    parsed = BOOK[ticker]
    return prefill_statements(parsed.company, parsed.facts)


def lines(ticker: str):
    return reported(Figures(BOOK[ticker].facts))


def acme(**items: float):
    return prefill_statements(ACME, filings(**items))


@pytest.mark.parametrize("ticker", FOR_FCFF)
def test_every_number_has_a_source_and_the_statements_tie(ticker):
    start = prefilled(ticker)

    assert set(start.sources) == set(leaves(start.inputs))
    for path, source in start.sources.items():
        assert source.text
        assert bool(source.facts) == (source.kind in {SourceKind.FILED, SourceKind.DERIVED}), path
        assert (source.author == DEFAULT) == (source.kind is SourceKind.ASSUMED)
    forecast = forecast_statements(start.inputs)
    assert not forecast.balance_difference.any()
    assert not forecast.cash_difference.any()


@pytest.mark.parametrize("ticker", FOR_FCFF)
def test_the_opening_assets_are_the_filed_total_and_its_claims_leave_the_filed_equity(ticker):
    opening, now = prefilled(ticker).inputs.opening, lines(ticker)

    assets = sum(getattr(opening, name) for name in ASSETS)
    assert assets == pytest.approx(now["total_assets"].amount)
    owed = prefilled(ticker).inputs.debt[0].balance + opening.payables
    owed += opening.other_current_liabilities + opening.other_liabilities
    assert assets - owed == pytest.approx(now["total_equity"].amount)


@pytest.mark.parametrize("ticker", sorted(set(FOR_FCFF) - {"SNOW", "BBY", "MRVL", "NOV"}))
def test_with_the_filed_year_once_more_its_own_margin_comes_out(ticker):
    start, now = prefilled(ticker).inputs, lines(ticker)

    told = forecast_statements(start).income
    margin = now["ebitda"].amount / now["revenue"].amount
    assert told.ebitda / told.revenue == pytest.approx(margin, abs=2e-4)


def test_costs_after_a_loss_fall_to_the_margin_of_the_dcf_and_say_that_nothing_supports_it():
    start = prefilled("SNOW")

    told = forecast_statements(start.inputs).income
    assert told.ebit[-1] / told.revenue[-1] == pytest.approx(0.10, abs=0.05)
    assert "no filing supports" in start.sources["operating_costs.end"].text
    paid, costs = start.inputs.stock_compensation, start.inputs.operating_costs
    assert paid.end / paid.start == pytest.approx(costs.end / costs.start, rel=1e-3)


@pytest.mark.parametrize("ticker", FOR_FCFF)
def test_drivers_begin_where_the_newest_filed_year_has_them(ticker):
    start = prefilled(ticker).inputs
    told = drivers_as_filed(history(Figures(BOOK[ticker].facts)))

    for name, row in told.items():
        least, most = BOUNDS.get(name, (0.0, 0.0))
        if row[-1] is not None and least < row[-1] < most and name != "growth":
            assert getattr(start, name).start == pytest.approx(row[-1], abs=0.051), name


@pytest.mark.parametrize("ticker", FOR_FCFF)
def test_the_assets_of_every_filed_year_add_up_to_their_filed_total(ticker):
    told = history(Figures(BOOK[ticker].facts)).lines

    for whole, *parts in zip(told["total_assets"], *(told[name] for name in ASSETS), strict=True):
        if whole is not None:
            assert sum(part or 0.0 for part in parts) == pytest.approx(whole)


def test_interest_is_what_was_paid_on_the_average_debt():
    parsed = BOOK["WMT"]
    owed = [Figures(parsed.facts).earlier(back) for back in (0, 1)]
    average = sum(reported(each)["debt"].amount for each in owed) / 2

    rate = prefilled("WMT").inputs.debt[0].rate.start
    assert rate == pytest.approx(lines("WMT")["interest_expense"].amount / average, abs=5e-5)


def test_parts_that_are_not_filed_are_what_the_filed_totals_leave():
    opening = acme(**SHEET).inputs.opening

    assert opening.other_current_assets == 30.0 - 5.0 - 10.0 - 8.0
    assert opening.other_assets == 90.0 - 30.0 - 40.0 - 12.0
    assert opening.other_current_liabilities == 20.0 - 9.0
    assert opening.other_liabilities == 90.0 - 35.0 - 20.0 - 25.0


def test_what_is_filed_nowhere_is_none_and_says_so():
    start = acme()

    assert start.inputs.opening.inventory == 0.0
    assert "taken as none until you state it" in start.sources["opening.inventory"].text
    assert start.sources["opening.inventory"].author == DEFAULT
    assert any("No total of assets is filed" in said for said in start.warnings)
    assert any("taken as none until you state it: cash, rec" in said for said in start.warnings)


def test_a_filed_balance_that_does_not_tie_is_said():
    apart = acme(**SHEET, total_liabilities=50.0)
    tied = acme(**SHEET, total_liabilities=55.0)

    assert any("does not tie" in said for said in apart.warnings)
    assert not any("does not tie" in said for said in tied.warnings)


def test_without_a_filed_cost_of_revenue_all_costs_before_depreciation_are_its():
    start = acme(dna=4.0).inputs

    assert start.cost_of_revenue == Fade(start=0.76)
    assert start.operating_costs == Fade(start=0.0)


@given(
    cost=floats(0.0, 1e3), worn=floats(0.0, 1e3), built=floats(0.0, 1e3), paid=floats(-10.0, 1e3),
    owed=floats(0.0, 1e3), current=floats(0.0, 1e3),
)  # fmt: skip
def test_whatever_was_filed_the_drivers_stay_within_what_they_can_mean(
    cost, worn, built, paid, owed, current
):
    start = acme(
        **SHEET | {"ppe_net": built, "current_assets": current, "long_term_debt": owed},
        cost_of_revenue=cost, dna=worn, net_income=10.0, dividends_paid=paid,
        interest_expense=paid,
    )  # fmt: skip

    assert np.isfinite(forecast_statements(start.inputs).earnings_per_share).all()


def test_a_bank_and_a_filing_without_revenue_are_refused():
    with pytest.raises(NotForFcff):
        prefilled("JPM")
    with pytest.raises(FactsMissing):
        prefill_statements(ACME, [fact("revenue", 1.0)])


def test_only_what_was_filed_by_the_day_counts():
    parsed = BOOK["AAPL"]
    early = prefill_statements(parsed.company, parsed.facts, as_of=date(2015, 1, 1))

    facts = [each for source in early.sources.values() for each in source.facts]
    assert facts
    assert max(each.filed_on for each in facts) <= date(2015, 1, 1)
