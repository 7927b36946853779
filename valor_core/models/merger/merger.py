"""What a merger does to the acquirer's earnings per share, and to its value."""

from dataclasses import dataclass, field
from functools import reduce

import numpy as np

from valor_core.models.dilution import Shares, diluted_at
from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.merger.allocation import Allocation, Books, allocated, checked_tax
from valor_core.models.merger.break_even import Deal, break_even, synergies_lacking
from valor_core.models.merger.consideration import Consideration, Offer, considered
from valor_core.models.merger.financing import Financing, FinancingYears, financed
from valor_core.models.merger.opening import CombinedBalance, combined_balance
from valor_core.models.merger.refusals import JudgedYearOutOfRange
from valor_core.models.merger.synergies import Synergies, SynergyYears, synergy_years
from valor_core.models.merger.write_ups import ChargedYears, WriteUp, charged_years, total
from valor_core.models.numbers import Numbers, Row, only_where, row_of, valid_where, yearly
from valor_core.models.paths import over_years
from valor_core.models.refusals import PriceNotPositive, SharesNotPositive, YearsOutOfRange

MOST_YEARS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A company before the deal: its market, its forecast and its books."""

    company: str = field(
        default="", metadata=says("its id among the companies that are known; empty: none of them")
    )
    share_price: Numbers = field(
        metadata=says("share price before the deal was known", Unit.MONEY_PER_SHARE)
    )
    shares: Shares = field(metadata=says("shares and options on them"))
    tax: Numbers = field(metadata=says("tax rate on its profit alone", Unit.RATE))
    revenue: Row = field(metadata=says("revenue, one a forecast year", Unit.MONEY))
    ebit: Row = field(metadata=says("EBIT", Unit.MONEY, label="EBIT"))
    depreciation: Row | None = field(
        default=None, metadata=says("depreciation and amortisation", Unit.MONEY)
    )
    net_interest: Row | None = field(
        default=None, metadata=says("interest earned less interest paid; none: 0", Unit.MONEY)
    )
    books: Books | None = field(default=None, metadata=says("balance sheet at closing"))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class MergerInputs:
    """Two companies, an offer, what pays it, and what is expected of the two together."""

    acquirer: Party = field(metadata=says("the company that buys"))
    target: Party = field(metadata=says("the company that is bought"))
    offer: Offer = field(metadata=says("price of a target's share and what pays it"))
    financing: Financing = field(
        default=Financing(), metadata=says("interest, fees and the target's debt")
    )
    write_ups: tuple[WriteUp, ...] = field(
        default=(), metadata=says("the target's assets brought to fair value")
    )
    tax_base_stepped_up: bool = field(
        default=False,
        metadata=says("the tax base rises to fair value too, so that no tax is deferred"),
    )
    synergies: Synergies | None = field(default=None, metadata=says("what both earn together"))
    tax: Numbers | None = field(
        default=None,
        metadata=says("tax rate on the combined profit; none: the acquirer's", Unit.RATE),
    )
    judged_year: int = field(
        default=1, metadata=says("forecast year by which the deal is judged", Unit.YEARS)
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class MergerResult:
    """A merger with every line on the way to accretion; None where a line has no meaning."""

    offer_price: Numbers = field(
        metadata=says("price for a share of the target", Unit.MONEY_PER_SHARE)
    )
    premium: Numbers = field(metadata=says("over the target's share price", Unit.RATE))
    target_shares: Numbers = field(metadata=says("target's shares at the offer", Unit.SHARES))
    equity_price: Numbers = field(metadata=says("price of the target's equity", Unit.MONEY))
    paid_in_cash: Numbers = field(metadata=says("of it from cash on hand", Unit.MONEY))
    paid_from_debt: Numbers = field(metadata=says("of it from new debt", Unit.MONEY))
    paid_in_stock: Numbers = field(metadata=says("of it in stock", Unit.MONEY))
    exchange_ratio: Numbers = field(
        metadata=says("acquirer's shares for one of the target's", Unit.RATIO)
    )
    value_at_closing: Numbers = field(
        metadata=says("what is paid, at the acquirer's price at closing", Unit.MONEY)
    )
    total_uses: Numbers = field(metadata=says("price, refinanced debt and fees", Unit.MONEY))
    cash_used: Numbers = field(metadata=says("cash on hand used in all", Unit.MONEY))
    new_debt: Numbers = field(metadata=says("new debt in all", Unit.MONEY))
    new_shares: Numbers = field(metadata=says("shares issued to the target's owners", Unit.SHARES))
    acquirer_shares: Numbers = field(metadata=says("acquirer's shares, diluted", Unit.SHARES))
    combined_shares: Numbers = field(metadata=says("shares after the deal", Unit.SHARES))
    target_ownership: Numbers = field(
        metadata=says("part of the combined company that the target's owners hold", Unit.RATE)
    )
    allocation: Allocation | None = field(
        metadata=says("price allocated to the target's net assets")
    )
    opening: CombinedBalance | None = field(metadata=says("combined balance sheet after closing"))
    acquirer_net_income: Row = field(metadata=says("acquirer's net income alone", Unit.MONEY))
    acquirer_eps: Row = field(
        metadata=says("its earnings per share", Unit.MONEY_PER_SHARE, label="Acquirer EPS")
    )
    target_net_income: Row = field(metadata=says("target's net income alone", Unit.MONEY))
    target_eps: Row = field(
        metadata=says("its earnings per share", Unit.MONEY_PER_SHARE, label="Target EPS")
    )
    combined_revenue: Row = field(metadata=says("revenue of both and synergies", Unit.MONEY))
    synergies: Row = field(metadata=says("synergies before tax", Unit.MONEY))
    costs_to_achieve: Row = field(metadata=says("what they cost to achieve", Unit.MONEY))
    write_up_charges: Row = field(metadata=says("write-ups charged to the year", Unit.MONEY))
    combined_ebit: Row = field(
        metadata=says("EBIT of both, synergies and charges", Unit.MONEY, label="Combined EBIT")
    )
    foregone_interest: Row = field(metadata=says("interest lost on the cash used", Unit.MONEY))
    new_interest: Row = field(metadata=says("interest on the new debt", Unit.MONEY))
    saved_interest: Row = field(metadata=says("interest saved on refinanced debt", Unit.MONEY))
    fee_amortisation: Row = field(metadata=says("financing fees charged to the year", Unit.MONEY))
    pretax_income: Row = field(metadata=says("combined profit before tax", Unit.MONEY))
    tax: Row = field(metadata=says("tax on it", Unit.MONEY))
    net_income: Row = field(metadata=says("combined net income", Unit.MONEY))
    eps: Row = field(
        metadata=says("combined earnings per share", Unit.MONEY_PER_SHARE, label="Combined EPS")
    )
    accretion: Row = field(
        metadata=says("combined less acquirer's earnings per share", Unit.MONEY_PER_SHARE)
    )
    accretion_percent: Row | None = field(
        metadata=says("accretion as a part of the acquirer's earnings per share", Unit.RATE)
    )
    cash_eps: Row = field(
        metadata=says(
            "combined earnings per share before write-ups charged, after tax",
            Unit.MONEY_PER_SHARE,
            label="Cash EPS",
        )
    )
    deferred_tax_released: Row = field(
        metadata=says("deferred tax that falls due and is released", Unit.MONEY)
    )
    deferred_tax: Row = field(metadata=says("deferred tax left at the year's end", Unit.MONEY))
    new_debt_left: Row = field(metadata=says("new debt at the year's end", Unit.MONEY))
    revenue_contributed: Row | None = field(
        metadata=says("target's part of the revenue of both", Unit.RATE)
    )
    ebitda_contributed: Row | None = field(
        metadata=says("target's part of the EBITDA of both", Unit.RATE)
    )
    ebit_contributed: Row | None = field(
        metadata=says("target's part of the EBIT of both", Unit.RATE)
    )
    net_income_contributed: Row | None = field(
        metadata=says("target's part of the net income of both", Unit.RATE)
    )
    debt_to_ebitda: Numbers | None = field(
        metadata=says("combined debt over the first year's EBITDA", Unit.RATIO)
    )
    interest_cover: Numbers | None = field(
        metadata=says("combined EBIT over net interest paid, in the judged year", Unit.RATIO)
    )
    cost_of_stock: Numbers = field(
        metadata=says("acquirer's earnings per share over its issue price", Unit.RATE)
    )
    cost_of_cash: Numbers = field(metadata=says("interest lost after tax", Unit.RATE))
    cost_of_debt: Numbers = field(metadata=says("interest on new debt after tax", Unit.RATE))
    cost_of_funding: Numbers = field(metadata=says("the three by the mix", Unit.RATE))
    target_earnings_yield: Numbers = field(
        metadata=says("target's net income over its price", Unit.RATE)
    )
    break_even_synergies: Row = field(
        metadata=says(
            "synergies before tax, beyond those assumed, at which nothing is diluted", Unit.MONEY
        )
    )
    break_even_price: Numbers | None = field(
        metadata=says("highest offer for a share without dilution", Unit.MONEY_PER_SHARE)
    )
    break_even_premium: Numbers | None = field(
        metadata=says("its premium over the target's share price", Unit.RATE)
    )
    break_even_stock: Numbers | None = field(
        metadata=says("part paid in stock at which nothing is diluted", Unit.RATE)
    )
    value_of_synergies: Numbers = field(metadata=says("synergies after tax, today", Unit.MONEY))
    premium_paid: Numbers = field(
        metadata=says("what is paid at closing above the target's market value", Unit.MONEY)
    )
    synergies_less_premium: Numbers = field(
        metadata=says("value of synergies less the premium paid and fees", Unit.MONEY)
    )
    gain_of_target: Numbers = field(
        metadata=says("what the target's owners gain, with their part of the whole", Unit.MONEY)
    )
    gain_of_acquirer: Numbers = field(metadata=says("what the acquirer's owners gain", Unit.MONEY))
    judged_accretion: Numbers = field(
        metadata=says("accretion in the judged year", Unit.MONEY_PER_SHARE)
    )


@guarded
def merger(inputs: MergerInputs) -> MergerResult:
    """Combine two companies under an offer: accretion, goodwill, break-evens and value.

    >>> alone = {"share_price": 10.0, "tax": 0.25, "revenue": [100.0], "ebit": [40.0]}
    >>> deal = MergerInputs(acquirer=Party(shares=Shares(basic=30.0), **alone),
    ...                     target=Party(shares=Shares(basic=30.0), **alone),
    ...                     offer=Offer(price=10.0))
    >>> print(merger(deal).accretion)  # like for like, paid in stock at no premium
    [0.]
    """
    years = _years(inputs)
    tax = checked_tax(inputs.acquirer.tax if inputs.tax is None else inputs.tax)
    ours, theirs = _standalone(inputs.acquirer, years), _standalone(inputs.target, years)
    paid = considered(
        inputs.offer,
        acquirer_price=inputs.acquirer.share_price,
        target_price=inputs.target.share_price,
        target=inputs.target.shares,
    )
    funds = financed(inputs.financing, paid, years)
    together = synergy_years(inputs.synergies, years, tax)
    charged = _charged(inputs, tax, years)
    sums = _combined(ours, theirs, funds, together, charged, tax)
    shares = ours.shares + paid.new_shares
    eps = [np.divide(income, shares) for income in sums.net_income]
    accretion = [new - old for new, old in zip(eps, ours.eps, strict=True)]
    cash_eps = [
        np.divide(income + charge * (1.0 - tax), shares)
        for income, charge in zip(sums.net_income, charged.charges, strict=True)
    ]
    judged = inputs.judged_year - 1
    cost_of_cash = inputs.financing.cash_rate * (1.0 - tax)
    cost_of_debt = inputs.financing.debt_rate * (1.0 - tax)
    even = break_even(
        Deal(
            eps=ours.eps[judged],
            acquirer_shares=ours.shares,
            net_income=sums.net_income[judged],
            price=paid.equity_price,
            issue_price=paid.issue_price,
            cash=inputs.offer.cash,
            debt=inputs.offer.debt,
            cost_of_cash=cost_of_cash,
            cost_of_debt=cost_of_debt * funds.outstanding[judged],
            target=inputs.target.shares,
        )
    )
    lacking = [
        synergies_lacking(income, alone, shares, tax)
        for income, alone in zip(sums.net_income, ours.eps, strict=True)
    ]
    allocation, opening = _booked(inputs, paid, funds, tax)
    value = _value(ours, theirs, paid, funds, together.value, shares)
    return MergerResult(
        offer_price=paid.price,
        premium=np.divide(paid.price, theirs.price) - 1.0,
        target_shares=paid.target_shares,
        equity_price=paid.equity_price,
        paid_in_cash=paid.cash,
        paid_from_debt=paid.debt,
        paid_in_stock=paid.stock,
        exchange_ratio=paid.exchange_ratio,
        value_at_closing=paid.value_at_closing,
        total_uses=funds.total_uses,
        cash_used=funds.cash_used,
        new_debt=funds.new_debt,
        new_shares=paid.new_shares,
        acquirer_shares=ours.shares,
        combined_shares=shares,
        target_ownership=np.divide(paid.new_shares, shares),
        allocation=allocation,
        opening=opening,
        acquirer_net_income=row_of(ours.net_income),
        acquirer_eps=row_of(ours.eps),
        target_net_income=row_of(theirs.net_income),
        target_eps=row_of(theirs.eps),
        combined_revenue=row_of(sums.revenue),
        synergies=row_of(together.profit),
        costs_to_achieve=row_of(together.costs_to_achieve),
        write_up_charges=row_of(charged.charges),
        combined_ebit=row_of(sums.ebit),
        foregone_interest=row_of(funds.foregone),
        new_interest=row_of(funds.interest),
        saved_interest=row_of(funds.saved),
        fee_amortisation=row_of(funds.fee_amortisation),
        pretax_income=row_of(sums.pretax),
        tax=row_of(sums.tax),
        net_income=row_of(sums.net_income),
        eps=row_of(eps),
        accretion=row_of(accretion),
        accretion_percent=_percent(accretion, ours.eps),
        cash_eps=row_of(cash_eps),
        deferred_tax_released=row_of(charged.deferred_tax_released),
        deferred_tax=row_of(charged.deferred_tax),
        new_debt_left=row_of(funds.debt_left),
        revenue_contributed=_contributed(theirs.revenue, ours.revenue),
        ebitda_contributed=_contributed(theirs.ebitda, ours.ebitda),
        ebit_contributed=_contributed(theirs.ebit, ours.ebit),
        net_income_contributed=_contributed(theirs.net_income, ours.net_income),
        debt_to_ebitda=_leverage(opening, ours, theirs, together),
        interest_cover=_cover(sums, judged),
        cost_of_stock=even.cost_of_stock,
        cost_of_cash=cost_of_cash,
        cost_of_debt=cost_of_debt,
        cost_of_funding=even.cost_of_funding,
        target_earnings_yield=np.divide(theirs.net_income[judged], paid.equity_price),
        break_even_synergies=row_of(lacking),
        break_even_price=even.price,
        break_even_premium=None
        if even.price is None
        else np.divide(even.price, theirs.price) - 1.0,
        break_even_stock=even.stock,
        value_of_synergies=together.value,
        premium_paid=value.premium_paid,
        synergies_less_premium=together.value - value.premium_paid - funds.fees,
        gain_of_target=value.gain_of_target,
        gain_of_acquirer=value.gain_of_acquirer,
        judged_accretion=accretion[judged],
    )


def _years(inputs: MergerInputs) -> int:
    """The number of forecast years, as many as the acquirer's revenue has."""
    years = inputs.acquirer.revenue.shape[-1]
    if not 1 <= years <= MOST_YEARS:
        raise YearsOutOfRange(years=years, most=MOST_YEARS)
    if not 1 <= inputs.judged_year <= years:
        raise JudgedYearOutOfRange(year=inputs.judged_year, years=years)
    return years


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standalone:
    """A company as it would go on alone."""

    price: Numbers
    shares: Numbers
    revenue: list[Numbers]
    ebit: list[Numbers]
    ebitda: list[Numbers] | None
    net_interest: list[Numbers]
    net_income: list[Numbers]
    eps: list[Numbers]


