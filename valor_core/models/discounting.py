"""When cash flows arrive, and what one unit at that time is worth today."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from valor_core.models.fields import Unit, says
from valor_core.models.numbers import Numbers, Row, row_of, valid_where
from valor_core.models.refusals import StubOutOfRange, WaccTooLow


class Timing(StrEnum):
    """When in a year its cash arrives."""

    END_YEAR = "end_year"
    MID_YEAR = "mid_year"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountPeriods:
    """Years from the valuation date to each flow and to the terminal value by either method."""

    flows: Row = field(metadata=says("years until each flow arrives", Unit.YEARS))
    gordon: Numbers = field(
        metadata=says(
            "years until the Gordon terminal value: a year before the next flow", Unit.YEARS
        )
    )
    exit_multiple: Numbers = field(
        metadata=says("years until a sale at the exit multiple: the end", Unit.YEARS)
    )


def discount_periods(
    years: int, *, timing: Timing = Timing.END_YEAR, stub: Numbers | None = None
) -> DiscountPeriods:
    """Years to each of the flows, of which the first is only a stub where one is stated.

    A Gordon value stands a year before the flow that it continues with: where the last flow does,
    unless a stub is all there is. A multiple is paid at the end (Duff & Phelps in BVWire 204-1).

    >>> discount_periods(3, timing=Timing.MID_YEAR, stub=0.25).flows
    array([0.125, 0.75 , 1.75 ])
    """
    first = 1.0 if stub is None else _checked(stub)
    middle = timing is Timing.MID_YEAR
    flows = [first * 0.5 if middle else first]
    flows += [first + (year - 0.5 if middle else float(year)) for year in range(1, years)]
    end = first + float(years - 1)
    return DiscountPeriods(
        flows=row_of(flows), gordon=end - 0.5 if middle else end, exit_multiple=end
    )


def parts_of_years(years: int, stub: Numbers) -> list[Numbers]:
    """The part of each year's cash that is still to come where the first year is a stub.

    >>> parts_of_years(3, 0.25)
    [0.25, 1.0, 1.0]
    """
    return [stub, *[1.0] * (years - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountFactors:
    """What one unit is worth today: of each flow, and at the end of the last year."""

    flows: list[Numbers]
    gordon: Numbers  # of a terminal value that continues the flows
    end: Numbers


def discount_factors(
    wacc: list[Numbers], *, timing: Timing = Timing.END_YEAR, stub: Numbers | None = None
) -> DiscountFactors:
    """1 / Π(1 + WACCₜ), each year at its own rate; half a year is the root of its year.

    Rates that change are cumulated, never raised to the year's power (Damodaran).
    """
    lowest = np.min(row_of(wacc), axis=-1)
    # numpy's one, so that rates of absurd size end at infinity, which is refused, not at a crash.
    before = valid_where(lowest > -1.0, np.float64(1.0), WaccTooLow, wacc=lowest)
    flows, first = [], None if stub is None else _checked(stub)
    for rate in wacc:
        if first is None:
            half, whole = np.sqrt(1.0 + rate), 1.0 + rate
        else:
            half, whole = np.power(1.0 + rate, first * 0.5), np.power(1.0 + rate, first)
        end = before * whole
        flows.append(1.0 / (before * half if timing is Timing.MID_YEAR else end))
        before, first = end, None
    gordon, stub_alone = flows[-1], stub is not None and len(wacc) == 1
    if stub_alone and timing is Timing.MID_YEAR:
        gordon = np.sqrt(1.0 + wacc[-1]) / before  # half a year before the stub ends
    return DiscountFactors(flows=flows, gordon=gordon, end=1.0 / before)


def _checked(stub: Numbers) -> Numbers:
    """The stub, above 0 and at most 1."""
    stub = valid_where(stub > 0.0, stub, StubOutOfRange, stub=stub)
    return valid_where(stub <= 1.0, stub, StubOutOfRange, stub=stub)
