"""Valuing a company: from its facts to inputs, from inputs to a kept value, and why it is so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO

from valor_core.billing.metering import Meter
from valor_core.coverage import adjustments, companies, valuations
from valor_core.coverage.companies import Company
from valor_core.coverage.currency import refuse_mixed
from valor_core.coverage.prefill import FactsMissing, NotForFcff, Prefilled, currency_of
from valor_core.coverage.prefill_merger import Target, target_of
from valor_core.coverage.prefills import ON_A_DCF, PREFILLS, prefill
from valor_core.coverage.sourcing import basis_of, dump_sources, load_sources, sources_of
from valor_core.errors import BadInput
from valor_core.models.basis import Basis
from valor_core.models.catalogue import model_named, model_of
from valor_core.models.codec import dump, load
from valor_core.models.comparables.comparables import ComparablesInputs
from valor_core.models.conventions import conventions_of, valued_as_of
from valor_core.models.model import Model
from valor_core.models.run_id import run_id
from valor_core.models.sensitivity import Grid, NoMeaning, grid
from valor_core.models.simulation.scenarios import ScenarioSet, WeighedScenarios, weigh
from valor_core.models.trading import TradingInputs
from valor_core.models.upgrade import Today, valued_today
from valor_core.models.workings import Workings, record
from valor_core.store.tables import ValuationRow
from valor_core.store.work import Work
from valor_core.values import CompanyId, FiledFact, Source, ValuationId, from_micros
from valor_core.workbench.licences import refuse_held_back
from valor_core.workbench.market_inputs import InCommon, from_market
from valor_core.workbench.paging import check_page
from valor_core.workbench.peers import with_peers
from valor_core.workbench.verb import verb, view
from valor_core.workbooks.valuation import write_valuation_workbook

RATIONALE_MAX = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A saved valuation as it was: company, model, inputs with their sources."""

    row: ValuationRow
    model: Model
    inputs: Any
    sources: Mapping[str, Source]

    @property
    def basis(self) -> Basis:
        """Its currency, its base year, and the day whose facts it rests on."""
        return basis_of(self.sources, currency=self.row.currency, facts_as_of=known_on(self.row))

    def conventions(self) -> dict[str, str]:
        """The conventions that the value rests on, in words."""
        return conventions_of(self.inputs, self.basis)

    def workings(self) -> Workings:
        """The formulas behind every number, by running the model once more."""
        return record(self.model.function, self.inputs)

    @property
    def scenarios(self) -> ScenarioSet | None:
        """The scenarios that were saved with it."""
        return None if self.row.scenarios is None else load(ScenarioSet, self.row.scenarios)

    def weighed(self) -> WeighedScenarios | None:
        """What each of its scenarios is worth by the model as it is now, and what is expected."""
        return None if self.scenarios is None else weigh(self.inputs, self.scenarios)

    def today(self) -> Today:
        """What the model as it is now makes of the same inputs; the saved value stays."""
        return valued_today(self.model, self.inputs, self.row.result)


def known_on(row: ValuationRow) -> date:
    """The day whose facts a saved valuation rests on: that of the saving where none was named."""
    if row.facts_as_of:
        return date.fromisoformat(row.facts_as_of)
    return from_micros(row.created_at).date()


@view("valuation.read")
def prefilled(
    work: Work,
    company_id: CompanyId,
    *,
    model: str = "dcf",
    as_of: date | None = None,
    layer: str = "",
    target: str = "",
    inputs: Any = None,
) -> Prefilled:
    """Where a valuation of the company begins, each input with its source, as known on a day.

    Figures of every company in it are read through the layer, as filed where none is named.
    `inputs` that stand already say whose figures are needed beside the company's: its peers, or
    the company that a merger buys; `target` is the id of the latter where it is another one.
    """
    company = companies.company(work, company_id)
    adjustments.check_layer(work, layer)
    return prefilled_on(
        work,
        company,
        adjustments.facts_through(work, company.id, layer, as_of),
        model=model,
        as_of=as_of,
        layer=layer,
        target=_target(work, target or target_of(inputs), layer, as_of),
        inputs=inputs,
    )


def prefilled_on(
    work: Work,
    company: Company,
    facts: list[FiledFact],
    *,
    model: str,
    as_of: date | None,
    layer: str,
    target: Target | None = None,
    inputs: Any = None,
    in_common: InCommon | None = None,
) -> Prefilled:
    """The same on facts that are read already, through the layer."""
    on_a_dcf = model in ON_A_DCF
    start = prefill(
        model,
        company,
        facts,
        as_of=as_of,
        target=target,
        saved=valuations.newest_dcf(work, company.id, as_of=as_of) if on_a_dcf else None,
    )
    if not isinstance(start.inputs, ComparablesInputs):
        return from_market(work, company, start, as_of=as_of, in_common=in_common)
    chosen = None if inputs is None else inputs.peers
    return with_peers(work, company.id, start, chosen=chosen, as_of=as_of, layer=layer)


def _target(work: Work, company_id: str, layer: str, as_of: date | None) -> Target | None:
    if not company_id:
        return None
    company = companies.company(work, company_id)
    facts = adjustments.facts_through(work, company.id, layer, as_of)
    return Target(company=company, id=company.id, facts=facts)


