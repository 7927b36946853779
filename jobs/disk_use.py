"""What a run holds of the disk while it works: of each file its process has a limit, of all none.

Counted is what takes room, once: all in its folder, and what its processes have open that has no
name any more, in memory too (`memfd`), where Linux tells of it.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

BYTES_MAX, FILES_MOST, DEPTH_MOST = 1 << 30, 10_000, 32
BLOCK = 512  # bytes, whatever the file system's own


def too_much(folder: Path, child: int) -> str:
    """What a run has too much of, in words, by its folder and its first process; else nothing."""
    try:
        return _too_much(folder, child)
    except OSError:  # shut, or by a name too long: nobody can say how much lies there
        return "folders that cannot be looked into"


def _too_much(folder: Path, child: int) -> str:
    held, seen = 0, set[tuple[int, int]]()
    for files, (depth, told) in enumerate(_in_folder(folder), start=1):
        if (told.st_dev, told.st_ino) not in seen:
            seen.add((told.st_dev, told.st_ino))
            held += told.st_blocks * BLOCK
        if depth > DEPTH_MOST:
            return f"folders nested more than {DEPTH_MOST} deep"
        if files > FILES_MOST:
            return f"more than {FILES_MOST:,} files"
        if held > BYTES_MAX:
            return f"more than {BYTES_MAX >> 20:,} MB"
    nameless = {(each.st_dev, each.st_ino): each.st_blocks for each in _nameless(child)}
    held += sum(nameless.values()) * BLOCK
    return f"more than {BYTES_MAX >> 20:,} MB" if held > BYTES_MAX else ""


def _in_folder(folder: Path) -> Iterator[tuple[int, os.stat_result]]:
    """All that lies in it, with how deep; what goes meanwhile is left out."""
    folders = [(1, str(folder))]
    while folders:
        depth, path = folders.pop()
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(path) as found:
            for entry in found:
                with suppress(FileNotFoundError):
                    yield depth, entry.stat(follow_symlinks=False)
                    if entry.is_dir(follow_symlinks=False):
                        folders.append((depth + 1, entry.path))


def _nameless(child: int) -> Iterator[os.stat_result]:
    """Files without a name that the process and those that it has started have open."""
    import psutil

    try:
        family = [child, *(each.pid for each in psutil.Process(child).children(recursive=True))]
    except psutil.NoSuchProcess:
        return
    for process in family:
        with suppress(OSError), os.scandir(f"/proc/{process}/fd") as found:  # else it has ended
            for opened in found:
                with suppress(OSError):  # it was closed meanwhile
                    told = opened.stat()
                    if stat.S_ISREG(told.st_mode) and told.st_nlink == 0:
                        yield told
