"""Sound companies with peers, so that a test states only what it is about."""

from dataclasses import replace

from hypothesis import strategies as st

from tests.workbooks.cases import Draw
from tests.workbooks.comparables_cases import a_comparison
from valor_core.models.bridge import Bridge
from valor_core.models.comparables.comparables import ComparablesInputs, Weights
from valor_core.models.comparables.figures import Figures
from valor_core.models.comparables.peers import Company, Peer
from valor_core.models.dilution import Shares

BY_EBITDA = Weights(ev_ebitda=1.0, ev_ebit=0.0, price_earnings=0.0)


def a_peer(**changes) -> Peer:
    """100 shares at 10 and 200 of debt: an EV of 1,200, twelve times EBITDA."""
    known = Peer(
        name="Stanley",
        price=10.0,
        shares=Shares(basic=100.0),
        bridge=Bridge.of(debt=200.0),
        figures=Figures(revenue=600.0, ebitda=100.0, ebit=80.0, net_income=50.0),
    )
    return replace(known, **changes)


def priced_at(*multiples: float) -> tuple[Peer, ...]:
    """Peers at these multiples of EBITDA, without debt."""
    return tuple(
        a_peer(
            name=f"Peer {place}",
            price=multiple,
            bridge=Bridge.of(),
            figures=Figures(ebitda=100.0),
        )
        for place, multiple in enumerate(multiples)
    )


def a_company(**changes) -> Company:
    """20 shares, net debt of 50, EBITDA of 30."""
    known = Company(
        shares=Shares(basic=20.0),
        bridge=Bridge.of(debt=60.0, cash=10.0),
        figures=Figures(revenue=180.0, ebitda=30.0, ebit=24.0, net_income=15.0),
    )
    return replace(known, **changes)


def some_comparables(**changes) -> ComparablesInputs:
    """A company beside four peers at 8, 9, 11 and 16 times EBITDA."""
    known = ComparablesInputs(
        company=a_company(), peers=priced_at(8.0, 9.0, 11.0, 16.0), weights=BY_EBITDA
    )
    return replace(known, **changes)


def comparisons() -> st.SearchStrategy[ComparablesInputs]:
    """Companies and peers of any kind: with losses, odd year ends, options, or deals."""
    return st.integers(0, 10**9).map(lambda seed: a_comparison(Draw(seed)))
