"""Costs of borrowing released by effective interest (IFRS 9; ASC 835-30)."""

from dataclasses import dataclass, field

import numpy as np

from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.lbo.refusals import CostsExceedFace, ReleaseOutOfRange
from valor_core.models.lbo.sole_rate import sole_rate_of
from valor_core.models.lbo.sound import where_sound
from valor_core.models.numbers import Numbers, Row, row_of, valid_where
from valor_core.models.paths import Path, constant, over_years

MOST_YEARS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveInterestInputs:
    """Debt as it was placed: its face, its coupons and repayments, and what placing it cost."""

    face: Numbers = field(metadata=says("face at close", Unit.MONEY))
    costs: Numbers = field(metadata=says("fees and issue discount", Unit.MONEY))
    years: int = field(metadata=says("years until it matures", Unit.YEARS))
    cash_rate: Numbers = field(metadata=says("coupon paid in cash", Unit.RATE))
    pik_rate: Numbers = field(default=0.0, metadata=says("coupon added to the balance", Unit.RATE))
    amortisation: Path = field(
        default=constant(0.0),
        metadata=says("repaid each year as a share of the face", Unit.RATE),
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveInterestResult:
    """The release of the costs, year by year until maturity."""

    contractual_balances: Row = field(
        metadata=says("balance at the year's start by contract", Unit.MONEY)
    )
    flows: Row = field(
        metadata=says("from the lender: proceeds first, then payments a year", Unit.MONEY)
    )
    carrying_amounts: Row = field(
        metadata=says("balance less costs not yet released, at the year's start", Unit.MONEY)
    )
    charges: Row = field(metadata=says("costs released in the year", Unit.MONEY))
    unamortised: Row = field(metadata=says("costs not yet released at its end", Unit.MONEY))
    effective_rate: Numbers = field(
        metadata=says("rate at which the payments are worth the proceeds", Unit.RATE)
    )


@guarded
def effective_interest(inputs: EffectiveInterestInputs) -> EffectiveInterestResult:
    """Release the costs so that each year's whole charge is one rate on the carrying amount.

    >>> bond = effective_interest(EffectiveInterestInputs(face=100, costs=5, years=2,
    ...                                                   cash_rate=0.1))
    >>> print(f"{bond.effective_rate:.6f}", bond.charges.round(4))
    0.129973 [2.3474 2.6526]
    """
    years = inputs.years
    if not 1 <= years <= MOST_YEARS:
        raise ReleaseOutOfRange(years=years, most=MOST_YEARS)
    coupon, pik = inputs.cash_rate, inputs.pik_rate
    instalments = over_years(inputs.amortisation, years, name="amortisation")
    balances, payments = [_placed(inputs)], []
    for year, share in enumerate(instalments):
        owed = balances[-1] * (1.0 + pik)
        due = owed if year == years - 1 else np.minimum(share * inputs.face, owed)
        payments.append(balances[-1] * coupon + due)
        balances.append(owed - due)

    proceeds = inputs.face - inputs.costs
    flows = row_of([-proceeds, *payments])
    rate = sole_rate_of(flows)
    carrying, unamortised, charges = [proceeds], [inputs.costs], []
    for balance, payment in zip(balances, payments, strict=False):
        charges.append(carrying[-1] * rate - balance * (coupon + pik))
        carrying.append(carrying[-1] * (1.0 + rate) - payment)
        unamortised.append(unamortised[-1] - charges[-1])
    charges[-1], unamortised[-1] = unamortised[-2], 0.0  # not a root's last digits
    return EffectiveInterestResult(
        contractual_balances=row_of(balances[:-1]),
        flows=flows,
        carrying_amounts=row_of(carrying[:-1]),
        charges=row_of(charges),
        unamortised=row_of(unamortised[1:]),
        effective_rate=rate,
    )


def _placed(inputs: EffectiveInterestInputs) -> Numbers:
    """The face, where it was placed on sound terms."""
    face, costs = inputs.face, inputs.costs
    face = where_sound(
        face,
        amounts={"face": face, "cost of placing": costs},
        rates={"coupon": inputs.cash_rate, "PIK coupon": inputs.pik_rate},
    )
    return valid_where(costs < face, face, CostsExceedFace, costs=costs, face=face)
