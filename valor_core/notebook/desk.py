"""Where a notebook's data come from: this machine's database, or a server. The same for both."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

from valor_core.models.basis import Basis
from valor_core.values import CompanyId, FiledFact, Source

if TYPE_CHECKING:
    from valor_core.coverage.batches import BatchPolicy, Valued
    from valor_core.coverage.companies import Company
    from valor_core.models.simulation.plan import SimulationPlan
    from valor_core.models.simulation.scenarios import ScenarioSet
    from valor_core.models.simulation.study import Study
    from valor_core.snapshots.manifest import File, Manifest
    from valor_core.snapshots.view import View

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedValuation:
    """A saved valuation in a list."""

    id: str
    company_id: str
    company_name: str
    model: str
    run_id: str
    headline: float
    currency: str
    rationale: str
    saved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptInputs:
    """What a saved valuation was made of."""

    inputs: Any
    sources: Mapping[str, Source]
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a query can be asked, or what one has answered: names and rows."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    more: bool = False


METHODS = ("input", "method", "value", "beta_kind", "choose_it", "source")
"""What is told of each method of an input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a valuation begins."""

    inputs: Any
    sources: Mapping[str, Source]
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a view shows: names, rows, what all rows add up to, and how many there are in all."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    totals: tuple[Any, ...] | None
    rows_in_all: int


class Running(Protocol):
    """A simulation at work: how far it is, its end, what came of it."""

    @property
    def done(self) -> float:
        """The part that is done, from 0 to 1."""

    @property
    def finished(self) -> bool:
        """Whether it has ended, with a result or without."""

    def cancel(self) -> None:
        """Give it up."""

    def result(self) -> "Study":
        """What came of it, once it has ended; CancelledError where it was given up."""


class Desk(Protocol):
    """What a workspace asks for."""

    @property
    def where(self) -> str:
        """Where the data are, in words, without any secret."""

    def companies(self) -> "list[Company]":
        """All that the caller may value, by name."""

    def company(self, name: str) -> "Company":
        """By ticker, CIK or id."""

    def facts(self, company_id: CompanyId, *, layer: str, as_of: date | None) -> list[FiledFact]:
        """Every vintage of every figure, those known on the day read through the layer."""

    def start(self, company_id: CompanyId, model: str, *, layer: str, as_of: date | None) -> Start:
        """Where a valuation by a model begins, as its page begins."""

    def market_methods(self, company_id: CompanyId, *, as_of: date | None, years: float) -> Asked:
        """What kept series say of a cost of capital and a volatility, by each method."""

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

    def batch(self, policy: "BatchPolicy", progress: Progress) -> "tuple[Valued, ...]":
        """Every company by the policy."""

    def valuations(self, company: str) -> list[SavedValuation]:
        """The newest 200, of one company or all."""

    def valuation(self, valuation_id: str) -> KeptInputs:
        """What a saved one was made of."""

    def save(
        self,
        company_id: CompanyId,
        inputs: Any,
        *,
        rationale: str,
        rationales: Mapping[str, str],
        as_of: date | None,
        layer: str,
        scenarios: "ScenarioSet | None",
    ) -> SavedValuation:
        """Keep a valuation."""

    def simulate(self, company_id: CompanyId, inputs: Any, plan: "SimulationPlan") -> Running:
        """Begin a simulation of the company's value."""

    def publish(self) -> "Manifest":
        """Publish a snapshot of all that the tenant has now."""

    def latest(self, as_of: datetime | None) -> "Manifest":
        """The newest snapshot, or the newest that was cut by a moment."""

    def snapshot(self, snapshot_id: str) -> "Manifest":
        """The snapshot of that id, or of the id that begins so."""

    def snapshots(self) -> Asked:
        """The newest 200: id, cut, figures, values."""

    def queries(self, snapshot_id: str) -> Asked:
        """What can be asked of a snapshot: name, meaning, parameters."""

    def ask(
        self, snapshot_id: str, query: str, told: Mapping[str, str], *, compared_with: str | None
    ) -> Asked:
        """The answer of a named query."""

    def ask_in_sql(self, snapshot_id: str, sql: str) -> Asked:
        """The answer of one SELECT."""

    def explore(self, snapshot_id: str, view: "View") -> Seen:
        """What a view shows of a snapshot."""

    def part(self, snapshot_id: str, file: "File") -> bytes:
        """A part of a dataset as it was published, its bytes checked."""

    def verify(self, snapshot_id: str) -> bool:
        """Whether every byte of a snapshot is what was published."""
