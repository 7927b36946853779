"""Where the returns of an investment begin: no filing tells its flows, so they are all to state."""

from collections.abc import Iterable
from datetime import date

from valor_core.coverage.figures import assumed
from valor_core.coverage.prefill import Named, Prefilled, Sources, currency_of
from valor_core.models.returns.model import PROFILE, ReturnsInputs
from valor_core.values import FiledFact

YEARS = 5
RATE = 0.10


def prefill_returns(
    company: Named, facts: Iterable[FiledFact], *, as_of: date | None = None
) -> Prefilled:
    """Empty flows a year apart, and a round rate, in the currency of the company."""
    told = Sources()
    none_stated = "nothing until you state it: what is paid in and received is in no filing"
    inputs = ReturnsInputs(
        flows=[told.default("flows", 0.0, none_stated)] * (YEARS + 1),
        residual_value=told.default("residual_value", 0.0, "nothing is still held"),
        rate=told.default("rate", RATE, "a round rate"),
        profile_rates=PROFILE,
    )
    told.sources["profile_rates"] = assumed(PROFILE[0], "round rates of the NPV profile").source
    known = [fact for fact in facts if as_of is None or fact.filed_on <= as_of]
    return Prefilled(
        inputs=inputs,
        sources=told.sources,
        warnings=(),
        currency=currency_of(company, known),
    )
