"""Simulations: a model over many draws of its drivers, computed beside the server."""

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.callers import CallersWork, MakesOnce
from app.api.computations import ComputationView, begun_view
from app.api.requests import StrictRoute
from app.computations import COMPUTATIONS
from valor_core.models.catalogue import model_named
from valor_core.models.codec import load, schema
from valor_core.models.simulation.plan import SimulationPlan
from valor_core.models.simulation.refusals import SizeOutOfRange
from valor_core.values import CompanyId
from valor_core.workbench.verb import allowed

router = APIRouter(tags=["simulations"], route_class=StrictRoute)
MOST_PATHS = 1_000_000  # fit the time and memory of a process beside the server


class SimulationBody(BaseModel):
    """What is to be simulated: a model's inputs, and what each driver may turn out to be."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field(default="dcf", max_length=100, description="Of which the inputs are.")
    inputs: dict[str, Any] = Field(description="The base case, as that model is valued by.")
    plan: dict[str, Any] = Field(
        description="Drivers with distributions, rank correlations, scenarios and seed.",
        json_schema_extra=schema(SimulationPlan),
    )

    def read(self) -> tuple[Any, SimulationPlan]:
        """The inputs and the plan; BadInputs with the path of every flaw."""
        inputs = load(model_named(self.model.replace("-", "_")).inputs, self.inputs)
        plan = load(SimulationPlan, self.plan)
        if plan.scenarios > MOST_PATHS:
            raise SizeOutOfRange(what="scenarios", asked=plan.scenarios, least=2, most=MOST_PATHS)
        return inputs, plan


@router.post("/companies/{company_id}/simulations", status_code=202, response_model=ComputationView)
def simulate(work: CallersWork, once: MakesOnce, company_id: str, body: SimulationBody) -> Response:
    """Begin a simulation; ask for it by its id until it has ended."""
    allowed(work, "simulation.run")
    inputs, plan = body.read()  # before the writer is taken

    return once.do(
        lambda: begun_view(
            work,
            COMPUTATIONS.simulate(work, CompanyId(company_id), inputs, plan, draws=True),
        ),
        status=202,
    )
