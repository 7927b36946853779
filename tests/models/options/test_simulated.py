"""A right by simulation agrees with the lattice that carries its value."""

from dataclasses import replace

import pytest

from valor_core.models.options.real_option import RealOptionInputs, RealOptionKind, real_option
from valor_core.models.options.simulated import by_simulation

RIGHT = RealOptionInputs(
    kind=RealOptionKind.DEFER, project_value=100.0, amount=90.0, volatility=0.3, rate=0.05,
    cash_yield=0.06, years=3.0,
)  # fmt: skip


@pytest.mark.parametrize("kind", [RealOptionKind.DEFER, RealOptionKind.ABANDON])
def test_a_right_used_on_fifty_dates_is_worth_as_much_as_the_lattice_says(kind):
    right = replace(RIGHT, kind=kind)
    found, value = by_simulation(right), real_option(right).methods.lattice_bbsr

    assert found is not None
    assert value is not None
    assert abs(found.value - value) <= 4.0 * found.standard_error + 0.003 * value


def test_a_right_on_its_own_dates_is_not_simulated():
    assert by_simulation(replace(RIGHT, at_any_time=False)) is None
    assert by_simulation(replace(RIGHT, kind=RealOptionKind.STAGE)) is None
