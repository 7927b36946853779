"""Who holds the equity, and what each receives: preferred, common, and the managers' options."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from valor_core.models.fields import Unit, says, settle
from valor_core.models.numbers import Numbers


class HurdleOn(StrEnum):
    """Whose multiple of money opens the bands of a ratchet."""

    SPONSOR = "sponsor"
    ALL_EQUITY = "all_equity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Above a multiple of money, the managers' part of each further unit."""

    hurdle: Numbers = field(metadata=says("multiple of money from which it counts", Unit.RATIO))
    share: Numbers = field(metadata=says("managers' part of what is beyond it", Unit.RATE))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagementPool:
    """Options of the managers on a part of the common equity, settled at the exit."""

    share: Numbers = field(metadata=says("managers' part, below every band's hurdle", Unit.RATE))
    strike: Numbers = field(
        default=0.0, metadata=says("what exercising all options costs", Unit.MONEY)
    )
    vesting_years: Numbers | None = field(
        default=None, metadata=says("years until all are earned; none: at once", Unit.YEARS)
    )
    cliff_years: Numbers = field(
        default=0.0, metadata=says("years before any are earned", Unit.YEARS)
    )
    accelerates: bool = field(default=False, metadata=says("an exit earns all of them"))
    bands: tuple[Band, ...] = field(
        default=(), metadata=says("a ratchet: what is beyond each hurdle, which rise")
    )
    hurdle_on: HurdleOn = field(
        default=HurdleOn.SPONSOR, metadata=says("whose multiple opens the bands")
    )

    def __post_init__(self) -> None:
        settle(self)

    def vested(self, years: float) -> Numbers:
        """The part of the options that is earned by then."""
        if self.vesting_years is None or self.accelerates:
            return 1.0
        growing = self.vesting_years > years
        earned = np.where(growing, years / np.where(growing, self.vesting_years, 1.0), 1.0)
        return np.where(self.cliff_years <= years, earned, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holders:
    """How the equity is split. Preferred is part of the sponsor's equity; rollover is common."""

    preferred: Numbers = field(
        default=0.0, metadata=says("part of the sponsor's equity that is preferred", Unit.RATE)
    )
    preferred_rate: Numbers = field(
        default=0.0, metadata=says("its return, which compounds and is paid first", Unit.RATE)
    )
    rollover_share: Numbers | None = field(
        default=None,
        metadata=says("rollover's part of the common; none: by what was paid in", Unit.RATE),
    )
    pool: ManagementPool | None = field(default=None, metadata=says("options of the managers"))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What the holders paid in, and how they share."""

    sponsor: Numbers
    rollover: Numbers
    preferred: Numbers
    common_share: Numbers  # the sponsor's part of the common equity


def claims_of(holders: Holders, sponsor: Numbers, rollover: Numbers) -> Claims:
    """The claims at close."""
    preferred = holders.preferred * sponsor
    if holders.rollover_share is None:
        common = sponsor - preferred + rollover
        share = (sponsor - preferred) / np.where(common > 0.0, common, 1.0)
        share = np.where(common > 0.0, share, 1.0)
    else:
        share = 1.0 - holders.rollover_share
    return Claims(sponsor=sponsor, rollover=rollover, preferred=preferred, common_share=share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A payment to the equity, by who receives it."""

    preferred: Numbers
    management: Numbers
    sponsor: Numbers  # preferred and common
    rollover: Numbers


def split(
    amount: Numbers,
    *,
    claims: Claims,
    claim: Numbers,
    pool: ManagementPool | None = None,
    years: float = 0.0,
    received: Numbers = 0.0,
) -> Split:
    """Pay the preferred claim, then the managers' options, then the common.

    `received` is what the holders that the ratchet watches had before.
    """
    preferred = np.minimum(amount, claim)
    residual = amount - preferred
    management = 0.0
    if pool is not None:
        management = _options(pool, residual, claims, years, received + preferred)
    common = residual - management
    sponsor = preferred + claims.common_share * common
    return Split(
        preferred=preferred,
        management=management,
        sponsor=sponsor,
        rollover=amount - management - sponsor,
    )


def _options(
    pool: ManagementPool, residual: Numbers, claims: Claims, years: float, before: Numbers
) -> Numbers:
    """What the options are worth after paying their strike; they lapse where that is nothing."""
    vested = pool.vested(years)
    strike = pool.strike * vested
    entitled = _ratchet(pool, residual + strike, claims, vested, before)
    return np.maximum(entitled - strike, 0.0)


def _ratchet(
    pool: ManagementPool, pot: Numbers, claims: Claims, vested: Numbers, before: Numbers
) -> Numbers:
    """The managers' share of the pot, and the higher share of each band from where it opens.

    A band opens where what the watched holders had before and their part of the pot reach its
    multiple of what they paid in.
    """
    watched, part = claims.sponsor, claims.common_share
    if pool.hurdle_on is HurdleOn.ALL_EQUITY:
        watched, part = claims.sponsor + claims.rollover, 1.0
    share, opens, reached = pool.share, 0.0, before
    entitled = vested * share * pot
    for band in pool.bands:
        target = band.hurdle * watched
        keeps = part * (1.0 - vested * share)
        opens = opens + np.maximum(target - reached, 0.0) / np.where(keeps > 0.0, keeps, 1.0)
        entitled = entitled + vested * (band.share - share) * np.maximum(pot - opens, 0.0)
        share, reached = band.share, np.maximum(target, reached)
    return entitled
