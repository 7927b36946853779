"""What is stated for a simulation becomes the distributions that it says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis.strategies import floats, sampled_from

from app.ui.simulation_plan import PATHS, Kind, Spread
from valor_core.models.simulation.distributions import Truncated
from valor_core.models.simulation.refusals import ParameterOutOfRange

VARYING = [kind for kind in Kind if kind is not Kind.FIXED]
EVENLY = (np.arange(200_000) + 0.5) / 200_000


@given(kind=sampled_from(VARYING), base=floats(0.5, 2.0), sd=floats(0.01, 0.1))
def test_each_kind_has_the_stated_mean_and_deviation(kind, base, sd):
    values = np.asarray(Spread(kind=kind, sd=sd).distribution(base).quantile(EVENLY))

    assert values.mean() == pytest.approx(base, rel=1e-3)
    assert values.std() == pytest.approx(sd, rel=5e-3)


@given(kind=sampled_from([Kind.NORMAL, Kind.LOGNORMAL]), base=floats(0.5, 2.0))
def test_ends_cut_a_normal_off(kind, base):
    cut = Spread(kind=kind, sd=0.2, low=base - 0.1, high=base + 0.1).distribution(base)

    assert isinstance(cut, Truncated)
    assert cut.quantile(0.0) == pytest.approx(base - 0.1)
    assert cut.quantile(1.0) == pytest.approx(base + 0.1)


def test_a_stated_centre_takes_the_place_of_the_base_case():
    assert Spread(kind=Kind.NORMAL, sd=0.1, centre=3.0).distribution(1.0).expected() == 3.0


def test_a_lognormal_around_nothing_is_refused():
    with pytest.raises(ParameterOutOfRange, match="lognormal"):
        Spread(kind=Kind.LOGNORMAL, sd=0.1).distribution(0.0)


def test_paths_are_bounded():
    assert max(PATHS) <= 2**18
