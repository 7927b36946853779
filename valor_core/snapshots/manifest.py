"""What a snapshot is: a manifest that names every file by its SHA-256; its id is its own."""

import hashlib
import json
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from valor_core.errors import ValorError
from valor_core.values import SnapshotId

FORMAT = "valor-snapshot/1"


class SnapshotDamaged(ValorError):
    """A file of a snapshot is missing, or its bytes are not those that were published."""

    code, status = "snapshot_damaged", 500

    def __init__(self, snapshot_id: str, what: str, *, parent: str | None = None) -> None:
        before = f", or use the one before it: {parent}" if parent else ""
        super().__init__(
            f"Snapshot {snapshot_id[:12]} is damaged: {what}.",
            hint=f"The facts and valuations are not affected: publish a new snapshot{before}.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One part of a dataset."""

    dataset: str
    path: str  # below the folder of all snapshots
    sha256: str
    size: int  # bytes
    rows: int
    version: int = 1  # of the dataset's columns and their meaning
    part: str = ""  # a day, a month, some of the companies; empty: the whole dataset
    state: str = ""  # what the part was made of: of the same state it need not be made again

    def told(self) -> dict[str, Any]:
        """As the manifest has it; what goes without saying is not said."""
        return {
            each.name: value
            for each in fields(self)
            if (value := getattr(self, each.name)) != each.default
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One consistent cut of one tenant."""

    tenant: str
    cut: str  # when, UTC, ISO 8601
    parent: str | None  # the id of the tenant's snapshot before
    audit_size: int  # entries of the tenant's log at the cut
    audit_mac: str
    engine: str
    files: tuple[File, ...]

    @property
    def text(self) -> str:
        """Canonical JSON: the same snapshot has the same text everywhere."""
        told = {each.name: getattr(self, each.name) for each in fields(self)}
        told |= {"format": FORMAT, "files": [file.told() for file in self.files]}
        return json.dumps(told, sort_keys=True, separators=(",", ":"))

    @property
    def id(self) -> SnapshotId:
        """SHA-256 of the text, which names every file by its own."""
        return SnapshotId(hashlib.sha256(self.text.encode()).hexdigest())

    @property
    def cut_at(self) -> datetime:
        """The moment that it shows."""
        return datetime.fromisoformat(self.cut)

    def files_of(self, dataset: str) -> list[File]:
        """The parts of a dataset, in order."""
        return [file for file in self.files if file.dataset == dataset]

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(file.size for file in self.files)

    def rows_of(self, dataset: str) -> int:
        """How many rows a dataset has."""
        return sum(file.rows for file in self.files_of(dataset))


def read_manifest(text: str, snapshot_id: str) -> Manifest:
    """The manifest published under that id; SnapshotDamaged when the text is another."""
    if hashlib.sha256(text.encode()).hexdigest() != snapshot_id:
        raise SnapshotDamaged(snapshot_id, "its manifest was changed")
    told: dict[str, Any] = json.loads(text)
    if told.pop("format") != FORMAT:
        raise SnapshotDamaged(snapshot_id, "its manifest has an unknown format")
    files = tuple(File(**file) for file in told.pop("files"))
    return Manifest(files=files, **told)
