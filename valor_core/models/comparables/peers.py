"""A listed peer or a deal: what it is priced at, and what it earns."""

from dataclasses import dataclass, field

from valor_core.models.bridge import Bridge
from valor_core.models.comparables.figures import Figures, calendarised, months_within
from valor_core.models.comparables.refusals import NextYearMissing
from valor_core.models.dilution import Shares
from valor_core.models.fields import Unit, says, settle
from valor_core.models.numbers import Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A company of the same kind with its price, or one that was bought at its price."""

    name: str = field(metadata=says("name"))
    reason: str = field(default="", metadata=says("why it is a peer"))
    price: Numbers | None = field(
        default=None,
        metadata=says(
            "price of a share; of a deal what was paid; none: not stated, the peer takes no part",
            Unit.MONEY_PER_SHARE,
        ),
    )
    unaffected_price: Numbers | None = field(
        default=None,
        metadata=says("price of a share before the deal was known", Unit.MONEY_PER_SHARE),
    )
    shares: Shares = field(metadata=says("shares and options on them"))
    bridge: Bridge = field(metadata=says("from enterprise to equity value"))
    figures: Figures = field(metadata=says("figures, of the last twelve months or a forecast"))
    next_figures: Figures | None = field(
        default=None, metadata=says("figures of the year after, to make years alike")
    )
    year_end: int = field(default=12, metadata=says("month in which its fiscal year ends"))
    growth: Numbers | None = field(
        default=None, metadata=says("expected growth of earnings per share", Unit.RATE)
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The company to be valued: its figures and the way from enterprise value to a share."""

    price: Numbers | None = field(
        default=None, metadata=says("its own share price, where it has one", Unit.MONEY_PER_SHARE)
    )
    shares: Shares = field(metadata=says("shares and options on them"))
    bridge: Bridge = field(metadata=says("from enterprise to equity value"))
    figures: Figures = field(metadata=says("figures, of the same kind as the peers'"))
    next_figures: Figures | None = field(
        default=None, metadata=says("figures of the year after, to make years alike")
    )
    year_end: int = field(default=12, metadata=says("month in which its fiscal year ends"))
    growth: Numbers | None = field(
        default=None, metadata=says("expected growth of earnings per share", Unit.RATE)
    )

    def __post_init__(self) -> None:
        settle(self)


def common_figures(company: Peer | Company, common_year_end: int) -> Figures:
    """The figures of the common year; 0 takes each company's years as they are."""
    if common_year_end == 0:
        return company.figures
    months = months_within(company.year_end, common_year_end)
    following = company.next_figures
    if months == 12:
        return company.figures
    if following is None:
        name = company.name if isinstance(company, Peer) else "the company"
        raise NextYearMissing(name=name, month=company.year_end, common=common_year_end)
    return calendarised(company.figures, following, months)
