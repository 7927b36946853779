"""What is known of an operation before any scenario: between which ends its numbers lie.

Where all drivers keep within known ends, a loss that cannot occur is not carried forward, and a
condition that always holds is not asked again. What remains is the same arithmetic.
"""

from collections.abc import Callable
from itertools import product
from math import inf, isfinite, sqrt
from typing import Any

import numpy as np

Ends = tuple[float, float]
UNKNOWN: Ends = (-inf, inf)
ROUNDING = 1e-12
"""Ends are moved outwards by this part, far more than the rounding of an operation."""

_CORNERS = {
    np.add: lambda a, b: a + b,
    np.subtract: lambda a, b: a - b,
    np.multiply: lambda a, b: a * b,
    np.divide: lambda a, b: a / b,
    np.minimum: min,
    np.maximum: max,
}
_ABOVE, _BELOW = {np.greater, np.greater_equal}, {np.less, np.less_equal}


def ends_of(operand: Any) -> Ends:
    """The ends of a number that varies, or the number itself twice."""
    return getattr(operand, "ends", None) or (float(operand), float(operand))


def ends_after(function: Callable[..., Any], operands: tuple[Any, ...]) -> Ends:
    """The ends of what an operation makes; those of the common ones lie at the operands' ends."""
    ends = [ends_of(operand) for operand in operands]
    if UNKNOWN in ends or not all(isfinite(end) for pair in ends for end in pair):
        return UNKNOWN
    if function is np.negative:
        return -ends[0][1], -ends[0][0]
    if function is np.sqrt and ends[0][0] >= 0.0:
        return _rounded([sqrt(end) for end in ends[0]])
    if function not in _CORNERS or (function is np.divide and ends[1][0] <= 0.0 <= ends[1][1]):
        return UNKNOWN
    return _rounded([_CORNERS[function](*corner) for corner in product(*ends)])


def _rounded(corners: list[float]) -> Ends:
    low, high = min(corners), max(corners)
    return low - ROUNDING * abs(low), high + ROUNDING * abs(high)


def decided(function: Callable[..., Any], operands: tuple[Any, ...]) -> Any:
    """The operand that an operation always comes to, or True; None where it varies.

    What never holds is left to be asked: then each scenario has its refusal.
    """
    if function is np.isfinite:
        return all(map(isfinite, ends_of(operands[0]))) or None
    if function in {np.bitwise_and, np.bitwise_or}:
        return _joined(*operands, by_or=function is np.bitwise_or)
    return _by_order(function, *operands) if len(operands) == 2 else None


def _by_order(function: Callable[..., Any], first: Any, second: Any) -> Any:
    """What an operation comes to where one operand is always above the other, or 0 is taken off."""
    (low, high), (least, most) = ends_of(first), ends_of(second)
    if function is np.subtract and least == most == 0.0:
        return first
    if low <= most and high >= least:
        return None
    greater, lesser = (first, second) if low > most else (second, first)
    if function in {np.maximum, np.minimum}:
        return greater if function is np.maximum else lesser
    return function in (_ABOVE if greater is first else _BELOW) or None


def _joined(first: Any, second: Any, *, by_or: bool) -> Any:
    """What a fixed truth value makes of another condition."""
    for one, other in ((first, second), (second, first)):
        if isinstance(one, bool):
            return one if one is by_or else other
    return None
