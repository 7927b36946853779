"""One year of the debt: interest, tax, mandatory repayment, revolver and sweep, solved at once.

With interest on average balances a repayment saves half a year's interest and loses the tax on
it, so a unit repaid on a tranche takes only 1 − (what it saves) of cash: its price. Cash is paid
out in the order of seniority, each unit at its price, until nothing is left. Tax is the highest
of a few straight lines in interest, hence the cash left the lowest of as many budgets, all of
which fall along the way: the first that is used up ends it. No iteration; the solution is exact.
"""

from dataclasses import dataclass

import numpy as np

from valor_core.models.lbo.several import lowest, total
from valor_core.models.lbo.taxes import TaxLine, TaxPaid, TaxYear
from valor_core.models.numbers import Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A tranche at the start of a year."""

    balance: Numbers
    cash_rate: Numbers
    pik_rate: Numbers | None
    instalment: Numbers | None  # None: all falls due
    averaged: bool
    sweeps: bool
    pari_passu: bool

    @property
    def accretion(self) -> Numbers:
        """What one unit of balance grows by in the year while nothing is repaid."""
        return 0.0 if self.pik_rate is None else self.pik_rate

    @property
    def owed(self) -> Numbers:
        """The most that can be repaid: with it the balance is nothing."""
        if self.pik_rate is None:
            return self.balance
        return self.balance * (1.0 + (self.pik_rate / 2.0 if self.averaged else self.pik_rate))

    def bearing(self, repaid: Numbers) -> Numbers:
        """The balance that bears interest, where that much is repaid in the year.

        The average of opening and closing balance, which itself grows by interest in kind:
        (opening − repaid / 2) / (1 − PIK / 2).
        """
        if not self.averaged:
            return self.balance
        bearing = self.balance - 0.5 * repaid
        return bearing if self.pik_rate is None else bearing / (1.0 - 0.5 * self.pik_rate)

    def saved(self, line: TaxLine, *, deducts_pik: bool) -> Numbers:
        """What a unit repaid saves this year in cash interest, less the tax relief lost with it."""
        if not self.averaged:
            return 0.0
        deducted = self.cash_rate
        if self.pik_rate is not None and deducts_pik:
            deducted = deducted + self.pik_rate
        saved = 0.5 * (self.cash_rate - line.slope * deducted)
        return saved if self.pik_rate is None else saved / (1.0 - 0.5 * self.pik_rate)


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
        return self.cash_rate * drawn + self.undrawn_fee * (self.commitment - drawn)

    def saved(self, line: TaxLine) -> Numbers:
        """What a unit repaid saves this year after tax."""
        if not self.averaged:
            return 0.0
        return 0.5 * (self.cash_rate - self.undrawn_fee) * (1.0 - line.slope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """What meets the debt in a year."""

    cash: Numbers  # at its start
    flow: Numbers  # EBITDA − capital expenditure − working capital + income on cash
    minimum: Numbers
    kept: Numbers  # cash above the minimum that the sweep does not reach
    sweep: Numbers  # the part of what is left that is swept
    tax: TaxYear
    released: Numbers  # costs of borrowing that are deducted beside the interest
    deducts_pik: bool


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
    tax: TaxPaid
    cash: Numbers
    shortfall: Numbers
    allowed: Numbers

    @property
    def cash_interest(self) -> Numbers:
        """Interest and fees paid in cash."""
        return total([self.revolver_cost, *(layer.cash_interest for layer in self.layers)])

    @property
    def pik_interest(self) -> Numbers:
        """Interest added to balances."""
        return total([layer.pik_interest for layer in self.layers])


def served(layers: list[Layer], facility: Facility | None, year: Year) -> Served:
    """Pay the year's interest, tax and instalments, and sweep what is left by seniority."""
    due = [_due(layer) for layer in layers]
    budgets, lines = _budgets(layers, facility, year, due), year.tax.lines()
    repaid: Numbers = 0.0
    if facility is not None:
        prices = [1.0 - facility.saved(line) for line in lines]
        undrawn = facility.balance - facility.commitment
        repaid = _within(undrawn, _affordable(budgets, prices), facility.balance)
        budgets = _spent(budgets, repaid, prices)
    rooms = [
        layer.owed - amount if layer.sweeps else 0.0
        for layer, amount in zip(layers, due, strict=True)
    ]
    swept = _swept(layers, rooms, [year.sweep * (budget - year.kept) for budget in budgets], year)
    return _settled(layers, facility, year, due, swept, rooms, repaid)


