"""Every published case that the project ships, by the same road as `valor proof`."""

import json

import pytest

from valor_core.models.proof import Status, prove, schemas
from valor_core.models.published import CASES

FILES = sorted(CASES.glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_published_case_comes_out_as_published(path):
    outcome = prove(json.loads(path.read_text()))

    assert outcome.status is Status.PASSED, outcome.differences


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_published_case_with_a_changed_figure_is_found_out(path):
    case = json.loads(path.read_text())
    case["expected"] = _moved(case["expected"])

    outcome = prove(case)

    assert outcome.status is Status.FAILED
    told = ("differs by", "has no value", "refused")
    assert all(each.problem.startswith(told) for each in outcome.differences)


def test_every_supported_method_has_a_published_case():
    assert {json.loads(path.read_text())["model"] for path in FILES} == set(schemas())


def _moved(expected):
    """Every figure a little off: more than any case's tolerance."""
    if isinstance(expected, dict):
        return {name: _moved(one) for name, one in expected.items()}
    if isinstance(expected, list):
        return [_moved(one) for one in expected]
    return 2.0 if expected is None else expected * 1.05 + 2.0
