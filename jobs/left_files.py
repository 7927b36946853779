"""What a run has left in its folder, read as what anybody may have written there.

A pipe would hold its reader for ever, a link lead elsewhere, and a huge document fill the memory of
the server.
"""

import errno
import os
import stat
import subprocess
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL
from typing import BinaryIO

REMOVES = "/bin/rm"


def keep_only(folder: Path, ours: Collection[str]) -> None:
    """Removes all but what has a name of ours, or a spreadsheet's, and is a file."""
    if folder.is_symlink() or not folder.is_dir():
        folder.unlink(missing_ok=True)
        folder.mkdir(mode=0o700)
    with os.scandir(folder) as found:
        entries = list(found)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            remove(Path(entry.path))
        elif _is_kept(entry.name, ours) and entry.is_file(follow_symlinks=False):
            Path(entry.path).chmod(0o600)  # whoever made it may have shut it
        else:
            Path(entry.path).unlink()


def _is_kept(name: str, ours: Collection[str]) -> bool:
    return name in ours or name.endswith(".csv")


def throw_away(folder: Path) -> None:
    """Leaves the folder empty."""
    remove(folder)
    folder.mkdir(mode=0o700)


def remove(folder: Path) -> None:
    """Removes a folder however deep it is, which Python cannot from some depth on, or shut.

    OSError where something of it stays.
    """
    subprocess.run(["/bin/chmod", "-R", "u+rwx", "--", folder], check=False, env={}, stderr=DEVNULL)
    done = subprocess.run([REMOVES, "-rf", "--", folder], check=False, env={}, stderr=DEVNULL)
    if done.returncode:
        raise OSError(errno.ENOTEMPTY, "what a run has left cannot be removed", str(folder))


def keep_the_end(file: Path, *, most: int) -> None:
    """Of a text that is longer, its last so many bytes."""
    with suppress(OSError):
        if file.stat().st_size > most:
            file.write_text(end_of(file, most=most))


def text_of(file: Path, *, most: int) -> str:
    """The text of a file; OSError where it is none, or has more bytes than that."""
    with _opened(file) as stream:
        if stream.seek(0, os.SEEK_END) > most:
            raise OSError(errno.EFBIG, "larger than what is read")
        stream.seek(0)
        return stream.read(most).decode()


def end_of(file: Path, *, most: int) -> str:
    """The last of its text, up to so many bytes; nothing where there is no such file."""
    try:
        with _opened(file) as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - most))
            return stream.read(most).decode(errors="replace")
    except OSError:
        return ""


def _opened(file: Path) -> BinaryIO:
    handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "no file")
    return os.fdopen(handle, "rb")
