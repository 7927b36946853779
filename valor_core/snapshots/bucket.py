"""The bucket that keeps what the folder has, where one is set: then the folder may be lost.

The library that writes Parquet also speaks to object stores, so that no other one is needed.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from valor_core.errors import Unavailable
from valor_core.settings import BadSetting, setting

if TYPE_CHECKING:
    from pyarrow.fs import FileInfo, FileSystem


class BucketUnavailable(Unavailable):
    """The object store does not answer, or refuses."""

    code = "bucket_unavailable"

    def __init__(self) -> None:
        super().__init__(
            "The object store that keeps the snapshots does not answer.",
            hint="Nothing was published. Try again in a minute; if it goes on, an administrator "
            "should look at VALOR_SNAPSHOTS and at the store itself.",
        )


@dataclass(frozen=True)
class Bucket:
    """An object store and the place in it; a file has the path there that it has in the folder."""

    store: "FileSystem"
    base: str

    def send(self, root: Path, folder: str, paths: Iterable[str]) -> None:
        """Copies what is not in the folder there yet: a file is named by its bytes."""
        with _answering():
            there = {(found.path, found.size) for found in self._listed(folder)}
            for path in dict.fromkeys(paths):
                if (self._at(path), (root / path).stat().st_size) not in there:
                    with self.store.open_output_stream(self._at(path)) as sent:
                        sent.write((root / path).read_bytes())

    def fetch(self, path: str, aside: Path) -> bool:
        """Copies a file to where it can be looked at; False where there is none."""
        with _answering():
            try:
                with self.store.open_input_stream(self._at(path)) as there:
                    aside.write_bytes(there.read())
            except FileNotFoundError:
                return False
        return True

    def sweep(self, folder: str, named: Iterable[str], *, before: float) -> None:
        """Removes what is not named and was not written since that moment."""
        keep = {self._at(path) for path in named}
        with _answering():
            for found in self._listed(folder):
                if found.is_file and found.path not in keep and found.mtime.timestamp() < before:
                    self.store.delete_file(found.path)

    def _listed(self, folder: str) -> "list[FileInfo]":
        from pyarrow.fs import FileSelector

        return self.store.get_file_info(
            FileSelector(self._at(folder), recursive=True, allow_not_found=True)
        )

    def _at(self, path: str) -> str:
        return f"{self.base}/{path}"


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BucketUnavailable from error


def the_bucket() -> Bucket | None:
    """The bucket of the settings, if one is set."""
    url = setting("VALOR_SNAPSHOTS")
    return _opened(url) if url else None


@cache
def _opened(url: str) -> Bucket:
    from pyarrow import ArrowInvalid
    from pyarrow.fs import FileSystem

    try:
        store, base = FileSystem.from_uri(url)
    except (ArrowInvalid, OSError) as error:
        raise BadSetting(
            "VALOR_SNAPSHOTS",
            url.partition("?")[0].rpartition("@")[2],  # what stands before or behind may be secret
            problem="is no place that snapshots can be kept in",
            hint="Write s3://bucket/folder or gs://bucket/folder.",
        ) from error
    return Bucket(store, base)
