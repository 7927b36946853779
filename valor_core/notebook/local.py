"""The desk of this machine: the workbench's verbs and views, over its own database."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from valor_core.compute.executors import spread
from valor_core.coverage.batches import BatchPolicy, Valued
from valor_core.coverage.batches import in_figures as batch_in_figures
from valor_core.coverage.companies import COMPANIES_MAX, Company
from valor_core.models.simulation.plan import SimulationPlan
from valor_core.models.simulation.scenarios import ScenarioSet
from valor_core.models.simulation.study import Study, in_figures, study
from valor_core.notebook.desk import (
    METHODS,
    Asked,
    KeptInputs,
    Progress,
    SavedValuation,
    Seen,
    Start,
)
from valor_core.notebook.here import RunHere
from valor_core.snapshots.manifest import File, Manifest
from valor_core.snapshots.view import View
from valor_core.store.engines import Store
from valor_core.store.work import Work
from valor_core.values import Caller, CompanyId, FiledFact, ValuationId, from_micros
from valor_core.workbench import (
    adjustments,
    batches,
    companies,
    market_methods,
    simulations,
    snapshots,
    valuations,
)
from valor_core.workbench.computations import done_here
from valor_core.workbench.verb import open_work

if TYPE_CHECKING:
    from valor_core.workbench.valuations import ValuationRow

LISTED = 200


class LocalDesk:
    """The database of this machine, as a caller of one tenant."""

    def __init__(self, store: Store, caller: Caller) -> None:
        self._store, self._caller = store, caller

    @property
    def where(self) -> str:
        """The database, without its password."""
        return self._store.where

    def _work(self) -> AbstractContextManager[Work]:
        return open_work(self._caller, self._store)

    def companies(self) -> list[Company]:
        """All that the caller may value, by name."""
        with self._work() as work:
            return companies.list_companies(work, limit=COMPANIES_MAX)

    def company(self, name: str) -> Company:
        """By ticker, CIK or id."""
        with self._work() as work:
            return companies.read_company(work, name)

    def facts(self, company_id: CompanyId, *, layer: str, as_of: date | None) -> list[FiledFact]:
        """Every vintage of every figure, those known on the day read through the layer."""
        with self._work() as work:
            return companies.read_facts(work, company_id, layer=layer, as_of=as_of)

    def start(self, company_id: CompanyId, model: str, *, layer: str, as_of: date | None) -> Start:
        """Where a valuation by a model begins, as its page begins."""
        with self._work() as work:
            start = valuations.prefilled(work, company_id, model=model, as_of=as_of, layer=layer)
        return Start(inputs=start.inputs, sources=start.sources, currency=start.currency)

    def market_methods(self, company_id: CompanyId, *, as_of: date | None, years: float) -> Asked:
        """What kept series say of a cost of capital and a volatility, by each method."""
        with self._work() as work:
            told = market_methods.read_methods(work, company_id, as_of=as_of, years=years)
        rows = [(e.path, e.method, e.value, e.beta_kind, e.reason, e.source.text) for e in told]
        return Asked(columns=METHODS, rows=tuple(rows))

    def adjust(
        self,
        company_id: CompanyId,
        *,
        layer: str,
        item: str,
        fiscal_year: int,
        amount: float,
        rationale: str,
    ) -> str:
        """Add an amount to a filed figure in a layer; the adjustment's id."""
        with self._work() as work:
            return adjustments.add_adjustment(
                work,
                company_id,
                layer=layer,
                item=item,
                fiscal_year=fiscal_year,
                amount=amount,
                rationale=rationale,
            ).id

    def batch(self, policy: BatchPolicy, progress: Progress) -> tuple[Valued, ...]:
        """Every company by the policy; charged once it is done."""
        with self._work() as work:
            made = batches.note_batch(work, policy)

        def run() -> tuple[Valued, ...]:
            with self._work() as work:
                return batches.value_all(work, policy, progress, pool=spread)

        figures = partial(batch_in_figures, policy)
        return done_here(self._store, self._caller, made, run, figures)

    def valuations(self, company: str) -> list[SavedValuation]:
        """The newest 200, of one company or all."""
        with self._work() as work:
            asked = CompanyId(company) if company else None
            rows = valuations.list_valuations(work, asked, limit=LISTED)
            return [_line(row) for row in rows]

    def valuation(self, valuation_id: str) -> KeptInputs:
        """What a saved one was made of."""
        with self._work() as work:
            saved = valuations.read_valuation(work, ValuationId(valuation_id))
            return KeptInputs(inputs=saved.inputs, sources=saved.sources, basis=saved.basis)

    def save(
        self,
        company_id: CompanyId,
        inputs: Any,
        *,
        rationale: str,
        rationales: Mapping[str, str],
        as_of: date | None,
        layer: str,
        scenarios: ScenarioSet | None,
    ) -> SavedValuation:
        """Keep a valuation."""
        with self._work() as work:
            row = valuations.run_valuation(
                work,
                company_id,
                inputs,
                rationale=rationale,
                rationales=rationales,
                as_of=as_of,
                layer=layer,
                scenarios=scenarios,
            )
            return _line(row)

    def simulate(self, company_id: CompanyId, inputs: Any, plan: SimulationPlan) -> RunHere:
        """Begin a simulation of the company's value; charged once it is done."""
        with self._work() as work:
            made = simulations.note_simulation(work, company_id, inputs, plan)

        def run(tell: Progress) -> Study:
            work = partial(study, inputs, plan, tell, pool=spread)
            return done_here(self._store, self._caller, made, work, in_figures)

        return RunHere(run)

    def publish(self) -> Manifest:
        """Publish a snapshot of all that the tenant has now."""
        with self._work() as work:
            return snapshots.publish_snapshot(work)

    def latest(self, as_of: datetime | None) -> Manifest:
        """The newest snapshot, or the newest that was cut by a moment."""
        with self._work() as work:
            return snapshots.latest_snapshot(work, as_of=as_of)

    def snapshot(self, snapshot_id: str) -> Manifest:
        """The snapshot of that id, or of the id that begins so."""
        with self._work() as work:
            return snapshots.read_snapshot(work, snapshot_id)

    def snapshots(self) -> Asked:
        """The newest 200: id, cut, figures, values."""
        with self._work() as work:
            rows = snapshots.list_snapshots(work, limit=LISTED)
        told = [(r.id, from_micros(r.created_at), r.facts_n, r.valuations_n) for r in rows]
        return Asked(columns=("id", "cut", "figures", "values"), rows=tuple(told))

    def queries(self, snapshot_id: str) -> Asked:
        """What can be asked of a snapshot."""
        with self._work() as work:
            snapshots.read_snapshot(work, snapshot_id)
            rows = snapshots.list_queries(work)
        told = [(q.name, q.meaning, ", ".join(p.name for p in q.parameters)) for q in rows]
        return Asked(columns=("query", "tells", "parameters"), rows=tuple(told))

    def ask(
        self, snapshot_id: str, query: str, told: Mapping[str, str], *, compared_with: str | None
    ) -> Asked:
        """The answer of a named query."""
        with self._work() as work:
            answer = snapshots.ask_snapshot(
                work, query, told, snapshot_id=snapshot_id, compared_with=compared_with
            )
        names = tuple(each.name for each in answer.query.columns)
        return Asked(columns=names, rows=answer.rows, more=answer.more)

    def ask_in_sql(self, snapshot_id: str, sql: str) -> Asked:
        """The answer of one SELECT."""
        with self._work() as work:
            answer = snapshots.ask_in_sql(work, sql, snapshot_id=snapshot_id)
        return Asked(columns=answer.columns, rows=answer.rows, more=answer.more)

    def explore(self, snapshot_id: str, view: View) -> Seen:
        """What a view shows of a snapshot."""
        with self._work() as work:
            found = snapshots.explore(work, view, snapshot_id=snapshot_id)
        return Seen(
            columns=tuple(each.name for each in found.columns),
            rows=found.rows,
            totals=found.totals,
            rows_in_all=found.rows_in_all,
        )

    def part(self, snapshot_id: str, file: File) -> bytes:
        """A part of a dataset as it was published, its bytes checked."""
        with self._work() as work:
            return snapshots.read_part(work, snapshot_id, file.sha256).read_bytes()

    def verify(self, snapshot_id: str) -> bool:
        """Whether every byte of a snapshot is what was published."""
        with self._work() as work:
            return snapshots.verify_snapshot(work, snapshot_id).holds


def _line(row: "ValuationRow") -> SavedValuation:
    return SavedValuation(
        id=row.id,
        company_id=row.company_id,
        company_name=row.company_name,
        model=row.model,
        run_id=row.run_id,
        headline=row.headline,
        currency=row.currency,
        rationale=row.rationale,
        saved_at=from_micros(row.created_at),
    )
