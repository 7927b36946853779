"""The multiples: what each divides by what."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from valor_core.models.bridge import bridged
from valor_core.models.comparables.figures import Figures
from valor_core.models.comparables.peers import Company, Peer
from valor_core.models.dilution import diluted_at
from valor_core.models.numbers import Numbers

Party = Peer | Company


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiple:
    """A price over a metric, or a yield: the metric over the price. Both are of the same owners."""

    words: str
    metric_words: str
    metric: Callable[[Party, Figures], Numbers | None]
    of_enterprise: bool = False
    is_yield: bool = False


def _per_growth(party: Party, figures: Figures) -> Numbers | None:
    """Net income × growth in per cent: P/E over growth is the price over this."""
    income, growth = figures.net_income, party.growth
    if income is None or growth is None:
        return None
    return np.where((income > 0.0) & (growth > 0.0), income * growth * 100.0, 0.0)


def _unaffected(party: Party, _figures: Figures) -> Numbers | None:
    """Market value before a deal was known; of the company itself, at its own price."""
    price = party.unaffected_price if isinstance(party, Peer) else party.price
    return None if price is None else price * diluted_at(party.shares, price)


MULTIPLES: dict[str, Multiple] = {
    "ev_revenue": Multiple(
        words="EV to revenue",
        metric_words="revenue",
        metric=lambda _, figures: figures.revenue,
        of_enterprise=True,
    ),
    "ev_ebitda": Multiple(
        words="EV to EBITDA",
        metric_words="EBITDA",
        metric=lambda _, figures: figures.ebitda,
        of_enterprise=True,
    ),
    "ev_ebit": Multiple(
        words="EV to EBIT",
        metric_words="EBIT",
        metric=lambda _, figures: figures.ebit,
        of_enterprise=True,
    ),
    "price_earnings": Multiple(
        words="P/E", metric_words="net income", metric=lambda _, figures: figures.net_income
    ),
    "price_book": Multiple(
        words="P/B", metric_words="book equity", metric=lambda _, figures: figures.book_equity
    ),
    "peg": Multiple(words="PEG", metric_words="net income times growth", metric=_per_growth),
    "fcf_yield": Multiple(
        words="FCF yield",
        metric_words="free cash flow",
        metric=lambda _, figures: figures.free_cash_flow,
        is_yield=True,
    ),
    "premium_paid": Multiple(
        words="price to price before the deal",
        metric_words="price before the deal",
        metric=_unaffected,
    ),
}
"""By the name of the line in inputs and results."""


def price_of(multiple: Multiple, party: Party, price: Numbers) -> Numbers:
    """What is paid for the metric at a share price: the equity, or the enterprise."""
    equity = price * diluted_at(party.shares, price)
    if not multiple.of_enterprise:
        return equity
    between = bridged(0.0, party.bridge)
    return equity + between.claims - between.other_assets
