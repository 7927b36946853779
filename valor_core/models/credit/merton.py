"""Merton's model: equity as a call on the assets, default when they fall short of the debt."""

from dataclasses import dataclass, field
from math import pi, sqrt

import numpy as np

from valor_core.models.credit.refusals import DefaultUnsolved, positive
from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.normal import ndtr
from valor_core.models.numbers import Numbers, valid_where

PASSES = 12  # enough for an equity volatility × √T of up to 300 %
SOLVED = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class MertonInputs:
    """What the market says of the equity, and the debt. Rates are continuously compounded."""

    equity: Numbers = field(metadata=says("market value of the equity", Unit.MONEY))
    equity_volatility: Numbers = field(metadata=says("its volatility a year", Unit.RATE))
    debt: Numbers = field(metadata=says("face value of the debt", Unit.MONEY))
    risk_free: Numbers = field(metadata=says("risk-free rate", Unit.RATE))
    years: Numbers = field(default=1.0, metadata=says("years until the debt is due", Unit.YEARS))
    asset_drift: Numbers | None = field(
        default=None,
        metadata=says("growth expected of the assets; none: the risk-free rate", Unit.RATE),
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class MertonResult:
    """The assets behind the equity, and the odds that they fall short of the debt."""

    debt_without_risk: Numbers = field(metadata=says("face discounted at risk-free", Unit.MONEY))
    asset_value: Numbers = field(metadata=says("value of the assets", Unit.MONEY))
    asset_volatility: Numbers = field(metadata=says("their volatility a year", Unit.RATE))
    debt_value: Numbers = field(metadata=says("assets less equity", Unit.MONEY))
    expected_loss: Numbers = field(
        metadata=says("what risk takes from the debt, as a share", Unit.RATE)
    )
    credit_spread: Numbers = field(metadata=says("yield above risk-free", Unit.RATE))
    d1: Numbers = field(metadata=says("of Black and Scholes", Unit.RATIO, label="d1"))
    d2: Numbers = field(metadata=says("of Black and Scholes", Unit.RATIO, label="d2"))
    distance_to_default: Numbers = field(
        metadata=says("deviations from the debt, at the drift", Unit.RATIO)
    )
    default_probability: Numbers = field(
        metadata=says("probability of default at the drift", Unit.RATE)
    )


@guarded
def merton(inputs: MertonInputs) -> MertonResult:
    """Solve E = V·N(d₁) − D·e^(−rT)·N(d₂) and σ_E·E = N(d₁)·σ_V·V (Merton 1974; Hull).

    >>> hull = MertonInputs(equity=3.0, equity_volatility=0.8, debt=10.0, risk_free=0.05)
    >>> print(f"{merton(hull).asset_value:.2f} {merton(hull).default_probability:.3f}")
    12.40 0.127
    """
    equity = positive("Equity", inputs.equity)
    debt = positive("Debt", inputs.debt)
    years = positive("The time until the debt is due", inputs.years)
    risk = positive("Equity volatility", inputs.equity_volatility) * np.sqrt(years)

    safe = debt * np.exp(-inputs.risk_free * years)
    d2, deviation = _solved(equity / safe, risk)
    d1 = d2 + deviation
    assets = safe * np.exp(deviation * d2 + deviation * deviation / 2.0)
    owed = assets - equity
    drift = inputs.risk_free if inputs.asset_drift is None else inputs.asset_drift
    distance = d2 + (drift - inputs.risk_free) * years / deviation
    return MertonResult(
        debt_without_risk=safe,
        asset_value=assets,
        asset_volatility=deviation / np.sqrt(years),
        debt_value=owed,
        expected_loss=1.0 - owed / safe,
        credit_spread=-np.log(owed / safe) / years,
        d1=d1,
        d2=d2,
        distance_to_default=distance,
        default_probability=ndtr(-distance),
    )


def _solved(equity: Numbers, risk: Numbers) -> tuple[Numbers, Numbers]:
    """d₂ and s = σ_V·√T, equity being told in units of the debt without risk.

    The second equation gives s = risk·E / (E + N(d₂)), which leaves one equation in d₂: in
    logarithms s·d₂ + s²/2 + ln N(d₂ + s) − ln(E + N(d₂)) = 0, solved by Newton's method from
    V = E + D·e^(−rT).
    """
    start = risk * equity / (1.0 + equity)
    d2 = np.log(1.0 + equity) / start - start / 2.0
    for _ in range(PASSES):
        off, slope, _ = _balance(d2, equity, risk)
        d2 = d2 - off / slope
    off, _, deviation = _balance(d2, equity, risk)
    return valid_where(np.abs(off) <= SOLVED, d2, DefaultUnsolved, off=off), deviation


def _balance(d2: Numbers, equity: Numbers, risk: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """How far the equation is from 0, its slope in d₂, and s."""
    whole = equity + ndtr(d2)
    deviation = risk * equity / whole
    survives = ndtr(d2 + deviation)
    off = deviation * d2 + deviation * deviation / 2.0 + np.log(survives) - np.log(whole)
    bends = -deviation / whole * _density(d2)
    slope = (
        deviation
        + (d2 + deviation) * bends
        + _density(d2 + deviation) / survives * (1.0 + bends)
        - _density(d2) / whole
    )
    return off, slope, deviation


def _density(at: Numbers) -> Numbers:
    return np.exp(-at * at / 2.0) / sqrt(2.0 * pi)
