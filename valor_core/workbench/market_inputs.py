"""Where kept series enter a model: each input's first method, and the others beside it."""

from dataclasses import replace
from datetime import date
from functools import cache, partial
from itertools import islice
from typing import Any

import numpy as np

from valor_core.coverage import valuations
from valor_core.coverage.companies import Company
from valor_core.coverage.prefill import DEBT_SHARE, DEBT_SPREAD, HOME, Alternative, Prefilled
from valor_core.market import kept
from valor_core.market.checks import value_of
from valor_core.market.provider import Capability
from valor_core.models.cost_of_capital import CostOfCapitalInputs, cost_of_capital
from valor_core.models.credit.model import CreditInputs
from valor_core.models.fields import line_at
from valor_core.models.options.project import ProjectInputs
from valor_core.models.options.real_option import RealOptionInputs
from valor_core.models.sensitivity import replace_at
from valor_core.store.work import Work
from valor_core.values import Source, SourceKind
from valor_core.workbench.market_methods import (
    STALE_DAYS,
    a_year_of,
    betas,
    curve,
    equity_premiums,
    last_price,
    risk_free_at,
    risk_free_rates,
    told_of_rate,
    volatilities,
)

DEFLATOR, BASE_YEAR = "GNPDEF", 1968
COST_OF_DEBT = "cost_of_capital.pretax_cost_of_debt"


class InCommon:
    """What kept series say of all companies alike: read once by whoever values many."""

    def __init__(self, work: Work, as_of: date | None) -> None:
        self.of_currency = cache(partial(rates_and_premiums, work, as_of=as_of))
        self.priced = cache(partial(kept.symbols, work, Capability.BARS))


def from_market(
    work: Work,
    company: Company,
    start: Prefilled,
    *,
    as_of: date | None = None,
    in_common: InCommon | None = None,
) -> Prefilled:
    """The start of a valuation with what kept series say in place of the house's defaults.

    The first method of an input is taken; the others stand beside it. Who values many companies
    brings what they have in common, and gets the first method of each company's own alone.
    """
    if isinstance(getattr(start.inputs, "cost_of_capital", None), CostOfCapitalInputs):
        common = in_common or InCommon(work, as_of)
        own = islice(betas(work, company, as_of, priced=common.priced()), 1 if in_common else None)
        return _of_capital(start, (*own, *common.of_currency(start.currency)))
    if isinstance(start.inputs, RealOptionInputs | ProjectInputs):
        return _of_options(work, company, start, as_of)
    if isinstance(start.inputs, CreditInputs):
        return _of_credit(work, company, start, as_of)
    return start


def taken(inputs: Any, told: Alternative) -> Any:
    """The inputs with what a method tells."""
    inputs = replace_at(inputs, told.path, told.value)
    if told.beta_kind is None:
        return inputs
    capital = replace(inputs.cost_of_capital, beta_kind=told.beta_kind)
    return replace(inputs, cost_of_capital=capital)


def rates_and_premiums(
    work: Work, currency: str, *, as_of: date | None = None
) -> tuple[Alternative, ...]:
    """The risk-free rates and equity premiums of a currency, alike for all companies."""
    return (*risk_free_rates(work, currency, as_of), *equity_premiums(work, currency, as_of))


def _of_capital(start: Prefilled, found: tuple[Alternative, ...]) -> Prefilled:
    begun = _begun(start, found)
    rate = begun.inputs.cost_of_capital.risk_free
    if rate == start.inputs.cost_of_capital.risk_free:
        return begun
    rule = Source(kind=SourceKind.DERIVED, text=f"risk-free rate + {DEBT_SPREAD:.1%}")
    return replace(
        begun,
        inputs=replace_at(begun.inputs, COST_OF_DEBT, rate + DEBT_SPREAD),
        sources={**begun.sources, COST_OF_DEBT: rule},
    )


def _of_options(work: Work, company: Company, start: Prefilled, as_of: date | None) -> Prefilled:
    """A project moves as the share does, but without what debt adds to that."""
    years = _years(start.inputs)
    saved = valuations.newest_dcf(work, company.id, as_of=as_of)
    stated = saved.inputs.cost_of_capital if saved and saved.inputs else None
    weight = float(cost_of_capital(stated).weight_of_equity) if stated else 1.0 - DEBT_SHARE
    found = [
        replace(
            each,
            path="volatility",
            value=round(weight * each.value, 4),
            source=replace(
                each.source,
                text=f"{weight:.0%} of capital is equity, times {each.value:.1%}: "
                f"{each.source.text}",
            ),
        )
        for each in volatilities(work, company.ticker, years=years, as_of=as_of)
    ]
    return _begun(start, (*found, *_rates_over(work, start, years, as_of)), leave="rate")


