"""An exported workbook is the model: recalculated elsewhere, and after any change of its inputs."""

import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from tests.workbooks.cases import RANDOM_CASES, a_dcf, moved
from tests.workbooks.office import Exported, checks, numbers, recalculate
from valor_core.models.catalogue import model_of
from valor_core.models.fields import leaves
from valor_core.models.sensitivity import replace_at
from valor_core.models.workings import OtherBranch, Workings, record
from valor_core.values import FiledFact, Source, SourceKind
from valor_core.workbooks.formulas import behind, frozen
from valor_core.workbooks.valuation import workbook_name, write_valuation_workbook


def exported(
    workings: Workings,
    *,
    title: str = "DCF of Stanley",
    company: str = "Stanley",
    sources: Mapping[str, Source] | None = None,
    conventions: Mapping[str, str] | None = None,
) -> bytes:
    stream = io.BytesIO()
    write_valuation_workbook(
        workings,
        title=title,
        company=company,
        sources=sources or {},
        conventions=conventions or {"Currency": "million USD"},
        stream=stream,
    )
    return stream.getvalue()


def opened(content: bytes):
    return openpyxl.load_workbook(io.BytesIO(content))


def close(ours: dict[str, list[float]], engine: dict) -> None:
    """Every cell equals the engine to 1e-9 of the largest number of its line."""
    for name, value in engine.items():
        expected = np.ravel(value)
        allowed = 1e-9 * max(np.abs(expected))
        cells = ours["out." + re.sub(r"\[(\d+)\]", r"_\1", name)]
        assert cells == pytest.approx(expected.tolist(), abs=allowed, rel=0), name


def changed_where_guards_hold(workings: Workings, inputs, seed: int):
    """All inputs moved, so that every decision of the model still falls the same way."""
    for attempt in range(20):
        changes = moved(workings, 1000 * seed + attempt)
        try:
            workings.evaluate(changes)
        except OtherBranch:
            continue
        for path, value in changes.items():
            inputs = replace_at(inputs, path, value)
        return changes, inputs
    raise AssertionError(f"case {seed} has no neighbour on its branch")


def live(workings: Workings, engine: dict) -> dict:
    """The lines that a spreadsheet computes alone, without a step that only the engine knows."""
    return {
        name: value
        for name, value in engine.items()
        if not any(map(frozen, behind([workings.lines.results[name].node])))
    }


def stated(inputs) -> Iterator[tuple[type, str]]:
    """Each field of the inputs, and of what they hold, that says something."""
    for each in fields(inputs):
        value = getattr(inputs, each.name)
        if value is not None:
            yield type(inputs), each.name
        for part in value if isinstance(value, tuple) else (value,):
            if is_dataclass(part):
                yield from stated(part)


def cases(model: str, make: Callable[[int], Any]) -> Iterator[Any]:
    """Fifty DCFs; of another model two, and each of ten that states what none before it did."""
    told: set[tuple[type, str]] = set()
    for seed in range(50 if model == "dcf" else 10):
        inputs = make(seed)
        new = set(stated(inputs)) - told
        told |= new
        if model == "dcf" or seed < 2 or new:
            yield inputs


CASES = [inputs for model, make in RANDOM_CASES.items() for inputs in cases(model, make)]


def test_the_cases_state_every_input_that_a_model_takes():
    occurring = {each for inputs in CASES for each in stated(inputs)}

    assert occurring == {(kind, each.name) for kind, _ in occurring for each in fields(kind)}


def test_a_move_changes_every_number_of_the_inputs_zeros_too():
    inputs = replace(a_dcf(0), operating_loss=0.0)

    for path, value in moved(record(model_of(inputs).function, inputs), 0).items():
        assert (np.ravel(value) != np.ravel(leaves(inputs)[path])).all(), path


@pytest.mark.office
def test_recalculated_by_libreoffice_it_equals_the_engine_before_and_after_changing_all_inputs(
    tmp_path,
):
    files, expected = [], []
    for place, inputs in enumerate(CASES):
        function = model_of(inputs).function
        workings = record(function, inputs)
        book = Exported(exported(workings))
        changes, other = changed_where_guards_hold(workings, inputs, place)
        named = {
            workbook_name(workings.lines.inputs[path]): np.ravel(value).tolist()
            for path, value in changes.items()
        }
        moved_on = leaves(function(other))
        still_live = live(workings, moved_on)
        told = "ok" if len(still_live) == len(moved_on) else "outside"
        for kind, values, engine, verdict in (
            ("base", {}, leaves(function(inputs)), "ok"),
            ("changed", named, still_live, told),
        ):
            files.append(tmp_path / f"{kind}{place}.xlsx")
            book.save(files[-1], values)
            expected.append((book.areas, engine, verdict))
    recalculate(files, tmp_path)

    for file, (places, engine, verdict) in zip(files, expected, strict=True):
        close(numbers(file, places), engine)
        assert checks(file) == verdict, file.name


