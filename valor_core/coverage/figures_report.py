"""A report of figures in words: what it tells is gathered before, so its notebook asks no database.

Told are key figures, notices and lists for readers; the numbers behind them and the spreadsheets
for whoever computes further.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

from valor_core.coverage.report_document import OtherDocument

SCHEMA = "figures-report/1"
NOT_FOR_READERS = ("spreadsheets", "audit_checkpoint", "gathered_at", "names")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list in words; `empty` says what a reader makes of it where it has no rows."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[str] = ()  # the columns that hold figures
    empty: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a report tells, before it is known who asked and what it stands on."""

    title: str
    about: str
    key_figures: Mapping[str, str] = field(default_factory=dict)
    notices: Sequence[str] = ()
    lists: Mapping[str, Listing]
    figures: Mapping[str, Any]
    spreadsheets: Mapping[str, str] = field(default_factory=dict)  # file name → CSV

    def document(self, report: str, parameters: Mapping[str, Any], **known: Any) -> dict[str, Any]:
        """As JSON values; the run id names the report, what it was asked, and what it tells."""
        told = {"schema": SCHEMA, "report": report, "parameters": dict(parameters), **asdict(self)}
        plain = json.dumps(told, sort_keys=True, allow_nan=False)
        return {**json.loads(plain), "run_id": sha256(plain.encode()).hexdigest(), **known}


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresReport:
    """The document in a run's folder, as its notebook reads it."""

    told: dict[str, Any]

    @property
    def figures(self) -> dict[str, Any]:
        """The numbers behind what is told."""
        return self.told["figures"]

    def headline(self) -> str:
        """Title, what it is about, and who asked for it when, as HTML; every text is escaped."""
        asked = f"Asked for by {self.told['asked_by']}, as it was at {self.told['told_at']}"
        return (
            f"<h1>{escape(self.told['title'])}</h1>"
            f"<p>{escape(self.told['about'])}</p>"
            f'<p class="quiet">{escape(asked)}; run id <code>{self.told["run_id"]}</code></p>'
        )

    def listing(self, name: str) -> Listing:
        """One of its lists."""
        return Listing(**self.told["lists"][name])

    def provenance(self) -> list[tuple[str, str]]:
        """What is needed to make the same report again, by name."""
        code = self.told["code"]
        asked = ", ".join(f"{name}={value}" for name, value in self.told["parameters"].items())
        return [
            ("Run id", self.told["run_id"]),
            ("Snapshot id", self.told["snapshot_id"]),
            ("Snapshot published", self.told["snapshot_at"]),
            ("Code revision", code["revision"] or f"package {code['package']}"),
            ("Package and lock", f"{code['package']}, {code['lock_sha256']}"),
            ("Parameters", asked or "none"),
        ]

    def write(self, folder: Path) -> None:
        """The outcome as JSON, and each of its spreadsheets byte for byte."""
        told = {name: value for name, value in self.told.items() if name not in NOT_FOR_READERS}
        plain = json.dumps(told, sort_keys=True, indent=1, allow_nan=False)
        (folder / "result.json").write_text(plain + "\n")
        for name, text in self.told["spreadsheets"].items():
            (folder / name).write_bytes(text.encode())


def read_figures(path: Path, *, report: str, parameters: Mapping[str, Any]) -> FiguresReport:
    """The document in a run's folder; OtherDocument unless it was made for these parameters."""
    told = json.loads(path.read_text())
    asked = told.get("report"), told["parameters"]
    if told["schema"] != SCHEMA or asked != (report, dict(parameters)):
        raise OtherDocument(path)
    return FiguresReport(told=told)
