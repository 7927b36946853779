"""What an analyst works on: kept at each step, so that no reload, crash or restart loses it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeVar

import streamlit as st

from app.ui.frame import caller
from app.ui.words import in_money_short
from valor_core.amounts import in_money
from valor_core.coverage.companies import Company
from valor_core.coverage.figures import DEFAULT
from valor_core.coverage.layers import layers_of
from valor_core.coverage.prefill import Prefilled
from valor_core.coverage.prefill_merger import target_of, with_target
from valor_core.coverage.sourcing import basis_of, source_by_method
from valor_core.errors import BadInput, ValorError
from valor_core.models.basis import Basis
from valor_core.models.bridge import Bridge
from valor_core.models.catalogue import model_named
from valor_core.models.codec import dump, dump_value, load
from valor_core.models.cost_of_capital import CostOfCapitalInputs
from valor_core.models.fields import leaves
from valor_core.models.model import Model
from valor_core.models.paths import Fade
from valor_core.models.run_id import run_id
from valor_core.models.simulation.scenarios import Scenario, ScenarioSet
from valor_core.models.workings import Workings, record
from valor_core.store.work import Work
from valor_core.values import Caller, Source, SourceKind, ValuationId
from valor_core.workbench import drafts, valuations
from valor_core.workbench.drafts import DraftRow
from valor_core.workbench.valuations import Saved
from valor_core.workbench.verb import open_work

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A draft: the inputs, why they are so, and the fades that rows by year have replaced."""

    inputs: Any
    rationales: Mapping[str, str] = field(default_factory=dict)
    aside: Mapping[str, Any] = field(default_factory=dict)
    as_of: date | None = None
    layer: str = ""  # through which filed figures are read; nothing: as filed
    scenarios: tuple[Scenario, ...] = ()  # as stated so far; a set once they can be weighed

    def dumped(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "inputs": dump(self.inputs),
            "rationales": dict(self.rationales),
            "aside": {path: dump_value(what) for path, what in self.aside.items()},
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "layer": self.layer,
            "scenarios": dump_value(self.scenarios),
        }

    @classmethod
    def loaded(cls, model: Model, data: Mapping[str, Any]) -> "Content":
        """What `dumped` wrote; BadInput for what a program has put in its place."""
        inputs = load(model.inputs, data.get("inputs"))
        try:
            told, aside, day = (data.get(name) for name in ("rationales", "aside", "as_of"))
            return cls(
                inputs=inputs,
                rationales={str(path): str(text) for path, text in (told or {}).items()},
                aside={path: _set_aside(path, what) for path, what in (aside or {}).items()},
                as_of=date.fromisoformat(day) if day else None,
                layer=str(data.get("layer") or ""),
                scenarios=tuple(load(Scenario, each) for each in data.get("scenarios") or ()),
            )
        except (AttributeError, TypeError, ValueError) as unreadable:
            raise BadInput(
                "The draft beside the inputs cannot be read.", hint="Start over from the facts."
            ) from unreadable


def _set_aside(path: str, what: Any) -> Any:
    if what is None:
        return None
    return load(CostOfCapitalInputs if path == "cost_of_capital" else Fade, what)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSaved:
    """The newest saved valuation of the company by the model."""

    id: ValuationId
    headline: float
    run_id: str
    at: int  # microseconds since 1970
    scenarios: tuple[Scenario, ...]


