"""Simulations of a company's value: counted and told to the log; what comes of one is not kept."""

from typing import Any

from valor_core.billing.metering import Meter
from valor_core.coverage import companies
from valor_core.models.catalogue import model_of
from valor_core.models.simulation.plan import SimulationPlan, simulation_id
from valor_core.models.simulation.study import looked_at
from valor_core.store.work import Work
from valor_core.values import CompanyId
from valor_core.workbench.verb import verb


@verb("simulation.run", meter=Meter.SIMULATIONS)
def note_simulation(work: Work, company_id: CompanyId, inputs: Any, plan: SimulationPlan) -> str:
    """Count a simulation that begins now; its id, by which anybody can repeat it."""
    company = companies.company(work, company_id)
    line, *_ = looked_at(inputs, plan)
    run_id = simulation_id(inputs, plan)
    work.note(
        f"simulation:{run_id[:16]}",
        company=company.id,
        model=model_of(inputs).name,
        line=line,
        run_id=run_id,
        scenarios=plan.scenarios,
        seed=plan.seed,
    )
    return run_id
