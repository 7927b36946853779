"""Which covered companies are like a company: by the digits of their SIC, then by size."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log

from valor_core.coverage.companies import Company
from valor_core.values import CompanyId

DIGITS = {4: "same industry", 3: "three digits alike", 2: "two digits alike", 1: "one digit alike"}
NEAR = 10.0  # times the revenue, either way
PROPOSED_MOST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A covered company as a peer of another, with why."""

    company: Company
    digits: int  # of its SIC, from the first, that are those of the other's
    size: float | None  # its revenue over the other's; none: one of them is not known
    reason: str

    @property
    def is_like(self) -> bool:
        """Whether it is proposed: two digits alike, or one and a size that is not far off."""
        near = self.size is not None and 1.0 / NEAR <= self.size <= NEAR
        return self.digits >= 2 or (self.digits == 1 and near)


def ranked(
    company: Company, others: Iterable[Company], revenue: Mapping[CompanyId, float]
) -> list[Candidate]:
    """All other companies, the likest first."""
    candidates = [_candidate(company, other, revenue) for other in others if other.id != company.id]
    return sorted(candidates, key=_distance)


def _distance(each: Candidate) -> tuple[int, float, str]:
    apart = abs(log(each.size)) if each.size else float("inf")
    return -each.digits, apart, each.company.name


def _candidate(company: Company, other: Company, revenue: Mapping[CompanyId, float]) -> Candidate:
    digits = digits_alike(company.sic, other.sic)
    own, theirs = revenue.get(company.id, 0.0), revenue.get(other.id, 0.0)
    size = theirs / own if own > 0.0 and theirs > 0.0 else None
    code = f"SIC {other.sic:04d}" if other.sic else "SIC not known"
    told = f"{code}, {DIGITS.get(digits, 'another industry')}"
    beside = f"; {size:.2g}× its revenue" if size is not None else ""
    return Candidate(company=other, digits=digits, size=size, reason=told + beside)


def digits_alike(one: int | None, other: int | None) -> int:
    """How many digits of two SIC codes are alike, from the first.

    >>> digits_alike(2080, 2834), digits_alike(3674, 3674), digits_alike(None, 3674)
    (1, 4, 0)
    """
    if one is None or other is None:
        return 0
    pairs = zip(f"{one:04d}", f"{other:04d}", strict=True)
    alike = 0
    for first, second in pairs:
        if first != second:
            break
        alike += 1
    return alike
