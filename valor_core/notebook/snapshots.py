"""A tenant's snapshots in a notebook: cuts that never change, and questions asked of them."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING

from valor_core.errors import NotFound
from valor_core.notebook.desk import Asked, Desk
from valor_core.notebook.display import shown, two_columns
from valor_core.snapshots.datasets import DATASETS

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from valor_core.snapshots.manifest import Manifest
    from valor_core.snapshots.view import View


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The snapshots of a tenant."""

    _desk: Desk

    def publish(self) -> "Snapshot":
        """A cut of all that the tenant has now."""
        return Snapshot(self._desk, self._desk.publish())

    def latest(self, as_of: datetime | None = None) -> "Snapshot":
        """The newest one, or the newest that was cut by a moment."""
        return Snapshot(self._desk, self._desk.latest(as_of))

    def __getitem__(self, snapshot_id: str) -> "Snapshot":
        return Snapshot(self._desk, self._desk.snapshot(snapshot_id))

    def list(self) -> "pd.DataFrame":
        """The newest 200, one a row."""
        return _table(self._desk.snapshots())

    def __repr__(self) -> str:
        return f"<snapshots, {self._desk.where}: latest(), list(), publish(), or [id]>"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One cut of a tenant; it never changes. A dataset of it is `snapshot["facts"]`."""

    _desk: Desk
    manifest: "Manifest"

    @property
    def id(self) -> str:
        """The SHA-256 of its manifest, which vouches for every byte."""
        return self.manifest.id

    @property
    def datasets(self) -> "pd.DataFrame":
        """What it holds, one dataset a row."""
        import pandas as pd

        table = [(d.name, d.label, d.row, self.manifest.rows_of(d.name)) for d in DATASETS.values()]
        return pd.DataFrame(table, columns=["dataset", "holds", "a row is", "rows"])

    def __getitem__(self, dataset: str) -> "Relation":
        if dataset not in DATASETS:
            raise NotFound("dataset", dataset[:80], hint=f"Choose among {', '.join(DATASETS)}.")
        return Relation(self._desk, self.manifest, dataset=dataset)

    def sql(self, select: str) -> "Relation":
        """The rows of one SELECT over the datasets and `coverage`; it is asked once it is read."""
        return Relation(self._desk, self.manifest, select=select)

    @property
    def queries(self) -> "pd.DataFrame":
        """What can be asked of it by name, one a row."""
        return _table(self._desk.queries(self.id))

    def query(
        self, name: str, *, compared_with: str | None = None, **parameters: object
    ) -> "pd.DataFrame":
        """The answer of a named query; what it stands on is in `.attrs`."""
        told = {each: str(value) for each, value in parameters.items()}
        answer = self._desk.ask(self.id, name, told, compared_with=compared_with)
        table = _table(answer)
        table.attrs = {"snapshot_id": self.id, "cut": self.manifest.cut, "more": answer.more}
        return table

    def explore(self, view: "View") -> "pd.DataFrame":
        """What a view shows of it, one line a group or a row; totals are in `.attrs`."""
        import pandas as pd

        found = self._desk.explore(self.id, view)
        table = pd.DataFrame(list(found.rows), columns=list(found.columns))
        table.attrs = {
            "snapshot_id": self.id,
            "cut": self.manifest.cut,
            "totals": found.totals,
            "rows_in_all": found.rows_in_all,
        }
        return table

    def verify(self) -> bool:
        """Whether every byte is what was published, and the audit log stood where it says."""
        return self._desk.verify(self.id)

    def __repr__(self) -> str:
        made = self.manifest
        held = f"{made.rows_of('facts'):,} figures, {made.rows_of('valuations'):,} values"
        return f"<snapshot {self.id[:12]} of {made.cut_at:%Y-%m-%d %H:%M:%S} UTC: {held}>"

    def _repr_html_(self) -> str:
        made = self.manifest
        rows = [
            (d.label, f"{count:,}") for d in DATASETS.values() if (count := made.rows_of(d.name))
        ]
        return shown(
            f"Snapshot of {made.cut_at:%Y-%m-%d %H:%M:%S} UTC",
            two_columns(rows),
            provenance=f"{made.id[:16]}, {len(made.files)} files, after {made.audit_size:,} "
            f"entries of the audit log, {self._desk.where}",
        )


class Relation:
    """Rows of a snapshot that nobody has read yet: a whole dataset, or the rows of a SELECT.

    A dataset comes as it was published, each file checked by its SHA-256; a SELECT is answered
    where the data are, with 10,000 rows at most.
    """

    def __init__(
        self, desk: Desk, manifest: "Manifest", *, dataset: str = "", select: str = ""
    ) -> None:
        self._desk, self._manifest = desk, manifest
        self._dataset, self._select = dataset, select

    @cached_property
    def _read(self) -> "pa.Table":
        import pyarrow as pa
        import pyarrow.parquet as pq

        if self._select:
            answer = self._desk.ask_in_sql(self._manifest.id, self._select)
            columns = zip(*answer.rows, strict=True) if answer.rows else [[]] * len(answer.columns)
            table = pa.table([list(column) for column in columns], names=list(answer.columns))
            return table.replace_schema_metadata({"more": str(answer.more).lower()})
        parts = [
            pq.read_table(BytesIO(self._desk.part(self._manifest.id, file)))
            for file in self._manifest.files_of(self._dataset)
        ]
        return pa.concat_tables(parts) if parts else DATASETS[self._dataset].schema.empty_table()

    def arrow(self) -> "pa.Table":
        """The rows as an Arrow table."""
        return self._read

    def df(self) -> "pd.DataFrame":
        """The rows as a table of pandas; what they stand on is in `.attrs`."""
        table = self._read.to_pandas()
        table.attrs = {"snapshot_id": self._manifest.id, "cut": self._manifest.cut}
        return table

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns; of a SELECT they are known once it is read."""
        if self._dataset and "_read" not in self.__dict__:
            return tuple(name for name, _ in DATASETS[self._dataset].columns)
        return tuple(self._read.column_names)

    @property
    def _told(self) -> str:
        if "_read" in self.__dict__:
            return f"{self._read.num_rows:,} rows"
        if self._dataset:
            return f"{self._manifest.rows_of(self._dataset):,} rows, not read yet"
        return "not asked yet"

    def __repr__(self) -> str:
        return f"<{self._dataset or self._select[:60]}: {self._told}>"

    def _repr_html_(self) -> str:
        named = DATASETS[self._dataset].label if self._dataset else "SQL"
        return shown(
            f"{named}: {self._told}",
            f"<p><code>{', '.join(self.columns)}</code></p>" if self._dataset else "",
            f"<p>{'<code>.df()</code> or <code>.arrow()</code> reads them.'}</p>",
            provenance=f"snapshot {self._manifest.id[:16]} of "
            f"{self._manifest.cut_at:%Y-%m-%d %H:%M:%S} UTC",
        )


def _table(asked: Asked) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(list(asked.rows), columns=list(asked.columns))
