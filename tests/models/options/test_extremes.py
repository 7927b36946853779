"""Whatever is typed in, every method gives finite numbers or says why it cannot."""

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from tests.models.options.sound import an_option
from valor_core.errors import ValorError
from valor_core.models.fields import leaves
from valor_core.models.options.barone_adesi_whaley import barone_adesi_whaley
from valor_core.models.options.bjerksund_stensland import (
    bjerksund_stensland_1993,
    bjerksund_stensland_2002,
)
from valor_core.models.options.black_scholes import european_option
from valor_core.models.options.chooser import ChooserOption, chooser_option
from valor_core.models.options.compound import CompoundOption, compound_option
from valor_core.models.options.exchange import ExchangeOption, exchange_option
from valor_core.models.options.lattice import LatticeOption, lattice_option
from valor_core.models.options.least_squares import SimulatedOption, least_squares_monte_carlo
from valor_core.models.options.perpetual import PerpetualOption, perpetual_option
from valor_core.models.sensitivity import replace_at

EXTREMES = [0.0, -0.0, 1.0, -1.0, 5e-324, -5e-324, 1e-300, 1e100, -1e100, 1e308, 1e-12, 100.0]
METHODS = {
    european_option: an_option(),
    barone_adesi_whaley: an_option(),
    bjerksund_stensland_1993: an_option(),
    bjerksund_stensland_2002: an_option(),
    compound_option: CompoundOption(first_strike=5.0, decision=0.5, underlying=an_option()),
    chooser_option: ChooserOption(
        spot=50.0,
        rate=0.10,
        volatility=0.35,
        decision=0.25,
        call_strike=55.0,
        call_maturity=0.5,
        put_strike=48.0,
        put_maturity=0.6,
    ),
    exchange_option: ExchangeOption(
        received=22.0,
        given=20.0,
        volatility_received=0.2,
        volatility_given=0.15,
        correlation=0.3,
        maturity=0.5,
    ),
    perpetual_option: PerpetualOption(
        spot=1.0, strike=1.0, rate=0.04, cash_yield=0.04, volatility=0.2
    ),
    lattice_option: LatticeOption(option=an_option(), steps=40),
    least_squares_monte_carlo: SimulatedOption(option=an_option(), dates=4, paths=1_000),
}


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
@given(data=st.data())
def test_a_value_is_finite_or_the_inputs_are_refused(method, data):
    inputs = METHODS[method]
    for path in data.draw(st.sets(st.sampled_from(sorted(leaves(inputs))), max_size=3)):
        inputs = replace_at(inputs, path, data.draw(st.sampled_from(EXTREMES)))
    try:
        result = method(inputs)
    except ValorError as refusal:
        event(refusal.code)
        return
    assert all(np.isfinite(value).all() for value in leaves(result).values())
