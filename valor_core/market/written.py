"""A series as bytes: the same ones wherever it is written, and read back as it was."""

import gzip
import math
from dataclasses import asdict
from datetime import date
from typing import Any

import orjson

from valor_core.market.provider import Answer, Capability
from valor_core.market.series import Adjusted, Bar, Observation, Series


def document(answer: Answer) -> bytes:
    """What a provider said, without when it was asked."""
    series = answer.value
    assert isinstance(series, Series)
    rows = [[f"{row.day}", *map(_number, list(asdict(row).values())[1:])] for row in series.rows]
    told = {
        "provider": answer.provider,
        "capability": answer.capability,
        "symbol": series.symbol,
        "unit": series.unit,
        "currency": series.currency,
        "adjusted": series.adjusted,
        "zone": series.zone,
        "synthetic": answer.synthetic,
        "rows": rows,
    }
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS)


def packed(document: bytes) -> bytes:
    """The document as it is kept."""
    return gzip.compress(document, mtime=0)


def unpacked(content: bytes) -> Series:
    """The series of a document that was kept."""
    told = orjson.loads(gzip.decompress(content))
    made = _bar if told["capability"] == Capability.BARS else _observation
    return Series(
        symbol=told["symbol"],
        rows=tuple(made(each) for each in told["rows"]),
        unit=told["unit"],
        currency=told["currency"],
        zone=told["zone"],
        adjusted=Adjusted(told["adjusted"]),
    )


def _number(value: float) -> Any:
    """JSON knows no NaN; one that came is kept as such, and in doubt."""
    return value if math.isfinite(value) else str(value)


def _bar(told: list[Any]) -> Bar:
    day, *prices = told
    first, high, low, last, volume = map(float, prices)
    return Bar(
        day=date.fromisoformat(day), open=first, high=high, low=low, close=last, volume=volume
    )


def _observation(told: list[Any]) -> Observation:
    return Observation(day=date.fromisoformat(told[0]), value=float(told[1]))
