"""Relative valuations as textbooks print them: peers' multiples, or multiples applied."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from valor_core.models.bridge import Bridge, bridged
from valor_core.models.comparables.refusals import CompanyNotCovered
from valor_core.models.comparables.statistics import spread_of
from valor_core.models.dilution import Shares, value_per_share
from valor_core.models.fields import Unit, says, settle
from valor_core.models.numbers import Numbers, Row
from valor_core.models.published.method import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiplesCase:
    """The multiples of peers, or those to apply, and a company's metric; what is not named is 0."""

    multiples: Row = field(metadata=says("multiples of the peers", Unit.RATIO))
    metric: Numbers = field(metadata=says("what they multiply, such as EBITDA", Unit.MONEY))
    of_equity: bool = field(
        default=False, metadata=says("multiples of equity, such as P/E, not of the enterprise")
    )
    debt: Numbers = field(default=0.0, metadata=says("debt", Unit.MONEY))
    net_debt: Numbers = field(default=0.0, metadata=says("debt less cash", Unit.MONEY))
    preferred: Numbers = field(default=0.0, metadata=says("preferred stock", Unit.MONEY))
    minority: Numbers = field(default=0.0, metadata=says("minority interests", Unit.MONEY))
    cash: Numbers = field(default=0.0, metadata=says("cash", Unit.MONEY))
    shares: Numbers = field(default=1.0, metadata=says("diluted shares", Unit.SHARES))

    def __post_init__(self) -> None:
        settle(self)


def multiples(case: MultiplesCase) -> dict[str, Any]:
    """How the multiples lie, and what each and their median make of the company."""
    if case.metric <= 0.0:
        raise CompanyNotCovered("metric")
    known = np.where(case.multiples > 0.0, case.multiples, np.nan)
    if np.isnan(known).all():
        raise CompanyNotCovered("peer with a multiple")
    spread = spread_of(known, len(known))
    of_each, of_median = (_implied(case, each) for each in (case.multiples, spread.median))
    return {
        "median": spread.median,
        "mean": spread.average,
        "harmonic_mean": spread.harmonic_mean,
        "low": spread.lowest,
        "high": spread.highest,
        "lower_quartile": spread.lower_quartile,
        "upper_quartile": spread.upper_quartile,
        "used": spread.used,
        "enterprise_values": of_each[0],
        "equity_values": of_each[1],
        "values_per_share": of_each[2],
        "enterprise_value": of_median[0],
        "equity_value": of_median[1],
        "value_per_share": of_median[2],
    }


def _implied(case: MultiplesCase, multiple: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Enterprise value, equity value and value per share at a multiple."""
    claims = Bridge.of(
        debt=case.debt + case.net_debt,
        preferred=case.preferred,
        minority_interests=case.minority,
        cash=case.cash,
    )
    value = multiple * case.metric
    between = bridged(0.0, claims).equity_value
    enterprise, equity = (value - between, value) if case.of_equity else (value, value + between)
    return enterprise, equity, value_per_share(equity, Shares(basic=case.shares))


METHODS = {
    "comparable_multiples": Method(inputs=MultiplesCase, compute=multiples, main="value_per_share"),
}
