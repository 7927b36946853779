"""One year of the debt: interest, tax, mandatory repayment, revolver and sweep, solved at once.

With interest on average balances a repayment saves half a year's interest and loses the tax on
it, so a unit repaid on a tranche takes only 1 − (what it saves) of cash: its price. Cash is paid
out in the order of seniority, each unit at its price, until nothing is left. Tax is the highest
of a few straight lines in interest, hence the cash left the lowest of as many budgets, all of
which fall along the way: the first that is used up ends it. No iteration; the solution is exact.
"""

from dataclasses import dataclass

import numpy as np

from valor_core.models.numbers import Numbers
from valor_core.models.several import lowest, total
from valor_core.models.taxes import TaxLine, TaxPaid, TaxYear


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A tranche at the start of a year."""

    balance: Numbers
    cash_rate: Numbers
    pik_rate: Numbers | None  # None: no interest in kind
    instalment: Numbers | None  # None: nothing is due
    matures: bool  # all is due
    averaged: bool
    sweeps: bool
    pari_passu: bool

    @property
    def owed(self) -> Numbers:
        """The most that can be repaid: with it the balance is nothing."""
        if self.pik_rate is None:
            return self.balance
        return self.balance * (1.0 + (self.pik_rate / 2.0 if self.averaged else self.pik_rate))

    @property
    def due(self) -> Numbers | None:
        """What the contract asks for this year."""
        if self.matures:
            return self.owed
        return None if self.instalment is None else np.minimum(self.instalment, self.owed)

    @property
    def relief(self) -> Numbers | None:
        """What a unit repaid takes off the balance that bears interest; None: nothing."""
        if not self.averaged:
            return None
        return 0.5 if self.pik_rate is None else 0.5 / (1.0 - 0.5 * self.pik_rate)

    def bearing(self, due: Numbers | None) -> Numbers:
        """The balance that bears interest, where only what is due is repaid.

        The average of opening and closing balance, which itself grows by interest in kind:
        (opening − repaid / 2) / (1 − PIK / 2).
        """
        if self.relief is None:
            return self.balance
        bearing = self.balance if due is None else self.balance - 0.5 * due
        return bearing if self.pik_rate is None else bearing / (1.0 - 0.5 * self.pik_rate)

    def price(self, line: TaxLine, share: Numbers | None, *, deducts_pik: bool) -> Numbers:
        """The cash that a unit repaid takes: it saves interest, less the tax relief lost with it.

        Only a share of what is saved is swept again.
        """
        if self.relief is None:
            return 1.0
        deducted = self.cash_rate
        if self.pik_rate is not None and deducts_pik:
            deducted = deducted + self.pik_rate
        saved = self.relief * (self.cash_rate - line.relieved(deducted))
        return 1.0 - (saved if share is None else share * saved)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facility:
    """The revolver at the start of a year."""

    balance: Numbers
    commitment: Numbers
    cash_rate: Numbers
    undrawn_fee: Numbers
    averaged: bool

    def cost(self, repaid: Numbers) -> Numbers:
        """Interest on what is drawn and the fee on what is not."""
        drawn = self.balance - 0.5 * repaid if self.averaged else self.balance
        return (self.cash_rate - self.undrawn_fee) * drawn + self.undrawn_fee * self.commitment

    def price(self, line: TaxLine) -> Numbers:
        """The cash that a unit repaid takes, after what it saves."""
        if not self.averaged:
            return 1.0
        saved = self.cash_rate - self.undrawn_fee
        return 1.0 - 0.5 * (saved - line.relieved(saved))


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """What meets the debt in a year."""

    cash: Numbers  # at its start
    flow: Numbers  # EBITDA − capital expenditure − working capital + income on cash
    minimum: Numbers
    kept: Numbers | None  # cash above the minimum that the sweep does not reach
    sweep: Numbers | None  # the part of what is left that is swept; None: all
    tax: TaxYear
    released: Numbers  # costs of borrowing that are deducted beside the interest
    deducts_pik: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The debt at the start of a year, and what meets it."""

    layers: list[Layer]
    facility: Facility | None
    year: Year


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerServed:
    """What a year does to a tranche."""

    cash_interest: Numbers
    pik_interest: Numbers
    mandatory: Numbers
    swept: Numbers
    closing: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a year does to the debt and the cash."""

    layers: list[LayerServed]
    revolver_repaid: Numbers  # below 0: drawn
    revolver_cost: Numbers
    revolver: Numbers
    cash_interest: Numbers
    pik_interest: Numbers
    tax: TaxPaid
    before_sweep: Numbers  # cash
    left: Numbers  # the same after it; below 0: what is missing

    @property
    def cash(self) -> Numbers:
        """Cash at the year's end: never below nothing."""
        return np.maximum(self.left, 0.0)

    @property
    def shortfall(self) -> Numbers:
        """Cash missing to pay what is due."""
        return np.maximum(-self.left, 0.0)


