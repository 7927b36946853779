"""`valor notebook`: JupyterLab for one person on one machine, with examples to begin from."""

import os
import shutil
import sys
from pathlib import Path

from valor_core.errors import BadInput
from valor_core.settings import ROOT, home, setting
from valor_core.store.folders import private_folder

EXAMPLES = "*_tour.ipynb"
MINE = "valor-notebooks"


def own_folder() -> Path:
    """Where a person's notebooks lie unless another place is named: apart from the checkout."""
    return Path.home() / MINE


def bring_examples(folder: Path) -> list[str]:
    """Copies the examples that are not there yet; what is there stays as it is."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        missing = [
            each
            for each in sorted((ROOT / "notebooks").glob(EXAMPLES))
            if not (folder / each.name).exists()
        ]
        for each in missing:
            shutil.copyfile(each, folder / each.name)
    except OSError as error:
        raise BadInput(
            f"The examples cannot be put into {folder}: {error.strerror}.",
            hint="Name a folder of yours by --folder.",
        ) from error
    return [each.name for each in missing]


def ready_data() -> str:
    """Has something behind `vc.open()`: a server by its settings, else this machine's demo."""
    if url := setting("VALOR_URL"):
        return url
    from app.serving import bring_up_to_date, open_store
    from valor_core.workbench.demo import seed_demo

    bring_up_to_date()
    store = open_store()
    seed_demo(store)
    where = store.where
    store.close()
    return where


def open_lab(folder: Path, *, port: int, browser: bool) -> None:
    """Becomes JupyterLab: it listens on this machine alone, and asks for the token it prints."""
    command = [
        sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder.resolve()}",
        "--ServerApp.ip=127.0.0.1", "--ServerApp.allow_remote_access=False",
        f"--ServerApp.port={port}", f"--ServerApp.open_browser={browser}",
        *(["--allow-root"] if os.geteuid() == 0 else []),
    ]  # fmt: skip
    os.execve(sys.executable, command, os.environ | _environment())  # noqa: S606  our own list


def _environment() -> dict[str, str]:
    """No settings of elsewhere: one of them could take away the token that it makes and prints."""
    state = home() / "jupyter"
    for name in ("config", "data", "runtime"):
        private_folder(state / name)
    return {
        "JUPYTER_NO_CONFIG": "1",
        "JUPYTER_CONFIG_DIR": str(state / "config"),
        "JUPYTER_DATA_DIR": str(state / "data"),
        "JUPYTER_RUNTIME_DIR": str(state / "runtime"),
        "VALOR_HOME": str(home()),
    }
