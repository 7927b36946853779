"""What a chart shows is what the result says."""

import numpy as np
import pytest

from tests.models.sound import a_dcf
from valor_core.charts.history import yearly_bars
from valor_core.charts.valuation import enterprise_bridge, forecast, sensitivity
from valor_core.models.dcf import discounted_cash_flow
from valor_core.models.sensitivity import grid

THEMES = pytest.mark.parametrize("theme", ["light", "dark"])


@THEMES
def test_the_steps_of_the_bridge_lead_from_enterprise_to_equity_value(theme):
    inputs = a_dcf()
    result = discounted_cash_flow(inputs)

    [bars] = enterprise_bridge(result, inputs.bridge, scale=1.0, theme=theme).data

    first, *steps, last = bars.y
    assert first == pytest.approx(result.enterprise_value)
    assert first + sum(steps) == pytest.approx(last)
    assert last == pytest.approx(result.equity_value)


@THEMES
def test_the_forecast_is_drawn_year_by_year(theme):
    result = discounted_cash_flow(a_dcf())

    revenue, ebit, fcff = forecast(result, scale=1.0, theme=theme).data

    years = len(result.fcff)
    assert list(revenue.x) == list(range(1, years + 1))
    assert list(revenue.y) == pytest.approx(list(result.revenues[:years]))
    assert list(ebit.y) == pytest.approx(list(result.ebit))
    assert list(fcff.y) == pytest.approx(list(result.fcff))


@THEMES
def test_a_cell_without_a_value_is_empty_and_tells_its_reason(theme):
    inputs = a_dcf()
    reached = float(np.max(discounted_cash_flow(inputs).waccs)) + 0.01
    found = grid(inputs, ("terminal_growth", [0.0, reached]), ("revenue", [100.0, 200.0]))

    [cells] = sensitivity(found, row_label="growth", column_label="revenue", theme=theme).data

    assert cells.z[0] == pytest.approx(list(found.values[0]))
    assert list(cells.z[1]) == [None, None]
    assert "is not below the WACC" in cells.customdata[1][0]


def test_a_year_that_was_not_filed_has_no_bar():
    figure = yearly_bars({"Revenue": {2020: 5e6, 2022: 7e6}, "EBIT": {2022: 1e6}})

    assert [list(bars.x) for bars in figure.data] == [[2020, 2022], [2022]]
    assert [list(bars.y) for bars in figure.data] == [[5.0, 7.0], [1.0]]
