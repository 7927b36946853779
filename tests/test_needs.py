"""What `./valor test` does about a browser that the machine lacks."""

import os
import subprocess
import sys

from valor_core.settings import ROOT


def fetch_in(folder) -> subprocess.CompletedProcess[str]:
    """On a machine without a Chromium, where playwright cannot keep one either."""
    (folder / "no-folder").write_text("")
    environment = {
        **os.environ,
        "PATH": str(folder),
        "PLAYWRIGHT_BROWSERS_PATH": str(folder / "no-folder" / "browsers"),
        "PLAYWRIGHT_DOWNLOAD_HOST": "http://127.0.0.1:1",
    }
    return subprocess.run(
        [sys.executable, "-m", "tests.needs"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_chromium_playwrights_installer_is_tried_and_its_failure_named(tmp_path):
    told = fetch_in(tmp_path)

    assert told.returncode == 0
    assert "no Chromium is on this machine" in told.stdout
    assert "not fetched" in told.stdout
    assert "install chromium" in told.stdout


def test_with_a_chromium_on_the_machine_nothing_is_fetched(tmp_path):
    (tmp_path / "chromium").write_text("#!/bin/sh\n")
    (tmp_path / "chromium").chmod(0o755)

    told = fetch_in(tmp_path)

    assert (told.returncode, told.stdout) == (0, "")
