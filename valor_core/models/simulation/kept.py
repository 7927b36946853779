"""What a simulation kept of each scenario, as a file: a column a line, a yearly one a list each."""

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import numpy as np

from valor_core.models.catalogue import model_named
from valor_core.models.simulation.plan import SimulationPlan
from valor_core.models.simulation.program import Columns
from valor_core.models.simulation.refused import Refused
from valor_core.models.simulation.running import Pool, Simulation, simulate
from valor_core.models.simulation.study import DRAWN, in_figures, looked_into

Drawn = tuple[dict[str, Any], bytes]
"""The figures of a study, and what was kept of each scenario as Parquet."""


def drawn(
    inputs: Any,
    plan: SimulationPlan,
    progress: Callable[[float], None],
    *,
    pool: Pool | None = None,
) -> Drawn:
    """The study in figures, with all that was kept of its scenarios."""
    found = simulate(inputs, plan, pool=pool, progress=lambda part: progress(DRAWN * part))
    return in_figures(looked_into(inputs, plan, found, progress)), as_parquet(found)


def as_parquet(simulation: Simulation) -> bytes:
    """The kept columns as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({name: _array(column) for name, column in simulation.columns.items()})
    made = BytesIO()
    pq.write_table(table, made, compression="zstd")
    return made.getvalue()


def columns_of(raw: bytes) -> Columns:
    """The columns that were written, to the last bit."""
    import pyarrow.parquet as pq

    table = pq.read_table(BytesIO(raw))
    return {name: _column(table.column(name).combine_chunks()) for name in table.column_names}


def simulation_of(plan: SimulationPlan, columns: Columns, figures: Mapping[str, Any]) -> Simulation:
    """The simulation again, from its columns and from what was told of it in figures."""
    return Simulation(
        run_id=figures["run_id"],
        model=figures["model"],
        version=model_named(figures["model"]).version,
        plan=plan,
        dependence=plan.dependence(),
        columns=columns,
        replicates=figures["replicates"],
        refused=tuple(Refused(**each) for each in figures["refused"]),
        converged=figures["converged"],
    )


def _array(column: np.ndarray) -> Any:
    import pyarrow as pa

    if column.ndim == 1:
        return pa.array(column)
    return pa.FixedSizeListArray.from_arrays(pa.array(column.ravel()), column.shape[-1])


def _column(array: Any) -> np.ndarray:
    import pyarrow as pa

    if not pa.types.is_fixed_size_list(array.type):
        return np.asarray(array)
    return np.asarray(array.flatten()).reshape(len(array), array.type.list_size)
