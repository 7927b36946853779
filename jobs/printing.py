"""A report as PDF, printed by the Chromium of the machine, where there is one.

The browser gets the page and nothing else: no network, no profile, no environment of ours.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from valor_core.settings import setting
from valor_core.telemetry import log

PDF = "report.pdf"
WITHIN_S = 40
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer",
    "--virtual-time-budget=5000",  # of the page: its charts are drawn by then
)
AS_ROOT = "--no-sandbox"  # without it Chromium does not start as root, whose container walls it off


def browser() -> str | None:
    """The Chromium that prints; None where none is found or none is wanted."""
    wanted = setting("VALOR_CHROMIUM")
    if wanted == "none":
        return None
    return wanted or next(filter(None, map(shutil.which, NAMES)), None)


def print_page(folder: Path, environment: Mapping[str, str]) -> bool:
    """Writes report.pdf beside report.html; whether it is there. A report stands without it."""
    program = browser()
    if program is None:
        return False
    profile = folder / ".private" / "chromium"
    command = [program, *FLAGS, *([AS_ROOT] if os.geteuid() == 0 else []),
               f"--user-data-dir={profile}", f"--print-to-pdf={folder / PDF}",
               (folder / "report.html").as_uri()]  # fmt: skip
    try:
        subprocess.run(
            command, env=dict(environment), cwd=folder, timeout=WITHIN_S, check=True,
            stdin=subprocess.DEVNULL, capture_output=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("a report could not be printed", error=type(error).__name__)
        (folder / PDF).unlink(missing_ok=True)
    finally:
        shutil.rmtree(profile, ignore_errors=True)
    return (folder / PDF).is_file()