def served(asked: Asked) -> Served:
    """Pay the year's interest, tax and instalments, and sweep what is left by seniority."""
    layers, facility, year = asked.layers, asked.facility, asked.year
    due = [layer.due for layer in layers]
    bearing = [layer.bearing(amount) for layer, amount in zip(layers, due, strict=True)]
    lines = year.tax.lines()
    budgets = _budgets(layers, facility, year, lines, due, bearing)
    repaid: Numbers | None = None
    if facility is not None:
        prices = [facility.price(line) for line in lines]
        undrawn = facility.balance - facility.commitment
        repaid = _within(undrawn, _affordable(budgets, prices), facility.balance)
        budgets = _spent(budgets, repaid, prices)
    if year.kept is not None:
        budgets = [budget - year.kept for budget in budgets]
    rooms = [
        layer.owed if amount is None else layer.owed - amount
        for layer, amount in zip(layers, due, strict=True)
    ]
    if year.sweep is not None:
        budgets = [year.sweep * budget for budget in budgets]
    swept = _swept(layers, rooms, budgets, year, lines)
    return _settled(layers, facility, year, due, swept, bearing, repaid)


def _interest(
    layers: list[Layer], bearing: list[Numbers], year: Year
) -> tuple[list[Numbers], list[Numbers | None], Numbers]:
    """What each tranche is paid in cash and in kind, and what of the latter is deducted."""
    paid = [layer.cash_rate * on for layer, on in zip(layers, bearing, strict=True)]
    accrued = [
        None if layer.pik_rate is None else layer.pik_rate * on
        for layer, on in zip(layers, bearing, strict=True)
    ]
    deducted = year.released
    if year.deducts_pik:
        deducted = deducted + total(each for each in accrued if each is not None)
    return paid, accrued, deducted


def _budgets(
    layers: list[Layer],
    facility: Facility | None,
    year: Year,
    lines: list[TaxLine],
    due: list[Numbers | None],
    bearing: list[Numbers],
) -> list[Numbers]:
    """By each line of tax, the cash above the minimum when only what is due is repaid."""
    paid, _, beside = _interest(layers, bearing, year)
    interest = total(paid) if facility is None else total([*paid, facility.cost(0.0)])
    instalments = total(amount for amount in due if amount is not None)
    left = year.cash + year.flow - year.minimum - interest - instalments
    deducted = interest + beside
    return [left - line.on(deducted) for line in lines]


def _swept(
    layers: list[Layer],
    rooms: list[Numbers],
    pots: list[Numbers],
    year: Year,
    lines: list[TaxLine],
) -> list[Numbers | None]:
    """Each tranche's part of the sweep: the most senior first, equals in proportion."""
    swept: list[Numbers | None] = [None] * len(layers)
    groups = _groups(layers)
    for group in groups:
        prices = [
            [layers[place].price(line, year.sweep, deducts_pik=year.deducts_pik) for place in group]
            for line in lines
        ]
        if len(group) == 1:
            [place], alone = group, [price for [price] in prices]
            paid = _within(0.0, _affordable(pots, alone), rooms[place])
            swept[place] = paid
            pots = pots if group is groups[-1] else _spent(pots, paid, alone)
        else:
            whole = [
                total([rooms[place] * price for place, price in zip(group, each, strict=True)])
                for each in prices
            ]
            nonzero = [np.where(price > 0.0, price, 1.0) for price in whole]
            part = _within(0.0, _affordable(pots, nonzero), 1.0)
            for place in group:
                swept[place] = part * rooms[place]
            pots = _spent(pots, part, whole)
    return swept


