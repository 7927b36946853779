"""Valuations: start from the facts, make one, read, explain, vary and export it."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from io import BytesIO
from math import isfinite
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.bodies import XLSX, ValuationBody, a_file, described
from app.api.callers import CallersWork, MakesOnce
from app.api.companies import AsOf, Layer
from app.api.computations import RefusalView
from app.api.paging import Cursor, Limit, seal, unseal
from app.api.requests import StrictRoute
from valor_core.amounts import showing
from valor_core.coverage.sourcing import dump_sources
from valor_core.coverage.valuations import OF_SHARES
from valor_core.models.catalogue import MODELS, checks_of, model_named
from valor_core.models.codec import dump, load, schema
from valor_core.models.lines import spoken
from valor_core.models.model import Model
from valor_core.models.sensitivity import Grid
from valor_core.models.simulation.scenarios import ScenarioSet, WeighedScenarios
from valor_core.store.work import Work
from valor_core.values import CompanyId, ValuationId, from_micros
from valor_core.workbench import companies, preferences, valuations
from valor_core.workbench.valuations import Saved, ValuationRow
from valor_core.workbench.verb import allowed

router = APIRouter(tags=["valuations"], route_class=StrictRoute)
STEPS_MAX = 101


class HeadlineView(BaseModel):
    """The result that the model puts first."""

    name: str
    value: float
    unit: str | None

    @classmethod
    def of(cls, row: ValuationRow) -> "HeadlineView":
        """The headline of a saved valuation."""
        model = model_named(row.model)
        unit = model.headline_unit
        return cls(name=model.headline, value=row.headline, unit=unit.value if unit else None)


class ValuationLine(BaseModel):
    """A saved valuation in a list."""

    id: str
    company_id: str
    company_name: str
    model: str
    run_id: str
    headline: HeadlineView
    value_per_share: float | None = Field(description="None where the model values no share.")
    currency: str
    rationale: str
    as_of: date | None
    at: datetime
    by: str

    @classmethod
    def of(cls, row: ValuationRow) -> "ValuationLine":
        """The row as clients see it."""
        return cls(
            id=row.id,
            company_id=row.company_id,
            company_name=row.company_name,
            model=row.model,
            run_id=row.run_id,
            headline=HeadlineView.of(row),
            value_per_share=row.headline if row.model in OF_SHARES else None,
            currency=row.currency,
            rationale=row.rationale,
            as_of=date.fromisoformat(row.facts_as_of) if row.facts_as_of else None,
            at=from_micros(row.created_at),
            by=row.created_by,
        )


class DepartureView(BaseModel):
    """A number of the result that the model of today gives otherwise."""

    path: str
    saved: Any
    today: Any


class TodayView(BaseModel):
    """The saved inputs by the model as it is now; the saved value stays."""

    model_version: str
    departures: list[DepartureView]
    refusal: str = Field(description="Why the model of today no longer values these inputs.")


class ScenarioView(BaseModel):
    """How likely a scenario is, what it states otherwise, its value or why it has none."""

    name: str
    probability: float
    changes: list[dict[str, Any]]
    value: float | None
    to_base: float | None
    reason: RefusalView | None


class WeighedView(BaseModel):
    """A set of scenarios beside the base case, and what is expected of it."""

    field: str
    base: float
    expected: float | None = Field(description="None where a likely scenario has no value.")
    sd: float | None
    scenarios: list[ScenarioView]

    @classmethod
    def of(cls, found: WeighedScenarios, stated: ScenarioSet | None) -> "WeighedView":
        """The set as clients see it."""
        scenarios = stated.scenarios if stated else ()
        return cls(
            field=found.column,
            base=found.base,
            expected=found.expected,
            sd=found.sd,
            scenarios=[
                ScenarioView(
                    name=each.name,
                    probability=each.probability,
                    changes=[dump(change) for change in each.changes],
                    value=value if isfinite(value) else None,
                    to_base=value - found.base if isfinite(value) else None,
                    reason=RefusalView.of(found.reasons[place]) if place in found.reasons else None,
                )
                for place, (each, value) in enumerate(zip(scenarios, found.values, strict=True))
            ],
        )


class ValuationView(ValuationLine):
    """A saved valuation whole: inputs, their sources, and every line of the result."""

    model_version: str
    inputs: dict[str, Any]
    sources: dict[str, Any]
    result: dict[str, Any]
    conventions: dict[str, str]
    checks: list[dict[str, Any]]
    today: TodayView
    scenarios: WeighedView | None = Field(
        description="Those that were saved with it, by the model as it is now."
    )

    @classmethod
    def whole(cls, saved: Saved) -> "ValuationView":
        """The valuation as clients see it."""
        row, today = saved.row, saved.today()
        weighed = None if today.refusal else saved.weighed()
        return cls(
            **ValuationLine.of(row).model_dump(),
            model_version=row.model_version,
            inputs=row.inputs,
            sources=row.sources,
            result=row.result,
            conventions=saved.conventions(),
            checks=[] if today.refusal else _checks(saved),
            today=TodayView(
                model_version=today.version,
                departures=[DepartureView(**asdict(each)) for each in today.departures],
                refusal=today.refusal,
            ),
            scenarios=WeighedView.of(weighed, saved.scenarios) if weighed else None,
        )


class ValuationsPage(BaseModel):
    """Saved valuations, newest first."""

    valuations: list[ValuationLine]
    next: str


class StartView(BaseModel):
    """Where a valuation begins: the inputs that the facts suggest, with their sources."""

    company_id: str
    as_of: date | None
    currency: str
    inputs: dict[str, Any]
    sources: dict[str, Any]
    warnings: list[str]


class Axis(BaseModel):
    """One direction of a grid: an input's path and the values it takes."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(max_length=100)
    values: list[float] = Field(min_length=1, max_length=STEPS_MAX)


