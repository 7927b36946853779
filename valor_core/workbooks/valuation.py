"""One valuation as a workbook that stays alive: change an assumption and every line follows."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import groupby
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from valor_core.models.explained import source_text
from valor_core.models.lines import Line, Place, spoken
from valor_core.models.simulation.scenarios import ScenarioSet, weigh
from valor_core.models.words import words_of, words_of_row
from valor_core.models.workings import Workings
from valor_core.values import AdjustedFact, Adjustment, FiledFact, Source
from valor_core.workbooks.formulas import Formulas, frozen
from valor_core.workbooks.looks import Looks, how_money_is_shown, say, units_in
from valor_core.workbooks.scenarios import SCENARIOS, ScenarioSheet

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

SUMMARY, INPUTS, WORKINGS, NOTES = "Summary", "Inputs", "Workings", "Conventions & sources"
FIRST_ROW, FIRST_NUMBER = 4, 3
CREATED = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""A fixed day in the file's properties: the same valuation gives the same bytes."""


def write_valuation_workbook(
    workings: Workings,
    *,
    title: str,
    company: str,
    sources: Mapping[str, Source],
    conventions: Mapping[str, str],
    currency: str = "",
    valued: str = "",
    scenarios: ScenarioSet | None = None,
    stream: IO[bytes],
) -> None:
    """Write the run as a workbook: Summary, Inputs, Workings, Conventions & sources.

    Inputs are cells to change; all other numbers are formulas, and the checks on the first sheet
    say whether the formulas still are the model. `valued` is a line on day, facts and currency.
    Scenarios have a sheet behind the inputs, which the case that is chosen there switches.
    """
    import xlsxwriter

    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        book.set_properties({"title": title[:255], "subject": company[:255], "created": CREATED})
        book.set_calc_mode("auto")
        _Writer(workings, book, sources, currency, scenarios).write(
            title, company, conventions, valued
        )


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a line stands: its sheet, its row, and the column of its first element."""

    sheet: str
    row: int
    column: int


class _Writer:
    """One workbook being written."""

    def __init__(
        self,
        workings: Workings,
        book: Any,
        sources: Mapping[str, Source],
        currency: str,
        scenarios: ScenarioSet | None,
    ) -> None:
        self.currency, self.units = currency, units_in(currency)
        self.workings, self.lines, self.sources = workings, workings.lines, sources
        self.book, self.looks = book, Looks(book)
        self.cases: ScenarioSheet | None = None
        if scenarios is not None:
            found = weigh(workings.inputs, scenarios)
            self.cases = ScenarioSheet(self.lines, scenarios, found)
        names = (SUMMARY, INPUTS, *([SCENARIOS] if self.cases else []), WORKINGS, NOTES)
        self.sheets: dict[str, Worksheet] = {name: book.add_worksheet(name) for name in names}
        every = [*self.lines.inputs.values(), *self.lines.results.values()]
        self.years = max(len(line.values) for line in every)
        self.spots: dict[Line, _Spot] = {}
        self.constants: dict[float, int] = {}
        self.next_row = 0  # of the workings, below all lines
        self.checks_row = 0  # of the summary, where all checks are told together

    def write(self, title: str, company: str, conventions: Mapping[str, str], valued: str) -> None:
        """Every sheet; places first, since formulas point at them."""
        inputs = _sections(list(self.lines.inputs.values()))
        results = _sections(list(self._results_with_steps()))
        self._place(INPUTS, inputs)
        self.next_row = self._place(WORKINGS, results) + 1
        for name in (INPUTS, WORKINGS):
            last = "Source" if name == INPUTS else "Formula"
            self._head(name, f"{company}: {name.lower()}", last)
        for section in inputs:
            self._write_section(section, INPUTS)
        for section in results:
            self._write_section(section, WORKINGS)
        self._write_summary(title, company, valued)
        self._write_scenarios(company)
        self._write_constants()
        self._write_notes(company, conventions)
        self.sheets[SUMMARY].activate()

    # Places.
    def _results_with_steps(self) -> Iterator[Line]:
        """The results in their order, each after the steps that it needs first."""
        for name, line in self.lines.results.items():
            for step, shared in self.lines.steps.items():
                if step.rpartition(".step_")[0] == name:
                    yield shared
            yield line

    def _place(self, sheet: str, sections: list[list[Line]]) -> int:
        row = FIRST_ROW
        for section in sections:
            row += 1  # the heading
            for line in section:
                self.spots[line] = _Spot(sheet, row, FIRST_NUMBER + line.starts)
                self._name(line)
                row += 1
            row += 1  # a gap
        return row

    def _name(self, line: Line) -> None:
        """A name in the workbook, such as in.growth.start or out.value_per_share."""
        spot = self.spots[line]
        first, last = _address((line, 0), spot), _address((line, len(line.values) - 1), spot)
        area = first if first == last else f"{first}:{last}"
        self.book.define_name(workbook_name(line), f"={spot.sheet}!{area}")

    def _cell(self, place: Place, *, on: str = WORKINGS) -> str:
        spot = self.spots[place[0]]
        address = _address(place, spot)
        return address.replace("$", "") if spot.sheet == on else f"{spot.sheet}!{address}"

    def _span(self, places: list[Place]) -> str | None:
        """The range of elements that stand side by side in one row."""
        (line, first), (_, last) = places[0], places[-1]
        if [(id(each), i) for each, i in places] != [(id(line), i) for i in range(first, last + 1)]:
            return None
        start, end = self._cell((line, first)), self._cell((line, last))
        return f"{start}:{end.rpartition('!')[2]}" if len(places) > 1 else start

    def _constant(self, number: float, *, on: str = WORKINGS) -> str:
        row = self.constants.setdefault(number, self.next_row + 1 + len(self.constants))
        return f"{'' if on == WORKINGS else f'{WORKINGS}!'}$D${row + 1}"

    # Sheets.
    def _head(self, name: str, title: str, last: str) -> None:
        sheet, looks = self.sheets[name], self.looks
        say(sheet, 0, 0, title, looks.title())
        told = {
            INPUTS: "Blue cells are assumptions: change them here, and only here. "
            + how_money_is_shown(self.currency)
            + (" Green ones are switched on the sheet Scenarios." if self.cases else ""),
            WORKINGS: "Every number is a formula; green ones repeat another cell.",
        }[name]
        say(sheet, 1, 0, told, looks.text(faint=True))
        head = FIRST_ROW - 1
        for column, text in enumerate(("Item", "Meaning", "Unit")):
            say(sheet, head, column, text, looks.heading())
        for year in range(self.years):
            say(sheet, head, FIRST_NUMBER + year, f"Year {year + 1}", looks.year())
        say(sheet, head, FIRST_NUMBER + self.years, last, looks.heading())
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 1, 46)
        sheet.set_column(2, 2, 10)
        sheet.set_column(FIRST_NUMBER, FIRST_NUMBER + self.years - 1, 13)
        sheet.set_column(FIRST_NUMBER + self.years, FIRST_NUMBER + self.years, 90)
        sheet.freeze_panes(FIRST_ROW, FIRST_NUMBER)
        sheet.repeat_rows(head)
        _for_print(sheet)

    def _write_section(self, section: list[Line], name: str) -> None:
        sheet = self.sheets[name]
        heading = spoken(_group(section[0])) if _group(section[0]) else "The company"
        row = self.spots[section[0]].row - 1
        for column in range(FIRST_NUMBER + self.years + 1):
            say(sheet, row, column, "" if column else heading, self.looks.group())
        for line in section:
            self._write_line(sheet, line)

    def _write_line(self, sheet: "Worksheet", line: Line) -> None:
        spot, looks = self.spots[line], self.looks
        faint = line.name in self.lines.steps
        say(sheet, spot.row, 0, line.label, looks.text(faint=faint))
        say(sheet, spot.row, 1, line.text, looks.text(faint=True))
        say(sheet, spot.row, 2, self.units[line.unit], looks.text(faint=True))
        formulas = self._formulas(WORKINGS)
        for i, value in enumerate(line.values):
            column = spot.column + i
            if line.is_input and self.cases and (switch := self.cases.cell(line, i)):
                sheet.write_formula(spot.row, column, f"={switch}", looks.link(line.unit), value)
                continue
            if line.is_input:
                sheet.write_number(spot.row, column, value, looks.input(line.unit))
                continue
            look = looks.formula(line.unit, faint=faint)
            if self.lines.repeated((line, i)):
                look = looks.link(line.unit)
            sheet.write_formula(spot.row, column, formulas.of((line, i)), look, value)
        told = source_text(self.sources.get(line.name)) if line.is_input else self._words(line)
        say(sheet, spot.row, FIRST_NUMBER + self.years, told, looks.text(faint=not line.is_input))

    def _words(self, line: Line) -> str:
        return words_of_row(self.lines, line) if line.is_row else words_of(self.lines, (line, 0))

    def _formulas(self, sheet: str) -> Formulas:
        return Formulas(
            self.lines,
            cell=lambda place: self._cell(place, on=sheet),
            span=self._span if sheet == WORKINGS else lambda _: None,
            constant=lambda number: self._constant(number, on=sheet),
        )

    def _write_summary(self, title: str, company: str, valued: str) -> None:
        sheet, looks = self.sheets[SUMMARY], self.looks
        say(sheet, 0, 0, title, looks.title())
        say(sheet, 1, 0, company, looks.text())
        say(sheet, 2, 0, valued, looks.text(faint=True))
        sheet.set_column(0, 0, 44)
        sheet.set_column(1, 1, 18)
        sheet.set_column(2, 2, 12)
        sheet.set_column(3, 3, 60)
        single = [x for x in self.lines.results.values() if not x.is_row and not _group(x)]
        row = self._table_head(sheet, 3, ("Key values", "", "Unit", "Meaning"))
        for place, line in enumerate(single[-1:] + single[:-1]):
            say(sheet, row, 0, line.label, looks.text())
            look = looks.link(line.unit, strong=not place)
            link = f"={self._cell((line, 0), on=SUMMARY)}"
            sheet.write_formula(row, 1, link, look, line.values[0])
            say(sheet, row, 2, self.units[line.unit], looks.text(faint=True))
            say(sheet, row, 3, line.text, looks.text(faint=True))
            row += 1
        self._write_checks(sheet, row + 1, single[-1])
        sheet.freeze_panes(3, 0)
        _for_print(sheet)

    def _write_checks(self, sheet: "Worksheet", row: int, headline: Line) -> None:
        """The decisions of the model: the formulas are the model while all of them fall alike."""
        looks, formulas = self.looks, self._formulas(SUMMARY)
        row = self._table_head(sheet, row, ("Checks", "", "", "The formulas are the model while"))
        self.checks_row, first = row, row + 1
        number = f"ISNUMBER({self._cell((headline, 0), on=SUMMARY)})"
        checks = [(f"{headline.label} is a number", number, True)]
        checks += [
            (guard.words, formulas.of_condition(guard.condition), guard.fell)
            for guard in self.workings.guards
        ]
        if found := [node for node in self.workings.tape.nodes if frozen(node)]:
            names = ", ".join(sorted({node.op.removesuffix("()") for node in found}))
            words = f"the inputs behind what only the engine computes are unchanged: {names}"
            checks.append((words, formulas.of_unchanged(found), True))
        for words, condition, fell in checks:
            say(sheet, row + 1, 0, "Check", looks.text(faint=True))
            formula = f'=IF({condition}={str(fell).upper()},"ok","outside")'
            sheet.write_formula(row + 1, 1, formula, looks.check(), "ok")
            say(sheet, row + 1, 3, words if fell else f"not: {words}", looks.text())
            row += 1
        area = f"B{first + 1}:B{row + 1}"
        say(sheet, first - 1, 0, "All checks", looks.text())
        overall = f'=IF(COUNTIF({area},"ok")={len(checks)},"ok","outside")'
        sheet.write_formula(first - 1, 1, overall, looks.check(), "ok")
        for text, look in (("ok", looks.good()), ("outside", looks.bad())):
            rule = {"type": "cell", "criteria": "==", "value": f'"{text}"', "format": look}
            sheet.conditional_format(first - 1, 1, row, 1, rule)

    def _write_scenarios(self, company: str) -> None:
        if self.cases is None:
            return
        sheet = self.sheets[SCENARIOS]
        self.cases.write(
            self.book,
            sheet,
            self.looks,
            company=company,
            live=self._cell((self.cases.line, 0), on=SCENARIOS),
            checks=f"{SUMMARY}!$B${self.checks_row + 1}",
            units=self.units,
        )
        told = f'="Case in use: "&{self.cases.chosen}'
        value = f"Case in use: {self.cases.base_name}"
        self.sheets[SUMMARY].write_formula(1, 1, told, self.looks.text(), value)
        _for_print(sheet)

    def _write_constants(self) -> None:
        """Numbers that follow from years and timing and need more digits than a formula keeps."""
        sheet, looks = self.sheets[WORKINGS], self.looks
        if self.constants:
            say(sheet, self.next_row, 0, "Constants", looks.group())
            say(sheet, self.next_row, 1, "they follow from years and timing", looks.group())
        for number, row in self.constants.items():
            say(sheet, row, 0, f"Constant {row - self.next_row}", looks.text(faint=True))
            sheet.write_number(row, FIRST_NUMBER, number, looks.formula(None, faint=True))

    def _write_notes(self, company: str, conventions: Mapping[str, str]) -> None:
        sheet, looks = self.sheets[NOTES], self.looks
        say(sheet, 0, 0, f"{company}: conventions and sources", looks.title())
        for column, width in enumerate((38, 34, 44, 26, 10, 14, 14, 18, 12)):
            sheet.set_column(column, column, width)
        row = self._table_head(sheet, 2, ("Convention", "Stated"))
        for name, text in [*conventions.items(), *_structure(self.workings.inputs)]:
            say(sheet, row, 0, name, looks.text())
            say(sheet, row, 1, text, looks.text())
            row += 1
        heads = ("Input", "Source", "XBRL tag", "Accession", "Form", "Filed on", "Period end")
        row = self._table_head(sheet, row + 1, (*heads, "Value", "Unit"))
        for name, line in self.lines.inputs.items():
            source = self.sources.get(name)
            for cells in _source_rows(source):
                say(sheet, row, 0, line.label, looks.text())
                for column, cell in enumerate(cells, start=1):
                    say(sheet, row, column, cell, looks.text())
                row += 1
        _for_print(sheet)

    def _table_head(self, sheet: "Worksheet", row: int, texts: tuple[str, ...]) -> int:
        for column, text in enumerate(texts):
            say(sheet, row, column, text, self.looks.heading())
        return row + 1


def workbook_name(line: Line) -> str:
    """The defined name of a line's cells: in.growth.start, out.fcff, in.shares.options_0.strike."""
    return f"{'in' if line.is_input else 'out'}." + re.sub(r"\[(\d+)\]", r"_\1", line.name)


