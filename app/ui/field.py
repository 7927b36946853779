"""One number of a model's inputs as pages ask for it and show it: where it stands, label, unit."""

from dataclasses import dataclass, fields
from typing import Any

from app.ui.places import at
from app.ui.words import MILLION, label_of
from valor_core.amounts import in_money, shown
from valor_core.models.fields import Unit

SCALE = {Unit.RATE: 0.01, Unit.SHARES: MILLION}
MARK = {Unit.RATE: "%", Unit.SHARES: "million", Unit.RATIO: "×"}
STEP = {Unit.RATE: 0.5, Unit.MONEY: 10.0, Unit.RATIO: 0.1, Unit.SHARES: 1.0, Unit.YEARS: 0.25}


@dataclass(frozen=True, slots=True)
class Field:
    """One number, or one a year, of the inputs."""

    path: str
    label: str
    unit: Unit | None = None
    step: float = 0.25
    meaning: str = ""

    @property
    def scale(self) -> float:
        """What one unit on the screen is in the inputs: percentages are hundredths."""
        if self.unit is Unit.MONEY:
            return shown().size
        return SCALE.get(self.unit, 1.0) if self.unit else 1.0

    @property
    def step_on_screen(self) -> float:
        """How far a number of its own on the screen moves at a press."""
        return self.step * MILLION / self.scale if self.unit is Unit.MONEY else self.step

    def heading(self, currency: str) -> str:
        """The label with its unit."""
        mark = MARK.get(self.unit) if self.unit else None
        if self.unit in (Unit.MONEY, Unit.MONEY_PER_SHARE):
            mark = in_money(currency) if self.unit is Unit.MONEY else currency
        return f"{self.label}, {mark}" if mark else self.label

    def on_screen(self, value: float | None) -> float | None:
        """A number of the inputs as it is shown."""
        return None if value is None else round(float(value) / self.scale, 9)


def field_of(inputs: Any, path: str, label: str = "") -> Field:
    """What the model says of the field at a path.

    >>> from valor_core.models.dilution import Shares
    >>> field_of(Shares(basic=4.0), "basic").heading("EUR")
    'Basic, million'
    """
    owner, _, name = path.rpartition(".")
    owning = at(inputs, owner) if owner else inputs
    told = next(each for each in fields(owning) if each.name == name).metadata
    unit = told.get("unit")
    return Field(
        path,
        label or label_of(name, told.get("label", "")),
        unit,
        STEP.get(unit, 0.25) if unit else 0.25,
        told.get("text", ""),
    )
