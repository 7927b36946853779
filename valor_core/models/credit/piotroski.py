"""Piotroski's F: nine signs of financial strength, one point each (2000)."""

from dataclasses import dataclass, field

import numpy as np

from valor_core.models.fields import Unit, says
from valor_core.models.numbers import Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class PiotroskiRatios:
    """A year's ratios; income, cash flow and sales over the assets at its beginning."""

    return_on_assets: Numbers = field(metadata=says("net income / assets", Unit.RATE))
    cash_return: Numbers = field(metadata=says("operating cash flow / assets", Unit.RATE))
    leverage: Numbers = field(metadata=says("long-term debt / average assets", Unit.RATIO))
    current_ratio: Numbers = field(metadata=says("current assets / liabilities", Unit.RATIO))
    shares: Numbers = field(metadata=says("shares outstanding", Unit.SHARES))
    gross_margin: Numbers = field(metadata=says("gross profit / sales", Unit.RATE))
    turnover: Numbers = field(metadata=says("sales / assets", Unit.RATIO))


@dataclass(frozen=True, slots=True, kw_only=True)
class PiotroskiScore:
    """An F-score with its nine signs, each 1 or 0."""

    profit: Numbers = field(metadata=says("net income is positive", Unit.RATIO))
    cash: Numbers = field(metadata=says("operating cash flow is positive", Unit.RATIO))
    improvement: Numbers = field(metadata=says("return on assets has risen", Unit.RATIO))
    accruals: Numbers = field(metadata=says("cash flow exceeds net income", Unit.RATIO))
    leverage: Numbers = field(metadata=says("leverage has fallen", Unit.RATIO))
    liquidity: Numbers = field(metadata=says("current ratio has risen", Unit.RATIO))
    issuance: Numbers = field(metadata=says("no shares were issued", Unit.RATIO))
    margin: Numbers = field(metadata=says("gross margin has risen", Unit.RATIO))
    turnover: Numbers = field(metadata=says("asset turnover has risen", Unit.RATIO))
    score: Numbers = field(metadata=says("signs of strength, of nine", Unit.RATIO))


def piotroski(now: PiotroskiRatios, before: PiotroskiRatios) -> PiotroskiScore:
    """The score of a year against the year before."""
    signs = {
        "profit": now.return_on_assets > 0.0,
        "cash": now.cash_return > 0.0,
        "improvement": now.return_on_assets > before.return_on_assets,
        "accruals": now.cash_return > now.return_on_assets,
        "leverage": now.leverage < before.leverage,
        "liquidity": now.current_ratio > before.current_ratio,
        "issuance": now.shares <= before.shares,
        "margin": now.gross_margin > before.gross_margin,
        "turnover": now.turnover > before.turnover,
    }
    points = {name: np.where(sign, 1.0, 0.0) for name, sign in signs.items()}
    return PiotroskiScore(score=sum(points.values()), **points)
