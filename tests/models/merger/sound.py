"""Sound deals, so that a test states only what it is about."""

from dataclasses import replace

from hypothesis import assume
from hypothesis import strategies as st

from tests.workbooks import merger_cases
from tests.workbooks.cases import Draw
from valor_core.models.dilution import Shares
from valor_core.models.merger.allocation import Books, PurchasePriceAllocationInputs
from valor_core.models.merger.consideration import Offer
from valor_core.models.merger.financing import Financing
from valor_core.models.merger.merger import MergerInputs, Party


def an_acquirer(**changes) -> Party:
    """100 shares at 10 that earn 0.54 and 0.72 (Breaking Into Wall Street)."""
    known = Party(
        share_price=10.0,
        shares=Shares(basic=100.0),
        tax=0.4,
        revenue=[200.0, 250.0],
        ebit=[80.0, 110.0],
        net_interest=[10.0, 10.0],
    )
    return replace(known, **changes)


def a_target(**changes) -> Party:
    """50 shares at 10 that earn 0.52 and 0.585."""
    known = Party(
        share_price=10.0,
        shares=Shares(basic=50.0),
        tax=0.35,
        revenue=[100.0, 110.0],
        ebit=[40.0, 45.0],
    )
    return replace(known, **changes)


def a_deal(**changes) -> MergerInputs:
    """A third each in cash, from debt and in stock, at a premium of a fifth."""
    known = MergerInputs(
        acquirer=an_acquirer(),
        target=a_target(),
        offer=Offer(price=12.0, cash=1 / 3, debt=1 / 3),
        financing=Financing(cash_rate=0.04, debt_rate=0.09),
    )
    return replace(known, **changes)


def an_allocation(**changes) -> PurchasePriceAllocationInputs:
    """A company of 805 net assets, bought for 1,000."""
    known = PurchasePriceAllocationInputs(
        equity_price=1_000.0,
        books=Books(
            identifiable_assets=1_630.0, cash=65.0, operating_liabilities=480.0, debt=410.0
        ),
        tax=0.25,
    )
    return replace(known, **changes)


def deals() -> st.SearchStrategy[MergerInputs]:
    """Deals of any kind: with books, options, collars, fees and synergies, or without."""
    return st.integers(0, 10**9).map(lambda seed: merger_cases.a_merger(Draw(seed)))


def allocations() -> st.SearchStrategy[PurchasePriceAllocationInputs]:
    """Allocations of any kind: with minorities, new debt and stepped-up tax bases, or without."""
    return st.integers(0, 10**9).map(lambda seed: merger_cases.an_allocation(Draw(seed)))


def existing(line):
    """A line of a result that has a meaning in this case; cases without it are left out."""
    assume(line is not None)
    return line