def _address(place: Place, spot: _Spot) -> str:
    from xlsxwriter.utility import xl_rowcol_to_cell

    column = spot.column + place[1]
    return xl_rowcol_to_cell(spot.row, column, row_abs=True, col_abs=True)


def _sections(lines: list[Line]) -> list[list[Line]]:
    """Lines that stand in one dataclass, together; those at the top first."""
    order = {name: place for place, name in enumerate(dict.fromkeys(["", *map(_group, lines)]))}
    ordered = sorted(lines, key=lambda line: order[_group(line)])
    return [list(section) for _, section in groupby(ordered, key=_group)]


def _group(line: Line) -> str:
    """The path of the dataclass a line stands in, empty at the top; a step stands with its line."""
    return line.name.partition(".step_")[0].rpartition(".")[0]


def _structure(inputs: Any, under: str = "") -> Iterator[tuple[str, str]]:
    """What is no number: years, timing, methods. The formulas hold for these alone."""
    for each in fields(inputs):
        value, path = getattr(inputs, each.name), f"{under}{each.name}"
        if is_dataclass(value):
            yield from _structure(value, f"{path}.")
        elif isinstance(value, StrEnum | int) and not isinstance(value, np.number):
            yield spoken(path), str(value).replace("_", " ")
        elif isinstance(value, date):
            yield spoken(path), value.isoformat()
        elif isinstance(value, tuple) and value and isinstance(value[0], date):
            yield spoken(path), ", ".join(day.isoformat() for day in value)