class SensitivityBody(BaseModel):
    """A two-way grid over a saved valuation."""

    model_config = ConfigDict(extra="forbid")

    rows: Axis
    columns: Axis
    field: str = Field(default="", max_length=100, description="Empty: the headline.")


class ScenariosBody(BaseModel):
    """Scenarios over a saved valuation."""

    model_config = ConfigDict(extra="forbid")

    scenarios: list[Any] = Field(
        description="Name, probability, and changes by the path of an input.",
        json_schema_extra=schema(ScenarioSet)["properties"]["scenarios"],
    )
    field: str = Field(default="", max_length=100, description="Empty: the headline.")


class Reason(BaseModel):
    """Why a cell has no value."""

    row: int
    column: int
    code: str
    detail: str


class GridView(BaseModel):
    """Values by row and column; a cell that cannot be valued is null and has its reason."""

    rows: Axis
    columns: Axis
    field: str
    values: list[list[float | None]]
    reasons: list[Reason]

    @classmethod
    def of(cls, grid: Grid, body: SensitivityBody) -> "GridView":
        """The grid as clients see it."""
        return cls(
            rows=body.rows,
            columns=body.columns,
            field=grid.field,
            values=[[v if isfinite(v) else None for v in row] for row in grid.values.tolist()],
            reasons=[
                Reason(row=row, column=column, code=error.code, detail=str(error))
                for (row, column), error in grid.reasons.items()
            ],
        )


@router.get("/companies/{company_id}/valuations/{model}/start")
def start_valuation(
    work: CallersWork,
    company_id: str,
    model: Annotated[str, Path(max_length=50)],
    as_of: AsOf = None,
    layer: Layer = "",
) -> StartView:
    """The inputs of a model as the filed facts suggest them; null is what the filing lacks."""
    company = companies.read_company(work, company_id)
    begun = model_named(model.replace("-", "_")).name
    start = valuations.prefilled(work, company.id, model=begun, as_of=as_of, layer=layer)
    return StartView(
        company_id=company.id,
        as_of=as_of,
        currency=start.currency,
        inputs=dump(start.inputs),
        sources=dump_sources(start.sources),
        warnings=[str(warning) for warning in start.warnings],
    )


def _creating(model: Model) -> Callable[..., Response]:
    """The act of the route that values a company by this model."""

    def create(
        work: CallersWork, once: MakesOnce, company_id: str, body: ValuationBody
    ) -> Response:
        allowed(work, "valuation.run")
        inputs, scenarios = body.read(model), body.scenario_set()  # before the writer is taken
        return once.do(lambda: _made(work, company_id, body, inputs, scenarios))

    return create


