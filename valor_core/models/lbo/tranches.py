"""Debt as a credit agreement describes it: term loans, notes, mezzanine, and the revolver."""

from dataclasses import dataclass, field

from valor_core.models.fields import Unit, says, settle
from valor_core.models.numbers import Numbers
from valor_core.models.paths import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Tranche:
    """One layer of debt; the tranches stand in the order of their seniority."""

    face: Numbers = field(metadata=says("face drawn at close", Unit.MONEY))
    cash_rate: Numbers = field(
        metadata=says("coupon paid in cash, or the margin where it floats", Unit.RATE)
    )
    pik_rate: Numbers | None = field(
        default=None, metadata=says("coupon added to the balance; none: all is paid", Unit.RATE)
    )
    floats: bool = field(default=False, metadata=says("the base rate comes on top"))
    floor: Numbers = field(default=0.0, metadata=says("least base rate", Unit.RATE))
    issue_price: Numbers | None = field(
        default=None, metadata=says("what one unit of face brings at close; none: par", Unit.RATIO)
    )
    fee: Numbers | None = field(
        default=None, metadata=says("financing fee as a share of face; none: no fee", Unit.RATE)
    )
    amortisation: Path | None = field(
        default=None,
        metadata=says("repaid each year, of the face drawn; none: a bullet", Unit.RATE),
    )
    sweeps: bool = field(default=False, metadata=says("excess cash repays it"))
    pari_passu: bool = field(
        default=False, metadata=says("shares the sweep with the tranche before it")
    )
    maturity: int | None = field(
        default=None, metadata=says("year at whose end it is repaid; none: after the exit")
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revolver:
    """A facility that is drawn when cash is short and repaid first when it is not."""

    commitment: Numbers = field(metadata=says("most that can be drawn", Unit.MONEY))
    drawn: Numbers = field(default=0.0, metadata=says("drawn at close", Unit.MONEY))
    cash_rate: Numbers = field(metadata=says("rate, or the margin where it floats", Unit.RATE))
    floats: bool = field(default=False, metadata=says("the base rate comes on top"))
    floor: Numbers = field(default=0.0, metadata=says("least base rate", Unit.RATE))
    undrawn_fee: Numbers = field(default=0.0, metadata=says("fee on what is not drawn", Unit.RATE))
    fee: Numbers | None = field(
        default=None, metadata=says("fee at close by commitment; none: no fee", Unit.RATE)
    )

    def __post_init__(self) -> None:
        settle(self)
