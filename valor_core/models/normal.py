"""The standard normal distribution, brought when it is first asked: scipy.special slows a start."""

import scipy

from valor_core.models.numbers import Numbers


def ndtr(z: Numbers) -> Numbers:
    """The probability that a standard normal number is at most z, as a fraction.

    >>> f"{ndtr(1.96):.4f}"
    '0.9750'
    """
    return scipy.special.ndtr(z)
