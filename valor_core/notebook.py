"""The face for notebooks: companies, models and results as objects that show themselves.

Thin on purpose: it opens the store, calls the workbench's verbs and views, and gives their values
a display. Whoever can run a notebook on this machine acts as an analyst of the tenant opened.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from valor_core.errors import BadInput, NotFound
from valor_core.models.basis import Basis
from valor_core.models.catalogue import checks_of, model_named, model_of
from valor_core.models.checks import Check
from valor_core.models.conventions import conventions_of, valued_as_of
from valor_core.models.explained import Explained, shown
from valor_core.models.fields import Unit, hints, is_number, is_row, leaves
from valor_core.models.lines import spoken
from valor_core.models.run_id import run_id
from valor_core.models.sensitivity import Grid, grid, replace_at
from valor_core.models.workings import Workings, record
from valor_core.values import FiledFact, Source

if TYPE_CHECKING:
    import pandas as pd
    from plotly.graph_objects import Figure

    from valor_core.coverage.companies import Company
    from valor_core.models.simulation.distributions import Distribution
    from valor_core.models.simulation.plan import Event
    from valor_core.models.simulation.scenarios import ScenarioSet, WeighedScenarios
    from valor_core.models.simulation.study import Study
    from valor_core.models.solving import Solution
    from valor_core.snapshots.manifest import Manifest
    from valor_core.snapshots.view import View
    from valor_core.store.tables import ValuationRow


def open(tenant: str = "demo") -> "Workspace":  # noqa: A001  vc.open() is how it reads
    """Opens the local installation's database (VALOR_HOME or DB_URL) as an analyst of a tenant."""
    from valor_core.store.engines import check_login, store_from
    from valor_core.store.migrate import check_revision
    from valor_core.tenancy import tenants
    from valor_core.values import Caller, Role, TenantId
    from valor_core.workbench import setup
    from valor_core.workbench.verb import open_work

    store = store_from(os.environ)
    check_revision(store)
    check_login(store)
    setup.prepare(store)
    with open_work(setup.operator(setup.PLATFORM), store) as work:
        tenant_id = TenantId(tenants.tenant_by_slug(work, tenant).id)
    caller = Caller(tenant_id=tenant_id, user_id="local", role=Role.ANALYST, kind="notebook")
    return Workspace(tenant, store, caller)


def steps(first: float, last: float, count: int) -> np.ndarray:
    """Evenly spaced values for an axis of a grid, both ends included.

    >>> steps(0.06, 0.10, 3).tolist()
    [0.06, 0.08, 0.1]
    """
    return np.linspace(first, last, count).round(12)


