"""Maintenance covenants: which EBITDA each year needs, and how far the forecast is above it."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from valor_core.models.fields import Unit, says, settle
from valor_core.models.lbo.refusals import LimitNotPositive
from valor_core.models.numbers import Numbers, Row, row_of, valid_where
from valor_core.models.paths import Path, over_years


class Measure(StrEnum):
    """What a covenant measures."""

    LEVERAGE = "leverage"  # debt by EBITDA, at most
    NET_LEVERAGE = "net_leverage"  # debt less cash by EBITDA, at most
    INTEREST_COVER = "interest_cover"  # EBITDA by cash interest, at least
    FIXED_CHARGE_COVER = "fixed_charge_cover"  # EBITDA − capex − tax by interest and instalments
    DEBT_SERVICE_COVER = "debt_service_cover"  # the same after working capital


@dataclass(frozen=True, slots=True, kw_only=True)
class Covenant:
    """A test that the company must pass at each year's end."""

    measure: Measure = field(metadata=says("what is measured"))
    limit: Path = field(metadata=says("highest leverage, or lowest cover", Unit.RATIO))
    first_year: int = field(default=1, metadata=says("first year tested", Unit.YEARS))
    tranches: int | None = field(
        default=None,
        metadata=says("debt counted: the revolver and so many senior tranches; none: all"),
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class CovenantTest:
    """A covenant over the years; 1 is a breach."""

    limits: Row = field(metadata=says("limit of the ratio", Unit.RATIO))
    required_ebitda: Row = field(
        metadata=says("EBITDA below which it is breached", Unit.MONEY, label="EBITDA required")
    )
    headroom: Row = field(
        metadata=says("part of EBITDA that may be lost before a breach", Unit.RATE)
    )
    breaches: Row = field(metadata=says("1 where the test fails", Unit.RATIO))


@dataclass(frozen=True, slots=True, kw_only=True)
class TestedYear:
    """What a year's certificate is made of."""

    __test__ = False

    ebitda: Numbers
    balances: list[Numbers]  # the revolver first, then the tranches
    cash: Numbers
    interest: Numbers
    mandatory: Numbers
    capital_expenditure: Numbers
    tax: Numbers
    working_capital_added: Numbers


def covenant_test(covenant: Covenant, years: list[TestedYear]) -> CovenantTest:
    """The EBITDA that each year needs: debt by its highest multiple, or what is to be covered.

    A test passes while EBITDA reaches it; this also holds where EBITDA is negative and the ratio
    itself says nothing. Tax is taken as it was forecast.
    """
    limits = [
        valid_where(limit > 0.0, limit, LimitNotPositive, limit=limit)
        for limit in over_years(covenant.limit, len(years), name="covenant.limit")
    ]
    required, headroom, breaches = [], [], []
    for number, (limit, year) in enumerate(zip(limits, years, strict=True), 1):
        needed = _needed(covenant, limit, year)
        positive = year.ebitda > 0.0
        cushion = year.ebitda - needed
        share = cushion / np.where(positive, year.ebitda, 1.0)
        tested = 1.0 if number >= covenant.first_year else 0.0
        required.append(needed)
        headroom.append(np.where(positive, share, np.where(cushion < 0.0, -1.0, 0.0)))
        breaches.append(tested * np.where(cushion < 0.0, 1.0, 0.0))
    return CovenantTest(
        limits=row_of(limits),
        required_ebitda=row_of(required),
        headroom=row_of(headroom),
        breaches=row_of(breaches),
    )


def _needed(covenant: Covenant, limit: Numbers, year: TestedYear) -> Numbers:
    counted = None if covenant.tranches is None else covenant.tranches + 1
    debt: Numbers = 0.0
    for balance in year.balances[:counted]:
        debt = debt + balance
    spent = year.capital_expenditure + year.tax
    service = limit * (year.interest + year.mandatory)
    match covenant.measure:
        case Measure.LEVERAGE:
            return debt / limit
        case Measure.NET_LEVERAGE:
            return (debt - year.cash) / limit
        case Measure.INTEREST_COVER:
            return limit * year.interest
        case Measure.FIXED_CHARGE_COVER:
            return service + spent
        case Measure.DEBT_SERVICE_COVER:
            return service + spent + year.working_capital_added
