"""Random sound real options: every kind in turn, and projects with several rights."""

from typing import TYPE_CHECKING

from valor_core.models.options.project import ProjectInputs, Right, RightKind, Stage
from valor_core.models.options.real_option import (
    GivingUp,
    NextStage,
    OtherUse,
    RealOptionInputs,
    RealOptionKind,
)

if TYPE_CHECKING:
    from tests.workbooks.cases import Draw

KINDS = ("defer", "stage", "switch", "contract", "choose", "expand", "abandon")


def a_real_option(draw: "Draw", seed: int) -> RealOptionInputs:
    decision = draw.between(0.5, 2.0)
    return RealOptionInputs(
        kind=RealOptionKind(KINDS[seed % len(KINDS)]),
        project_value=draw.between(60.0, 140.0),
        volatility=draw.between(0.2, 0.5),
        cash_yield=draw.one_of(0.0, draw.between(0.01, 0.08)),
        rate=draw.between(0.02, 0.06),
        years=decision,
        amount=draw.between(40.0, 120.0),
        share=draw.between(0.3, 1.2),
        at_any_time=draw.one_of(True, True, False),
        other_use=OtherUse(
            value=draw.between(50.0, 130.0),
            volatility=draw.between(0.1, 0.4),
            cash_yield=draw.between(0.01, 0.08),
            correlation=draw.between(-0.5, 0.9),
        ),
        next_stage=NextStage(outlay=draw.between(40.0, 90.0), years=decision + 1.5),
        giving_up=GivingUp(salvage=draw.between(40.0, 90.0), years=decision + 1.0),
        steps=40,
    )


def a_project(draw: "Draw") -> ProjectInputs:
    deadline = draw.between(0.5, 1.5)
    last = draw.between(2.0, 5.0)
    rights = tuple(
        Right(
            kind=kind,
            share=draw.between(0.2, 0.9) + (kind is RightKind.SWITCH),
            amount=draw.between(10.0, 60.0),
            first=draw.between(0.0, 1.0),
            last=last,
        )
        for kind in RightKind
    )
    stages = (
        Stage(outlay=draw.between(5.0, 40.0), deadline=deadline, at_any_time=True),
        Stage(outlay=draw.between(5.0, 40.0), deadline=deadline + 0.5),
    )
    return ProjectInputs(
        project_value=draw.between(60.0, 140.0),
        volatility=draw.between(0.2, 0.5),
        cash_yield=draw.between(0.01, 0.08),
        rate=draw.between(0.02, 0.06),
        stages=draw.one_of(stages, stages[:1], ()),
        rights=rights,
        steps=40,
    )
