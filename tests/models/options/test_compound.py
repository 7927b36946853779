"""Options on options and choosers, against parity and against an integral over the first date."""

from dataclasses import replace

import numpy as np
import pytest
import QuantLib
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

from tests.models.options.sound import an_option, options
from valor_core.models.options.bivariate import bivariate_normal
from valor_core.models.options.black_scholes import european_option
from valor_core.models.options.chooser import ChooserOption, chooser_option
from valor_core.models.options.compound import CompoundOption, compound_option
from valor_core.models.options.refusals import DecisionAfterExpiry, StrikeNegative
from valor_core.models.options.terms import OptionType

POINTS, WEIGHTS = np.polynomial.legendre.leggauss(400)


def expected(option, decision, worth):
    """The discounted mean of what is worth something on the decision date."""
    z, weights = 9.0 * POINTS, 9.0 * WEIGHTS
    drift = option.rate - option.dividend_yield - 0.5 * option.volatility**2
    spots = option.spot * np.exp(drift * decision + option.volatility * np.sqrt(decision) * z)
    density = np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi)
    after = replace(option, spot=spots, maturity=option.maturity - decision)
    return np.exp(-option.rate * decision) * (weights * density * worth(after)).sum()


@given(h=st.floats(-6, 6), k=st.floats(-6, 6), correlation=st.floats(-1, 1))
def test_the_bivariate_normal_is_a_distribution_and_equals_quantlib(h, k, correlation):
    joint = bivariate_normal(h, k, correlation)

    assert joint == pytest.approx(bivariate_normal(k, h, correlation), abs=1e-14)
    assert joint + bivariate_normal(h, -k, -correlation) == pytest.approx(ndtr(h), abs=1e-14)
    if abs(correlation) < 0.999999:
        theirs = QuantLib.BivariateCumulativeNormalDistributionWe04DP(correlation)(h, k)
        assert joint == pytest.approx(theirs, abs=2e-14)


@pytest.mark.parametrize(
    ("h", "k", "correlation", "joint"),
    [
        (0.0, 0.0, 0.5, 1.0 / 3.0),
        (0.0, 1.0, 0.0, 0.5 * ndtr(1.0)),
        (1.0, 1.0, 1.0, ndtr(1.0)),
        (1.0, -1.0, -1.0, 0.0),
        (-1e9, 1.0, 0.3, 0.0),
        (1e9, 1.0, 0.3, ndtr(1.0)),
    ],
)
def test_the_bivariate_normal_at_its_edges(h, k, correlation, joint):
    assert bivariate_normal(h, k, correlation) == pytest.approx(joint, abs=1e-15)


@given(option=options(), first=st.floats(0.0, 60.0), part=st.floats(0.0, 1.0))
def test_the_right_to_buy_less_the_right_to_sell_an_option_is_the_option_less_its_price(
    option, first, part
):
    compound = CompoundOption(
        first_strike=first, decision=part * option.maturity, underlying=option
    )

    bought = compound_option(compound)
    sold = compound_option(replace(compound, type=OptionType.PUT))

    paid = first * np.exp(-option.rate * compound.decision)
    held = european_option(option).value
    assert bought.value - sold.value == pytest.approx(held - paid, abs=1e-8)
    assert bought.value <= held + 1e-8


@given(
    option=options(least_volatility=0.15),
    mother=st.sampled_from(OptionType),
    first=st.floats(0.5, 60.0),
    part=st.floats(0.1, 0.9),
)
def test_a_compound_option_is_the_mean_of_what_its_first_date_brings(option, mother, first, part):
    decision = part * option.maturity
    compound = CompoundOption(type=mother, first_strike=first, decision=decision, underlying=option)

    mean = expected(
        option,
        decision,
        lambda after: np.maximum(mother.sign * (european_option(after).value - first), 0.0),
    )
    assert compound_option(compound).value == pytest.approx(mean, abs=0.02)


