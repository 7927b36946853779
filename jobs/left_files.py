"""What a run has left in its folder, read as what anybody may have written there.

A pipe would hold its reader for ever, a link lead elsewhere, and a huge document fill the memory of
the server.
"""

import errno
import os
import shutil
import stat
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO


def keep_plain_files(folder: Path, ours: Collection[str]) -> None:
    """Removes all that is neither a file nor a folder; what has a name of ours is a file."""
    if folder.is_symlink() or not folder.is_dir():
        folder.unlink(missing_ok=True)
        folder.mkdir(mode=0o700)
    with os.scandir(folder) as found:
        entries = list(found)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name in ours:
                shutil.rmtree(entry.path)
        elif not entry.is_file(follow_symlinks=False):
            Path(entry.path).unlink()


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
