from dataclasses import replace

import numpy as np
import pytest

from app.ui.drivers import DRIVERS, by_year, fade_again, is_by_year, with_fade, years_of
from app.ui.places import put_at
from valor_core.models.bridge import Bridge
from valor_core.models.cost_of_capital import CostOfCapitalInputs, TargetWeights
from valor_core.models.dcf import DcfInputs, discounted_cash_flow
from valor_core.models.dilution import Shares
from valor_core.models.paths import Fade
from valor_core.models.reinvestment import SalesToCapital

GROWTH, MARGIN, TAX, WACC, RATIO = DRIVERS[:5]


def a_dcf() -> DcfInputs:
    return DcfInputs(
        years=5,
        revenue=100.0,
        growth=Fade(start=0.08, from_year=1, to_year=5),
        margin=Fade(start=0.2),
        tax=Fade(start=0.2, end=0.25, from_year=1, to_year=5),
        sales_to_capital=SalesToCapital(ratio=Fade(start=2.0)),
        cost_of_capital=CostOfCapitalInputs(
            risk_free=0.04,
            equity_risk_premium=0.05,
            beta=1.2,
            pretax_cost_of_debt=0.06,
            tax=0.25,
            target=TargetWeights(debt=0.5),
        ),
        terminal_growth=0.02,
        bridge=Bridge.of(debt=20.0),
        shares=Shares(basic=4.0),
    )


@pytest.mark.parametrize("driver", [GROWTH, MARGIN, TAX, WACC, RATIO], ids=lambda d: d.path)
def test_a_fade_stated_by_year_in_its_own_numbers_keeps_the_value_and_comes_back(driver):
    inputs = a_dcf()
    value = discounted_cash_flow(inputs).value_per_share

    stated, aside = by_year(inputs, {}, driver, years_of(inputs, driver) or [])
    back, left = fade_again(stated, aside, driver)

    assert is_by_year(stated, driver)
    assert discounted_cash_flow(stated).value_per_share == value
    assert back == inputs
    assert left == {}


def test_the_rows_of_the_grid_are_those_that_the_model_uses():
    inputs = a_dcf()
    result = discounted_cash_flow(inputs)

    assert years_of(inputs, GROWTH) == pytest.approx(list(result.growth))
    assert years_of(inputs, WACC) == pytest.approx(list(result.waccs))
    assert years_of(inputs, TAX) == pytest.approx(list(result.tax_rates))


def test_a_stated_start_of_the_wacc_takes_the_place_of_capm_and_clearing_it_brings_capm_back():
    inputs = a_dcf()

    stated, aside = with_fade(inputs, {}, WACC, {"start": 0.09})
    back, left = with_fade(stated, aside, WACC, {"start": None})

    assert stated.cost_of_capital is None
    assert years_of(stated, WACC) == [0.09] * 5
    assert back == inputs
    assert left == {}


def test_a_fade_that_runs_backwards_has_no_years():
    inputs = replace(a_dcf(), growth=Fade(start=0.08, from_year=5, to_year=2))

    assert years_of(inputs, GROWTH) is None


def test_a_driver_stated_by_year_without_a_fade_before_fades_from_its_first_year():
    row = np.linspace(0.1, 0.02, 5)

    back, _ = fade_again(replace(a_dcf(), growth=row), {}, GROWTH)

    assert back.growth == Fade(start=0.1)


def test_a_number_deep_in_the_inputs_is_replaced_alone():
    changed = put_at(a_dcf(), "cost_of_capital.target.debt", 0.3)

    assert changed.cost_of_capital.target.debt == 0.3
    assert changed.growth == a_dcf().growth
