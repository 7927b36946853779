"""By which ways each act of governance is done: the handbook's table is what the code calls."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

from valor_core import workbench
from valor_core.settings import ROOT
from valor_core.workbench.verb import ACTS

GOVERNANCE = (
    "plan", "flag", "tenant", "member", "key", "key_file", "token", "session", "grant", "group",
    "hold", "retention", "audit", "billing",
)  # fmt: skip
WAYS = {
    "API": ["app/api"],
    "page": ["pages", "app/ui"],
    "command": ["app/commands", "app/serving.py"],
}
ASKED_BESIDE = {"member.names"}
"""Asked beside others, so that they tell people by their names."""

STEPS = {
    ("rotation", "rotate_key"): "audit.key_rotated",
    ("proving", "exported"): "audit.export",
    ("proving", "export_log"): "audit.export",
    ("retention", "run_retention"): "audit.purge",
    ("logbook", "verify_as_operator"): "audit.verify",
}
"""Functions of the workbench that do an act in units of work of their own."""


def functions() -> dict[tuple[str, str], str]:
    """The act that each function of the workbench does, by its module and name."""
    for module in pkgutil.iter_modules(workbench.__path__):
        importlib.import_module(f"{workbench.__name__}.{module.name}")
    acts = {
        (act.function.__module__.rpartition(".")[2], act.function.__name__): name
        for name, found in ACTS.items()
        for act in found
    }
    return acts | STEPS


def named(source: Path) -> Iterator[tuple[str, str]]:
    """What a file names of the workbench, by module and name, whatever it calls it."""
    tree, modules = ast.parse(source.read_text(encoding="utf-8")), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == workbench.__name__:
            modules |= {each.asname or each.name: each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            f"{workbench.__name__}."
        ):
            yield from (((node.module or "").rpartition(".")[2], e.name) for e in node.names)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield modules.get(node.value.id, ""), node.attr


def done_by(way: str) -> set[str]:
    """The acts that this way calls."""
    acts = functions()
    files = [
        file
        for place in WAYS[way]
        for file in ([ROOT / place] if place.endswith(".py") else (ROOT / place).glob("*.py"))
    ]
    return {acts[name] for file in files for name in named(file) if name in acts}


def test_the_handbook_tells_by_which_ways_each_act_of_governance_is_done_and_why_not_by_others():
    text = (ROOT / "docs/governance.md").read_text(encoding="utf-8")
    table = text.partition("## By which ways")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in table.splitlines()
        if line.startswith("| ") and "`" in line
    ]
    all_ways = {act for row in rows if len(row) == 2 for act in re.findall(r"`(\S+)`", row[1])}
    told = {way: set(all_ways) for way in WAYS}
    acts = set(all_ways)
    for what, *marks, why in (row for row in rows if len(row) > 2):
        act = what.strip("`")
        assert set(marks) <= {"yes", "–"}, what
        assert "–" in marks, f"{act} is done by all ways, so it belongs into the first table"
        assert why, f"{act}: why not by all ways?"
        assert act not in acts, act
        acts.add(act)
        for way, mark in zip(WAYS, marks, strict=True):
            told[way] |= {act} if mark == "yes" else set()

    governance = {act for act in functions().values() if act.partition(".")[0] in GOVERNANCE}
    assert acts == governance - ASKED_BESIDE
    for way in WAYS:
        assert told[way] == done_by(way) & acts, way
