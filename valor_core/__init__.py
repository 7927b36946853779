"""Valor IVX for notebooks: `import valor_core as vc`, then `vc.open()`.

Names load when they are first used, so the import itself costs next to nothing.

    book = vc.open()                      # the local installation, as its demo tenant
    apple = book.company("AAPL")          # filed facts with accession
    v = apple.dcf()                       # a first value; each input says where it comes from
    v.explain("value_per_share")          # down to the filing
"""

from importlib import import_module

TYPE_CHECKING = False  # as type checkers read it: importing typing would triple the time
if TYPE_CHECKING:
    from typing import Any

    from valor_core.amounts import show_in
    from valor_core.models.bridge import Bridge
    from valor_core.models.cost_of_capital import CostOfCapitalInputs
    from valor_core.models.dcf import DcfInputs
    from valor_core.models.dcf_direct import DirectDcfInputs
    from valor_core.models.dilution import OptionTranche, Shares
    from valor_core.models.paths import Fade
    from valor_core.models.reinvestment import CapitalPlan, SalesToCapital
    from valor_core.models.simulation.distributions import (
        Lognormal,
        Normal,
        Pert,
        Triangular,
        Truncated,
        Uniform,
    )
    from valor_core.models.simulation.plan import Event
    from valor_core.notebook import Valuation, inputs, open, steps, value  # noqa: A004
    from valor_core.snapshots.view import Filter, View

_HOMES = {
    "open": "valor_core.notebook",
    "inputs": "valor_core.notebook",
    "value": "valor_core.notebook",
    "steps": "valor_core.notebook",
    "Valuation": "valor_core.notebook",
    "show_in": "valor_core.amounts",
    "Bridge": "valor_core.models.bridge",
    "CostOfCapitalInputs": "valor_core.models.cost_of_capital",
    "DcfInputs": "valor_core.models.dcf",
    "DirectDcfInputs": "valor_core.models.dcf_direct",
    "OptionTranche": "valor_core.models.dilution",
    "Shares": "valor_core.models.dilution",
    "Event": "valor_core.models.simulation.plan",
    "Fade": "valor_core.models.paths",
    "CapitalPlan": "valor_core.models.reinvestment",
    "SalesToCapital": "valor_core.models.reinvestment",
    "Lognormal": "valor_core.models.simulation.distributions",
    "Normal": "valor_core.models.simulation.distributions",
    "Pert": "valor_core.models.simulation.distributions",
    "Triangular": "valor_core.models.simulation.distributions",
    "Truncated": "valor_core.models.simulation.distributions",
    "Uniform": "valor_core.models.simulation.distributions",
    "Filter": "valor_core.snapshots.view",
    "View": "valor_core.snapshots.view",
}
__all__ = [
    "Bridge",
    "CapitalPlan",
    "CostOfCapitalInputs",
    "DcfInputs",
    "DirectDcfInputs",
    "Event",
    "Fade",
    "Filter",
    "Lognormal",
    "Normal",
    "OptionTranche",
    "Pert",
    "SalesToCapital",
    "Shares",
    "Triangular",
    "Truncated",
    "Uniform",
    "Valuation",
    "View",
    "inputs",
    "open",
    "show_in",
    "steps",
    "value",
]


def __getattr__(name: str) -> "Any":
    if name not in _HOMES:
        raise AttributeError(f"valor_core has no {name!r}; it has {', '.join(sorted(_HOMES))}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
