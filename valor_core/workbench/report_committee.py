"""The valuation committee book: one company's figures, all its saved values, why, and the proof."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from valor_core.amounts import shown as scale
from valor_core.audit import log as audit
from valor_core.charts.style import money
from valor_core.coverage import companies, valuations
from valor_core.coverage.asof import known
from valor_core.coverage.companies import Company
from valor_core.coverage.figures_report import Listing, Told
from valor_core.coverage.items import ITEM, Measure
from valor_core.coverage.valuations import OF_SHARES
from valor_core.errors import ValorError
from valor_core.models.catalogue import MODELS
from valor_core.models.dilution import Shares
from valor_core.models.explained import shown, source_text
from valor_core.models.lines import Line, spoken
from valor_core.models.sensitivity import grid
from valor_core.store.work import Work
from valor_core.values import FiledFact, ValuationId, from_micros
from valor_core.workbench import people
from valor_core.workbench.football import by_lbo, discounting
from valor_core.workbench.licences import (
    held_back,
    held_back_from,
    may_be_given_on,
    told_of_held_back,
)
from valor_core.workbench.report_parts import MILLION, percent, person, spreadsheet, worth
from valor_core.workbench.valuations import Saved, read_valuation

YEARS = 5
STEPS = (-0.01, -0.005, 0.0, 0.005, 0.01)
LINES_SHOWN = 60
VALUES_SHOWN = 3
RATES = {"cost_of_capital.risk_free": "risk-free rate", "wacc.start": "cost of capital"}
SHEET = ("method", "kind", "name", "value", "told")
NONE_YET = (
    "No value of the company is saved yet. Value it on the page DCF, say why, and save it: the "
    "book then tells it."
)
NO_DCF = "No DCF of the company is saved, so there is nothing to vary."


def tell(work: Work, given: Mapping[str, Any]) -> Told:
    """All that is known and saved of one company."""
    company = companies.company(work, given["company"])
    names, figures = people.names(work), known(companies.facts(work, company.id))
    saved = list(_newest(work, company))
    told = [each for each in saved if not held_back_from(each.sources.values())]
    assumptions = [row for each in told for row in _assumptions(each, names)]
    workings = [row for each in told for row in _workings(each)]
    ranges = list(_ranges(saved))
    return Told(
        title=f"Valuation committee book: {company.name}",
        about=f"The newest saved value by each method on {work.now:%Y-%m-%d}, what each rests on, "
        "and what proves it.",
        key_figures={
            spoken(each.model.name): worth(
                each.model, each.row.headline, each.row.currency
            )
            for each in saved
        },
        notices=[*(_notices(ranges) if saved else [NONE_YET]), *_left_out(figures, saved)],
        lists={
            "facts": _facts({at: fact for at, fact in figures.items() if may_be_given_on(fact)}),
            "methods": _methods(saved, names),
            "assumptions": _shown(
                "Each input that a value rests on, and where it comes from",
                ("Method", "Input", "Value", "Where it comes from"),
                assumptions,
            ),
            "sensitivity": _sensitivity(saved),
            "workings": _shown(
                "Each line of a result with its formula",
                ("Method", "Line", "Value", "Formula"),
                workings,
            ),
            "proof": _proof(work, saved, names),
        },
        figures={
            "company": {"id": company.id, "name": company.name, "ticker": company.ticker},
            "ranges": ranges,
            "values": [
                {"model": each.model.name, "value": each.row.headline, "run_id": each.row.run_id,
                 "currency": each.row.currency, "valuation_id": each.row.id}
                for each in saved
            ],
        },
        spreadsheets={
            "committee_book.csv": spreadsheet(
                SHEET,
                [(m, "assumption", n, v, t) for m, n, v, t in assumptions]
                + [(m, "line", n, v, t) for m, n, v, t in workings],
            )
        },
    )  # fmt: skip


def _newest(work: Work, company: Company) -> Iterator[Saved]:
    for model in MODELS:
        row = valuations.newest_of(work, company.id, model.name, as_of=None)
        if row:
            yield read_valuation(work, ValuationId(row.id))


def _notices(ranges: Sequence[Mapping[str, Any]]) -> list[str]:
    """How far the methods are apart, where several value a share in one currency."""
    values = [each["mid"] for each in ranges if each["currency"] == ranges[0]["currency"]]
    if len(values) < 2 or min(values) <= 0:
        return []
    apart = max(values) / min(values) - 1.0
    return [f"The methods are {percent(apart)} apart: {min(values):,.2f} to {max(values):,.2f}."]


def _left_out(figures: Mapping[tuple[str, int], FiledFact], saved: Sequence[Saved]) -> list[str]:
    """What is known here and may not be given on: figures, and what shows them in a value."""
    found = []
    if titles := held_back(figures.values()):
        found.append(told_of_held_back(titles, "Figures are"))
    for each in saved:
        if titles := held_back_from(each.sources.values()):
            what = f"The inputs and workings of {spoken(each.model.name)} are"
            found.append(told_of_held_back(titles, what))
    return found


def _facts(figures: Mapping[tuple[str, int], FiledFact]) -> Listing:
    years = sorted({year for _, year in figures})[-YEARS:]
    newest = years[-1] if years else 0
    rows = []
    for name, item in ITEM.items():
        row = [figures.get((name, year)) for year in years]
        if not any(row):
            continue
        last = next(fact for fact in reversed(row) if fact)
        unit = _unit(item.measure, last.unit.partition("/")[0])
        cells = (_amount(fact, item.measure) for fact in row)
        rows.append((f"{item.label}, {unit}", *cells, last.accession))
    return Listing(
        caption=f"As filed, known now; {newest} is the newest year" if years else "As filed",
        columns=("Figure", *map(str, years), "Newest filing"),
        numbers=tuple(map(str, years)),
        rows=rows,
        empty="Nothing is filed of the company yet. Import filings on the page Coverage.",
    )


def _amount(fact: FiledFact | None, measure: Measure) -> str:
    if fact is None:
        return "–"
    if measure is Measure.PER_SHARE:
        return f"{fact.value:,.2f}"
    if measure is Measure.SHARES:
        return f"{fact.value / MILLION:,.0f}"
    return money(fact.value)


def _unit(measure: Measure, currency: str) -> str:
    if measure is Measure.SHARES:
        return "m"
    return f"{currency} a share" if measure is Measure.PER_SHARE else f"{currency} {scale().mark}"


def _methods(saved: Sequence[Saved], names: Mapping[str, str]) -> Listing:
    return Listing(
        caption="The newest saved value by each method",
        columns=("Method", "Value", "Saved", "By", "Why, as it was saved"),
        numbers=("Value",),
        rows=[
            (spoken(each.model.name), worth(each.model, each.row.headline, each.row.currency),
             f"{from_micros(each.row.created_at):%Y-%m-%d}", person(each.row.created_by, names),
             each.row.rationale)
            for each in saved
        ],
        empty=NONE_YET,
    )  # fmt: skip


def _ranges(saved: Sequence[Saved]) -> Iterator[dict[str, Any]]:
    """Of each method that values a share, and of what a sponsor could pay by the saved LBO."""
    of_shares = [each for each in saved if each.model.name in OF_SHARES]
    yield from map(_range, of_shares)
    counted = (getattr(each.inputs, "shares", None) for each in of_shares)
    shares = next((each for each in counted if isinstance(each, Shares)), None)
    for each in saved:
        if each.model.name == "lbo" and shares:
            for row in by_lbo(each, shares):
                yield {
                    "method": row.method, "currency": each.row.currency,
                    "assumption": row.assumption, "low": row.low, "mid": row.mid, "high": row.high,
                }  # fmt: skip


def _range(each: Saved) -> dict[str, Any]:
    """What a method says of a share: over its sensitivities or scenarios, else the value alone."""
    values, why = [each.row.headline], "the saved value alone"
    varied = _varied(each)
    if varied:
        values = [value for row in varied["values"] for value in row if value is not None]
        why = f"growth and {varied['across']} up to 1 point either way"
    elif weighed := each.weighed():
        values = [value for value in weighed.values if np.isfinite(value)]
        why = "its saved scenarios"
    middle = each.row.headline
    return {
        "method": spoken(each.model.name), "currency": each.row.currency, "assumption": why,
        "low": min([*values, middle]), "mid": middle, "high": max([*values, middle]),
    }  # fmt: skip


def _varied(each: Saved) -> dict[str, Any] | None:
    """A DCF over terminal growth and the rate that moves its cost of capital."""
    if each.model.name != "dcf":
        return None
    growth, (path, _) = each.inputs.terminal_growth, discounting(each.inputs)
    rate = _at(each.inputs, path)
    steps = STEPS if path != "revenue" else (0.0,)
    try:
        found = grid(
            each.inputs,
            ("terminal_growth", [growth + step for step in STEPS]),
            (path, [rate + step for step in steps]),
        )
    except ValorError:
        return None
    return {
        "across": RATES.get(path, spoken(path)),
        "rows": [float(value) for value in found.rows],
        "columns": [float(value) for value in found.columns],
        "values": [
            [float(value) if np.isfinite(value) else None for value in row] for row in found.values
        ],
    }


def _at(inputs: Any, path: str) -> float:
    for name in path.split("."):
        inputs = getattr(inputs, name)
    return float(np.ravel(inputs)[0])


def _sensitivity(saved: Sequence[Saved]) -> Listing:
    varied = next(filter(None, map(_varied, saved)), None)
    if varied is None:
        return Listing(caption="", columns=("Terminal growth",), rows=[], empty=NO_DCF)
    columns = tuple(percent(value, 2) for value in varied["columns"])
    return Listing(
        caption=f"Value of a share by DCF: terminal growth down, {varied['across']} across",
        columns=("Terminal growth", *columns),
        numbers=columns,
        rows=[
            (percent(growth, 2), *("–" if value is None else f"{value:,.2f}" for value in row))
            for growth, row in zip(varied["rows"], varied["values"], strict=True)
        ],
        empty=NO_DCF,
    )


def _assumptions(each: Saved, names: Mapping[str, str]) -> Iterator[tuple[str, str, str, str]]:
    for path, line in each.workings().lines.inputs.items():
        source = source_text(each.sources.get(path))
        for actor, name in names.items():
            source = source.replace(actor, name)
        yield spoken(each.model.name), spoken(path), _values(line), source


def _workings(each: Saved) -> Iterator[tuple[str, str, str, str]]:
    workings = each.workings()
    for name, line in workings.lines.results.items():
        formula = workings.explain(name).formula
        yield spoken(each.model.name), line.label or spoken(name), _values(line), formula


def _values(line: Line) -> str:
    values = [shown(value, line.unit) for value in line.values]
    more = f" and {len(values) - VALUES_SHOWN} more" if len(values) > VALUES_SHOWN else ""
    return ", ".join(values[:VALUES_SHOWN]) + more


def _shown(
    caption: str, columns: tuple[str, ...], rows: Sequence[tuple[str, str, str, str]]
) -> Listing:
    """At most so many rows of each method; the spreadsheet has the others."""
    counts: dict[str, int] = {}
    kept = []
    for row in rows:
        counts[row[0]] = counts.get(row[0], 0) + 1
        if counts[row[0]] <= LINES_SHOWN:
            kept.append(row)
    more = len(rows) - len(kept)
    return Listing(
        caption=caption + (f"; the spreadsheet has {more:,} more" if more else ""),
        columns=columns,
        rows=kept,
        empty=NONE_YET,
    )


def _proof(work: Work, saved: Sequence[Saved], names: Mapping[str, str]) -> Listing:
    targets = [f"valuation:{each.row.id}" for each in saved]
    methods = {f"valuation:{each.row.id}": spoken(each.model.name) for each in saved}
    return Listing(
        caption="The entries of the audit log that tell of these values; the digest of each is a "
        "leaf of the tree that the signed checkpoint vouches for",
        columns=("Method", "Entry", "When, UTC", "Who", "Digest"),
        numbers=("Entry",),
        rows=[
            (methods[row.target], f"{row.seq:,}", f"{from_micros(row.ts):%Y-%m-%d %H:%M}",
             person(row.actor, names), row.leaf.hex())
            for row in audit.entries_about(work, targets, action="valuation.run")
        ],
        empty=NONE_YET,
    )  # fmt: skip
