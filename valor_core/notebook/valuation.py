"""A valuation in a notebook: inputs with their sources, and all that can be asked of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
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
from valor_core.notebook import display
from valor_core.notebook.desk import SavedValuation
from valor_core.notebook.simulated import Simulated, Simulating
from valor_core.notebook.weighed import Weighed
from valor_core.values import Source

if TYPE_CHECKING:
    import pandas as pd

    from valor_core.models.simulation.distributions import Distribution
    from valor_core.models.simulation.plan import Event
    from valor_core.models.solving import Solution
    from valor_core.notebook.company import CompanyBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """A model's inputs with their sources; the result is computed when it is asked for."""

    inputs: Any
    sources: dict[str, Source]
    of: "CompanyBook | None" = None
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
    ) -> Simulated:
        """A result, else the headline, over many draws: `{"terminal_growth": vc.Normal(…)}`.

        `columns` names the result, and a yearly one beside it; `events` what may happen, such as
        `vc.Event(line="accretion", threshold=0.0)`. Correlations are of ranks. Nothing is kept; the
        same seed gives the same draws.
        """
        return self.begin_simulation(
            drivers,
            correlations=correlations,
            columns=columns,
            events=events,
            paths=paths,
            seed=seed,
        ).result()

    def begin_simulation(
        self,
        drivers: Mapping[str, "Distribution"],
        *,
        correlations: Mapping[tuple[str, str], float] | None = None,
        columns: Sequence[str] = (),
        events: Sequence["Event"] = (),
        paths: int = 16_384,
        seed: int = 1,
    ) -> Simulating:
        """The same without waiting: `.done`, `.cancel()`, and `.result()` once it has ended."""
        from valor_core.models.simulation.plan import Driver, RankCorrelation, SimulationPlan

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
        if self.of is None:
            from valor_core.notebook.here import RunHere

            return Simulating(of=self, run=RunHere.of(self.inputs, plan))
        run = self.of.desk.simulate(self.of.company.id, self.inputs, plan)
        return Simulating(of=self, run=run)

    def scenarios(
        self, stated: Mapping[str, tuple[float, Mapping[str, float]]], *, field: str = ""
    ) -> Weighed:
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

    def to_excel(self, path: str | Path, *, scenarios: Weighed | None = None) -> Path:
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
        scenarios: Weighed | None = None,
    ) -> SavedValuation:
        """Keeps the valuation in the tenant; audited, and found on the page Valuations."""
        if self.of is None:
            raise BadInput(
                "This valuation is of no company, so it cannot be kept.",
                hint="Begin with book.company(…).dcf().",
            )
        return self.of.desk.save(
            self.of.company.id,
            self.inputs,
            rationale=rationale,
            rationales=rationales or {},
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
        result, kinds, model = self.result, hints(type(self.result)), model_of(self.inputs)
        rows = [
            (_label(each), shown(float(value), each.metadata["unit"]))
            for each in fields(result)
            if is_number(kinds[each.name])
            and not is_row(kinds[each.name])
            and (value := getattr(result, each.name)) is not None
        ]
        doubts = [check.message for check in self.checks if not check.passed]
        return display.shown(
            f"{self.of.company.name if self.of else 'Valuation'}: {self._told}",
            f"<p>{escape(valued_as_of(self.inputs, self.basis))}</p>" if self.basis else "",
            display.two_columns(rows),
            "<p>Worth a second look:</p>" if doubts else "",
            display.listed(doubts),
            provenance=f"run {self.run_id[:16]}, {model.name} version {model.version}, "
            f"{len(leaves(self.inputs))} inputs{self._from}",
        )

    @property
    def _from(self) -> str:
        filed = {fact.accession for each in self.sources.values() for fact in each.facts}
        return f", from {len(filed)} filings" if filed else ""


def steps(first: float, last: float, count: int) -> np.ndarray:
    """Evenly spaced values for an axis of a grid, both ends included.

    >>> steps(0.06, 0.10, 3).tolist()
    [0.06, 0.08, 0.1]
    """
    return np.linspace(first, last, count).round(12)


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
    return each.metadata["label"] or spoken(each.name)
