"""Mergers as textbooks and templates print them: accretion, allocation, goodwill and collars."""

from dataclasses import dataclass, field
from math import isclose
from typing import Any

import numpy as np

from valor_core.models.dilution import Shares
from valor_core.models.fields import Unit, says, settle
from valor_core.models.merger.allocation import (
    Books,
    Closing,
    GoodwillMethod,
    PurchasePriceAllocationInputs,
    checked_tax,
    purchase_price_allocation,
)
from valor_core.models.merger.consideration import Collar, Exchange, Offer, considered
from valor_core.models.merger.financing import Financing
from valor_core.models.merger.merger import MergerInputs, Party, merger
from valor_core.models.merger.refusals import EquityDoesNotTie, SourcesDoNotTie
from valor_core.models.merger.synergies import Synergies
from valor_core.models.merger.write_ups import WriteUp
from valor_core.models.numbers import Numbers, Row
from valor_core.models.published.lbo import FundingCase
from valor_core.models.published.method import Method
from valor_core.models.refusals import ChooseOne, SharesNotPositive

TIES = 1e-6  # of the sum: amounts are printed to so many digits


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyCase:
    """A company as a merger template states it: down from revenue, or its net income alone."""

    price: Numbers = field(metadata=says("share price", Unit.MONEY_PER_SHARE))
    shares: Numbers = field(metadata=says("shares", Unit.SHARES))
    tax: Numbers | None = field(
        default=None, metadata=says("tax rate; none: the combined rate", Unit.RATE)
    )
    revenue: Row | None = field(default=None, metadata=says("revenue", Unit.MONEY))
    cogs: Row | None = field(default=None, metadata=says("cost of goods sold", Unit.MONEY))
    opex: Row | None = field(default=None, metadata=says("operating expenses", Unit.MONEY))
    ebit: Row | None = field(default=None, metadata=says("EBIT instead of costs", Unit.MONEY))
    interest_income: Row | None = field(default=None, metadata=says("interest earned", Unit.MONEY))
    interest_expense: Row | None = field(default=None, metadata=says("interest paid", Unit.MONEY))
    net_income: Row | None = field(
        default=None, metadata=says("net income instead of all lines above", Unit.MONEY)
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccretionCase:
    """Two companies, a price for one of them, and what pays it; what is not named is 0."""

    acquirer: PartyCase = field(metadata=says("the company that buys"))
    target: PartyCase = field(metadata=says("the company that is bought"))
    purchase_price: Numbers | None = field(
        default=None, metadata=says("price of the target's equity", Unit.MONEY)
    )
    offer_price: Numbers | None = field(
        default=None, metadata=says("price of one of its shares instead", Unit.MONEY_PER_SHARE)
    )
    premium: Numbers | None = field(
        default=None, metadata=says("premium over its share price instead", Unit.RATE)
    )
    cash: Numbers | None = field(default=None, metadata=says("paid in cash", Unit.MONEY))
    debt: Numbers | None = field(default=None, metadata=says("paid from new debt", Unit.MONEY))
    stock: Numbers | None = field(
        default=None, metadata=says("paid in stock; none: what is left", Unit.MONEY)
    )
    cash_pct: Numbers | None = field(default=None, metadata=says("part in cash", Unit.RATE))
    debt_pct: Numbers | None = field(default=None, metadata=says("part from debt", Unit.RATE))
    stock_pct: Numbers | None = field(default=None, metadata=says("part in stock", Unit.RATE))
    foregone_cash_rate: Numbers = field(
        default=0.0, metadata=says("interest that the cash earned", Unit.RATE)
    )
    debt_rate: Numbers = field(default=0.0, metadata=says("interest on new debt", Unit.RATE))
    tax: Numbers | None = field(
        default=None, metadata=says("tax rate on both; none: the acquirer's", Unit.RATE)
    )
    synergies: Row | None = field(default=None, metadata=says("synergies before tax", Unit.MONEY))
    integration_costs: Row | None = field(
        default=None, metadata=says("what synergies cost to achieve", Unit.MONEY)
    )
    intangibles: Numbers = field(default=0.0, metadata=says("new intangible assets", Unit.MONEY))
    intangibles_life: Numbers = field(default=5.0, metadata=says("their life", Unit.YEARS))
    ppe_write_up: Numbers = field(default=0.0, metadata=says("write-up of PP&E", Unit.MONEY))
    ppe_life: Numbers = field(default=10.0, metadata=says("its life", Unit.YEARS))
    financing_fees: Numbers = field(default=0.0, metadata=says("financing fees", Unit.MONEY))
    financing_fees_life: Numbers = field(default=5.0, metadata=says("their life", Unit.YEARS))
    advisory_fees: Numbers = field(default=0.0, metadata=says("fees for advice", Unit.MONEY))
    refinanced_debt: Numbers = field(default=0.0, metadata=says("debt repaid", Unit.MONEY))
    refinanced_rate: Numbers = field(default=0.0, metadata=says("its interest", Unit.RATE))
    book_equity: Numbers | None = field(
        default=None, metadata=says("target's book equity, for the goodwill", Unit.MONEY)
    )

    def __post_init__(self) -> None:
        settle(self)


def accretion_dilution(case: AccretionCase) -> dict[str, Any]:
    """A merger's income statement and earnings per share; costs of financing are negative."""
    result = merger(_as_merger(case))
    price = result.break_even_price
    lines = {
        "offer_price": result.offer_price,
        "premium": result.premium,
        "purchase_price": result.equity_price,
        "exchange_ratio": result.exchange_ratio,
        "new_shares": result.new_shares,
        "shares": result.combined_shares,
        "target_ownership": result.target_ownership,
        "acquirer_ownership": 1.0 - result.target_ownership,
        "acquirer_net_income": result.acquirer_net_income,
        "target_net_income": result.target_net_income,
        "acquirer_eps": result.acquirer_eps,
        "target_eps": result.target_eps,
        "combined_revenue": result.combined_revenue,
        "combined_ebit": result.combined_ebit,
        "synergies": result.synergies,
        "foregone_interest": -result.foregone_interest,
        "new_interest": -result.new_interest,
        "amortisation": -result.write_up_charges,
        "pretax": result.pretax_income,
        "tax": result.tax,
        "net_income": result.net_income,
        "eps": result.eps,
        "accretion": result.accretion,
        "accretion_pct": result.accretion_percent,
        "cash_eps": result.cash_eps,
        "break_even_synergies": result.break_even_synergies,
        "break_even_price": price,
        "break_even_premium": result.break_even_premium,
        "break_even_purchase_price": None
        if price is None
        else np.multiply(price, case.target.shares),
    }
    if result.allocation is not None:
        lines["goodwill"] = result.allocation.goodwill
        lines["deferred_tax_liability"] = result.allocation.deferred_tax_liability
    return lines


def _as_merger(case: AccretionCase) -> MergerInputs:
    tax = case.acquirer.tax if case.tax is None else case.tax
    tax = checked_tax(0.0 if tax is None else tax)
    books = None if case.book_equity is None else Books(identifiable_assets=case.book_equity)
    return MergerInputs(
        acquirer=_as_party(case.acquirer, tax, None),
        target=_as_party(case.target, tax, books),
        offer=_as_offer(case),
        financing=Financing(
            cash_rate=case.foregone_cash_rate,
            debt_rate=case.debt_rate,
            refinanced=case.refinanced_debt,
            refinanced_rate=case.refinanced_rate,
            advisory_fees=case.advisory_fees,
            financing_fees=case.financing_fees,
            financing_fees_life=case.financing_fees_life,
        ),
        write_ups=(
            WriteUp(amount=case.intangibles, life=case.intangibles_life),
            WriteUp(amount=case.ppe_write_up, life=case.ppe_life),
        ),
        # One a year is a whole of 1 by the year's amount; accretion asks for no value today.
        synergies=Synergies(
            costs_saved=1.0,
            phasing=_zeros(case) if case.synergies is None else case.synergies,
            costs_to_achieve=case.integration_costs,
            discount_rate=0.0,
        ),
        tax=tax,
    )


def _zeros(case: AccretionCase) -> Row:
    return np.zeros(_years(case.acquirer))


def _years(party: PartyCase) -> int:
    told = next(
        (row for row in (party.net_income, party.ebit, party.revenue) if row is not None), None
    )
    if told is None:
        raise ChooseOne("revenue", "net_income", given=False)
    return len(told)


def _as_party(case: PartyCase, tax: Numbers, books: Books | None) -> Party:
    """Net income alone is taken as taxed at the combined rate, so that it enters as it stands."""
    nothing = np.zeros(_years(case))

    def row(stated: Row | None) -> Row:
        return nothing if stated is None else stated

    if case.net_income is not None:
        ebit, interest = case.net_income / (1.0 - tax), nothing
    else:
        costs = row(case.cogs) + row(case.opex)
        ebit = row(case.revenue) - costs if case.ebit is None else case.ebit
        interest = row(case.interest_income) - row(case.interest_expense)
    own = tax if case.tax is None or case.net_income is not None else case.tax
    return Party(
        share_price=case.price,
        shares=Shares(basic=case.shares),
        tax=own,
        revenue=row(case.revenue),
        ebit=ebit,
        net_interest=interest,
        books=books,
    )


def _as_offer(case: AccretionCase) -> Offer:
    """The price by the share, and the parts of cash and debt in it."""
    if case.target.shares <= 0.0:
        raise SharesNotPositive(shares=case.target.shares)
    amounts = [case.cash, case.debt, case.stock]
    price = _price(case, amounts)
    if all(amount is None for amount in amounts):
        parts = [case.cash_pct, case.debt_pct, case.stock_pct]
        amounts = [None if part is None else part * price for part in parts]
    cash, debt = (amount or 0.0 for amount in amounts[:2])
    stock = price - cash - debt if amounts[2] is None else amounts[2]
    if not isclose(cash + debt + stock, price, rel_tol=TIES):
        raise SourcesDoNotTie(sources=cash + debt + stock, price=price)
    whole = cash + debt + stock
    return Offer(
        price=price / case.target.shares,
        cash=0.0 if whole == 0.0 else cash / whole,
        debt=0.0 if whole == 0.0 else debt / whole,
    )


def _price(case: AccretionCase, amounts: list[Numbers | None]) -> float:
    """The price of the target's equity, however it is stated."""
    if case.purchase_price is not None:
        return case.purchase_price
    if case.offer_price is not None:
        return case.offer_price * case.target.shares
    if case.premium is not None:
        return case.target.price * (1.0 + case.premium) * case.target.shares
    if all(amount is None for amount in amounts):
        raise ChooseOne("purchase_price", "offer_price", given=False)
    return sum(amount or 0.0 for amount in amounts)


def _rows_spelt_out(stated: dict[str, Any]) -> dict[str, Any]:
    """A number where one a year is meant holds in all years."""
    parties = {
        name: stated[name] for name in ("acquirer", "target") if isinstance(stated.get(name), dict)
    }
    lengths = [len(v) for each in parties.values() for v in each.values() if isinstance(v, list)]
    years = max(lengths, default=1)
    spelt = stated | _repeated(stated, ("synergies", "integration_costs"), years)
    rows = ("revenue", "cogs", "opex", "ebit", "interest_income", "interest_expense", "net_income")
    return spelt | {name: each | _repeated(each, rows, years) for name, each in parties.items()}


def _repeated(stated: dict[str, Any], names: tuple[str, ...], years: int) -> dict[str, Any]:
    return {
        name: [stated[name]] * years
        for name in names
        if isinstance(stated.get(name), (int, float)) and not isinstance(stated[name], bool)
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationCase:
    """A price, net assets at fair value and, where they are stated, the means at closing."""

    equity_price: Numbers = field(metadata=says("price of the equity", Unit.MONEY))
    identifiable_assets_fair_value: Numbers = field(
        metadata=says("identifiable assets at fair value, without cash and goodwill", Unit.MONEY)
    )
    step_up_included: Numbers = field(
        default=0.0, metadata=says("how far that is above book value", Unit.MONEY)
    )
    tax_rate: Numbers = field(default=0.0, metadata=says("tax rate", Unit.RATE))
    tax_base_stepped_up: bool = field(
        default=False, metadata=says("the tax base rises too, as in an asset deal")
    )
    target_cash: Numbers = field(default=0.0, metadata=says("cash of the target", Unit.MONEY))
    operating_liabilities: Numbers = field(
        default=0.0, metadata=says("liabilities besides debt", Unit.MONEY)
    )
    existing_debt: Numbers = field(default=0.0, metadata=says("debt of the target", Unit.MONEY))
    existing_goodwill: Numbers = field(
        default=0.0, metadata=says("goodwill in its books, written off", Unit.MONEY)
    )
    ownership: Numbers = field(default=1.0, metadata=says("part acquired", Unit.RATE))
    goodwill_method: GoodwillMethod = field(
        default=GoodwillMethod.FULL, metadata=says("full or partial goodwill")
    )
    minority_interest: Numbers | None = field(
        default=None, metadata=says("fair value of the rest", Unit.MONEY)
    )
    new_debt: Numbers = field(default=0.0, metadata=says("new debt, at face", Unit.MONEY))
    debt_repaid: Numbers = field(default=0.0, metadata=says("old debt repaid", Unit.MONEY))
    financing_fees: Numbers = field(
        default=0.0, metadata=says("capitalised financing fees", Unit.MONEY)
    )
    oid: Numbers = field(default=0.0, metadata=says("original issue discount", Unit.MONEY))
    expensed_costs: Numbers = field(
        default=0.0, metadata=says("costs expensed at closing", Unit.MONEY)
    )
    new_equity: Numbers | None = field(
        default=None, metadata=says("equity put in; none: as much as the price", Unit.MONEY)
    )
    rollover: Numbers = field(default=0.0, metadata=says("equity rolled over", Unit.MONEY))

    def __post_init__(self) -> None:
        settle(self)


def allocation(case: AllocationCase) -> dict[str, Any]:
    """Deferred tax, net assets, goodwill and the opening balance sheet."""
    result = purchase_price_allocation(
        PurchasePriceAllocationInputs(
            equity_price=case.equity_price,
            stake=case.ownership,
            books=Books(
                identifiable_assets=case.identifiable_assets_fair_value - case.step_up_included,
                cash=case.target_cash,
                goodwill=case.existing_goodwill,
                operating_liabilities=case.operating_liabilities,
                debt=case.existing_debt,
            ),
            write_ups=(WriteUp(amount=case.step_up_included),),
            tax=case.tax_rate,
            tax_base_stepped_up=case.tax_base_stepped_up,
            goodwill_method=case.goodwill_method,
            minority_value=case.minority_interest,
            closing=Closing(
                equity=(case.equity_price if case.new_equity is None else case.new_equity)
                + case.rollover,
                new_debt=case.new_debt,
                debt_repaid=case.debt_repaid,
                capitalised_costs=case.financing_fees + case.oid,
                expensed_costs=case.expensed_costs,
            ),
        )
    )
    return {
        "deferred_tax_liability": result.deferred_tax_liability,
        "net_identifiable_assets": result.net_identifiable_assets,
        "minority_interest": result.minority_interest,
        "goodwill": result.goodwill,
        "bargain_gain": result.bargain_gain,
        "opening_cash": result.opening_cash,
        "opening_total_assets": result.opening_total_assets,
        "opening_debt": result.opening_debt,
        "opening_total_liabilities": result.opening_total_liabilities,
        "opening_total_equity": result.opening_total_equity,
    }


def financed_by(case: FundingCase) -> dict[str, Any]:
    """What the sources and uses of a buyout state of the allocation of its price."""
    funding = case.funding()
    return {
        "equity_price": funding.equity_price,
        "target_cash": case.existing_cash,
        "existing_debt": case.existing_debt,
        "new_debt": funding.debt,
        "debt_repaid": case.existing_debt,
        "financing_fees": funding.financing_fees,
        "oid": funding.issue_discount,
        "expensed_costs": funding.transaction_fees + case.change_of_control + case.other_uses,
        "new_equity": funding.sponsor_equity,
        "rollover": case.rollover,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodwillCase:
    """A price and the net assets that it buys, by equity or by assets less liabilities."""

    purchase_price: Numbers = field(metadata=says("price paid", Unit.MONEY))
    target_assets: Numbers | None = field(default=None, metadata=says("assets", Unit.MONEY))
    target_liabilities: Numbers | None = field(
        default=None, metadata=says("liabilities", Unit.MONEY)
    )
    target_equity: Numbers | None = field(default=None, metadata=says("book equity", Unit.MONEY))
    existing_goodwill: Numbers = field(
        default=0.0, metadata=says("goodwill in its books, written off", Unit.MONEY)
    )
    write_up: Numbers = field(
        default=0.0, metadata=says("fair value of assets above book value", Unit.MONEY)
    )
    new_intangibles: Numbers = field(
        default=0.0, metadata=says("intangible assets not in its books", Unit.MONEY)
    )
    tax_rate: Numbers = field(
        default=0.0, metadata=says("tax rate, for the deferred tax on both", Unit.RATE)
    )
    ownership: Numbers = field(default=1.0, metadata=says("part acquired", Unit.RATE))
    goodwill_method: GoodwillMethod = field(
        default=GoodwillMethod.FULL, metadata=says("full or partial goodwill")
    )
    minority_interest: Numbers | None = field(
        default=None, metadata=says("fair value of the rest", Unit.MONEY)
    )

    def __post_init__(self) -> None:
        settle(self)


def goodwill(case: GoodwillCase) -> dict[str, Any]:
    """Goodwill as the residual: negative where the purchase is a bargain."""
    result = purchase_price_allocation(
        PurchasePriceAllocationInputs(
            equity_price=case.purchase_price,
            stake=case.ownership,
            books=Books(
                identifiable_assets=_equity(case) - case.existing_goodwill,
                goodwill=case.existing_goodwill,
            ),
            write_ups=(WriteUp(amount=case.write_up), WriteUp(amount=case.new_intangibles)),
            tax=case.tax_rate,
            goodwill_method=case.goodwill_method,
            minority_value=case.minority_interest,
        )
    )
    return {
        "goodwill": result.goodwill - result.bargain_gain,
        "bargain_gain": result.bargain_gain,
        "net_identifiable_assets": result.net_identifiable_assets,
        "deferred_tax_liability": result.deferred_tax_liability,
        "minority_interest": result.minority_interest,
    }


def _equity(case: GoodwillCase) -> float:
    assets, liabilities, equity = case.target_assets, case.target_liabilities, case.target_equity
    if assets is None:
        if equity is None:
            raise ChooseOne("target_equity", "target_assets", given=False)
        return equity
    by_assets = assets - (liabilities or 0.0)
    if equity is not None and abs(by_assets - equity) > TIES * max(abs(assets), abs(equity)):
        raise EquityDoesNotTie(equity=equity, assets=assets, liabilities=liabilities or 0.0)
    return by_assets


@dataclass(frozen=True, slots=True, kw_only=True)
class CollarCase:
    """A stock offer, its collar, and what the acquirer's share costs at closing."""

    offer_price: Numbers = field(
        metadata=says("offered for a share of the target", Unit.MONEY_PER_SHARE)
    )
    acquirer_price: Numbers = field(
        metadata=says("acquirer's share price at signing", Unit.MONEY_PER_SHARE)
    )
    closing_price: Numbers | None = field(
        default=None, metadata=says("at closing; none: as at signing", Unit.MONEY_PER_SHARE)
    )
    exchange: Exchange = field(
        default=Exchange.FIXED_VALUE, metadata=says("what is fixed inside the collar")
    )
    floor: Numbers | None = field(
        default=None, metadata=says("lower end of the collar", Unit.MONEY_PER_SHARE)
    )
    cap: Numbers | None = field(
        default=None, metadata=says("upper end of the collar", Unit.MONEY_PER_SHARE)
    )

    def __post_init__(self) -> None:
        settle(self)


def collar(case: CollarCase) -> dict[str, Any]:
    """The exchange ratio at closing, and what a target's share then receives."""
    if (case.floor is None) != (case.cap is None):
        raise ChooseOne("floor", "no cap", given=case.floor is not None)
    bounds = None if case.floor is None else Collar(low=case.floor, high=case.cap)
    paid = considered(
        Offer(
            price=case.offer_price,
            exchange=case.exchange,
            collar=bounds,
            closing_price=case.closing_price,
        ),
        acquirer_price=case.acquirer_price,
        target_price=case.offer_price,
        target=Shares(basic=1.0),
    )
    return {"exchange_ratio": paid.exchange_ratio, "value_at_closing": paid.value_at_closing}


METHODS = {
    "merger_accretion_dilution": Method(
        inputs=AccretionCase,
        compute=accretion_dilution,
        main="accretion",
        spelt_out=_rows_spelt_out,
    ),
    "purchase_price_allocation": Method(
        inputs=AllocationCase,
        compute=allocation,
        main="goodwill",
        told_by={"lbo_sources_and_uses": financed_by},
    ),
    "goodwill": Method(inputs=GoodwillCase, compute=goodwill, main="goodwill"),
    "exchange_ratio_collar": Method(inputs=CollarCase, compute=collar, main="exchange_ratio"),
}
