import json

import pytest
from hypothesis import given
from hypothesis.strategies import text

from valor_core.coverage.report_parameters import (
    REPORTS,
    ParametersUnreadable,
    checked,
    declared,
    from_words,
    parameters_of,
)
from valor_core.errors import BadInputs, NotFound


@pytest.mark.parametrize(
    "name",
    [
        "compny",
        "x=1\nimport os; os.system('touch PWNED')\ny",
        "__builtins__",
        "import",
        "соmpany",  # two Cyrillic letters
        "company ",
        "folder",
    ],
)
def test_a_name_that_the_notebook_does_not_declare_is_refused_with_those_it_does(name):
    """S22."""
    with pytest.raises(BadInputs) as refused:
        checked("valuation", {"company": "AAPL", name: "1"})

    assert "company: str, as_of: Day, valuation: str" in refused.value.hint


@given(name=text())
def test_no_other_text_than_a_declared_name_ever_passes(name):
    known = {"company", "as_of", "valuation", "missing"}
    if name in known:
        return
    with pytest.raises(BadInputs):
        checked("valuation", {"company": "AAPL", name: ""})


@pytest.mark.parametrize("value", [1, 1.5, True, None, ["AAPL"], {"a": 1}, "A" * 201, "a\nb", "\0"])
def test_a_value_of_another_type_is_refused_and_not_converted(value):
    with pytest.raises(BadInputs, match="company"):
        checked("valuation", {"company": value})


def test_every_flaw_is_told_at_once():
    with pytest.raises(BadInputs) as refused:
        checked("valuation", {"as_of": 2024, "nope": 1, "missing": "perhaps"})

    assert {flaw.place for flaw in refused.value.flaws} == {"company", "as_of", "nope", "missing"}


@pytest.mark.parametrize(
    "report", ["../valuation", "/etc/passwd", "s3://b/k", "https://h/n.ipynb", "-"]
)
def test_a_report_is_known_by_name_and_never_by_a_path(report):
    with pytest.raises(NotFound):
        checked(report, {"company": "AAPL"})


def test_numbers_truths_and_choices_are_read_from_the_annotation_and_held_strictly():
    source = 'from typing import Literal\na: int | None = None\nb: Literal["x", "y"] = "x"'
    cell = {"metadata": {"tags": ["parameters"]}, "source": [source]}

    parameters = declared({"cells": [cell]})

    assert parameters["a"].written == "int | None"
    assert parameters["b"].default == "x"


@pytest.mark.parametrize(
    ("name", "value"),
    [("last", "31.12.2024"), ("last", "2024-02-30"), ("last", "20241231"), ("days", 10**30)],
)
def test_what_is_no_day_and_no_sensible_number_is_refused(name, value):
    with pytest.raises(BadInputs, match=name):
        checked("reconciliation", {name: value})


def test_numbers_from_a_shell_are_numbers_and_what_is_none_is_refused_by_its_name():
    known = parameters_of("reconciliation")

    assert checked("reconciliation", from_words(known, {"days": "7"}))["days"] == 7
    with pytest.raises(BadInputs, match="days"):
        checked("reconciliation", from_words(known, {"days": "seven"}))


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("years = 5", "declares no parameter"),
        ("import os", "declares no parameter"),
        ("years: int = 'five'", "'five' is no int"),
        ("years: int = __import__('os').getpid()", "no plain value"),
        ("day: Day = '31.12.2024'", "is no day"),
        ("kind: Literal[[1]] = 1", "another type"),
        ("book: dict = {}", "another type"),
        ("years: int = 5\nyears: str = ''", "stands twice"),
        ("years: int = (", "was never closed"),
    ],
)
def test_a_cell_that_declares_otherwise_is_refused_with_its_line_and_why(source: str, why: str):
    with pytest.raises(ParametersUnreadable, match=why):
        declared({"cells": [{"metadata": {"tags": ["parameters"]}, "source": source}]})


@pytest.mark.parametrize("report", REPORTS)
def test_a_notebook_in_the_repository_holds_no_outputs_and_nothing_of_its_author(report):
    notebook = json.loads(REPORTS[report].read_text())

    assert set(notebook["metadata"]) == {"kernelspec"}
    for cell in notebook["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
        assert set(cell["metadata"]) <= {"tags"}
        assert cell["id"].replace("-", "").isalpha()
