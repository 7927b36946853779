"""What other saved valuations say of a share, as ranges beside those of multiples."""

from collections.abc import Iterator

import numpy as np

from valor_core.errors import ValorError
from valor_core.models.comparables.football import FootballRow
from valor_core.models.dcf import DcfInputs
from valor_core.models.dilution import Shares, value_per_share
from valor_core.models.lbo.buyout import LboInputs
from valor_core.models.lbo.reverse import entry_multiple_for
from valor_core.models.paths import Fade
from valor_core.models.sensitivity import grid
from valor_core.store.work import Work
from valor_core.values import CompanyId, from_micros
from valor_core.workbench.valuations import Saved, newest_saved
from valor_core.workbench.verb import view

STEP = 0.005  # of terminal growth and of the cost of capital, either way
RETURNS = (0.25, 0.20, 0.15)  # asked by a sponsor: the higher, the less it can pay


@view("valuation.read")
def saved_ranges(work: Work, company_id: CompanyId, shares: Shares) -> tuple[FootballRow, ...]:
    """A row for the company's newest saved DCF, and one for what a sponsor could pay by its LBO."""
    dcf = newest_saved(work, company_id, model="dcf")
    lbo = newest_saved(work, company_id, model="lbo")
    return (*(_by_dcf(dcf) if dcf else ()), *(by_lbo(lbo, shares) if lbo else ()))


def _by_dcf(saved: Saved) -> Iterator[FootballRow]:
    inputs: DcfInputs = saved.inputs
    growth = inputs.terminal_growth
    down = ("terminal_growth", [growth - STEP, growth, growth + STEP])
    found = grid(inputs, down, discounting(inputs))
    values = found.values[np.isfinite(found.values)]
    low, high = float(values.min()), float(values.max())
    beside = " and cost of capital" if len(found.columns) > 1 else ""
    yield FootballRow(
        method="DCF",
        assumption=f"saved {_day(saved)}; terminal growth{beside} ±0.5 points",
        low=low,
        mid=saved.row.headline,
        high=high,
    )


def discounting(inputs: DcfInputs) -> tuple[str, list[float]]:
    """The rate that moves the cost of capital; a stated one by year stays."""
    if inputs.cost_of_capital is not None:
        rate = float(inputs.cost_of_capital.risk_free)
        return "cost_of_capital.risk_free", [rate - STEP, rate, rate + STEP]
    if isinstance(inputs.wacc, Fade) and inputs.wacc.start is not None:
        rate = float(inputs.wacc.start)
        return "wacc.start", [rate - STEP, rate, rate + STEP]
    return "revenue", [float(inputs.revenue)]


def by_lbo(saved: Saved, shares: Shares) -> Iterator[FootballRow]:
    """What a sponsor could pay for a share; nothing where no price earns what is asked."""
    deal: LboInputs = saved.inputs
    bought = deal.purchase
    try:
        low, mid, high = (
            float(
                value_per_share(
                    entry_multiple_for(deal, rate) * bought.ebitda - bought.debt + bought.cash,
                    shares,
                )
            )
            for rate in RETURNS
        )
    except ValorError:
        return
    yield FootballRow(
        method="LBO",
        assumption=f"saved {_day(saved)}; a sponsor's IRR of {RETURNS[0]:.0%} to {RETURNS[-1]:.0%}",
        low=low,
        mid=mid,
        high=high,
    )


def _day(saved: Saved) -> str:
    return f"{from_micros(saved.row.created_at):%d %b %Y}"
