"""The drivers of a forecast as a grid edits them: year by year, or as a fade that can come back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

from valor_core.errors import ValorError
from valor_core.models.cost_of_capital import cost_of_capital
from valor_core.models.dcf import DcfInputs
from valor_core.models.fields import Unit, hints
from valor_core.models.paths import Fade, over_years
from valor_core.models.terminal import MultipleOf

WACC = "wacc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """One driver of the forecast: where it stands in the inputs and how people call it."""

    path: str
    label: str
    unit: Unit

    @property
    def scale(self) -> float:
        """What one unit on the screen is in the inputs: percentages are hundredths."""
        return 0.01 if self.unit is Unit.RATE else 1.0

    @property
    def heading(self) -> str:
        """The label with its unit."""
        return f"{self.label}, {'%' if self.unit is Unit.RATE else '×'}"


DRIVERS = (
    Driver(path="growth", label="Revenue growth", unit=Unit.RATE),
    Driver(path="margin", label="EBIT margin", unit=Unit.RATE),
    Driver(path="tax", label="Tax on EBIT", unit=Unit.RATE),
    Driver(path=WACC, label="WACC", unit=Unit.RATE),
    Driver(path="sales_to_capital.ratio", label="Sales to capital", unit=Unit.RATIO),
    Driver(path="capital_plan.capital_expenditure", label="Capex", unit=Unit.RATE),
    Driver(path="capital_plan.working_capital", label="Working capital", unit=Unit.RATE),
    Driver(path="depreciation", label="Depreciation", unit=Unit.RATE),
)


def at(inputs: Any, path: str) -> Any:
    """What stands at a dotted path; None below what is not stated.

    >>> at(Fade(start=0.05), "start")
    0.05
    """
    for step in path.split("."):
        if inputs is None:
            return None
        inputs = getattr(inputs, step)
    return inputs


def can_be_empty(inputs: Any, path: str) -> bool:
    """Whether the field of that path may hold nothing.

    >>> can_be_empty(Fade(start=0.05), "end"), can_be_empty(Fade(start=0.05), "to_year")
    (True, False)
    """
    owner, _, name = path.rpartition(".")
    hint = hints(type(at(inputs, owner) if owner else inputs))[name]
    return type(None) in get_args(hint)


def put_at(inputs: Any, path: str, value: Any) -> Any:
    """The same inputs with whatever stands at a dotted path replaced.

    >>> put_at(Fade(start=0.05), "to_year", 5).to_year
    5
    """
    name, _, rest = path.partition(".")
    changed = put_at(getattr(inputs, name), rest, value) if rest else value
    return replace(inputs, **{name: changed})


def drivers_of(inputs: DcfInputs) -> tuple[Driver, ...]:
    """The drivers that move the value; depreciation only where something asks for it."""
    silent = inputs.capital_plan is None and inputs.multiple_of is not MultipleOf.EBITDA
    return tuple(
        d
        for d in DRIVERS
        if d.path == WACC
        or (at(inputs, d.path) is not None and not (d.path == "depreciation" and silent))
    )


def is_by_year(inputs: DcfInputs, driver: Driver) -> bool:
    """Whether the driver is stated year by year."""
    path = at(inputs, driver.path)
    return path is not None and not isinstance(path, Fade)


def years_of(inputs: DcfInputs, driver: Driver) -> list[float] | None:
    """The driver's number in each year; None while its fade makes no sense."""
    path, start = at(inputs, driver.path), None
    try:
        if driver.path == WACC and inputs.cost_of_capital is not None:
            start = cost_of_capital(inputs.cost_of_capital).wacc
        row = over_years(
            Fade() if path is None else path,
            inputs.years,
            name=driver.path,
            start=start,
            terminal=_terminal(inputs, driver),
        )
    except ValorError:
        return None  # the valuation refuses it too, and says why
    return [float(number) for number in row]


def _terminal(inputs: DcfInputs, driver: Driver) -> Any:
    ends = {
        "growth": inputs.terminal_growth,
        "tax": inputs.terminal_tax,
        WACC: inputs.terminal_wacc,
    }
    return ends.get(driver.path)


def by_year(
    inputs: DcfInputs, aside: Mapping[str, Any], driver: Driver, row: list[float]
) -> tuple[DcfInputs, dict[str, Any]]:
    """The driver stated year by year; the fade that it was is set aside.

    A cost of capital by year takes the place of CAPM, which is set aside as well.
    """
    kept, fade = dict(aside), at(inputs, driver.path)
    if fade is None or isinstance(fade, Fade):
        kept[driver.path] = fade
    if driver.path == WACC and inputs.cost_of_capital is not None:
        kept["cost_of_capital"] = inputs.cost_of_capital
        inputs = replace(inputs, cost_of_capital=None)
    return put_at(inputs, driver.path, row), kept


def fade_again(
    inputs: DcfInputs, aside: Mapping[str, Any], driver: Driver
) -> tuple[DcfInputs, dict[str, Any]]:
    """The driver as it was before it was stated by year; else a level at its first year."""
    kept, row = dict(aside), years_of(inputs, driver)
    level = Fade(start=row[0] if row else 0.0)
    if driver.path == WACC and (capital := kept.pop("cost_of_capital", None)) is not None:
        inputs = replace(inputs, cost_of_capital=capital)
        return put_at(inputs, driver.path, kept.pop(driver.path, None)), kept
    return put_at(inputs, driver.path, kept.pop(driver.path, None) or level), kept


def with_fade(
    inputs: DcfInputs, aside: Mapping[str, Any], driver: Driver, changes: Mapping[str, Any]
) -> tuple[DcfInputs, dict[str, Any]]:
    """The driver's fade with some of its parts changed; a stated start of the WACC ends CAPM."""
    if is_by_year(inputs, driver):
        inputs, aside = fade_again(inputs, aside, driver)
    fade, kept = at(inputs, driver.path) or Fade(), dict(aside)
    faded = replace(fade, **changes)
    if driver.path == WACC:
        if faded.start is not None and inputs.cost_of_capital is not None:
            kept["cost_of_capital"] = inputs.cost_of_capital
            inputs = replace(inputs, cost_of_capital=None)
        elif faded.start is None and inputs.cost_of_capital is None:
            inputs = replace(inputs, cost_of_capital=kept.pop("cost_of_capital", None))
        if faded == Fade():
            faded = None
    return put_at(inputs, driver.path, faded), kept
