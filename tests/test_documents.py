"""What the documents name is there: commands, settings, files."""

import re

import pytest
from typer.main import get_command

from app.cli import app
from valor_core.settings import ROOT, SETTINGS

DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
EACH = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
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


@EACH
def test_every_file_to_which_a_document_leads_is_there(path):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
        assert (path.parent / target).exists(), target
