"""The balance sheet of two companies on the day after their merger."""

from dataclasses import dataclass, field

from valor_core.models.fields import Unit, says
from valor_core.models.merger.allocation import Allocation, Books
from valor_core.models.merger.consideration import Consideration
from valor_core.models.merger.financing import Financing, FinancingYears
from valor_core.models.numbers import Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class CombinedBalance:
    """Both balance sheets with the deal booked: the target's equity is gone, goodwill has come."""

    cash: Numbers = field(metadata=says("cash", Unit.MONEY))
    identifiable_assets: Numbers = field(
        metadata=says("other assets, the target's at fair value", Unit.MONEY)
    )
    goodwill: Numbers = field(metadata=says("goodwill", Unit.MONEY))
    capitalised_fees: Numbers = field(
        metadata=says("financing fees, still to be amortised", Unit.MONEY)
    )
    total_assets: Numbers = field(metadata=says("total assets", Unit.MONEY))
    debt: Numbers = field(metadata=says("debt", Unit.MONEY))
    operating_liabilities: Numbers = field(metadata=says("liabilities besides debt", Unit.MONEY))
    deferred_tax_liability: Numbers = field(
        metadata=says("deferred tax on the write-ups", Unit.MONEY)
    )
    equity: Numbers = field(metadata=says("equity", Unit.MONEY))
    total_liabilities_and_equity: Numbers = field(
        metadata=says("what the assets are financed by, as much as they are", Unit.MONEY)
    )


def combined_balance(
    ours: Books,
    theirs: Books,
    parts: Allocation,
    *,
    paid: Consideration,
    terms: Financing,
    funds: FinancingYears,
) -> CombinedBalance:
    """Book the deal: stock issued raises equity by its value at closing, costs lower it."""
    cash = ours.cash + theirs.cash - funds.cash_used
    assets = ours.identifiable_assets + theirs.identifiable_assets + parts.write_ups
    goodwill = ours.goodwill + parts.goodwill
    debt = ours.debt + theirs.debt - terms.refinanced + funds.new_debt
    liabilities = ours.operating_liabilities + theirs.operating_liabilities
    issued = paid.new_shares * paid.closing_price
    equity = ours.equity + issued - terms.advisory_fees - terms.issue_costs + parts.bargain_gain
    total = cash + assets + goodwill + terms.financing_fees
    return CombinedBalance(
        cash=cash,
        identifiable_assets=assets,
        goodwill=goodwill,
        capitalised_fees=terms.financing_fees,
        total_assets=total,
        debt=debt,
        operating_liabilities=liabilities,
        deferred_tax_liability=parts.deferred_tax_liability,
        equity=equity,
        total_liabilities_and_equity=debt + liabilities + parts.deferred_tax_liability + equity,
    )
