"""The one rate at which later receipts are worth what was paid for them."""

import numpy as np

from valor_core.models.numbers import Numbers, Row
from valor_core.models.recorder import whole

MOST_STEPS = 200


def sole_rate_of(flows: Row) -> Numbers:
    """The rate of flows that are paid first and received after: there is exactly one.

    >>> print(f"{sole_rate_of(np.array([-100.0, 60.0, 60.0])):.6f}")
    0.130662
    """
    return whole(sole_rate, flows)


def sole_rate(flows: Row) -> Numbers:
    """Newton's method in v = 1/(1 + rate) on Σ flowₜ·vᵗ, which is convex and rises in v > 0.

    From its right it therefore converges for all flows; without receipts all is lost: −100 %.
    """
    paid, received = -flows[..., 0], flows[..., 1:]
    total = received.sum(axis=-1)
    lost = total <= 0.0
    safe = np.where(lost, 1.0, total)
    # At v = max(1, paid/total) the receipts are worth at least the payment.
    v = np.maximum(1.0, np.where(lost, 1.0, paid / safe))
    for _ in range(MOST_STEPS):
        worth, slope = np.zeros_like(v), np.zeros_like(v)
        for flow in np.moveaxis(received, -1, 0)[::-1]:  # Horner
            slope = slope * v + worth
            worth = worth * v + flow
        slope = worth + slope * v
        step = np.where(lost, 0.0, (worth * v - paid) / np.where(lost, 1.0, slope))
        v = v - step
        if not (np.abs(step) > 1e-15 * v).any():
            break
    return np.where(lost, -1.0, 1.0 / v - 1.0)[()]
