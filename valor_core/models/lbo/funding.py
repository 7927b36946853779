"""Sources and uses: what a buyout costs, who pays, and the sponsor's equity as what is left."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from valor_core.models.fields import Unit, says, settle
from valor_core.models.lbo.refusals import (
    CashUsedExceedsCash,
    DrawnExceedsCommitment,
    EntryEbitdaNotPositive,
    IssuePriceOutOfRange,
)
from valor_core.models.lbo.sound import where_sound
from valor_core.models.lbo.tranches import Revolver, Tranche
from valor_core.models.numbers import Numbers, valid_where


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What is bought, at which price, and what is paid beside it."""

    ebitda: Numbers = field(metadata=says("EBITDA of the last twelve months", Unit.MONEY))
    multiple: Numbers = field(metadata=says("entry multiple of EBITDA", Unit.RATIO))
    debt: Numbers = field(
        default=0.0, metadata=says("debt of the company, repaid at close", Unit.MONEY)
    )
    cash: Numbers = field(default=0.0, metadata=says("cash of the company", Unit.MONEY))
    cash_used: Numbers = field(
        default=0.0, metadata=says("part of that cash that pays for the deal", Unit.MONEY)
    )
    cash_funded: Numbers = field(
        default=0.0, metadata=says("cash put into the company at close", Unit.MONEY)
    )
    rollover: Numbers = field(
        default=0.0, metadata=says("equity that sellers leave in the company", Unit.MONEY)
    )
    fees: Numbers = field(default=0.0, metadata=says("transaction fees", Unit.MONEY))
    fee_rate: Numbers = field(
        default=0.0, metadata=says("transaction fees as a share of enterprise value", Unit.RATE)
    )
    financing_fees: Numbers = field(
        default=0.0, metadata=says("financing fees beside those of the tranches", Unit.MONEY)
    )
    other_uses: Numbers = field(
        default=0.0, metadata=says("other payments at close, such as change of control", Unit.MONEY)
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Funding:
    """Sources and uses at close, equal by construction."""

    enterprise_value: Numbers = field(metadata=says("price of the whole company", Unit.MONEY))
    net_debt: Numbers = field(metadata=says("debt less cash of the company before", Unit.MONEY))
    equity_price: Numbers = field(metadata=says("what the sellers' equity costs", Unit.MONEY))
    refinanced_debt: Numbers = field(metadata=says("debt repaid at close", Unit.MONEY))
    transaction_fees: Numbers = field(metadata=says("transaction fees", Unit.MONEY))
    financing_fees: Numbers = field(metadata=says("financing fees", Unit.MONEY))
    issue_discount: Numbers = field(
        metadata=says("face less what it brings (OID)", Unit.MONEY, label="Issue discount")
    )
    cash_funded: Numbers = field(metadata=says("cash put into the company", Unit.MONEY))
    other_uses: Numbers = field(metadata=says("other payments at close", Unit.MONEY))
    total_uses: Numbers = field(metadata=says("all that is paid at close", Unit.MONEY))
    debt: Numbers = field(metadata=says("face of the new debt", Unit.MONEY))
    rollover: Numbers = field(metadata=says("equity that sellers leave", Unit.MONEY))
    cash_used: Numbers = field(metadata=says("cash of the company that pays", Unit.MONEY))
    sponsor_equity: Numbers = field(
        metadata=says("what is left for the sponsor to pay", Unit.MONEY)
    )
    opening_cash: Numbers = field(metadata=says("cash of the company after close", Unit.MONEY))
    leverage: Numbers = field(metadata=says("new debt by EBITDA", Unit.RATIO))
    equity_share: Numbers = field(metadata=says("equity as a share of debt and equity", Unit.RATE))
    sponsor_share: Numbers = field(metadata=says("sponsor's part of the equity paid in", Unit.RATE))


def sources_and_uses(
    purchase: Purchase, tranches: Sequence[Tranche] = (), revolver: Revolver | None = None
) -> Funding:
    """Fund a purchase: the sponsor pays all uses that no other source does (Rosenbaum–Pearl).

    Debt stands at face and its discount among the uses, because interest is paid on face.

    >>> deal = sources_and_uses(Purchase(ebitda=100, multiple=10, fees=10),
    ...                         [Tranche(face=500, cash_rate=0.08, issue_price=0.98)])
    >>> print(deal.total_uses, deal.sponsor_equity)
    1020.0 520.0
    """
    purchase_value = _priced(purchase)
    equity_price = purchase_value - (purchase.debt - purchase.cash)
    transaction_fees = purchase.fees + purchase.fee_rate * purchase_value
    discount, financing_fees, debt = 0.0, purchase.financing_fees, 0.0
    for tranche in tranches:
        face = _placed(tranche)
        debt = debt + face
        discount = discount + issue_discount(tranche)
        financing_fees = financing_fees + financing_fee(tranche)
    if revolver is not None:
        debt = debt + _committed(revolver)
        financing_fees = financing_fees + commitment_fee(revolver)

    # Debt repaid is a use of its own, so the sellers' price and it together cost EV plus cash.
    total_uses = (
        equity_price
        + purchase.debt
        + transaction_fees
        + financing_fees
        + discount
        + purchase.cash_funded
        + purchase.other_uses
    )
    sponsor_equity = total_uses - debt - purchase.rollover - purchase.cash_used
    equity = sponsor_equity + purchase.rollover
    return Funding(
        enterprise_value=purchase_value,
        net_debt=purchase.debt - purchase.cash,
        equity_price=equity_price,
        refinanced_debt=purchase.debt,
        transaction_fees=transaction_fees,
        financing_fees=financing_fees,
        issue_discount=discount,
        cash_funded=purchase.cash_funded,
        other_uses=purchase.other_uses,
        total_uses=total_uses,
        debt=debt,
        rollover=purchase.rollover,
        cash_used=purchase.cash_used,
        sponsor_equity=sponsor_equity,
        opening_cash=purchase.cash - purchase.cash_used + purchase.cash_funded,
        leverage=debt / purchase.ebitda,
        equity_share=_part(equity, debt + equity),
        sponsor_share=_part(sponsor_equity, equity),
    )


def _priced(purchase: Purchase) -> Numbers:
    """The enterprise value, where every number of the purchase is sound."""
    ebitda, used, held = purchase.ebitda, purchase.cash_used, purchase.cash
    ebitda = valid_where(ebitda > 0.0, ebitda, EntryEbitdaNotPositive, ebitda=ebitda)
    ebitda = where_sound(
        ebitda,
        amounts={
            "entry multiple": purchase.multiple,
            "debt of the company": purchase.debt,
            "cash of the company": held,
            "cash used": used,
            "cash funded": purchase.cash_funded,
            "rollover": purchase.rollover,
            "transaction fee": purchase.fees,
            "financing fee": purchase.financing_fees,
            "other use": purchase.other_uses,
        },
        rates={"transaction fee": purchase.fee_rate},
    )
    ebitda = valid_where(used <= held, ebitda, CashUsedExceedsCash, used=used, held=held)
    return ebitda * purchase.multiple


def _part(part: Numbers, whole: Numbers) -> Numbers:
    """The part as a share of the whole; of nothing it is none."""
    return part / np.where(whole == 0.0, 1.0, whole)


def issue_discount(tranche: Tranche) -> Numbers:
    """Face less what it brings (OID)."""
    return 0.0 if tranche.issue_price is None else tranche.face * (1.0 - tranche.issue_price)


def financing_fee(tranche: Tranche) -> Numbers:
    """What arranging the tranche costs."""
    return 0.0 if tranche.fee is None else tranche.face * tranche.fee


def commitment_fee(revolver: Revolver | None) -> Numbers:
    """What arranging the revolver costs."""
    if revolver is None or revolver.fee is None:
        return 0.0
    return revolver.commitment * revolver.fee


def _placed(tranche: Tranche) -> Numbers:
    """The face, where it is placed on sound terms."""
    face, price = tranche.face, tranche.issue_price
    rates = {"coupon": tranche.cash_rate, "least base rate": tranche.floor}
    rates |= {} if tranche.fee is None else {"financing fee": tranche.fee}
    rates |= {} if tranche.pik_rate is None else {"PIK coupon": tranche.pik_rate}
    face = where_sound(face, amounts={"face of a tranche": face}, rates=rates)
    if price is None:
        return face
    return valid_where((price > 0.0) & (price <= 1.0), face, IssuePriceOutOfRange, price=price)


def _committed(revolver: Revolver) -> Numbers:
    """What is drawn at close, where the commitment allows it."""
    drawn, commitment = revolver.drawn, revolver.commitment
    rates = {"rate of the revolver": revolver.cash_rate, "undrawn fee": revolver.undrawn_fee}
    rates |= {} if revolver.fee is None else {"fee of the revolver": revolver.fee}
    drawn = where_sound(drawn, amounts={"drawing of the revolver": drawn}, rates=rates)
    return valid_where(
        drawn <= commitment, drawn, DrawnExceedsCommitment, drawn=drawn, commitment=commitment
    )
