"""Scenarios around a valuation, as a notebook shows them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from valor_core.notebook.display import shown, table

if TYPE_CHECKING:
    import pandas as pd
    from plotly.graph_objects import Figure

    from valor_core.models.simulation.scenarios import ScenarioSet, WeighedScenarios
    from valor_core.notebook.valuation import Valuation


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """Scenarios around a valuation, each with its value, and what is expected of all."""

    of: "Valuation"
    stated: "ScenarioSet"
    found: "WeighedScenarios"

    @property
    def expected(self) -> float | None:
        """The probability-weighted result; None where a likely scenario has no value."""
        return self.found.expected

    @property
    def table(self) -> "pd.DataFrame":
        """A scenario a row: probability, result, difference to the base, and what it changes."""
        import pandas as pd

        found = self.found
        worth = np.array(found.values)
        table = pd.DataFrame(
            {
                "probability": found.probabilities,
                found.column: worth,
                "to base": worth - found.base,
            },
            index=pd.Index(found.names, name="scenario"),
        )
        for place, each in enumerate(self.stated.scenarios):
            for change in each.changes:
                table.loc[each.name, change.path] = change.value
            if place in found.reasons:
                table.loc[each.name, "reason"] = str(found.reasons[place])
        return table

    def chart(self) -> "Figure":
        """A bar from the base case to each scenario."""
        from valor_core.charts.scenarios import weighed

        return weighed(self.found, heading=self.found.column.replace("_", " "), theme="light")

    def __repr__(self) -> str:
        told = "nothing" if self.expected is None else f"{self.expected:,.6g}"
        count = len(self.found.names)
        return f"<{count} scenarios, expected {told}, base {self.found.base:,.6g}>"

    def _repr_html_(self) -> str:
        return shown(
            repr(self)[1:-1],
            table(self.table),
            provenance=f"around run {self.of.run_id[:16]}, each scenario by the same model",
        )
