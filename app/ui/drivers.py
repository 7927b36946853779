"""The drivers of a forecast as a grid edits them: year by year, or as a fade that can come back."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.ui.field import Field
from app.ui.places import at, put_at
from valor_core.errors import ValorError
from valor_core.models.cost_of_capital import cost_of_capital
from valor_core.models.fields import Unit
from valor_core.models.paths import Fade, over_years
from valor_core.models.terminal import MultipleOf

WACC = "wacc"
TERMINALS = {
    "growth": "terminal_growth",
    "tax": "terminal_tax",
    WACC: "terminal_wacc",
    "payout": "terminal_payout",
    "cost_of_equity": "terminal_cost_of_equity",
}
"""What a fade without an end of its own ends at."""


DRIVERS = (
    Field("growth", "Revenue growth", Unit.RATE),
    Field("margin", "EBIT margin", Unit.RATE),
    Field("tax", "Tax on EBIT", Unit.RATE),
    Field(WACC, "WACC", Unit.RATE),
    Field("sales_to_capital.ratio", "Sales to capital", Unit.RATIO),
    Field("capital_plan.capital_expenditure", "Capex", Unit.RATE),
    Field("capital_plan.working_capital", "Working capital", Unit.RATE),
    Field("depreciation", "Depreciation", Unit.RATE),
)


def drivers_of(inputs: Any) -> tuple[Field, ...]:
    """The drivers that move the value; depreciation only where something asks for it."""
    silent = inputs.capital_plan is None and inputs.multiple_of is not MultipleOf.EBITDA
    return tuple(
        d
        for d in DRIVERS
        if d.path == WACC
        or (at(inputs, d.path) is not None and not (d.path == "depreciation" and silent))
    )


def is_by_year(inputs: Any, driver: Field) -> bool:
    """Whether the driver is stated year by year."""
    path = at(inputs, driver.path)
    return path is not None and not isinstance(path, Fade)


def years_of(inputs: Any, driver: Field) -> list[float] | None:
    """The driver's number in each year; None while its fade makes no sense."""
    path, start = at(inputs, driver.path), None
    try:
        if driver.path == WACC and getattr(inputs, "cost_of_capital", None) is not None:
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


def _terminal(inputs: Any, driver: Field) -> Any:
    return getattr(inputs, TERMINALS.get(driver.path, ""), None)


def by_year(
    inputs: Any, aside: Mapping[str, Any], driver: Field, row: list[float]
) -> tuple[Any, dict[str, Any]]:
    """The driver stated year by year; the fade that it was is set aside.

    A cost of capital by year takes the place of CAPM, which is set aside as well.
    """
    kept, fade = dict(aside), at(inputs, driver.path)
    if fade is None or isinstance(fade, Fade):
        kept[driver.path] = fade
    if driver.path == WACC and getattr(inputs, "cost_of_capital", None) is not None:
        kept["cost_of_capital"] = inputs.cost_of_capital
        inputs = replace(inputs, cost_of_capital=None)
    return put_at(inputs, driver.path, row), kept


def fade_again(inputs: Any, aside: Mapping[str, Any], driver: Field) -> tuple[Any, dict[str, Any]]:
    """The driver as it was before it was stated by year; else a level at its first year."""
    kept, row = dict(aside), years_of(inputs, driver)
    level = Fade(start=row[0] if row else 0.0)
    if driver.path == WACC and (capital := kept.pop("cost_of_capital", None)) is not None:
        inputs = replace(inputs, cost_of_capital=capital)
        return put_at(inputs, driver.path, kept.pop(driver.path, None)), kept
    return put_at(inputs, driver.path, kept.pop(driver.path, None) or level), kept


def with_fade(
    inputs: Any, aside: Mapping[str, Any], driver: Field, changes: Mapping[str, Any]
) -> tuple[Any, dict[str, Any]]:
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
