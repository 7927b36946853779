"""What each right on a project is worth alone, and what it adds to the others."""

from dataclasses import dataclass, replace

from valor_core.models.options.project import ProjectInputs, Right, flexible_project


@dataclass(frozen=True, slots=True, kw_only=True)
class RightWorth:
    """A right by itself, and beside the others, which may take its occasions away."""

    alone: float
    beside_the_others: float


def each_right(inputs: ProjectInputs) -> tuple[RightWorth, ...]:
    """Every right of the project in turn.

    >>> from valor_core.models.options.project import RightKind
    >>> factory = ProjectInputs(
    ...     project_value=100.0, volatility=0.3, rate=0.05, cash_yield=0.04,
    ...     rights=(Right(kind=RightKind.CONTRACT, share=0.3, amount=28.0, last=3.0),
    ...             Right(kind=RightKind.ABANDON, amount=80.0, last=3.0)))
    >>> for right in each_right(factory):
    ...     print(f"{right.alone:.1f} {right.beside_the_others:.1f}")
    4.3 0.3
    8.4 4.4
    """

    def worth(*rights: Right) -> float:
        if not rights and not inputs.stages:
            return float(inputs.project_value)
        return float(flexible_project(replace(inputs, rights=rights)).value_with_flexibility)

    none, together = worth(), worth(*inputs.rights)
    return tuple(
        RightWorth(
            alone=worth(right) - none,
            beside_the_others=together - worth(*inputs.rights[:place], *inputs.rights[place + 1 :]),
        )
        for place, right in enumerate(inputs.rights)
    )
