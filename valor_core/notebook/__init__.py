"""The face for notebooks: companies, models and results as objects that show themselves.

Thin on purpose: a desk fetches what is kept (this machine's database, or a server with an API
key), the models run here, and the objects give both a display. Whoever can run a notebook on this
machine acts as an analyst of the tenant opened.
"""

from valor_core.notebook.company import CompanyBook
from valor_core.notebook.opening import open  # noqa: A004
from valor_core.notebook.simulated import Simulated, Simulating
from valor_core.notebook.snapshots import Relation, Snapshot, Snapshots
from valor_core.notebook.valuation import Valuation, inputs, steps, value
from valor_core.notebook.weighed import Weighed
from valor_core.notebook.workspace import Workspace

__all__ = [
    "CompanyBook",
    "Relation",
    "Simulated",
    "Simulating",
    "Snapshot",
    "Snapshots",
    "Valuation",
    "Weighed",
    "Workspace",
    "inputs",
    "open",
    "steps",
    "value",
]
