"""An open tenant: where every notebook begins."""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from valor_core.models.catalogue import MODELS, model_named
from valor_core.models.lines import spoken
from valor_core.notebook.company import CompanyBook
from valor_core.notebook.desk import Desk, Progress
from valor_core.notebook.display import shown
from valor_core.notebook.snapshots import Snapshots
from valor_core.notebook.valuation import Valuation

if TYPE_CHECKING:
    import pandas as pd

    from valor_core.snapshots.view import View


class Workspace:
    """An open tenant: its companies and what was saved of them."""

    def __init__(self, tenant: str, desk: Desk) -> None:
        self.tenant, self.desk = tenant, desk

    def __repr__(self) -> str:
        return f"<Valor IVX, tenant {self.tenant}, {self.desk.where}>"

    def _repr_html_(self) -> str:
        ways = ["companies()", "company(…)", "batch(…)", "valuations()", "snapshots", "models"]
        return shown(
            f"Valor IVX: {self.tenant}",
            f"<p>{', '.join(f'<code>{way}</code>' for way in ways)}</p>",
            provenance=self.desk.where,
        )

    @property
    def snapshots(self) -> Snapshots:
        """The tenant's snapshots: cuts that never change, and questions asked of them."""
        return Snapshots(self.desk)

    def explore(self, view: "View") -> "pd.DataFrame":
        """What a view shows of the newest snapshot, one line a group or a row."""
        return self.snapshots.latest().explore(view)

    @property
    def models(self) -> "pd.DataFrame":
        """Every model that can be run, one a row: what it puts first, and its version."""
        import pandas as pd

        table = [(m.name, spoken(m.headline), m.version) for m in MODELS]
        return pd.DataFrame(table, columns=["model", "headline", "version"])

    def companies(self) -> "pd.DataFrame":
        """All companies, one a row."""
        import pandas as pd

        rows = self.desk.companies()
        table = [(c.ticker, c.name, c.cik, c.sic, "demo book" if c.shared else "own") for c in rows]
        return pd.DataFrame(table, columns=["ticker", "name", "cik", "sic", "book"])

    def company(
        self, name: str, as_of: str | date | None = None, *, layer: str = ""
    ) -> CompanyBook:
        """A company by ticker, CIK or id, as its facts stood on a day, read through a layer."""
        day = date.fromisoformat(as_of) if isinstance(as_of, str) else as_of
        company = self.desk.company(name)
        facts = self.desk.facts(company.id, layer=layer, as_of=day)
        return CompanyBook(self.desk, company, facts, day, layer)

    def batch(
        self,
        changes: Mapping[str, float] | None = None,
        *,
        model: str = "dcf",
        line: str = "",
        unfiled_is_nothing: bool = False,
        prices: Mapping[str, float] | None = None,
        as_of: str | date | None = None,
        layer: str = "",
        progress: Progress | None = None,
    ) -> "pd.DataFrame":
        """All companies by one policy, one a row: its value, or the reason why it has none.

        Each begins with what its own facts suggest; `changes` are the same for all. `progress`
        hears the part that is done, and may raise to give it up.
        """
        import pandas as pd

        from valor_core.coverage.batches import BatchPolicy, StatedPrice
        from valor_core.models.simulation.scenarios import Change

        policy = BatchPolicy(
            model=model,
            line=line,
            changes=tuple(Change(path=p, value=value) for p, value in (changes or {}).items()),
            unfiled_is_nothing=unfiled_is_nothing,
            prices=tuple(StatedPrice(company=c, price=p) for c, p in (prices or {}).items()),
            as_of=date.fromisoformat(as_of) if isinstance(as_of, str) else as_of,
            layer=layer,
        )
        rows = self.desk.batch(policy, progress or (lambda _: None))
        return pd.DataFrame(
            [
                (r.ticker, r.name, r.currency, r.value, r.price, r.upside, r.enterprise_value,
                 ", ".join(r.counted_as_nothing), r.reason)
                for r in rows
            ],
            columns=["ticker", "name", "currency", policy.shown, "price", "upside",
                     "enterprise_value", "counted_as_nothing", "reason"],
        )  # fmt: skip

    def valuations(self, company: str = "") -> "pd.DataFrame":
        """The saved valuations, newest first."""
        import pandas as pd

        rows = self.desk.valuations(company)
        return pd.DataFrame(
            [
                (r.id, r.company_name, r.model, model_named(r.model).headline, r.headline,
                 r.rationale, r.saved_at)
                for r in rows
            ],
            columns=["id", "company", "model", "headline", "value", "rationale", "saved"],
        )  # fmt: skip

    def valuation(self, valuation_id: str) -> Valuation:
        """A saved valuation, ready to be explained and varied."""
        kept = self.desk.valuation(valuation_id)
        return Valuation(inputs=kept.inputs, sources=dict(kept.sources), basis=kept.basis)
