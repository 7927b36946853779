"""Research and development as what it is: an investment that is written off over its life."""

from dataclasses import dataclass, field

import numpy as np

from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.intrinsic.refusals import LifeOutOfRange, ResearchYearsMissing
from valor_core.models.numbers import Numbers, Row, row_of

LONGEST_LIFE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ResearchInputs:
    """What was spent on research, and how long it pays."""

    life: int = field(metadata=says("years over which research is written off", Unit.YEARS))
    current: Numbers = field(metadata=says("research expense of the last year", Unit.MONEY))
    past: Row = field(metadata=says("that of the years before, the latest first", Unit.MONEY))
    tax: Numbers = field(default=0.0, metadata=says("marginal tax rate", Unit.RATE))
    ebit: Numbers = field(default=0.0, metadata=says("EBIT as reported", Unit.MONEY, label="EBIT"))
    invested_capital: Numbers = field(
        default=0.0, metadata=says("invested capital as reported", Unit.MONEY)
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResearchResult:
    """The research asset and what it changes in the statements."""

    unamortised: Row = field(
        metadata=says("what is left of each year's research, the last year first", Unit.MONEY)
    )
    amortised: Row = field(
        metadata=says("what is written off of each past year's, the latest first", Unit.MONEY)
    )
    research_asset: Numbers = field(metadata=says("capital in research", Unit.MONEY))
    amortisation: Numbers = field(metadata=says("written off in the last year", Unit.MONEY))
    tax_effect: Numbers = field(
        metadata=says("tax saved by expensing at once what is an investment", Unit.MONEY)
    )
    adjusted_invested_capital: Numbers = field(
        metadata=says("invested capital with research", Unit.MONEY)
    )
    adjusted_ebit: Numbers = field(
        metadata=says("EBIT with research written off", Unit.MONEY, label="Adjusted EBIT")
    )
    ebit_adjustment: Numbers = field(
        metadata=says("what it adds to EBIT", Unit.MONEY, label="EBIT adjustment")
    )


@guarded
def capitalised_research(inputs: ResearchInputs) -> ResearchResult:
    """The research asset Σ R&D₋ₖ(1 − k/n); EBIT + R&D₀ − Σ R&D₋ₖ/n, k = 1…n (Damodaran).

    >>> level = ResearchInputs(life=2, current=10.0, past=[10.0, 10.0])
    >>> print(capitalised_research(level).research_asset)  # 10 + 10 / 2
    15.0
    """
    life, given = inputs.life, inputs.past.shape[-1]
    if not 1 <= life <= LONGEST_LIFE:
        raise LifeOutOfRange(years=life, most=LONGEST_LIFE)
    if given < life:
        raise ResearchYearsMissing(given=given, years=life)
    spent = [inputs.past[..., year] for year in range(life)]
    left = [spent[age - 1] * (1.0 - age / life) for age in range(1, life)]
    unamortised = row_of([inputs.current, *left])
    amortised = row_of([cost / life for cost in spent])
    asset, amortisation = np.sum(unamortised, axis=-1), np.sum(amortised, axis=-1)
    adjustment = inputs.current - amortisation
    return ResearchResult(
        unamortised=unamortised,
        amortised=amortised,
        research_asset=asset,
        amortisation=amortisation,
        tax_effect=adjustment * inputs.tax,
        adjusted_invested_capital=inputs.invested_capital + asset,
        adjusted_ebit=inputs.ebit + adjustment,
        ebit_adjustment=adjustment,
    )
