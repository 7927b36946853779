"""The price of a company allocated to what it owns and owes; what is left is goodwill."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.merger.refusals import (
    DealTaxOutOfRange,
    StakeOutOfRange,
    not_negative,
)
from valor_core.models.merger.write_ups import WriteUp, charged_years, total
from valor_core.models.numbers import Numbers, Row, row_of, valid_where
from valor_core.models.refusals import YearsOutOfRange

MOST_YEARS = 100


class GoodwillMethod(StrEnum):
    """Whether the owners of the rest are shown with their part of the goodwill."""

    FULL = "full"  # minority interest at fair value: US GAAP, a choice under IFRS
    PARTIAL = "partial"  # minority interest at its part of net assets: a choice under IFRS


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """A balance sheet at closing, at book value."""

    identifiable_assets: Numbers = field(
        metadata=says("assets besides cash and goodwill", Unit.MONEY)
    )
    cash: Numbers = field(default=0.0, metadata=says("cash", Unit.MONEY))
    goodwill: Numbers = field(default=0.0, metadata=says("goodwill of earlier deals", Unit.MONEY))
    operating_liabilities: Numbers = field(
        default=0.0, metadata=says("liabilities besides debt", Unit.MONEY)
    )
    debt: Numbers = field(default=0.0, metadata=says("financial debt", Unit.MONEY))

    def __post_init__(self) -> None:
        settle(self)

    @property
    def equity(self) -> Numbers:
        """Assets less liabilities."""
        assets = self.identifiable_assets + self.cash + self.goodwill
        return assets - self.operating_liabilities - self.debt


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """How a price falls on net assets at fair value, the owners of the rest and goodwill."""

    book_equity: Numbers = field(metadata=says("book value of the equity", Unit.MONEY))
    goodwill_written_off: Numbers = field(
        metadata=says("goodwill of the target's own earlier deals, written off", Unit.MONEY)
    )
    write_ups: Numbers = field(metadata=says("fair value above book value", Unit.MONEY))
    deferred_tax_liability: Numbers = field(
        metadata=says("tax that the write-ups will cost", Unit.MONEY)
    )
    net_identifiable_assets: Numbers = field(
        metadata=says("identifiable assets less liabilities, at fair value", Unit.MONEY)
    )
    minority_interest: Numbers = field(
        metadata=says("what the owners of the rest hold", Unit.MONEY)
    )
    bargain_gain: Numbers = field(
        metadata=says("net assets above what is paid for them", Unit.MONEY)
    )
    goodwill: Numbers = field(metadata=says("price above net assets", Unit.MONEY))


def allocated(
    price: Numbers,
    books: Books,
    write_ups: tuple[WriteUp, ...],
    *,
    tax: Numbers,
    stake: Numbers = 1.0,
    method: GoodwillMethod = GoodwillMethod.FULL,
    minority_value: Numbers | None = None,
) -> Allocation:
    """Goodwill = price + minority interest − net identifiable assets (IFRS 3, ASC 805).

    A purchase below net assets leaves no negative goodwill but a gain.
    """
    stake = valid_where((stake > 0.0) & (stake <= 1.0), stake, StakeOutOfRange, stake=stake)
    rise = total(write_ups)
    deferred_tax = rise * tax
    net = books.equity - books.goodwill + rise - deferred_tax
    rest = 1.0 - stake
    if method is GoodwillMethod.PARTIAL:
        minority = net * rest
    elif minority_value is None:
        minority = price / stake * rest  # no price of their own: as the acquirer pays
    else:
        minority = minority_value
    excess = price + minority - net
    return Allocation(
        book_equity=books.equity,
        goodwill_written_off=books.goodwill,
        write_ups=rise,
        deferred_tax_liability=deferred_tax,
        net_identifiable_assets=net,
        minority_interest=minority,
        bargain_gain=np.maximum(-excess, 0.0),
        goodwill=np.maximum(excess, 0.0),
    )


def checked_tax(tax: Numbers) -> Numbers:
    """A tax rate that leaves some of the profit."""
    return valid_where((tax >= 0.0) & (tax < 1.0), tax, DealTaxOutOfRange, tax=tax)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """How the acquired company is financed anew on the day that the deal closes."""

    equity: Numbers = field(metadata=says("equity put in, rolled-over shares too", Unit.MONEY))
    new_debt: Numbers = field(default=0.0, metadata=says("new debt, at face", Unit.MONEY))
    debt_repaid: Numbers = field(default=0.0, metadata=says("old debt repaid", Unit.MONEY))
    capitalised_costs: Numbers = field(
        default=0.0, metadata=says("costs of the new debt and its issue discount", Unit.MONEY)
    )
    expensed_costs: Numbers = field(
        default=0.0, metadata=says("costs of advice and of the change of control", Unit.MONEY)
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchasePriceAllocationInputs:
    """A price for a company, its books, and how far they are from fair value."""

    years: int = field(default=5, metadata=says("years over which charges are told", Unit.YEARS))
    equity_price: Numbers = field(metadata=says("price of the acquired equity", Unit.MONEY))
    stake: Numbers = field(
        default=1.0, metadata=says("part of the equity that is acquired", Unit.RATE)
    )
    books: Books = field(metadata=says("the target's balance sheet at closing"))
    write_ups: tuple[WriteUp, ...] = field(
        default=(), metadata=says("assets brought to fair value")
    )
    tax: Numbers = field(default=0.0, metadata=says("tax rate", Unit.RATE))
    tax_base_stepped_up: bool = field(
        default=False,
        metadata=says("the tax base rises to fair value too, so that no tax is deferred"),
    )
    goodwill_method: GoodwillMethod = field(
        default=GoodwillMethod.FULL, metadata=says("how the owners of the rest are measured")
    )
    minority_value: Numbers | None = field(
        default=None,
        metadata=says("fair value of the rest; none: as the acquirer pays", Unit.MONEY),
    )
    closing: Closing | None = field(
        default=None,
        metadata=says("financing at closing; none: all by equity, debt and cash stay"),
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchasePriceAllocationResult:
    """Goodwill with what leads to it, the opening balance sheet, and the charges to come."""

    book_equity: Numbers = field(metadata=says("book value of the equity", Unit.MONEY))
    goodwill_written_off: Numbers = field(metadata=says("old goodwill written off", Unit.MONEY))
    write_ups: Numbers = field(metadata=says("fair value above book value", Unit.MONEY))
    depreciation: Row = field(metadata=says("depreciation of the write-ups", Unit.MONEY))
    amortisation: Row = field(metadata=says("amortisation of the write-ups", Unit.MONEY))
    inventory_charge: Row = field(metadata=says("written-up inventory sold", Unit.MONEY))
    charges: Row = field(metadata=says("write-ups charged to the year", Unit.MONEY))
    deferred_tax_released: Row = field(
        metadata=says("deferred tax that falls due and is released", Unit.MONEY)
    )
    deferred_tax: Row = field(metadata=says("deferred tax left at the end of the year", Unit.MONEY))
    opening_cash: Numbers = field(metadata=says("cash after closing", Unit.MONEY))
    opening_identifiable_assets: Numbers = field(
        metadata=says("identifiable assets at fair value", Unit.MONEY)
    )
    opening_capitalised_costs: Numbers = field(
        metadata=says("costs of the new debt, still to be amortised", Unit.MONEY)
    )
    opening_total_assets: Numbers = field(metadata=says("total assets after closing", Unit.MONEY))
    opening_debt: Numbers = field(metadata=says("debt after closing, at face", Unit.MONEY))
    opening_total_liabilities: Numbers = field(
        metadata=says("total liabilities after closing", Unit.MONEY)
    )
    opening_total_equity: Numbers = field(
        metadata=says("equity after closing, the minority's too", Unit.MONEY)
    )
    opening_total_liabilities_and_equity: Numbers = field(
        metadata=says("what the assets are financed by, as much as they are", Unit.MONEY)
    )
    deferred_tax_liability: Numbers = field(
        metadata=says("tax that the write-ups will cost", Unit.MONEY)
    )
    net_identifiable_assets: Numbers = field(
        metadata=says("identifiable assets less liabilities, at fair value", Unit.MONEY)
    )
    minority_interest: Numbers = field(metadata=says("held by the owners of the rest", Unit.MONEY))
    bargain_gain: Numbers = field(metadata=says("gain of a purchase below net assets", Unit.MONEY))
    goodwill: Numbers = field(metadata=says("price above net assets", Unit.MONEY))


@guarded
def purchase_price_allocation(
    inputs: PurchasePriceAllocationInputs,
) -> PurchasePriceAllocationResult:
    """Allocate a price to net assets at fair value and goodwill, and open the balance sheet.

    >>> books = Books(identifiable_assets=1_400.0, operating_liabilities=500.0)
    >>> deal = PurchasePriceAllocationInputs(equity_price=1_000.0, books=books, tax=0.25,
    ...                                      write_ups=(WriteUp(amount=80.0, life=8.0),))
    >>> print(purchase_price_allocation(deal).goodwill)  # 1,000 − (900 + 80 − 20)
    40.0
    """
    if not 1 <= inputs.years <= MOST_YEARS:
        raise YearsOutOfRange(years=inputs.years, most=MOST_YEARS)
    tax = checked_tax(inputs.tax)
    deferred_rate = 0.0 if inputs.tax_base_stepped_up else tax
    parts = allocated(
        inputs.equity_price,
        inputs.books,
        inputs.write_ups,
        tax=deferred_rate,
        stake=inputs.stake,
        method=inputs.goodwill_method,
        minority_value=inputs.minority_value,
    )
    charged = charged_years(
        inputs.write_ups,
        inputs.years,
        deferred_tax=parts.deferred_tax_liability,
        tax=deferred_rate,
    )
    opening = _opening(inputs, parts)
    return PurchasePriceAllocationResult(
        book_equity=parts.book_equity,
        goodwill_written_off=parts.goodwill_written_off,
        write_ups=parts.write_ups,
        depreciation=row_of(charged.depreciation),
        amortisation=row_of(charged.amortisation),
        inventory_charge=row_of(charged.inventory),
        charges=row_of(charged.charges),
        deferred_tax_released=row_of(charged.deferred_tax_released),
        deferred_tax=row_of(charged.deferred_tax),
        opening_cash=opening.cash,
        opening_identifiable_assets=opening.identifiable_assets,
        opening_capitalised_costs=opening.capitalised_costs,
        opening_total_assets=opening.total_assets,
        opening_debt=opening.debt,
        opening_total_liabilities=opening.total_liabilities,
        opening_total_equity=opening.total_equity,
        opening_total_liabilities_and_equity=opening.total_liabilities + opening.total_equity,
        deferred_tax_liability=parts.deferred_tax_liability,
        net_identifiable_assets=parts.net_identifiable_assets,
        minority_interest=parts.minority_interest,
        bargain_gain=parts.bargain_gain,
        goodwill=parts.goodwill,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningBalance:
    """The balance sheet on the morning after closing."""

    cash: Numbers
    identifiable_assets: Numbers
    capitalised_costs: Numbers
    total_assets: Numbers
    debt: Numbers
    total_liabilities: Numbers
    total_equity: Numbers


def _opening(inputs: PurchasePriceAllocationInputs, parts: Allocation) -> OpeningBalance:
    """The acquired company with the deal pushed down into its books; cash is what is left."""
    books = inputs.books
    closing = Closing(equity=inputs.equity_price) if inputs.closing is None else inputs.closing
    costs = not_negative("Capitalised costs", closing.capitalised_costs)
    expensed = not_negative("Expensed costs", closing.expensed_costs)
    repaid = not_negative("Debt repaid", closing.debt_repaid)
    new_debt = not_negative("New debt", closing.new_debt)
    sources = closing.equity + new_debt
    cash = books.cash + sources - inputs.equity_price - repaid - costs - expensed
    assets = books.identifiable_assets + parts.write_ups
    debt = books.debt - repaid + new_debt
    return OpeningBalance(
        cash=cash,
        identifiable_assets=assets,
        capitalised_costs=costs,
        total_assets=cash + assets + parts.goodwill + costs,
        debt=debt,
        total_liabilities=debt + books.operating_liabilities + parts.deferred_tax_liability,
        total_equity=closing.equity - expensed + parts.bargain_gain + parts.minority_interest,
    )
