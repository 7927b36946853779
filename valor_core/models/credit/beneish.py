"""Beneish's M: signs of manipulated earnings in eight indices (1999, filings of 1982 to 1992)."""

from dataclasses import dataclass, field

import numpy as np

from valor_core.models.fields import Unit, says
from valor_core.models.numbers import Numbers

CUTOFF = -1.78


@dataclass(frozen=True, slots=True, kw_only=True)
class BeneishIndices:
    """A year's ratios over last year's; 1 is no change. Accruals are a share of assets."""

    dsri: Numbers = field(metadata=says("days of sales in receivables", Unit.RATIO, label="DSRI"))
    gmi: Numbers = field(
        metadata=says("gross margin, last year over this", Unit.RATIO, label="GMI")
    )
    aqi: Numbers = field(metadata=says("assets of doubtful quality", Unit.RATIO, label="AQI"))
    sgi: Numbers = field(metadata=says("sales", Unit.RATIO, label="SGI"))
    depi: Numbers = field(
        metadata=says("rate of depreciation, last year over this", Unit.RATIO, label="DEPI")
    )
    sgai: Numbers = field(metadata=says("selling expenses over sales", Unit.RATIO, label="SGAI"))
    tata: Numbers = field(metadata=says("accruals over assets", Unit.RATIO, label="TATA"))
    lvgi: Numbers = field(metadata=says("debt over assets", Unit.RATIO, label="LVGI"))


@dataclass(frozen=True, slots=True, kw_only=True)
class BeneishScore:
    """An M-score with its terms."""

    indices: BeneishIndices = field(metadata=says("the eight indices"))
    receivables: Numbers = field(metadata=says("0.920 × DSRI", Unit.RATIO))
    margin: Numbers = field(metadata=says("0.528 × GMI", Unit.RATIO))
    quality: Numbers = field(metadata=says("0.404 × AQI", Unit.RATIO))
    growth: Numbers = field(metadata=says("0.892 × SGI", Unit.RATIO))
    depreciation: Numbers = field(metadata=says("0.115 × DEPI", Unit.RATIO))
    selling: Numbers = field(metadata=says("−0.172 × SGAI", Unit.RATIO))
    accruals: Numbers = field(metadata=says("4.679 × TATA", Unit.RATIO))
    leverage: Numbers = field(metadata=says("−0.327 × LVGI", Unit.RATIO))
    score: Numbers = field(metadata=says("−4.84 and the terms", Unit.RATIO))
    flagged: Numbers = field(metadata=says("1 above −1.78: a likely manipulator", Unit.RATIO))


def beneish(indices: BeneishIndices) -> BeneishScore:
    """The score of eight indices.

    >>> same = dict.fromkeys(["dsri", "gmi", "aqi", "sgi", "depi", "sgai", "lvgi"], 1.0)
    >>> print(f"{beneish(BeneishIndices(tata=0.0, **same)).score:.2f}")
    -2.48
    """
    terms = {
        "receivables": 0.920 * indices.dsri,
        "margin": 0.528 * indices.gmi,
        "quality": 0.404 * indices.aqi,
        "growth": 0.892 * indices.sgi,
        "depreciation": 0.115 * indices.depi,
        "selling": -0.172 * indices.sgai,
        "accruals": 4.679 * indices.tata,
        "leverage": -0.327 * indices.lvgi,
    }
    score = sum(terms.values()) - 4.84
    flagged = np.where(score > CUTOFF, 1.0, 0.0)
    return BeneishScore(indices=indices, score=score, flagged=flagged, **terms)
