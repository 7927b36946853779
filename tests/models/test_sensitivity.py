"""Grids over two inputs."""

import numpy as np
import pytest
from hypothesis import given

from tests.models.sound import a_dcf, dcfs
from valor_core.errors import NotFound, ValorError
from valor_core.models.catalogue import model_of
from valor_core.models.dcf import discounted_cash_flow
from valor_core.models.fields import leaves
from valor_core.models.sensitivity import AxisUnusable, NotOneNumber, grid, replace_at

STEPS = np.linspace(0.02, 0.12, 11)


def test_the_base_cell_of_a_grid_is_the_base_case_to_the_bit():
    table = grid(a_dcf(), ("terminal_growth", [0.02, 0.03]), ("wacc.start", [0.08, 0.085, 0.09]))

    assert table.values[1, 1] == discounted_cash_flow(a_dcf()).value_per_share
    assert table.values.shape == (2, 3)
    assert not table.reasons


def test_a_cell_that_cannot_be_valued_has_the_reason_that_it_has_alone():
    base = a_dcf(terminal_growth=0.03)
    table = grid(base, ("terminal_growth", STEPS), ("wacc.start", STEPS))

    assert set(table.reasons) == set(
        zip(*map(list, np.nonzero(np.isnan(table.values))), strict=True)
    )
    for (row, column), reason in table.reasons.items():
        cell = replace_at(base, "terminal_growth", STEPS[row])
        with pytest.raises(ValorError) as alone:
            discounted_cash_flow(replace_at(cell, "wacc.start", STEPS[column]))
        assert (reason.code, str(reason)) == (alone.value.code, str(alone.value))


@given(dcfs())
def test_each_cell_is_the_company_valued_alone(company):
    table = grid(company, ("terminal_growth", [-0.01, 0.02]), ("shares.basic", [0.0, 7.0]))

    alone = replace_at(replace_at(company, "terminal_growth", 0.02), "shares.basic", 7.0)
    assert table.values[1, 1] == model_of(alone).function(alone).value_per_share
    assert {place: reason.code for place, reason in table.reasons.items()} == {
        (0, 0): "shares_not_positive",
        (1, 0): "shares_not_positive",
    }


@given(dcfs())
def test_every_leaf_can_be_replaced_by_its_path(company):
    for path, value in leaves(company).items():
        assert np.array_equal(leaves(replace_at(company, path, value))[path], value)


def test_a_year_of_a_row_is_varied_by_its_place():
    base = a_dcf(growth=[0.05] * 10)

    table = grid(base, ("growth[2]", [0.05, 0.08]), ("shares.options[0].strike", [40.0, 49.5]))

    assert table.values[0, 1] == discounted_cash_flow(base).value_per_share
    assert table.values[1, 1] > table.values[0, 1]


@given(dcfs())
def test_a_grid_is_to_the_bit_the_run_of_all_its_cells_side_by_side(company):
    rows, columns = np.linspace(-0.01, 0.07, 5), np.linspace(0.05, 0.2, 7)
    table = grid(company, ("terminal_growth", rows), ("terminal_wacc", columns))

    down, across = (each.ravel() for each in np.meshgrid(rows, columns, indexing="ij"))
    cells = replace_at(replace_at(company, "terminal_growth", down), "terminal_wacc", across)
    flat = discounted_cash_flow(cells).value_per_share
    assert table.values.tobytes() == np.broadcast_to(flat, 35).tobytes()


def test_another_line_is_shown_and_a_cell_where_it_has_no_meaning_says_so():
    table = grid(
        a_dcf(exit_multiple=10.0),
        ("margin.start", [-0.001, 0.2]),
        ("terminal_growth", [0.0]),
        field="implied_growth",
    )

    assert np.isfinite(table.values[1, 0])
    assert table.reasons[0, 0].code == "terminal_flow_negative"
    without = grid(a_dcf(), ("terminal_growth", [0.0]), ("stub", [0.5]), field="implied_growth")
    assert without.reasons[0, 0].code == "no_meaning"


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("nothing", NotFound),
        ("wacc.nothing", NotFound),
        ("shares.options[7].strike", NotFound),
        ("wacc", NotOneNumber),
        ("years", NotOneNumber),
        ("bridge", NotOneNumber),
        ("shares.options[0]", NotOneNumber),
        ("revenue.start", NotOneNumber),
        ("revenue[0]", NotOneNumber),
        ("a]b", NotFound),
        ("", NotFound),
    ],
)
def test_a_path_that_leads_to_no_number_is_refused(path, error):
    with pytest.raises(error):
        grid(a_dcf(), (path, [0.1]), ("terminal_growth", [0.01]))


@pytest.mark.parametrize("axis", [[], [float("nan")], [[0.1]], np.linspace(0, 0.01, 600)])
def test_an_axis_that_cannot_be_drawn_is_refused(axis):
    with pytest.raises(AxisUnusable):
        grid(a_dcf(), ("terminal_growth", axis), ("wacc.start", np.linspace(0.05, 0.1, 600)))


@pytest.mark.parametrize("field", ["fcff", "nothing", "cost_of_capital"])
def test_only_a_single_number_of_the_result_is_shown(field):
    with pytest.raises((NotFound, NotOneNumber)):
        grid(a_dcf(), ("terminal_growth", [0.01]), ("wacc.start", [0.08]), field=field)
