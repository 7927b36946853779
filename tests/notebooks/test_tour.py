"""The tours of the notebook face run as they stand, against a real database."""

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

NOTEBOOKS = ROOT / "notebooks"
RUN = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
nbformat.write(notebook, sys.argv[2])
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VALOR_HOME", str(tmp_path / "home"))
    store = store_from(os.environ)
    migrate(store)
    setup.prepare(store)
    demo.seed_demo(store)
    store.close()
    return tmp_path


def shown(name: str, folder: Path) -> str:
    """All that the cells of a notebook show."""
    out = folder / "out.ipynb"
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(NOTEBOOKS / name), str(out)],
        env={**os.environ, "IPYTHONDIR": str(folder / "ipython")},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    cells = json.loads(out.read_text())["cells"]
    return "".join(str(cell.get("outputs", "")) for cell in cells)


def test_the_tour_of_a_valuation_runs_and_shows_what_it_says(home):
    told = shown("valuation_tour.ipynb", home)

    assert "36537000000" in told  # Apple's revenue of 2009 before the restatement …
    assert "42905000000" in told  # … and after it
    assert "0000320193-25-000079" in told  # the accession in the workings
    assert "Base case of the tour" in told


def test_the_tour_of_the_models_runs_and_shows_what_it_says(home):
    told = shown("models_tour.ipynb", home)

    assert "Coca-Cola" in told
    assert "0.2" in told  # both rates of the flows with two …
    assert "0.3" in told
    assert "-0.02" in told  # … and the dilution of the published merger
