"""One real option by every method: each kind is the option that it is, and the methods agree."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.models.options.sound import a_real_option, rates
from valor_core.errors import ValorError
from valor_core.models.fields import leaves
from valor_core.models.options.barone_adesi_whaley import barone_adesi_whaley
from valor_core.models.options.chooser import ChooserOption, chooser_option
from valor_core.models.options.exchange import ExchangeOption, exchange_option
from valor_core.models.options.real_option import (
    GivingUp,
    NextStage,
    OtherUse,
    RealOptionInputs,
    RealOptionKind,
    real_option,
)
from valor_core.models.options.refusals import (
    DetailMissing,
    ShareNotPositive,
    StrikeNotPositive,
)
from valor_core.models.options.terms import Option, OptionType
from valor_core.models.sensitivity import grid, replace_at

DETAILS = {
    "other_use": OtherUse(value=90.0, volatility=0.2, cash_yield=0.03, correlation=0.4),
    "next_stage": NextStage(outlay=80.0, years=5.0),
    "giving_up": GivingUp(salvage=90.0, years=4.0),
}
AS_OPTIONS = {
    RealOptionKind.DEFER: (OptionType.CALL, 100.0),
    RealOptionKind.EXPAND: (OptionType.CALL, 40.0),
    RealOptionKind.CONTRACT: (OptionType.PUT, 40.0),
    RealOptionKind.ABANDON: (OptionType.PUT, 100.0),
}


@st.composite
def real_options(draw):
    years = draw(rates(0.1, 5.0))
    return RealOptionInputs(
        kind=draw(st.sampled_from(RealOptionKind)),
        project_value=draw(rates(20.0, 300.0)),
        volatility=draw(rates(0.15, 0.7)),
        cash_yield=draw(rates(0.0, 0.12)),
        rate=draw(rates(0.0, 0.12)),
        years=years,
        amount=draw(rates(10.0, 300.0)),
        share=draw(rates(0.1, 2.0)),
        at_any_time=draw(st.booleans()),
        other_use=OtherUse(
            value=draw(rates(20.0, 300.0)),
            volatility=draw(rates(0.15, 0.7)),
            cash_yield=draw(rates(0.0, 0.12)),
            correlation=draw(rates(-0.9, 0.9)),
        ),
        next_stage=NextStage(outlay=draw(rates(5.0, 200.0)), years=years + 1.0),
        giving_up=GivingUp(salvage=draw(rates(10.0, 300.0)), years=years + 1.0),
        steps=60,
    )


@pytest.mark.parametrize("kind", AS_OPTIONS)
def test_each_kind_is_an_option_on_its_part_of_the_project(kind):
    option_type, spot = AS_OPTIONS[kind]
    inputs = a_real_option(kind=kind, share=0.4, amount=0.9 * spot)
    option = Option(
        type=option_type,
        spot=spot,
        strike=0.9 * spot,
        rate=0.05,
        dividend_yield=0.04,
        volatility=0.3,
        maturity=3.0,
    )

    found = real_option(inputs)

    quadratic = barone_adesi_whaley(option)
    assert quadratic.critical_price is not None
    assert found.methods.barone_adesi_whaley == pytest.approx(quadratic.value, rel=1e-12)
    assert found.methods.closed_form == pytest.approx(quadratic.european_value, rel=1e-12)
    assert found.trigger == pytest.approx(quadratic.critical_price * 100.0 / spot, rel=1e-9)


def test_what_must_be_built_is_committed_at_its_npv_and_what_runs_at_its_value():
    for kind, committed in (
        (RealOptionKind.DEFER, 10.0),
        (RealOptionKind.ABANDON, 100.0),
        (RealOptionKind.SWITCH, 100.0),
        (RealOptionKind.CHOOSE, 100.0),
        (
            RealOptionKind.STAGE,
            100.0 * np.exp(-0.2) - 80.0 * np.exp(-0.25) - 90.0 * np.exp(-0.15),
        ),
    ):
        found = real_option(a_real_option(kind=kind, amount=90.0, **DETAILS))

        assert found.value_without_flexibility == pytest.approx(committed), kind
        added = found.value_with_flexibility - found.value_without_flexibility
        assert found.option_value == pytest.approx(added)


def test_a_switch_on_one_date_is_margrabes_exchange():
    found = real_option(a_real_option(kind=RealOptionKind.SWITCH, at_any_time=False, **DETAILS))

    margrabe = exchange_option(
        ExchangeOption(
            received=90.0,
            given=100.0,
            yield_received=0.03,
            yield_given=0.04,
            volatility_received=0.2,
            volatility_given=0.3,
            correlation=0.4,
            maturity=3.0,
        )
    )
    assert found.option_value == pytest.approx(margrabe.value)


def test_a_choice_is_a_chooser_on_the_part():
    found = real_option(
        a_real_option(kind=RealOptionKind.CHOOSE, share=0.8, amount=85.0, **DETAILS)
    )

    chooser = chooser_option(
        ChooserOption(
            spot=80.0,
            rate=0.05,
            dividend_yield=0.04,
            volatility=0.3,
            decision=3.0,
            call_strike=85.0,
            call_maturity=4.0,
            put_strike=90.0,
            put_maturity=4.0,
        )
    )
    assert found.option_value == pytest.approx(chooser.value)
    assert found.trigger == pytest.approx(chooser.critical_price / 0.8)


@given(real_options())
def test_the_methods_stand_in_their_order(inputs):
    found = real_option(replace(inputs, at_any_time=True, steps=200))
    methods, scale = found.methods, inputs.project_value * 2.0 + inputs.amount

    if methods.lattice_bbsr is None:
        return
    near = 5e-3 * scale
    assert methods.closed_form <= methods.lattice_bbsr + near
    assert methods.bjerksund_stensland_1993 <= methods.lattice_bbsr + near
    assert methods.bjerksund_stensland_2002 <= methods.lattice_bbsr + near
    assert methods.lattice_crr == pytest.approx(methods.lattice_bbsr, abs=near)
    if methods.perpetual is not None:
        assert methods.lattice_bbsr <= methods.perpetual + near


@given(real_options(), st.floats(1.01, 1.5))
def test_an_option_is_worth_more_the_less_is_certain(inputs, factor):
    wider = replace(inputs, volatility=inputs.volatility * factor)
    if inputs.kind is RealOptionKind.SWITCH:  # there it is the ratio that must be less certain
        correlation = min(inputs.other_use.correlation, 0.0)
        inputs, wider = (
            replace_at(each, "other_use.correlation", correlation) for each in (inputs, wider)
        )

    less, more = real_option(inputs).option_value, real_option(wider).option_value

    assert more >= less - 2e-3 * (inputs.project_value + inputs.amount)


def test_where_nothing_is_lost_by_waiting_there_is_no_trigger_before_the_end():
    found = real_option(a_real_option(cash_yield=0.0))

    assert found.trigger is None
    assert found.perpetual_trigger is None
    assert found.methods.perpetual is None
    assert found.option_value == pytest.approx(found.methods.closed_form, abs=0.01)


def test_a_volatility_too_low_for_an_approximation_leaves_the_others():
    found = real_option(a_real_option(volatility=0.02, cash_yield=0.01, rate=0.03, steps=1_000))

    assert found.methods.bjerksund_stensland_1993 is not None
    low = real_option(a_real_option(volatility=0.00027, cash_yield=0.03, rate=0.033, steps=2_000))
    assert low.methods.bjerksund_stensland_1993 is None
    assert low.methods.lattice_bbsr is not None


def test_a_grid_is_one_run_and_each_cell_is_its_own_option():
    inputs = a_real_option()
    values, volatilities = [80.0, 100.0, 120.0], [0.2, 0.3]

    found = grid(
        inputs,
        ("project_value", values),
        ("volatility", volatilities),
        field="value_with_flexibility",
    )

    for i, value in enumerate(values):
        for j, volatility in enumerate(volatilities):
            cell = real_option(a_real_option(project_value=value, volatility=volatility))
            assert found.values[i, j] == pytest.approx(cell.value_with_flexibility, rel=1e-12)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"kind": RealOptionKind.SWITCH}, DetailMissing, "other_use"),
        ({"kind": RealOptionKind.STAGE}, DetailMissing, "next_stage"),
        ({"kind": RealOptionKind.CHOOSE}, DetailMissing, "giving_up"),
        ({"kind": RealOptionKind.EXPAND, "share": -1.0}, ShareNotPositive, "-100"),
        ({"amount": 0.0}, StrikeNotPositive, "0 is not positive"),
    ],
)
def test_what_is_no_right_is_refused_with_what_is_missing(changes, error, words):
    with pytest.raises(error, match=words) as refusal:
        real_option(a_real_option(**changes))

    assert refusal.value.hint


EXTREMES = [0.0, -0.0, 1.0, -1.0, 5e-324, -5e-324, 1e-300, 1e100, -1e100, 1e308, 1e-12, 100.0]


@settings(max_examples=150)
@given(inputs=real_options(), data=st.data())
def test_a_real_option_is_finite_or_refused(inputs, data):
    paths = data.draw(st.sets(st.sampled_from(sorted(leaves(inputs))), max_size=3))
    for path in paths:
        inputs = replace_at(inputs, path, data.draw(st.sampled_from(EXTREMES)))
    try:
        result = real_option(inputs)
    except ValorError as refusal:
        event(refusal.code)
        return
    assert all(np.isfinite(value).all() for value in leaves(result).values())