class Workspace:
    """An open tenant: its companies and what was saved of them."""

    def __init__(self, tenant: str, store: Any, caller: Any) -> None:
        self.tenant, self._store, self._caller = tenant, store, caller

    def __repr__(self) -> str:
        return f"<Valor IVX, tenant {self.tenant}, {self._store.where}>"

    def _work(self) -> Any:
        from valor_core.workbench.verb import open_work

        return open_work(self._caller, self._store)

    @property
    def snapshots(self) -> "Snapshots":
        """The tenant's snapshots: cuts that never change, and questions asked of them."""
        return Snapshots(self)

    def explore(self, view: "View") -> "pd.DataFrame":
        """What a view shows of the newest snapshot, one line a group or a row."""
        return self.snapshots.latest().explore(view)

    def companies(self) -> "pd.DataFrame":
        """All companies, one a row."""
        import pandas as pd

        from valor_core.workbench.companies import list_companies

        with self._work() as work:
            rows = list_companies(work)
        table = [(c.ticker, c.name, c.cik, c.sic, "demo book" if c.shared else "own") for c in rows]
        return pd.DataFrame(table, columns=["ticker", "name", "cik", "sic", "book"])

    def company(
        self, name: str, as_of: str | date | None = None, *, layer: str = ""
    ) -> "CompanyBook":
        """A company by ticker, CIK or id, as its facts stood on a day, read through a layer."""
        from valor_core.workbench.companies import read_company, read_facts

        day = date.fromisoformat(as_of) if isinstance(as_of, str) else as_of
        with self._work() as work:
            company = read_company(work, name)
            facts = read_facts(work, company.id, layer=layer, as_of=day)
        return CompanyBook(self, company, facts, day, layer)

    def batch(
        self,
        changes: Mapping[str, float] | None = None,
        *,
        model: str = "dcf",
        unfiled_is_nothing: bool = False,
        prices: Mapping[str, float] | None = None,
        as_of: str | date | None = None,
        layer: str = "",
    ) -> "pd.DataFrame":
        """All companies by one policy, one a row: its value, or the reason why it has none.

        Each begins with what its own facts suggest; `changes` are the same for all.
        """
        import pandas as pd

        from valor_core.coverage.batches import BatchPolicy, StatedPrice
        from valor_core.models.simulation.scenarios import Change
        from valor_core.workbench.batches import note_batch, value_all

        policy = BatchPolicy(
            model=model,
            changes=tuple(Change(path=p, value=value) for p, value in (changes or {}).items()),
            unfiled_is_nothing=unfiled_is_nothing,
            prices=tuple(StatedPrice(company=c, price=p) for c, p in (prices or {}).items()),
            as_of=date.fromisoformat(as_of) if isinstance(as_of, str) else as_of,
            layer=layer,
        )
        with self._work() as work:
            note_batch(work, policy)
        with self._work() as work:
            rows = value_all(work, policy)
        return pd.DataFrame(
            [
                (r.ticker, r.name, r.currency, r.value, r.price, r.upside, r.enterprise_value,
                 ", ".join(r.counted_as_nothing), r.reason)
                for r in rows
            ],
            columns=["ticker", "name", "currency", model_named(model).headline, "price", "upside",
                     "enterprise_value", "counted_as_nothing", "reason"],
        )  # fmt: skip

    def valuations(self, company: str = "") -> "pd.DataFrame":
        """The saved valuations, newest first."""
        import pandas as pd

        from valor_core.values import CompanyId, from_micros
        from valor_core.workbench.valuations import list_valuations

        with self._work() as work:
            rows = list_valuations(work, CompanyId(company) if company else None, limit=200)
        return pd.DataFrame(
            [
                (r.id, r.company_name, r.model, model_named(r.model).headline, r.headline,
                 r.rationale, from_micros(r.created_at))
                for r in rows
            ],
            columns=["id", "company", "model", "headline", "value", "rationale", "saved"],
        )  # fmt: skip

    def valuation(self, valuation_id: str) -> "Valuation":
        """A saved valuation, ready to be explained and varied."""
        from valor_core.values import ValuationId
        from valor_core.workbench.valuations import read_valuation

        with self._work() as work:
            saved = read_valuation(work, ValuationId(valuation_id))
        return Valuation(inputs=saved.inputs, sources=dict(saved.sources), basis=saved.basis)


