"""What a chart shows is what the result says."""

from typing import Any

import numpy as np
import pytest

from tests.models.sound import a_dcf
from valor_core.charts.history import yearly_bars
from valor_core.charts.valuation import enterprise_bridge, forecast, sensitivity
from valor_core.models.dcf import discounted_cash_flow
from valor_core.models.sensitivity import grid

THEMES = pytest.mark.parametrize("theme", ["light", "dark"])


def traces(figure: Any) -> list[Any]:
    return list(figure.data)


def in_millions(row: Any) -> Any:
    return pytest.approx([float(value) / 1e6 for value in row])


@THEMES
def test_the_steps_of_the_bridge_lead_from_enterprise_to_equity_value(theme):
    inputs = a_dcf()
    result = discounted_cash_flow(inputs)

    [bars] = traces(enterprise_bridge(result, inputs.bridge, currency="EUR", theme=theme))

    first, *steps, last = bars.y
    assert [first, last] == in_millions([result.enterprise_value, result.equity_value])
    assert first + sum(steps) == pytest.approx(last)
    assert "EUR million" in bars.hovertemplate


@THEMES
def test_the_forecast_is_drawn_year_by_year(theme):
    result = discounted_cash_flow(a_dcf())
    years = len(result.fcff)

    revenue, ebit, fcff = traces(forecast(result, currency="EUR", theme=theme))

    assert list(revenue.x) == list(range(1, years + 1))
    assert list(revenue.y) == in_millions(result.revenues[:years])
    assert list(ebit.y) == in_millions(result.ebit)
    assert list(fcff.y) == in_millions(result.fcff)


@THEMES
def test_a_cell_without_a_value_is_empty_and_tells_its_reason(theme):
    inputs = a_dcf()
    reached = float(np.max(discounted_cash_flow(inputs).waccs)) + 0.01
    found = grid(inputs, ("terminal_growth", [0.0, reached]), ("revenue", [100.0, 200.0]))

    [cells] = traces(sensitivity(found, row_label="down", column_label="across", theme=theme))

    assert cells.z[0] == pytest.approx(list(found.values[0]))
    assert list(cells.z[1]) == [None, None]
    assert "is not below the WACC" in cells.customdata[1][0]


def test_the_base_of_a_grid_has_a_frame_and_its_axes_their_units():
    found = grid(a_dcf(), ("terminal_growth", [0.0, 0.01]), ("revenue", [100.0, 200.0]))

    drawn: Any = sensitivity(found, row_label="down", column_label="across",
                             as_percent=(True, False), marks=("", "×"), base=(1, 0))  # fmt: skip

    [frame] = drawn.layout.shapes
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (-0.5, 0.5, 0.5, 1.5)
    assert list(drawn.data[0].x) == ["100.00×", "200.00×"]


def luminance(colour: str) -> float:
    """Of the colour, as the WCAG reckons it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@THEMES
def test_each_number_of_a_grid_can_be_read_on_its_colour(theme):
    found = grid(a_dcf(), ("terminal_growth", [0.0, 0.01]), ("revenue", [100.0, 200.0]))
    [cells] = traces(sensitivity(found, row_label="down", column_label="across", theme=theme))
    ink = luminance(cells.textfont.color)

    for _, colour in cells.colorscale:
        darker, brighter = sorted((ink, luminance(colour)))
        assert (brighter + 0.05) / (darker + 0.05) >= 4.5, colour


def test_a_year_that_was_not_filed_has_no_bar():
    drawn = traces(yearly_bars({"Revenue": {2020: 5e6, 2022: 7e6}, "EBIT": {2022: 1e6}}))

    assert [list(bars.x) for bars in drawn] == [[2020, 2022], [2022]]
    assert [list(bars.y) for bars in drawn] == [[5.0, 7.0], [1.0]]
