"""Which code made a report: the revision of the checkout, or the package, and the lock."""

import hashlib
import subprocess
import tomllib
from functools import cache
from typing import Any

from valor_core.settings import ROOT


@cache
def code_version() -> dict[str, Any]:
    """Revision and whether it was altered, package version, and SHA-256 of the lock."""
    package = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    lock = hashlib.sha256((ROOT / "requirements.lock").read_bytes()).hexdigest()
    return {"package": package, "lock_sha256": lock, **_checkout()}


def _checkout() -> dict[str, Any]:
    if not (ROOT / ".git").exists():  # installed from an archive
        return {"revision": None, "altered": None}
    return {
        "revision": _git("rev-parse", "HEAD"),
        "altered": bool(_git("status", "--porcelain", "--untracked-files=no")),
    }


def _git(*arguments: str) -> str | None:
    """None where there is no git, or it does not trust the folder."""
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *arguments],
            capture_output=True, text=True, timeout=10, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
