"""What a value rests on beside its numbers."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a valuation rests on beside its numbers; no model computes with it."""

    currency: str
    base_year_end: date | None  # None: no filed period stands behind the inputs
    facts_as_of: date | None  # None: all that is filed today
    layer: str = ""  # through which filed figures were read; nothing: as filed
