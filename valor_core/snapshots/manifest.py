"""What a snapshot is: a manifest that names every file by its SHA-256; its id is its own."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
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
    """One dataset of a snapshot."""

    dataset: str
    path: str  # below the folder of all snapshots
    sha256: str
    size: int  # bytes
    rows: int


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
        return json.dumps({"format": FORMAT, **asdict(self)}, sort_keys=True, separators=(",", ":"))

    @property
    def id(self) -> SnapshotId:
        """SHA-256 of the text, which names every file by its own."""
        return SnapshotId(hashlib.sha256(self.text.encode()).hexdigest())

    def rows_of(self, dataset: str) -> int:
        """How many rows a dataset has."""
        return sum(file.rows for file in self.files if file.dataset == dataset)


def read_manifest(text: str, snapshot_id: str) -> Manifest:
    """The manifest published under that id; SnapshotDamaged when the text is another."""
    if hashlib.sha256(text.encode()).hexdigest() != snapshot_id:
        raise SnapshotDamaged(snapshot_id, "its manifest was changed")
    told: dict[str, Any] = json.loads(text)
    if told.pop("format") != FORMAT:
        raise SnapshotDamaged(snapshot_id, "its manifest has an unknown format")
    files = tuple(File(**file) for file in told.pop("files"))
    return Manifest(files=files, **told)


def check_files(root: Path, manifest: Manifest) -> None:
    """DuckDB reads a Parquet file with a flipped bit without complaint: the bytes come first."""
    for file in manifest.files:
        try:
            with (root / file.path).open("rb") as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
        except FileNotFoundError as error:
            raise SnapshotDamaged(
                manifest.id, f"the file of {file.dataset} is missing", parent=manifest.parent
            ) from error
        if found != file.sha256:
            raise SnapshotDamaged(
                manifest.id, f"the bytes of {file.dataset} were changed", parent=manifest.parent
            )
