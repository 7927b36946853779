"""What a report's tables say is what the valuation says."""

from tests.models.sound import a_dcf
from valor_core.charts.report_tables import forecast_table
from valor_core.models.dcf import discounted_cash_flow


def the_forecast(**changes) -> str:
    inputs = a_dcf(**changes)
    return forecast_table(inputs, discounted_cash_flow(inputs), "EUR")


def test_a_stub_stands_between_what_a_whole_year_brings_and_the_cash_that_counts():
    table = the_forecast(years=2, stub=0.4)

    before, after = table.split("<th>Part of the year</th>")
    assert "Net reinvestment" in before
    assert after.startswith('<td class="number">40.00 %</td><td class="number">100.00 %</td></tr>')
    assert "Free cash flow to the firm" in after


def test_without_a_stub_no_part_of_a_year_is_told():
    assert "Part of the year" not in the_forecast()
