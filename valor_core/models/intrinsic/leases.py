"""Operating leases as what they are: debt, and an asset that is written off."""

from dataclasses import dataclass, field

import numpy as np

from valor_core.models.cost_of_capital import annuity
from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.intrinsic.refusals import (
    CommitmentNegative,
    CommitmentsUntold,
    LeaseYearsNotPositive,
)
from valor_core.models.numbers import Numbers, Row, row_of, valid_where
from valor_core.models.refusals import CostOfDebtTooLow


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseInputs:
    """Operating lease commitments as a filing before ASC 842 or IFRS 16 states them."""

    current_expense: Numbers = field(metadata=says("lease expense of the last year", Unit.MONEY))
    commitments: Row = field(metadata=says("commitments of the coming years", Unit.MONEY))
    beyond: Numbers = field(
        default=0.0, metadata=says("commitments after those, in one sum", Unit.MONEY)
    )
    years_beyond: Numbers | None = field(
        default=None,
        metadata=says("years over which they fall due; none: as the mean year tells", Unit.YEARS),
    )
    pretax_cost_of_debt: Numbers = field(metadata=says("yield of new debt before tax", Unit.RATE))
    ebit: Numbers = field(default=0.0, metadata=says("EBIT as reported", Unit.MONEY, label="EBIT"))
    debt: Numbers = field(default=0.0, metadata=says("debt as reported", Unit.MONEY))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseResult:
    """The debt in the leases and what it changes in the statements."""

    mean_commitment: Numbers = field(metadata=says("mean of the yearly commitments", Unit.MONEY))
    years_beyond: Numbers = field(
        metadata=says("years over which the later commitments fall due", Unit.YEARS)
    )
    pv_commitments: Row = field(
        metadata=says("their present value", Unit.MONEY, label="PV of commitments")
    )
    yearly_beyond: Numbers = field(metadata=says("later commitments a year", Unit.MONEY))
    pv_beyond: Numbers = field(metadata=says("their present value", Unit.MONEY))
    imputed_interest: Numbers = field(
        metadata=says("interest within the lease expense, at the cost of debt", Unit.MONEY)
    )
    depreciation: Numbers = field(metadata=says("of the leased asset, in a line", Unit.MONEY))
    ebit_adjustment: Numbers = field(
        metadata=says("what it adds to EBIT", Unit.MONEY, label="EBIT adjustment")
    )
    adjusted_ebit: Numbers = field(
        metadata=says("EBIT with leases as debt", Unit.MONEY, label="Adjusted EBIT")
    )
    adjusted_debt: Numbers = field(metadata=says("debt with leases", Unit.MONEY))
    lease_debt: Numbers = field(metadata=says("debt in the leases", Unit.MONEY))


@guarded
def converted_leases(inputs: LeaseInputs) -> LeaseResult:
    """Lease debt = PV of the commitments at the cost of debt; EBIT + expense − depreciation.

    What lies beyond the yearly commitments is spread over max(1, round(sum / mean year)) years
    (Damodaran).

    >>> level = LeaseInputs(current_expense=10.0, commitments=[10.0, 10.0], pretax_cost_of_debt=0.0)
    >>> print(converted_leases(level).lease_debt)
    20.0
    """
    rate, stated = inputs.pretax_cost_of_debt, inputs.commitments.shape[-1]
    mean, least = np.mean(inputs.commitments, axis=-1), np.min(inputs.commitments, axis=-1)
    least = np.minimum(least, inputs.beyond)
    rate = valid_where(least >= 0.0, rate, CommitmentNegative, commitment=least)
    growth = valid_where(rate > -1.0, 1.0 + rate, CostOfDebtTooLow, rate=rate)
    years = _years_beyond(inputs, mean)
    factor, present = 1.0, []
    for year in range(stated):
        factor = factor / growth
        present.append(inputs.commitments[..., year] * factor)
    pv_commitments = row_of(present)
    yearly = inputs.beyond / np.where(years > 0.0, years, 1.0)
    pv_beyond = yearly * annuity(rate, years) * factor
    debt = np.sum(pv_commitments, axis=-1) + pv_beyond
    depreciation = debt / (float(stated) + years)
    adjustment = inputs.current_expense - depreciation
    return LeaseResult(
        mean_commitment=mean,
        years_beyond=years,
        pv_commitments=pv_commitments,
        yearly_beyond=yearly,
        pv_beyond=pv_beyond,
        imputed_interest=debt * rate,
        depreciation=depreciation,
        ebit_adjustment=adjustment,
        adjusted_ebit=inputs.ebit + adjustment,
        adjusted_debt=inputs.debt + debt,
        lease_debt=debt,
    )


def _years_beyond(inputs: LeaseInputs, mean: Numbers) -> Numbers:
    """As stated, or how many mean years the later commitments make: rounded, at least one."""
    later = inputs.beyond > 0.0
    if inputs.years_beyond is not None:
        years = np.where(later, inputs.years_beyond, 1.0)
        years = valid_where(years > 0.0, years, LeaseYearsNotPositive, years=years)
        return np.where(later, years, 0.0)
    told = np.where(later, mean, 1.0)  # without later ones no mean is asked for
    told = valid_where(told > 0.0, told, CommitmentsUntold, commitment=told)
    return np.where(later, np.maximum(np.floor(inputs.beyond / told + 0.5), 1.0), 0.0)
