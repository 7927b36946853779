"""The whole product as `valor serve` runs it, on a home of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from valor_core.settings import ROOT


@dataclass(frozen=True)
class Installation:
    """A running `valor serve` and its home."""

    link: str
    home: Path
    process: "subprocess.Popen[str]"

    @property
    def origin(self) -> str:
        return self.link.partition("/login")[0]

    def token(self) -> str:
        """Another sign-in link, as the command line prints it."""
        port = self.origin.rpartition(":")[2]
        command = [sys.executable, "-m", "app.cli", "token", "--port", port]
        told = subprocess.run(
            command,
            env=environment(self.home),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        return told.stdout.strip().splitlines()[-1]


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "VALOR_HOME": str(home)}


@contextmanager
def served_from(home: Path, *options: str) -> Iterator[Installation]:
    """Its log stands in the home."""
    with (home / "log").open("w") as log_file:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve", "--port", "0", *options],
            env=environment(home),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=log_file,
            text=True,
        )
    assert process.stdout
    link = next(line.strip() for line in process.stdout if "/login#token=" in line)
    try:
        yield Installation(link, home, process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(15)
        process.stdout.close()
