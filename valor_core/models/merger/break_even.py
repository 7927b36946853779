"""Where a deal neither adds to earnings per share nor takes from them, in closed form.

Combined net income falls in a line with the price paid in cash and from debt, and shares rise in
a line with the price paid in stock: EPS = (NI₀ − a·E) / (S + b·E).
"""

from dataclasses import dataclass

import numpy as np

from valor_core.models.dilution import Shares, value_per_share
from valor_core.models.numbers import Numbers, only_where


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """A deal in the year by which it is judged."""

    eps: Numbers  # of the acquirer alone
    acquirer_shares: Numbers
    net_income: Numbers  # combined
    price: Numbers  # of the target's equity
    issue_price: Numbers
    cash: Numbers  # part of the price
    debt: Numbers
    cost_of_cash: Numbers  # after tax
    cost_of_debt: Numbers
    target: Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """What each source of money costs a year, and the price and mix at which nothing is diluted."""

    cost_of_stock: Numbers
    cost_of_funding: Numbers
    price: Numbers | None  # for a share of the target
    stock: Numbers | None  # part of the price


def break_even(deal: Deal) -> BreakEven:
    """Solve E = (NI₀ − EPS·S) / (a + b·EPS), and the mix at the stated price."""
    stock = 1.0 - deal.cash - deal.debt
    cost_of_stock = np.divide(deal.eps, deal.issue_price)
    paid_out = deal.cash * deal.cost_of_cash + deal.debt * deal.cost_of_debt
    before = deal.net_income + paid_out * deal.price  # as if the target were free
    to_spare = before - deal.eps * deal.acquirer_shares
    cost_of_funding = paid_out + stock * cost_of_stock
    exists = (to_spare > 0.0) & (cost_of_funding > 0.0)
    equity = np.where(exists, to_spare, 1.0) / np.where(exists, cost_of_funding, 1.0)
    return BreakEven(
        cost_of_stock=cost_of_stock,
        cost_of_funding=cost_of_funding,
        price=only_where(exists, value_per_share(equity, deal.target)),
        stock=_stock(deal, to_spare, cost_of_stock),
    )


def _stock(deal: Deal, to_spare: Numbers, cost_of_stock: Numbers) -> Numbers | None:
    """The part in stock; cash and debt keep their proportion, without either it is debt."""
    others = deal.cash + deal.debt
    any_other = others > 0.0
    weighed = deal.cash * deal.cost_of_cash + deal.debt * deal.cost_of_debt
    cost = np.where(any_other, weighed / np.where(any_other, others, 1.0), deal.cost_of_debt)
    dearer = cost - cost_of_stock
    differ = dearer != 0.0
    part = (cost * deal.price - to_spare) / (np.where(differ, dearer, 1.0) * deal.price)
    return only_where(differ & (part >= 0.0) & (part <= 1.0), part)


def synergies_lacking(net_income: Numbers, eps: Numbers, shares: Numbers, tax: Numbers) -> Numbers:
    """Synergies before tax, beyond those assumed, that dilute nothing: (EPS·S − NI) / (1 − t).

    >>> print(f"{synergies_lacking(62.4, 0.54, 120.0, 0.4):.6f}")
    4.000000
    """
    return (eps * shares - net_income) / (1.0 - tax)
