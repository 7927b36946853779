"""What came of a simulation as it is kept: its figures, and what was kept of each scenario.

As a file the scenarios have a column a line, a yearly one a list each.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import numpy as np

from valor_core.models.catalogue import model_named
from valor_core.models.simulation.estimates import Estimate
from valor_core.models.simulation.plan import Event, SimulationPlan
from valor_core.models.simulation.program import Columns
from valor_core.models.simulation.ranking import RankedDriver, SobolIndices
from valor_core.models.simulation.refused import Refused
from valor_core.models.simulation.running import Pool, Simulation, simulate
from valor_core.models.simulation.study import (
    DRAWN,
    Chance,
    Study,
    YearlyLine,
    in_figures,
    looked_into,
)
from valor_core.models.simulation.summary import Fan, histogram, summary
from valor_core.models.simulation.tornado import Leg, Spider

Drawn = tuple[dict[str, Any], bytes]
"""The figures of a study, and what was kept of each scenario as Parquet."""
MOST_VALUES = 2**17
"""Of more scenarios the figures are kept alone."""
VALUES = "values"


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


def to_keep(
    inputs: Any,
    plan: SimulationPlan,
    progress: Callable[[float], None],
    *,
    pool: Pool | None = None,
    draws: bool = False,
) -> Drawn:
    """The study in figures with the values of its line; and its draws where they are asked for."""
    found = simulate(inputs, plan, pool=pool, progress=lambda part: progress(DRAWN * part))
    made = looked_into(inputs, plan, found, progress)
    told, line = in_figures(made), found.column(made.summary.column)
    if len(line) <= MOST_VALUES:
        told[VALUES] = b64encode(line.astype("<f8").tobytes()).decode()
    return told, as_parquet(found) if draws else b""


def without_values(kept: Mapping[str, Any]) -> dict[str, Any]:
    """The figures alone, as clients read them."""
    return {name: told for name, told in kept.items() if name != VALUES}


def study_of(kept: Mapping[str, Any], plan: SimulationPlan) -> Study | None:
    """The study that was kept; None where its values were too many. Reasons of lost ends are not.

    What follows from the values is found anew from them: they are the same to the bit.
    """
    if VALUES not in kept:
        return None
    line = kept["line"]
    values = np.frombuffer(b64decode(kept[VALUES]), dtype="<f8")
    found = simulation_of(plan, {line: values}, kept)
    return Study(
        simulation=found,
        summary=summary(found, line),
        histogram=histogram(found, line),
        means={name: Estimate(**each) for name, each in kept["means"].items()},
        chances=tuple(map(_chance, kept["chances"])),
        by_year=_by_year(kept["by_year"]) if kept["by_year"] else None,
        tornado=Spider(column=line, base=kept["base"], legs=tuple(map(_leg, kept["tornado"]))),
        indices=tuple(
            SobolIndices(
                path=each["path"],
                first=Estimate(**each["first"]),
                total=Estimate(**each["total"]),
            )
            for each in kept["sobol"]
        ),
        ranked=tuple(RankedDriver(**each) for each in kept["rank_correlations"]),
    )


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


def _chance(told: Mapping[str, Any]) -> Chance:
    return Chance(
        event=Event(**told["event"]),
        ever=Estimate(**told["ever"]),
        by_year=tuple(Estimate(**each) for each in told["by_year"]),
    )


def _by_year(told: Mapping[str, Any]) -> YearlyLine:
    fan = Fan(
        column=told["column"],
        levels=tuple(told["levels"]),
        values=np.array(told["values"]),
        mean=np.array(told["mean"]),
    )
    return YearlyLine(fan=fan, base=np.array(told["base"]))


def _leg(told: Mapping[str, Any]) -> Leg:
    return Leg(
        path=told["path"],
        levels=tuple(told["levels"]),
        inputs=tuple(told["inputs"]),
        values=tuple(np.nan if each is None else each for each in told["values"]),
        reasons={},
    )
