"""The desk of a server: the same by its API. Facts and values travel; models are run here."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from valor_core.coverage.batches import BatchPolicy, Valued, rows_of
from valor_core.coverage.companies import Company
from valor_core.coverage.share_terms import AdrRatio
from valor_core.coverage.sourcing import basis_of, load_fact, load_sources
from valor_core.coverage.splits import Split
from valor_core.models.catalogue import model_named, model_of
from valor_core.models.codec import dump, load
from valor_core.models.simulation.kept import columns_of, simulation_of
from valor_core.models.simulation.plan import SimulationPlan
from valor_core.models.simulation.scenarios import ScenarioSet
from valor_core.models.simulation.study import Study, looked_into
from valor_core.notebook.connection import API, ChangedOnTheWay, Connection, refusal
from valor_core.notebook.desk import (
    METHODS,
    Asked,
    KeptInputs,
    Progress,
    SavedValuation,
    Seen,
    Start,
)
from valor_core.snapshots.manifest import File, Manifest, read_manifest
from valor_core.snapshots.view import View
from valor_core.values import CompanyId, FiledFact

LISTED = 200
ASKED_FIRST_S, ASKED_LAST_S = 0.05, 1.0  # how often a computation is asked how far it is


class Computation:
    """A computation on the server, asked after by its id."""

    def __init__(self, server: Connection, told: Mapping[str, Any]) -> None:
        self._server, self._told = server, told

    @property
    def _path(self) -> str:
        return f"/computations/{self._told['id']}"

    def _look(self) -> Mapping[str, Any]:
        if self._told["status"] == "running":
            self._told = self._server.get(self._path)
        return self._told

    @property
    def done(self) -> float:
        """The part that is done."""
        return self._look()["done"]

    @property
    def finished(self) -> bool:
        """Whether it has ended."""
        return self._look()["status"] != "running"

    def cancel(self) -> None:
        """Give it up."""
        self._server.delete(self._path)

    def ended(self, progress: Progress = lambda _: None) -> Mapping[str, Any]:
        """What came of it, in figures; CancelledError where it was given up."""
        pause = ASKED_FIRST_S
        while not self.finished:
            progress(self._told["done"])
            time.sleep(pause)
            pause = min(2.0 * pause, ASKED_LAST_S)
        if self._told["status"] == "cancelled":
            raise CancelledError
        if self._told["refusal"]:
            raise refusal(self._told["refusal"])
        return self._told["result"]


class RunThere:
    """A simulation on the server."""

    def __init__(self, server: Connection, begun: Any, inputs: Any, plan: SimulationPlan) -> None:
        self._server, self._computation = server, Computation(server, begun)
        self._inputs, self._plan = inputs, plan

    @property
    def done(self) -> float:
        """The part that is done."""
        return self._computation.done

    @property
    def finished(self) -> bool:
        """Whether it has ended."""
        return self._computation.finished

    def cancel(self) -> None:
        """Give it up."""
        self._computation.cancel()

    def result(self) -> Study:
        """What came of it; what moves the value is found here, by the same functions."""
        figures = self._computation.ended()
        raw = checked(self._server, figures["draws"], what="the scenarios")
        found = simulation_of(self._plan, columns_of(raw), figures)
        return looked_into(self._inputs, self._plan, found, lambda _: None)


class RemoteDesk:
    """A server, as the owner of an API key."""

    def __init__(self, server: Connection, *, named: str = "") -> None:
        self._server, self._named = server, named

    @property
    def where(self) -> str:
        """The address of the server, or what it is called instead."""
        return self._named or self._server.host

    def companies(self) -> list[Company]:
        """All that the caller may value, by name."""
        return [_company(each) for each in self._server.pages("/companies", "companies", limit=200)]

    def company(self, name: str) -> Company:
        """By ticker, CIK or id."""
        return _company(self._server.get(f"/companies/{_segment(name)}"))

    def facts(self, company_id: CompanyId, *, layer: str, as_of: date | None) -> list[FiledFact]:
        """Every vintage of every figure, those known on the day read through the layer."""
        told = self._server.pages(
            f"/companies/{company_id}/facts", "facts", vintages=True, layer=layer, as_of=as_of
        )
        return sorted(
            map(_fact, told), key=lambda f: (f.filed_on, f.accession, f.item, f.period_end)
        )

    def start(self, company_id: CompanyId, model: str, *, layer: str, as_of: date | None) -> Start:
        """Where a valuation by a model begins, as its page begins."""
        named = model_named(model)
        path = f"/companies/{company_id}/valuations/{named.slug}/start"
        told = self._server.get(path, layer=layer, as_of=as_of)
        return Start(
            inputs=load(named.inputs, told["inputs"]),
            sources=load_sources(told["sources"]),
            currency=told["currency"],
        )

    def market_methods(self, company_id: CompanyId, *, as_of: date | None, years: float) -> Asked:
        """What kept series say of a cost of capital and a volatility, by each method."""
        path = f"/companies/{company_id}/market-methods"
        rows = self._server.get(path, as_of=as_of, years=years)["methods"]
        return Asked(columns=METHODS, rows=tuple(tuple(row[n] for n in METHODS) for row in rows))

    def adjust(
        self,
        company_id: CompanyId,
        *,
        layer: str,
        item: str,
        fiscal_year: int,
        amount: float,
        rationale: str,
    ) -> str:
        """Add an amount to a filed figure in a layer; the adjustment's id."""
        body = {
            "layer": layer, "item": item, "fiscal_year": fiscal_year, "amount": amount,
            "rationale": rationale,
        }  # fmt: skip
        return self._server.post(f"/companies/{company_id}/adjustments", body)["id"]

    def batch(self, policy: BatchPolicy, progress: Progress) -> tuple[Valued, ...]:
        """Every company by the policy; counted, but not kept."""
        begun = self._server.post("/batches", {"policy": dump(policy)})
        figures = Computation(self._server, begun).ended(progress)
        return rows_of(figures)

    def valuations(self, company: str) -> list[SavedValuation]:
        """The newest 200, of one company or all."""
        page = self._server.get("/valuations", company_id=company or None, limit=LISTED)
        return [_line(each) for each in page["valuations"]]

    def valuation(self, valuation_id: str) -> KeptInputs:
        """What a saved one was made of."""
        told = self._server.get(f"/valuations/{_segment(valuation_id)}")
        sources = load_sources(told["sources"])
        day = told["as_of"] or told["at"][:10]
        return KeptInputs(
            inputs=load(model_named(told["model"]).inputs, told["inputs"]),
            sources=sources,
            basis=basis_of(sources, currency=told["currency"], facts_as_of=date.fromisoformat(day)),
        )

    def save(
        self,
        company_id: CompanyId,
        inputs: Any,
        *,
        rationale: str,
        rationales: Mapping[str, str],
        as_of: date | None,
        layer: str,
        scenarios: ScenarioSet | None,
    ) -> SavedValuation:
        """Keep a valuation."""
        body = {
            "inputs": dump(inputs), "rationale": rationale, "rationales": dict(rationales),
            "as_of": as_of.isoformat() if as_of else None, "layer": layer,
            "scenarios": dump(scenarios)["scenarios"] if scenarios else None,
        }  # fmt: skip
        path = f"/companies/{company_id}/valuations/{model_of(inputs).slug}"
        return _line(self._server.post(path, body))

    def simulate(self, company_id: CompanyId, inputs: Any, plan: SimulationPlan) -> RunThere:
        """Begin a simulation of the company's value; counted, but not kept."""
        body = {"model": model_of(inputs).name, "inputs": dump(inputs), "plan": dump(plan)}
        begun = self._server.post(f"/companies/{company_id}/simulations", body)
        return RunThere(self._server, begun, inputs, plan)

    def publish(self) -> Manifest:
        """Publish a snapshot of all that the tenant has now."""
        return self.snapshot(self._server.post("/snapshots")["id"])

    def latest(self, as_of: datetime | None) -> Manifest:
        """The newest snapshot, or the newest that was cut by a moment."""
        moment = as_of.isoformat() if as_of else None
        return self.snapshot(self._server.get("/snapshots/latest", as_of=moment)["id"])

    def snapshot(self, snapshot_id: str) -> Manifest:
        """The snapshot of that id, or of the id that begins so."""
        text = self._server.raw(f"/snapshots/{_segment(snapshot_id)}/manifest").text
        found = hashlib.sha256(text.encode()).hexdigest()
        if not found.startswith(snapshot_id):
            raise ChangedOnTheWay("the manifest of the snapshot")
        return read_manifest(text, found)

    def snapshots(self) -> Asked:
        """The newest 200: id, cut, figures, values."""
        rows = self._server.get("/snapshots", limit=LISTED)["snapshots"]
        told = [(r["id"], _moment(r["at"]), r["facts"], r["valuations"]) for r in rows]
        return Asked(columns=("id", "cut", "figures", "values"), rows=tuple(told))

    def queries(self, snapshot_id: str) -> Asked:
        """What can be asked of a snapshot."""
        rows = self._server.get(f"/snapshots/{snapshot_id}/queries")
        told = [
            (q["name"], q["meaning"], ", ".join(p["name"] for p in q["parameters"])) for q in rows
        ]
        return Asked(columns=("query", "tells", "parameters"), rows=tuple(told))

    def ask(
        self, snapshot_id: str, query: str, told: Mapping[str, str], *, compared_with: str | None
    ) -> Asked:
        """The answer of a named query."""
        answer = self._server.get(
            f"/snapshots/{snapshot_id}/queries/{_segment(query)}",
            compared_with=compared_with,
            **told,
        )
        kinds = [each["kind"] for each in answer["columns"]]
        return Asked(
            columns=tuple(each["name"] for each in answer["columns"]),
            rows=tuple(
                tuple(_cell(kind, cell) for kind, cell in zip(kinds, row, strict=True))
                for row in answer["rows"]
            ),
            more=answer["more"],
        )

    def ask_in_sql(self, snapshot_id: str, sql: str) -> Asked:
        """The answer of one SELECT."""
        answer = self._server.get(f"/snapshots/{snapshot_id}/sql", sql=sql)
        return Asked(
            columns=tuple(answer["columns"]),
            rows=tuple(map(tuple, answer["rows"])),
            more=answer["more"],
        )

    def explore(self, snapshot_id: str, view: View) -> Seen:
        """What a view shows of a snapshot."""
        told = self._server.post("/analytics/explore", asdict(view) | {"snapshot": snapshot_id})
        kinds = [each["kind"] for each in told["columns"]]

        def read(row: Sequence[Any]) -> tuple[Any, ...]:
            return tuple(_cell(kind, cell) for kind, cell in zip(kinds, row, strict=True))

        return Seen(
            columns=tuple(each["name"] for each in told["columns"]),
            rows=tuple(map(read, told["rows"])),
            totals=None if told["totals"] is None else read(told["totals"]),
            rows_in_all=told["rows_in_all"],
        )

    def part(self, snapshot_id: str, file: File) -> bytes:
        """A part of a dataset as it was published, its bytes checked."""
        address = f"/snapshots/{snapshot_id}/parts/{file.sha256}"
        return checked(self._server, address, what=f"the dataset {file.dataset}")

    def verify(self, snapshot_id: str) -> bool:
        """Whether every byte of a snapshot is what was published."""
        return self._server.get(f"/snapshots/{snapshot_id}/verify")["holds"]


