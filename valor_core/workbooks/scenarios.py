"""The sheet of scenarios: the case that is chosen there switches the inputs of the workbook."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from valor_core.models.fields import Unit
from valor_core.models.lines import Line, Lines, Place
from valor_core.models.simulation.scenarios import ScenarioSet, WeighedScenarios
from valor_core.models.simulation.tornado import year_of
from valor_core.workbooks.looks import Looks, say

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

SCENARIOS = "Scenarios"
CHOSEN, NUMBER, LIVE, ENGINE, AGREES = 3, 4, 5, 6, 7  # rows of what is chosen and what it gives
HEAD, NUMBERS, ODDS, VALUES, EXPECTED, FIRST = 10, 11, 12, 13, 14, 17
IN_USE, BASE = 2, 3  # columns; a scenario each stands behind the base case
SAME = 1e-9


class ScenarioSheet:
    """The base case and each scenario beside it, and the inputs that one of them changes."""

    def __init__(self, lines: Lines, stated: ScenarioSet, found: WeighedScenarios) -> None:
        self.stated, self.found = stated, found
        self.line = lines.results[found.column]
        changed = {
            _place(lines, change.path) for each in stated.scenarios for change in each.changes
        }
        ordered = [
            (line, i)
            for line in lines.inputs.values()
            for i in range(len(line.values))
            if (line.name, i) in changed
        ]
        self.rows = {(line.name, i): FIRST + n for n, (line, i) in enumerate(ordered)}
        self.places: list[Place] = ordered
        self._told = [
            {_place(lines, change.path): change.value for change in each.changes}
            for each in stated.scenarios
        ]

    def cell(self, line: Line, i: int) -> str | None:
        """The cell that switches an element of an input; None where no scenario changes it."""
        row = self.rows.get((line.name, i))
        return None if row is None else f"{SCENARIOS}!{_at(row, IN_USE)}"

    @property
    def chosen(self) -> str:
        """The cell in which a case is chosen."""
        return f"{SCENARIOS}!{_at(CHOSEN, IN_USE)}"

    @property
    def last(self) -> int:
        """The column of the last scenario."""
        return BASE + len(self.stated.scenarios)

    @property
    def base_name(self) -> str:
        """What the base case is called beside these scenarios."""
        names = {each.name for each in self.stated.scenarios}
        return next(name for name in ("Base case", "As saved", "–") if name not in names)

    def write(
        self,
        book: "Workbook",
        sheet: "Worksheet",
        looks: Looks,
        *,
        company: str,
        live: str,
        checks: str,
        units: Mapping[Unit | None, str],
    ) -> None:
        """What is chosen and what it gives, the set beside it, the inputs that it switches.

        `live` is the cell of the line that is looked at, `checks` that of all checks.
        """
        say(sheet, 0, 0, f"{company}: scenarios", looks.title())
        told = "Choose a case in the first blue cell: its inputs, and the whole workbook, follow."
        say(sheet, 1, 0, told, looks.text(faint=True))
        sheet.set_column(0, 0, 40)
        sheet.set_column(1, 1, 12)
        sheet.set_column(IN_USE, self.last, 16)
        sheet.freeze_panes(HEAD + 1, IN_USE + 1)
        self._write_choice(sheet, looks, live, checks)
        self._write_set(sheet, looks, live, units)
        self._write_inputs(sheet, looks, units)
        book.define_name("scenario.chosen", f"={self.chosen}")

    def _write_choice(self, sheet: "Worksheet", looks: Looks, live: str, checks: str) -> None:
        unit, value = self.line.unit, self.found.base
        say(sheet, CHOSEN, 0, "Case in use", looks.text())
        say(sheet, CHOSEN, IN_USE, self.base_name, looks.chosen())
        sheet.data_validation(
            CHOSEN, IN_USE, CHOSEN, IN_USE, {"validate": "list", "source": f"={self._row(HEAD)}"}
        )
        say(sheet, NUMBER, 0, "Its number", looks.text(faint=True))
        # Not MATCH: it takes ? and * in a name for patterns, and capitals for small letters.
        number = f"=SUMPRODUCT(EXACT({_at(CHOSEN, IN_USE)},{self._row(HEAD)})*{self._row(NUMBERS)})"
        sheet.write_formula(NUMBER, IN_USE, number, looks.place(), 1)
        say(sheet, LIVE, 0, f"{self.line.label} of the case in use", looks.text())
        sheet.write_formula(LIVE, IN_USE, f"={live}", looks.link(unit, strong=True), value)
        say(sheet, ENGINE, 0, "As the engine valued it", looks.text())
        engine = f"=INDEX({self._row(VALUES)},{_at(NUMBER, IN_USE)})"
        sheet.write_formula(ENGINE, IN_USE, engine, looks.formula(unit), value)
        say(sheet, AGREES, 0, "Check", looks.text(faint=True))
        one, other = _at(LIVE, IN_USE), _at(ENGINE, IN_USE)
        agrees = (
            f'=IFERROR(IF(AND({checks}="ok",ABS({one}-{other})<={SAME}*MAX(1,ABS({other}))),'
            '"ok","changed"),"no value")'
        )
        sheet.write_formula(AGREES, IN_USE, agrees, looks.check(), "ok")
        told = "ok while the inputs are as they were exported; see also the checks of the Summary"
        say(sheet, AGREES, BASE, told, looks.text(faint=True))

    def _write_set(
        self, sheet: "Worksheet", looks: Looks, live: str, units: Mapping[Unit | None, str]
    ) -> None:
        found, unit = self.found, self.line.unit
        for column, text in enumerate(("Case", "Unit", "In use", self.base_name, *found.names)):
            say(sheet, HEAD, column, text, looks.heading() if column < IN_USE else looks.year())
        say(sheet, NUMBERS, 0, "Number", looks.text(faint=True))
        say(sheet, ODDS, 0, "Probability", looks.text())
        say(sheet, ODDS, 1, units[Unit.RATE], looks.text(faint=True))
        say(sheet, VALUES, 0, f"{self.line.label}, as the engine valued it", looks.text())
        say(sheet, VALUES, 1, units[unit], looks.text(faint=True))
        sheet.write_formula(VALUES, IN_USE, f"={live}", looks.link(unit), found.base)
        for place, value in enumerate((found.base, *found.values)):
            column = BASE + place
            sheet.write_number(NUMBERS, column, place + 1, looks.place())
            if place:
                odds = found.probabilities[place - 1]
                sheet.write_number(ODDS, column, odds, looks.input(Unit.RATE))
            why = found.reasons.get(place - 1)
            if why is None:
                sheet.write_number(VALUES, column, value, looks.formula(unit))
            else:
                say(sheet, VALUES, column, f"no value: {why}", looks.text(faint=True))
        say(sheet, EXPECTED, 0, f"{self.line.label}, probability-weighted", looks.text())
        if found.expected is None:
            say(sheet, EXPECTED, IN_USE, "none: a likely case has no value", looks.text(faint=True))
            return
        odds, values = (f"{_at(row, BASE + 1)}:{_at(row, self.last)}" for row in (ODDS, VALUES))
        weighted = f"=SUMPRODUCT({odds},{values})"
        sheet.write_formula(EXPECTED, IN_USE, weighted, looks.formula(unit, strong=True),
                            found.expected)  # fmt: skip

    def _write_inputs(
        self, sheet: "Worksheet", looks: Looks, units: Mapping[Unit | None, str]
    ) -> None:
        """Blue where a case states an input, green where it follows the base case."""
        say(sheet, FIRST - 1, 0, "Inputs that a case changes", looks.group())
        for line, i in self.places:
            row, base = self.rows[line.name, i], line.values[i]
            label = f"{line.label}, year {i + 1}" if line.is_row else line.label
            say(sheet, row, 0, label, looks.text())
            say(sheet, row, 1, units[line.unit], looks.text(faint=True))
            in_use = f"=INDEX({self._row(row)},{_at(NUMBER, IN_USE)})"
            sheet.write_formula(row, IN_USE, in_use, looks.formula(line.unit), base)
            sheet.write_number(row, BASE, base, looks.input(line.unit))
            for column, told in enumerate(self._told, start=BASE + 1):
                if (line.name, i) in told:
                    sheet.write_number(row, column, told[line.name, i], looks.input(line.unit))
                else:
                    sheet.write_formula(row, column, f"={_at(row, BASE)}", looks.link(line.unit),
                                        base)  # fmt: skip

    def _row(self, row: int) -> str:
        """A row of the base case and every scenario."""
        return f"{_at(row, BASE)}:{_at(row, self.last)}"


def _place(lines: Lines, path: str) -> tuple[str, int]:
    """The input that a change means, and which of its elements."""
    if path in lines.inputs:
        return path, 0
    row, year = year_of(path)
    assert year is not None  # the set has been weighed
    return row, year


def _at(row: int, column: int) -> str:
    from xlsxwriter.utility import xl_rowcol_to_cell

    return xl_rowcol_to_cell(row, column, row_abs=True, col_abs=True)