def _due(layer: Layer) -> Numbers:
    """What the contract asks for this year."""
    return layer.owed if layer.instalment is None else np.minimum(layer.instalment, layer.owed)


def _budgets(
    layers: list[Layer], facility: Facility | None, year: Year, due: list[Numbers]
) -> list[Numbers]:
    """By each line of tax, the cash above the minimum when only what is due is repaid."""
    interest: Numbers = 0.0 if facility is None else facility.cost(0.0)
    deducted: Numbers = year.released + interest
    for layer, amount in zip(layers, due, strict=True):
        bearing = layer.bearing(amount)
        paid = layer.cash_rate * bearing
        interest, deducted = interest + paid, deducted + paid
        if layer.pik_rate is not None and year.deducts_pik:
            deducted = deducted + layer.pik_rate * bearing
    left = year.cash + year.flow - year.minimum - interest - total(due)
    return [left - line.level + line.slope * deducted for line in year.tax.lines()]


def _swept(
    layers: list[Layer], rooms: list[Numbers], pots: list[Numbers], year: Year
) -> list[Numbers]:
    """Each tranche's part of the sweep: the most senior first, equals in proportion."""
    swept: list[Numbers] = [0.0] * len(layers)
    lines = year.tax.lines()
    for group in _groups(layers):
        prices = [
            [
                1.0 - year.sweep * layers[place].saved(line, deducts_pik=year.deducts_pik)
                if layers[place].averaged
                else 1.0
                for place in group
            ]
            for line in lines
        ]
        if len(group) == 1:
            [place], alone = group, [price for [price] in prices]
            swept[place] = _within(0.0, _affordable(pots, alone), rooms[place])
            pots = _spent(pots, swept[place], alone)
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
    due: list[Numbers],
    swept: list[Numbers],
    rooms: list[Numbers],
    repaid: Numbers,
) -> Served:
    """The year's lines, all computed anew from what is repaid."""
    rows, deducted = [], year.released
    cost: Numbers = 0.0 if facility is None else facility.cost(repaid)
    interest, deducted = cost, deducted + cost
    for layer, mandatory, more in zip(layers, due, swept, strict=True):
        bearing = layer.bearing(mandatory + more)
        paid, accrued = layer.cash_rate * bearing, layer.accretion * bearing
        interest, deducted = interest + paid, deducted + paid
        if layer.pik_rate is not None and year.deducts_pik:
            deducted = deducted + accrued
        rows.append(
            LayerServed(
                cash_interest=paid,
                pik_interest=accrued,
                mandatory=mandatory,
                swept=more,
                closing=layer.balance + accrued - mandatory - more,
            )
        )
    tax = year.tax.on(deducted)
    sweep = total(swept)
    before_sweep = year.cash + year.flow - interest - tax.tax - total(due) - repaid
    cash = before_sweep - sweep
    return Served(
        layers=rows,
        revolver_repaid=repaid,
        revolver_cost=cost,
        revolver=0.0 if facility is None else facility.balance - repaid,
        tax=tax,
        cash=np.maximum(cash, 0.0),
        shortfall=np.maximum(-cash, 0.0),
        allowed=_allowed(facility, year, before_sweep, total(rooms), repaid),
    )


def _allowed(
    facility: Facility | None,
    year: Year,
    before_sweep: Numbers,
    room: Numbers,
    repaid: Numbers,
) -> Numbers:
    """The repayments beyond what is due that this very interest and tax leave cash for.

    They are those that were found: the check that the year is solved.
    """
    above = before_sweep - year.minimum
    allowed = _within(0.0, year.sweep * (above - year.kept), room)
    if facility is None:
        return allowed
    undrawn = facility.balance - facility.commitment
    return allowed + _within(undrawn, above + repaid, facility.balance)


def _affordable(budgets: list[Numbers], prices: list[Numbers]) -> Numbers:
    """What the first budget to be used up allows at these prices."""
    return lowest(budget / price for budget, price in zip(budgets, prices, strict=True))


def _spent(budgets: list[Numbers], amount: Numbers, prices: list[Numbers]) -> list[Numbers]:
    """What is left of each budget."""
    return [budget - amount * price for budget, price in zip(budgets, prices, strict=True)]


def _within(least: Numbers, number: Numbers, most: Numbers) -> Numbers:
    """The number, not below the least nor above the most."""
    return np.minimum(np.maximum(number, least), most)