def _standalone(party: Party, years: int) -> _Standalone:
    price = party.share_price
    price = valid_where(price > 0.0, price, PriceNotPositive, price=price)
    shares = diluted_at(party.shares, price)
    shares = valid_where(shares > 0.0, shares, SharesNotPositive, shares=shares)
    tax = checked_tax(party.tax)
    ebit = over_years(party.ebit, years, name="ebit")
    interest = (
        [0.0] * years
        if party.net_interest is None
        else over_years(party.net_interest, years, name="net_interest")
    )
    depreciation = (
        None
        if party.depreciation is None
        else over_years(party.depreciation, years, name="depreciation")
    )
    income = [(e + i) * (1.0 - tax) for e, i in zip(ebit, interest, strict=True)]
    return _Standalone(
        price=price,
        shares=shares,
        revenue=over_years(party.revenue, years, name="revenue"),
        ebit=ebit,
        ebitda=None
        if depreciation is None
        else [e + d for e, d in zip(ebit, depreciation, strict=True)],
        net_interest=interest,
        net_income=income,
        eps=[np.divide(each, shares) for each in income],
    )


def _charged(inputs: MergerInputs, tax: Numbers, years: int) -> ChargedYears:
    rate = 0.0 if inputs.tax_base_stepped_up else tax
    return charged_years(
        inputs.write_ups, years, deferred_tax=total(inputs.write_ups) * rate, tax=rate
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Combined:
    """The two companies' income statement together, one number a year."""

    revenue: list[Numbers]
    ebit: list[Numbers]
    net_interest: list[Numbers]
    pretax: list[Numbers]
    tax: list[Numbers]
    net_income: list[Numbers]


def _combined(
    ours: _Standalone,
    theirs: _Standalone,
    funds: FinancingYears,
    together: SynergyYears,
    charged: ChargedYears,
    tax: Numbers,
) -> _Combined:
    """Both pretax profits, synergies, charges and financing; taxed at one rate, a loss too."""
    lines = _Combined(revenue=[], ebit=[], net_interest=[], pretax=[], tax=[], net_income=[])
    for year in range(len(ours.ebit)):
        profit = together.profit[year] - together.costs_to_achieve[year]
        ebit = ours.ebit[year] + theirs.ebit[year] + profit - charged.charges[year]
        interest = ours.net_interest[year] + theirs.net_interest[year] + funds.net_interest[year]
        pretax = ebit + interest
        due = pretax * tax
        lines.revenue.append(ours.revenue[year] + theirs.revenue[year] + together.revenue[year])
        lines.ebit.append(ebit)
        lines.net_interest.append(interest)
        lines.pretax.append(pretax)
        lines.tax.append(due)
        lines.net_income.append(pretax - due)
    return lines


def _booked(
    inputs: MergerInputs, paid: Consideration, funds: FinancingYears, tax: Numbers
) -> tuple[Allocation | None, CombinedBalance | None]:
    """The allocation where the target's books are stated, the opening balance where both are."""
    ours, theirs = inputs.acquirer.books, inputs.target.books
    if theirs is None:
        return None, None
    parts = allocated(
        paid.value_at_closing,
        theirs,
        inputs.write_ups,
        tax=0.0 if inputs.tax_base_stepped_up else tax,
    )
    if ours is None:
        return parts, None
    terms = inputs.financing
    return parts, combined_balance(ours, theirs, parts, paid=paid, terms=terms, funds=funds)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Value:
    """Who gains what by the deal, at the values that the market gave both companies before it."""

    premium_paid: Numbers
    gain_of_target: Numbers
    gain_of_acquirer: Numbers


def _value(
    ours: _Standalone,
    theirs: _Standalone,
    paid: Consideration,
    funds: FinancingYears,
    synergies: Numbers,
    shares: Numbers,
) -> _Value:
    """Both companies and their synergies, less what left in cash and fees, by the shares held.

    What is paid in stock costs its part of the whole, synergies included (Brealey, Myers, Allen).
    """
    acquirer, target = ours.price * ours.shares, theirs.price * theirs.shares
    paid_out = paid.cash + paid.debt
    whole = acquirer + target + synergies - paid_out - funds.fees
    of_target = np.divide(whole * paid.new_shares, shares)
    return _Value(
        premium_paid=paid.value_at_closing - target,
        gain_of_target=paid_out + of_target - target,
        gain_of_acquirer=whole - of_target - acquirer,
    )


def _percent(accretion: list[Numbers], eps: list[Numbers]) -> Row | None:
    """Accretion as a part of earnings per share, where the acquirer earns in all years."""
    earns = reduce(np.minimum, eps) > 0.0
    parts = [
        np.divide(more, np.where(earns, alone, 1.0))
        for more, alone in zip(accretion, eps, strict=True)
    ]
    return only_where(yearly(earns), row_of(parts))


def _contributed(theirs: list[Numbers] | None, ours: list[Numbers] | None) -> Row | None:
    """The target's part of a sum, where both add to it in all years."""
    if theirs is None or ours is None:
        return None
    both_add = reduce(np.minimum, [*theirs, *ours]) > 0.0
    parts = [
        np.divide(one, np.where(both_add, one + other, 1.0))
        for one, other in zip(theirs, ours, strict=True)
    ]
    return only_where(yearly(both_add), row_of(parts))


def _leverage(
    opening: CombinedBalance | None,
    ours: _Standalone,
    theirs: _Standalone,
    together: SynergyYears,
) -> Numbers | None:
    """Debt after closing over the first year's EBITDA, synergies included, costs of them not."""
    if opening is None or ours.ebitda is None or theirs.ebitda is None:
        return None
    ebitda = ours.ebitda[0] + theirs.ebitda[0] + together.profit[0]
    earns = ebitda > 0.0
    return only_where(earns, np.divide(opening.debt, np.where(earns, ebitda, 1.0)))


def _cover(sums: _Combined, judged: int) -> Numbers | None:
    """How often EBIT covers the net interest that is paid."""
    paid = -sums.net_interest[judged]
    pays = paid > 0.0
    return only_where(pays, np.divide(sums.ebit[judged], np.where(pays, paid, 1.0)))
