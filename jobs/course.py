"""How far a notebook is, and where it failed, read from what papermill leaves after each cell.

It says nothing of whether a run has succeeded: only the run's row does.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.left_files import text_of

WORDS_MAX, HEADING_MAX = 300, 100
READ_MAX = 16_000_000  # of an executed notebook, which holds pictures too
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
FIRST = "reading what it is about"


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Cells that are done, and the heading under which it is now."""

    done: int
    of: int
    at: str
    failure: str  # what the notebook said where it stopped; empty where it did not

    @property
    def in_words(self) -> str:
        """How far it is, as one reads it."""
        return f"step {min(self.done + 1, self.of)} of {self.of}: {self.at}"


def read_course(folder: Path) -> Course | None:
    """How far the notebook of a run is; None while there is none to be read, as it is written."""
    try:
        return course_of(json.loads(text_of(folder / "executed.ipynb", most=READ_MAX)))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def course_of(notebook: Mapping[str, Any]) -> Course:
    """How far an executed notebook is.

    >>> ran = {"papermill": {"status": "completed"}}
    >>> cells = [{"cell_type": "code", "metadata": ran, "outputs": []},
    ...          {"cell_type": "markdown", "source": "## Outages", "metadata": {}},
    ...          {"cell_type": "code", "metadata": {}, "outputs": []}]
    >>> course_of({"cells": cells}).in_words
    'step 2 of 2: Outages'
    """
    done, at, failure, heading = 0, "", "", FIRST
    codes = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for cell in notebook["cells"]:
        source = "".join(cell.get("source", ""))
        if cell["cell_type"] == "markdown" and source.startswith("#"):
            heading = source.lstrip("#").strip().partition("\n")[0].strip()[:HEADING_MAX]
        if cell["cell_type"] != "code":
            continue
        status = cell["metadata"].get("papermill", {}).get("status", "pending")
        failure = failure or _failure(cell)
        done += status == "completed" and not failure
        if not at and (status != "completed" or failure):
            at = heading
    return Course(done=done, of=len(codes), at=at or heading, failure=failure)


def _failure(cell: Mapping[str, Any]) -> str:
    for output in cell.get("outputs", ()):
        if output.get("output_type") == "error":
            said = _COLOURS.sub("", f"{output.get('ename')}: {output.get('evalue')}")
            return " ".join(said.split())[:WORDS_MAX]
    return ""
