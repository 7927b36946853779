"""The day, the facts, the currency and the conventions that a value rests on, in words."""

from datetime import timedelta
from typing import Any

from valor_core.models.basis import Basis
from valor_core.models.catalogue import model_of

DAYS_A_YEAR = 365


def valued_as_of(inputs: Any, basis: Basis) -> str:
    """Day, facts and currency of a value in one line.

    >>> from datetime import date
    >>> from valor_core.models.bridge import Bridge
    >>> from valor_core.models.dcf_direct import DirectDcfInputs
    >>> from valor_core.models.dilution import Shares
    >>> flows = DirectDcfInputs(free_cash_flow=[1.0], wacc=[0.1], terminal_growth=0.0,
    ...                         bridge=Bridge.of(), shares=Shares(basic=1.0))
    >>> end = date(2025, 9, 27)
    >>> valued_as_of(flows, Basis(currency="USD", base_year_end=end, facts_as_of=None))
    'Value as of 27 Sep 2025, the end of the base year; facts as known today; USD'
    """
    day = basis.facts_as_of
    known = f"on {day:%d %b %Y}" if day else "today"
    read = f", with the adjustments of {basis.layer}" if basis.layer else ""
    return (
        f"Value as of {_valuation_date(inputs, basis)}; facts as known {known}{read}; "
        f"{basis.currency}"
    )


def conventions_of(inputs: Any, basis: Basis | None = None) -> dict[str, str]:
    """What stands under a value: its day and currency, and the conventions of its model."""
    told = {}
    if basis is not None:
        day = basis.facts_as_of
        told = {
            "Value as of": _valuation_date(inputs, basis),
            "Facts": f"as known on {day:%d %b %Y}" if day else "as known today",
            **({"Figures": f"with the adjustments of {basis.layer}"} if basis.layer else {}),
            "Currency": f"{basis.currency}, in whole units",
        }
    return told | model_of(inputs).conventions(inputs)


def _valuation_date(inputs: Any, basis: Basis) -> str:
    end, stub = basis.base_year_end, getattr(inputs, "stub", None)
    if stub is None:
        day = f"{end:%d %b %Y}, " if end else ""
        return f"{day}the end of the base year"
    past = timedelta(days=round((1.0 - float(stub)) * DAYS_A_YEAR))
    day = f"about {end + past:%d %b %Y}" if end else "a later day"
    return f"{day}, with {stub:g} of the first forecast year to come"
