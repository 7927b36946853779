"""What the documents name is there: commands, settings, files."""

import ast
import re
from pathlib import Path

import pytest
from typer.main import get_command

from app.cli import app
from valor_core.settings import ROOT, SETTINGS
from valor_core.tenancy.plans import LIMITS

DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
EACH = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
OF_GOVERNANCE = [
    path for path in DOCUMENTS if "governance" in str(path) or path.name == "production-setup.md"
]
TESTS = [path for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)]
READ_BY_TESTS_ALONE = {"VALOR_WRITE_KEPT", "VALOR_WRITE_GALLERY"}


def lacking(words: list[str]) -> str:
    """The first word that is no command; behind a command its own words come."""
    commands = getattr(get_command(app), "commands", {})
    for word in words:
        if word not in commands:
            return word
        commands = getattr(commands[word], "commands", {})
        if not commands:
            break
    return ""


@EACH
def test_every_command_that_a_document_names_is_there(path):
    named = re.findall(r"\./valor ([a-z]+(?:-[a-z]+)*)(?: ([a-z]+(?:-[a-z]+)*))?", path.read_text())

    assert [words for words in named if lacking(words)] == []


@EACH
def test_every_setting_that_a_document_names_is_one(path):
    named = re.findall(
        r"`((?:VALOR|DB|AUDIT|BILLING|PROMETHEUS)_[A-Z_]+)(?:=[^`]*)?`", path.read_text()
    )

    assert set(named) - READ_BY_TESTS_ALONE <= {setting.name for setting in SETTINGS}


def test_every_setting_and_header_of_governance_and_production_is_held_by_a_test():
    """Those of a limit by one test for all of them: tests/tenancy/test_plans.py."""
    settings, headers = set[str](), set[str]()
    for path in OF_GOVERNANCE:
        text = path.read_text(encoding="utf-8")
        settings |= set(re.findall(r"\b(?:VALOR|DB|OIDC|BILLING|PROMETHEUS)_[A-Z_]+\b", text))
        headers |= {each.lower() for each in re.findall(r"`((?:X-|webhook-)[\w-]+)", text)}
        headers |= {each.lower() for each in re.findall(r"`([A-Z][a-zA-Z]+(?:-[A-Z]\w+)+)", text)}
    tests = "\n".join(path.read_text(encoding="utf-8") for path in TESTS).lower()

    assert {"x-quota-reset", "stripe-signature", "retry-after"} <= headers
    settings -= {f"VALOR_{name.upper()}" for name in LIMITS}
    assert {name for name in settings if name.lower() not in tests} == set()
    assert {name for name in headers if name not in tests} == set()


@EACH
def test_every_file_to_which_a_document_leads_is_there(path):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_each_case_that_is_tried_stands_in_the_list_and_each_of_the_list_is_tried():
    """The list is of security, limits, isolation and audit; faults and parsers stand elsewhere."""
    listed = set(re.findall(r"\b[SG]\d+\b", (ROOT / "docs/governance/cases.md").read_text()))
    tried = set()
    for path in (path for path in TESTS if path.name.startswith("test_")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                told = (ast.get_docstring(node) or "").partition("\n")[0]
                tried |= set(re.findall(r"\b[SG]\d+\b", told))

    ours = [f"S{n}" for n in (*range(1, 23), *range(36, 47))]
    ours += [f"G{n}" for n in (*range(1, 46), *range(54, 59))]
    assert listed == set(ours)
    assert listed - {"S18"} == tried & listed