class Desk:
    """One company and model on somebody's screen: the draft, what it gives, and where it began.

    `generation` is part of the keys of the widgets that keep their own value: a new one draws them
    anew from the draft. Grids follow the draft by themselves.
    """

    def __init__(self, company: Company, model: Model) -> None:
        self.company, self.model = company, model
        self.generation = 0
        self.version = self.undo_steps = self.redo_steps = 0
        self.problem: ValorError | None = None
        self.saved: LastSaved | None = None
        self._made: dict[Any, Any] = {}
        with open_work(caller()) as work:
            self._open(work)

    def _open(self, work: Work) -> None:
        """From the draft, else from the newest saved valuation, else from the facts."""
        newest = valuations.newest_saved(work, self.company.id, model=self.model.name)
        self.saved = _last_saved(newest)
        row = drafts.read_draft(work, self.company.id, model=self.model.name)
        if row is not None:
            content = Content.loaded(self.model, row.content)
            self._counted(row)
        elif newest is not None:
            content = _content_of(newest)
        else:
            content = None
        self.start: Prefilled = (
            self._prefilled(work, content.as_of, content.layer, content.inputs)
            if content
            else self._prefilled(work, None, "")
        )
        self.content: Content = content or Content(inputs=self.start.inputs)

    def _prefilled(
        self, work: Work, as_of: date | None, layer: str, inputs: Any = None, target: str = ""
    ) -> Prefilled:
        return valuations.prefilled(
            work,
            self.company.id,
            model=self.model.name,
            as_of=as_of,
            layer=layer,
            target=target,
            inputs=inputs,
        )

    def _follow(self, work: Work, content: Content) -> None:
        """Begin where the content does: on its day, in its layer, with its peers and its target."""
        beside, before = (
            (_peers(each), target_of(each)) for each in (content.inputs, self.start.inputs)
        )
        read, now = ((each.as_of, each.layer) for each in (content, self.content))
        if read != now or beside != before:
            self.start = self._prefilled(work, content.as_of, content.layer, content.inputs)

    def _counted(self, row: DraftRow) -> None:
        self.version = row.version
        self.undo_steps, self.redo_steps = len(row.undo), len(row.redo)

    @property
    def currency(self) -> str:
        """The currency of the company's figures, and so of its value."""
        return self.start.currency

    @property
    def money(self) -> str:
        """The unit of money on the screen."""
        return in_money(self.currency)

    @property
    def money_short(self) -> str:
        """The same where there is little room."""
        return in_money_short(self.currency)

    @property
    def basis(self) -> Basis:
        """What the value rests on: currency, base year, and the day whose facts count."""
        return basis_of(self.start.sources, currency=self.currency, facts_as_of=self.content.as_of)

    # --- what it gives --------------------------------------------------------------------------

    @property
    def inputs(self) -> Any:
        """The inputs as they stand."""
        return self.content.inputs

    @property
    def to_state(self) -> tuple[str, ...]:
        """The bridge items that wait for an amount, or for a reason where the filing has none."""
        missing = {
            path.removeprefix("bridge.")
            for path, source in self.start.sources.items()
            if source.kind is SourceKind.MISSING and not self.content.rationales.get(path)
        }
        bridge = getattr(self.inputs, "bridge", None)
        if bridge is None:
            return ()
        return tuple(i for i in Bridge.__dataclass_fields__ if i in missing or i in bridge.missing)

    def result(self) -> Any:
        """What the model gives; while bridge items are open, they are left out of it."""

        def run() -> Any:
            if not self.to_state:
                return self.model.function(self.inputs)
            return self.model.function(replace(self.inputs, bridge=Bridge.of()))

        return self.once("result", run)

    def workings(self) -> Workings:
        """The formulas behind the value."""
        return self.once("workings", lambda: record(self.model.function, self.inputs))

    def sources(self) -> dict[str, Source]:
        """Where each input comes from, those changed as the analyst's own."""
        return self.once("sources", self._sources)

    def _sources(self) -> dict[str, Source]:
        return {**self.start.sources, **{path: self._source(path) for path in self.changed()}}

    def _source(self, path: str) -> Source:
        why = self.content.rationales.get(path, "")
        return source_by_method(self.start, self.inputs, path, why) or Source(
            kind=SourceKind.ASSUMED, text=why or "changed, no reason given yet", author="you"
        )

    def changed(self) -> dict[str, Any]:
        """The inputs that differ from what the facts suggest, by their path."""
        before = dump(self.start.inputs)
        return self.once(
            "changed",
            lambda: {
                path: value
                for path, value in leaves(self.inputs).items()
                if dump_value(value) != _found(before, path)
            },
        )

    @property
    def scenario_set(self) -> ScenarioSet | None:
        """The stated scenarios; ScenariosUnusable while they cannot be weighed."""
        stated = self.content.scenarios
        return ScenarioSet(scenarios=stated) if stated else None

    @property
    def is_saved(self) -> bool:
        """Whether the newest saved valuation is this one."""
        if self.saved is None or self.to_state:
            return False
        own = self.once("run_id", lambda: run_id(self.model, self.inputs))
        return own == self.saved.run_id and self.content.scenarios == self.saved.scenarios

    def once(self, name: Any, make: Callable[[], Made]) -> Made:
        """What follows from the draft alone, made once until it changes."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def key(self, name: str) -> str:
        """The key of a widget that keeps its own value until the draft is replaced."""
        return f"{self.model.name}:{self.company.id}:{self.generation}:{name}"

    def grid_key(self, name: str) -> str:
        """The key of a grid, which follows the draft by itself."""
        return f"{self.model.name}:grid:{self.company.id}:{name}"

    # --- what changes it ------------------------------------------------------------------------

    def put(self, content: Content, *, widgets: bool = False) -> None:
        """Keep a change; widgets that keep their own value are drawn anew only if it is told."""
        before = self.content

        def keep(work: Work) -> Content:
            version = self.version
            if version == 0:  # the first step back leads to where one began
                version = self._keep(work, before, version).version
            row = self._keep(work, content, version)
            self._counted(row)
            self._follow(work, content)
            return content

        if self._act(keep):
            self.generation += widgets

    def _keep(self, work: Work, content: Content, version: int) -> DraftRow:
        return drafts.keep_draft(
            work,
            self.company.id,
            content.dumped(),
            model=self.model.name,
            expected=version,
        )

    def redraw(self) -> None:
        """Draw anew what keeps its own value, and what was made of it."""
        self.generation += 1
        self._made.clear()

    def undo(self) -> None:
        """The draft before the last change."""
        self._step(drafts.undo_draft)

    def redo(self) -> None:
        """The draft as it was before the last step back."""
        self._step(drafts.redo_draft)

    def _step(self, step: Callable[..., DraftRow | None]) -> None:
        def act(work: Work) -> Content:
            row = step(work, self.company.id, model=self.model.name, expected=self.version)
            if row is None:
                return self.content
            self._counted(row)
            content = Content.loaded(self.model, row.content)
            self._follow(work, content)
            return content

        if self._act(act):
            self.generation += 1

    def start_over(self, as_of: date | None, layer: str = "") -> None:
        """Begin again from the facts of a day, read through a layer; a step back undoes it."""
        try:
            with open_work(caller()) as work:
                start = self._prefilled(work, as_of, layer, target=target_of(self.inputs))
        except ValorError as error:
            self._refused(error)
        else:
            self._begun(start, Content(inputs=start.inputs, as_of=as_of, layer=layer))

    def buy(self, target: str, *, kept: bool = True) -> None:
        """Take another target by its id, or typed figures; the acquirer and the mix stay.

        One that is not kept makes no draft: the first change after it does.
        """
        try:
            with open_work(caller()) as work:
                start = self._prefilled(work, self.content.as_of, self.content.layer, target=target)
        except ValorError as error:
            self._refused(error)
        else:
            inputs = with_target(self.inputs, start.inputs)
            own = {p: why for p, why in self.content.rationales.items() if p[:6] != "target"}
            content = replace(self.content, inputs=inputs, rationales=own)
            if kept or self.version:
                self._begun(start, content)
            else:
                self.start, self.content = start, content
                self.generation += 1
                self._made.clear()

    def _refused(self, error: ValorError) -> None:
        self.problem = error
        self.generation += 1

    def _begun(self, start: Prefilled, content: Content) -> None:
        before, self.start = self.start, start
        self.put(content, widgets=True)
        if self.problem:
            self.start = before

    def save(self, rationale: str) -> None:
        """Keep the valuation for good, with why it is so."""
        with open_work(caller()) as work:
            known = leaves(self.inputs)
            row = valuations.run_valuation(
                work,
                self.company.id,
                self.inputs,
                rationale=rationale,
                rationales={p: t for p, t in self.content.rationales.items() if p in known and t},
                as_of=self.content.as_of,
                layer=self.content.layer,
                scenarios=self.scenario_set,
            )
            self.saved = LastSaved(
                id=ValuationId(row.id),
                headline=row.headline,
                run_id=row.run_id,
                at=row.created_at,
                scenarios=self.content.scenarios,
            )

    def _act(self, act: Callable[[Work], Content]) -> bool:
        """Run it in a transaction; a refusal is told on the page, and the draft read again."""
        self.problem = None
        counted = self.version, self.undo_steps, self.redo_steps
        try:
            with open_work(caller()) as work:
                content = act(work)
        except ValorError as error:
            self.problem = error
            self.version, self.undo_steps, self.redo_steps = counted
            with open_work(caller()) as work:
                self._open(work)
            self.generation += 1
            self._made.clear()
            return False
        self.content = content
        self._made.clear()
        return True


def desk(company: Company, model: str = "dcf") -> Desk:
    """The company's desk for a model in this session, opened once."""
    name = desk_name(caller(), company, model)
    if name not in st.session_state:
        st.session_state[name] = Desk(company, model_named(model))
    return st.session_state[name]