class CompanyBook:
    """A company and what it filed, as known on a day."""

    def __init__(
        self,
        space: Workspace,
        company: "Company",
        facts: Sequence[FiledFact],
        as_of: date | None,
        layer: str = "",
    ) -> None:
        self._space, self.company, self._facts = space, company, facts
        self.as_of, self.layer = as_of, layer

    def __repr__(self) -> str:
        day = f", as of {self.as_of}" if self.as_of else ""
        read = f", through {self.layer}" if self.layer else ""
        return f"<{self.company.name} ({self.company.ticker}), CIK {self.company.cik}{day}{read}>"

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
        from valor_core.coverage.splits import all_after_splits, splits_of

        values: dict[str, dict[int, float]] = {}
        figures = known(self._facts, self.as_of)
        splits = splits_of(self.company.cik, self.as_of)
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
        from valor_core.workbench.adjustments import add_adjustment

        with self._space._work() as work:  # noqa: SLF001  the face is one module
            return add_adjustment(
                work,
                self.company.id,
                layer=layer,
                item=item,
                fiscal_year=fiscal_year,
                amount=amount,
                rationale=rationale,
            ).id

    def market_methods(self, years: float = 1.0) -> "pd.DataFrame":
        """Beta, risk-free rate, premium and volatility by each method that kept series tell.

        The first one of an input is what a valuation begins with.
        """
        import pandas as pd

        from valor_core.workbench.market_methods import read_methods

        with self._space._work() as work:  # noqa: SLF001  the face is one module
            told = read_methods(work, self.company.id, as_of=self.as_of, years=years)
        return pd.DataFrame(
            [(e.path, e.method, e.value, e.beta_kind, e.reason, e.source.text) for e in told],
            columns=["input", "method", "value", "beta_kind", "choose_it", "source"],
        )

    def dcf(self, changes: Mapping[str, Any] | None = None) -> "Valuation":
        """A DCF from the facts; `changes` by the path of an input, `{"bridge.leases": 0.0}`.

        BridgeItemMissing names what the filing lacks: state each amount among the changes.
        """
        return self.start("dcf", changes)

    def start(self, model: str, changes: Mapping[str, Any] | None = None) -> "Valuation":
        """A valuation by a model, such as "lbo", begun from the facts as its page begins."""
        from valor_core.coverage.sourcing import basis_of
        from valor_core.workbench.valuations import prefilled

        with self._space._work() as work:  # noqa: SLF001  the face is one module
            start = prefilled(
                work, self.company.id, model=model, as_of=self.as_of, layer=self.layer
            )
        basis = basis_of(start.sources, currency=start.currency, facts_as_of=self.as_of)
        made = Valuation(inputs=start.inputs, sources=dict(start.sources), of=self, basis=basis)
        return made.change(changes) if changes else made


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """A model's inputs with their sources; the result is computed when it is asked for."""

    inputs: Any
    sources: dict[str, Source]
    of: CompanyBook | None = None
    basis: Basis | None = None  # None: inputs made by hand, of which nobody said

    @property
    def conventions(self) -> dict[str, str]:
        """What the value rests on, in words."""
        return conventions_of(self.inputs, self.basis)

    @property
    def result(self) -> Any:
        """Every line of the result."""
        return model_of(self.inputs).function(self.inputs)

    @property
    def headline(self) -> Any:
        """The result that the model puts first: a value per share, an IRR, a WACC."""
        return getattr(self.result, model_of(self.inputs).headline)

    @property
    def per_share(self) -> Any:
        """The value of one share; NotFound of a model that values none."""
        if not hasattr(self.result, "value_per_share"):
            raise NotFound("number in this result", "value_per_share")
        return self.result.value_per_share

    @property
    def run_id(self) -> str:
        """The same inputs have the same id on every machine."""
        return run_id(model_of(self.inputs), self.inputs)

    @property
    def checks(self) -> tuple[Check, ...]:
        """What an experienced reader would question, what failed first."""
        return checks_of(self.inputs, self.result)

    @property
    def table(self) -> "pd.DataFrame":
        """The forecast: a row a line, a column a year."""
        import pandas as pd

        result, kinds = self.result, hints(type(self.result))
        rows = {
            each.name: getattr(result, each.name)
            for each in fields(result)
            if is_row(kinds[each.name]) and getattr(result, each.name) is not None
        }
        years = max(np.shape(row)[-1] for row in rows.values())
        return pd.DataFrame(
            {name: pd.Series(row, index=range(1, len(row) + 1)) for name, row in rows.items()},
            index=range(1, years + 1),
        ).T.rename_axis(columns="year")

    def traded(
        self,
        currency: str,
        *,
        rate: float,
        rate_on: str | date,
        source: str,
        shares_per_adr: float = 1.0,
    ) -> "Valuation":
        """The value of a share in the currency that it trades in, or of an ADR, at a stated rate.

        `rate` is how much of that currency one unit of the reporting currency buys.
        """
        from valor_core.models.trading import TradingInputs
        from valor_core.values import SourceKind

        if self.basis is None:
            raise BadInput("Nobody said in which currency this value is.", hint="Value a company.")
        inputs = TradingInputs(
            value_per_share=float(self.per_share),
            reporting_currency=self.basis.currency,
            trading_currency=currency,
            exchange_rate=rate,
            rate_on=date.fromisoformat(rate_on) if isinstance(rate_on, str) else rate_on,
            shares_per_adr=shares_per_adr,
        )
        facts = dict.fromkeys(fact for each in self.sources.values() for fact in each.facts)
        told = f"value per share of run {self.run_id[:12]}"
        sources = {
            "value_per_share": Source(kind=SourceKind.DERIVED, text=told, facts=tuple(facts)),
            "exchange_rate": Source(kind=SourceKind.ASSUMED, text=source),
        }
        basis = replace(self.basis, currency=currency)
        return Valuation(inputs=inputs, sources=sources, of=self.of, basis=basis)

    def workings(self) -> Workings:
        """The recorded run: every formula behind every number."""
        return record(model_of(self.inputs).function, self.inputs)

    def explain(self, name: str = "") -> Explained:
        """Why a number, else the headline, is what it is, down to filed fact or assumption."""
        return self.workings().explain(name or model_of(self.inputs).headline, self.sources)

    def change(self, changes: Mapping[str, Any]) -> "Valuation":
        """The same with other inputs, by their paths."""
        from valor_core.values import SourceKind

        inputs, sources = self.inputs, dict(self.sources)
        for path, value in changes.items():
            inputs = replace_at(inputs, path, value)
            before = self.sources.get(path)
            instead = f" instead of: {before.text}" if before else ""
            sources[path] = Source(kind=SourceKind.ASSUMED, text=f"set in the notebook{instead}")
        return replace(self, inputs=inputs, sources=sources)

    def grid(self, **axes: Sequence[float]) -> "pd.DataFrame":
        """A result over two inputs: `v.grid(terminal_growth=vc.steps(.01, .03, 5), …)`.

        A dot in a path is written as two underscores. A cell that cannot be valued is empty; the
        reasons stand in `.attrs["reasons"]`.
        """
        import pandas as pd

        if len(axes) != 2:
            raise BadInput(f"A grid has two axes, not {len(axes)}.", hint="Name two inputs.")
        (first, rows), (second, columns) = (
            (name.replace("__", "."), values) for name, values in axes.items()
        )
        made: Grid = grid(self.inputs, (first, rows), (second, columns))
        table = pd.DataFrame(
            made.values,
            index=pd.Index(made.rows, name=first),
            columns=pd.Index(made.columns, name=second),
        )
        table.attrs["reasons"] = {cell: str(error) for cell, error in made.reasons.items()}
        return table

    def solve(
        self, path: str, target: float, *, between: tuple[float, float], field: str = ""
    ) -> "Solution":
        """Every value of an input at which a result, else the headline, equals the target."""
        from valor_core.models.solving import solve

        named = field or model_of(self.inputs).headline
        return solve(self.inputs, path, target, between=between, field=named)

    def simulate(
        self,
        drivers: Mapping[str, "Distribution"],
        *,
        correlations: Mapping[tuple[str, str], float] | None = None,
        columns: Sequence[str] = (),
        events: Sequence["Event"] = (),
        paths: int = 16_384,
        seed: int = 1,
    ) -> "Simulated":
        """A result, else the headline, over many draws: `{"terminal_growth": vc.Normal(…)}`.

        `columns` names the result, and a yearly one beside it; `events` what may happen, such as
        `vc.Event(line="accretion", threshold=0.0)`. Correlations are of ranks. Nothing is kept; the
        same seed gives the same draws.
        """
        from valor_core.models.simulation.plan import Driver, RankCorrelation, SimulationPlan
        from valor_core.models.simulation.study import study

        plan = SimulationPlan(
            drivers=tuple(Driver(path=p, distribution=each) for p, each in drivers.items()),
            correlations=tuple(
                RankCorrelation(first=first, second=second, spearman=told)
                for (first, second), told in (correlations or {}).items()
            ),
            columns=tuple(columns),
            events=tuple(events),
            scenarios=paths,
            seed=seed,
        )
        return Simulated(of=self, study=study(self.inputs, plan, lambda _: None))

    def scenarios(
        self, stated: Mapping[str, tuple[float, Mapping[str, float]]], *, field: str = ""
    ) -> "Weighed":
        """Named scenarios, `{"bear": (0.25, {"margin.start": 0.2}), …}`, beside this base case."""
        from valor_core.models.simulation.scenarios import Change, Scenario, ScenarioSet, weigh

        made = ScenarioSet(
            scenarios=tuple(
                Scenario(
                    name=name,
                    probability=odds,
                    changes=tuple(Change(path=path, value=value) for path, value in told.items()),
                )
                for name, (odds, told) in stated.items()
            )
        )
        return Weighed(of=self, stated=made, found=weigh(self.inputs, made, field))

    def to_excel(self, path: str | Path, *, scenarios: "Weighed | None" = None) -> Path:
        """Writes the valuation as a workbook of live formulas, which scenarios may switch."""
        from valor_core.workbooks.valuation import write_valuation_workbook

        where = Path(path)
        with where.open("wb") as stream:
            write_valuation_workbook(
                self.workings(),
                title=self.of.company.name if self.of else "Valuation",
                company=self.of.company.name if self.of else "",
                sources=self.sources,
                conventions=self.conventions,
                currency=self.basis.currency if self.basis else "",
                valued=valued_as_of(self.inputs, self.basis) if self.basis else "",
                scenarios=scenarios.stated if scenarios else None,
                stream=stream,
            )
        return where

    def save(
        self,
        rationale: str,
        *,
        rationales: Mapping[str, str] | None = None,
        scenarios: "Weighed | None" = None,
    ) -> "ValuationRow":
        """Keeps the valuation in the tenant; audited, and found on the page Valuations."""
        from valor_core.workbench.valuations import run_valuation

        if self.of is None:
            raise BadInput(
                "This valuation is of no company, so it cannot be kept.",
                hint="Begin with book.company(…).dcf().",
            )
        with self.of._space._work() as work:  # noqa: SLF001  the face is one module
            return run_valuation(
                work,
                self.of.company.id,
                self.inputs,
                rationale=rationale,
                rationales=rationales,
                as_of=self.of.as_of,
                layer=self.of.layer,
                scenarios=scenarios.stated if scenarios else None,
            )

    @property
    def _told(self) -> str:
        """The headline in words: "54.02 USD value per share"."""
        model = model_of(self.inputs)
        money = model.headline_unit in (Unit.MONEY, Unit.MONEY_PER_SHARE)
        currency = f" {self.basis.currency}" if self.basis and money else ""
        worth = self.headline
        told = shown(None if worth is None else float(worth), model.headline_unit)
        return f"{told}{currency} {spoken(model.headline).lower()}"

    def __repr__(self) -> str:
        name = self.of.company.name if self.of else type(self.inputs).__name__
        return f"<{name}: {self._told}, run {self.run_id[:12]}>"

    def _repr_html_(self) -> str:
        result, kinds = self.result, hints(type(self.result))
        name = escape(self.of.company.name if self.of else "Valuation")
        rows = "".join(
            f"<tr><td>{escape(_label(each))}</td>"
            f'<td style="text-align:right">{escape(shown(float(value), each.metadata["unit"]))}'
            "</td></tr>"
            for each in fields(result)
            if is_number(kinds[each.name])
            and not is_row(kinds[each.name])
            and (value := getattr(result, each.name)) is not None
        )
        notes = "".join(
            f"<li>{escape(check.message)}</li>" for check in self.checks if not check.passed
        )
        return (
            f"<h4>{name}: {escape(self._told)}</h4>"
            + (f"<p>{escape(valued_as_of(self.inputs, self.basis))}</p>" if self.basis else "")
            + f"<table>{rows}</table>"
            + (f"<p>Worth a second look:</p><ul>{notes}</ul>" if notes else "")
            + f"<p><small>run {self.run_id[:16]}, {len(leaves(self.inputs))} inputs</small></p>"
        )


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The snapshots of a tenant."""

    _space: Workspace

    def publish(self) -> "Snapshot":
        """A cut of all that the tenant has now."""
        from valor_core.workbench.snapshots import publish_snapshot

        with self._space._work() as work:  # noqa: SLF001  the face is one module
            return Snapshot(self._space, publish_snapshot(work))

    def latest(self, as_of: datetime | None = None) -> "Snapshot":
        """The newest one, or the newest that was cut by a moment."""
        from valor_core.workbench.snapshots import latest_snapshot

        with self._space._work() as work:  # noqa: SLF001
            return Snapshot(self._space, latest_snapshot(work, as_of=as_of))

    def __getitem__(self, snapshot_id: str) -> "Snapshot":
        from valor_core.workbench.snapshots import read_snapshot

        with self._space._work() as work:  # noqa: SLF001
            return Snapshot(self._space, read_snapshot(work, snapshot_id))

    def list(self) -> "pd.DataFrame":
        """The newest 200, one a row."""
        import pandas as pd

        from valor_core.values import from_micros
        from valor_core.workbench.snapshots import list_snapshots

        with self._space._work() as work:  # noqa: SLF001
            rows = list_snapshots(work, limit=200)
        told = [(r.id, from_micros(r.created_at), r.facts_n, r.valuations_n) for r in rows]
        return pd.DataFrame(told, columns=["id", "cut", "figures", "values"])


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One cut of a tenant; it never changes."""

    _space: Workspace
    manifest: "Manifest"

    @property
    def id(self) -> str:
        """The SHA-256 of its manifest, which vouches for every byte."""
        return self.manifest.id

    @property
    def queries(self) -> "pd.DataFrame":
        """What can be asked of it, one a row."""
        import pandas as pd

        from valor_core.workbench.snapshots import list_queries

        with self._space._work() as work:  # noqa: SLF001
            rows = list_queries(work)
        told = [(q.name, q.meaning, ", ".join(p.name for p in q.parameters)) for q in rows]
        return pd.DataFrame(told, columns=["query", "tells", "parameters"])

    def query(
        self, name: str, *, compared_with: str | None = None, **parameters: object
    ) -> "pd.DataFrame":
        """The answer of a named query; what it stands on is in `.attrs`."""
        import pandas as pd

        from valor_core.workbench.snapshots import ask_snapshot

        told = {each: str(value) for each, value in parameters.items()}
        with self._space._work() as work:  # noqa: SLF001
            answer = ask_snapshot(
                work, name, told, snapshot_id=self.id, compared_with=compared_with
            )
        table = pd.DataFrame(answer.rows, columns=[each.name for each in answer.query.columns])
        table.attrs = {"snapshot_id": self.id, "cut": self.manifest.cut, "more": answer.more}
        return table

    def explore(self, view: "View") -> "pd.DataFrame":
        """What a view shows of it, one line a group or a row; totals are in `.attrs`."""
        import pandas as pd

        from valor_core.workbench.snapshots import explore

        with self._space._work() as work:  # noqa: SLF001
            found = explore(work, view, snapshot_id=self.id)
        table = pd.DataFrame(found.rows, columns=[each.name for each in found.columns])
        table.attrs = {
            "snapshot_id": self.id,
            "cut": self.manifest.cut,
            "totals": found.totals,
            "rows_in_all": found.rows_in_all,
        }
        return table

    def verify(self) -> bool:
        """Whether every byte is what was published, and the audit log stood where it says."""
        from valor_core.workbench.snapshots import verify_snapshot

        with self._space._work() as work:  # noqa: SLF001
            return verify_snapshot(work, self.id).holds

    def __repr__(self) -> str:
        made = self.manifest
        held = f"{made.rows_of('facts'):,} figures, {made.rows_of('valuations'):,} values"
        return f"<snapshot {self.id[:12]} of {made.cut_at:%Y-%m-%d %H:%M:%S} UTC: {held}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """A simulation of a valuation: how its result spreads, and what moves it."""

    of: Valuation
    study: "Study"

    @property
    def table(self) -> "pd.DataFrame":
        """Mean, deviation and percentiles, each with half of its 95 % interval."""
        import pandas as pd

        told = self.study.summary
        rows = {
            **{f"P{100 * level:g}": found for level, found in told.percentiles.items()},
            "mean": told.mean,
            "standard deviation": told.sd,
            f"mean of the worst {told.tail:.0%}": told.shortfall,
        }
        return pd.DataFrame(
            {name: [found.value, found.half_width()] for name, found in rows.items()},
            index=[told.column, "± at 95 %"],
        ).T

    @property
    def drivers(self) -> "pd.DataFrame":
        """What moves the result: rank correlations, and Sobol indices of independent drivers."""
        import pandas as pd

        made = self.study
        table = pd.DataFrame(
            {"rank correlation": {each.path: each.spearman for each in made.ranked}}
        )
        for each in made.indices:
            table.loc[each.path, ["alone", "with interactions"]] = (
                each.first.value,
                each.total.value,
            )
        return table.rename_axis("driver")

    def above(self, threshold: float) -> float:
        """The chance of more than a threshold, such as the price."""
        return self.study.chance_above(threshold).value

    @property
    def chances(self) -> "pd.DataFrame":
        """How likely each event is: at all, and in each year of a yearly line."""
        import pandas as pd

        rows = {
            f"{each.event.line} {'above' if each.event.above else 'below'} "
            f"{each.event.threshold:,.6g}": {
                "at all": each.ever.value,
                **{f"year {year}": told.value for year, told in enumerate(each.by_year, start=1)},
            }
            for each in self.study.chances
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("chance of")

    def chart(self) -> "Figure":
        """The share of the draws by value, with percentiles and the base case."""
        from valor_core.charts.simulation import spread

        told = self.study.summary
        marks = {f"P{100 * at:g}": told.percentiles[at].value for at in (0.05, 0.5, 0.95)}
        unit = self.of.basis.currency if self.of.basis else told.column
        return spread(
            self.study.histogram, marks=marks, base=self.study.tornado.base, unit=unit,
            theme="light",
        )  # fmt: skip

    @property
    def _told(self) -> str:
        run, mean = self.study.simulation, self.study.summary.mean
        return (
            f"{run.scenarios:,} draws, seed {run.plan.seed}: mean {mean.value:,.4g} "
            f"± {mean.half_width():.2g}, {run.share_refused:.2%} without a value"
        )

    def __repr__(self) -> str:
        return f"<{self._told}, run {self.study.simulation.run_id[:12]}>"

    def _repr_html_(self) -> str:
        lost = "".join(
            f"<li>{each.count:,} draws without a value, such as: {escape(each.example)}</li>"
            for each in self.study.simulation.refused
        )
        return (
            f"<h4>{escape(self._told)}</h4>{self.table.to_html()}{self.drivers.to_html()}"
            f"<ul>{lost}</ul><p><small>run {self.study.simulation.run_id[:16]}</small></p>"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """Scenarios around a valuation, each with its value, and what is expected of all."""

    of: Valuation
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
        return f"<h4>{escape(repr(self)[1:-1])}</h4>{self.table.to_html()}"


def inputs(model: str, data: Mapping[str, Any]) -> Any:
    """A model's inputs from plain values, as the API takes them; every flaw is told with its path.

    >>> inputs("returns", {"flows": [-100.0, 60.0, 60.0], "rate": 0.1}).rate
    0.1
    """
    from valor_core.models.codec import load

    return load(model_named(model).inputs, data)


def value(inputs: Any, sources: Mapping[str, Source] | None = None) -> Valuation:
    """A valuation of inputs made by hand; nothing is kept."""
    model_of(inputs)
    return Valuation(inputs=inputs, sources=dict(sources or {}))


def _label(each: Any) -> str:
    return each.metadata["label"] or each.name.replace("_", " ")