def test_compound_options_at_their_edges():
    option = an_option(type=OptionType.CALL)
    held = european_option(option).value

    free = CompoundOption(first_strike=0.0, decision=0.5, underlying=option)
    today = CompoundOption(first_strike=5.0, decision=0.0, underlying=option)
    at_the_end = CompoundOption(first_strike=5.0, decision=1.0, underlying=option)
    out_of_reach = CompoundOption(
        type=OptionType.PUT, first_strike=150.0, decision=0.5, underlying=an_option()
    )

    assert compound_option(free).value == pytest.approx(held, abs=1e-10)
    assert compound_option(today).value == pytest.approx(held - 5.0, abs=1e-10)
    both = european_option(replace(option, strike=105.0)).value
    assert compound_option(at_the_end).value == pytest.approx(both, abs=1e-8)
    certain = 150.0 * np.exp(-0.05 * 0.5) - european_option(an_option()).value
    assert compound_option(out_of_reach).value == pytest.approx(certain, abs=1e-10)


def test_a_compound_option_on_what_does_not_move_is_certain():
    option = an_option(type=OptionType.CALL, volatility=0.0, rate=0.10, dividend_yield=0.0)

    value = compound_option(CompoundOption(first_strike=5.0, decision=0.5, underlying=option)).value

    certain = 100.0 - 100.0 * np.exp(-0.10) - 5.0 * np.exp(-0.05)
    assert value == pytest.approx(certain, abs=1e-9)


def a_chooser(**changes) -> ChooserOption:
    known = ChooserOption(
        spot=50.0,
        rate=0.10,
        dividend_yield=0.05,
        volatility=0.35,
        decision=0.25,
        call_strike=55.0,
        call_maturity=0.5,
        put_strike=48.0,
        put_maturity=0.5833,
    )
    return replace(known, **changes)


@given(
    call_strike=st.floats(30.0, 80.0),
    put_strike=st.floats(30.0, 80.0),
    decision=st.floats(0.05, 0.5),
    volatility=st.floats(0.15, 0.6),
)
def test_a_chooser_is_the_mean_of_the_better_option_on_the_date_of_choice(
    call_strike, put_strike, decision, volatility
):
    chooser = a_chooser(
        call_strike=call_strike, put_strike=put_strike, decision=decision, volatility=volatility
    )
    call, put = chooser.option(OptionType.CALL), chooser.option(OptionType.PUT)

    def better(after):
        other = replace(put, spot=after.spot, maturity=put.maturity - decision)
        return np.maximum(european_option(after).value, european_option(other).value)

    found = chooser_option(chooser)
    assert found.value == pytest.approx(expected(call, decision, better), abs=5e-3)
    assert max(found.call_value, found.put_value) - 1e-9 <= found.value
    assert found.value <= found.call_value + found.put_value + 1e-9


@given(decision=st.floats(0.0, 0.5), strike=st.floats(30.0, 80.0))
def test_with_one_strike_and_one_end_a_chooser_is_a_call_and_a_part_of_a_put(decision, strike):
    """Rubinstein's simple chooser in its own formula."""
    chooser = a_chooser(decision=decision, call_strike=strike, put_strike=strike, put_maturity=0.5)
    call = chooser.option(OptionType.CALL)
    years, carry = 0.5, 0.10 - 0.05
    part = replace(
        call,
        type=OptionType.PUT,
        spot=50.0 * np.exp(-0.05 * (years - decision)),
        strike=strike * np.exp(-0.10 * (years - decision)),
        maturity=decision,
    )

    assert carry > 0.0
    expected_value = european_option(call).value + european_option(part).value
    assert chooser_option(chooser).value == pytest.approx(expected_value, abs=1e-9)


def test_decisions_after_the_end_are_refused_with_both_times():
    with pytest.raises(DecisionAfterExpiry, match=r"2 years comes later than the expiry after 1"):
        compound_option(CompoundOption(first_strike=5.0, decision=2.0, underlying=an_option()))
    with pytest.raises(DecisionAfterExpiry):
        chooser_option(a_chooser(decision=0.55))
    with pytest.raises(StrikeNegative, match="-5"):
        compound_option(CompoundOption(first_strike=-5.0, decision=0.5, underlying=an_option()))