def _of_credit(work: Work, company: Company, start: Prefilled, as_of: date | None) -> Prefilled:
    """Z asks for what the market pays for the equity, O for the price level."""
    found = _priced(work, company, start, as_of), _price_level(work, start, as_of)
    return _begun(start, tuple(each for each in found if each is not None))


def _price_level(work: Work, start: Prefilled, as_of: date | None) -> Alternative | None:
    """Ohlson's: the deflator of GNP in the year before the judged one, over that of 1968."""
    year = max((f.fiscal_year for s in start.sources.values() for f in s.facts), default=0) - 1
    held = kept.newest_usable(
        work, Capability.MACRO, DEFLATOR, until=as_of, begins_by=date(BASE_YEAR, 12, 31)
    )
    if held is None or start.currency != HOME:
        return None
    level, base = (
        [value_of(row) for row in held.usable_rows if row.day.year == each]
        for each in (year, BASE_YEAR)
    )
    if not level or len(level) != len(base):  # a part of a year is not the year
        return None
    rule = (
        f"{DEFLATOR} (implicit price deflator of GNP, BEA table 1.1.9) of {year}, the year before "
        f"the judged one, over that of {BASE_YEAR}, × 100; series {held.row.sha256[:12]}"
    )
    return Alternative(
        path="price_index",
        method="GNP deflator",
        value=round(100.0 * float(np.mean(level)) / float(np.mean(base)), 2),
        reason="As Ohlson measured it.",
        source=Source(kind=SourceKind.DERIVED, text=rule),
        series=(held.row.sha256,),
    )


def _priced(
    work: Work, company: Company, start: Prefilled, as_of: date | None
) -> Alternative | None:
    """The filed shares at the last price."""
    shares = start.inputs.now.shares
    share = a_year_of(work, company.ticker, as_of) if company.ticker else None
    if shares is None or share is None or share.series.currency != start.currency:
        return None
    day, price = last_price(share, as_of)
    if ((as_of or work.now.date()) - day).days > STALE_DAYS:
        return None
    counted = start.sources["now.shares"]
    rule = (
        f"the shares ({counted.text}) at {price:,.2f} {start.currency}, the price of {day}; "
        f"series {share.row.sha256[:12]}"
    )
    return Alternative(
        path="market_value",
        method="Last price",
        value=float(shares) * price,
        reason="What the market pays for the equity.",
        source=replace(counted, kind=SourceKind.DERIVED, text=rule),
        series=(share.row.sha256,),
    )


def _years(inputs: RealOptionInputs | ProjectInputs) -> float:
    if isinstance(inputs, RealOptionInputs):
        return float(inputs.years)
    return max((float(right.last) for right in inputs.rights), default=1.0)


def _rates_over(
    work: Work, start: Prefilled, years: float, as_of: date | None
) -> list[Alternative]:
    """The risk-free rate until the right ends, continuously compounded, beside that of the DCF."""
    found = risk_free_at(curve(work, start.currency, as_of), years)
    if found is None:
        return []
    rate, points = found
    rule = f"ln(1 + {rate:.2%}), {told_of_rate(points, years, start.currency)}"
    point = Alternative(
        path="rate",
        method=f"{years:g} years",
        value=round(float(np.log1p(rate)), 6),
        reason="When money is to be lent until the right ends.",
        source=Source(kind=SourceKind.DERIVED, text=rule),
        series=tuple(each.sha256 for each in points),
    )
    of_dcf = replace(
        point,
        method="That of the DCF",
        value=start.inputs.rate,
        reason="The usual choice: project and right at one rate.",
        source=start.sources["rate"],
        series=(),
    )
    return [of_dcf, point]


def _begun(start: Prefilled, found: tuple[Alternative, ...], *, leave: str = "") -> Prefilled:
    """The start with the first method of each input."""
    inputs, sources = start.inputs, dict(start.sources)
    firsts = {each.path: each for each in reversed(found)}
    for path, first in firsts.items():
        if path != leave:
            is_new = first.beta_kind is not None or line_at(inputs, path) != first.value
            inputs = taken(inputs, first) if is_new else inputs
            sources[path] = first.source
    return replace(start, inputs=inputs, sources=sources, alternatives=found)
