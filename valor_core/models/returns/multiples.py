"""Multiples of money: what came back, and could come back, for each unit paid in."""

from dataclasses import dataclass

import numpy as np

from valor_core.models.numbers import Numbers, Row, only_where, valid_where, yearly
from valor_core.models.returns.refusals import IndexNotPositive


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiples:
    """Multiples of the money paid in; None, or nan in a batch, where nothing was paid in."""

    paid_in: Numbers
    paid_out: Numbers
    dpi: Numbers | None  # distributed to paid-in
    rvpi: Numbers | None  # residual value to paid-in
    tvpi: Numbers | None  # both: the multiple of invested capital (MOIC)


def multiples_of(flows: Row, residual_value: Numbers = 0.0) -> Multiples:
    """The multiples of flows, paid in negative and received positive, and of what is still held.

    >>> fund = multiples_of(np.array([-100.0, -50.0, 90.0]), residual_value=120.0)
    >>> print(fund.dpi, fund.rvpi, fund.tvpi)
    0.6 0.8 1.4
    """
    paid_in = np.sum(np.maximum(-flows, 0.0), axis=-1)
    paid_out = np.sum(np.maximum(flows, 0.0), axis=-1)
    invested = paid_in > 0.0
    over = np.where(invested, paid_in, 1.0)
    return Multiples(
        paid_in=paid_in,
        paid_out=paid_out,
        dpi=only_where(invested, paid_out / over),
        rvpi=only_where(invested, residual_value / over),
        tvpi=only_where(invested, (paid_out + residual_value) / over),
    )


def public_market_equivalent(
    flows: Row, index: Row, *, last_index: Numbers, residual_value: Numbers = 0.0
) -> Numbers | None:
    """Distributions over contributions, each grown with the market to the last day.

    Above 1 the investment beat the market (Kaplan and Schoar, 2005).
    """
    least = np.min(index, axis=-1)
    positive = np.minimum(least, last_index) > 0.0
    last_index = valid_where(positive, last_index, IndexNotPositive, least=least)
    growth = yearly(last_index) / index
    received = np.sum(np.maximum(flows, 0.0) * growth, axis=-1) + residual_value
    paid = np.sum(np.maximum(-flows, 0.0) * growth, axis=-1)
    return only_where(paid > 0.0, received / np.where(paid > 0.0, paid, 1.0))
