"""Simulations of a company's value: told to the log, charged once there is a result."""

from typing import Any

from valor_core.billing.metering import Meter
from valor_core.coverage import companies
from valor_core.models.catalogue import model_of
from valor_core.models.codec import dump
from valor_core.models.simulation.plan import SimulationPlan, simulation_id
from valor_core.models.simulation.study import looked_at
from valor_core.store.work import Work
from valor_core.values import CompanyId
from valor_core.workbench.computations import begun
from valor_core.workbench.verb import verb


@verb("simulation.run", meter=Meter.SIMULATIONS, holds_quota=True)
def note_simulation(work: Work, company_id: CompanyId, inputs: Any, plan: SimulationPlan) -> str:
    """A simulation that begins now; the id of its computation."""
    company = companies.company(work, company_id)
    line, *_ = looked_at(inputs, plan)
    run_id, model = simulation_id(inputs, plan), model_of(inputs).name
    work.note(
        f"simulation:{run_id[:16]}",
        company=company.id,
        model=model,
        line=line,
        run_id=run_id,
        scenarios=plan.scenarios,
        seed=plan.seed,
    )
    asked = {"company": company.id, "model": model, "inputs": dump(inputs), "plan": dump(plan)}
    return begun(work, "simulation.run", subject_of(model, company.id), asked)


def subject_of(model: str, company_id: CompanyId) -> str:
    """What a simulation is about."""
    return f"{model}:{company_id}"
