"""The bivariate normal distribution, by Owen's T: exact to the last digits at any correlation."""

from math import pi

import numpy as np
import scipy

from valor_core.models.normal import ndtr
from valor_core.models.numbers import Numbers
from valor_core.models.options.black_scholes import CERTAIN
from valor_core.models.recorder import whole


def bivariate_normal(h: Numbers, k: Numbers, correlation: Numbers) -> Numbers:
    """The probability that two correlated normal numbers stay below h and k.

    >>> print(f"{bivariate_normal(0.0, 0.0, 0.5):.6f}")  # a quarter and asin(½) / 2π
    0.333333
    """
    return whole(joint_normal, h, k, correlation)


def joint_normal(h: Numbers, k: Numbers, correlation: Numbers) -> Numbers:
    """The same of plain numbers."""
    with np.errstate(all="ignore"):
        # + 0.0 makes 0 of −0, on whose side of the axis all would turn around
        h, k = (np.clip(each, -CERTAIN, CERTAIN) + 0.0 for each in (h, k))
        rest = np.sqrt((1.0 - correlation) * (1.0 + correlation))
        same_side = (h >= 0.0) == (k >= 0.0)
        of_h, of_k = (k - correlation * h) / (h * rest), (h - correlation * k) / (k * rest)
        owens = scipy.special.owens_t(h, of_h) + scipy.special.owens_t(k, of_k)
        inside = 0.5 * (ndtr(h) + ndtr(k)) - owens
        inside = np.where(same_side, inside, inside - 0.5)
        centre = 0.25 + np.arcsin(correlation) / (2.0 * pi)
        joint = np.where((h == 0.0) & (k == 0.0), centre, inside)
        together, opposed = ndtr(np.minimum(h, k)), np.maximum(ndtr(h) - ndtr(-k), 0.0)
        joint = np.where(correlation >= 1.0, together, joint)
        return np.clip(np.where(correlation <= -1.0, opposed, joint), 0.0, 1.0)
