"""Random sound companies with peers: every float varies, every option occurs."""

from dataclasses import replace
from typing import TYPE_CHECKING

from valor_core.models.comparables.comparables import ComparablesInputs, PeerKind, Weights
from valor_core.models.comparables.figures import Figures
from valor_core.models.comparables.peers import Company, Peer

if TYPE_CHECKING:
    from tests.workbooks.cases import Draw


def _figures(draw: "Draw", unknown: list[str]) -> Figures:
    """One in five earns nothing: its P/E has no meaning."""
    sign = draw.one_of(-1.0, 1.0, 1.0, 1.0, 1.0)
    known = Figures(
        revenue=draw.between(1500, 2500),
        ebitda=draw.between(300, 500),
        ebit=draw.between(200, 290),
        net_income=sign * draw.between(90, 180),
        free_cash_flow=draw.between(60, 150),
        book_equity=draw.between(700, 1200),
    )
    return replace(known, **dict.fromkeys(unknown))


def _years(draw: "Draw", month: int, unknown: list[str]) -> dict:
    first = _figures(draw, unknown)
    return {"figures": first, "next_figures": _figures(draw, unknown), "year_end": month}


def a_comparison(draw: "Draw") -> ComparablesInputs:
    months = draw.one_of((12, 12), (6, 3))
    figures = ["revenue", "ebitda", "ebit", "free_cash_flow", "book_equity"]
    unknown = draw.random.sample(figures, 3)
    peers = tuple(
        Peer(
            name=f"Peer {place}",
            reason="of the same trade",
            price=draw.between(20, 40),
            unaffected_price=draw.one_of(None, draw.between(15, 20)),
            shares=draw.shares(),
            bridge=draw.bridge(),
            growth=draw.between(0.05, 0.2),
            **_years(draw, draw.one_of(*months), unknown),
        )
        for place in range(draw.random.randint(2, 5))
    )
    return ComparablesInputs(
        company=Company(
            price=draw.between(20, 40),
            shares=draw.shares(),
            bridge=draw.bridge(),
            growth=draw.between(0.05, 0.2),
            **_years(draw, draw.one_of(*months), unknown),
        ),
        peers=peers,
        kind=draw.one_of(*PeerKind),
        common_year_end=draw.one_of(0, 12, 12),
        highest=draw.between(60, 90),
        weights=Weights(
            ev_revenue=draw.between(0.1, 1.0),
            ev_ebitda=draw.between(0.1, 1.0),
            ev_ebit=draw.between(0.1, 1.0),
            price_earnings=draw.between(0.1, 1.0),
            price_book=draw.between(0.1, 1.0),
            peg=draw.between(0.1, 1.0),
            fcf_yield=draw.between(0.1, 1.0),
            premium_paid=draw.between(0.1, 1.0),
        ),
        control_premium=draw.between(0.1, 0.3),
    )
