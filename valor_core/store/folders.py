"""Folders and files of the installation that nobody but their owner may read."""

from pathlib import Path


def private_folder(folder: Path) -> None:
    """Makes what is missing of the path, each part 0700; what stands already is left as it is.

    `mkdir(parents=True, mode=…)` gives the mode to the last part only.
    """
    for each in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        each.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(exist_ok=True)  # refuses a file that stands there