def _groups(layers: list[Layer]) -> list[list[int]]:
    """The places of the tranches that are swept, those of one rank together."""
    groups: list[list[int]] = []
    for place, layer in enumerate(layers):
        if not layer.sweeps:
            continue
        if groups and layer.pari_passu:
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups


def _settled(
    layers: list[Layer],
    facility: Facility | None,
    year: Year,
    due: list[Numbers | None],
    swept: list[Numbers | None],
    bearing: list[Numbers],
    repaid: Numbers | None,
) -> Served:
    """The year's lines, all computed anew from what is repaid."""
    bearing = [
        on if layer.relief is None or more is None else on - layer.relief * more
        for layer, on, more in zip(layers, bearing, swept, strict=True)
    ]
    paid, accrued, beside = _interest(layers, bearing, year)
    cost = None if facility is None else facility.cost(repaid)
    interest = total(paid if cost is None else [*paid, cost])
    tax = year.tax.on(interest + beside)
    instalments = total(amount for amount in due if amount is not None)
    before = year.cash + year.flow - interest - tax.tax - instalments
    before = before if repaid is None else before - repaid
    rows = zip(layers, paid, accrued, due, swept, strict=True)
    return Served(
        layers=[_row(*each) for each in rows],
        revolver_repaid=0.0 if repaid is None else repaid,
        revolver_cost=0.0 if cost is None else cost,
        revolver=0.0 if facility is None else facility.balance - repaid,
        cash_interest=interest,
        pik_interest=total(each for each in accrued if each is not None),
        tax=tax,
        before_sweep=before,
        left=before - total(more for more in swept if more is not None),
    )


def _row(
    layer: Layer,
    paid: Numbers,
    accrued: Numbers | None,
    due: Numbers | None,
    swept: Numbers | None,
) -> LayerServed:
    """A tranche's year; what its contract does not know is 0."""
    closing = layer.balance if accrued is None else layer.balance + accrued
    closing = closing if due is None else closing - due
    return LayerServed(
        cash_interest=paid,
        pik_interest=0.0 if accrued is None else accrued,
        mandatory=0.0 if due is None else due,
        swept=0.0 if swept is None else swept,
        closing=closing if swept is None else closing - swept,
    )


def repayments_allowed(done: Served, asked: Asked) -> Numbers:
    """The repayments beyond what is due that this very interest and tax leave cash for.

    They are those that were found: the check that the year is solved.
    """
    facility, year = asked.facility, asked.year
    rooms = total(
        layer.owed if layer.due is None else layer.owed - layer.due
        for layer in asked.layers
        if layer.sweeps
    )
    above = done.before_sweep - year.minimum
    pot = above if year.kept is None else above - year.kept
    allowed = _within(0.0, pot if year.sweep is None else year.sweep * pot, rooms)
    if facility is None:
        return allowed
    undrawn = facility.balance - facility.commitment
    return allowed + _within(undrawn, above + done.revolver_repaid, facility.balance)


def _affordable(budgets: list[Numbers], prices: list[Numbers]) -> Numbers:
    """What the first budget to be used up allows at these prices."""
    return lowest(budget / price for budget, price in zip(budgets, prices, strict=True))


def _spent(budgets: list[Numbers], amount: Numbers, prices: list[Numbers]) -> list[Numbers]:
    """What is left of each budget."""
    return [budget - amount * price for budget, price in zip(budgets, prices, strict=True)]


def _within(least: Numbers, number: Numbers, most: Numbers) -> Numbers:
    """The number, not below the least nor above the most."""
    return np.minimum(np.maximum(number, least), most)
