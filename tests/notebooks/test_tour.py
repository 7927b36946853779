"""The tours of the notebook face run as they stand, against a real database.

One process runs the cells of all, each tour with a namespace of its own: a kernel for each would
import everything again.
"""

import json
import os
import subprocess
import sys

import pytest

from valor_core.settings import ROOT
from valor_core.store.engines import store_from
from valor_core.store.migrate import migrate
from valor_core.workbench import demo, setup

TOURS = sorted((ROOT / "notebooks").glob("*_tour.ipynb"))
RUN = """
import json, sys
from pathlib import Path
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

shell, told = InteractiveShell.instance(), {}
for name in sys.argv[2:]:
    shell.reset(new_session=True)
    shown = []
    for cell in json.loads(Path(name).read_text())["cells"]:
        if cell["cell_type"] == "code":
            with capture_output() as seen:
                done = shell.run_cell("".join(cell["source"]))
                shown.append(str(shell.display_formatter.format(done.result)[0]))
            if not done.success:
                sys.exit(f"{name}: {seen.stdout}")
            shown += [str(each.data) for each in seen.outputs]
    told[Path(name).stem.removesuffix("_tour")] = "".join(shown)
Path(sys.argv[1]).write_text(json.dumps(told))
"""
SAYS = {
    "valuation": (
        "36537000000",  # Apple's revenue of 2009 before the restatement …
        "42905000000",  # … and after it
        "0000320193-25-000079",  # the accession in the workings
        "Base case of the tour",
    ),
    "statements": ("PepsiCo", "off balance by", "yearly growth FY2007 to FY2009"),
    "reconciliation": ("Residual income", "'text/plain': 'True'"),  # the seven agree
    "lbo": ("Coca-Cola", "Tranche 1"),
    "merger": ("-0.02 ", "array([4., 5.])"),  # of the published deal
    "options": ("value with flexibility", "barone_adesi_whaley"),
    "comparables": ("EV / EBIT", "value per share"),
    "returns": ("0.2, 0.3", "[0.0, 0.0]"),  # both rates of the flows with two
    "credit": ("Union Pacific", "'as filed': 'A+'"),
    "dividends": ("JPMorgan", "equity of FY2009, as filed", "np.True_"),
    "family": ("np.float64(291.0)", "13.957142857142", "np.True_"),
    "simulation": ("4,096 draws, seed 7", "3 scenarios, expected", "JPMorgan"),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """All that the cells of each tour show."""
    folder = tmp_path_factory.mktemp("tours")
    environment = {**os.environ, "VALOR_HOME": str(folder / "home")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VALOR_HOME", environment["VALOR_HOME"])
        store = store_from(os.environ)
        migrate(store)
        setup.prepare(store)
        demo.seed_demo(store)
        store.close()
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(folder / "told.json"), *map(str, TOURS)],
        env={
            **environment,
            "IPYTHONDIR": str(folder / "ipython"),
            "PLOTLY_RENDERER": "plotly_mimetype",
        },
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads((folder / "told.json").read_text())


def test_every_tour_says_what_its_prose_promises(told):
    assert {name: [w for w in words if w not in told[name]] for name, words in SAYS.items()} == {
        name: [] for name in told
    }


def test_every_tour_of_a_model_shows_a_chart(told):
    without = {name for name, shown in told.items() if "application/vnd.plotly" not in shown}

    assert without == {"valuation"}
