"""Where a real option on a company begins: its own DCF as the project, a plain right on it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from valor_core.coverage.figures import Told, derived
from valor_core.coverage.prefill import RISK_FREE, Named, Prefilled, Sources, prefill_dcf
from valor_core.models.bridge import Bridge
from valor_core.models.dcf import DcfInputs, discounted_cash_flow
from valor_core.models.options.project import ProjectInputs, Right, RightKind
from valor_core.models.options.real_option import (
    GivingUp,
    NextStage,
    OtherUse,
    RealOptionInputs,
    RealOptionKind,
)
from valor_core.values import FiledFact

VOLATILITY = 0.30
YEARS = 5.0
PART, SALVAGE, FIRST_STAGE = 0.30, 0.70, 0.20  # of the project's value


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectDcf:
    """The DCF that a project's value is taken from."""

    named: str
    enterprise_value: float
    first_cash_flow: float
    risk_free: float | None
    facts: tuple[FiledFact, ...]
    value_per_share: float | None = None  # None: items of the bridge wait to be stated
    inputs: DcfInputs | None = None


def prefill_real_option(
    company: Named,
    facts: Iterable[FiledFact],
    *,
    as_of: date | None = None,
    saved: ProjectDcf | None = None,
) -> Prefilled:
    """A right to expand the company, as its saved DCF values it, else as its facts suggest."""
    told = Sources()
    start = prefill_dcf(company, facts, as_of=as_of)
    numbers = _project(told, saved or suggested_dcf(start))
    begun = RealOptionInputs(
        **numbers,
        kind=RealOptionKind.EXPAND,
        years=told.default("years", YEARS, "a round figure: state until when you may act"),
    )
    inputs = right_of_kind(begun, RealOptionKind.EXPAND)
    told.default("share", inputs.share, "a round part: state what would be added")
    told.default("amount", inputs.amount, "what that part is worth today: state its cost")
    return _prefilled(inputs, told, start)


def prefill_flexible_project(
    company: Named,
    facts: Iterable[FiledFact],
    *,
    as_of: date | None = None,
    saved: ProjectDcf | None = None,
) -> Prefilled:
    """The company with a right to expand it and one to give it up."""
    told = Sources()
    start = prefill_dcf(company, facts, as_of=as_of)
    numbers = _project(told, saved or suggested_dcf(start))
    value = numbers["project_value"]

    def right(place: int, kind: RightKind, share: float, amount: float, why: str) -> Right:
        path = f"rights[{place}]"
        return Right(
            kind=kind,
            share=told.default(f"{path}.share", share, "a round part: state your own"),
            amount=told.default(f"{path}.amount", amount, why),
            first=told.default(f"{path}.first", 0.0, "open from today"),
            last=told.default(f"{path}.last", YEARS, "a round figure"),
        )

    rights = (
        right(0, RightKind.EXPAND, PART, PART * value, "what that part is worth today"),
        right(1, RightKind.ABANDON, 1.0, SALVAGE * value, f"{SALVAGE:.0%} of the value today"),
    )
    return _prefilled(ProjectInputs(**numbers, rights=rights), told, start)


def right_of_kind(inputs: RealOptionInputs, kind: RealOptionKind) -> RealOptionInputs:
    """The same project with a right of another kind, in round terms that are to be replaced."""
    value, last = inputs.project_value, max(inputs.years, 1.0)
    plain = replace(inputs, kind=kind, share=1.0, other_use=None, next_stage=None, giving_up=None)
    match kind:
        case RealOptionKind.DEFER:
            return replace(plain, amount=value)
        case RealOptionKind.EXPAND | RealOptionKind.CONTRACT:
            return replace(plain, share=PART, amount=PART * value)
        case RealOptionKind.ABANDON:
            return replace(plain, amount=SALVAGE * value)
        case RealOptionKind.SWITCH:
            other = OtherUse(
                value=value, volatility=inputs.volatility, cash_yield=inputs.cash_yield
            )
            return replace(plain, other_use=other)
        case RealOptionKind.STAGE:
            later = NextStage(outlay=(1.0 - FIRST_STAGE) * value, years=last + 2.0)
            return replace(plain, amount=FIRST_STAGE * value, next_stage=later)
        case RealOptionKind.CHOOSE:
            down = GivingUp(salvage=PART * value, years=last + 2.0)
            return replace(plain, share=PART, amount=PART * value, giving_up=down)


def suggested_dcf(start: Prefilled) -> ProjectDcf:
    """The DCF that the facts suggest; what is owed does not touch its enterprise value."""
    inputs = replace(start.inputs, bridge=Bridge.of())
    result = discounted_cash_flow(inputs)
    return ProjectDcf(
        named="the DCF that the facts suggest; none is saved",
        enterprise_value=float(result.enterprise_value),
        first_cash_flow=float(result.fcff[0]),
        risk_free=inputs.cost_of_capital.risk_free,
        facts=facts_behind(start.sources),
        inputs=inputs,
    )


def facts_behind(sources: Any) -> tuple[FiledFact, ...]:
    """The facts under revenue and margin of a DCF, which its enterprise value grows from."""
    found = [source.facts for path, source in sources.items()
             if path in {"revenue", "margin.start"}]  # fmt: skip
    return tuple(dict.fromkeys(fact for facts in found for fact in facts))


def _project(told: Sources, dcf: ProjectDcf) -> dict[str, Any]:
    """What every right on the company rests on."""
    value, paid = dcf.enterprise_value, dcf.first_cash_flow
    rate = RISK_FREE if dcf.risk_free is None else dcf.risk_free

    def of_dcf(number: float, rule: str) -> Told:
        return derived(number, f"{rule} of {dcf.named}", *dcf.facts)

    part = round(max(paid / value, 0.0), 4) if value > 0.0 else 0.0
    return {
        "project_value": told.number("project_value", of_dcf(value, "enterprise value")),
        "volatility": told.default(
            "volatility", VOLATILITY, "a round figure, until a simulation of the DCF gives it"
        ),
        "cash_yield": told.number(
            "cash_yield", of_dcf(part, "first free cash flow / enterprise value, 0 at least,")
        ),
        "rate": told.number(
            "rate",
            derived(
                round(float(np.log1p(rate)), 6),
                f"ln(1 + {rate:.2%}), the risk-free rate of {dcf.named}",
            ),
        ),
    }


def _prefilled(inputs: Any, told: Sources, start: Prefilled) -> Prefilled:
    return Prefilled(
        inputs=inputs, sources=told.sources, warnings=start.warnings, currency=start.currency
    )
