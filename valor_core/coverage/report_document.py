"""What a report is made from: one JSON document, so that its notebook needs no database.

The document is written beside the run before anything is computed, and kept with the result.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from valor_core.coverage.companies import Company
from valor_core.coverage.sourcing import basis_of, dump_sources, load_sources
from valor_core.errors import BadInput, Conflict
from valor_core.models.catalogue import Model, model_named
from valor_core.models.checks import Check, checks_of
from valor_core.models.codec import dump, load
from valor_core.models.conventions import Basis, conventions_of, valued_as_of
from valor_core.models.dcf import DcfInputs, DcfResult, discounted_cash_flow
from valor_core.models.paths import Fade
from valor_core.models.run_id import run_id
from valor_core.models.sensitivity import Grid, grid
from valor_core.models.workings import Workings, record
from valor_core.values import Source

SCHEMA = "valuation-report/1"
STEPS = np.arange(-3, 4)
SAME = 1e-9


class OtherResult(Conflict):
    """The notebook's own run of the model gives another value than the document tells."""

    code = "other_result"

    def __init__(self, *, told: float, computed: float) -> None:
        super().__init__(
            f"The value per share is {computed:.6f} here and {told:.6f} in the document.",
            hint="The code has changed since: value the company anew.",
        )


class OtherDocument(BadInput):
    """The document was made for other parameters, or by another version."""

    code = "other_document"

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path.name} was not made for this report with these parameters.",
            hint="Run the report by `valor report run`, which writes the document.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDocument:
    """A valuation with all that a reader needs to check it."""

    company: dict[str, Any]
    parameters: dict[str, Any]
    inputs: DcfInputs
    sources: dict[str, Source]
    warnings: tuple[str, ...]
    value_per_share: float
    currency: str
    run_id: str
    valuation_id: str | None  # None where no valuation was saved
    rationale: str
    author: str
    valued_at: datetime
    facts_as_of: date | None
    snapshot_id: str
    snapshot_at: datetime
    code: dict[str, Any]

    @property
    def model(self) -> Model:
        """The model that values it."""
        return model_named("dcf")

    @property
    def basis(self) -> Basis:
        """What the value rests on beside its numbers."""
        known = self.facts_as_of or self.valued_at.date()
        return basis_of(self.sources, currency=self.currency, facts_as_of=known)

    def conventions(self) -> dict[str, str]:
        """The conventions that the value rests on, in words."""
        return conventions_of(self.inputs, self.basis)

    def result(self) -> DcfResult:
        """Every line of the valuation, computed here; OtherResult where it is not the one told."""
        result = discounted_cash_flow(self.inputs)
        computed = float(result.value_per_share)
        if abs(computed - self.value_per_share) > SAME * max(abs(self.value_per_share), 1.0):
            raise OtherResult(told=self.value_per_share, computed=computed)
        return result

    def workings(self) -> Workings:
        """The formulas behind every number."""
        return record(discounted_cash_flow, self.inputs)

    def headline(self) -> str:
        """Title and author as HTML; every text is escaped."""
        ticker = self.company["ticker"]
        name = self.company["name"] + (f" ({ticker})" if ticker else "")
        day = self.valued_at.date().isoformat()
        return (
            f"<h1>{escape(name)}</h1>"
            f'<p class="quiet">Discounted cash flow by {escape(self.author)}, {day}</p>'
            f"<p>{escape(valued_as_of(self.inputs, self.basis))}</p>"
            f"<p>{escape(self.rationale)}</p>"
        )

    def provenance(self) -> list[tuple[str, str]]:
        """What is needed to make the same report again, by name."""
        code = self.code
        revision = code["revision"] or f"package {code['package']}"
        altered = ", with uncommitted changes" if code["altered"] else ""
        asked = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        return [
            ("Run id", self.run_id),
            ("Saved valuation", self.valuation_id or "none; valued for this report"),
            ("Model", f"{self.model.name} version {self.model.version}"),
            ("Snapshot id", self.snapshot_id),
            ("Snapshot published", self.snapshot_at.isoformat(timespec="seconds")),
            ("Code revision", revision + altered),
            ("Package and lock", f"{code['package']}, {code['lock_sha256']}"),
            ("Parameters", asked),
        ]

    def checks(self) -> tuple[Check, ...]:
        """What an experienced reader would question."""
        return checks_of(self.inputs, self.result())

    def sensitivity(self) -> Grid:
        """The value per share around the base: terminal growth down, cost of capital across."""
        path, base = self.capital_axis()
        growth = float(self.inputs.terminal_growth)
        return grid(
            self.inputs,
            ("terminal_growth", (growth + 0.005 * STEPS).tolist()),
            (path, (base + 0.01 * STEPS).tolist()),
        )

    def capital_axis(self) -> tuple[str, float]:
        """The one number that moves the cost of capital, by its path, and where it stands."""
        wacc, capital = self.inputs.wacc, self.inputs.cost_of_capital
        if isinstance(wacc, Fade) and wacc.start is not None:
            return "wacc.start", float(wacc.start)
        if capital is not None:
            return "cost_of_capital.risk_free", float(capital.risk_free)
        last = self.inputs.terminal_wacc
        return "terminal_wacc", float(self.result().waccs[-1] if last is None else last)

    def write_result(self, path: Path) -> None:
        """The whole outcome as JSON; nothing in it is NaN."""
        told = {
            "schema": SCHEMA,
            "company": self.company,
            "parameters": self.parameters,
            "model": self.model.name,
            "model_version": self.model.version,
            "run_id": self.run_id,
            "valuation_id": self.valuation_id,
            "snapshot_id": self.snapshot_id,
            "code": self.code,
            "inputs": dump(self.inputs),
            "result": dump(self.result()),
            "currency": self.currency,
            "conventions": self.conventions(),
            "checks": [asdict(check) for check in self.checks()],
            "warnings": list(self.warnings),
        }
        path.write_text(json.dumps(told, sort_keys=True, indent=1, allow_nan=False) + "\n")