for _model in MODELS:
    router.add_api_route(
        f"/companies/{{company_id}}/valuations/{_model.slug}",
        _creating(_model),
        methods=["POST"],
        name=f"create_{_model.name}",
        summary=f"Value a company: {spoken(_model.name)}",
        status_code=201,
        response_model=ValuationView,
        openapi_extra=described(ValuationBody, _model),
    )


@router.get("/valuations")
def list_valuations(
    work: CallersWork,
    company_id: Annotated[str, Query(max_length=100)] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> ValuationsPage:
    """The saved valuations, newest first, of one company or all."""
    listed = f"valuations {company_id}"
    place = unseal(work.caller, listed, cursor)
    rows = valuations.list_valuations(
        work,
        CompanyId(company_id) if company_id else None,
        limit=limit,
        before=(place[0], place[1]) if place else None,
    )
    last = rows[-1] if len(rows) == limit else None
    return ValuationsPage(
        valuations=[ValuationLine.of(row) for row in rows],
        next=seal(work.caller, listed, [last.created_at, last.id]) if last else "",
    )


@router.get("/valuations/{valuation_id}")
def read_valuation(work: CallersWork, valuation_id: str) -> ValuationView:
    """A saved valuation whole."""
    return ValuationView.whole(valuations.read_valuation(work, ValuationId(valuation_id)))


@router.get("/valuations/{valuation_id}/explain")
def explain(
    work: CallersWork,
    valuation_id: str,
    field: Annotated[str, Query(max_length=100, description="Empty: the headline.")] = "",
) -> dict[str, Any]:
    """Why a number is what it is: formula by formula down to filed fact or assumption."""
    saved = valuations.read_valuation(work, ValuationId(valuation_id))
    named = field or saved.model.headline
    return saved.workings().explain(named, saved.sources).as_dict()


@router.post("/valuations/{valuation_id}/sensitivity")
def sensitivity(work: CallersWork, valuation_id: str, body: SensitivityBody) -> GridView:
    """One result over two inputs; nothing is saved."""
    grid = valuations.vary(
        work,
        ValuationId(valuation_id),
        rows=(body.rows.path, body.rows.values),
        columns=(body.columns.path, body.columns.values),
        field=body.field,
    )
    return GridView.of(grid, body)


@router.post("/valuations/{valuation_id}/scenarios")
def weigh_scenarios(work: CallersWork, valuation_id: str, body: ScenariosBody) -> WeighedView:
    """A result in each of a set of scenarios, and what is expected of it; nothing is saved."""
    stated = load(ScenarioSet, {"scenarios": body.scenarios})
    found = valuations.weigh_scenarios(work, ValuationId(valuation_id), stated, field=body.field)
    return WeighedView.of(found, stated)


@router.get(
    "/valuations/{valuation_id}/workbook.xlsx", response_class=Response, responses=a_file(XLSX)
)
def workbook(work: CallersWork, valuation_id: str) -> Response:
    """The valuation as a workbook of live formulas."""
    saved, stream = valuations.read_valuation(work, ValuationId(valuation_id)), BytesIO()
    with showing(preferences.amounts_in(work).shown):
        valuations.write_workbook(saved, stream)
    name = f"valor-{saved.row.company_id}-{saved.row.run_id[:12]}.xlsx"
    return Response(
        stream.getvalue(),
        media_type=XLSX,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _made(
    work: Work, company_id: str, body: ValuationBody, inputs: Any, scenarios: ScenarioSet | None
) -> ValuationView:
    row = valuations.run_valuation(
        work,
        CompanyId(company_id),
        inputs,
        rationale=body.rationale,
        rationales=body.rationales,
        as_of=body.as_of,
        layer=body.layer,
        scenarios=scenarios,
    )
    return ValuationView.whole(valuations.read_valuation(work, ValuationId(row.id)))


def _checks(saved: Saved) -> list[dict[str, Any]]:
    result = saved.model.function(saved.inputs)
    return [asdict(check) for check in checks_of(saved.inputs, result)]
