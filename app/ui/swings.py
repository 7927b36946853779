"""What moves a result most: each input a step down and up, the others as they stand."""

from collections.abc import Mapping
from dataclasses import replace
from math import isnan
from typing import Any

from app.ui import show, words
from app.ui.draft import Desk
from app.ui.field import Field
from app.ui.headline import called
from valor_core.charts import simulation as charts
from valor_core.models.simulation.tornado import Spider, stepped


def drawn(desk: Desk, inputs: Any, axes: Mapping[str, Field]) -> None:
    """The inputs that can be varied as bars, the widest on top."""
    found = desk.once("swings", lambda: _valued(stepped(inputs, _steps(axes), desk.model.headline)))
    if not found.legs:
        return
    result = Field(desk.model.headline, called(desk.model), desk.model.headline_unit)
    heading = result.heading(desk.currency)
    show.chart(
        charts.tornado(
            found,
            labels={path: axis.label for path, axis in axes.items()},
            told={
                leg.path: [words.in_unit(at, axes[leg.path].unit) for at in leg.inputs]
                for leg in found.legs
            },
            unit=heading,
            scale=result.scale,
            theme=show.theme(),
        ),
        key=f"{desk.model.name}:swings",
        alt=f"{heading} with each input a step lower and a step higher",
    )


def _steps(axes: Mapping[str, Field]) -> dict[str, float]:
    return {path: axis.step for path, axis in axes.items()}


def _valued(found: Spider) -> Spider:
    """Without inputs of which a step has no value, or changes nothing."""
    legs = (leg for leg in found.legs if leg.swing > 0.0 and not any(map(isnan, leg.values)))
    return replace(found, legs=tuple(legs))