@verb("valuation.run", meter=Meter.VALUATIONS)
def run_valuation(
    work: Work,
    company_id: CompanyId,
    inputs: Any,
    *,
    rationale: str,
    rationales: Mapping[str, str] | None = None,
    as_of: date | None = None,
    layer: str = "",
    scenarios: ScenarioSet | None = None,
) -> ValuationRow:
    """Value the company and keep the valuation, with the scenarios around it where there are any.

    The layer is the one that filed figures were read through. `rationales` says, by the path of an
    input, why it differs from what they suggest; the sources of the others are found again from
    the facts, never taken from the caller.
    """
    company = companies.company(work, company_id)
    model = model_of(inputs)
    result = model.function(inputs)
    headline = getattr(result, model.headline)
    if headline is None:
        raise NoMeaning(model.headline)
    if scenarios is not None:
        weigh(inputs, scenarios)  # refused if an input that it changes is not there
    start = _start_of(work, company.id, inputs, as_of, layer)
    row = valuations.keep(
        work,
        company,
        model=model.name,
        model_version=str(model.version),
        run_id=run_id(model, inputs),
        facts_as_of=as_of.isoformat() if as_of else None,
        inputs=dump(inputs),
        sources=dump_sources(
            sources_of(
                inputs,
                start,
                rationales or {},
                author=work.caller.actor,
                on=work.now.date(),
            )
        ),
        result=dump(result),
        headline=float(headline),
        currency=_currency(work, company, inputs, start),
        rationale=_sound(rationale),
        scenarios=dump(scenarios) if scenarios is not None else None,
    )
    work.note(
        f"valuation:{row.id}",
        company=company.id,
        model=model.name,
        run_id=row.run_id,
        **{model.headline: f"{row.headline:.6f}"},
    )
    return row


def _currency(work: Work, company: Company, inputs: Any, start: Prefilled | None) -> str:
    """Of the value: the one that the company reports in, unless it is converted from that."""
    reported = start.currency if start else currency_of(company, companies.facts(work, company.id))
    if not isinstance(inputs, TradingInputs):
        return reported
    refuse_mixed(company.name, {reported, inputs.reporting_currency})
    return inputs.trading_currency


def _start_of(
    work: Work, company_id: CompanyId, inputs: Any, as_of: date | None, layer: str
) -> Prefilled | None:
    """Where inputs of that model begin; None where its figures may all be stated instead."""
    name = model_of(inputs).name
    if name not in PREFILLS:
        return None
    try:
        return prefilled(work, company_id, model=name, as_of=as_of, layer=layer, inputs=inputs)
    except (FactsMissing, NotForFcff):  # any other refusal, such as mixed currencies, stands
        if name == "dcf":
            raise
        return None


def _sound(rationale: str) -> str:
    text = rationale.strip()
    if not any(map(str.isalnum, text)) or len(text) > RATIONALE_MAX:
        raise BadInput(
            f"A rationale of {len(text):,} characters cannot be kept.",
            hint=f"Say in 1 to {RATIONALE_MAX:,} characters why this is the value.",
        )
    return text


@view("valuation.read")
def list_valuations(
    work: Work,
    company_id: CompanyId | None = None,
    *,
    limit: int = 50,
    before: tuple[int, str] | None = None,
) -> Sequence[ValuationRow]:
    """The newest valuations first, of one company or all."""
    check_page(limit)
    if company_id:
        company_id = companies.company(work, company_id).id
    return valuations.newest_valuations(work, company_id, limit=limit, before=before)


@view("valuation.read")
def read_valuation(work: Work, valuation_id: ValuationId) -> Saved:
    """A saved valuation, ready to be explained, varied or exported."""
    return _saved(valuations.valuation(work, valuation_id))


@view("valuation.read")
def newest_saved(work: Work, company_id: CompanyId, *, model: str = "dcf") -> Saved | None:
    """The company's newest saved valuation by a model."""
    row = valuations.newest_of(work, company_id, model, as_of=None)
    return _saved(row) if row else None


def _saved(row: ValuationRow) -> Saved:
    model = model_named(row.model)
    return Saved(
        row=row,
        model=model,
        inputs=load(model.inputs, row.inputs),
        sources=load_sources(row.sources),
    )


@view("valuation.read")
def vary(
    work: Work,
    valuation_id: ValuationId,
    *,
    rows: tuple[str, Sequence[float]],
    columns: tuple[str, Sequence[float]],
    field: str = "",
) -> Grid:
    """A result of a saved valuation over two inputs."""
    saved = valuations.valuation(work, valuation_id)
    model = model_named(saved.model)
    return grid(load(model.inputs, saved.inputs), rows, columns, field=field)


@view("valuation.read")
def weigh_scenarios(
    work: Work, valuation_id: ValuationId, stated: ScenarioSet, *, field: str = ""
) -> WeighedScenarios:
    """A result of a saved valuation in each of a set of scenarios; nothing is kept."""
    return weigh(_saved(valuations.valuation(work, valuation_id)).inputs, stated, field)


def write_workbook(saved: Saved, stream: BinaryIO) -> None:
    """The saved valuation as a workbook of live formulas, with its sources.

    NotGivenOn where it rests on figures that may not leave the installation.
    """
    refuse_held_back(saved.sources.values())
    write_valuation_workbook(
        saved.workings(),
        title=f"{saved.row.company_name}: {saved.model.name}",
        company=saved.row.company_name,
        sources=saved.sources,
        conventions=saved.conventions(),
        currency=saved.row.currency,
        valued=valued_as_of(saved.inputs, saved.basis),
        scenarios=saved.scenarios,
        stream=stream,
    )
