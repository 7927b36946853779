"""What a report is made from: one JSON document, so that its notebook needs no database.

The document is written beside the run before anything is computed, and kept with the result.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from valor_core.amounts import Scale, in_money
from valor_core.coverage.companies import Company
from valor_core.coverage.sourcing import basis_of, dump_sources, load_sources
from valor_core.errors import BadInput, Conflict
from valor_core.models.basis import Basis
from valor_core.models.catalogue import checks_of, model_named
from valor_core.models.checks import Check
from valor_core.models.codec import dump, load
from valor_core.models.conventions import conventions_of, valued_as_of
from valor_core.models.dcf import DcfInputs, DcfResult, discounted_cash_flow
from valor_core.models.fields import Unit
from valor_core.models.model import Model
from valor_core.models.paths import Fade
from valor_core.models.run_id import run_id
from valor_core.models.sensitivity import Grid, grid
from valor_core.models.workings import Workings, record
from valor_core.values import Source

SCHEMA = "valuation-report/1"
STEPS = np.arange(-3, 4)
SAME = 1e-9
CAPITAL = {
    "wacc.start": "WACC",
    "cost_of_capital.risk_free": "risk-free rate in the cost of capital",
    "terminal_wacc": "terminal WACC",
}
"""What moves the cost of capital, as the report calls it."""
UNTOLD = ("claims", "other_assets", "equity_value", "diluted_shares", "value_per_share")
"""Lines of the result that mean nothing while an item of the bridge is open."""
ABOUT_EQUITY = ("equity",)


class OtherResult(Conflict):
    """The notebook's own run of the model gives another value than the document tells."""

    code = "other_result"

    def __init__(self, *, told: float, computed: float, line: str = "value per share") -> None:
        super().__init__(
            f"The {line} is {computed:.6f} here and {told:.6f} in the document.",
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
    enterprise_value: float
    value_per_share: float | None  # None while an item of the bridge waits to be stated
    currency: str
    run_id: str
    valuation_id: str | None  # None where no valuation was saved
    rationale: str
    author: str
    asked_by: str
    valued_at: datetime
    facts_as_of: date | None
    snapshot_id: str
    snapshot_at: datetime
    code: dict[str, Any]
    amounts_in: Scale

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

    @property
    def open_items(self) -> dict[str, str]:
        """The items of the bridge that wait to be stated, each with what the filings lack."""
        missing = self.inputs.bridge.missing
        sources = ((item, self.sources.get(f"bridge.{item}")) for item in missing)
        return {item: source.text if source else "nobody has stated it" for item, source in sources}

    def result(self) -> DcfResult:
        """Every line of the valuation, computed here; OtherResult where it is not the one told.

        While an item of the bridge is open, the lines UNTOLD of it mean nothing.
        """
        result = discounted_cash_flow(operations(self.inputs))
        lines = [("enterprise_value", self.enterprise_value)]
        if self.value_per_share is not None:
            lines.append(("value_per_share", self.value_per_share))
        for name, told in lines:
            computed = float(getattr(result, name))
            if abs(computed - told) > SAME * max(abs(told), 1.0):
                raise OtherResult(told=told, computed=computed, line=name.replace("_", " "))
        return result

    def workings(self) -> Workings:
        """The formulas behind every number."""
        return record(discounted_cash_flow, operations(self.inputs))

    def headline(self) -> str:
        """Title, whose valuation it is and as of when, as HTML; every text is escaped."""
        ticker = self.company["ticker"]
        name = self.company["name"] + (f" ({ticker})" if ticker else "")
        day = self.valued_at.date().isoformat()
        whose = (
            f"Discounted cash flow as saved by {self.author} on {day}"
            if self.valuation_id
            else f"Discounted cash flow for a report that {self.asked_by} asked for, {day}"
        )
        return (
            f"<h1>{escape(name)}</h1>"
            f'<p class="quiet">{escape(whose)}; run id <code>{self.run_id}</code></p>'
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
            ("Asked for by", self.asked_by),
            ("Parameters", asked),
        ]

    def checks(self) -> tuple[Check, ...]:
        """What an experienced reader would question."""
        checks = checks_of(self.inputs, self.result())
        return tuple(c for c in checks if not (self.open_items and c.name in ABOUT_EQUITY))

    def sensitivity(self) -> Grid:
        """The value, as far as there is one, by terminal growth and by what moves the WACC."""
        path, base = self.capital_axis()
        growth = float(self.inputs.terminal_growth)
        return grid(
            operations(self.inputs),
            ("terminal_growth", (growth + 0.005 * STEPS).tolist()),
            (path, (base + 0.01 * STEPS).tolist()),
            field="enterprise_value" if self.open_items else "value_per_share",
        )

    def sensitivity_unit(self) -> Unit:
        """In what the cells of the sensitivity are."""
        return Unit.MONEY if self.open_items else Unit.MONEY_PER_SHARE

    def sensitivity_caption(self) -> str:
        """What the sensitivity shows, with its unit, as HTML."""
        what = (
            f"Enterprise value in {escape(in_money(self.currency))}"
            if self.open_items
            else f"Value per share in {escape(self.currency)}"
        )
        return f"<p>{what}, by growth after the forecast and by the {self.capital_label()}.</p>"

    def capital_axis(self) -> tuple[str, float]:
        """The one number that moves the cost of capital, by its path, and where it stands."""
        wacc, capital = self.inputs.wacc, self.inputs.cost_of_capital
        if isinstance(wacc, Fade) and wacc.start is not None:
            return "wacc.start", float(wacc.start)
        if capital is not None:
            return "cost_of_capital.risk_free", float(capital.risk_free)
        last = self.inputs.terminal_wacc
        return "terminal_wacc", float(self.result().waccs[-1] if last is None else last)

    def capital_label(self) -> str:
        """What moves the cost of capital, in words."""
        return CAPITAL[self.capital_axis()[0]]

    def write_result(self, path: Path) -> None:
        """The whole outcome as JSON; nothing in it is NaN, and what waits is null."""
        untold = dict.fromkeys(UNTOLD) if self.open_items else {}
        told = {
            "schema": SCHEMA,
            "company": self.company,
            "parameters": self.parameters,
            "model": self.model.name,
            "model_version": self.model.version,
            "run_id": self.run_id,
            "valuation_id": self.valuation_id,
            "author": self.author,
            "rationale": self.rationale,
            "asked_by": self.asked_by,
            "snapshot_id": self.snapshot_id,
            "code": self.code,
            "inputs": dump(self.inputs),
            "result": {**dump(self.result()), **untold},
            "open_items": [
                {"input": f"bridge.{item}", "why": why} for item, why in self.open_items.items()
            ],
            "currency": self.currency,
            "conventions": self.conventions(),
            "checks": [asdict(check) for check in self.checks()],
            "warnings": list(self.warnings),
        }
        path.write_text(json.dumps(told, sort_keys=True, indent=1, allow_nan=False) + "\n")


def operations(inputs: DcfInputs) -> DcfInputs:
    """Inputs that the model takes although items are open: good for what does not hang on them."""
    missing = inputs.bridge.missing
    return replace(inputs, bridge=replace(inputs.bridge, **dict.fromkeys(missing, 0.0)))


def document_of(
    company: Company,
    inputs: DcfInputs,
    sources: Mapping[str, Source],
    *,
    parameters: Mapping[str, Any],
    **told: Any,
) -> dict[str, Any]:
    """The document as JSON values; `told` is what ReportDocument says of the valuation."""
    result = discounted_cash_flow(operations(inputs))
    return {
        "schema": SCHEMA,
        "company": {"id": company.id, "name": company.name, "ticker": company.ticker,
                    "cik": company.cik},
        "parameters": dict(parameters),
        "inputs": dump(inputs),
        "sources": dump_sources(sources),
        "enterprise_value": float(result.enterprise_value),
        "value_per_share": None if inputs.bridge.missing else float(result.value_per_share),
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
        enterprise_value=told["enterprise_value"],
        value_per_share=told["value_per_share"],
        currency=told["currency"],
        run_id=told["run_id"],
        valuation_id=told["valuation_id"],
        rationale=told["rationale"],
        author=told["author"],
        asked_by=told["asked_by"],
        valued_at=datetime.fromisoformat(told["valued_at"]),
        facts_as_of=date.fromisoformat(as_of) if as_of else None,
        snapshot_id=told["snapshot_id"],
        snapshot_at=datetime.fromisoformat(told["snapshot_at"]),
        code=told["code"],
        amounts_in=Scale(told.get("amounts_in", Scale.MILLIONS)),
    )
