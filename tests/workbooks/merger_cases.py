"""Random sound mergers and allocations: every float varies, every option occurs."""

from typing import TYPE_CHECKING

from valor_core.models.merger.allocation import (
    Books,
    Closing,
    GoodwillMethod,
    PurchasePriceAllocationInputs,
)
from valor_core.models.merger.consideration import Collar, Exchange, Offer
from valor_core.models.merger.financing import Financing
from valor_core.models.merger.merger import MergerInputs, Party
from valor_core.models.merger.synergies import Synergies
from valor_core.models.merger.write_ups import Asset, WriteUp

if TYPE_CHECKING:
    from tests.workbooks.cases import Draw


def _books(draw: "Draw") -> Books:
    return Books(
        identifiable_assets=draw.between(900, 1500),
        cash=draw.between(50, 150),
        goodwill=draw.between(20, 90),
        operating_liabilities=draw.between(200, 400),
        debt=draw.between(200, 300),
    )


def _write_ups(draw: "Draw") -> tuple[WriteUp, ...]:
    lives = {Asset.TANGIBLE: 9.5, Asset.INTANGIBLE: 4.25, Asset.INVENTORY: 1.0}
    return tuple(
        WriteUp(
            amount=draw.between(10, 90),
            life=draw.one_of(None, lives[asset], lives[asset]),
            asset=asset,
        )
        for asset in Asset
    )


def _party(draw: "Draw", *, size: float) -> Party:
    return Party(
        share_price=draw.between(18, 22),
        shares=draw.shares(),
        tax=draw.between(0.2, 0.3),
        revenue=draw.row(900 * size, 1100 * size),
        ebit=draw.row(170 * size, 210 * size),
        depreciation=draw.one_of(None, draw.row(30 * size, 50 * size)),
        net_interest=draw.one_of(None, draw.row(-12 * size, -4 * size)),
        books=draw.one_of(None, _books(draw)),
    )


def a_merger(draw: "Draw") -> MergerInputs:
    price, premium = draw.between(22, 26), draw.between(0.15, 0.4)
    return MergerInputs(
        acquirer=_party(draw, size=2.0),
        target=_party(draw, size=1.0),
        offer=Offer(
            cash=draw.between(0.1, 0.4),
            debt=draw.between(0.1, 0.4),
            exchange=draw.one_of(*Exchange),
            collar=draw.one_of(None, Collar(low=17.5, high=draw.between(20, 21))),
            closing_price=draw.one_of(None, draw.between(16, 24)),
            **draw.one_of({"price": price}, {"premium": premium}),
        ),
        financing=Financing(
            cash_rate=draw.between(0.02, 0.04),
            debt_rate=draw.between(0.05, 0.08),
            debt_repaid=draw.one_of(None, draw.row(0.02, 0.06)),
            refinanced=draw.between(50, 150),
            refinanced_rate=draw.between(0.05, 0.07),
            advisory_fees=draw.between(5, 20),
            financing_fees=draw.between(5, 20),
            financing_fees_life=draw.between(3.1, 6.9),
            issue_costs=draw.between(1, 5),
            others_from_debt=draw.between(0.2, 0.8),
        ),
        write_ups=_write_ups(draw),
        tax_base_stepped_up=draw.one_of(True, False),
        synergies=draw.one_of(
            None,
            Synergies(
                costs_saved=draw.between(10, 60),
                added_revenue=draw.between(20, 90),
                added_margin=draw.between(0.1, 0.4),
                phasing=draw.one_of(None, draw.row(0.3, 0.9)),
                costs_to_achieve=draw.one_of(None, draw.row(5, 30)),
                discount_rate=draw.between(0.08, 0.12),
                growth=draw.one_of(None, *[draw.between(0.0, 0.03)] * 3),
            ),
        ),
        tax=draw.one_of(None, draw.between(0.2, 0.3)),
        judged_year=draw.random.randint(1, draw.years),
    )


def an_allocation(draw: "Draw") -> PurchasePriceAllocationInputs:
    return PurchasePriceAllocationInputs(
        years=draw.years,
        equity_price=draw.between(900, 2000),
        stake=draw.between(0.6, 0.95),
        books=_books(draw),
        write_ups=_write_ups(draw),
        tax=draw.between(0.2, 0.3),
        tax_base_stepped_up=draw.one_of(True, False),
        goodwill_method=draw.one_of(*GoodwillMethod),
        minority_value=draw.one_of(None, draw.between(100, 300)),
        closing=draw.one_of(
            None,
            Closing(
                equity=draw.between(500, 900),
                new_debt=draw.between(600, 900),
                debt_repaid=draw.between(100, 200),
                capitalised_costs=draw.between(10, 30),
                expensed_costs=draw.between(10, 30),
            ),
        ),
    )
