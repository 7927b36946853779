"""The child process of a run: executes a notebook and renders it, with no database at hand.

Started by `jobs.reports` as `python -m jobs.notebook_child`; its order is one line on its standard
input. The end of that input means that the parent is gone: then the kernel is killed too.
"""

import ctypes
import hashlib
import json
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from valor_core.settings import ROOT
from valor_core.walls import wall_in

SET_CHILD_SUBREAPER = 36  # of Linux's prctl
ENDS_WITHIN_S = 5.0
FILE_MAX = 256 << 20  # bytes of any file that a notebook writes
PACKAGES = ("valor_core", "jobs")
WITHOUT_A_TERMINAL = """
get_ipython().system = lambda asked: print(get_ipython().getoutput(asked, split=False))
"""  # what `!` would ask for; and in the order in which all else is printed
PRINTS_APART = ("--IPKernelApp.capture_fd_output=False",)
"""What another program prints goes to run.log: into cells it would come in pieces, as chance has
it, and the report would not be made again to the byte."""
OF_JUPYTER = ("/etc/jupyter", "/etc/ipython")


def main() -> None:
    """Does what the order says."""
    order = json.loads(sys.stdin.readline())
    outside = ThreadPoolExecutor(1)  # a thread outside of the walls, which ends what is inside
    outside.submit(_adopt_orphans).result()
    threading.Thread(target=_die_with_the_parent, daemon=True).start()
    resource.setrlimit(resource.RLIMIT_AS, (order["memory_bytes"],) * 2)  # the kernel inherits it
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_MAX, FILE_MAX))
    os.umask(0o077)
    folder = Path(order["folder"])
    wall_in(
        reads=(sys.prefix, sys.base_prefix, *(ROOT / name for name in PACKAGES), *OF_JUPYTER),
        writes=(folder,),
        port=urlsplit(order["lent"]["url"]).port if order["lent"] else None,
    )
    try:
        _execute(folder, order)
    finally:
        outside.submit(_end_family).result()

    from jobs.rendering import render

    render(folder, title=order["title"])


def _die_with_the_parent() -> None:
    sys.stdin.read()
    _end_family()
    os._exit(1)


def _adopt_orphans() -> None:
    """What a kernel leaves behind becomes a child of this process, which ends it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _end_family() -> None:
    """Ends all that was started, also what starts another and is gone before one looks."""
    import psutil

    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    until = time.monotonic() + ENDS_WITHIN_S
    while (left := _children()) and time.monotonic() < until:
        for number in left:
            os.kill(number, signal.SIGKILL)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _children() -> list[int]:
    """Told by Linux at once, so that few processes can end meanwhile: none is reaped but by us."""
    told = []
    for thread in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):  # it has ended
            told += thread.read_text().split()
    return list(map(int, told))


def _execute(folder: Path, order: Mapping[str, Any]) -> None:
    import nbformat
    import papermill
    from papermill.clientwrap import PapermillNotebookClient
    from traitlets.config import Config

    source = (folder / "source.ipynb").read_bytes()
    if hashlib.sha256(source).hexdigest() != order["source_sha256"]:
        sys.exit("The notebook is not the one that was to be run: its SHA-256 is another.")
    if order["lent"]:
        _lend_before_the_first_cell(PapermillNotebookClient, **order["lent"])
    # A node, not a path: papermill would format and fetch paths. The output's braces are escaped.
    notebook = nbformat.reads(source.decode(), 4)
    output = str(folder / "executed.ipynb").replace("{", "{{").replace("}", "}}")
    papermill.execute_notebook(
        notebook,
        output,
        parameters=dict(order["parameters"]),
        cwd=str(folder),
        kernel_name="python3",
        language="python",
        progress_bar=False,
        start_timeout=60,
        extra_arguments=list(PRINTS_APART),
        config=Config({"KernelManager": {"transport": "ipc"}}),  # sockets in the folder, no ports
    )


def _lend_before_the_first_cell(client: Any, *, url: str, key: str) -> None:
    """Tells the kernel, by its own socket and outside of its history, what `vc.open()` opens."""
    execute_cells = client.papermill_execute_cells

    def lend_and_execute(self: Any) -> None:
        code = f"__import__('valor_core.notebook.opening').notebook.opening.lend({url!r}, {key!r})"
        code += WITHOUT_A_TERMINAL
        told = self.kc.execute(code, silent=True, store_history=False)
        if self.wait_for_reply(told)["content"]["status"] != "ok":
            sys.exit("The notebook was not told where it reads.")
        execute_cells(self)

    client.papermill_execute_cells = lend_and_execute


if __name__ == "__main__":
    main()
