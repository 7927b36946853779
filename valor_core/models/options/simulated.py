"""A right by simulation, beside the methods that its value rests on."""

from valor_core.models.options.least_squares import (
    SimulatedOption,
    SimulatedValue,
    least_squares_monte_carlo,
)
from valor_core.models.options.real_option import RealOptionInputs, RealOptionKind, as_option

DATES, PATHS = 50, 20_000


def by_simulation(inputs: RealOptionInputs, *, seed: int = 0) -> SimulatedValue | None:
    """The right by least-squares Monte Carlo; none where it is used on its own dates alone.

    It may be used on fifty dates, not at any time: a little less than the lattice is due.
    """
    on_dates = inputs.kind in (RealOptionKind.STAGE, RealOptionKind.CHOOSE)
    if on_dates or not inputs.at_any_time:
        return None
    option = as_option(inputs)
    return least_squares_monte_carlo(
        SimulatedOption(option=option, dates=DATES, paths=PATHS, seed=seed)
    )
