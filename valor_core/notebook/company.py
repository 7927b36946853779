"""A company in a notebook: what it filed, and the valuations that begin from it."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import TYPE_CHECKING, Any

from valor_core.errors import NotFound
from valor_core.notebook.desk import Desk
from valor_core.notebook.display import shown, two_columns
from valor_core.notebook.valuation import Valuation
from valor_core.values import FiledFact

if TYPE_CHECKING:
    import pandas as pd

    from valor_core.coverage.companies import Company


class CompanyBook:
    """A company and what it filed, as known on a day."""

    def __init__(
        self,
        desk: Desk,
        company: "Company",
        facts: Sequence[FiledFact],
        as_of: date | None,
        layer: str = "",
    ) -> None:
        self.desk, self.company, self._facts = desk, company, facts
        self.as_of, self.layer = as_of, layer

    def __repr__(self) -> str:
        day = f", as of {self.as_of}" if self.as_of else ""
        read = f", through {self.layer}" if self.layer else ""
        return f"<{self.company.name} ({self.company.ticker}), CIK {self.company.cik}{day}{read}>"

    def _repr_html_(self) -> str:
        from valor_core.coverage.asof import known

        stands = known(self._facts, self.as_of)
        years = sorted({year for _, year in stands})
        filings = {fact.accession for fact in stands.values()}
        rows = [
            ("Ticker", self.company.ticker or "none"),
            ("Figures", f"{len(stands):,}"),
            ("Fiscal years", f"{years[0]} to {years[-1]}" if years else "none"),
        ]
        day = f"as of {self.as_of}" if self.as_of else "as known now"
        read = f", read through {self.layer}" if self.layer else ", as filed"
        return shown(
            self.company.name,
            two_columns(rows),
            provenance=f"CIK {self.company.cik}, {len(filings)} filings, {day}{read}, "
            f"{self.desk.where}",
        )

    @property
    def facts(self) -> "pd.DataFrame":
        """The figures known on the day, each with tag, accession, form and filing date.

        Through a layer, what was filed stands beside them as `filed_value`.
        """
        import pandas as pd

        from valor_core.coverage.asof import known

        rows = sorted(
            known(self._facts, self.as_of).values(), key=lambda f: (f.fiscal_year, f.item)
        )
        names = [each.name for each in fields(FiledFact)]
        table = pd.DataFrame([[getattr(f, n) for n in names] for f in rows], columns=names)
        if self.layer:
            table["filed_value"] = [f.as_filed.value for f in rows]
        return table

    def history(self, *items: str) -> "pd.DataFrame":
        """Items by fiscal year; a year in which an item was not filed stays empty.

        Counts of shares and figures a share are told in the shares after the known splits.
        """
        import pandas as pd

        from valor_core.coverage.asof import known
        from valor_core.coverage.splits import all_after_splits, splits_for

        values: dict[str, dict[int, float]] = {}
        figures = known(self._facts, self.as_of)
        splits = splits_for(self.company, self.as_of)
        for (item, year), fact in all_after_splits(figures, splits).items():
            values.setdefault(item, {})[year] = fact.value
        unknown = [item for item in items if item not in values]
        if unknown:
            raise NotFound(f"item of {self.company.name}", ", ".join(unknown))
        table = pd.DataFrame({item: values[item] for item in items or sorted(values)})
        return table.sort_index().rename_axis("fiscal_year")

    def adjust(
        self, item: str, fiscal_year: int, amount: float, *, layer: str, rationale: str
    ) -> str:
        """Adds an amount to a filed figure in a layer, audited; the adjustment's id."""
        return self.desk.adjust(
            self.company.id,
            layer=layer,
            item=item,
            fiscal_year=fiscal_year,
            amount=amount,
            rationale=rationale,
        )

    def market_methods(self, years: float = 1.0) -> "pd.DataFrame":
        """Beta, risk-free rate, premium and volatility by each method that kept series tell.

        The first one of an input is what a valuation begins with.
        """
        import pandas as pd

        told = self.desk.market_methods(self.company.id, as_of=self.as_of, years=years)
        return pd.DataFrame(list(told.rows), columns=list(told.columns))

    def dcf(self, changes: Mapping[str, Any] | None = None) -> Valuation:
        """A DCF from the facts; `changes` by the path of an input, `{"bridge.leases": 0.0}`.

        BridgeItemMissing names what the filing lacks: state each amount among the changes.
        """
        return self.start("dcf", changes)

    def start(self, model: str, changes: Mapping[str, Any] | None = None) -> Valuation:
        """A valuation by a model, such as "lbo", begun from the facts as its page begins."""
        from valor_core.coverage.sourcing import basis_of

        start = self.desk.start(self.company.id, model, layer=self.layer, as_of=self.as_of)
        basis = basis_of(start.sources, currency=start.currency, facts_as_of=self.as_of)
        made = Valuation(inputs=start.inputs, sources=dict(start.sources), of=self, basis=basis)
        return made.change(changes) if changes else made
