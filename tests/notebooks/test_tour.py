"""The tour of the notebook face runs as it stands, against a real database."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from valor_core.settings import ROOT
from valor_core.store.engines import store_from
from valor_core.store.migrate import migrate
from valor_core.workbench import demo, setup

TOUR = ROOT / "notebooks" / "valuation_tour.ipynb"
RUN = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
nbformat.write(notebook, sys.argv[2])
"""


def test_the_tour_runs_and_shows_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VALOR_HOME", str(tmp_path / "home"))
    store = store_from(os.environ)
    migrate(store)
    setup.prepare(store)
    demo.seed_demo(store)
    store.close()

    out = tmp_path / "out.ipynb"
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(TOUR), str(out)],
        env={**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    cells = json.loads(out.read_text())["cells"]
    shown = "".join(str(cell.get("outputs", "")) for cell in cells)
    assert "36537000000" in shown  # Apple's revenue of 2009 before the restatement …
    assert "42905000000" in shown  # … and after it
    assert "0000320193-25-000079" in shown  # the accession in the workings
    assert "Base case of the tour" in shown