def checked(server: Connection, address: str, *, what: str) -> bytes:
    """A file whose address ends with the SHA-256 of what it holds."""
    raw = server.raw(address.removeprefix(API)).content
    if hashlib.sha256(raw).hexdigest() != address.rpartition("/")[2]:
        raise ChangedOnTheWay(what)
    return raw


def _segment(text: str) -> str:
    """A name as one part of a path."""
    return quote(text, safe="")


def _company(told: dict[str, Any]) -> Company:
    splits = tuple(Split(**s | {"on": _a_day(s["on"])}) for s in told["stated_splits"])
    adr = told["adr"] and AdrRatio(**told["adr"] | {"since": _a_day(told["adr"]["since"])})
    return Company(**told | {"stated_splits": splits, "adr": adr})


def _a_day(told: str) -> date:
    return date.fromisoformat(told)


def _fact(told: Mapping[str, Any]) -> FiledFact:
    layered = ("filed_value", "adjustments")
    return load_fact(
        told
        if told["adjustments"]
        else {name: each for name, each in told.items() if name not in layered}
    )


def _line(told: Mapping[str, Any]) -> SavedValuation:
    return SavedValuation(
        id=told["id"],
        company_id=told["company_id"],
        company_name=told["company_name"],
        model=told["model"],
        run_id=told["run_id"],
        headline=told["headline"]["value"],
        currency=told["currency"],
        rationale=told["rationale"],
        saved_at=_moment(told["at"]),
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _cell(kind: str, cell: Any) -> Any:
    if kind == "day" and cell is not None:
        return date.fromisoformat(cell)
    if kind == "moment" and cell is not None:
        return _moment(cell).replace(tzinfo=None)
    return cell
