"""Scenarios in the workbook: the case that is chosen there switches what the workbook values."""

import io
import re
from pathlib import Path

import openpyxl
import pytest

from tests.models.sound import a_direct_dcf
from tests.workbooks.audited import grave
from tests.workbooks.cases import RANDOM_CASES
from tests.workbooks.office import Exported, numbers, recalculate
from valor_core.models.catalogue import model_of
from valor_core.models.sensitivity import replace_at
from valor_core.models.simulation.scenarios import Change, Scenario, ScenarioSet, weigh
from valor_core.models.simulation.tornado import base_value
from valor_core.models.workings import record
from valor_core.workbooks.audit.rules import audit_workbook
from valor_core.workbooks.scenarios import SCENARIOS
from valor_core.workbooks.valuation import write_valuation_workbook

PATHS = {
    "dcf": ("terminal_growth", "revenue"),
    "lbo": ("exit_multiple", "purchase.multiple"),
    "returns": ("flows[1]", "residual_value"),
}
NAMES = ("bear", "Bear", "what if? *")


def a_set(inputs, paths: tuple[str, ...], names: tuple[str, ...] = NAMES) -> ScenarioSet:
    """One scenario moves all, the others one input each, a little, so that decisions stand."""
    moved = [
        tuple(Change(path=p, value=base_value(inputs, p) * (1.0 + part)) for p in some)
        for part, some in ((-1e-3, paths), (1e-3, paths[:1]), (2e-3, paths[1:]))
    ]
    return ScenarioSet(
        scenarios=tuple(
            Scenario(name=name, probability=odds, changes=changes)
            for name, odds, changes in zip(names, (0.25, 0.5, 0.25), moved, strict=True)
        )
    )


def exported(inputs, stated: ScenarioSet) -> bytes:
    stream = io.BytesIO()
    write_valuation_workbook(
        record(model_of(inputs).function, inputs),
        title="A model",
        company="Stanley",
        sources={},
        conventions={},
        scenarios=stated,
        stream=stream,
    )
    return stream.getvalue()


def chosen(content: bytes, name: str, target: Path) -> Exported:
    """The workbook after somebody chose that case from the list."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    book[SCENARIOS]["C4"].value = name
    stream = io.BytesIO()
    book.save(stream)
    made = Exported(content)
    target.write_bytes(stream.getvalue())
    return made


@pytest.mark.office
def test_libreoffice_values_each_chosen_case_as_the_engine_does(tmp_path):
    expected = {}
    for model, paths in PATHS.items():
        inputs = RANDOM_CASES[model](5)
        stated = a_set(inputs, paths)
        content, headline = exported(inputs, stated), model_of(inputs).headline
        found = weigh(inputs, stated)
        values = {"Base case": found.base, **dict(zip(found.names, found.values, strict=True))}
        for place, (name, value) in enumerate(values.items()):
            file = tmp_path / f"{model}{place}.xlsx"
            areas = chosen(content, name, file).areas
            expected[file] = value, {"it": areas[f"out.{headline}"]}
    recalculate(list(expected), tmp_path)

    for file, (value, area) in expected.items():
        [[told]] = numbers(file, area).values()
        assert told == pytest.approx(value, rel=1e-9), file.name
        rows = (tmp_path / "out" / f"{file.stem}-{SCENARIOS}.csv").read_text().splitlines()
        assert re.match(r"\s*Check,,ok,", rows[7].replace('"', "")), file.name


@pytest.mark.parametrize("model", PATHS)
def test_the_set_is_beside_its_engine_values_and_what_no_case_changes_stays_an_input(model):
    inputs = RANDOM_CASES[model](5)
    stated = a_set(inputs, PATHS[model])

    content = exported(inputs, stated)

    sheet = openpyxl.load_workbook(io.BytesIO(content), data_only=True)[SCENARIOS]
    heads = [cell.value for cell in sheet[11]]
    found = weigh(inputs, stated)
    assert heads[2:] == ["In use", "Base case", *NAMES]
    assert [cell.value for cell in sheet[14]][3:] == pytest.approx([found.base, *found.values])
    assert sheet["C15"].value == pytest.approx(found.expected)
    areas, live = Exported(content).areas, openpyxl.load_workbook(io.BytesIO(content))["Inputs"]
    kinds = {
        name: {type(live.cell(area.row, column).value) for column in area.columns}
        for name, area in areas.items()
        if name.startswith("in.")
    }
    changed = {f"in.{path.partition('[')[0]}" for path in PATHS[model]}
    assert {name for name, kind in kinds.items() if str in kind} == changed


def test_every_changed_input_has_its_value_in_each_case():
    inputs = RANDOM_CASES["dcf"](5)
    stated = a_set(inputs, PATHS["dcf"])

    sheet = openpyxl.load_workbook(io.BytesIO(exported(inputs, stated)), data_only=True)[SCENARIOS]

    rows = {row[0].value: [cell.value for cell in row[3:]] for row in sheet.iter_rows(min_row=18)}
    for path in PATHS["dcf"]:
        alone = [base_value(inputs, path)]
        for each in stated.scenarios:
            changed = inputs
            for change in each.changes:
                changed = replace_at(changed, change.path, change.value)
            alone.append(base_value(changed, path))
        assert any(row == pytest.approx(alone) for row in rows.values())


def test_a_name_that_the_base_case_has_keeps_both_apart():
    inputs = RANDOM_CASES["dcf"](5)
    stated = a_set(inputs, PATHS["dcf"], ("Base case", "two", "three"))

    sheet = openpyxl.load_workbook(io.BytesIO(exported(inputs, stated)))[SCENARIOS]

    assert [sheet["C4"].value, sheet["D11"].value, sheet["E11"].value] == [
        "As saved", "As saved", "Base case"
    ]  # fmt: skip


def test_a_case_without_a_value_says_why_in_its_place():
    inputs = a_direct_dcf()
    lost = Scenario(
        name="lost", probability=1.0, changes=(Change(path="terminal_growth", value=5.0),)
    )

    content = exported(inputs, ScenarioSet(scenarios=(lost,)))

    sheet = openpyxl.load_workbook(io.BytesIO(content))[SCENARIOS]
    assert str(sheet["E14"].value).startswith("no value: Terminal growth of 500.00%")
    assert str(sheet["C15"].value).startswith("none")


def test_an_audit_of_the_workbook_finds_notes_at_most():
    inputs = RANDOM_CASES["lbo"](5)

    assert grave(audit_workbook(exported(inputs, a_set(inputs, PATHS["lbo"])))) == []
