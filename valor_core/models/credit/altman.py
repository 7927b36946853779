"""Altman's Z: distress by five ratios of a balance sheet, in its three forms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from valor_core.models.fields import Unit, says
from valor_core.models.numbers import Numbers


class ZForm(StrEnum):
    """Whom the score was fitted to."""

    Z = "z"  # listed manufacturers, 1968
    Z_PRIME = "z_prime"  # private firms, 1983: equity at book value
    Z_DOUBLE_PRIME = "z_double_prime"  # firms outside manufacturing, 1995: no sales


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weights:
    weights: tuple[float, float, float, float, float]
    distress: float  # below
    safe: float  # above


FORMS: Mapping[ZForm, _Weights] = {
    ZForm.Z: _Weights(weights=(1.2, 1.4, 3.3, 0.6, 0.999), distress=1.81, safe=2.99),
    ZForm.Z_PRIME: _Weights(weights=(0.717, 0.847, 3.107, 0.420, 0.998), distress=1.23, safe=2.90),
    ZForm.Z_DOUBLE_PRIME: _Weights(weights=(6.56, 3.26, 6.72, 1.05, 0.0), distress=1.10, safe=2.60),
}
"""Altman (1968), (1983) and Altman, Hartzell, Peck (1995)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AltmanScore:
    """A Z-score with its terms."""

    working_capital: Numbers = field(metadata=says("weight × working capital / assets", Unit.RATIO))
    retained_earnings: Numbers = field(
        metadata=says("weight × retained earnings / assets", Unit.RATIO)
    )
    ebit: Numbers = field(metadata=says("weight × EBIT / assets", Unit.RATIO, label="EBIT"))
    equity: Numbers = field(metadata=says("weight × equity / liabilities", Unit.RATIO))
    sales: Numbers = field(metadata=says("weight × sales / assets", Unit.RATIO))
    constant: Numbers = field(metadata=says("3.25 in the emerging-market form", Unit.RATIO))
    score: Numbers = field(metadata=says("sum of the terms", Unit.RATIO))
    zone: Numbers = field(metadata=says("1 safe, 0 grey, −1 distress", Unit.RATIO))


def altman(
    form: ZForm,
    *,
    wc_ta: Numbers,
    re_ta: Numbers,
    ebit_ta: Numbers,
    equity_tl: Numbers,
    sales_ta: Numbers = 0.0,
    k5: Numbers = 0.999,
    constant: Numbers = 0.0,
) -> AltmanScore:
    """The score of five ratios; k5 is the weight of sales in Z, printed as 0.999 and as 1.0.

    >>> z = altman(
    ...     ZForm.Z, wc_ta=0.34, re_ta=0.15, ebit_ta=0.0, equity_tl=0.8, sales_ta=1.6, k5=1.0
    ... )
    >>> print(f"{z.score:.3f} {z.zone:.0f}")
    2.698 0
    """
    stated = FORMS[form]
    k1, k2, k3, k4, printed = stated.weights
    terms = (
        k1 * wc_ta,
        k2 * re_ta,
        k3 * ebit_ta,
        k4 * equity_tl,
        (k5 if form is ZForm.Z else printed) * sales_ta,
    )
    score = sum(terms) + constant
    safe = np.where(score > stated.safe + constant, 1.0, 0.0)
    return AltmanScore(
        working_capital=terms[0],
        retained_earnings=terms[1],
        ebit=terms[2],
        equity=terms[3],
        sales=terms[4],
        constant=constant,
        score=score,
        zone=np.where(score < stated.distress + constant, -1.0, safe),
    )
