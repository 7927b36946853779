"""Random sound buyouts: every float varies, every option occurs."""

from typing import TYPE_CHECKING

from valor_core.models.lbo.effective_interest import EffectiveInterestInputs

if TYPE_CHECKING:
    from tests.workbooks.cases import Draw


def an_effective_interest(draw: "Draw") -> EffectiveInterestInputs:
    return EffectiveInterestInputs(
        face=draw.between(100, 900),
        costs=draw.between(1, 40),
        years=draw.years,
        cash_rate=draw.between(0.04, 0.11),
        pik_rate=draw.one_of(0.0, draw.between(0.01, 0.05)),
        amortisation=draw.path(0.0, 0.08),
    )
