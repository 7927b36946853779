"""A root of many functions at once: Newton's step while it closes in, else the middle."""

from collections.abc import Callable
from typing import Any

import numpy as np

MOST_STEPS = 200
NEAR = 1e-14
"""Beside one, or beside the size of the root."""


def rising_root(function: Callable[[Any], tuple[Any, Any]], low: Any, high: Any) -> Any:
    """Where a rising function crosses zero between two numbers; beyond them, the nearer one.

    The function gives its value and its slope. Each element stops where it has arrived, so it ends
    in the same place alone and among others.

    >>> print(f"{rising_root(lambda x: (x**2 - 2.0, 2.0 * x), 0.0, 2.0):.6f}")
    1.414214
    """
    low, high = np.broadcast_arrays(low, high)
    x, last, arrived = 0.5 * (low + high), high - low, np.zeros(np.shape(low), dtype=bool)
    for _ in range(MOST_STEPS):
        value, slope = function(x)
        low, high = np.where(value < 0.0, x, low), np.where(value < 0.0, high, x)
        newton, middle = x - value / slope, 0.5 * (low + high)
        quick = (newton > low) & (newton < high) & (2.0 * np.abs(newton - x) < last)
        after = np.where(arrived | (value == 0.0), x, np.where(quick, newton, middle))
        last = np.abs(after - x)
        arrived = arrived | (last <= NEAR * np.maximum(1.0, np.abs(x)))
        x = after
        if np.all(arrived):
            break
    return x + 0.0
