"""Ohlson's O: a logit of nine ratios (1980, industrial firms of 1970 to 1976)."""

from dataclasses import dataclass, field

import numpy as np

from valor_core.models.fields import Unit, says
from valor_core.models.numbers import Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class OhlsonScore:
    """An O-score with its terms, and the odds of failure that it states."""

    size: Numbers = field(metadata=says("−0.407 × ln(assets / price index)", Unit.RATIO))
    leverage: Numbers = field(metadata=says("6.03 × liabilities / assets", Unit.RATIO))
    working_capital: Numbers = field(metadata=says("−1.43 × working capital / assets", Unit.RATIO))
    liquidity: Numbers = field(
        metadata=says("0.0757 × current liabilities / current assets", Unit.RATIO)
    )
    insolvency: Numbers = field(metadata=says("−1.72 where liabilities exceed assets", Unit.RATIO))
    profitability: Numbers = field(metadata=says("−2.37 × net income / assets", Unit.RATIO))
    funds: Numbers = field(metadata=says("−1.83 × funds from operations / liabilities", Unit.RATIO))
    losses: Numbers = field(metadata=says("0.285 after two years of loss", Unit.RATIO))
    change: Numbers = field(metadata=says("−0.521 × change of net income, scaled", Unit.RATIO))
    score: Numbers = field(metadata=says("−1.32 and the terms", Unit.RATIO))
    probability: Numbers = field(metadata=says("1 / (1 + e^−O)", Unit.RATE))


def ohlson(
    *,
    assets: Numbers,
    price_index: Numbers,
    liabilities: Numbers,
    working_capital: Numbers,
    current_assets: Numbers,
    current_liabilities: Numbers,
    net_income: Numbers,
    net_income_before: Numbers,
    funds_from_operations: Numbers,
) -> OhlsonScore:
    """The score of figures in one unit; the price index of GNP is 100 in 1968."""
    sizes = np.abs(net_income) + np.abs(net_income_before)
    change = (net_income - net_income_before) / np.where(sizes > 0.0, sizes, 1.0)
    both = np.maximum(net_income, net_income_before)
    terms = {
        "size": -0.407 * np.log(assets / price_index),
        "leverage": 6.03 * liabilities / assets,
        "working_capital": -1.43 * working_capital / assets,
        "liquidity": 0.0757 * current_liabilities / current_assets,
        "insolvency": np.where(liabilities > assets, -1.72, 0.0),
        "profitability": -2.37 * net_income / assets,
        "funds": -1.83 * funds_from_operations / liabilities,
        "losses": np.where(both < 0.0, 0.285, 0.0),
        "change": -0.521 * change,
    }
    score = sum(terms.values()) - 1.32
    return OhlsonScore(score=score, probability=1.0 / (1.0 + np.exp(-score)), **terms)
