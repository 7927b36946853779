"""One number of several, scenario by scenario."""

from collections.abc import Iterable
from functools import reduce
from operator import add

import numpy as np

from valor_core.models.numbers import Numbers


def highest(numbers: Iterable[Numbers]) -> Numbers:
    """The highest of them."""
    return reduce(np.maximum, numbers)


def lowest(numbers: Iterable[Numbers]) -> Numbers:
    """The lowest of them."""
    return reduce(np.minimum, numbers)


def total(numbers: Iterable[Numbers]) -> Numbers:
    """All of them together; of none 0."""
    every = list(numbers)
    return reduce(add, every) if every else 0.0
