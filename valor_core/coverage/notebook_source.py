"""A tenant's own notebook as it is kept: read without running it, its outputs stripped.

What is stored, shown to who reviews it, hashed and run are the same bytes. They are written anew
from the cells alone: nothing else of a file has a meaning here, so nothing else passes.
"""

import ast
import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

from valor_core.coverage.report_parameters import Parameter, declared
from valor_core.errors import BadInput

FILE_MAX = 10_000_000  # with its outputs
SOURCE_MAX = 1_000_000  # without them
ATTACHMENTS_MAX = 500_000
CELLS_MOST = 500
PARAMETERS_MOST = 50
COMPARED_LINES_MOST = 2_000  # of a cell; a longer one is told as gone and come
KINDS = ("code", "markdown", "raw")
A_KEY = re.compile(r"vx_[a-z0-9-]{1,40}\.[a-z0-9]{26}\.[\w-]{43}", re.ASCII)


class NotebookUnusable(BadInput):
    """A file that is no notebook, or none that could become a report."""

    code = "notebook_unusable"

    def __init__(self, why: str, *, hint: str = "") -> None:
        super().__init__(
            f"This cannot become a report: {why}.",
            hint=hint or "Save the notebook in JupyterLab as .ipynb, and register that file.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell: whether it is code, prose, raw text or the parameters, and what stands in it."""

    kind: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookSource:
    """A notebook as it is kept, and what it asks for."""

    raw: bytes
    cells: tuple[Cell, ...]
    parameters: Mapping[str, Parameter]
    imports: tuple[str, ...]  # modules, by their first name
    commands: tuple[str, ...]  # lines of the shell and magics of the notebook

    @property
    def sha256(self) -> str:
        """By which a version is named, approved and run."""
        return sha256(self.raw).hexdigest()


def read_notebook(raw: bytes) -> NotebookSource:
    """The notebook in a file, stripped to what is kept; NotebookUnusable with the reason."""
    if len(raw) > FILE_MAX:
        raise NotebookUnusable(
            f"the file has more than {FILE_MAX // 1_000_000} MB",
            hint="Clear its outputs in JupyterLab (Edit, Clear Outputs of All Cells) and save it.",
        )
    return kept_notebook(_stripped(_document(raw)))


def kept_notebook(raw: bytes) -> NotebookSource:
    """A notebook that was stripped already."""
    document = json.loads(raw)
    cells = tuple(map(_as_read, document["cells"]))
    parameters = declared(document)
    if len(parameters) > PARAMETERS_MOST:
        raise NotebookUnusable(f"it has more than {PARAMETERS_MOST} parameters")
    code = [each["source"] for each in document["cells"] if each["cell_type"] == "code"]
    imports, commands = _asked_for(code)
    return NotebookSource(
        raw=raw, cells=cells, parameters=parameters, imports=imports, commands=commands
    )


def _as_read(told: Mapping[str, Any]) -> Cell:
    """A cell as a reader sees it: with what is attached to it, and whether it is the tagged one."""
    attached = [
        f"[attached: {name}, SHA-256 {sha256(json.dumps(each).encode()).hexdigest()}]"
        for name, each in told.get("attachments", {}).items()
    ]
    return Cell(
        kind="parameters" if told["metadata"].get("tags") else told["cell_type"],
        source="\n".join([told["source"], *attached]),
    )


def _document(raw: bytes) -> dict[str, Any]:
    try:
        document = json.loads(raw.decode("utf-8"))
    except RecursionError as error:
        raise NotebookUnusable("it is nested too deeply") from error
    except ValueError as error:  # no UTF-8, no JSON, a number of thousands of digits
        raise NotebookUnusable("it is no JSON, so no notebook") from error
    if not isinstance(document, dict) or not isinstance(document.get("cells"), list):
        raise NotebookUnusable("it has no cells")
    if document.get("nbformat") != 4:
        raise NotebookUnusable("it is no notebook of format 4")
    return document


def _stripped(document: Mapping[str, Any]) -> bytes:
    """The notebook written anew: its cells with their tags, and nothing that it once put out."""
    _check_language(document.get("metadata"))
    if not 0 < len(document["cells"]) <= CELLS_MOST:
        raise NotebookUnusable(f"it has {len(document['cells'])} cells, not 1 to {CELLS_MOST}")
    cells = [_cell(number, each) for number, each in enumerate(document["cells"], 1)]
    if not any(cell["cell_type"] == "code" for cell in cells):
        raise NotebookUnusable("it has no cell of code", hint="A report has something to run.")
    attached = sum(len(json.dumps(cell.get("attachments", {}))) for cell in cells)
    if attached > ATTACHMENTS_MAX:
        raise NotebookUnusable(
            f"its attachments have {attached:,} bytes, and {ATTACHMENTS_MAX:,} are the most",
            hint="Take pictures out of its text, or make them smaller.",
        )
    kept = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    text = json.dumps(kept, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    try:
        raw = text.encode()
    except UnicodeEncodeError as error:
        raise NotebookUnusable("a character in it cannot be stored") from error
    if len(raw) > SOURCE_MAX + attached:
        raise NotebookUnusable(f"its cells have more than {SOURCE_MAX:,} bytes")
    _check_format(kept)
    return raw


def _check_language(metadata: Any) -> None:
    spec = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    language = spec.get("language", "python") if isinstance(spec, dict) else "python"
    if language != "python":
        raise NotebookUnusable(f"it is written in {str(language)[:40]!r}, not in Python")


def _cell(number: int, told: Any) -> dict[str, Any]:
    kind = told.get("cell_type") if isinstance(told, dict) else None
    source = told.get("source", "") if kind in KINDS else None
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise NotebookUnusable(f"cell {number} is no cell")
    if "\0" in source:
        raise NotebookUnusable(f"a character in cell {number} cannot be stored")
    if A_KEY.search(source):
        raise NotebookUnusable(
            f"an API key stands in cell {number}",
            hint="Revoke that key. In a report vc.open() needs none.",
        )
    metadata = told.get("metadata")
    tags = metadata.get("tags", ()) if isinstance(metadata, dict) else ()
    kept = [str(tag) for tag in tags if tag == "parameters"] if isinstance(tags, list) else []
    made: dict[str, Any] = {
        "cell_type": kind,
        "id": f"cell-{number}",
        "metadata": {"tags": kept} if kept else {},
        "source": source,
    }
    if kind == "code":
        return {**made, "execution_count": None, "outputs": []}
    return made | ({"attachments": told["attachments"]} if told.get("attachments") else {})


def _check_format(notebook: Mapping[str, Any]) -> None:
    import nbformat

    try:
        nbformat.validate(nbformat.from_dict(notebook))
    except nbformat.ValidationError as error:
        raise NotebookUnusable("a part of it is not as a notebook has it") from error


def _asked_for(sources: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The modules that code imports, as far as it can be read, and what is no Python in it."""
    modules, commands = set[str](), list[str]()
    for source in sources:
        lines = source.splitlines()
        foreign = [line for line in lines if line.lstrip().startswith(("!", "%"))]
        commands += [line.strip()[:200] for line in foreign]
        whole = "\n".join("pass" if line in foreign else line for line in lines)
        try:
            tree = ast.parse("" if source.lstrip().startswith("%%") else whole)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            commands.append("a cell that cannot be read as Python")
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                modules.add((node.module or ".").partition(".")[0])
    return tuple(sorted(modules)), tuple(commands)


class How(StrEnum):
    """What became of a cell from one version to the next."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellChange:
    """A cell beside the one that it was, line by line: each begins with ' ', '+' or '-'."""

    number: int  # in the later version; where it is gone, that of the cell that now stands there
    kind: str
    how: How
    lines: tuple[str, ...]


def changes(before: Sequence[Cell], after: Sequence[Cell]) -> list[CellChange]:
    """What a version changes, cell by cell and in the order in which they stand.

    >>> cell = Cell(kind="code", source="1 + 1")
    >>> [each.how.value for each in changes([cell], [cell, Cell(kind="code", source="2")])]
    ['same', 'added']
    """
    made = []
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for tag, first, last, begin, end in matcher.get_opcodes():
        gone, come = list(before[first:last]), list(after[begin:end])
        if tag == "equal":
            made += [_as_is(begin + i, cell, How.SAME, " ") for i, cell in enumerate(come)]
            continue
        both = min(len(gone), len(come))
        made += [_changed(begin + i, gone[i], come[i]) for i in range(both)]
        made += [_as_is(begin + both, cell, How.REMOVED, "-") for cell in gone[both:]]
        made += [
            _as_is(begin + both + i, cell, How.ADDED, "+") for i, cell in enumerate(come[both:])
        ]
    return made


def _as_is(index: int, cell: Cell, how: How, sign: str) -> CellChange:
    lines = tuple(f"{sign}{line}" for line in _lines(cell))
    return CellChange(number=index + 1, kind=cell.kind, how=how, lines=lines)


def _changed(index: int, before: Cell, after: Cell) -> CellChange:
    old, new = _lines(before), _lines(after)
    lines = [] if before.kind == after.kind else [f"-({before.kind})", f"+({after.kind})"]
    if max(len(old), len(new)) > COMPARED_LINES_MOST:
        lines += [f"-{line}" for line in old] + [f"+{line}" for line in new]
    else:
        for tag, first, last, begin, end in difflib.SequenceMatcher(None, old, new).get_opcodes():
            if tag == "equal":
                lines += [f" {line}" for line in new[begin:end]]
            else:
                lines += [f"-{line}" for line in old[first:last]]
                lines += [f"+{line}" for line in new[begin:end]]
    return CellChange(number=index + 1, kind=after.kind, how=How.CHANGED, lines=tuple(lines))


def _lines(cell: Cell) -> list[str]:
    """The cell's lines, with what would hide or turn a text round on its way to a reader shown."""
    return [
        "".join(each if each.isprintable() or each == "\t" else ascii(each)[1:-1] for each in line)
        for line in cell.source.splitlines()
    ]
