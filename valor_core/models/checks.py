"""What an experienced reader would question in a value that could be computed."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a failed check asks of the reader."""

    NOTE = "note"  # know it
    WARNING = "warning"  # explain it, or change it


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question, whether the valuation passes it, and the numbers that decided."""

    name: str
    passed: bool
    severity: Severity
    message: str
    numbers: dict[str, float]