@pytest.mark.office
def test_where_a_decision_falls_otherwise_the_checks_say_so(tmp_path):
    workings = record(model_of(CASES[0]).function, CASES[0])
    Exported(exported(workings)).save(tmp_path / "bad.xlsx", {"in.terminal_growth": [0.5]})

    recalculate([tmp_path / "bad.xlsx"], tmp_path)

    assert checks(tmp_path / "bad.xlsx") == "outside"


def test_no_number_but_the_inputs_and_constants_is_typed_in():
    for inputs in CASES[::6]:
        book = opened(exported(record(model_of(inputs).function, inputs)))
        for name in ("Summary", "Workings", "Conventions & sources"):
            for row in book[name].iter_rows():
                typed = [cell for cell in row[1:] if cell.data_type == "n" and cell.value]
                assert not typed or str(row[0].value).startswith("Constant"), (name, typed)


def test_every_formula_has_its_value_for_readers_that_do_not_calculate():
    workings = record(model_of(CASES[0]).function, CASES[0])
    book = openpyxl.load_workbook(io.BytesIO(exported(workings)), data_only=True)

    ((sheet, area),) = book.defined_names["out.value_per_share"].destinations

    assert book[sheet][area].value == workings.result.value_per_share
    assert book["Summary"]["B5"].value == workings.result.value_per_share


def test_the_same_run_gives_the_same_bytes():
    contents = {exported(record(model_of(CASES[1]).function, a_dcf(1))) for _ in range(2)}

    assert len(contents) == 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\n=", "＝", " =", "http://"])
def test_what_people_typed_stays_text(start):
    evil = f'{start}HYPERLINK("http://example.org","x")'
    sources = {"revenue": Source(kind=SourceKind.ASSUMED, text=evil, author=evil)}
    content = exported(
        record(model_of(CASES[0]).function, CASES[0]),
        title=evil,
        company=evil,
        sources=sources,
        conventions={evil: evil},
    )

    book = opened(content)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    holding = [cell for cell in cells if "HYPERLINK" in str(cell.value)]
    assert len(holding) >= 6
    assert {cell.data_type for cell in holding} == {"s"}
    assert not any(cell.hyperlink for cell in cells)


def test_a_text_longer_than_a_cell_is_cut_not_lost():
    sources = {"revenue": Source(kind=SourceKind.ASSUMED, text="why " * 20_000)}

    book = opened(exported(record(model_of(CASES[0]).function, CASES[0]), sources=sources))

    longest = max(len(str(c.value)) for row in book["Inputs"].iter_rows() for c in row)
    assert 30_000 < longest <= 32_767


def test_an_input_shows_the_filing_it_comes_from():
    fact = FiledFact(
        item="revenue",
        value=1234.5,
        unit="USD",
        tag="us-gaap:Revenues",
        accession="0000320193-17-000070",
        form="10-K",
        filed_on=date(2017, 11, 3),
        fiscal_year=2017,
        period_start=date(2016, 9, 25),
        period_end=date(2017, 9, 30),
    )
    sources = {"revenue": Source(kind=SourceKind.FILED, text="as filed", facts=(fact,))}

    book = opened(exported(record(model_of(CASES[0]).function, CASES[0]), sources=sources))

    for name in ("Inputs", "Conventions & sources"):
        texts = [str(cell.value) for row in book[name].iter_rows() for cell in row]
        assert any("us-gaap:Revenues" in text for text in texts), name
        assert any("0000320193-17-000070" in text for text in texts), name


def test_formulas_stay_within_what_a_spreadsheet_can_hold(tmp_path: Path):
    for inputs in CASES[::5]:
        book = opened(exported(record(model_of(inputs).function, inputs)))
        formulas = [
            str(cell.value)
            for sheet in book
            for row in sheet.iter_rows()
            for cell in row
            if cell.data_type == "f"
        ]
        assert formulas
        assert max(map(len, formulas)) < 2_000
