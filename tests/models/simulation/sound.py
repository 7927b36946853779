"""Sound plans and distributions, so that a test states only what it is about."""

from dataclasses import replace

from hypothesis import strategies as st

from tests.models.sound import a_direct_dcf, rates
from valor_core.models.bridge import Bridge
from valor_core.models.simulation.distributions import (
    Beta,
    Bootstrap,
    Discrete,
    Lognormal,
    Normal,
    Pert,
    StudentT,
    Triangular,
    Truncated,
    Uniform,
)
from valor_core.models.simulation.plan import Driver, RankCorrelation, SimulationPlan


def a_plan(**changes) -> SimulationPlan:
    """Five drivers of a DCF, growth and margin moving together."""
    known = SimulationPlan(
        drivers=(
            Driver(path="growth.start", distribution=Normal(mean=0.06, sd=0.01)),
            Driver(path="margin.start", distribution=Pert(low=0.2, mode=0.26, high=0.3)),
            Driver(path="wacc.start", distribution=Normal(mean=0.085, sd=0.004)),
            Driver(path="terminal_growth", distribution=Uniform(low=0.02, high=0.035)),
            Driver(
                path="sales_to_capital.ratio.start",
                distribution=Lognormal(mu=0.18, sigma=0.1),
            ),
        ),
        correlations=(
            RankCorrelation(first="growth.start", second="margin.start", spearman=0.5),
            RankCorrelation(first="wacc.start", second="terminal_growth", spearman=-0.3),
        ),
        scenarios=4096,
        seed=7,
    )
    return replace(known, **changes)


def assets_alone(**distributions) -> tuple:
    """A company whose line `other_assets` is the sum of its drivers, and the drivers."""
    drivers = tuple(
        Driver(path=f"bridge.{name}", distribution=each) for name, each in distributions.items()
    )
    return a_direct_dcf(bridge=Bridge.of()), drivers


@st.composite
def ordered(draw, low=-100.0, high=100.0):
    """Low, mode and high."""
    first, width = draw(rates(low, high)), draw(rates(0.01, high))
    return {"low": first, "mode": first + draw(rates(0.0, 1.0)) * width, "high": first + width}


VALUES = st.lists(rates(-50.0, 50.0), min_size=1, max_size=8)


@st.composite
def discrete(draw):
    values = draw(VALUES)
    weights = draw(st.lists(rates(0.0, 5.0), min_size=len(values), max_size=len(values)))
    return Discrete(values=values, weights=[weights[0] + 0.1, *weights[1:]])


CONTINUOUS = st.one_of(
    st.builds(Normal, mean=rates(-10.0, 10.0), sd=rates(0.01, 5.0)),
    st.builds(Lognormal, mu=rates(-3.0, 3.0), sigma=rates(0.05, 1.5)),
    ordered().map(lambda ends: Uniform(low=ends["low"], high=ends["high"])),
    ordered().map(lambda ends: Triangular(**ends)),
    ordered().map(lambda ends: Pert(**ends)),
    st.builds(
        Beta,
        alpha=rates(0.3, 20.0),
        beta=rates(0.3, 20.0),
        low=rates(-2.0, 0.0),
        high=rates(0.5, 3.0),
    ),
    st.builds(StudentT, mean=rates(-5.0, 5.0), scale=rates(0.01, 3.0), degrees=rates(2.5, 60.0)),
)
STEPPED = st.one_of(discrete(), st.builds(Bootstrap, values=VALUES))


@st.composite
def truncated(draw):
    """A distribution between two of its own percentiles, either end perhaps open."""
    shape = draw(CONTINUOUS | STEPPED)
    low, high = draw(rates(0.01, 0.45)), draw(rates(0.55, 0.99))
    ends: dict[str, float | None] = {
        "at_least": float(shape.quantile(low)),
        "at_most": float(shape.quantile(high)),
    }
    for name in draw(st.sets(st.sampled_from(sorted(ends)), max_size=1)):
        del ends[name]
    return Truncated(of=shape, **ends)


DISTRIBUTIONS = CONTINUOUS | STEPPED | truncated()
