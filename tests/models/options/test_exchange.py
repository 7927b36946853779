"""Exchange options: what each sensitivity stands for, and that no money enters."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.options.sound import rates
from valor_core.models.options.bjerksund_stensland import bjerksund_stensland_1993
from valor_core.models.options.exchange import (
    ExchangeOption,
    exchange_option,
    in_units_of_the_other,
)
from valor_core.models.options.refusals import (
    CorrelationOutOfRange,
    OptionVolatilityNegative,
    UnitsNotPositive,
)


@st.composite
def exchanges(draw):
    return ExchangeOption(
        received=draw(rates(20.0, 200.0)),
        given=draw(rates(20.0, 200.0)),
        units_received=draw(rates(0.5, 3.0)),
        units_given=draw(rates(0.5, 3.0)),
        yield_received=draw(rates(0.0, 0.1)),
        yield_given=draw(rates(0.0, 0.1)),
        volatility_received=draw(rates(0.15, 0.5)),
        volatility_given=draw(rates(0.15, 0.5)),
        correlation=draw(rates(-1.0, 0.8)),
        maturity=draw(rates(0.1, 5.0)),
    )


STEPS = {
    "delta_received": ("value", "received", 1e-3, 1.0),
    "delta_given": ("value", "given", 1e-3, 1.0),
    "gamma_received": ("delta_received", "received", 1e-3, 1.0),
    "gamma_given": ("delta_given", "given", 1e-3, 1.0),
    "theta": ("value", "maturity", 1e-6, -1.0),
}


@pytest.mark.parametrize("name", STEPS)
@given(exchange=exchanges())
def test_each_sensitivity_is_the_difference_that_it_stands_for(name, exchange):
    line, path, step, sign = STEPS[name]
    up, down = (
        getattr(exchange_option(replace(exchange, **{path: getattr(exchange, path) + s})), line)
        for s in (step, -step)
    )

    expected = getattr(exchange_option(exchange), name)
    assert sign * (up - down) / (2.0 * step) == pytest.approx(expected, rel=1e-4, abs=1e-5)


@given(exchanges())
def test_the_right_to_change_either_way_differs_by_the_assets_themselves(exchange):
    back = replace(
        exchange,
        received=exchange.given,
        given=exchange.received,
        units_received=exchange.units_given,
        units_given=exchange.units_received,
        yield_received=exchange.yield_given,
        yield_given=exchange.yield_received,
        volatility_received=exchange.volatility_given,
        volatility_given=exchange.volatility_received,
    )

    received = exchange.units_received * exchange.received
    given_up = exchange.units_given * exchange.given
    received = received * np.exp(-exchange.yield_received * exchange.maturity)
    given_up = given_up * np.exp(-exchange.yield_given * exchange.maturity)
    difference = exchange_option(exchange).value - exchange_option(back).value
    assert difference == pytest.approx(received - given_up, abs=1e-9)


@given(exchanges())
def test_the_right_at_any_time_is_worth_no_less(exchange):
    anytime = bjerksund_stensland_1993(in_units_of_the_other(exchange)).value

    assert anytime >= exchange_option(exchange).value - 1e-9


def test_assets_that_move_alike_leave_nothing_to_choose():
    alike = ExchangeOption(
        received=110.0,
        given=100.0,
        volatility_received=0.3,
        volatility_given=0.3,
        correlation=1.0,
        maturity=2.0,
    )

    found = exchange_option(alike)

    assert found.volatility == 0.0
    assert found.value == 10.0


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"correlation": 1.2}, CorrelationOutOfRange),
        ({"units_given": 0.0}, UnitsNotPositive),
        ({"volatility_given": -0.1}, OptionVolatilityNegative),
    ],
)
def test_what_is_no_exchange_is_refused(changes, error):
    sound = ExchangeOption(
        received=22.0,
        given=20.0,
        volatility_received=0.2,
        volatility_given=0.15,
        correlation=0.3,
        maturity=0.5,
    )

    with pytest.raises(error):
        exchange_option(replace(sound, **changes))