def _source_rows(source: Source | None) -> Iterator[tuple[str, ...]]:
    """The source itself, then each fact behind it."""
    if source is None:
        yield ("no source stated",)
        return
    stated = source.stated_on.isoformat() if source.stated_on else ""
    yield (" ".join(filter(None, (f"{source.kind.value}:", source.text, source.author, stated))),)
    for fact in source.facts:
        yield _fact_row(fact.as_filed)
        if isinstance(fact, AdjustedFact):
            yield from (_adjustment_row(each, fact.unit) for each in fact.adjustments)


def _adjustment_row(added: Adjustment, unit: str) -> tuple[str, ...]:
    """What a layer adds, below the figure that it is added to."""
    return (
        f"adjustment in {added.layer}: {added.rationale}",
        "",
        "",
        "",
        added.stated_on.isoformat(),
        "",
        f"{added.amount:+,.10g}",
        unit,
    )


def _fact_row(fact: FiledFact) -> tuple[str, ...]:
    return (
        fact.item,
        fact.tag,
        fact.accession,
        fact.form,
        fact.filed_on.isoformat(),
        fact.period_end.isoformat(),
        f"{fact.value:,.10g}",
        fact.unit,
    )


def _for_print(sheet: "Worksheet") -> None:
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&A&RPage &P of &N")