def desk_name(who: Caller, company: Company, model: str = "dcf") -> str:
    """Under which the session keeps the desk: never another tenant's or person's."""
    return f"desk:{who.tenant_id}:{who.user_id}:{model}:{company.id}"


def forget_desks() -> None:
    """Whatever page comes next reads the facts and its draft again."""
    for name in [str(name) for name in st.session_state]:
        if name.startswith("desk:"):
            del st.session_state[name]


def _peers(inputs: Any) -> list[str]:
    return [peer.name for peer in getattr(inputs, "peers", ())]


def _last_saved(saved: Saved | None) -> LastSaved | None:
    if saved is None:
        return None
    row = saved.row
    return LastSaved(
        id=ValuationId(row.id),
        headline=row.headline,
        run_id=row.run_id,
        at=row.created_at,
        scenarios=_scenarios_of(saved),
    )


def _scenarios_of(saved: Saved) -> tuple[Scenario, ...]:
    return saved.scenarios.scenarios if saved.scenarios else ()


def _content_of(saved: Saved) -> Content:
    """A saved valuation as a draft: its inputs and the reasons that people gave."""
    day, layers = saved.row.facts_as_of, layers_of(saved.sources)
    return Content(
        inputs=saved.inputs,
        rationales={
            path: source.text
            for path, source in saved.sources.items()
            if source.kind is SourceKind.ASSUMED and source.author != DEFAULT
        },
        as_of=date.fromisoformat(day) if day else None,
        layer=layers[0] if len(layers) == 1 else "",
        scenarios=_scenarios_of(saved),
    )


def _found(data: Any, path: str) -> Any:
    """What stands at a path in dumped inputs; None where nothing does."""
    for step in path.replace("[", ".").replace("]", "").split("."):
        if isinstance(data, list):
            data = data[int(step)] if int(step) < len(data) else None
        else:
            data = data.get(step) if isinstance(data, Mapping) else None
    return data