def document_of(
    company: Company,
    inputs: DcfInputs,
    sources: Mapping[str, Source],
    *,
    parameters: Mapping[str, Any],
    **told: Any,
) -> dict[str, Any]:
    """The document as JSON values; `told` is what ReportDocument says of the valuation."""
    return {
        "schema": SCHEMA,
        "company": {"id": company.id, "name": company.name, "ticker": company.ticker,
                    "cik": company.cik},
        "parameters": dict(parameters),
        "inputs": dump(inputs),
        "sources": dump_sources(sources),
        "value_per_share": float(discounted_cash_flow(inputs).value_per_share),
        "run_id": run_id(model_named("dcf"), inputs),
        **told,
    }  # fmt: skip


def read_document(path: Path, *, parameters: Mapping[str, Any]) -> ReportDocument:
    """The document in a run's folder; OtherDocument unless it was made for these parameters."""
    told = json.loads(path.read_text())
    if told["schema"] != SCHEMA or told["parameters"] != dict(parameters):
        raise OtherDocument(path)
    as_of = told["facts_as_of"]
    return ReportDocument(
        company=told["company"],
        parameters=told["parameters"],
        inputs=load(DcfInputs, told["inputs"]),
        sources=load_sources(told["sources"]),
        warnings=tuple(told["warnings"]),
        value_per_share=told["value_per_share"],
        currency=told["currency"],
        run_id=told["run_id"],
        valuation_id=told["valuation_id"],
        rationale=told["rationale"],
        author=told["author"],
        valued_at=datetime.fromisoformat(told["valued_at"]),
        facts_as_of=date.fromisoformat(as_of) if as_of else None,
        snapshot_id=told["snapshot_id"],
        snapshot_at=datetime.fromisoformat(told["snapshot_at"]),
        code=told["code"],
    )
