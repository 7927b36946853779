"""Byte-compiles folders with a visible progress; the launcher runs it, so it needs no package."""

import compileall
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

TOLD_EVERY = 1_000


def compile_folders(folders: Iterable[Path]) -> None:
    """Compiles every module below the folders; what is no valid Python is left as it is."""
    files = [file for folder in folders for file in sorted(folder.rglob("*.py"))]
    with ProcessPoolExecutor() as workers:
        done = workers.map(partial(compileall.compile_file, quiet=2), files, chunksize=50)
        for count, _ in enumerate(done, start=1):
            if count % TOLD_EVERY == 0 or count == len(files):
                sys.stderr.write(f"Valor IVX: {count:,} of {len(files):,} files byte-compiled\n")


if __name__ == "__main__":
    compile_folders(map(Path, sys.argv[1:]))
