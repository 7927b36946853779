"""The child process of a run: executes a notebook and renders it, with no database at hand.

Started by `jobs.reports` as `python -m jobs.notebook_child`; its order is one line on its standard
input. The end of that input means that the parent is gone: then the kernel is killed too.
"""

import json
import os
import resource
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def main() -> None:
    """Does what the order says."""
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_die_with_the_parent, daemon=True).start()
    resource.setrlimit(resource.RLIMIT_AS, (order["memory_bytes"],) * 2)  # the kernel inherits it
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    folder = Path(order["folder"])
    _execute(folder, order["parameters"])

    from jobs.rendering import render

    render(folder, title=order["title"])


def _die_with_the_parent() -> None:
    import psutil

    sys.stdin.read()
    for process in psutil.Process().children(recursive=True):
        process.kill()
    os._exit(1)


def _execute(folder: Path, parameters: Mapping[str, Any]) -> None:
    import nbformat
    import papermill
    from traitlets.config import Config

    # A node, not a path: papermill would format and fetch paths. The output's braces are escaped.
    notebook = nbformat.read(folder / "source.ipynb", 4)
    output = str(folder / "executed.ipynb").replace("{", "{{").replace("}", "}}")
    papermill.execute_notebook(
        notebook,
        output,
        parameters=dict(parameters),
        cwd=str(folder),
        kernel_name="python3",
        language="python",
        progress_bar=False,
        start_timeout=60,
        config=Config({"KernelManager": {"transport": "ipc"}}),  # sockets in the folder, no ports
    )


if __name__ == "__main__":
    main()
